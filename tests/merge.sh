# SPDX-License-Identifier: MIT
# `fnas merge`: searches from several seeds as one table and one file.
. "$SOURCE/tests/tap.sh"

for seed in 1 2; do
    run "$fnas_mpi" "$SOURCE/input/tiny.cfg" --set run.trials=8 \
        --set "run.seed=$seed" --set "run.name=s_$seed"
done
run "$fnas" merge all.h5 s_1.h5 s_2.h5
is 'exit code' "$code" 0
says 'a row for each' '^ +2  complete +[0-9]+ .* s_2.h5$'
says 'the best of all' '^best: 0\.[0-9]+, seed [12], [a-z]+'
is 'trials of both' "$(values_of all.h5 /trials/accuracy)" \
    "$(values_of s_1.h5 /trials/accuracy; values_of s_2.h5 /trials/accuracy)"
is 'texts, too' "$(values_of all.h5 /trials/arch)" \
    "$(values_of s_1.h5 /trials/arch; values_of s_2.h5 /trials/arch)"
is 'which run they are of' "$(values_of all.h5 /trials/run | uniq | xargs)" '0 1'
is 'seeds' "$(values_of all.h5 /runs/seed | xargs)" '1 2'

run "$fnas" merge all.h5 s_2.h5
is 'what was merged may be merged again' "$code" 0
run "$fnas" merge s_1.h5 s_2.h5
is 'results are not overwritten' "$code" 5
run "$fnas" merge none.h5 s_1.h5 s_3.h5
is 'a missing one: exit code' "$code" 5

touch part.STOP
run "$fnas_mpi" "$SOURCE/input/tiny.cfg" --set run.trials=8 --set run.name=part
run "$fnas" merge some.h5 s_1.h5 part.h5
is 'one is not complete: exit code' "$code" 75
says '  says so' '1 of 2 searches are not complete'
check '  is written all the same' test -e some.h5

run "$fnas_mpi" "$SOURCE/input/tiny.cfg" --set run.trials=8 \
    --set run.name=other --set train.epochs=2
run "$fnas" merge none.h5 s_1.h5 other.h5
is 'another task: exit code' "$code" 4
says '  says so' 'other.h5: of another task than s_1.h5'
finish
