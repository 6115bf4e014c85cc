# SPDX-License-Identifier: MIT
# Ranks that hang: the run names them, ends within the time set, and goes on when
# it is restarted.
. "$SOURCE/tests/tap.sh"
. "$SOURCE/tests/background.sh"
# shellcheck disable=SC2086 # settings are words

# Children that take long enough to be caught at work.
tiny="$SOURCE/input/tiny.cfg --set train.epochs=5"

mpi 3 $tiny --set run.name=whole
wanted=$(trajectory)

# stopped in the middle of a child
start stuck 3 --set run.watch=2
kill -STOP "$(process stuck 2)"
ended stuck
says "a rank that hangs is warned of" 'warning: rank 2 on .*at 2 s the run is'
says "and named: where, when" \
    'stopped by rank 2 on .*, silent for [0-9]+ s in [a-z ]+.*--restart'
check "ends with an error" test "$code" -ne 0
run "$fnas_mpi" --status stuck
is "is to be restarted" "$code" 75
mpi 2 $tiny --set run.name=stuck --restart
is "goes on to the same trajectory" "$(trajectory)" "$wanted"

# a member of a group, not its leader
start member 3 --set run.watch=2 --set parallel.ranks_per_child=2
kill -STOP "$(process member 2)"
ended member
says "a member of a group is named" 'stopped by rank [12] on .*, silent for'
mpi 3 $tiny --set run.name=member --restart
is "member: the same trajectory" "$(trajectory)" "$wanted"

# a rank that hangs when there is no work for it
start spare 4 --set run.watch=2 --set parallel.ranks_per_child=2
kill -STOP "$(process spare 3)"
ended spare
says "a rank without work is named" 'rank 3 on .*waiting for work'
mpi 3 $tiny --set run.name=spare --restart
is "spare: the same trajectory" "$(trajectory)" "$wanted"

# one that comes back in time
start back 3 --set run.watch=30
sleep 0.2
stopped=$(process back 1)
kill -STOP "$stopped"
sleep 2
kill -CONT "$stopped"
ended back
is "a rank that comes back: complete" "$code" 0
is "comes back: the same trajectory" "$(trajectory)" "$wanted"

# a disk that hangs: before the first child, at the journal; after the last, at
# the results
hangs() { # NAME FILE WHAT
    run env FAULT_DIR="$scratch/$2" FAULT=hang FAULT_AT=1 LD_PRELOAD="$shim" \
        "$fnas_mpi" $tiny --set "run.name=$scratch/$1" --set run.watch=1 \
        --set run.publish_every=1e9
    is "$1: is to be restarted" "$code" 75
    says "$1: says so" "no end of $3 after [0-9]+ s"
}
shim=$BUILD/tests/fault_io.so
ldd "$fnas_mpi" | grep -q -E 'lib[at]san' && shim=/nonexistent
if [ -e "$shim" ]; then
    hangs begun begun.journal 'the set-up'
    hangs ended ended.h5 'the end of the run'
    mpi 2 $tiny --set "run.name=$scratch/ended" --restart
    is "ended: goes on to the same trajectory" "$(trajectory)" "$wanted"
    is "ended: every result was kept" "$(results_resumed)" 24
else
    skip "a disk that hangs" "a sanitizer wants to be loaded first"
fi

# to look at the results now
start look 2 --set run.publish_every=1e9
rm -f look.h5
kill -USR2 "$started"
tries=0
until [ -e look.h5 ] || [ $tries -gt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
check "USR2: results are published" test -e look.h5
ended look
is "USR2: the search goes on" "$(trajectory)" "$wanted"
finish
