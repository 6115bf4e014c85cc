# SPDX-License-Identifier: MIT
# Searches that start from what earlier ones found out.
. "$SOURCE/tests/tap.sh"

tiny=$SOURCE/input/tiny.cfg
fnas_on='--set search.method=fnas --set fnas.warm=6 --set ppo.batch=4
    --set fnas.sample=16 --set run.trials=12'

hash_of() {
    printf '%s\n' "$out" | sed -n 's/^FNAS DONE.* trajectory=//p'
}

# shellcheck disable=SC2086
go() { # NAME SETTING...
    name=$1
    shift
    run "$fnas_mpi" "$tiny" --force $fnas_on --set "run.name=$name" "$@"
}

go first
is 'an earlier run' "$code" 0
plain=$(hash_of)
go again
is 'without transfer: the same' "$(hash_of)" "$plain"

go same --set 'transfer.from=["first.h5"]'
is 'this task' "$code" 0
says '  is told' '^transfer +first.h5: 12 results of this task$'
check '  changes the search' test "$(hash_of)" != "$plain"
same=$(hash_of)
# shellcheck disable=SC2086
for n in 2 3; do
    mpi $n "$tiny" --force $fnas_on --set run.name=same \
        --set 'transfer.from=["first.h5"]'
    is "  same trajectory on $n ranks" "$(hash_of)" "$same"
done

go other --set 'transfer.from=["first.h5"]' --set synthetic.classes=3
is 'other images: exit code' "$code" 0
says '  another task' '^transfer +first.h5: 12 results of another task$'
go both --set 'transfer.from=["first.h5", "other.h5"]'
is 'two files: exit code' "$code" 0
says '  each is told of' '^transfer +other.h5: 12 results of another task$'

go dear --set 'transfer.from=["first.h5"]' --set reward.cost=macs \
    --set reward.target=1e6
is 'another reward: exit code' "$code" 0
says '  another task' '^transfer +first.h5: 12 results of another task$'

go wide --set 'transfer.from=["first.h5"]' --set tiny.width=12
is 'other widths: exit code' "$code" 0
says '  all results fit' '^transfer +first.h5: 12 results of another task$'
go short --set 'transfer.from=["first.h5"]' --set tiny.blocks=1
is 'fewer blocks: exit code' "$code" 0
says '  what is left out is listed' 'left out: b2.conv, b2.kernel, b2.skip'
go long --set 'transfer.from=["short.h5"]'
is 'more blocks: exit code' "$code" 0
says '  nothing fits, and it is said' 'short.h5: it has no b2.conv'

go pool --set pool.enabled=true
go next --set pool.enabled=true --set 'transfer.from=["pool.h5"]' \
    --set synthetic.classes=3 --set tiny.width=12 --set synthetic.size=16
is 'the pool goes along: exit code' "$code" 0
says '  to other sizes and widths' '^pool +[1-9][0-9]* blocks of'
says '  what does not fit is listed' 'number of classes is another'

go none --set 'transfer.from=["nosuch.h5"]'
is 'no such file: exit code' "$code" 5
says '  is named' 'nosuch.h5: cannot be read'
printf 'x' >broken.h5
go none --set 'transfer.from=["broken.h5"]'
is 'no results file: exit code' "$code" 4
says '  is named' 'broken.h5: not an HDF5 file'
run "$fnas_mpi" "$tiny" --force --set run.name=ppo \
    --set 'transfer.from=["first.h5"]'
says 'a method that learns nothing from it says so' \
    'transfer.from: .*learns nothing from earlier'
finish
