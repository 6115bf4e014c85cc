# SPDX-License-Identifier: MIT
# The house: which layer may include which, who owns a foreign library, and how
# long a file may be.
. "$SOURCE/tests/tap.sh"
cd "$SOURCE" || exit 99

lines_max=400 # of a file; the style guide's number

# Files of own code, and "file:line:#include ..." of all of them.
sources=$(find src include tools tests -name '*.[ch]' | sort)
includes=$(grep -nE '^[[:space:]]*#[[:space:]]*include' $sources)

# Layers that a file of the layer includes, other than its own.
included() {
    printf '%s\n' "$includes" | grep -E "^(src|include)/$1/" |
        sed -n 's/^[^"]*"\([a-z]*\)\/.*/\1/p' | sort -u | grep -vx "$1"
}

# layer NAME MAY...: nothing else is included
layer() {
    name=$1
    shift
    command="includes of $name"
    out=
    for other in $(included "$name"); do
        case " $* " in
        *" $other "*) ;;
        *) out="$out$(printf '%s\n' "$includes" |
            grep -E "^(src|include)/$name/.*\"$other/")
" ;;
        esac
    done
    is "$name includes only: ${*:-itself}" "$out" ''
}

# owner HEADER MODULE: no other module includes a foreign header
owner() {
    header=$(printf '%s' "$1" | sed 's/\./\\./g')
    command="includes of <$1>"
    out=$(printf '%s\n' "$includes" | grep -E "<$header>" |
        grep -Ev "^$2(_[a-z]+)?\.[ch]:" | grep -v '^tests/')
    is "<$1> belongs to $2" "$out" ''
}

check 'there are sources' test -n "$sources"
layer base
layer nn base
layer space base
layer eval base nn space
layer learn base nn space
layer search base space learn
layer run base nn space eval learn search

command='layers'
out=$(ls -d src/*/ include/*/ | sed 's/^[a-z]*\///; s/\///' | sort -u | tr '\n' ' ')
is 'every folder is a layer' "$out" 'base eval learn nn run search space '

owner mpi.h src/base/comm
owner hdf5.h src/base/h5
owner cblas.h src/nn/gemm
owner hwloc.h src/base/place
owner libconfig.h src/run/input
owner zlib.h src/base/gz
owner jansson.h "tools/(table|bench/json)"

command='SPDX lines'
out=$(for f in $sources configure.ac Makefile.am */local.am bootstrap \
    tests/*.sh tests/*.in tools/* jobs/* .ci/run; do
    [ ! -f "$f" ] || head -n 2 "$f" | grep -q 'SPDX-License-Identifier: MIT' ||
        echo "$f"
done)
is 'every file names its licence in the first or second line' "$out" ''

command='long files'
out=$(for f in $sources; do
    n=$(wc -l <"$f")
    [ "$n" -le $lines_max ] || echo "$f: $n lines"
done)
is "no file is longer than $lines_max lines" "$out" ''

command='include guards'
out=$(find include -name '*.h' | sort | while read -r f; do
    guard=$(echo "${f#include/}" | tr 'a-z/.' 'A-Z__')
    grep -q "^#ifndef $guard\$" "$f" || echo "$f: $guard"
done)
is 'guards are named after layer and module' "$out" ''

command='sources without a header, or the other way round'
out=$(grep -hoE '(src|include|tools|tests)/[a-z0-9_/]*\.[ch]' ./*/local.am |
    sort -u >"$scratch/listed"
    find src include tools -name '*.[ch]' | sort |
        comm -23 - "$scratch/listed")
is 'every source is in a local.am' "$out" ''

finish
