# SPDX-License-Identifier: MIT
# Fuzzing in short: each reader is given its corpus and mutants of it, always the
# same ones.  `make fuzz` is the long way.
. "$SOURCE/tests/tap.sh"

# fuzz TARGET RUNS
fuzz() {
    run "$BUILD/tests/fuzz/$1" -runs="$2" "$SOURCE/tests/fuzz/corpus/$1"
    is "$1: no crash, no hang, always one error" "$code" 0
    says '  all mutants were read' "^Done [0-9]+ runs\$"
    n=$(printf '%s\n' "$out" | sed -n 's/^Done \([0-9]*\) runs$/\1/p')
    total=$((total + ${n:-0}))
}

total=0
fuzz config 5000
fuzz idx 10000
fuzz cifar 5000
fuzz journal 5000
fuzz seal 10000
fuzz images 2000
fuzz table 2000
fuzz results 2000
fuzz pool 2000
fuzz state 2000
fuzz hdf5 200
echo "# $total executions"

finish
