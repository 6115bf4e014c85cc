# SPDX-License-Identifier: MIT
# Broken files of our own kinds, and HDF5 that harms HDF5: results, pools, tables,
# journals, sealed or not, cut, changed, or something else.
. "$SOURCE/tests/tap.sh"
. "$SOURCE/tests/refused.sh"

cat >run.cfg <<'END'
run       = { trials = 2; };
search    = { method = "fnas"; window = 1; };
space     = { kind = "tiny"; };
tiny      = { blocks = 1; width = 4; };
pool      = { enabled = true; round = 1; };
data      = { validation = 0.25; };
train     = { batch = 16; shards = 1; };
synthetic = { classes = 2; images = 64; channels = 1; size = 4; };
END
run "$fnas_mpi" -q run.cfg --set run.name=good
is 'a search that leaves results, a pool, and a journal' "$code" 0
sealed=$(wc -c <good.h5)
pooled=$(wc -c <good.pool.h5)

# What can be wrong with any file.
: >empty
echo 'not what is expected' >text
head -c 4000 /dev/urandom >noise
printf '\211HDF\r\n\032\n' >signature
{ cat signature && head -c 4000 /dev/zero; } >zeros

# first N FILE; all but its seal FILE
first() {
    head -c "$1" "$2"
}
unsealed() {
    first $(($(wc -c <"$1") - 32)) "$1"
}
# changed PLACE FILE: another byte there
changed() {
    byte=$(od -An -tu1 -j "$1" -N 1 "$2")
    first "$1" "$2"
    printf "\\$(printf '%03o' $(((byte + 1) % 256)))"
    tail -c +$(($1 + 2)) "$2"
}

# Results and pools that were cut or changed, as they are and without their seal.
for kind in good good.pool; do
    size=$(wc -c <$kind.h5)
    first $((size / 2)) $kind.h5 >$kind.half
    first $((size - 1)) $kind.h5 >$kind.short
    first $((size - 100)) $kind.h5 >$kind.cut
    changed 40 $kind.h5 >$kind.start
    changed $((size / 2)) $kind.h5 >$kind.middle
    changed $((size - 33)) $kind.h5 >$kind.end
    changed $((size - 22)) $kind.h5 >$kind.checksum
    changed $((size - 10)) $kind.h5 >$kind.length
    { unsealed $kind.h5 | first 96 /dev/stdin && tail -c +$((size / 2)) $kind.h5; } \
        >$kind.gap
done

# fails CODE PATTERN WHAT SETTING...: the search does not begin
fails() {
    wanted=$1
    pattern=$2
    what=$3
    shift 3
    attempt "$fnas_mpi" -q run.cfg "$@"
    refused "$what: $pattern" "$wanted" "^fnas: error: $pattern"
}

# each CODE PATTERN FILE...: of each reader of HDF5
readers='data transfer pool table'
each() {
    each_code=$1
    each_pattern=$2
    shift 2
    for file in "$@"; do
        for reader in $readers; do
            case $reader in
            data) set -- --set data.format=hdf5 --set "data.files=[\"$file\"]" ;;
            transfer) set -- --set "transfer.from=[\"$file\"]" ;;
            pool) set -- --set "pool.from=$file" ;;
            table) set -- --set pool.enabled=false --set eval.kind=table \
                --set "table.file=$file" ;;
            esac
            fails "$each_code" "$file: $each_pattern" "$reader" "$@"
        done
    done
}

each 5 '.*o such file' nowhere
mkdir folder
each 5 'is not a file' folder /dev/null
each 4 'not an HDF5 file, or damaged' empty text noise signature zeros
each 4 'damaged: its bytes are not' good.start good.middle good.end \
    good.checksum good.length
readers='transfer pool'
each 4 '(not an HDF5 file, or )?damaged' good.half good.cut good.gap \
    good.pool.half good.pool.cut good.pool.gap
each 4 'damaged: its bytes are not' good.pool.start good.pool.middle \
    good.pool.end

# Whole files of another kind.
readers='data pool table'
each 4 '.*(/train/images|not a knowledge pool|/arch)' good.h5
readers='data transfer table'
each 4 '.*(/train/images|/decisions/name|/arch)' good.pool.h5

# HDF5 that libhdf5 does not survive, or not within this life.
readers='data transfer pool table'
for file in group_loop inner_loop chunk_loop; do
    cp "$SOURCE/tests/fuzz/harm/$file" .
    each 4 'damaged: HDF5 crashes on it' $file
done
readers=transfer
seconds=$((60 * SLOW)) # it is given 5 of processor time
cp "$SOURCE/tests/fuzz/harm/busy" .
each 4 'damaged: HDF5 does not come to an end' busy

# Status, and the tools.
for file in half start checksum; do
    cp good.$file status.h5
    attempt "$fnas_mpi" --status status
    refused "--status of results, $file" 4 '^fnas: error: status.h5: .*damaged'
    attempt "$fnas" reach 0.9 status.h5
    refused "fnas reach of results, $file" 4 'status.h5: .*damaged'
done
rm status.h5

# Without a seal whole files are read as ever.
unsealed good.h5 >old.h5
unsealed good.pool.h5 >old.pool.h5
run "$fnas_mpi" -q run.cfg --set run.name=next --set 'transfer.from=["old.h5"]'
is 'results and pool without a seal are read' "$code" 0
rm next.*

# Journals.
cp good.journal whole
journal() { # CODE PATTERN WHAT FILE
    cp "$4" bad.journal
    fails "$1" "bad.journal: $2" "journal: $3" --restart --set run.name=bad
    cmp -s "$4" bad.journal
    verdict $? '  it is left as it was'
}
journal 3 'is not a journal' text noise
journal 3 'is not a journal' 'results' good.h5
# The head is there twice; both are changed.
copy=$(((32 + $(od -An -t u4 -j 16 -N 4 whole) + 1023) / 512 * 512))
heads() { # OFFSET WHAT
    changed "$1" whole >once
    changed "$(($1 + copy))" once >twice
    journal 3 'is not a journal, or its head is damaged' "$2" twice
}
heads 8 'version'
heads 12 'length of a record'
heads 16 'length of the settings'
heads 60 'settings'
heads 24 'checksum'
fails 3 'good.journal: is of a run with other settings: run.seed = 2' \
    'journal: other settings' --restart --set run.name=good --set run.seed=2
mkdir dir.journal
fails 5 'dir.journal: ' 'journal: a folder' --restart --set run.name=dir
fails 5 'good.journal: a run of that name was begun|good.h5: exists' \
    'journal: of a run that was begun' --set run.name=good

count_refused 60
finish
