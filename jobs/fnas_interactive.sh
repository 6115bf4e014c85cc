#!/bin/bash
# SPDX-License-Identifier: MIT
# A search in nodes that are waited for, with its output on the screen:
#
#   fnas_interactive.sh [--OPTION[=VALUE] OF SALLOC]... INPUT [--set ...]...
#
# Ctrl-C stops it; the same line goes on with it.

options=()
while [[ ${1:-} == -* ]]; do
    options+=("$1")
    shift
done
exec salloc --job-name=fnas --nodes=1 --ntasks-per-node=32 --time=1:00:00 \
    --hint=nomultithread "${options[@]}" \
    bash -c 'exec fnas_job -n $((SLURM_NTASKS + 1)) "$@"' fnas_job "$@"
