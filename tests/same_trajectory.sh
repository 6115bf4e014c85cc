# SPDX-License-Identifier: MIT
# The same search, whoever does the work: its trajectory (ids, architectures,
# rewards to the last bit) does not depend on the number of ranks, nor on how
# many of them train a child.
. "$SOURCE/tests/tap.sh"

tiny=$SOURCE/input/tiny.cfg

# same RANKS WANTED SETTING...: its hash is WANTED
same() {
    ranks_=$1
    wanted=$2
    shift 2
    mpi "$ranks_" "$tiny" --force "$@"
    is "$* on $ranks_ ranks: exit code" "$code" 0
    is '  trajectory' "$(trajectory)" "$wanted"
}

# Real training, learned from: 2, 3 and 5 ranks, children trained by 1, 2 and 4.
run "$fnas_mpi" "$tiny"
is 'one rank alone: exit code' "$code" 0
ppo=$(trajectory)
check '  has a trajectory' test "$ppo" != none
for ranks_per_child in 1 2 4; do
    for n in 2 3 5; do
        [ $((n - 1)) -lt $ranks_per_child ] ||
            same $n "$ppo" --set parallel.ranks_per_child=$ranks_per_child
    done
done
same 4 "$ppo" --set parallel.ranks_per_child=2
says '  with a rank to spare' '^ranks +4: 1 searches, 1 group of 2 evaluates, 1 spare'
same 3 "$ppo" --set parallel.bind=none
run "$fnas_mpi" "$tiny" --force
is 'once more: trajectory' "$(trajectory)" "$ppo"

# The other methods, at other settings.
for method in random evolution; do
    run "$fnas_mpi" "$tiny" --force --set search.method=$method \
        --set run.trials=12 --set search.window=5 \
        --set evolution.population=5 --set evolution.tournament=2
    hash=$(trajectory)
    check "$method has a trajectory of its own" test "$hash" != none -a \
        "$hash" != "$ppo"
    for n in 3 5; do
        same $n "$hash" --set search.method=$method --set run.trials=12 \
            --set search.window=5 --set evolution.population=5 \
            --set evolution.tournament=2
    done
done

# The knowledge pool: blocks travel, and are taken in in the order told.
pool='--set search.method=random --set pool.enabled=true --set pool.audit=0.3
    --set pool.round=4 --set pool.step=0.5 --set pool.rate=0.3
    --set search.window=6 --set run.trials=16'
run "$fnas_mpi" "$tiny" --force $pool
hash=$(trajectory)
check 'knowledge pool: a trajectory of its own' test "$hash" != none
says '  children start from it' 'trials started from it'
says '  blocks are always found' '100.0 % once there were any'
for ranks_per_child in 1 2 4; do
    for n in 2 3 5; do
        [ $((n - 1)) -lt $ranks_per_child ] ||
            same $n "$hash" $pool --set parallel.ranks_per_child=$ranks_per_child
    done
done
run "$fnas_mpi" "$tiny" --force $pool --set pool.enabled=false
check '  without it another one' test "$(trajectory)" != "$hash"
run "$fnas_mpi" "$tiny" --force $pool --set pool.enabled=true --set run.name=first
run "$fnas_mpi" "$tiny" --force $pool --set pool.from=first.pool.h5
is 'started from the pool of another run: exit code' "$code" 0
hash=$(trajectory)
same 3 "$hash" $pool --set pool.from=first.pool.h5
run "$fnas_mpi" "$tiny" --force $pool --set pool.from=first.h5
is 'a file that is no pool: exit code' "$code" 4
says '  is refused' 'first.h5: .*not fnas-pool'
run "$fnas_mpi" "$tiny" --force $pool --set pool.epochs=2
is 'longer than from scratch: exit code' "$code" 3
says '  is refused' 'pool.epochs: 2 is more than train.epochs, 1'

# A critic that predicts, and replay, with rounds that overlap.
all='--set search.method=fnas --set run.trials=28 --set search.window=5
    --set ppo.batch=4 --set fnas.warm=10 --set fnas.sample=16
    --set fnas.train=3 --set fnas.lag=2 --set fnas.audit=0.3'
run "$fnas_mpi" "$tiny" --force $all
hash=$(trajectory)
check 'fnas has a trajectory of its own' test "$hash" != none -a \
    "$hash" != "$ppo"
check '  and predicted some' test \
    "$(values_of tiny.h5 /trials/state | grep -cx predicted)" -gt 20
values_of tiny.h5 /trials/state >state
values_of tiny.h5 /trials/accuracy >accuracy
is '  which have no accuracy' "$(paste -d ' ' state accuracy |
    grep '^predicted' | sort -u)" 'predicted nan'
for n in 2 3 5; do
    same $n "$hash" $all
done
same 5 "$hash" $all --set parallel.ranks_per_child=2
for off in critic replay; do
    run "$fnas_mpi" "$tiny" --force $all --set fnas.$off=false
    check "fnas.$off changes it" test "$(trajectory)" != none -a \
        "$(trajectory)" != "$hash"
done
run "$fnas_mpi" "$tiny" --force --set search.method=fnas \
    --set fnas.critic=false --set fnas.replay=false
is 'fnas without critic and replay is ppo' "$(trajectory)" "$ppo"

# Augmentation and limits draw from streams that belong to images, not to ranks.
more='--set data.shift=2 --set data.flip=true --set data.cutout=3
    --set data.train_limit=1000 --set train.shards=2 --set run.trials=8'
run "$fnas_mpi" "$tiny" --force $more
hash=$(trajectory)
check 'augmentation: a trajectory of its own' test "$hash" != none -a \
    "$hash" != "$ppo"
same 3 "$hash" $more
same 3 "$hash" $more --set parallel.ranks_per_child=2

# Kernels: what they are called, and which agree.
kernels='--set run.trials=6'
run "$fnas_mpi" "$tiny" --force $kernels
hash=$(trajectory)
for variant in avx512 avx2; do
    if "$fnas_mpi" --version | grep -q "^kernels .*[( ]$variant[ )]"; then
        same 3 "$hash" $kernels --set nn.kernels=$variant
        says '  and are named' "^host .*, $variant kernels\$"
    fi
done
run "$fnas_mpi" "$tiny" --force $kernels --set nn.backend=blas
is 'OpenBLAS: exit code' "$code" 0
says '  is named' '^host .*, blas kernels$'
hash=$(trajectory)
check '  has a trajectory' test "$hash" != none
same 3 "$hash" $kernels --set nn.backend=blas
same 3 "$hash" $kernels --set nn.backend=blas --set parallel.ranks_per_child=2

# What is part of the search changes it.
for setting in run.seed=2 ppo.batch=4 train.shards=2 train.rate=0.05; do
    run "$fnas_mpi" "$tiny" --force --set $setting
    check "$setting gives another trajectory" test "$(trajectory)" != none -a \
        "$(trajectory)" != "$ppo"
done

# Too few ranks: nothing starts, and the right command line is shown.
mpi 3 "$tiny" --force --set parallel.ranks_per_child=4
is 'too few ranks: exit code' "$code" 2
says '  the right start is shown' 'mpirun -np 5 fnas_mpi'
is '  told once' "$(printf '%s\n' "$out" | grep -c 'mpirun -np 5 fnas_mpi')" 1

finish
