#!/bin/sh
# SPDX-License-Identifier: MIT
# Messages between 1 to 8 ranks.
. "$SOURCE/tests/tap.sh"
plan 5
for ranks in 1 2 3 4 8; do
    check "messages of $ranks ranks" \
        "$MPIRUN" -np $ranks "$BUILD/tests/comm_ranks"
done
