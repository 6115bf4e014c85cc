# SPDX-License-Identifier: MIT
# fnas_job, and the script for PBS with a qsub that only writes down what it is
# asked; tests/slurm.sh has those for Slurm.
. "$SOURCE/tests/tap.sh"
# shellcheck disable=SC2086 # settings are words

tiny="$SOURCE/input/tiny.cfg"
PATH=$scratch/bin:$BUILD:$SOURCE/jobs:$PATH
again="echo asked_again"

run fnas_job
is 'no input: exit code' "$code" 2
run fnas_job -x "$tiny"
is 'unknown option: exit code' "$code" 2
run fnas_job -n 2 -a "$again" nowhere.cfg
is 'no such input: exit code' "$code" 3
run fnas_job -n 2 -a "$again" "$tiny" --set run.trials=x
is 'wrong setting: exit code' "$code" 3
check 'wrong setting: not again' test "${out#*asked_again}" = "$out"

touch part.STOP
run fnas_job -n 3 "$tiny" --set run.name=part
is 'stopped, nothing to do about it: exit code' "$code" 75
run fnas_job -n 3 -a "$again" -r 4 "$tiny" --set run.name=part
is 'stopped: exit code' "$code" 75
says 'stopped: again' '^asked_again'
says 'stopped: counted' 'the 5\. time'
run env FNAS_RESTARTS=4 fnas_job -n 3 -a "$again" -r 4 "$tiny" --set run.name=part
says 'too often: given up' 'restarted 4 times; given up'
rm part.STOP
run fnas_job -n 3 -a "$again" -r 4 "$tiny" --set run.name=part
is 'complete: exit code' "$code" 0
check 'complete: not again' test "${out#*asked_again}" = "$out"
run fnas_job -n 3 "$tiny" --set run.name=diverged --set train.rate=100 \
    --set run.trials=20
is 'too many trials failed: exit code' "$code" 7

fnas_job -n 3 -a "$again" "$tiny" --set run.name=term --set train.epochs=100 \
    >term.out 2>&1 </dev/null &
job=$!
tries=0
until [ -s term.journal ] || [ $tries -gt 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill -TERM $job
wait $job
is 'TERM: exit code' $? 143
check 'TERM: not again' sh -c '! grep asked_again term.out'

# PBS: jobs go on as other ones.
mkdir bin
cat >bin/qsub <<'END'
#!/bin/sh
printf '%s\n' "$*" >>qsub.log
END
chmod +x bin/qsub
printf 'n1\nn1\n' >nodes

# pbs VARIABLE=VALUE...: the job as PBS would start it
pbs() {
    run env PBS_O_WORKDIR="$scratch" PBS_NODEFILE="$scratch/nodes" \
        PBS_JOBID=7.pbs "$@" bash "$SOURCE/jobs/fnas.pbs"
}

touch seed_3.STOP
pbs input="$tiny" PBS_ARRAY_INDEX=3
is 'PBS: stopped: exit code' "$code" 75
out=$(cat qsub.log)
says 'PBS: submits what goes on' '^-v .* -W depend=afterany:7.pbs .*/fnas.pbs$'
variables=$(printf '%s\n' "$out" | sed 's/^-v \([^ ]*\).*/\1/' | tr ',' ' ')
rm seed_3.STOP
pbs $variables
is 'PBS: that goes on: exit code' "$code" 0
says 'PBS: as the same search' 'results in seed_3.h5'
says 'PBS: of the same seed' 'seed 3'
says 'PBS: one more rank than cores' '^ranks +3:'
finish
