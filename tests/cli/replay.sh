#!/usr/bin/env bash
# Any batch of a run of 64 virtual ranks, made again by one process, is the run's own.
. "$(dirname "$0")/common.sh"

"$SHARDSTEP" import fashion.h5 images=$fashion/t10k-images-idx3-ubyte.gz \
    labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
augment="images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"
run=(fashion.h5 --fields images,labels --vranks 64 --batch 16 --seed 5)
# 10 steps an epoch; the second epoch
on 3 "$SHARDSTEP" digest "${run[@]}" --augment "$augment" --per-rank > digest.txt
on 3 "$SHARDSTEP" digest "${run[@]}" --augment "$augment" --per-rank --epoch 1 >> digest.txt
[ "$(wc -l < digest.txt)" = 1280 ] || fail "not 20 steps of 64 batches"

replay() { "$SHARDSTEP" replay "${run[@]}" --augment "$augment" --against digest.txt "$@"; }
RANDOM=1
for ((i = 0; i < 200; i++)); do
    rank=$((RANDOM % 64)) step=$((RANDOM % 20))
    replay --rank $rank --step $step > out.txt || fail "replay of rank $rank, step $step"
    tail -n 1 out.txt | grep -q '^the same as in digest.txt$' || fail "no verdict of $rank, $step"
done

# what it lists: the rows of the plan, a draw of every operator for each
replay --rank 7 --epoch 1 --step 3 -o batch.h5 > out.txt
grep -q '^step 13 (epoch 1, epoch step 3), virtual rank 7 of 64: 16 rows, 16 of weight 1$' out.txt ||
    fail "the head of a replay: $(head -n 1 out.txt)"
"$SHARDSTEP" plan --samples 10000 --vranks 64 --batch 16 --seed 5 --epoch 1 --step 3 --rank 7 |
    cut -d' ' -f4- | tr ' ' '\n' > rows.txt
sed -n 's/^slot [0-9]*  row \([0-9]*\)  .*/\1/p' out.txt > replayed.txt
same "rows of a replay" rows.txt replayed.txt
[ "$(grep -cE 'random_crop\(down=-?[012], right=-?[012]\) random_flip\(w=(yes|no)\)$' out.txt)" = 16 ] ||
    fail "not a draw of each operator in each row"
h5dump -d index -y -w 1 -o index.txt batch.h5 > /dev/null
tr -d ' ,' < index.txt | grep -E '^[0-9]+$' > written.txt
same "rows that -o wrote" rows.txt written.txt

# another run is another batch
code=0
"$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --against digest.txt > out.txt || code=$?
[ $code = 1 ] && grep -q '^DIFFERENT' out.txt || fail "a batch without augmentation passed: $code"

refused 0 'no line of step 3 and virtual rank 7' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --against /dev/null
refused 0 'virtual ranks 0 to 63' "$SHARDSTEP" replay "${run[@]}" --rank 64 --step 3
refused 0 'give --vranks, --rank and --step' "$SHARDSTEP" replay "${run[@]}" --rank 6
refused 0 'outside a run' "$SHARDSTEP" replay "${run[@]}" --rank 6 --epoch 1 --step 10
refused 0 'nowhere.txt: No such file' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --against nowhere.txt
refused 0 'No such file|cannot create' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 -o nowhere/batch.h5
finish
