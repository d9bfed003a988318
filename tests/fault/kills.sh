#!/usr/bin/env bash
# Runs that SIGKILL ends, in one rank, in all, or in mpirun, go on to the undisturbed weights.
# SHARDSTEP_LONG=1 kills 500 runs; otherwise 25 are.
#     tests/fault/kills.sh build --first 100 --runs 50     runs 100 to 149
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs h5py

runs=25
[ -z "${SHARDSTEP_LONG:-}" ] || runs=500
"$SOURCE/tests/fault/kills.py" "$BUILD/tests/killed_run" --mpirun "$MPIRUN" --runs $runs "$@" || fail "kills.py"
finish
