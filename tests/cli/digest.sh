#!/usr/bin/env bash
# The same digests on any number of ranks, and for any layout of the same data, which h5repack makes.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5repack xxhsum fashion

import_fashion fashion.h5
h5repack -l CONTI fashion.h5 contiguous.h5
h5repack -l train/images:CHUNK=16x28x28 -f train/images:SHUF -f train/images:GZIP=4 fashion.h5 deflated.h5
augment='train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
digest() { # RANKS FILE options...
    local ranks=$1 file=$2
    shift 2
    on "$ranks" "$SHARDSTEP" digest "$file" --fields train/images,train/labels --vranks 6 \
        --batch 32 --seed 7 --augment "$augment" "$@"
}

digest 0 fashion.h5 --steps 40 > reference.txt
[ "$(wc -l < reference.txt)" = 40 ] || fail "not 40 lines"
[ "$(cut -d' ' -f2 reference.txt | sort -u | wc -l)" = 40 ] || fail "steps with the same hash"
for ranks in ${RANKS:-1 2 3 5 6}; do
    digest "$ranks" fashion.h5 --steps 40 > ranks.txt
    same "digest on $ranks ranks" reference.txt ranks.txt
done
for mode in "--threads 2" "--ahead 1" "--ahead 3 --threads 5" "--ahead 7 --threads 2"; do
    for ranks in 0 3; do
        digest "$ranks" deflated.h5 --steps 40 $mode > ahead.txt
        same "digest with $mode on $ranks ranks" reference.txt ahead.txt
    done
done
for layout in contiguous deflated; do
    digest 2 $layout.h5 --steps 40 > layout.txt
    same "digest of $layout data" reference.txt layout.txt
done

# copied out of maps, for more than an epoch, so that rows are read a second time
for layout in contiguous deflated; do
    digest 2 $layout.h5 --steps 400 > plain.txt
    digest 2 $layout.h5 --steps 400 --map > map.txt
    same "digest of $layout data under a map" plain.txt map.txt
done

# blocks: the same from a file that is stored otherwise if it is told how many rows a block has
blocks="--shuffle blocks --window-blocks 4"
digest 0 fashion.h5 $blocks --steps 40 > blocks.txt
cmp -s blocks.txt reference.txt && fail "blocks are shuffled as without"
for ranks in ${RANKS:-1 2 3 5 6}; do
    digest "$ranks" fashion.h5 $blocks --steps 40 > ranks.txt
    same "digest of blocks on $ranks ranks" blocks.txt ranks.txt
done
digest 3 deflated.h5 $blocks --block-rows 64 --steps 40 > layout.txt
same "digest of blocks of 64 rows" blocks.txt layout.txt
digest 0 deflated.h5 $blocks --steps 40 > sixteen.txt
cmp -s blocks.txt sixteen.txt && fail "blocks are not the file's chunks"
digest 2 fashion.h5 $blocks --steps 9 --step 31 > late.txt
tail -n 9 blocks.txt > tail.txt
same "digest of blocks from step 31 on" tail.txt late.txt

# a start in the middle, over an epoch's border: an epoch has 313 steps, the last one short
digest 0 fashion.h5 --steps 320 > long.txt
digest 3 fashion.h5 --epoch 0 --step 310 --steps 10 > late.txt
tail -n 10 long.txt > tail.txt
same "digest from step 310 on" tail.txt late.txt
digest 2 fashion.h5 --steps 2 --per-rank > ranks2.txt
digest 5 fashion.h5 --steps 2 --per-rank > ranks5.txt
same "digest --per-rank" ranks2.txt ranks5.txt
[ "$(wc -l < ranks2.txt)" = 12 ] || fail "not a line for each virtual rank"

# a hash computed by another program: no augmentation, file order, one virtual rank
"$SHARDSTEP" digest fashion.h5 --fields test/labels --shuffle none --vranks 1 --batch 4 --steps 1 \
    --per-rank | cut -d' ' -f3 > hash.txt
{
    printf '\4\0\0\0\0\0\0\0'
    for row in 0 1 2 3; do printf "\\$row\\0\\0\\0\\0\\0\\0\\0"; done
    gunzip -c $fashion/t10k-labels-idx1-ubyte.gz | tail -c +9 | first 4
} > batch.bin
xxhsum -H2 batch.bin | cut -d' ' -f1 > xxhsum.txt
same "digest against xxhsum" hash.txt xxhsum.txt

refused 7 '7 ranks for 6 virtual ranks' "$SHARDSTEP" digest fashion.h5 --fields train/images --vranks 6
finish
