#!/usr/bin/env bash
# Processes that know nothing of MPI get the batches of mpirun's ranks, and Shardstep makes no MPI call
# for them.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs nm readelf

# 500 rows of 8 x 8 bytes
{ printf '\0\0\10\3\0\0\1\364\0\0\0\10\0\0\0\10'; first 32000 < "$SHARDSTEP"; } > images.idx
"$SHARDSTEP" import small.h5 images=images.idx > /dev/null
augment='images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.3, std=0.4)'
ranks=2
[ "$MPI_KIND" != none ] || ranks=0
on $ranks "$SHARDSTEP" digest small.h5 --fields images --vranks 6 --batch 8 --seed 7 --augment "$augment" \
    --per-rank > expected.txt < /dev/null

# plain RANKS: the digests of so many processes, in the order of steps and virtual ranks
plain() {
    local rank pids=()
    rm -rf gathered
    mkdir gathered
    for ((rank = 0; rank < $1; rank++)); do
        RANK=$rank WORLD_SIZE=$1 timeout 60 "$BUILD/tests/plain_ranks" small.h5 images "$augment" gathered \
            > "out.$rank" 2> "err.$rank" &
        pids+=($!)
    done
    for ((rank = 0; rank < $1; rank++)); do
        wait "${pids[$rank]}" || fail "rank $rank of $1 plain processes: $(tail -n 3 "err.$rank")"
    done
    for ((rank = 0; rank < $1; rank++)); do cat "out.$rank"; done | sort -n -k 1,1 -k 2,2
}

for processes in ${RANKS:-1 2 3 5}; do
    plain "$processes" > found.txt
    same "digest on $processes plain processes" expected.txt found.txt
done

# The dynamic linker tells which functions are called, unless the library was linked to find them all at once.
# HDF5 is not ours: it asks whether MPI runs.
library=$BUILD/libshardstep.so
if [ "$MPI_KIND" = none ]; then
    ldd "$BUILD/tests/plain_ranks" | holds -E 'libs?mpi(ch)?\.so' && fail "a program without MPI is linked to it"
elif ! readelf -d "$library" | holds BIND_NOW; then
    nm -D --undefined-only "$library" | holds -w MPI_Comm_rank || fail "the library has no MPI to call"
    LD_DEBUG=bindings LD_DEBUG_OUTPUT=$work/trace plain 2 > found.txt
    same "digest on 2 plain processes that are traced" expected.txt found.txt
    bound='binding file [^ ]*(plain_ranks|libshardstep\.so[^ ]*) .* `'
    grep -hE "$bound" trace.* > calls.txt || fail "no calls were traced"
    grep -q 'shs_open_ranks' calls.txt || fail "the call of shs_open_ranks() was not traced"
    grep -qE '`H5[A-Z]' calls.txt || fail "calls of the library were not traced"
    grep -E '`P?MPI_' calls.txt && fail "Shardstep calls MPI for plain processes"
fi
finish
