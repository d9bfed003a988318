#!/usr/bin/env bash
# Mixtures, repeats and epochs of any length on the command line: the plan is what is taken, on any
# number of ranks; its counts are those of another program's arithmetic; what cannot be is refused.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs xxhsum python3

# Sources of 13, 7 and 11 rows, the first of three files, the last compressed; all rows together are
# data.bin, of 6 bytes a row.
cat > make.py <<'PYTHON'
import array, struct

def npy(name, rows):
    head = "{'descr': '<u2', 'fortran_order': False, 'shape': (%d, 3), }" % len(rows)
    head += ' ' * (63 - (10 + len(head)) % 64) + '\n'
    with open(name, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode())
        file.write(array.array('H', sum(rows, [])).tobytes())

rows = [[(row * 257 + column * 31) % 65521 for column in range(3)] for row in range(31)]
open('data.bin', 'wb').write(array.array('H', sum(rows, [])).tobytes())
for name, first, end in [('a0', 0, 5), ('a1', 5, 6), ('a2', 6, 13), ('b', 13, 20), ('c', 20, 31)]:
    npy(name + '.npy', rows[first:end])
PYTHON
python3 make.py
mkdir a
for i in 0 1 2; do "$SHARDSTEP" import a/$i.h5 s=a$i.npy > /dev/null; done
"$SHARDSTEP" import b.h5 s=b.npy > /dev/null
"$SHARDSTEP" import c.h5 s=c.npy --chunk 4 --deflate 1 --byteshuffle > /dev/null
run=(a,b.h5,c.h5 --fields s --vranks 5 --batch 2 --seed 9)

# Reads plans of epochs 0, 1, ... one after the other, each from step 0 on. Each epoch has of each
# source exactly what the ratio says, with fractions in place of the program's integers; after each a
# row has come as often as its share says, rounded either way.
cat > counts.py <<'PYTHON'
import sys
from fractions import Fraction
from math import floor

ratio = [int(part) for part in sys.argv[1].split(',')]
total, tail, bounds = int(sys.argv[2]), sys.argv[3], [0, 13, 20, 31]
if len(ratio) == 1:
    bounds = [0, 31]
epochs = []
for line in sys.stdin:
    step, rank, count, *rows = [int(word) for word in line.split()]
    if step == 0 and rank == 0:
        epochs.append([])
    epochs[-1].append((count, rows))
assert len(epochs) == 5, len(epochs)
times, due = [0] * 31, [0] * len(ratio)
for epoch in epochs:
    rows = [row for count, rows in epoch for row in rows[:count]]
    assert all(len(rows) == 2 for _, rows in epoch) or tail == 'short'
    if tail == 'drop':
        assert len(rows) == total // 10 * 10
        continue
    assert len(rows) == total, (len(rows), total)
    for row in rows:
        times[row] += 1
    for source, part in enumerate(ratio):
        before = Fraction(sum(ratio[:source]), sum(ratio)) * total
        after = Fraction(sum(ratio[:source + 1]), sum(ratio)) * total
        takes = floor(after) - floor(before)
        found = sum(bounds[source] <= row < bounds[source + 1] for row in rows)
        assert found == takes, (source, found, takes)
        due[source] += takes
        share = due[source] // (bounds[source + 1] - bounds[source])
        own = times[bounds[source]:bounds[source + 1]]
        assert all(share <= n <= share + 1 for n in own), (source, share, own)
PYTHON
counts() { # RATIO TOTAL TAIL options...: of five epochs
    local ratio=$1 total=$2 tail=$3
    shift 3
    for epoch in 0 1 2 3 4; do
        "$SHARDSTEP" plan "${run[@]}" --tail "$tail" --epoch $epoch "$@"
    done | python3 counts.py "$ratio" "$total" "$tail" || fail "counts of $ratio, $total, $tail, $*"
}
for order in '--shuffle full' '--shuffle none' '--shuffle blocks --block-rows 3 --window-blocks 2'; do
    for tail in short pad drop; do
        counts 5,2,3 20 $tail --mix 5,2,3 --epoch-rows 20 $order
        counts 1 93 $tail --repeats 3 $order
        for options in '--mix 5,2,3 --epoch-rows 20' '--mix 3,1,1' '--repeats 3' '--epoch-rows 40'; do
            "$SHARDSTEP" plan "${run[@]}" $order --tail $tail $options --epoch 3 --verify > out.txt ||
                fail "plan --verify of $order, $tail, $options: $(cat out.txt)"
            grep -vq ': good$' out.txt && fail "verdict of $order, $tail, $options: $(cat out.txt)"
        done
    done
done
counts 1,1,1 31 short --mix 1,1,1
counts 1,0,3 77 pad --mix 1,0,3 --epoch-rows 77
counts 1 40 short --epoch-rows 40
big=4611686018427387905,4611686018427387904,9223372036854775805
counts $big 1000 short --mix $big --epoch-rows 1000

# the hash of each batch, worked out by another program, on any number of ranks
mixed=(--mix 5,2,3 --epoch-rows 77 --epoch 3 --tail pad)
for order in '--shuffle full' '--shuffle none' '--shuffle blocks --block-rows 3'; do
    "$SHARDSTEP" plan "${run[@]}" "${mixed[@]}" $order > plan.txt
    rm -f batch-*
    python3 - <<'PYTHON'
import struct
data = open('data.bin', 'rb').read()
for line in open('plan.txt'):
    step, rank, count, *rows = map(int, line.split())
    with open('batch-%04d-%d' % (step, rank), 'wb') as out:
        out.write(struct.pack('<%dQ' % (1 + len(rows)), count, *rows))
        out.write(b''.join(data[6 * row:6 * row + 6] for row in rows))
PYTHON
    xxhsum -H2 batch-* | cut -d' ' -f1 > hashes.txt
    for ranks in 0 ${RANKS:-1 2 3 5}; do
        on "$ranks" "$SHARDSTEP" digest "${run[@]}" "${mixed[@]}" $order --per-rank > digest.txt
        cut -d' ' -f3 digest.txt > own.txt
        same "every batch's hash with $order on $ranks ranks" hashes.txt own.txt
    done
    for place in '24 0' '26 3' '31 4'; do # 8 steps an epoch
        set -- $place
        "$SHARDSTEP" replay "${run[@]}" --mix 5,2,3 --epoch-rows 77 --tail pad $order --step "$1" \
            --rank "$2" --against digest.txt > out.txt || fail "replay of $place with $order"
        tail -n 1 out.txt | holds '^the same as' || fail "no verdict of $place with $order"
    done
done
"$SHARDSTEP" plan "${run[@]}" --mix 5,2,3 --epoch-rows 77 --epoch 3 --tail pad --step 2 --rank 3 |
    cut -d' ' -f4- | tr ' ' '\n' > rows.txt
"$SHARDSTEP" replay "${run[@]}" --mix 5,2,3 --epoch-rows 77 --tail pad --step 26 --rank 3 |
    sed -n 's/^slot [0-9]*  row \([0-9]*\).*/\1/p' > replayed.txt
same 'rows of a replay' rows.txt replayed.txt

# repeats of all rows, of counted ones as of a file's; what is each row once is the usual plan
"$SHARDSTEP" plan --samples 31 --vranks 5 --batch 2 --seed 9 --repeats 3 --epoch 2 > counted.txt
"$SHARDSTEP" plan "${run[@]}" --repeats 3 --epoch 2 > repeats.txt
same 'repeats of counted rows' counted.txt repeats.txt
"$SHARDSTEP" plan "${run[@]}" --epoch-rows 93 --epoch 2 > length.txt
same '3 repeats of 31 rows and an epoch of 93' repeats.txt length.txt
"$SHARDSTEP" plan "${run[@]}" > plan.txt
for options in '--repeats 1' '--epoch-rows 31'; do
    "$SHARDSTEP" plan "${run[@]}" $options > other.txt
    same "the usual plan and $options" plan.txt other.txt
done
"$SHARDSTEP" plan c.h5 --fields s > plan.txt
"$SHARDSTEP" plan c.h5 --fields s --mix 7 > other.txt
same 'the usual plan and a mix of one' plan.txt other.txt

# --json has the same batches, the same counts and the same verdict
"$SHARDSTEP" plan "${run[@]}" --mix 5,2,3 --epoch-rows 20 > plan.txt
"$SHARDSTEP" plan "${run[@]}" --mix 5,2,3 --epoch-rows 20 --json > plan.json
"$SHARDSTEP" plan "${run[@]}" --mix 5,2,3 --epoch-rows 20 --verify --json > verify.json
"$SHARDSTEP" plan "${run[@]}" --mix 5,2,3 --epoch-rows 20 --verify > verify.txt
python3 - <<'PYTHON' > json.txt || fail 'the plan as JSON'
import json
plan, verdict = json.load(open('plan.json')), json.load(open('verify.json'))
for found in plan, verdict:
    assert (found['samples'], found['epoch_rows'], found['steps']) == (31, 20, 2)
    assert (found['shuffle'], found['tail'], found['seed']) == ('full', 'short', 9)
for batch in plan['batches']:
    print(batch['step'], batch['rank'], batch['count'], *batch['rows'])
assert verdict['good'] is True
sources = [(s['rows'], s['due'], s['taken'], s['good']) for s in verdict['sources']]
assert sources == [(13, 10, 10, True), (7, 4, 4, True), (11, 6, 6, True)], sources
PYTHON
same 'the plan as JSON' plan.txt json.txt
cat > expected.txt <<'TEXT'
epoch 0, source 0: 10 of 10 rows from 13, each 0 to 1 times: good
epoch 0, source 1: 4 of 4 rows from 7, each 0 to 1 times: good
epoch 0, source 2: 6 of 6 rows from 11, each 0 to 1 times: good
TEXT
same 'a verdict' expected.txt verify.txt

# texts and numbers that are none, or too large: refused at once, on several ranks too
for program in "plan a,b.h5" "digest a,b.h5 --vranks 5"; do
    p="$program --fields s --batch 2"
    for mix in '7,' ',7' '7,,3' a , '7, 3' -1,1 +1,1 0x7,3 1.5,2 18446744073709551616,1 \
        "$(seq -s, 300)" 0000000000000000000000000000000000007,3; do
        refused 0 "--mix is '$(cut -c1-80 <<< "$mix" | sed 's/[.+]/\\&/g')'; give up to 256 whole numbers" \
            "$SHARDSTEP" $p --mix "$mix"
    done
    refused 0 'mix has 3 numbers, the dataset 2 sources' "$SHARDSTEP" $p --mix 1,2,3
    refused 0 'mix has 1 numbers, the dataset 2 sources' "$SHARDSTEP" $p --mix 7
    refused 0 'mix has 256 numbers, the dataset 2' "$SHARDSTEP" $p --mix "$(seq -s, 256)"
    refused 0 'nothing but zeros' "$SHARDSTEP" $p --mix 0,0
    refused 0 'add up to 2\^64 or more' "$SHARDSTEP" $p --mix 18446744073709551615,1
    refused 0 "repeats takes a whole number from 1 to 2\^64-1, not '0'" "$SHARDSTEP" $p --repeats 0
    refused 0 "epoch-rows takes a whole number from 1 to 2\^64-1, not '0'" "$SHARDSTEP" $p --epoch-rows 0
    refused 0 'sampling.repeats 2 and sampling.epoch_rows 20; give one' "$SHARDSTEP" $p --repeats 2 --epoch-rows 20
    refused 0 'shard fixed gives each of its rows once' "$SHARDSTEP" $p --mix 7,3 --shard fixed
    refused 0 'epoch of 72057594037927937 rows; the most is 2\^56' \
        "$SHARDSTEP" $p --epoch-rows 72057594037927937
    refused 0 'epoch of 18446744073709551615 rows; the most' \
        "$SHARDSTEP" $p --mix 7,3 --epoch-rows 18446744073709551615
    refused 0 "takes a whole number from .* to 2\^64-1, not '18446744073709551616'" \
        "$SHARDSTEP" $p --epoch-rows 18446744073709551616
    refused 0 '18446744073709551615 repeats of 20 rows are more than 2\^56' \
        "$SHARDSTEP" $p --repeats 18446744073709551615
    refused 0 'each of its 20 rows 2\^24 times an epoch or more' "$SHARDSTEP" $p --repeats 16777216
    refused 0 'source 1 would give each of its 7 rows 2\^24 times' \
        "$SHARDSTEP" $p --mix 0,1 --epoch-rows 117440512
    refused 0 "'a,,b.h5' has an empty path beside a comma" "$SHARDSTEP" ${p/a,b/a,,b} --mix 7,3
    refused 0 'N = 9 samples, V = [15]' "$SHARDSTEP" $p --epoch-rows 9 --tail drop --batch 10
done
for ranks in ${RANKS:-2 3}; do
    refused "$ranks" 'mix has 3 numbers, the dataset 2 sources' \
        "$SHARDSTEP" digest a,b.h5 --vranks 5 --fields s --mix 1,2,3
    refused "$ranks" 'sampling.repeats 2 and sampling.epoch_rows 20' \
        "$SHARDSTEP" digest a,b.h5 --vranks 5 --fields s --repeats 2 --epoch-rows 20
done
refused 0 'need a file' "$SHARDSTEP" plan --samples 100 --mix 1
refused 0 'for epochs of each row once' "$SHARDSTEP" plan --samples 100 --repeats 2 --quality
refused 0 'for epochs of each row once' \
    "$SHARDSTEP" plan a,b.h5 --fields s --mix 7,3 --verify-step --step 0
refused 0 'epoch would have [0-9]* steps; a run has fewer than 2\^32' \
    "$SHARDSTEP" plan --samples 72057594037927 --repeats 1000 --batch 1

# the largest run that there is, at its last step of the last epoch, in no time
"$SHARDSTEP" plan --samples 8589934592 --epoch-rows 72057594037927936 --vranks 16777216 --batch 4 \
    --rank 16777215 --epoch 4294967295 --step 1073741823 > out.txt
python3 - <<'PYTHON' || fail 'the last batch of the largest run'
step, rank, count, *rows = map(int, open('out.txt').read().split())
assert (step, rank, count) == (1073741823, 16777215, 4)
assert len(set(rows)) == 4 and all(row < 8589934592 for row in rows)
PYTHON
finish
