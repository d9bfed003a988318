#!/usr/bin/env bash
# Shuffle blocks on the command line: the same batches from any layout, by any number of threads and
# ranks; the plan is what is taken; numbers that are none.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5repack xxhsum python3 fashion

"$SHARDSTEP" import chunked.h5 images=$fashion/t10k-images-idx3-ubyte.gz \
    labels=$fashion/t10k-labels-idx1-ubyte.gz --chunk 48 > /dev/null
h5repack -l CONTI chunked.h5 contiguous.h5
h5repack -l images:CHUNK=16x28x28 -f images:SHUF -f images:GZIP=1 chunked.h5 deflated.h5
blocks="--shuffle blocks --block-rows 48 --window-blocks 3 --vranks 6 --batch 100 --seed 9 --epoch 2"

"$SHARDSTEP" digest contiguous.h5 --fields images,labels $blocks > reference.txt
[ "$(wc -l < reference.txt)" = 17 ] || fail "not 17 steps"
for threads in 0 1 2 5; do
    for layout in chunked contiguous deflated; do
        "$SHARDSTEP" digest $layout.h5 --fields images,labels $blocks --threads $threads > other.txt
        same "$layout on $threads threads" reference.txt other.txt
    done
done
"$SHARDSTEP" plan --samples 10000 $blocks > plan.txt
for ranks in ${RANKS:-1 2 3 5}; do
    on "$ranks" "$SHARDSTEP" digest deflated.h5 --fields images,labels $blocks > other.txt
    same "digest on $ranks ranks" reference.txt other.txt
    on "$ranks" "$SHARDSTEP" plan deflated.h5 --fields labels $blocks > other.txt
    same "plan on $ranks ranks" plan.txt other.txt
done
for layout in chunked contiguous; do
    on 3 "$SHARDSTEP" digest $layout.h5 --fields images,labels $blocks --threads 2 > other.txt
    same "$layout on 3 ranks" reference.txt other.txt
done

# each batch of an epoch has the rows of the plan, by another program's hash
hashes() { # options...
    "$SHARDSTEP" plan --samples 10000 $blocks "$@" > plan.txt
    rm -f batch-*
    python3 - $fashion << 'END'
import gzip, struct, sys
labels = gzip.open(sys.argv[1] + "/t10k-labels-idx1-ubyte.gz").read()[8:]
for line in open("plan.txt"):
    step, rank, count, *rows = map(int, line.split())
    with open("batch-%04d-%d" % (step, rank), "wb") as out:
        out.write(struct.pack("<%dQ" % (1 + len(rows)), count, *rows))
        out.write(bytes(labels[row] for row in rows))
END
    xxhsum -H2 batch-* | cut -d' ' -f1
}
for order in "--shard global" "--shard fixed" "--shard fixed --tail pad" "--tail drop"; do
    hashes $order > hashes.txt
    "$SHARDSTEP" digest deflated.h5 --fields labels $blocks $order --per-rank | cut -d' ' -f3 > digest.txt
    same "every batch's hash with $order" hashes.txt digest.txt
done

for program in "plan --samples 10000" "digest chunked.h5 --fields labels"; do
    p="$program --shuffle blocks"
    refused 0 "block-rows takes a whole number from 1 to 2\^64-1, not '0'" "$SHARDSTEP" $p --block-rows 0
    refused 0 "window-blocks takes a whole number from 1 to 2\^64-1, not '0'" "$SHARDSTEP" $p --block-rows 8 --window-blocks 0
    refused 0 "takes a whole number from .* to 2\^64-1, not '18446744073709551616'" \
        "$SHARDSTEP" $p --block-rows 18446744073709551616
    refused 0 "takes a whole number from 1 to 2\^64-1, not '-1'" "$SHARDSTEP" $p --block-rows -1
    refused 0 'windows of 16 blocks of 18446744073709551615 rows.* at most 2\^56 rows a window' \
        "$SHARDSTEP" $p --block-rows 18446744073709551615
    refused 0 'windows of 1152921504606846976 blocks of 8 rows' \
        "$SHARDSTEP" $p --block-rows 8 --window-blocks 1152921504606846976
    refused 0 'for shuffle blocks' "$SHARDSTEP" $program --window-blocks 4
done
refused 3 'windows of 4611686018427387904 blocks of 48 rows' \
    "$SHARDSTEP" digest chunked.h5 --fields labels,images --shuffle blocks --window-blocks 4611686018427387904
refused 2 'more than 2\^32 windows' "$SHARDSTEP" plan --samples 72057594037927936 --vranks 2 \
    --batch 4294967295 --shuffle blocks --block-rows 1 --window-blocks 1
refused 0 'no chunk: give --block-rows' "$SHARDSTEP" plan --samples 100 --shuffle blocks
finish
