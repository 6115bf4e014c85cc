# SPDX-License-Identifier: MIT
# Whole searches: each method, each evaluator, rewards, trials that fail, and
# what the results file holds.
. "$SOURCE/tests/tap.sh"

tiny=$SOURCE/input/tiny.cfg

# done_is NAME STATUS TRIALS BEST: the last line; each may be a pattern
done_is() {
    last=$(printf '%s\n' "$out" | grep '^FNAS DONE' | tail -n 1)
    printf '%s\n' "$last" | grep -Eqx "FNAS DONE status=$2 trials=$3 predicted=[0-9]+ best=$4 \
trajectory=[0-9a-f]{16}"
    verdict $? "$1" ||
        remark "wanted: status $2, trials $3, best $4; got '$last'"
}
accuracy='(0\.[0-9]{4}|1\.0000)'

datasets='/README
/best/accuracy
/best/arch
/best/reward
/best/trial
/decisions/labels
/decisions/name
/decisions/options
/health/choices/kind
/health/choices/option
/health/choices/share
/health/choices/uniform
/health/name
/health/text
/health/value
/progress/best
/progress/busy
/progress/entropy
/progress/evaluated
/progress/failed
/progress/mean
/progress/per_hour
/progress/predicted
/progress/repeats
/progress/seconds
/run/command
/run/data/class_names
/run/data/mean
/run/data/shape
/run/data/std
/run/environment
/run/input
/run/ranks
/run/seconds
/run/seed
/run/started
/run/status
/run/task
/run/trajectory
/timing/name
/timing/seconds
/trials/accuracy
/trials/age
/trials/arch
/trials/bytes
/trials/deviation
/trials/epochs
/trials/finished
/trials/generation
/trials/id
/trials/inherited
/trials/latency
/trials/loss
/trials/macs
/trials/params
/trials/predicted
/trials/reason
/trials/reward
/trials/scratch
/trials/scratch_epochs
/trials/seconds
/trials/state
/trials/train_loss
/trials/twin
/trials_options'

# Datasets of a file that lack an attribute. Numbers have units, too.
undescribed() {
    h5dump -A "$1" | awk '
        function report() {
            if (name != "" && (!about || (number && !units)))
                print name
            name = ""
        }
        /DATASET "/ { report(); name = $2; about = units = number = 0 }
        /^ *GROUP "/ { report() }
        /ATTRIBUTE "description"/ { about = 1 }
        /ATTRIBUTE "units"/ { units = 1 }
        /DATATYPE +H5T_(IEEE|STD)/ && name != "" { number = 1 }
        END { report() }'
}

# Training, with each method.
for method in ppo fnas random evolution; do
    mpi 3 "$tiny" --set search.method=$method --set run.name=$method \
        --set run.trials=12 --set ppo.batch=4 --set search.window=4 \
        --set evolution.population=4 --set evolution.tournament=2
    is "$method trains: exit code" "$code" 0
    done_is "  last line" complete 12 "$accuracy"
    says '  the banner names the method' "^search +$method: "
    says '  there is a progress table' '^ +trials +failed +repeats +predicted +best'
    says '  and a table of times' '^time in seconds'
    says '  and a panel that says what there is to judge' \
        '^  search +nan  too few trials to judge: 1[0-5] rewards, 16 are needed'
    check '  there is a file' test -s $method.h5
    is '  new architectures' \
        "$(values_of $method.h5 /trials/state | grep -cx done)" 12
    is '  its status' "$(text_of $method.h5 /run/status)" complete
    is '  its trajectory' "$(text_of $method.h5 /run/trajectory)" \
        "$(trajectory)"
    is '  states' "$(values_of $method.h5 /trials/state |
        grep -vxE 'cached|predicted' | sort -u)" done
    is '  the best is the best' "$(values_of $method.h5 /best/reward)" \
        "$(values_of $method.h5 /trials/reward | sort -g | tail -n 1)"
done
# The critic's figures, and a search that has nothing left but to predict.
command='h5ls -r fnas.h5'
out=$(h5ls -r fnas.h5 | awk '$2 == "Dataset" { print $1 }' | sort)
is 'a critic adds its figures' "$(printf '%s\n' "$out" | grep '^/critic/' |
    tr '\n' ' ')" "/critic/audit_error /critic/audit_ratio /critic/audits \
/critic/in_50 /critic/in_90 /critic/learned /critic/scale /critic/skipped \
/critic/slope /critic/trained "
command='h5dump -A fnas.h5'
out=$(undescribed fnas.h5)
is '  described, too' "$out" ''
command='h5ls -r ppo.h5'
out=$(h5ls -r ppo.h5 | awk '$2 == "Dataset" { print $1 }' | sort)
is 'datasets are those of doc/files.md' "$out" "$(echo "$datasets" | sort)"
command='h5dump -A ppo.h5'
out=$(undescribed ppo.h5)
is 'every dataset has a description, every number a unit' "$out" ''
rows=$(values_of ppo.h5 /trials/id | wc -l)
out=$(for d in $(echo "$datasets" | grep '^/trials/' | grep -v reason); do
    [ "$(values_of ppo.h5 "$d" | wc -l)" -eq "$rows" ] || echo "$d"
done)
is 'every column has a row for each trial' "$out" ''
for name in format format_version software software_version date; do
    out=$(h5dump -a "/$name" ppo.h5)
    says "attribute $name" '\(0\): ".+"'
done

# Known networks instead of a search.
two='list.archs=[ "mb2se_k5_id/sep_k3_pool", "conv_k3_none/conv_k3_none" ]'
for ranks in 1 4; do
    mpi $ranks "$tiny" --force --set run.name=list --set search.method=list \
        --set "$two"
    is "a list of two on $ranks ranks: exit code" "$code" 0
    done_is '  last line' exhausted 2 "$accuracy"
    is '  they are those of the list, in order' \
        "$(values_of list.h5 /trials/arch | tr '\n' ' ')" \
        'mb2se_k5_id/sep_k3_pool conv_k3_none/conv_k3_none '
done
mpi 3 "$tiny" --force --set run.name=list --set search.method=list \
    --set "$two" --set run.trials=1
done_is 'a list longer than the run is cut' complete 1 "$accuracy"

# The best of earlier runs, after those that are named.
for ranks in 1 3; do
    mpi $ranks "$tiny" --force --set run.name=list --set search.method=list \
        --set "$two" --set 'transfer.from=["evolution.h5", "random.h5"]' \
        --set list.best=3 --set train.epochs=2
    is "the best of earlier runs on $ranks ranks: exit code" "$code" 0
    done_is '  last line' exhausted '[5-8]' "$accuracy"
    values_of list.h5 /trials/arch >tried
    is '  after those that are named' "$(head -n 2 tried | tr '\n' ' ')" \
        'mb2se_k5_id/sep_k3_pool conv_k3_none/conv_k3_none '
    values_of evolution.h5 /trials/arch >earlier
    is '  three of the first' "$(sed -n '3,5p' tried | grep -cxF -f earlier)" 3
    values_of random.h5 /trials/arch >earlier
    is '  three of the second' "$(sed -n '6,8p' tried | grep -cxF -f earlier)" 3
done

# Children that cannot be trained are results, not crashes.
run "$fnas_mpi" "$tiny" --set run.name=diverged --set train.rate=100 \
    --set run.trials=20
is 'a rate of 100 diverges: exit code' "$code" 7
done_is '  last line' failed '[0-9]+' "(none|$accuracy)"
says '  and says where to look' '/trials/reason of diverged.h5'
run "$fnas_mpi" --status diverged
is '  its status: exit code' "$code" 7
check '  states are diverged' test \
    "$(values_of diverged.h5 /trials/state | grep -cx diverged)" -ge 8
check '  such trials have no reward' test \
    "$(values_of diverged.h5 /trials/reward | grep -c nan)" -ge 8
run "$fnas_mpi" "$tiny" --set run.name=tolerant --set train.rate=100 \
    --set run.trials=20 --set run.max_failed=1
is 'max_failed = 1 goes on to the end: exit code' "$code" 0
done_is '  last line' complete 20 "$accuracy"
mpi 3 "$tiny" --set run.name=refused --set space.kind=mnas \
    --set train.memory_limit=1 --set run.trials=20
is 'a memory limit of 1 MiB refuses: exit code' "$code" 7
done_is '  last line' failed '[0-9]+' none
is '  states are refused' "$(values_of refused.h5 /trials/state | sort -u)" \
    refused
out=$(h5dump -d /trials/reason refused.h5)
says '  and the reason is told' 'needs [0-9]+ MiB a rank, 1 MiB are allowed'

# Rewards of trained children.
for how in 'soft accuracy' 'hard accuracy' 'soft likelihood'; do
    form=${how% *}
    merit=${how#* }
    run "$fnas_mpi" "$tiny" --force --set run.name=reward --set run.trials=4 \
        --set search.method=random --set reward.cost=macs \
        --set reward.target=100000 --set reward.form=$form \
        --set reward.merit=$merit
    is "reward, $how: exit code" "$code" 0
    for column in accuracy loss macs reward; do
        values_of reward.h5 /trials/$column >$column
    done
    out=$(paste accuracy macs reward loss | awk -v form=$form -v merit=$merit '{
        ratio = $2 / 100000
        m = merit == "accuracy" ? $1 : exp(-$4)
        if (form == "soft") r = m * exp(-0.07 * log(ratio))
        else r = ratio > 1 ? m / ratio : m
        print r - $3 < 1e-9 && $3 - r < 1e-9 ? "equal" : $0 " wanted " r
    }' | sort -u)
    is '  every reward is that of its merit and cost' "$out" equal
done

# A table of 27 architectures; the accuracy has its peak at 222, the accuracy
# at its cost elsewhere.
table_json() { # leave out this one
    awk -v without="$1" 'BEGIN {
        printf "{"
        for (a = 0; a < 3; a++) for (b = 0; b < 3; b++) for (c = 0; c < 3; c++) {
            if (a "" b "" c == without)
                continue
            x = 60 + 9 * a + 4 * b + c - a * b
            printf "%s\n\"%d%d%d\": {\"test_acc\": [%f, %f, %f], ", sep, a, b, c, x - 1, x, x + 1
            printf "\"mean_acc\": %f, \"std\": 1, \"params\": %d, \"flops\": %d}", x, 1000 * (1 + a + b + c), 10000 * (1 + 2 * a + b + c)
            sep = ","
        }
        print "}"
    }'
}
table_json none >all.json
table_json 222 >most.json
run "$fnas" table all.json all.h5
is 'a table is made: exit code' "$code" 0
says '  its size is told' '^all.h5: 27 architectures of 3 decisions, 3 seeds$'
run "$fnas" table most.json most.h5
cat >table.cfg <<'END'
run    = { name = "table"; trials = 27; patience = 400; };
search = { method = "random"; };
ppo    = { rate = 0.01; };
space  = { kind = "macro"; };
macro  = { widths = [ 8, 16 ]; depths = [ 2, 1 ]; };
eval   = { kind = "table"; };
table  = { file = "all.h5"; };
END
look_up() {
    run "$fnas_mpi" table.cfg --force "$@"
}
best_of() { # awk expression in accuracy x (0..1), macs and params
    tr '}' '\n' <all.json | sed 's/[^0-9. ]/ /g' | awk -v best=-1 "NF > 6 {
        x = \$5 / 100; params = \$7; macs = \$8; r = $1
        if (r > best) { best = r; arch = \$1 }
    } END { print arch }"
}

look_up
is 'random finds all of the table: exit code' "$code" 0
done_is '  last line' complete 27 '0\.8400'
is '  its best' "$(text_of table.h5 /best/arch)" 222
values_of table.h5 /trials/twin >twin
values_of table.h5 /trials/arch >arch
is '  every row once' \
    "$(paste twin arch | awk '$1 == -1 { print $2 }' | sort -u | wc -l)" 27
is '  repeats are cached' \
    "$(values_of table.h5 /trials/state | grep -cx done)" 27
mpi 3 table.cfg --force
done_is '  as on 3 ranks' complete 27 '0\.8400'
for method in random evolution ppo fnas; do
    look_up --set search.method=$method --set run.trials=28 \
        --set evolution.population=5 --set evolution.tournament=2
    is "$method ends when nothing new comes: exit code" "$code" 0
    done_is '  last line' exhausted '[12]?[0-9]' '0\.8[0-4]00'
done
look_up --set table.accuracy=seed
is 'accuracies of single seeds: exit code' "$code" 0
done_is '  last line' complete 27 '0\.8[345]00'
look_up --set table.file=most.h5
is 'a table without one architecture: exit code' "$code" 0
done_is '  last line' complete 27 '0\.8300'
is '  that one is refused' "$(values_of table.h5 /trials/state | sort -u |
    tr '\n' ' ')" 'cached done refused '
look_up --set table.file=most.h5 --set run.reuse=false --set run.trials=40
is 'without reuse: exit code' "$code" 0
is '  nothing is cached' "$(values_of table.h5 /trials/state | grep -c cached)" 0
for form in soft hard; do
    for cost in macs params; do
        target=$([ $cost = macs ] && echo 30000 || echo 3000)
        look_up --set reward.cost=$cost --set reward.target=$target \
            --set reward.form=$form --set reward.exponent=-0.2
        wanted=$(if [ $form = soft ]; then
            best_of "x * exp(-0.2 * log($cost / $target))"
        else
            best_of "$cost > $target ? x * $target / $cost : x"
        fi)
        is "best at its cost: $form, $cost" "$(text_of table.h5 /best/arch)" \
            "$wanted"
    done
done

# The benchmark itself, if it is here.
json=$FNAS_BENCH_MACRO/nas-bench-macro_cifar10.json
if [ -f "$json" ]; then
    run "$fnas" table "$json" nas-bench-macro.h5
    is 'NAS-Bench-Macro is converted: exit code' "$code" 0
    says '  its size' ': 6561 architectures of 8 decisions, 3 seeds$'
    for method in ppo fnas random evolution; do
        verdict=$([ $method = random ] && echo 'not distinguishable from random' ||
            echo 'better than random')
        run "$fnas_mpi" "$SOURCE/input/macro_table.cfg" --set run.name=bench \
            --force --set search.method=$method --set run.trials=150 \
            --set run.patience=500
        is "$method searches it: exit code" "$code" 0
        done_is '  the best is among the best' '(complete|exhausted)' '1[0-9]{2}' \
            '0\.9(2[6-9]|3[01])[0-9]'
        says "  its health: $verdict" "^  search +[0-9.e-]+  $verdict"
        is '  and no warning of it' \
            "$(printf '%s\n' "$out" | grep -c 'warning: .*random')" 0
    done
else
    skip 'NAS-Bench-Macro' "no $json; set FNAS_BENCH_MACRO to its folder"
fi

finish
