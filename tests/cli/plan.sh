#!/usr/bin/env bash
# The plan is what the loader does; it covers each row once.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs xxhsum python3 fashion

for samples in 1 2 7 100 16384 16385 100003; do
    for vranks in 1 3 8; do
        "$SHARDSTEP" plan --samples $samples --vranks $vranks --batch 5 --epoch 3 --verify > out.txt ||
            fail "plan --verify of $samples samples on $vranks"
        grep -q ": good$" out.txt || fail "no verdict of $samples samples on $vranks"
    done
done

# all modes; blocks of one row, of more than there are, and a short one at the end
for samples in 7 100 1003; do
    for block in 1 7 64 2000; do
        for shard in global fixed; do
            for tail in short drop pad; do
                "$SHARDSTEP" plan --samples $samples --vranks 3 --batch 2 --epoch 1 --shuffle blocks \
                    --block-rows $block --window-blocks 3 --shard $shard --tail $tail --verify \
                    > out.txt && grep -q ": good$" out.txt ||
                    fail "plan --verify of $samples in blocks of $block, $shard, $tail: $(cat out.txt)"
            done
        done
    done
done

# a plan in full, checked by sort: each row once, batches no larger than asked for
"$SHARDSTEP" plan --samples 1003 --vranks 4 --batch 10 --seed 5 > plan.txt
cut -d' ' -f4- plan.txt | tr ' ' '\n' | grep . | sort -n > rows.txt
seq 0 1002 > all.txt
same "rows of a plan" all.txt rows.txt
[ "$(wc -l < plan.txt)" = 104 ] || fail "not 26 steps of 4 batches"
awk '$3 > 10 || NF != $3 + 3' plan.txt | grep . && fail "a batch of another size"
"$SHARDSTEP" plan --samples 1003 --vranks 4 --batch 10 --seed 5 --rank 2 --step 25 > one.txt
awk '$1 == 25 && $2 == 2' plan.txt > expected.txt
same "one batch" expected.txt one.txt
"$SHARDSTEP" plan --samples 1003 --vranks 4 --batch 10 --tail drop --verify | holds '1000 of 1003' ||
    fail "tail drop"

# blocks are chunks: rows of a window of two blocks come from two chunks
"$SHARDSTEP" plan --samples 1000 --vranks 1 --batch 20 --shuffle blocks --block-rows 10 \
    --window-blocks 2 > blocks.txt
cut -d' ' -f4- blocks.txt | tr ' ' '\n' | grep . | sort -n > rows.txt
seq 0 999 > all.txt
same "rows of a plan in blocks" all.txt rows.txt
awk '{ delete of; n = 0; for (i = 4; i <= NF; i++) if (!of[int($i / 10)]++) n++ } n != 2' blocks.txt |
    grep . && fail "not two blocks a window"
[ "$(awk '{ for (i = 5; i <= NF; i++) n += $i == $(i - 1) + 1 } END { print n }' blocks.txt)" -lt 150 ] ||
    fail "rows of a window are not mixed"

# the plan is what a loader of the same fields takes, its blocks those of the wider field's chunks;
# the hash of a batch is worked out by another program
import_fashion fashion.h5
fields="--fields test/images,test/labels"
modes="--vranks 3 --batch 100 --shuffle blocks --window-blocks 2 --seed 3 --epoch 1"
"$SHARDSTEP" plan fashion.h5 $fields $modes --rank 1 --step 2 > plan.txt
"$SHARDSTEP" digest fashion.h5 $fields $modes --step 2 --steps 1 --per-rank |
    awk '$2 == 1 { print $3 }' > digest.txt
python3 - $fashion << 'END' > batch.bin
import gzip, struct, sys
images = gzip.open(sys.argv[1] + "/t10k-images-idx3-ubyte.gz").read()[16:]
labels = gzip.open(sys.argv[1] + "/t10k-labels-idx1-ubyte.gz").read()[8:]
rows = [int(row) for row in open("plan.txt").read().split()[3:]]
out = struct.pack("<%dQ" % (1 + len(rows)), len(rows), *rows)
out += b"".join(images[784 * row : 784 * row + 784] for row in rows)
sys.stdout.buffer.write(out + bytes(labels[row] for row in rows))
END
xxhsum -H2 batch.bin | cut -d' ' -f1 > xxhsum.txt
same "digest of the planned rows" digest.txt xxhsum.txt
"$SHARDSTEP" plan fashion.h5 $fields $modes --block-rows 64 --rank 1 --step 2 > given.txt
same "a plan of chunks" plan.txt given.txt

refused 2 'there is no chunk: give --block-rows' "$SHARDSTEP" plan --samples 100 --shuffle blocks
refused 0 'are for shuffle blocks' "$SHARDSTEP" plan --samples 100 --block-rows 10
# --quality against sums by hand: file order takes whole blocks, and neighbours in one step
"$SHARDSTEP" plan --samples 1024 --vranks 2 --batch 16 --shuffle none --quality --json > none.json
python3 - << 'EOF' || fail "the quality of file order"
import json
q = json.load(open("none.json"))
assert q["steps"] == 32 and q["blocks_a_batch"] == 1
# 31 of the 1,023 pairs of neighbours lie in two steps, which follow one another
assert abs(q["steps_between_neighbours"] - 31 / 1023) < 1e-12
assert 12 < q["blocks_a_batch_full"] < 16 and 9 < q["steps_between_neighbours_full"] < 12
EOF
blocks() { # WINDOW: blocks that a batch draws from
    "$SHARDSTEP" plan --samples 100000 --vranks 4 --batch 32 --shuffle blocks --block-rows 64 \
        --window-blocks "$1" --quality --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["blocks_a_batch"])'
}
python3 -c "import sys; a, b, c = map(float, sys.argv[1:]); sys.exit(not 1 < a < 2 < b < 14 < c < 32)" \
    "$(blocks 1)" "$(blocks 8)" "$(blocks 64)" || fail "wider windows do not mix better"

# --json has the same batches as the lines, and the same verdicts
"$SHARDSTEP" plan --samples 103 --vranks 2 --batch 10 --tail pad --seed 4 > lines.txt
"$SHARDSTEP" plan --samples 103 --vranks 2 --batch 10 --tail pad --seed 4 --json > plan.json
python3 - << 'EOF' > json.txt || fail "the plan as JSON"
import json
plan = json.load(open("plan.json"))
assert (plan["samples"], plan["epoch_rows"], plan["steps"], plan["tail"]) == (103, 103, 6, "pad")
for batch in plan["batches"]:
    print(batch["step"], batch["rank"], batch["count"], *batch["rows"])
EOF
same "the plan as JSON" lines.txt json.txt
for question in --verify "--verify-step --step 3"; do
    "$SHARDSTEP" plan --samples 1000 --vranks 3 $question --json |
        python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["good"] is not True)' ||
        fail "the verdict of $question as JSON"
done

refused 0 "stream takes a whole number from 0 to 15, not '16'" "$SHARDSTEP" plan --samples 10 --stream 16
refused 0 "stream takes a whole number from 0 to 15, not '99999999999'" "$SHARDSTEP" plan --samples 10 --stream 99999999999
refused 0 'steps 0 to 25' "$SHARDSTEP" plan --samples 1003 --vranks 4 --batch 10 --step 26
refused 0 'virtual ranks 0 to 3' "$SHARDSTEP" plan --samples 1003 --vranks 4 --rank 4
refused 0 'no steps' "$SHARDSTEP" plan --samples 0 --vranks 4
refused 0 "samples takes a whole number from 0 to 2\^56, not '72057594037927937'" "$SHARDSTEP" plan --samples 72057594037927937
for part in 0,0 0.5,0.5 0.7,0.2 0,2; do
    refused 0 'give FROM,TO|0 <= from < to' "$SHARDSTEP" plan --samples 100 --part $part
done

# parts go by a seed of their own
part() {
    "$SHARDSTEP" plan --samples 200 --part 0.2,0.7 --shuffle none "$@" | cut -d' ' -f4- | tr ' ' '\n' | sort -n
}
part > zero.txt
part --seed 7 > seven.txt
part --split-seed 7 > other.txt
same "a part whatever the run's seed" zero.txt seven.txt
! cmp -s zero.txt other.txt || fail "--split-seed changes nothing"

refused 2 'either a file or --samples' "$SHARDSTEP" plan
finish
