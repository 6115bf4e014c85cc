# SPDX-License-Identifier: MIT
# The command line: what is printed, what is refused, with which exit code.
. "$SOURCE/tests/tap.sh"

cat >small.cfg <<'END'
run       = { name = "small"; trials = 4; };
search    = { method = "random"; window = 2; };
space     = { kind = "tiny"; };
data      = { format = "synthetic"; validation = 0.25; };
synthetic = { classes = 2; images = 256; channels = 1; size = 8; };
END

# Code of a command that is refused; it says why in one line that matches.
refused() { # code, pattern, arguments
    wanted=$1
    pattern=$2
    shift 2
    run "$fnas_mpi" "$@"
    is "exit code $wanted: fnas_mpi $*" "$code" "$wanted"
    says "  and says why" "$pattern"
}

# Without MPI: a setting that keeps MPI from starting does no harm.
OMPI_MCA_pml=none
export OMPI_MCA_pml
for option in -h --help; do
    run "$fnas_mpi" $option
    is "exit code of $option" "$code" 0
    says "$option shows the usage" '^usage: mpirun -np RANKS fnas_mpi INPUT'
    for word in --set --force --check --print-defaults ppo random evolution \
        list mnas macro tiny 'exit codes'; do
        says "$option tells of $word" "$word"
    done
done
for option in -V --version; do
    run "$fnas_mpi" $option
    is "exit code of $option" "$code" 0
    for word in '^fnas [0-9]+\.[0-9]+\.[0-9]+' '^compiler ' '^MPI ' '^HDF5 ' \
        '^BLAS ' '^hwloc ' '^kernels '; do
        says "$option tells $word" "$word"
    done
done

run "$fnas_mpi" --print-defaults
is 'exit code of --print-defaults' "$code" 0
says '--print-defaults has comments' '^    # An integer of 1\.\.100000000 trials \(default 100\)'
printf '%s\n' "$out" >defaults.cfg
run "$fnas_mpi" --check defaults.cfg
is '--print-defaults is valid input' "$code" 0
says '  and --check says so' 'defaults\.cfg: ok$'
run "$fnas_mpi" --check small.cfg --set space.kind=macro
is '--check takes --set' "$code" 0
says '  and uses it' '^space +macro'

# Wrong use.
refused 2 'no input file'
refused 2 'no input file' --set run.trials=1
refused 2 'unknown option --bogus' --bogus small.cfg
refused 2 'unknown option -x' -x
refused 2 '--set needs a value' small.cfg --set
refused 2 '--check needs a value' --check
refused 2 '^--set: "run" is not section.key=value' --check small.cfg --set run
refused 2 '^--set: "run=1" is not section' --check small.cfg --set run=1
refused 2 'one input file is wanted' small.cfg small.cfg
is '  in one line' "$(printf '%s\n' "$out" | wc -l)" 1

# Wrong settings; more of them in broken.sh.
set_is_refused() { # pattern, assignment
    refused 3 "$1" --check small.cfg --set "$2"
}
set_is_refused '^--set: rum: no such section.*run' rum.trials=1
set_is_refused '^--set: run.trails: no such setting.*trials' run.trails=1
set_is_refused '^--set: run.trials: .*1\.\.100000000' run.trials=0
set_is_refused '^--set: run.trials: ' run.trials=
set_is_refused '^--set: run.trials: ' run.trials=many
set_is_refused '^--set: run.trials: ' run.trials=1.5
set_is_refused '^--set: search.method: .*ppo' search.method=magic
set_is_refused '^--set: data.flip: ' data.flip=maybe
refused 3 '^--set: run.patience: 100 is less than two rounds of fnas.sample = 64' \
    --check small.cfg --set search.method=fnas --set run.patience=100
set_is_refused '^--set: mnas.widths: ' mnas.widths=16
set_is_refused '^default: list.archs: .*at least one' search.method=list
refused 3 '^--set: list.archs: item 2: .*b1.kernel .*: one of k3 k5; the form is conv_k3_none/conv_k3_none$' \
    --check small.cfg --set search.method=list \
    --set 'list.archs=[ "sep_k3_id/mb2_k5_none", "conv_k7_id/conv_k3_id" ]'
refused 3 '2 errors' --check small.cfg --set run.trials=0 --set ppo.batch=0
says '  the first of two errors is told' '^--set: run\.trials'
says '  and the second' '^--set: ppo\.batch'

# The forms of a value.
run "$fnas_mpi" --check small.cfg --set run.trials=7 --set train.rate=1e-2 \
    --set data.flip=true --set 'mnas.widths=[ 16, 24, 32, 64, 96, 160, 320 ]' \
    --set search.method='"random"' --set ' run.name = other '
is '--set takes numbers, truth values, words, texts, lists' "$code" 0
unset OMPI_MCA_pml

# Files that are not there.
refused 3 '^nowhere.cfg: No such file' nowhere.cfg
refused 3 '^nowhere.cfg: No such file' --check nowhere.cfg
refused 5 '^fnas: error: nowhere: .*No such file' small.cfg \
    --set data.format=cifar10 --set 'data.files=["nowhere"]'
refused 5 'there is no folder nowhere' small.cfg --set run.name=nowhere/small
check '  nothing is left behind' test ! -e small.h5
refused 3 '"" is not the name of a file' small.cfg --set run.name=

# A run, and what it leaves.
run "$fnas_mpi" small.cfg
is 'a run succeeds on one rank' "$code" 0
says '  and says so in its last line' \
    '^FNAS DONE status=complete trials=4 predicted=0 best=[01]\.[0-9]{4} trajectory=[0-9a-f]{16}$'
is '  which is the last' "$(printf '%s\n' "$out" | tail -n 1 | cut -c 1-9)" \
    'FNAS DONE'
first=$(trajectory)
check '  there is a results file' test -s small.h5
is '  its journal, and no other' "$(ls | tr '\n' ' ')" \
    'defaults.cfg small.cfg small.h5 small.journal '
sum=$(cksum small.h5)
refused 5 'small.h5: exists; .*--force' small.cfg
is '  and the file is untouched' "$(cksum small.h5)" "$sum"
run "$fnas_mpi" small.cfg --force --set run.trials=3
is '--force overwrites it' "$code" 0
check '  it is another one' test "$(cksum small.h5)" != "$sum"
mkdir folder.h5
refused 5 'folder.h5: exists and is not a file' small.cfg --force \
    --set run.name=folder
run "$fnas_mpi" -q small.cfg --force
is '-q works' "$code" 0
is '  and prints only the last line, and warnings' \
    "$(printf '%s\n' "$out" | grep -vc '^fnas: warning: ')" 1
says '  which is the same' '^FNAS DONE '
run "$fnas_mpi" -v --force small.cfg
is '-v works' "$code" 0

# Errors on several ranks are told once, with the same exit code.
mpi 3 small.cfg
is 'existing results on 3 ranks: exit code 5' "$code" 5
is '  told once' "$(printf '%s\n' "$out" | grep -c 'small.h5: exists')" 1
mpi 3 small.cfg --set run.trials=0
is 'wrong input on 3 ranks: exit code 3' "$code" 3
is '  told once' "$(printf '%s\n' "$out" | grep -c '^--set: run.trials')" 1
mpi 3 small.cfg --force --set data.format=cifar10 --set 'data.files=["nowhere"]'
is 'missing data on 3 ranks: exit code 5' "$code" 5
is '  told once' "$(printf '%s\n' "$out" | grep -c '^fnas: error: nowhere: ')" 1

# The effective input, stored with the results, gives the same search again.
text_of small.h5 /run/input >again.cfg
run "$fnas_mpi" again.cfg --set run.name=again
is 'the stored input is valid' "$code" 0
is '  and gives the same trajectory' "$(trajectory)" "$first"
check 'the stored command line is that of the run' \
    test "$(text_of small.h5 /run/command)" = "$fnas_mpi -v --force small.cfg"

# The other program.
run "$fnas" --help
is 'fnas --help: exit code' "$code" 0
says '  tells its verbs' '^  fnas table IN.json OUT.h5'
run "$fnas" --version
says 'fnas --version' '^fnas [0-9]+\.[0-9]+\.[0-9]+$'
for arguments in '' bogus table 'table a' reach 'reach 2 small.h5' \
    'reach x small.h5' merge 'merge out.h5'; do
    run "$fnas" $arguments
    is "exit code 2: fnas $arguments" "$code" 2
done
run "$fnas" reach 0.9 nowhere.h5
is 'fnas reach of a missing file: exit code 5' "$code" 5
run "$fnas" reach 0.1 small.h5 again.h5
is 'fnas reach: exit code' "$code" 0
says '  counts evaluations' 'median 1,.*0 of 2 runs missed it'
run "$fnas" reach 1 small.h5
says '  and runs that missed' 'median inf,.*1 of 1 runs missed it'

# Shipped inputs: nothing is wrong with them but, perhaps, data that are missing.
for input in "$SOURCE"/input/*.cfg "$SOURCE"/input/bench/*.cfg; do
    run "$fnas_mpi" --check "$input"
    case $code in
    0) says "$(basename "$input") is valid" ': ok$' ;;
    *) is "$(basename "$input") is valid, its data are not here" "$code" 5 &&
        says '  and nothing else is wrong' '[Nn]o such file' ;;
    esac
done

finish
