#!/usr/bin/env bash
# Any batch of a run of 64 virtual ranks, made again by one process, is the run's own.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump fashion

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
    tail -n 1 out.txt | holds '^the same as in digest.txt$' || fail "no verdict of $rank, $step"
done

# what it lists: the rows of the plan, a draw of every operator for each
replay --rank 7 --epoch 1 --step 3 -o batch.h5 > out.txt
grep -q '^step 13 (epoch 1, epoch step 3), virtual rank 7 of 64: 16 rows, 16 of weight 1$' out.txt ||
    fail "the head of a replay: $(head -n 1 out.txt)"
"$SHARDSTEP" plan --samples 10000 --vranks 64 --batch 16 --seed 5 --epoch 1 --step 3 --rank 7 |
    cut -d' ' -f4- | tr ' ' '\n' > rows.txt
sed -n 's/^slot [0-9]*  row \([0-9]*\)  .*/\1/p' out.txt > replayed.txt
same "rows of a replay" rows.txt replayed.txt
[ "$(grep -cE 'random_crop\(h=-?[012], w=-?[012]\) random_flip\(w=(yes|no)\)$' out.txt)" = 16 ] ||
    fail "not a draw of each operator in each row"
# the augmentation with its defaults; nothing without an augmentation
[ "$(sed -n 3p out.txt)" = "augmentation images: random_crop(padding=2, layout=hw) random_flip(axis=w, p=0.5, layout=hw) normalize(mean=0.286, std=0.353, scale=auto)" ] ||
    fail "the augmentation of a replay: $(sed -n 3p out.txt)"
"$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 | grep augmentation && fail "an augmentation where there is none"
h5dump -d index -y -w 1 -o index.txt batch.h5 > /dev/null
tr -d ' ,' < index.txt | grep -E '^[0-9]+$' > written.txt
same "rows that -o wrote" rows.txt written.txt

# another run is another batch
code=0
"$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --against digest.txt > out.txt || code=$?
[ $code = 1 ] && grep -q '^DIFFERENT' out.txt || fail "a batch without augmentation passed: $code"

# runs with other options: a list of rows, another stream, draws by sample
seq 1 3 9999 > third.txt
on 2 "$SHARDSTEP" digest "${run[@]}" --augment "$augment" --rows third.txt --stream 3 \
    --augment-by sample --per-rank > third.digest
for place in 0:0 63:3 17:2; do
    "$SHARDSTEP" replay "${run[@]}" --augment "$augment" --rows third.txt --stream 3 \
        --augment-by sample --against third.digest --rank ${place%:*} --step ${place#*:} > out.txt ||
        fail "replay of a list of rows at $place: $(tail -n 1 out.txt)"
    awk '/^slot/ && $4 % 3 != 1' out.txt | grep . && fail "a row that is not on the list"
done
for option in "--stream 4" "--augment-by rank"; do
    code=0
    "$SHARDSTEP" replay "${run[@]}" --augment "$augment" --rows third.txt --stream 3 --augment-by sample \
        --against third.digest --rank 0 --step 0 $option > out.txt || code=$?
    [ $code = 1 ] || fail "$option changes nothing: $code"
done

# samples that are mixed with one another: the same in every mode, and the partner of each is listed
mixed=(fashion.h5 --fields images,labels --vranks 6 --batch 48 --seed 5 --tail pad
    --augment "images: random_crop(padding=2) cast(type=f32) mixup(alpha=0.4, p=0.8) normalize(mean=1, std=2, scale=none)")
on 3 "$SHARDSTEP" digest "${mixed[@]}" --per-rank --threads 1 > mixed.txt
on 2 "$SHARDSTEP" digest "${mixed[@]}" --per-rank --ahead 2 --threads 2 > ahead.txt
same "mixed batches, loaded ahead" mixed.txt ahead.txt
last=$(($(tail -n 1 mixed.txt | cut -d' ' -f1)))
for place in 0:0 4:7 5:$last; do
    "$SHARDSTEP" replay "${mixed[@]}" --against mixed.txt --rank ${place%:*} --step ${place#*:} > out.txt ||
        fail "replay of a mixed batch at $place"
done
grep -E '^slot' out.txt | grep -vE 'mixup\(partner=[0-9]+, lambda=[0-9.e-]+\)|mixup\(no\)' && fail "a slot without its partner"
grep 'weight 0' out.txt | grep -v 'mixup(no)' && fail "a row of weight 0 is mixed"
grep -q 'weight 0' out.txt || fail "the last step has no row of weight 0"
"$SHARDSTEP" preview fashion.h5 mixed.png --fields images --batch 8 --augment 'images: cutmix(alpha=1)' \
    > /dev/null || fail "a preview of mixed samples"
refused 0 'augment_by is sample, but mixup mixes' \
    "$SHARDSTEP" replay "${mixed[@]}" --rank 0 --step 0 --augment-by sample

# a run whose batch became 16 at the end of epoch 0, after 40 steps: the rows of epoch 1, at other places
replay --rank 7 --step 13 > plain.txt
replay --rank 7 --step 13 --since 1,10 > since.txt
same "a batch that began where epoch 1 does" plain.txt since.txt
"$SHARDSTEP" replay "${run[@]}" --augment "$augment" --rank 7 --step 43 --since 1,40 > since.txt
grep -q '^step 43 (epoch 1, epoch step 3), virtual rank 7 of 64: 16 rows' since.txt ||
    fail "the place after a change of the batch: $(head -n 1 since.txt)"
"$SHARDSTEP" replay "${run[@]}" --augment "$augment" --rank 7 --epoch 1 --step 3 --since 1,40 > other.txt
same "the same batch by its epoch" since.txt other.txt
sed -n 's/^slot [0-9]*  row \([0-9]*\)  .*/\1/p' since.txt > replayed.txt
same "rows after a change of the batch" rows.txt replayed.txt
[ "$(sed -n 2p since.txt)" != "$(sed -n 2p plain.txt)" ] || fail "another step draws the same"

refused 0 'the batch began at step 40' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 39 --since 1,40
refused 0 'only since epoch 1' "$SHARDSTEP" replay "${run[@]}" --rank 7 --epoch 0 --step 3 --since 1,40
refused 0 "since is '1'; give EPOCH,STEP" "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --since 1
printf '1 2 x 4\n' > bad.txt
refused 0 "\-\-rows: bad.txt, line 1: it has 'x' in place of row number 2" \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --rows bad.txt
refused 0 'nowhere.txt: No such file' "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --rows nowhere.txt
refused 0 'line 2: it has row 2 after row 2' "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 0 \
    --rows <(printf '1 2\n2\n')
refused 0 'no steps' "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 0 --rows /dev/null
refused 0 'augment-by is .both.; it must be one of: rank, sample' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 0 --augment-by both
refused 0 "stream takes a whole number from 0 to 15, not '16'" "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 0 --stream 16
refused 0 'no line of step 3 and virtual rank 7' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --against /dev/null
refused 0 'virtual ranks 0 to 63' "$SHARDSTEP" replay "${run[@]}" --rank 64 --step 3
refused 0 'give --vranks, --rank and --step' "$SHARDSTEP" replay "${run[@]}" --rank 6
refused 0 'outside a run' "$SHARDSTEP" replay "${run[@]}" --rank 6 --epoch 1 --step 10
refused 0 'nowhere.txt: No such file' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 --against nowhere.txt
refused 0 'No such file|cannot create' \
    "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 -o nowhere/batch.h5

# -o never takes the place of anything but a plain file, and of that only with --overwrite
write() { refused 0 "$1" "$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 -o "${@:2}"; }
before=$(cksum fashion.h5 digest.txt batch.h5)
mkfifo pipe
ln -s digest.txt link
device=device # of the test's own: a defect, as root, would take the system's away
mknod device c 1 3 2> /dev/null || device=
write 'fashion.h5 is there already; remove it' fashion.h5
write 'fashion.h5 is a file of the dataset' fashion.h5 --overwrite
write 'fashion.h5 is a file of the dataset' ./fashion.h5 --overwrite
write 'digest.txt is there already' digest.txt
write 'batch.h5 is there already' batch.h5
for options in "" --overwrite; do
    write 'it is a named pipe' pipe $options
    write 'it is a symbolic link' link $options
    [ -z "$device" ] || write 'it is a device' $device $options
    write 'it is a folder' . $options
done
[ "$before" = "$(cksum fashion.h5 digest.txt batch.h5)" ] || fail "a refused -o has changed a file"
[ -p pipe ] && [ -L link ] && [ -c "${device:-/dev/null}" ] || fail "a refused -o has replaced something"
"$SHARDSTEP" replay "${run[@]}" --rank 7 --step 13 -o batch.h5 --overwrite > /dev/null || fail "--overwrite"
code=0
"$SHARDSTEP" replay "${run[@]}" --rank 7 --step 3 -o full.h5 > /dev/full 2> err.txt || code=$?
[ $code = 2 ] && grep -q 'full.h5 is there and whole, but standard output cannot be written' err.txt ||
    fail "a full standard output: $code, $(cat err.txt)"
ls | grep tmp && fail "a temporary file is left"
finish
