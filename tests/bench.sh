# SPDX-License-Identifier: MIT
# The benchmark: what it measures is there and counted right.  How fast is not a
# question for a test.
. "$SOURCE/tests/tap.sh"

bench=$BUILD/fnas_bench
inputs=$SOURCE/input/bench

# measure RANKS ARGUMENTS...: as short as it gets, on images made here
measure() {
    ranks=$1
    shift
    run $MPIRUN -np "$ranks" "$bench" --seconds 0.002 --rounds 2 \
        --json "$scratch/bench.json" --set data.format=synthetic \
        --set 'data.files=[]' --set synthetic.images=256 "$@"
}

# value NAME: of the first such key of the results
value() {
    sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" bench.json |
        head -n 1
}

# lines NAME: how many such keys have a value
lines() {
    grep -Ec "\"$1\": [^n]" bench.json
}

measure 2 --set synthetic.channels=1 --set synthetic.size=28 \
    "$inputs/child_a.cfg" "$inputs/small.cfg"
is 'two networks on two ranks: exit code' "$code" 0
says '  the machine is measured' '^peak +[0-9.]+ GFLOP/s'
says '  its bandwidths' '^bandwidth +L2 [0-9.]+ L3 [0-9.]+ DRAM [0-9.]+'
says '  convolutions' '^conv +16 ->  48 1x1/1 28x28 '
says '  depthwise ones' '^dwconv +72 ->  72 5x5/1 14x14 '
says '  the network, and what it costs' \
    '^child_a: 266110 parameters, 12007152 MACs, .* batch 64 in 4 shards'
says '  two ranks' '^ .* training, 2 ranks, one child$'
says '  two children' '^ .* training, 2 ranks, a child each$'
says '  their ratio' '^ +[0-9.]+ x +training: 2 ranks, one child / 1 rank$'
says '  the farm' '^farm +[0-9]+ tasks/s'
is '  JSON: format' "$(value format)" fnas-bench
is '  JSON: ranks' "$(value ranks)" 2
is '  JSON: name' "$(value name)" child_a
is '  JSON: parameters' "$(value params)" 266110
is '  JSON: multiply-accumulates' "$(value macs)" 12007152
is '  JSON: of a training step, without the gradient of the images' \
    "$(value train_macs)" $((3 * 12007152 - 28 * 28 * 9 * 16))
is '  JSON: 20 operators, two ways' "$(lines of_bound)" 40
is '  JSON: five modes of two networks' "$(lines median)" 10
is '  JSON: no peer' "$(value peer)" null
if command -v python3 >/dev/null; then
    check '  JSON is JSON' python3 -m json.tool bench.json bench.out
else
    skip '  JSON is JSON' 'no python3'
fi

measure 1 --variant portable "$inputs/blocks.cfg"
is 'one rank, portable kernels: exit code' "$code" 0
is '  JSON: kernels' "$(value kernels)" portable
is '  JSON: two modes' "$(lines median)" 2
is '  JSON: no farm' "$(value farm_tasks_per_s)" null

# A peer that answers what it likes.
cat >peer <<'END'
#!/bin/sh
echo 'torch of the test'
while read -r word rest; do
    case $word in
    build) echo 58763 ;;
    *) echo 1000 ;;
    esac
done
END
chmod +x peer
measure 1 --peer=./peer --set synthetic.channels=1 --set synthetic.size=28 \
    "$inputs/blocks.cfg"
is 'a peer: exit code' "$code" 0
says '  is named' '^peer +torch of the test$'
says '  its rate' '^ +1000 +1000 +1000 .* training, peer, 1 thread$'
says '  another network is noticed' 'blocks: the peer has 58763 parameters'
is '  JSON: its parameters' "$(value peer_params)" 58763
is '  JSON: ratios' "$(lines 'peer_(train|infer)')" 4
measure 1 --peer=/bin/false "$inputs/blocks.cfg"
is 'a peer that ends: exit code' "$code" 0
says '  is told of' 'no peer: /bin/false cannot be started, or has no PyTorch'

# The real one.
for python in python3 /usr/bin/python3; do
    "$python" -c 'import torch' 2>/dev/null && break
    python=
done
if [ -n "$python" ]; then
    measure 1 --peer="$python" --rounds 1 "$inputs/child_a.cfg" \
        "$inputs/blocks.cfg" --set synthetic.channels=1 --set synthetic.size=28
    is 'PyTorch: exit code' "$code" 0
    is '  has as many parameters' "$(grep -E '"(peer_)?params"' bench.json |
        sed 's/[^0-9]//g' | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" \
        '2 266110 2 58762 '
else
    skip 'PyTorch' 'no python3 has it'
fi

# What is refused.
measure 1 nowhere.cfg
is 'an input that is not there: exit code' "$code" 3
says '  is told of' '^nowhere.cfg: No such file'
measure 1 --variant mmx "$inputs/small.cfg"
is 'kernels that are not there: exit code' "$code" 2
measure 1 --rounds 0 "$inputs/small.cfg"
is 'no rounds: exit code' "$code" 2
measure 1 --bogus
is 'an option that is not there: exit code' "$code" 2
run "$bench" --help
is '--help: exit code' "$code" 0
says '  shows the usage' '^usage: mpirun -np RANKS fnas_bench'

finish
