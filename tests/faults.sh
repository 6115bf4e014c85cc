# SPDX-License-Identifier: MIT
# The fault campaign: searches are killed, the disk fails at every call, files are
# damaged; started again, each must end as one that nothing happened to.
#
#   FAULTS_KILLS    searches that are killed, twice each (3)
#   FAULTS_CHILDREN searches of which a child is (FAULTS_KILLS)
#   FAULTS_STRIDE   the disk fails at every so-many-th call (21)
#   FAULTS_DAMAGED  journals and states that are damaged (3)
#   FAULTS_SEED     of all that is random (1)
#
# `make faults` makes 100 of each and every call, and shows the table.
. "$SOURCE/tests/tap.sh"
. "$SOURCE/tests/background.sh"
# shellcheck disable=SC2086 # settings are words

kills=${FAULTS_KILLS:-3}
children=${FAULTS_CHILDREN:-$kills}
stride=${FAULTS_STRIDE:-21}
damages=${FAULTS_DAMAGED:-3}
seed=${FAULTS_SEED:-1}
shim=$BUILD/tests/fault_io.so
seconds=$((120 * SLOW)) # nothing here takes so long, unless it hangs

# Children that take long enough to be caught at work; all results are shown at
# once, so that none that was seen may be missing afterwards, and the state is saved
# as often as it can be.
long="$SOURCE/input/tiny.cfg --set train.epochs=4 --set run.publish_every=0
    --set run.state_every=0
    --set search.method=fnas --set pool.enabled=true --set pool.round=4"
short="$SOURCE/input/tiny.cfg --set run.trials=6 --set run.publish_every=0
    --set run.state_every=0 --set search.window=2
    --set search.method=random --set pool.enabled=true --set pool.round=2"

# draw N: a number from 0 to N - 1, in $drawn; called in $(...), it would always be
# the same.
draw() {
    seed=$(awk -v s="$seed" 'BEGIN { print (s * 16807) % 2147483647 }')
    drawn=$((seed % $1))
}

now() {
    date +%s.%N
}

since() {
    awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f\n", b - a }'
}

# Results that could be seen before a restart.
seen() { # NAME
    [ -e "$1.h5" ] || {
        echo 0
        return
    }
    values_of "$1.h5" /trials/state | grep -c -E '^(done|diverged)' || :
}

# One more of a kind: what it came to is a line of the ledger.
#   fault lost wrong unreadable hang crash seconds
note() {
    echo "$*" >>ledger
}

# resume FAULT NAME WANTED CRASHED COMMAND...: start again, and compare
resume() {
    what=$1 name=$2 hash=$3 crashed=$4
    shift 4
    known=$(seen "$name")
    unreadable=0
    run "$fnas_mpi" --status "$name"
    [ "$code" -eq 75 ] || [ "$code" -eq 0 ] || unreadable=1
    begun=$(now)
    size=$(stat -c %s "$name.journal" 2>/dev/null || echo 0)
    "$@" >"$name.out" 2>&1 </dev/null &
    started=$!
    first=
    tries=0
    while kill -0 "$started" 2>/dev/null && [ $tries -lt 4000 ]; do
        [ -n "$first" ] || [ "$(stat -c %s "$name.journal" 2>/dev/null ||
            echo 0)" -le "$size" ] || first=$(since "$begun")
        tries=$((tries + 1))
        sleep 0.03
    done
    hang=0
    if kill -0 "$started" 2>/dev/null; then
        hang=1
        pkill -9 -f "run.name=$name"
    fi
    wait "$started"
    code=$?
    command=$*
    out=$(cat "$name.out")
    wrong=0
    [ "$code" -eq 0 ] && [ "$(trajectory)" = "$hash" ] || wrong=1
    [ $wrong -eq 0 ] || remark "$what $name: exit code $code, $out"
    found=$(sed -n 's/^restart *\([0-9]*\) results.*/\1/p' "$name.out")
    lost=$((known - ${found:-0}))
    [ $lost -gt 0 ] || lost=0
    note "$what $lost $wrong $unreadable $hang $crashed ${first:--}"
}

# kill_once WHO NAME RANKS: start or go on, and kill within half of the time that
# all of it takes; counts those that came too late in $late
kill_once() {
    $MPIRUN -np "$3" "$fnas_mpi" $long --restart --set "run.name=$2" \
        >"$2.out" 2>&1 </dev/null &
    started=$!
    draw 1000
    moment=$(awk -v r="$drawn" -v w="$whole" \
        'BEGIN { print 0.1 * w + r / 1000 * 0.5 * w }')
    echo "$moment" >>moments
    sleep "$moment"
    draw $(($3 - 1))
    case $1 in
    host) victims=$(pgrep -f "run.name=$2\$") ;;
    worker) victims=$(process "$2" $((1 + drawn))) ;;
    searcher) victims=$(process "$2" 0) ;;
    mpirun) victims=$(process "$2" mpirun) ;;
    esac
    [ -n "$victims" ] && kill -9 $victims 2>/dev/null
    tries=0
    while kill -0 "$started" 2>/dev/null && [ $tries -lt 1200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    [ $tries -lt 1200 ] || hung=1
    wait "$started" 2>/dev/null
    ! "$fnas_mpi" --status "$2" >/dev/null 2>&1 || late=$((late + 1))
}

campaign_of_kills() {
    begun=$(now)
    mpi 3 $long --set run.name=whole
    whole=$(since "$begun")
    wanted=$(trajectory)
    is "an unbroken run" "$code" 0
    late=0
    i=0
    while [ $i -lt "$kills" ]; do
        i=$((i + 1))
        case $((i % 4)) in
        0) who=host ;;
        1) who=worker ;;
        2) who=searcher ;;
        3) who=mpirun ;;
        esac
        hung=0
        for _ in 1 2; do
            draw 3
            kill_once $who "kill$i" $((2 + drawn))
        done
        [ $hung -eq 0 ] || note "$who 0 0 0 1 0 -"
        draw 4
        ranks=$((1 + drawn))
        resume $who "kill$i" "$wanted" 0 $MPIRUN -np $ranks "$fnas_mpi" $long \
            --restart --set "run.name=kill$i"
    done
    [ "$kills" -gt 0 ] || return 0
    remark "$late of $((2 * kills)) kills came too late, after $whole s"
    check "searches are killed at work" test $late -lt $((2 * kills))
    check "at moments that differ" \
        test "$(sort -u moments | wc -l)" -gt $((kills / 2))
}

# A child that has a process of its own is killed: nothing is started again.
campaign_of_children() {
    tiny="$long --set train.epochs=16"
    mpi 3 $tiny --set run.name=whole_family
    family=$(trajectory)
    is "an unbroken run of longer children" "$code" 0
    i=0
    while [ $i -lt "$children" ]; do
        i=$((i + 1))
        draw 4
        start "child$i" $((1 + drawn))
        draw 10
        sleep "0.$drawn"
        victims=
        while [ -z "$victims" ] && kill -0 "$started" 2>/dev/null; do
            victims=$(apart "child$i" | tail -n 1)
        done
        [ -n "$victims" ] && kill -9 $victims 2>/dev/null
        ended "child$i"
        command="the run child$i"
        [ "$code" -ne 0 ] || grep -q 'its process was killed' "child$i.out" ||
            continue # it was ready before
        wrong=0
        [ "$code" -eq 0 ] && [ "$(trajectory)" = "$family" ] || wrong=1
        [ $wrong -eq 0 ] || remark "child$i: exit code $code, $out"
        note "child 0 $wrong 0 $((tries >= 2400 * SLOW)) 0 -"
    done
}

# fail_at FAULT CALL: the disk fails, then the search goes on
fail_at() {
    kind=$1 at=$2
    name=$scratch/disk/$kind$at
    run env FAULT_DIR="$scratch/disk" FAULT="$kind" FAULT_AT="$at" \
        FAULT_SEED="$at" LD_PRELOAD="$shim" "$fnas_mpi" $short \
        --set "run.name=$name"
    crash=0
    case $kind in
    kill | torn | power) [ "$code" -eq 137 ] || crash=1 ;;
    *) [ "$code" -eq 0 ] || [ "$code" -eq 5 ] || crash=1 ;;
    esac
    [ $crash -eq 0 ] || remark "$kind at call $at: exit code $code, $out"
    resume "disk:$kind" "$name" "$wanted" $crash "$fnas_mpi" $short --restart \
        --set "run.name=$name"
    rm -rf "$name".*
}

campaign_of_disks() {
    mkdir disk
    run env FAULT_DIR="$scratch/disk" FAULT_COUNT=count LD_PRELOAD="$shim" \
        "$fnas_mpi" $short --set "run.name=$scratch/disk/whole"
    wanted=$(trajectory)
    is "an unbroken run on that disk" "$code" 0
    calls=$(cat count)
    remark "$calls calls change a file"
    check "the disk is watched" test "$calls" -gt 40
    offset=0
    for kind in kill torn power full quota error; do
        offset=$((offset + 5))
        at=$(((offset - 1) % stride + 1))
        while [ $at -le "$calls" ]; do
            fail_at $kind $at
            at=$((at + stride))
        done
    done
}

# The journal of half a search, and its states, with damage somewhere.
campaign_of_damage() {
    half="$SOURCE/input/tiny.cfg --set run.publish_every=1e9
        --set run.state_every=0"
    run "$fnas_mpi" $half --set run.name=whole_half
    wanted=$(trajectory)
    run "$fnas_mpi" $half --set run.trials=20 --set run.name=half
    check "half a search has two states" test -e half.state.1.h5
    i=0
    while [ $i -lt "$damages" ]; do
        i=$((i + 1))
        for file in journal state.h5 state.1.h5; do
            cp half.$file "damage$i.$file"
        done
        draw 4
        case $drawn in
        0) victim=damage$i.state.h5 ;;
        1) victim=damage$i.state.1.h5 ;;
        *) victim=damage$i.journal ;;
        esac
        draw "$(stat -c %s "$victim")"
        at=$drawn
        draw 3
        case $drawn in
        0) truncate -s $at "$victim" ;;
        1) dd if=/dev/zero of="$victim" bs=1 seek=$at count=64 \
            conv=notrunc 2>/dev/null ;;
        2) printf '\132' | dd of="$victim" bs=1 seek=$at \
            conv=notrunc 2>/dev/null ;;
        esac
        resume damage "damage$i" "$wanted" 0 "$fnas_mpi" $half --restart \
            --set "run.name=damage$i"
    done
}

# A folder that is gone when the results are to be written, and comes back; a file
# system without locks.
campaign_of_folders() {
    mkdir folder
    $MPIRUN -np 2 "$fnas_mpi" $long --set run.name=folder/gone >gone.out 2>&1 &
    started=$!
    until [ -s folder/gone.journal ]; do
        sleep 0.05
    done
    mv folder elsewhere
    wait $started
    code=$?
    out=$(cat gone.out)
    is "the folder is gone: an input or output error" "$code" 5
    says "and what is the matter" 'folder/gone.*: cannot .*No such file'
    mv elsewhere folder
    resume folder folder/gone "$wanted" 0 "$fnas_mpi" $long --restart \
        --set run.name=folder/gone
    [ -e "$shim" ] || return 0
    run env FAULT_DIR="$scratch" FAULT_LOCKS=no LD_PRELOAD="$shim" "$fnas_mpi" \
        $short --set run.name="$scratch/unlocked"
    is "without locks: complete" "$code" 0
    says "and a warning" 'warning: .*unlocked.journal: cannot be locked'
}

# The results are read again and again while they are published.
campaign_of_readers() {
    $MPIRUN -np 3 "$fnas_mpi" $long --set run.name=read >read.out 2>&1 &
    started=$!
    reads=0
    wrong=0
    while kill -0 $started 2>/dev/null; do
        [ -e read.h5 ] || continue
        reads=$((reads + 1))
        h5dump -d /trials/id read.h5 >/dev/null 2>&1 || wrong=$((wrong + 1))
    done
    wait $started
    code=$?
    out=$(cat read.out)
    is "while it is read: complete" "$code" 0
    check "it was read" test $reads -gt 5
    is "and could be, always" $wrong 0
    remark "$reads readers"
}

table() {
    printf '%-12s %5s %5s %6s %11s %6s %8s %18s\n' fault n lost wrong \
        unreadable hangs crashes 'next result, s'
    sort -s -k1,1 ledger | awk '
        function line() {
            if (n == 0) return
            for (i = 2; i <= m; i++) {
                x = t[i]
                for (j = i - 1; j > 0 && t[j] > x; j--) t[j + 1] = t[j]
                t[j + 1] = x
            }
            printf "%-12s %5d %5d %6d %11d %6d %8d", kind, n, s[2], s[3], s[4],
                s[5], s[6]
            if (m > 0) printf " %9.2f..%-6.2f", t[int((m + 1) / 2)], t[m]
            print ""
        }
        $1 != kind { line(); kind = $1; n = m = 0; split("", s); split("", t) }
        { n++; for (i = 2; i <= 6; i++) s[i] += $i; if ($7 != "-") t[++m] = $7 }
        END { line() }'
}

ldd "$fnas_mpi" | grep -q -E 'lib[at]san' && shim=/nonexistent
: >ledger
campaign_of_kills
campaign_of_children
campaign_of_folders
if [ ! -e "$shim" ]; then
    skip "a disk that fails" "a sanitizer wants to be loaded first"
else
    campaign_of_disks
fi
campaign_of_damage
campaign_of_readers

command=table
code=
out=$(table)
remark "$out"
[ -z "${FAULTS_TABLE:-}" ] || printf '%s\n' "$out" >"$FAULTS_TABLE"
sum() { # COLUMN
    awk -v c="$1" '{ n += $c } END { print n + 0 }' ledger
}
is "no result that was seen is lost" "$(sum 2)" 0
is "all end as if nothing had happened" "$(sum 3)" 0
is "results can always be read" "$(sum 4)" 0
is "nothing hangs" "$(sum 5)" 0
is "nothing crashes" "$(sum 6)" 0
finish
