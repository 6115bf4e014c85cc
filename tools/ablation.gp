# SPDX-License-Identifier: MIT
# Called by tools/ablation: CURVES.dat png|svg TASK.  For each arm a block: cost,
# lower quartile, median, upper quartile of the best reward so far.
file = ARG1
stem = file[1:strlen(file) - 4]
unit = stem[strlen("report_") + 1:*]
name(u) = u eq "rollouts" ? "real rollouts" : u eq "epochs" ? "child-epochs" : "core-seconds"

if (ARG2 eq "png") {
    set terminal pngcairo size 1200, 800 font "sans,14"
} else {
    set terminal svg size 900, 600 font "sans,14" background "white"
}
set output stem . "." . ARG2
set title ARG3 . ": median over the seeds, band of the quartiles"
set xlabel name(unit)
set ylabel "best reward so far"
set key bottom right
set grid lc rgb "#dddddd"
set style fill transparent solid 0.15 noborder
array color[8] = ["#4477aa", "#777777", "#ccbb44", "#ee6677", "#228833", \
                  "#66ccee", "#aa3377", "#000000"]
stats file using 0 nooutput
arms = STATS_blocks
# The start is steep: show from the lowest quartile after a twentieth.
stats file using 1 nooutput
from = STATS_max / 20
stats file using ($1 >= from ? $2 : NaN) nooutput
low = STATS_min
stats file using ($1 >= from ? $4 : NaN) nooutput
set yrange [low - 0.05 * (STATS_max - low) : STATS_max + 0.05 * (STATS_max - low)]
plot for [i = 0:arms - 1] file index i using 1:2:4 with filledcurves \
         lc rgb color[i % 8 + 1] notitle, \
     for [i = 0:arms - 1] file index i using 1:3 with lines lw 2 \
         lc rgb color[i % 8 + 1] title columnheader(1)
