#!/usr/bin/env bash
# Sums over ranks in Python have the same bits on any number of ranks.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"

sums=$SOURCE/tests/python/sums.py
timeout 120 $python -W error "$sums" || fail "sums.py"
if [ "$MPI_KIND" = openmpi ] && $python -c 'import mpi4py' 2> /dev/null; then
    for ranks in 1 2 3; do
        on $ranks timeout 120 $python "$sums" mpi < /dev/null || fail "$ranks ranks of mpi4py"
    done
else
    echo "mpi4py is left out: it is not there (python3-mpi4py), or the library has $MPI_KIND"
fi
finish
