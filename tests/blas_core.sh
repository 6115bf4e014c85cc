# SPDX-License-Identifier: MIT
# An OpenBLAS that chose kernels for an older CPU: the program starts again, once,
# and says so.
. "$SOURCE/tests/tap.sh"

unset OPENBLAS_CORETYPE FNAS_BLAS_CORE OLD_BLAS
old_blas=$BUILD/tests/old_blas
run "$fnas_mpi" --version
case $out in
*avx512*avx2*portable*) core=SkylakeX has=AVX-512 ;;
*avx2*portable*) core=Haswell has=AVX2 ;;
*) skip_all 'this CPU has no vectors that OpenBLAS could miss' ;;
esac
says 'the core of the real OpenBLAS is told' "^BLAS .*, core [A-Za-z]+( instead of [A-Za-z]+)?\$"

cat >small.cfg <<'END'
run       = { name = "small"; trials = 2; };
search    = { method = "random"; };
space     = { kind = "tiny"; };
synthetic = { classes = 2; images = 256; channels = 1; size = 8; };
END
cat >wrapper <<END
#!/bin/sh
"$old_blas" "\$@"
exit
END
chmod +x wrapper

run "$old_blas" --version
is 'a slow core: exit code' "$code" 0
says '  it is changed' "^BLAS .*, core $core instead of Prescott\$"
is '  which costs no line' "$(printf '%s\n' "$out" | grep -c although)" 0

for start in "$old_blas" ./wrapper; do
    run $MPIRUN -np 2 "$start" small.cfg --force
    is "on 2 ranks, $(basename "$start"): exit code" "$code" 0
    says '  changed' "BLAS core $core instead of Prescott, "
    says '  complete' '^FNAS DONE status=complete'
    is '  without a warning' "$(printf '%s\n' "$out" | grep -c warning)" 0
done
text_of small.h5 /run/environment >environment
for variable in "OPENBLAS_CORETYPE=$core" FNAS_BLAS_CORE=Prescott; do
    check "  stored: $variable" grep -qx "$variable" environment
done
check '  stored: the command line' \
    test "$(text_of small.h5 /run/command)" = "$old_blas small.cfg --force"

# Those who look for the program find it by its name.
"$old_blas" small.cfg --force --set run.trials=100000 >/dev/null 2>&1 &
pid=$!
tries=0
until tr '\0' '\n' <"/proc/$pid/environ" | grep -q ^FNAS_BLAS_CORE= ||
    [ $tries -gt 600 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
is 'under its own name' "$(cat "/proc/$pid/comm")" old_blas
kill "$pid"
wait "$pid"

# What the user asked for is left, but not in silence.
slow='OpenBLAS uses core Prescott'
run env OPENBLAS_CORETYPE=Prescott "$old_blas" --version
says 'asked for: left' ', core Prescott$'
says '  and told' "$slow by OPENBLAS_CORETYPE although this CPU has $has: about half"
run env OPENBLAS_CORETYPE=Prescott $MPIRUN -np 2 "$fnas_mpi" small.cfg --force
is '  on 2 ranks: exit code' "$code" 0
is '  and told once' "$(printf '%s\n' "$out" | grep -c "warning: .*: $slow by")" 1
run env OPENBLAS_CORETYPE= "$old_blas" --version
says 'asked for nothing: changed' "core $core instead of Prescott\$"

# It does not help: left as it was.
run env OLD_BLAS=stubborn "$old_blas" --version
is 'no better core: exit code' "$code" 0
says '  left' ', core Prescott$'
says '  and told' "$slow \\(it has no better one\\) although"
run env OLD_BLAS=stubborn "$old_blas" small.cfg --force
text_of small.h5 /run/environment >environment
is '  with the variable as it was' "$(grep -c OPENBLAS_CORETYPE environment)" 0

finish
