# SPDX-License-Identifier: MIT
# Broken input: each case ends soon, by itself, with the right exit code, and
# with a line that names the file (of settings: the line too) and what is wrong.
. "$SOURCE/tests/tap.sh"
. "$SOURCE/tests/refused.sh"

# bad PATTERN TEXT: line 3 of a file is wrong
bad() {
    printf '# an input file\n\n%s\n' "$2" >broken.cfg
    attempt "$fnas_mpi" --check broken.cfg
    refused "settings: $2" 3 "^broken\\.cfg:3: $1"
}

# unset PATTERN TEXT: what is wrong is a setting left at its default
unset_() {
    printf '# an input file\n\n%s\n' "$2" >broken.cfg
    attempt "$fnas_mpi" --check broken.cfg
    refused "settings: $2" 3 "^default: $1"
}

# Syntax.
bad 'syntax error' 'run = { trials = 1'
bad 'syntax error' 'run = { trials = ; };'
bad 'syntax error' 'run { trials = 1; };'
bad 'syntax error' '}'
bad 'syntax error' 'trials'
bad 'syntax error' 'train = { rate = nan; };'
bad 'the text that starts here does not end' 'run = { name = "a'
bad 'the comment that starts here does not end' '/* no end'
bad 'a section or setting of this name was given before' 'run = { seed = 1; seed = 2; };'
bad 'a section or setting of this name was given before' 'run = { }; run = { };'
bad 'the items of a list in \[ \] are not of one type' 'mnas = { widths = [ 1, "a" ]; };'
bad 'nowhere.cfg: No such file' '@include "nowhere.cfg"'
bad 'broken.cfg: is included too deep' '@include "broken.cfg"'
bad '/: is a folder' '@include "/"'
bad 'the name of the included file does not end' '@include "broken.cfg'

# Names.
bad 'rum: no such section; did you mean "run"' 'rum = { };'
bad 'xyz: no such section' 'xyz = { a = 1; };'
bad 'run.trails: no such setting; did you mean "trials"' 'run = { trails = 1; };'
bad 'run: an integer is given; a section' 'run = 5;'
bad 'run: a list is given; a section' 'run = ( );'

# Types and ranges.
bad 'run.trials: a text is given; an integer of 1\.\.' 'run = { trials = "1"; };'
bad 'run.trials: a real number is given' 'run = { trials = 1.5; };'
bad 'run.trials: a list is given' 'run = { trials = [ 1 ]; };'
bad 'run.trials: a truth value is given' 'run = { trials = true; };'
bad 'run.trials: a section is given' 'run = { trials = { }; };'
bad 'run.trials: 0 is not allowed; an integer of 1\.\.' 'run = { trials = 0; };'
bad 'run.trials: -1 is not allowed' 'run = { trials = -1; };'
bad 'run.trials: 99999999999 is not allowed' 'run = { trials = 99999999999; };'
bad 'run.trials: ' 'run = { trials = 99999999999999999999999; };'
bad 'run.seed: -1 is not allowed' 'run = { seed = -1; };'
bad 'run.name: an integer is given; a text' 'run = { name = 1; };'
bad 'run.name: "" is not the name of a file' 'run = { name = ""; };'
bad 'run.name: "a/" is not the name of a file' 'run = { name = "a/"; };'
bad 'run.name: ' "run = { name = \"$(printf '%02000d' 0)\"; };"
bad 'run.max_failed: 1.5 is not allowed' 'run = { max_failed = 1.5; };'
bad 'train.rate: -1 is not allowed' 'train = { rate = -1; };'
bad 'train.rate: inf is not allowed' 'train = { rate = 1e999; };'
bad 'train.nesterov: an integer is given; true or false' 'train = { nesterov = 1; };'
bad 'train.latency_batch: "2" is not one of 1, 16' 'train = { latency_batch = "2"; };'
bad 'search.method: .*ppo, fnas, random, evolution' 'search = { method = "grid"; };'
bad 'space.kind: .*mnas, macro, tiny' 'space = { kind = "darts"; };'
bad 'eval.kind: .*train, table' 'eval = { kind = "guess"; };'
bad 'reward.cost: .*none, macs, params, latency' 'reward = { cost = "euro"; };'
bad 'reward.cost: a table has no latency' \
    'eval = { kind = "table"; }; table = { file = "t.h5"; }; reward = { cost = "latency"; target = 1.0; };'
bad 'reward.merit: a table has no losses' \
    'eval = { kind = "table"; }; table = { file = "t.h5"; }; reward = { merit = "likelihood"; };'
bad 'nn.backend: .*native, blas' 'nn = { backend = "mkl"; };'
bad 'nn.kernels: .*best, avx512, avx2, portable' 'nn = { kernels = "sse"; };'
bad 'mnas.widths: an integer is given, not a list in \[ \]' 'mnas = { widths = 16; };'
bad 'mnas.widths: item 2 is a text' 'mnas = { widths = ( 1, "a" ); };'
bad 'mnas.strides: item 3: 3 is not allowed' 'mnas = { strides = [ 1, 2, 3, 2, 1, 2, 1 ]; };'
bad 'data.files: item 1 is an integer' 'data = { files = [ 1 ]; };'
bad 'data.files: item 1: the text is empty' 'data = { files = [ "" ]; };'
bad 'tiny.blocks: 7 is not allowed' 'tiny = { blocks = 7; };'

# Settings that do not go together.
bad 'train.batch: 100 is not a multiple of 128' 'train = { batch = 100; shards = 8; };'
bad 'train.shards: 3 is not a power of two' 'train = { shards = 3; };'
bad 'parallel.ranks_per_child: 3 is not a power of two' 'parallel = { ranks_per_child = 3; };'
bad 'parallel.ranks_per_child: 8 ranks cannot share a batch of 4 shards' 'parallel = { ranks_per_child = 8; };'
bad 'evolution.tournament: 100 members drawn from a population of 50' 'evolution = { tournament = 100; };'
bad 'ppo.minibatches: 32 parts of a round of 16' 'ppo = { minibatches = 32; };'
bad 'nn.kernels: nn.backend = "blas" goes with portable' 'nn = { backend = "blas"; kernels = "avx2"; };'
bad 'macro.depths: 1 items, but macro.widths has 3' 'macro = { depths = [ 2 ]; };'
bad 'mnas.widths: 0 blocks are not allowed' 'mnas = { widths = [ ]; strides = [ ]; depths = [ ]; };'
bad 'data.files: format synthetic wants no files' 'data = { files = [ "a" ]; };'
bad 'synthetic.images: 4 images are fewer than two for each' 'synthetic = { images = 4; };'
unset_ 'mnas.strides: 7 items, but mnas.widths has 2' 'mnas = { widths = [ 16, 24 ]; depths = [ 1, 1 ]; };'
unset_ 'reward.target: must be above 0' 'reward = { cost = "macs"; };'
unset_ 'table.file: is empty' 'eval = { kind = "table"; };'
unset_ 'data.files: format idx wants an images file and a labels file' 'data = { format = "idx"; };'

# Kernels that this machine has are taken, others refused.
run "$fnas_mpi" --version
variants=$(printf '%s\n' "$out" | sed -n 's/^kernels .*(of \(.*\))$/\1/p')
for variant in avx512 avx2 portable; do
    case " $variants " in
    *" $variant "*)
        echo "nn = { kernels = \"$variant\"; };" >broken.cfg
        run "$fnas_mpi" --check broken.cfg
        is "kernels of this machine: $variant" "$code" 0
        ;;
    *) bad "nn.kernels: this machine cannot run $variant; best" \
        "nn = { kernels = \"$variant\"; };" ;;
    esac
done

# All errors of a file are told at once, those of an included file with its name.
printf 'run = { trials = 0;\n seed = -1; };\nrum = { };\n' >inner.cfg
printf '# outer\n@include "inner.cfg"\ntrain = { rate = -1; };\n' >outer.cfg
run "$fnas_mpi" --check outer.cfg
for line in '^inner\.cfg:1: run\.trials' '^inner\.cfg:2: run\.seed' \
    '^inner\.cfg:3: rum' '^outer\.cfg:3: train\.rate' '4 errors'; do
    says "four errors: $line" "$line"
done

# Files that are no input.
head -c 3000 /dev/urandom >noise.cfg
for input in noise.cfg "$fnas_mpi" /; do
    attempt "$fnas_mpi" --check "$input"
    refused "not an input: $input" 3 "^$input"
done
: >empty.cfg
attempt "$fnas_mpi" --check empty.cfg
refused 'an empty input' 3 '^empty.cfg: is empty'

# What the data do not allow.
misfit() { # pattern, settings
    printf '%s\n' "$2" >broken.cfg
    attempt "$fnas_mpi" --check broken.cfg
    refused "misfit: $2" 3 "$1"
}
misfit 'data.shift' 'data = { shift = 16; };'
misfit 'data.cutout' 'data = { cutout = 100; };'
misfit 'data.validation: no image is left' 'data = { validation = 0.0; };'
misfit 'train.batch: 65536 images' 'train = { batch = 65536; };'
printf 'synthetic = { images = 100000000; size = 1024; };\n' >broken.cfg
attempt "$fnas_mpi" --check broken.cfg
refused 'images larger than the memory' 6 'the node has'

# Image files. A good pair first: 20 images of 4 x 4 and their labels.
cat >data.cfg <<'END'
space = { kind = "tiny"; };
train = { batch = 16; shards = 1; };
data  = { validation = 0.2; };
END

# with FORMAT FILE...
with() {
    format=$1
    shift
    list=
    for file in "$@"; do
        list="$list${list:+, }\"$file\""
    done
    attempt "$fnas_mpi" --check data.cfg --set "data.format=$format" \
        --set "data.files=[ $list ]"
}

good() { # name, then as with
    name=$1
    shift
    with "$@"
    is "a good $name" "$code" 0
}

wrong() { # code, pattern (begins with the file), then as with
    wanted=$1
    pattern=$2
    shift 2
    with "$@"
    refused "$*: $pattern" "$wanted" "^fnas: error: $pattern"
}

pixels() { # so many bytes
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "p" }'
}
byte() {
    printf "\\$(printf '%03o' "$1")"
}
image_head='\000\000\010\003\000\000\000\024\000\000\000\004\000\000\000\004'
label_head='\000\000\010\001\000\000\000\024'
{ printf "$image_head" && pixels 320; } >images
{ printf "$label_head" && pixels 10 | tr p '\000' && pixels 10 | tr p '\001'; } >labels
gzip -n <images >images.gz
gzip -n <labels >labels.gz

good 'IDX pair' idx images labels
good 'compressed IDX pair' idx images.gz labels.gz
wrong 5 'nowhere: .*No such file' idx nowhere labels
wrong 5 'nowhere: .*No such file' idx images nowhere
wrong 5 '/: .*is not a file' idx / labels
wrong 5 '/dev/zero: .*is not a file' idx /dev/zero labels
: >empty
wrong 4 'empty: is empty' idx empty labels
wrong 4 'empty: is empty' idx images empty
wrong 4 'labels: holds labels where images are expected' idx labels images
wrong 4 'images: holds images where labels are expected' idx images images
wrong 4 'data.cfg: not an IDX file' idx data.cfg labels
wrong 4 'data.cfg: not an IDX file' idx images data.cfg
head -c 10 images >short_head
wrong 4 'short_head: truncated: ends within its header' idx short_head labels
head -c 300 images >short
wrong 4 'short: truncated: holds 284 of the 320 values' idx short labels
{ cat images && echo; } >long
wrong 4 'long: holds more than the 320 values' idx long labels
{ printf '\000\000\015\003' && tail -c +5 images; } >floats
wrong 4 'floats: .*only unsigned bytes' idx floats labels
{ printf '\000\000\010\007' && tail -c +5 images; } >seven
wrong 4 'seven: has 7 dimensions' idx seven labels
printf '\000\000\010\003\377\377\377\377\000\000\377\377\000\000\377\377' >huge
wrong 4 'huge: claims 4294967295 images' idx huge labels
printf '\000\000\010\003\000\000\000\000\000\000\000\004\000\000\000\004' >none
wrong 4 'none: holds no images' idx none labels
{ printf '\000\000\010\001\000\000\000\023' && tail -c +10 labels; } >fewer
wrong 4 'fewer: has 19 labels for the 20 images of images' idx images fewer
{ printf "$label_head" && pixels 20 | tr p '\000'; } >same
wrong 4 'same: all 20 images have label 0' idx images same
head -c 20 images.gz >cut.gz
wrong 4 'cut.gz: ' idx cut.gz labels
head -c 12 labels.gz >cut.gz
wrong 4 'cut.gz: ' idx images cut.gz
n=$(wc -c <images.gz)
{ head -c $((n - 8)) images.gz && printf 'xxxx' && tail -c 4 images.gz; } >crc.gz
wrong 4 'crc.gz: ' idx crc.gz labels
{ head -c 20 images.gz && printf '\377\377\377\377\377\377' &&
    tail -c +27 images.gz; } >damaged.gz
wrong 4 'damaged.gz: ' idx damaged.gz labels

for i in 0 1 2 3 4 5 6 7 8 9; do
    for j in 1 2 3; do
        byte $i && pixels 3072
    done
done >cifar
for i in 0 33 66 99; do
    for j in 1 2 3 4 5 6; do
        byte 19 && byte $i && pixels 3072
    done
done >cifar100
good 'CIFAR-10 file' cifar10 cifar
good 'CIFAR-100 file' cifar100 cifar100
good 'pair of CIFAR-10 files' cifar10 cifar cifar
wrong 5 'nowhere: .*No such file' cifar10 cifar nowhere
wrong 4 'empty: is empty' cifar10 empty
wrong 4 'empty: is empty' cifar10 cifar empty
wrong 4 'images: has 336 bytes, not a multiple of the 3073' cifar10 images
wrong 4 'cifar: has 92190 bytes, not a multiple of the 3074' cifar100 cifar
wrong 4 'cifar100: has 73776 bytes, not a multiple of the 3073' cifar10 cifar100
{ printf '\012' && tail -c +2 cifar; } >ten
wrong 4 'ten: record 0 has label 10; 0\.\.9' cifar10 ten
gzip -n <cifar | head -c 100 >cut.gz
wrong 4 'cut.gz: ' cifar10 cut.gz

wrong 5 'nowhere: .*o such file' hdf5 nowhere
wrong 4 'empty: ' hdf5 empty
wrong 4 'images: ' hdf5 images
cat >results.cfg <<'END'
run = { name = "results"; trials = 1; };
space = { kind = "tiny"; };
synthetic = { classes = 2; images = 128; channels = 1; size = 4; };
END
run "$fnas_mpi" -q results.cfg
is 'a results file is made' "$code" 0
wrong 4 'results.h5: .*/train/images' hdf5 results.h5
head -c 2000 results.h5 >half.h5
wrong 4 'half.h5: ' hdf5 half.h5

# h5 FILE, then for each dataset PATH, DIMENSIONS, CLASS (UIN, IN, FP), BITS
h5() {
    h5_file=$1
    shift
    rm -f "$h5_file"
    set_=0
    arguments=
    while [ $# -gt 0 ]; do
        set_=$((set_ + 1))
        count=1
        for n in $2; do count=$((count * n)); done
        class=$3
        [ "$class" = FP ] || class=IN
        awk -v n=$count 'BEGIN { for (i = 0; i < n; i++) print i % 2 }' >h5.$set_
        {
            echo "PATH $1"
            echo "INPUT-CLASS TEXT$class"
            echo "INPUT-SIZE 32"
            echo "RANK $(echo "$2" | wc -w)"
            echo "DIMENSION-SIZES $2"
            echo "OUTPUT-CLASS $3"
            echo "OUTPUT-SIZE $4"
        } >h5.$set_.conf
        arguments="$arguments h5.$set_ -c h5.$set_.conf"
        shift 4
    done
    h5import $arguments -o "$h5_file" >/dev/null
}

if command -v h5import >/dev/null; then
    h5 good.h5 train/images '20 4 4' UIN 8 train/labels 20 IN 32
    good 'HDF5 image set' hdf5 good.h5
    h5 good.h5 train/images '20 3 4 4' FP 32 train/labels 20 UIN 8
    good 'HDF5 image set of floats in colour' hdf5 good.h5
    h5 no_labels.h5 train/images '20 4 4' UIN 8
    wrong 4 'no_labels.h5: .*/train/labels' hdf5 no_labels.h5
    h5 no_images.h5 train/labels 20 UIN 8
    wrong 4 'no_images.h5: .*/train/images' hdf5 no_images.h5
    h5 flat.h5 train/images '20 16' UIN 8 train/labels 20 IN 32
    wrong 4 'flat.h5: /train/images has 2 dimensions' hdf5 flat.h5
    h5 five.h5 train/images '20 1 1 4 4' UIN 8 train/labels 20 IN 32
    wrong 4 'five.h5: .*/train/images' hdf5 five.h5
    h5 ints.h5 train/images '20 4 4' IN 32 train/labels 20 IN 32
    wrong 4 'ints.h5: /train/images is neither' hdf5 ints.h5
    h5 one_hot.h5 train/images '20 4 4' UIN 8 train/labels '20 2' IN 32
    wrong 4 'one_hot.h5: /train/labels has 2 dimensions' hdf5 one_hot.h5
    h5 fewer.h5 train/images '20 4 4' UIN 8 train/labels 19 IN 32
    wrong 4 'fewer.h5: /train/labels has 19 values for the 20' hdf5 fewer.h5
    h5 real.h5 train/images '20 4 4' UIN 8 train/labels 20 FP 32
    wrong 4 'real.h5: /train/labels does not hold integers' hdf5 real.h5
else
    skip 'broken HDF5 image sets' 'h5import is not installed'
fi

# Benchmark tables.
look_up() { # file
    attempt "$fnas_mpi" --check data.cfg --set space.kind=macro \
        --set eval.kind=table --set "table.file=$1"
}
table() { # code, pattern, file
    look_up "$3"
    refused "table $3: $2" "$1" "$2"
}
table 5 '^fnas: error: nowhere.h5: .*o such file' nowhere.h5
table 4 '^fnas: error: images: ' images
table 4 '^fnas: error: results.h5: .*/arch' results.h5
if command -v h5import >/dev/null; then
    h5 narrow.h5 arch '1 2' UIN 8 accuracy 1 FP 32
    table 4 'narrow.h5: /arch has 2 dimensions and 2 columns; .* needs 2 and 8' narrow.h5
    h5 twice.h5 arch '2 8' UIN 8 accuracy 2 FP 32
    table 4 'twice.h5: /arch has the same architecture in rows' twice.h5
    h5 no_accuracy.h5 arch '1 8' UIN 8
    table 4 'no_accuracy.h5: .*/accuracy' no_accuracy.h5
    h5 fewer.h5 arch '2 8' UIN 8 accuracy 1 FP 32
    table 4 'fewer.h5: /accuracy must have 2 rows' fewer.h5
    h5 one.h5 arch '1 8' UIN 8 accuracy 1 FP 32
    look_up one.h5
    is 'a good table' "$code" 0
else
    skip 'broken tables' 'h5import is not installed'
fi

# What tables are made of.
json() { # code, pattern, text
    printf '%s\n' "$3" >in.json
    attempt "$fnas" table in.json out.h5
    refused "fnas table of $3" "$1" "$2"
}
row='"test_acc": [1, 2], "mean_acc": 1.5, "params": 1, "flops": 1'
attempt "$fnas" table nowhere.json out.h5
refused 'fnas table of a missing file' 4 'nowhere.json'
json 4 'in.json:' '{ "01": { '
json 4 'in.json: not a table' '{ }'
json 4 'in.json: not a table' '[ ]'
json 4 '' '{ "01": 5 }'
json 4 '' '{ "01": { "mean_acc": 1 } }'
json 4 'not a row of digits' "{ \"0x\": { $row } }"
json 4 '2 digits expected' "{ \"01\": { $row }, \"012\": { $row } }"
json 4 'in.json:' "{ \"01\": { $row }, \"01\": { $row } }"
check 'no table was made of them' test ! -e out.h5
echo "{ \"01\": { $row } }" >in.json
run "$fnas" table in.json out.h5
is 'a good one: exit code' "$code" 0
says '  and what it holds' 'out.h5: 1 architectures of 2 decisions, 2 seeds'
json 5 'out.h5: exists' "{ \"01\": { $row } }"

count_refused 60
finish
