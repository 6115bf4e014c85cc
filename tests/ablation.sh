# SPDX-License-Identifier: MIT
# The ablation grid: what it runs, what it does not run again, and that an arm
# that fails is told of.
. "$SOURCE/tests/tap.sh"

# A table of the 27 networks of a small space.
awk 'BEGIN {
    printf "{"
    for (a = 0; a < 3; a++) for (b = 0; b < 3; b++) for (c = 0; c < 3; c++) {
        x = 60 + 9 * a + 4 * b + c - a * b
        printf "%s\n\"%d%d%d\": {\"test_acc\": [%f], \"mean_acc\": %f, \"params\": 1, \"flops\": 1}", sep, a, b, c, x, x
        sep = ","
    }
    print "}"
}' >small.json
run "$fnas" table small.json small.h5
is 'a table is made: exit code' "$code" 0
cat >small.cfg <<'END_OF_INPUT'
run    = { trials = 20; patience = 60; };
search = { window = 1; };
ppo    = { batch = 4; };
space  = { kind = "macro"; };
macro  = { widths = [ 8, 16 ]; depths = [ 2, 1 ]; };
eval   = { kind = "table"; };
END_OF_INPUT
cat >arms <<'END_OF_ARMS'
# comment
ppo     search.method=ppo
random  search.method=random run.trials=27
broken  search.method=random no.such=1
heir    search.method=random table.accuracy=SOURCE
END_OF_ARMS

grid() { # ARGUMENTS...
    run env FNAS_BUILD="$BUILD" "$SOURCE/tools/ablation" macro --table small.h5 \
        --input small.cfg --file arms -n 2 -j 2 -o grid --no-plot "$@"
}

grid -a 'ppo random' --target 0.8 --target 0.84
is 'two arms, two seeds: exit code' "$code" 0
says '  four searches' '^2 arms, 2 seeds in grid: 4 searches to run, 2 at a time'
says '  one of them' '^random +seed +2 +[0-9]+ s$'
says '  their table' '^real rollouts until the reward is 0\.84$'
says '  its reference' '^ppo +[0-9.>]+ +[0-9.>]+ +[0-9.>]+ +[0-2]/2 *$'
says '  an arm against it' '^random .* 0/2 +[0-9.]+ +[0-9.]+\.\.[0-9.]+ +[0-9.]+$'
check '  files' test -s grid/ppo_1.h5 -a -s grid/random_2.h5 -a -s grid/ppo_2.log
is '  no others' "$(ls grid/*.h5 | wc -l)" 4
is '  a row for each run and target' "$(wc -l <grid/report.csv | tr -d ' ')" 9
first=$(grep '^random,2,0.84,' grid/report.csv | cut -d , -f 5)
values_of grid/random_2.h5 /trials/reward >reward
values_of grid/random_2.h5 /trials/state >state
is '  the cost is that of the file' "$(paste state reward | awk '
    $1 == "done" { n++ } $1 == "done" && $2 > 0.84 - 1e-6 { print n; exit }')" \
    "$first"
is '  curves of both' "$(grep -c '^"' grid/report_rollouts.dat)" 2
is '  that end at the end' "$(tail -n 1 grid/report_rollouts.dat |
    cut -d ' ' -f 1)" 27

# What was found, trained from scratch.
run env FNAS_BUILD="$BUILD" "$SOURCE/tools/ablation" fashion --input \
    "$SOURCE/input/tiny.cfg" --file arms -a random -n 2 -j 2 -o tiny --no-plot \
    --set run.trials=2 --target 0.1 --winners 2
is 'winners: exit code' "$code" 0
says '  are trained from scratch' '^accuracy of the best networks.* for 2 epochs$'
is '  each' "$(values_of tiny/winners_random.h5 /trials/epochs)" '2
2'
is '  as the searches found them' \
    "$(values_of tiny/winners_random.h5 /trials/arch | sort)" \
    "$({ text_of tiny/random_1.h5 /best/arch; echo
        text_of tiny/random_2.h5 /best/arch; echo; } | sort)"
least=$(values_of tiny/winners_random.h5 /trials/accuracy | sort -n | head -n 1)
says '  the least of them' "^random +2 +$(printf %.4f "$least") "

# Going on.
cp grid/ppo_1.h5 kept.h5
rm grid/random_1.h5
grid -a 'ppo random' --target 0.8
is 'one run is missing: exit code' "$code" 0
says '  it alone is run again' ': 1 searches to run'
check '  the others are left' cmp kept.h5 grid/ppo_1.h5
grid -a 'ppo random'
says 'nothing is missing' ': 0 searches to run'
grid -a ppo --set run.trials=10
is 'other settings in the same folder: exit code' "$code" 2
says '  are refused' 'made with another settings/ppo'

# Failing.
grid -a 'ppo broken'
is 'an arm that fails: exit code' "$code" 1
says '  is named, with what is wrong' \
    '^FAILED: broken, seed 1, exit code 3, see .*broken_1.log: .*no such section'
says '  is not compared' 'broken: 2 of 2 runs are missing'
says '  the others are' '^ppo +'
grid -a broken
is 'a reference that fails: exit code' "$code" 1
grid -a 'ppo heir'
says 'a source that is not given' '^FAILED: heir, seed 1: it needs --source'
grid -a 'ppo heir' --source small.h5
says '  one that is given' 'FAILED: heir, seed 1, exit code 3, .*/small.h5'

# The plot.
if command -v gnuplot >/dev/null; then
    run env FNAS_BUILD="$BUILD" "$SOURCE/tools/ablation" macro --table small.h5 \
        --input small.cfg --file arms -n 2 -o grid -a 'ppo random'
    is 'with a plot: exit code' "$code" 0
    check '  PNG' test -s grid/report_rollouts.png
    check '  SVG' grep -q '</svg>' grid/report_rollouts.svg
else
    skip 'a plot' 'no gnuplot'
fi

# Wrong use.
refused() { # pattern, ARGUMENTS...
    pattern=$1
    shift
    run env FNAS_BUILD="$BUILD" "$SOURCE/tools/ablation" "$@"
    is "refused: $*: exit code" "$code" 2
    says '  and why' "$pattern"
}
refused 'macro or fashion is wanted'
refused 'macro or fashion is wanted' micro
refused '--seeds 0: a number' macro -n 0
refused '--bogus is unknown' macro --bogus 1
refused '--table nowhere.h5: no such file' macro --table nowhere.h5
refused '--arms: no uac in arms: ppo random broken heir' macro --table small.h5 \
    --file arms -a uac
run "$SOURCE/tools/ablation" --help
is '--help: exit code' "$code" 0
says '  shows the usage' '^usage: tools/ablation macro|fashion'
run "$fnas" ablation --target x . ppo
is 'fnas ablation: a target that is none' "$code" 2
run "$fnas" ablation .
is 'fnas ablation: no arm' "$code" 2

finish
