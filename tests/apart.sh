# SPDX-License-Identifier: MIT
# Children in processes of their own: one that is killed is trained again, and the
# search neither ends nor goes another way.
. "$SOURCE/tests/tap.sh"
. "$SOURCE/tests/background.sh"
# shellcheck disable=SC2086 # settings are words

# Children that take long enough to be caught at work.
tiny="$SOURCE/input/tiny.cfg --set train.epochs=15"

# kill_children NAME TIMES: one after the other, as long as the run lasts
kill_children() {
    killed=0
    while kill -0 "$started" 2>/dev/null && [ $killed -lt "$2" ]; do
        for victim in $(apart "$1" | head -n 1); do
            kill -9 "$victim" 2>/dev/null && killed=$((killed + 1))
        done
        sleep 0.1
    done
}

mpi 3 $tiny --set run.name=whole --set parallel.apart=never
wanted=$(trajectory)

for ranks in 1 3; do
    start died$ranks $ranks --set parallel.apart=auto
    kill_children died$ranks 2
    is "$ranks ranks: children were killed" $killed 2
    ended died$ranks
    is "  the search is complete" "$code" 0
    says "  it is told" 'trial [0-9]+: its process was killed by signal 9 .*again'
    is "  the same trajectory" "$(trajectory)" "$wanted"
done

# One that dies each time has failed, and the others go on.
start each 2 --set run.max_failed=1 --set train.epochs=10
while kill -0 "$started" 2>/dev/null && ! grep -q 'it failed' each.out; do
    for victim in $(apart each); do
        kill -9 "$victim" 2>/dev/null
    done
done
ended each
is "a child that dies each time: the search is complete" "$code" 0
says "  it is told" 'trial [0-9]+: its process was killed .*it failed'
run h5dump -d /trials/reason each.h5
says "  the reason is stored" 'its process was killed by signal 9'

# What it had is gone with its rank.
start orphan 2
kill -9 "$(process orphan 1)"
ended orphan
check "a rank that dies ends the run" test "$code" -ne 0
is "  and no child is left" "$(apart orphan)" ""
mpi 2 $tiny --set run.name=orphan --restart
is "  the same trajectory" "$(trajectory)" "$wanted"

run "$fnas_mpi" --check $tiny --set parallel.apart=always \
    --set parallel.ranks_per_child=2
is "always, with 2 ranks a child: refused" "$code" 3
says "  why" 'parallel.apart.*ranks_per_child = 1'
finish
