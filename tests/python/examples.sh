#!/usr/bin/env bash
# The examples in Python train, and go on after a stop to the same weights.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"
needs fashion

# the 10,000 images of the test set stand for both sets
"$SHARDSTEP" import fashion.h5 {train,test}/images=$fashion/t10k-images-idx3-ubyte.gz \
    {train,test}/labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
examples=$SOURCE/examples/python
$python "$examples/resume.py" fashion.h5 straight --epochs 1 > straight.txt || fail "resume.py"
code=0
$python "$examples/resume.py" fashion.h5 stopped --epochs 1 --stop-after 100 > stopped.txt || code=$?
[ "$code" = 75 ] || fail "the exit code of resume.py after a stop is $code, not 75"
$python "$examples/resume.py" fashion.h5 stopped --epochs 1 > resumed.txt || fail "resume.py after a stop"
grep -qx 'goes on at step 101' resumed.txt || fail "resume.py begins anew: $(cat resumed.txt)"
grep weights resumed.txt > weights.txt || true
same "weights after a stop" straight.txt weights.txt

if [ "$MPI_KIND" = openmpi ] && $python -c 'import mpi4py' 2> /dev/null; then
    export OPENBLAS_NUM_THREADS=1
    for ranks in 1 2 3; do
        on $ranks $python "$examples/mpi4py_ranks.py" fashion.h5 --epochs 1 --vranks 3 > "mpi$ranks.txt" < /dev/null ||
            fail "mpi4py_ranks.py on $ranks ranks"
        same "mpi4py_ranks.py on $ranks ranks" mpi1.txt "mpi$ranks.txt"
    done
    awk '/rows 10000 / && $6 > 0.4 { good = 1 } END { exit !good }' mpi1.txt || fail "mpi4py_ranks.py: $(cat mpi1.txt)"
fi
if $python -c 'import torch' 2> /dev/null; then
    OMP_NUM_THREADS=1 $python "$examples/train_torch.py" fashion.h5 --epochs 1 > torch.txt || fail "train_torch.py"
    awk '$NF > 0.5 { good = 1 } END { exit !good }' torch.txt || fail "train_torch.py: $(cat torch.txt)"
fi
finish
