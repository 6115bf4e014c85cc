# SPDX-License-Identifier: MIT
# The job scripts under a real Slurm, on three virtual nodes: whatever ends an
# attempt, the search ends complete, and as if nothing had happened.
. "$SOURCE/tests/virtual_hosts.sh"
. "$SOURCE/tests/slurm_cluster.sh"
cluster_wanted
own_world 900
. "$SOURCE/tests/tap.sh"
# shellcheck disable=SC2086 # settings are words

# Children that take long enough to be caught at work.
tiny="$SOURCE/input/tiny.cfg --set train.epochs=6"
jobs=$SOURCE/jobs
PATH=$BUILD:$jobs:$PATH
two_nodes="--nodes=2 --ntasks-per-node=2"

# submit NAME OPTION...: a search of that name, as $job
submit() {
    name=$1
    shift
    job=$(sbatch --parsable --output="$name.out" "$@" "$jobs/fnas.sbatch" \
        $tiny --set "run.name=$name")
}

# start NAME OPTION...: a search on two nodes, until it has some results
start() {
    submit "$@" $two_nodes
    until_is 60 yes has_results "$1"
    results_in "$1" >"$1.before"
    date +%s >"$1.at"
}

has_results() {
    [ "$(results_in "$1")" -lt 5 ] || echo yes
}

batch_host() {
    scontrol -o show job "$job" | sed -n 's/.* BatchHost=\([^ ]*\).*/\1/p'
}

other_host() {
    nodes=$(scontrol -o show job "$job" | sed -n 's/.* NodeList=\([^ ]*\).*/\1/p')
    scontrol show hostnames "$nodes" | grep -vx "$(batch_host)"
}

# Slurm lets what was requeued wait for two minutes; that is cut short, but not to
# nothing: within the same second its node would refuse it ("credential revoked").
at_end() { # JOB
    case $(state "$1") in
    PENDING*)
        sleep 2
        scontrol update "JobId=$1" StartTime=now 2>/dev/null
        ;;
    RUNNING* | COMPLETING* | '') ;;
    *) echo yes ;;
    esac
}

# complete NAME JOB RESTARTS: and as the unbroken run
complete() {
    name=$1 job=$2
    until_is 90 yes at_end "$job"
    run fnas_mpi --status "$name"
    is "$name: is complete" "$code" 0
    command="sbatch for $name"
    out=$(cat "$name.out")
    code=
    is "$name: job ends" "$(state "$job")" "COMPLETED $3"
    is "$name: same trajectory" "$(trajectory)" "$hash"
    is "$name: same trials" "$(values_of "$name.h5" /trials/arch)" "$archs"
    [ -e "$name.at" ] || return
    remark "complete after $(($(date +%s) - $(cat "$name.at"))) s; $(
        cat "$name.before") results before, $(results_resumed) from then on"
    check "$name: nothing finished is lost" \
        test "$(results_resumed)" -ge "$(cat "$name.before")"
}

hosts_new 3
cluster_new 3 4
run fnas_mpi $tiny --set run.name=whole
hash=$(trajectory)
archs=$(values_of whole.h5 /trials/arch)

# Its only worker hangs, so that its time comes; it does not stop when asked to.
# Its time is cut short only then: a slow build would run out of it before.
late_from=$(date +%s)
FNAS_PATIENCE=3 submit late --time=60 --signal=B:USR1@30 --nodes=1 \
    --ntasks-per-node=1
late=$job
until_is 60 yes has_results late
results_in late >late.before
kill -STOP "$(pgrep -n -f 'run.name=late$')"
scontrol update "JobId=$late" \
    TimeLimit=$((($(date +%s) - late_from) / 60 + 2))
{ # before it begins again
    until_is 180 'PENDING 1' state "$late"
    scontrol update "JobId=$late" TimeLimit=60
    date +%s >late.at
} &
given_time=$!

# Nothing happens.
submit plain $two_nodes
complete plain "$job" 0
says 'plain: on two nodes' '^ranks +5: '
run "$jobs/fnas_interactive.sh" $two_nodes $tiny --set run.name=screen
is 'interactive: exit code' "$code" 0
is 'interactive: same trajectory' "$(trajectory)" "$hash"

# Asked to stop, requeued, cancelled; a rank dies.
start signal
scancel -b -s USR1 "$job"
signal=$job
start requeue
scontrol requeue "$job"
requeue=$job
start cancel
scancel "$job"
until_is 30 yes at_end "$job"
is 'cancel: stays cancelled' "$(state "$job")" 'CANCELLED 0'
submit cancel $two_nodes
cancel=$job
start rank
kill -9 "$(pgrep -n -f 'run.name=rank$')"
rank=$job
complete signal "$signal" 1
complete requeue "$requeue" 1
complete cancel "$cancel" 0
complete rank "$rank" 0
says 'rank: says so' 'a rank was killed'
wait "$given_time"
complete late "$late" 1
says 'late: its time came' 'signal USR1'
says 'late: was not waited for' 'no end after 3 s'

# An array over seeds, and what depends on it.
array=$(sbatch --parsable --array=1-2 --ntasks-per-node=2 --output=seed_%a.out \
    "$jobs/fnas_array.sbatch" seed $tiny)
merge=$(sbatch --parsable --dependency="afterok:$array" --output=merge.out \
    "$jobs/fnas_merge.sbatch" seed)
until_is 30 yes has_results seed_2
scancel -b -s USR1 "${array}_2"
until_is 60 yes at_end "${array}_2"
command="sbatch for an array" out=$(cat seed_2.out)
is 'array: one task goes on by itself' \
    "$(state "${array}_1"; state "${array}_2")" 'COMPLETED 0
COMPLETED 1'
until_is 60 yes at_end "$merge"
out=$(cat merge.out)
is 'array: merged' "$(state "$merge")" 'COMPLETED 0'
says 'array: the first seed' "^ +1  complete .* $hash  seed_1.h5"
says 'array: the second one, which was requeued' '^ +2  complete .* seed_2.h5'

# A node is lost: of the script and rank 0, of workers, by its cable.
start batch
host=$(batch_host)
power_off "$host"
complete batch "$job" 1
power_on "$host"
node_on "$host"
until_is 30 3 nodes_up
start other
host=$(other_host)
power_off "$host"
complete other "$job" 1
says 'other: says so' 'a host was lost'
power_on "$host"
node_on "$host"
until_is 30 3 nodes_up
start cable
host=$(other_host)
unplug "$host"
complete cable "$job" 1
says 'cable: says so' 'a host was lost'
plug "$host"

# By srun.
FNAS_LAUNCH="srun --mpi=pmix --overcommit --cpu-bind=none" submit srun $two_nodes
complete srun "$job" 0
finish
