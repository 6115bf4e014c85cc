# SPDX-License-Identifier: MIT
# Searches in the background, read in with `.` after tests/tap.sh; $tiny is their
# input, with its settings.
#
#   start NAME RANKS SETTING...   until it has some results; $started is its mpirun
#   ended NAME           wait for its end: exit code in $code, output in $out
#   give_up NAME         kill all of it
#   process NAME RANK    the process of a rank, or that of mpirun for RANK mpirun
#   apart NAME           the processes of children that have one
# shellcheck disable=SC2086 # settings are words

start() {
    name=$1 ranks=$2
    shift 2
    $MPIRUN -np "$ranks" "$fnas_mpi" $tiny "$@" --set "run.name=$name" \
        >"$name.out" 2>&1 </dev/null &
    started=$!
    tries=0
    until [ "$(stat -c %s "$name.journal" 2>/dev/null || echo 0)" -gt 9000 ] ||
        [ $tries -gt 1200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}

# within two minutes (times $SLOW), or it is killed
ended() {
    command="the run $1"
    tries=0
    while kill -0 "$started" 2>/dev/null && [ $tries -lt $((2400 * SLOW)) ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ $tries -lt $((2400 * SLOW)) ] || pkill -9 -f "run.name=$1\$"
    wait "$started"
    code=$?
    out=$(cat "$1.out")
}

give_up() {
    pkill -9 -f "run.name=$1\$"
    wait "$started" 2>/dev/null
}

apart() {
    for p in $(pgrep -f "run.name=$1\$"); do
        [ "$(cat "/proc/$p/comm" 2>/dev/null)" != fnas_child ] || echo "$p"
    done
}

process() {
    for p in $(pgrep -f "run.name=$1\$"); do
        [ "$(cat "/proc/$p/comm" 2>/dev/null)" != fnas_child ] || continue
        rank=$(cat "/proc/$p/environ" 2>/dev/null | tr '\0' '\n' |
            sed -n 's/^OMPI_COMM_WORLD_RANK=//p')
        [ "${rank:-mpirun}" != "$2" ] || echo "$p"
    done
}
