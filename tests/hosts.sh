# SPDX-License-Identifier: MIT
# A search over several hosts, of which one dies or can no longer be reached: the
# job ends in seconds and says so, and what goes on with it ends as if nothing had
# happened.  No batch system.
. "$SOURCE/tests/virtual_hosts.sh"
own_world 600
. "$SOURCE/tests/tap.sh"
# shellcheck disable=SC2086 # settings are words

# Children that take long enough to be caught at work.
tiny="$SOURCE/input/tiny.cfg --set train.epochs=6"
PATH=$BUILD:$SOURCE/jobs:$PATH

# start NAME: a search on all hosts, until it has some results
start() {
    name=$1
    on h1 fnas_job -n 7 $tiny --set "run.name=$name" >"$name.out" 2>&1 &
    started=$!
    tries=0
    until [ "$(results_in "$name")" -ge 5 ] ||
        ! kill -0 "$started" 2>/dev/null ||
        [ $tries -gt $((600 * SLOW)) ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    before=$(results_in "$name")
    at=$(date +%s)
}

# ends NAME CODE SECONDS: what was started; so soon, and so much later if built to
# be slow
ends() {
    wait "$started"
    code=$?
    took=$(($(date +%s) - at))
    command="fnas_job for $1"
    out=$(cat "$1.out")
    is "$1: exit code" "$code" "$2"
    remark "ended after $took s"
    check "$1: in seconds" test $took -lt $(($3 * SLOW))
}

# again NAME: as often as a queue might have to
again() {
    for attempt in 1 2 3; do
        run "$lan/on" h1 fnas_job -n 7 $tiny --set "run.name=$1"
        [ "$code" -ne 0 ] || break
        remark "attempt $attempt: exit code $code; $out"
    done
}

# goes_on NAME: by the last command, to the end of the unbroken run
goes_on() {
    remark "$before results before, $(results_resumed) from then on"
    check "$1: goes on where it was" test "$(results_resumed)" -ge "$before"
    complete "$1"
}

complete() {
    is "$1: same trajectory" "$(trajectory)" "$wanted"
    run fnas_mpi --status "$1"
    is "$1: is complete" "$code" 0
}

hosts_new 3
run fnas_mpi $tiny --set run.name=whole
wanted=$(trajectory)
mpi_over_hosts 2

run "$lan/on" h1 fnas_job -n 7 $tiny --set run.name=hosts
is 'three hosts: exit code' "$code" 0
says 'three hosts: all of them work' '^ranks +7: '
complete hosts

start rank
kill -9 "$(on h2 pgrep -n -f 'run.name=rank$')" 2>/dev/null
ends rank 0 200 # it has begun again, and gone on to the end
says 'rank: it is told' 'a rank was killed'
goes_on rank

start power
power_off h3
ends power 75 60
says 'power: it is told' 'a host was lost'
power_on h3
again power
goes_on power

start cable
unplug h2
ends cable 75 60
says 'cable: it is told' 'a host was lost'
plug h2
again cable
goes_on cable
finish
