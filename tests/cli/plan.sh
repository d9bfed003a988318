#!/usr/bin/env bash
# The plan is what the loader does; it covers each row once.
. "$(dirname "$0")/common.sh"

for samples in 1 2 7 100 16384 16385 100003; do
    for vranks in 1 3 8; do
        "$SHARDSTEP" plan --samples $samples --vranks $vranks --batch 5 --epoch 3 --verify > out.txt ||
            fail "plan --verify of $samples samples on $vranks"
        grep -q ": good$" out.txt || fail "no verdict of $samples samples on $vranks"
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
"$SHARDSTEP" plan --samples 1003 --vranks 4 --batch 10 --tail drop --verify | grep -q '1000 of 1003' ||
    fail "tail drop"

refused 0 'steps 0 to 25' "$SHARDSTEP" plan --samples 1003 --vranks 4 --batch 10 --step 26
refused 0 'virtual ranks 0 to 3' "$SHARDSTEP" plan --samples 1003 --vranks 4 --rank 4
refused 0 'no steps' "$SHARDSTEP" plan --samples 0 --vranks 4
refused 0 'more than 2^56|more than 2\^56' "$SHARDSTEP" plan --samples 72057594037927937
refused 2 'either a file or --samples' "$SHARDSTEP" plan
finish
