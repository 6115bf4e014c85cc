# SPDX-License-Identifier: MIT
# Long searches: what rank 0 needs of memory does not depend on how many trials
# there were; earlier ones are read back from disk, or the search stops.
. "$SOURCE/tests/tap.sh"

shim=$BUILD/tests/fault_io.so
sanitized=$(ldd "$fnas_mpi" | grep -E 'lib[at]san')

# A table of 27 architectures, of any accuracy.
awk 'BEGIN {
    printf "{"
    for (i = 0; i < 27; i++)
        printf "%s\"%d%d%d\": {\"test_acc\": [%f], \"mean_acc\": %f, " \
               "\"std\": 0, \"params\": 1, \"flops\": 1}", i ? "," : "",
               i / 9, i / 3 % 3, i % 3, 50 + i, 50 + i
    print "}"
}' >table.json
run "$fnas" table table.json table.h5
is 'a table is made: exit code' "$code" 0
cat >long.cfg <<'END'
run    = { name = "long"; trials = 20000; reuse = false; publish_every = 0.001; };
search = { method = "random"; };
space  = { kind = "macro"; };
macro  = { widths = [ 8, 16 ]; depths = [ 2, 1 ]; };
eval   = { kind = "table"; };
table  = { file = "table.h5"; };
END

# MiB that a rank took.
memory() {
    printf '%s\n' "$out" | sed -n 's/.*memory of a rank: .* to \([0-9]*\) MiB$/\1/p'
}

# Rows of a results file that depend on the input alone.
rows_of() {
    h5dump -y -w 0 -d /trials/id -d /trials/arch -d /trials/reward \
        -d /trials/twin -d /trials/state "$1" | sed '/^HDF5/d' | cksum
}

run "$fnas_mpi" long.cfg --set run.trials=1000 --set run.name=brief
is '1000 trials: exit code' "$code" 0
brief=$(memory)
run "$fnas_mpi" long.cfg
is '20000 trials: exit code' "$code" 0
whole=$(trajectory)
rows=$(rows_of long.h5)
if [ -n "$sanitized" ]; then
    skip '  need as much memory' 'a sanitizer keeps what was freed'
else
    # 2 KB a trial would be 40 MiB more; a busy machine makes it some.
    remark "$brief and $(memory) MiB"
    check '  need as much memory' test "$(memory)" -le $((brief + 10))
fi
is '  all are there' "$(values_of long.h5 /trials/id | tail -n 1)" 19999
is '  nothing else is left' "$(ls long.*)" "$(printf 'long.%s\n' cfg h5 journal)"

run "$fnas_mpi" long.cfg --set run.trials=7000 --set run.name=parts
mpi 3 long.cfg --set run.name=parts --restart
is 'in two parts: exit code' "$code" 0
says '  results from the first' '^restart +7000 results'
is '  trajectory' "$(trajectory)" "$whole"
is '  trials' "$(rows_of parts.h5)" "$rows"

# Repeats of trials that left memory long ago.
repeats="--set run.trials=27 --set run.reuse=true --set run.patience=5000
    --set run.name=repeats"
# shellcheck disable=SC2086 # settings are words
run "$fnas_mpi" long.cfg $repeats --set run.trials=28
is 'thousands of repeats: exit code' "$code" 0
says '  then nothing new is there' '^FNAS DONE status=exhausted trials=27 '
wanted=$(trajectory)
values_of repeats.h5 /trials/twin >twin
values_of repeats.h5 /trials/arch >arch
values_of repeats.h5 /trials/reward >reward
check '  there are as many' test "$(wc -l <twin)" -ge 5000
is '  each has the result of the first of its kind' "$(paste twin arch reward |
    awk '$1 < 0 { arch[NR - 1] = $2; reward[NR - 1] = $3; next }
         arch[$1] != $2 || reward[$1] != $3' | head -n 3)" ''

if [ -n "$sanitized" ]; then
    skip 'a disk that fails' 'a sanitizer wants to be loaded first'
    finish
fi
# shellcheck disable=SC2086
run env FAULT_DIR="$scratch" FAULT=unread LD_PRELOAD="$shim" "$fnas_mpi" \
    long.cfg $repeats --set run.trials=28 --set run.name="$scratch/unread"
is 'earlier trials cannot be read: an input or output error' "$code" 5
says '  with a warning' 'warning: .*unread.spool: cannot read: Input/output error; the search stops here'
# shellcheck disable=SC2086
run "$fnas_mpi" long.cfg $repeats --set run.trials=28 \
    --set run.name="$scratch/unread" --restart
is '  gone on with: trajectory' "$(trajectory)" "$wanted"

for fault in full error; do
    name=$scratch/$fault
    run env FAULT_DIR="$scratch" FAULT=$fault FAULT_AT=1200 \
        LD_PRELOAD="$shim" "$fnas_mpi" long.cfg --set run.trials=3000 \
        --set run.name="$name" --set run.publish_every=1e9
    is "disk $fault: exit code" "$code" "$([ $fault = full ] && echo 5 || echo 0)"
    [ $fault = full ] && says "disk $fault: a warning" \
        "warning: .*$fault.spool: cannot write: No space left on device; the search goes on"
    run "$fnas_mpi" long.cfg --set run.name="$name" --restart
    is "disk $fault, gone on with: exit code" "$code" 0
    is '  trajectory' "$(trajectory)" "$whole"
    is '  trials' "$(rows_of "$name.h5")" "$rows"
done
finish
