#!/usr/bin/env bash
# The worst rows of a run: the same list on any number of ranks, and made again by replay.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs fashion h5dump

"$SHARDSTEP" import fashion.h5 images=$fashion/t10k-images-idx3-ubyte.gz \
    labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
augment='images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
run() { # RANKS KEY=VALUE...
    local ranks=$1
    shift
    on "$ranks" "$BUILD/tests/record_run" path=fashion.h5 fields=images,labels vranks=6 batch=500 \
        augment="$augment" "$@" < /dev/null
}
options=(--fields images,labels --vranks 6 --batch 500 --seed 7 --augment "$augment")

run 0 worst=one.txt epochs=2 most=24
for ranks in ${RANKS:-1 2 3}; do
    run "$ranks" worst=$ranks.txt epochs=2 most=24
    same "the list on $ranks ranks" one.txt $ranks.txt
done
# By the losses of record_run: rows 0 and 5003 have NaN, and ten rows have 999, ten 998, two 997.
{ printf '0 nan\n5003 nan\n'
  for loss in 999 998 997; do for k in 0 1 2 3 4 5 6 7 8 9; do echo "$((1000 * k + loss)) $loss"; done; done |
      head -n 22; } > expected.txt
for epoch in 0 1; do
    awk -F'\t' -v epoch=$epoch '$1 == epoch { print $6, $7 }' one.txt > rows.txt
    same "the rows of epoch $epoch" expected.txt rows.txt
done
[ "$(head -n 1 one.txt)" = '# shardstep worst rows 1' ] || fail "another first line: $(head -n 1 one.txt)"

# A run in parts, on other numbers of ranks, and a run that is killed inside an epoch.
run 2 worst=parts.txt epochs=2 most=24 steps=5 checkpoints=saved
cp -r saved earlier
grep -q '^# epoch 1: only the losses of its steps 0 to 0 are known$' parts.txt || fail "no word of a part: $(cat parts.txt)"
run 3 worst=parts.txt epochs=2 most=24 steps=6 checkpoints=saved
cp parts.txt killed.txt
run 1 worst=parts.txt epochs=2 most=24 checkpoints=saved
same "the list of a run in parts" one.txt parts.txt
run 2 worst=killed.txt epochs=2 most=24 checkpoints=earlier
grep -q '^# epoch 1: only the losses of its steps 1 to 3 are known$' killed.txt || fail "no word of a part: $(cat killed.txt)"
grep -P '^0\t' one.txt > whole.txt
grep -P '^0\t' killed.txt > part.txt
same "the list of epoch 0 of a run that was killed" whole.txt part.txt

# Each row once more.
"$SHARDSTEP" replay fashion.h5 "${options[@]}" --worst one.txt -o worst.h5 > replay.txt
[ "$(grep -c '^loss ' replay.txt)" = 48 ] || fail "not 48 rows: $(cat replay.txt)"
refused 0 'one.txt holds no row of epoch 9; give an epoch that it has' "$SHARDSTEP" replay fashion.h5 "${options[@]}" \
    --worst one.txt --epoch 9
IFS=$'\t' read -r _ epoch_step step vrank slot row _ < <(sed -n 9p one.txt)
"$SHARDSTEP" replay fashion.h5 "${options[@]}" --step "$step" --rank "$vrank" > batch.txt
line=$(grep "^slot $slot  row $row  " batch.txt)
grep -qF "loss 999  step $step (epoch 0, epoch step $epoch_step)  virtual rank $vrank  $line" replay.txt ||
    fail "the draws of row $row are not those of its batch: $line"
"$SHARDSTEP" replay fashion.h5 "${options[@]}" --step "$step" --rank "$vrank" -o batch.h5 > /dev/null
numbers() { # FILE DATASET SLOT
    h5dump -y -w 0 -d "$2" -s "$3,0,0" -c 1,28,28 "$1" | grep -oE '^ *-?[0-9].*' | tr -d ' \n'
}
numbers worst.h5 images 6 > found.txt
numbers batch.h5 images "$slot" > expected.txt
same "the image of row $row" expected.txt found.txt
h5dump -y -w 0 -d places/loss worst.h5 | grep -q 'nan, nan, 999, 999' || fail "no losses: $(h5dump -d places/loss worst.h5)"
"$SHARDSTEP" replay fashion.h5 "${options[@]}" --worst one.txt --epoch 1 > epoch.txt
[ "$(grep -c '^loss .*(epoch 1' epoch.txt)" = 24 ] || fail "not the rows of epoch 1: $(cat epoch.txt)"

refused 0 'one.txt, line 3: slot [0-9]* of virtual rank [0-9]* has row [0-9]* at step [0-9]*, not row 0; give the options' \
    "$SHARDSTEP" replay fashion.h5 "${options[@]}" --seed 8 --worst one.txt
refused 0 'no list of worst rows' "$SHARDSTEP" replay fashion.h5 "${options[@]}" --worst replay.txt
refused 0 '--worst takes the places of rows from its list; leave out --rank' \
    "$SHARDSTEP" replay fashion.h5 "${options[@]}" --worst one.txt --rank 2
finish
