#!/usr/bin/env bash
# The plug-in for DLIO, over stand-ins for the parts of DLIO that it uses, delivers what is in the files.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"
needs h5py
export PYTHONPATH=$PYTHONPATH:$SOURCE/examples/python

mkdir one two
timeout 120 $python -W error "$SOURCE/tests/python/dlio.py" one || fail "dlio.py"
if [ "$MPI_KIND" = openmpi ] && $python -c 'import mpi4py' 2> /dev/null; then
    on 2 timeout 120 $python "$SOURCE/tests/python/dlio.py" two mpi < /dev/null || fail "dlio.py on 2 ranks"
fi
finish
