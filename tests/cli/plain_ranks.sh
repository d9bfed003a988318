#!/usr/bin/env bash
# Processes that know nothing of MPI get the batches of mpirun's ranks, and Shardstep makes no MPI call
# for them.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs nm

# 500 rows of 8 x 8 bytes
{ printf '\0\0\10\3\0\0\1\364\0\0\0\10\0\0\0\10'; first 32000 < "$SHARDSTEP"; } > images.idx
"$SHARDSTEP" import small.h5 images=images.idx > /dev/null
augment='images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.3, std=0.4)'
ranks=2
[ "$MPI_KIND" != none ] || ranks=0
on $ranks "$SHARDSTEP" digest small.h5 --fields images --vranks 6 --batch 8 --seed 7 --augment "$augment" \
    --per-rank > expected.txt < /dev/null

# plain RANKS AHEAD: the digests of so many processes, in the order of steps and virtual ranks. They have the
# variables of torchrun, and what $preloaded names is loaded before all else.
preloaded=
plain() {
    local rank pids=()
    rm -rf gathered
    mkdir gathered
    for ((rank = 0; rank < $1; rank++)); do
        RANK=$rank WORLD_SIZE=$1 LOCAL_RANK=$rank LOCAL_WORLD_SIZE=$1 GROUP_RANK=0 ROLE_RANK=$rank \
            MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 TORCHELASTIC_RUN_ID=none timeout 60 \
            env ${preloaded:+LD_PRELOAD=$preloaded} \
            "$BUILD/tests/plain_ranks" small.h5 images "$augment" gathered "$2" > "out.$rank" 2> "err.$rank" &
        pids+=($!)
    done
    for ((rank = 0; rank < $1; rank++)); do
        wait "${pids[$rank]}" || fail "rank $rank of $1 plain processes, ahead $2: $(tail -n 3 "err.$rank")"
    done
    for ((rank = 0; rank < $1; rank++)); do cat "out.$rank"; done | sort -n -k 1,1 -k 2,2
}

for processes in ${RANKS:-1 2 3 5}; do
    for ahead in 0 3; do
        plain "$processes" $ahead > found.txt
        same "digest on $processes plain processes, ahead $ahead" expected.txt found.txt
    done
done

library=$BUILD/libshardstep.so
if [ "$MPI_KIND" = none ]; then
    ldd "$BUILD/tests/plain_ranks" | holds -E 'libs?mpi(ch)?\.so' && fail "a program without MPI is linked to it"
    finish
    exit
fi

# Each function of MPI that may be called has a stand-in, which ends the process. Without this they prove nothing.
preloaded=$BUILD/tests/libno_mpi_calls.so
functions() {
    nm -D "$@" | sed -nE 's/.* (P?MPI_[A-Z][a-z]\w*)(@.*)?$/\1/p' | sort -u
}
functions --undefined-only "$library" > called.txt
functions --undefined-only "$BUILD/tests/plain_ranks" >> called.txt
functions --defined-only "$preloaded" > replaced.txt
grep -qx MPI_Comm_rank called.txt || fail "the library has no MPI to call"
missing=$(sort -u called.txt | comm -23 - replaced.txt)
[ -z "$missing" ] || fail "tests/cli/no_mpi_calls.c lacks $missing"
code=0
OMPI_COMM_WORLD_SIZE=1 LD_PRELOAD=$preloaded "$SHARDSTEP" plan --samples 9 > out.txt 2> err.txt || code=$?
[ "$code" = 99 ] && grep -qx 'MPI is called: MPI_Init_thread' err.txt ||
    fail "a process that a launcher started does not call MPI: exit code $code, $(cat err.txt)"

for ahead in 0 3; do
    plain 2 $ahead > found.txt
    same "digest on 2 plain processes that must not call MPI, ahead $ahead" expected.txt found.txt
done
finish
