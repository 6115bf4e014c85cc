# SPDX-License-Identifier: MIT
# Searches that are stopped or killed, and go on: the same trials in the end, as
# if nothing had happened.
. "$SOURCE/tests/tap.sh"
. "$SOURCE/tests/background.sh"
# shellcheck disable=SC2086 # settings are words

# Children that take long enough to be caught at work.
tiny="$SOURCE/input/tiny.cfg --set train.epochs=5"

hash_of() {
    printf '%s\n' "$out" | sed -n 's/^FNAS DONE.* trajectory=//p'
}

# All trials but what was measured.
trials_of() { # NAME
    h5dump -d /trials/accuracy -d /trials/reward -d /trials/loss \
        -d /trials/arch -d /trials/state -d /trials/twin -d /trials/epochs \
        "$1.h5" | tail -n +2
}

# goes_on WHAT NAME RANKS SETTING...: restarted, it ends as the unbroken run did
goes_on() {
    what=$1 name=$2 ranks=$3
    shift 3
    mpi "$ranks" $tiny "$@" --set "run.name=$name" --restart
    restarted=$out
    is "$what: goes on" "$code" 0
    is "$what: same trajectory" "$(hash_of)" "$wanted"
    trials_of "$name" >trials
    check "$what: same trials" cmp -s trials trials_wanted
    run "$fnas_mpi" --status "$name"
    is "$what: is complete" "$code" 0
}

run "$fnas_mpi" --status none
is "not begun" "$code" 75

mpi 3 $tiny --set run.name=whole
wanted=$(hash_of)
trials_of whole >trials_wanted
run "$fnas_mpi" --status whole
is "complete" "$code" 0

# killed: a worker, the searcher, all
start worker 3
kill -9 "$(process worker 2)" 2>/dev/null
wait "$started"
goes_on "a rank killed" worker 2
start searcher 3
kill -9 "$(process searcher 0)" 2>/dev/null
wait "$started"
goes_on "rank 0 killed" searcher 1
start all 5 --set parallel.ranks_per_child=2
give_up all
goes_on "all killed, other ranks" all 3

# a torn and a damaged record
start torn 2 --set run.publish_every=0
until [ -e torn.h5 ] || ! kill -0 "$started" 2>/dev/null; do
    sleep 0.05
done
give_up torn
truncate -s -100 torn.journal
printf 'x' | dd of=torn.journal bs=1 seek=8000 conv=notrunc 2>/dev/null
printf 'x' | dd of=torn.h5 bs=1 seek=3000 conv=notrunc 2>/dev/null
run "$fnas_mpi" $tiny --set run.name=torn --restart
says "damaged results are kept aside" 'torn.h5.damaged'
says "damage is told of" 'torn.journal: [0-9]+ damaged part'
is "damaged journal: same trajectory" "$(hash_of)" "$wanted"

# asked to stop
start usr1 3
kill -USR1 "$started"
wait "$started"
is "USR1: exit code" $? 75
run "$fnas_mpi" --status usr1
is "USR1: status" "$code" 75
says "USR1: says so" 'stopped'
goes_on "USR1" usr1 3
start term 1
kill -TERM "$(process term 0)"
wait "$started"
goes_on "TERM" term 1
touch file.STOP
mpi 3 $tiny --set run.name=file
is "NAME.STOP: exit code" "$code" 75
says "NAME.STOP: says so" 'stopped by file.STOP'
rm file.STOP
goes_on "NAME.STOP" file 2
run "$fnas_mpi" $tiny --set run.name=limit --set run.time_limit=0.5
is "time limit: exit code" "$code" 75
says "time limit: says so" 'stopped by the time limit'
goes_on "time limit" limit 1

# what is there is safe
run "$fnas_mpi" $tiny --set run.name=usr1
is "not overwritten" "$code" 5
start begun 1
give_up begun
rm -f begun.h5
run "$fnas_mpi" --status begun
is "begun and killed: status" "$code" 75
is "begun and killed: begun" "$out" "begun: begun"
run "$fnas_mpi" $tiny --set run.name=begun
is "begun and killed: not overwritten" "$code" 5
says "begun and killed: what to do" 'restart'
run "$fnas_mpi" $tiny --set run.name=begun --restart --set ppo.rate=0.1 \
    --set run.seed=2
is "other settings: refused" "$code" 3
says "other settings: which" 'run.seed = 2 \(was 1\), ppo.rate = 0.1'
run "$fnas_mpi" $tiny --set run.name=begun --restart --set run.trials=30
is "more trials: allowed" "$code" 0
start busy 2 --set run.trials=4000
run "$fnas_mpi" $tiny --set run.name=busy --set run.trials=4000 --restart
is "another run writes: refused" "$code" 5
says "another run writes: says so" 'another run is writing it'
run "$fnas_mpi" $tiny --set run.name=busy --set run.trials=4000 --force
is "another run writes: not overwritten by force" "$code" 5
says "another run writes: says so, too" 'another run is writing it'
give_up busy
run "$fnas_mpi" $tiny --set run.name=busy --set run.trials=4000
is "another run writes: all is left to it" "$code" 5
says "another run writes: its results, too" 'busy.journal: a run of that name was begun'

# with everything on
all="--set search.method=fnas --set pool.enabled=true --set pool.round=4
    --set pool.step=0.5 --set pool.rate=0.5"
mpi 3 $tiny $all --set run.name=whole_fnas
wanted=$(hash_of)
trials_of whole_fnas >trials_wanted
start fnas 3 $all
give_up fnas
goes_on "critic, replay, pool" fnas 2 $all

# from its state: killed once there are two of them, of which the earlier holds
until_state() { # NAME RANKS
    start "$1" "$2" $all --set run.state_every=0
    tries=0
    until [ -e "$1.state.1.h5" ] || [ $tries -gt $((1200 * SLOW)) ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    give_up "$1"
}
from_state() { # WHAT NAME RANKS: as goes_on; what was counted is the same, too
    goes_on "$1" "$2" "$3" $all
    for group in /health /critic /pool; do
        run h5diff whole_fnas.h5 "$2.h5" $group
        is "$1: same $group" "$code" 0
    done
    out=$restarted
    says "$1: by its state" "^restart +from trial [1-9][0-9]* on, by $2\\.state"
}
until_state state 3
from_state "a state" state 1
until_state later 2
printf 'x' | dd of=later.state.h5 bs=1 seek=5000 conv=notrunc 2>/dev/null
from_state "the later state damaged" later 2
says "the later state damaged: kept aside" 'later.state.h5.damaged'
until_state torn_state 2
truncate -s -40 torn_state.state.h5
truncate -s -40 torn_state.state.1.h5
goes_on "both states torn" torn_state 3 $all
until_state lost 3
rm lost.journal
goes_on "the journal lost" lost 2 $all
until_state other 2
rm -f other.state.h5
run "$fnas_mpi" $tiny $all --set run.name=seed --set run.seed=3 \
    --set run.state_every=0
cp seed.state.h5 other.state.h5
from_state "the state of another run" other 2
says "the state of another run: says so" \
    'other.state.h5: /settings: is another; it is not used'
run "$fnas_mpi" $tiny $all --set run.name=seed --set run.seed=3 \
    --set run.trials=30 --restart
is "a state and more trials: allowed" "$code" 0
rm seed.h5 seed.journal seed.pool.h5
run "$fnas_mpi" $tiny $all --set run.name=seed
is "a state is not overwritten" "$code" 5
says "a state is not overwritten: which" 'seed.state.h5: exists'
run "$fnas_mpi" $tiny $all --set run.name=seed --force
is "begun anew" "$code" 0
is "begun anew: its states are gone" "$(ls seed.state*)" ''
start forgets 2 $all --set run.state_every=0 --set run.trials=200
tries=0
until [ "$(stat -c %s forgets.journal)" -gt 300000 ] ||
    [ $tries -gt $((600 * SLOW)) ]; do
    sleep 0.05
    tries=$((tries + 1))
done
give_up forgets
sync forgets.journal
used=$(du -k forgets.journal | cut -f 1)
size=$(($(stat -c %s forgets.journal) / 1024))
remark "$used of $size KiB"
if [ $((used + 50)) -gt $size ]; then
    skip "the journal forgets what states have" "this file system keeps holes"
else
    check "the journal forgets what states have" test -e forgets.state.1.h5
    rm forgets.state*
    goes_on "what it forgot is evaluated again" forgets 2 $all
fi
start usr2 2 $all
kill -USR2 "$started"
wait "$started"
is "USR2: goes on" $? 0
check "USR2: its state is there" test -s usr2.state.h5
finish
