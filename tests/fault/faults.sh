#!/usr/bin/env bash
# A fault ends the run with one message and the right status, or does no harm, and the run goes on to the
# undisturbed weights. With SHARDSTEP_LONG=1 all faults on 2, 3 and 5 ranks; otherwise one of each kind.
#     tests/fault/faults.sh build --only 'mpi: ' --ranks 3     only faults with this in their names
#     tests/fault/faults.sh build --all --repeat 4 --seed 7 --seconds 3600   in a drawn order, for an hour at most
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs h5py

[ -z "${SHARDSTEP_LONG:-}" ] || set -- "$@" --all
"$SOURCE/tests/fault/faults.py" "$BUILD/tests/killed_run" "$BUILD/tests/libnth_call.so" --mpirun "$MPIRUN" "$@" ||
    fail "faults.py $*"
finish
