#!/usr/bin/env bash
# Python gets the batches that `shardstep digest` hashes, bit for bit: on ranks given by hand, on ranks that a
# function joins, and on those of mpi4py.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"
needs xxhsum

small_fashion fashion.h5
steps=10 # an epoch has 5, the last with rows of weight 0
"$SHARDSTEP" digest fashion.h5 --fields train/images,train/labels --vranks 3 --seed 42 --batch 7 --tail pad \
    --augment 'train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)' \
    --per-rank --steps 5 > digest.txt
"$SHARDSTEP" digest fashion.h5 --fields train/images,train/labels --vranks 3 --seed 42 --batch 7 --tail pad \
    --augment 'train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)' \
    --per-rank --epoch 1 --step 0 --steps 5 >> digest.txt

hashes() { # WHAT: compares the batches in the folder `out` with the digest
    (cd out && xxhsum -q -H2 -- *.* 2> /dev/null) | sed 's/^\([0-9a-f]*\) *\([0-9]*\)\.\([0-9]*\)$/\2 \3 \1/' |
        sort -n -k 1,1 -k 2,2 > found.txt
    same "$1" digest.txt found.txt
    rm -r out
}
batches=$SOURCE/tests/python/batches.py
for ranks in 1 2 3; do
    mkdir out
    for ((rank = 0; rank < ranks; rank++)); do
        $python "$batches" fashion.h5 out $steps hand $rank $ranks || fail "rank $rank of $ranks by hand"
    done
    hashes "$ranks ranks by hand"
done
mkdir out
for rank in 0 1; do
    RANK=$rank WORLD_SIZE=2 $python "$batches" fashion.h5 out $steps environment || fail "rank $rank of RANK"
done
hashes "2 ranks of RANK and WORLD_SIZE"
mkdir out
$python "$batches" fashion.h5 out $steps parts || fail "one batch a step"
hashes "the parts of one batch a step"
mkdir out
$python "$batches" fashion.h5 out $steps gather 3 || fail "3 ranks that a function joins"
hashes "3 ranks that a function joins"

if [ "$MPI_KIND" = openmpi ] && $python -c 'import mpi4py' 2> /dev/null; then
    for ranks in 1 3; do
        mkdir out
        on $ranks $python "$batches" fashion.h5 out $steps mpi < /dev/null || fail "$ranks ranks of mpi4py"
        hashes "$ranks ranks of mpi4py"
    done
else
    echo "mpi4py is left out: it is not there (python3-mpi4py), or the library has $MPI_KIND"
fi
finish
