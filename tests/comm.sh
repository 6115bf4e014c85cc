#!/bin/sh
# SPDX-License-Identifier: MIT
# Messages between 1 to 8 ranks.
. "$SOURCE/tests/tap.sh"

for ranks in 1 2 3 4 8; do
    run $MPIRUN -np $ranks "$BUILD/tests/comm_ranks"
    is "messages of $ranks ranks" "$code" 0
done
finish
