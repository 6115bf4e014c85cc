# SPDX-License-Identifier: MIT
# Test Anything Protocol for shell tests, read in with `.`; needs $SOURCE,
# $BUILD and $MPIRUN, see tests/environment.
#
#   run COMMAND...          run it: output in $out, exit code in $code
#   check NAME COMMAND...   a test: the command succeeds
#   is NAME GOT WANTED      a test: two texts are equal
#   says NAME PATTERN       a test: a line of $out matches, as grep -E has it
#   skip NAME WHY           a test that cannot be made here
#   skip_all WHY            none of them can: ends the script
#   finish                  the plan; ends the script
#
# A test that fails shows the last command run, and what that printed.  Tests
# work in a scratch folder of their own, which is removed at the end.

fnas_mpi=$BUILD/fnas_mpi
fnas=$BUILD/fnas
out=
code=
command=
tests=0
failed=0
seconds=$((600 * SLOW)) # a command may take this long

scratch=$(mktemp -d) || exit 99
trap 'cd / && rm -rf "$scratch"' EXIT
trap 'exit 99' HUP INT TERM
cd "$scratch" || exit 99

run() {
    command=$*
    out=$(timeout -k 5 "$seconds" "$@" 2>&1 </dev/null)
    code=$?
}

# mpi RANKS ARGUMENTS...: run fnas_mpi on so many ranks
mpi() {
    ranks=$1
    shift
    run $MPIRUN -np "$ranks" "$fnas_mpi" "$@"
}

verdict() { # 0 or not, name
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
        return 0
    fi
    failed=$((failed + 1))
    echo "not ok $tests - $2"
    remark "\$ $command"
    [ -z "$code" ] || remark "exit code $code"
    remark "$(printf '%s\n' "$out" | tail -n 40)"
    return 1
}

remark() {
    printf '%s\n' "$1" | sed 's/^/# /'
}

check() {
    check_name=$1
    shift
    "$@"
    verdict $? "$check_name"
}

is() {
    [ "$2" = "$3" ]
    verdict $? "$1" || [ "$2" = "$out" ] || remark "got '$2', wanted '$3'"
}

says() {
    printf '%s\n' "$out" | grep -Eq -e "$2"
    verdict $? "$1" || remark "no line matches '$2'"
}

skip() {
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

finish() {
    echo "1..$tests"
    [ "$failed" -eq 0 ]
    exit
}

# The trajectory that the last output names at its end, "none" if it names none.
trajectory() {
    hash=$(printf '%s\n' "$out" |
        sed -n 's/^FNAS DONE .* trajectory=\([0-9a-f]*\)$/\1/p' | tail -n 1)
    echo "${hash:-none}"
}

# Text dataset $2 of file $1.
text_of() {
    rm -f text.bin
    h5dump -d "$2" -b FILE -o text.bin "$1" >/dev/null && tr -d '\000' <text.bin
}

# Values of dataset $2 of file $1, one a line; no text is empty or holds a
# comma.
values_of() {
    h5dump -A 0 -y -w 0 -m '%.17g' -d "$2" "$1" | sed -n '/DATA {/,/}/p' |
        sed '1d; $d' | tr ',' '\n' |
        sed 's/^ *"\{0,1\}//; s/\(\\000\)*"\{0,1\} *$//; /^$/d'
}

# Number of results in the journal of run $1, by their mark (run/journal_file.h).
results_in() {
    mark=$(printf '\116\046\233\360\303\121\175\212')
    LC_ALL=C grep -aoF "$mark" "$1.journal" 2>/dev/null | wc -l
}

# Number of results that the last restart in $out began with.
results_resumed() {
    printf '%s\n' "$out" | sed -n 's/^restart *\([0-9]*\) results.*/\1/p' |
        tail -n 1
}
