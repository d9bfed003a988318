#!/usr/bin/env bash
# preview: what its sheets show is what the files hold and what the run makes of it, whoever draws it.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs python3 h5dump fashion

reference() { python3 "$SOURCE/tests/cli/preview_reference.py" "$@" || fail "preview_reference.py $*"; }
# texts SHEET [COLUMN]
texts() { reference text "$1" "$SOURCE/src/cli/cli_preview_font.c" "${2:-0}"; }
says() { grep -qF -- "$2" "$1" || fail "no text '$2' in $1: $(cat "$1")"; }
# batch OUT options...: the batch of `replay` as plain bytes, and its lines in OUT.txt
batch() {
    "$SHARDSTEP" replay "${@:2}" -o batch.h5 --overwrite > "$1.txt" || fail "replay ${*:2}"
    h5dump -d images -b LE -o "$1" batch.h5 > /dev/null
}
images=$fashion/t10k-images-idx3-ubyte.gz
"$SHARDSTEP" import fashion.h5 images=$images labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null

# ---- a line a sample: as stored, as in the run, as at the next steps in the same slot
augment='images: random_crop(padding=3) random_flip(axis=w)'
run=(fashion.h5 --fields images,labels --vranks 8 --batch 16 --seed 5)
sheet=(--rank 3 --lines 3 --tiles 3)
"$SHARDSTEP" preview "${run[@]}" sheet.png "${sheet[@]}" --step 100 --augment "$augment" > out.txt
[ "$(cat out.txt)" = "sheet.png: 482 x 521 pixels, 3 samples" ] || fail "said: $(cat out.txt)"
batch own.bin "${run[@]}" --rank 3 --step 100 --augment "$augment"
rows=$(sed -n 's/^slot [012]  row \([0-9]*\) .*/\1/p' own.bin.txt)
for step in 101 102; do # the draws of a slot, whatever row lies in it
    "$SHARDSTEP" replay "${run[@]}" --rank 3 --step $step --augment "$augment" |
        sed -n "s/^slot \([012]\) .*(h=\(.*\), w=\(.*\)) random_flip(w=\(.*\))/\1 $step \2 \3 \4/p"
done | sort -n | cut -d' ' -f3- > draws.txt
reference fashion sheet.png $images own.bin draws.txt $rows
texts sheet.png > texts.txt
set -- $rows
label=$(h5dump -d labels -s "$1" -c 1 fashion.h5 | sed -n 's/.*): //p')
says texts.txt "sample $1  virtual rank 3  epoch 1  step 100  slot 0  labels $label"
says texts.txt "sample $3  virtual rank 3  epoch 1  step 100  slot 2"
says texts.txt "images hw: before and after u8 28x28, shown from 0 to 255"
says texts.txt "random_crop(padding=3"
says texts.txt "before"
texts sheet.png 2 > texts.txt
says texts.txt "step 101"

# the same step by its epoch (79 steps each), and the same bytes from any number of ranks
for ranks in 0 1 2 3; do
    on $ranks "$SHARDSTEP" preview "${run[@]}" again.png "${sheet[@]}" --epoch 1 --step 21 \
        --augment "$augment" --overwrite --ahead 2 --threads 2 > out.txt < /dev/null || fail "on $ranks ranks"
    cmp sheet.png again.png || fail "another sheet on $ranks ranks"
    [ "$(wc -l < out.txt)" = 1 ] || fail "said on $ranks ranks: $(cat out.txt)"
done

# a sample by its number: where plan says that it comes
"$SHARDSTEP" preview "${run[@]}" one.png --sample 1234 --augment "$augment" > out.txt
texts one.png > texts.txt
read -r step rank slot <<< "$("$SHARDSTEP" plan --samples 10000 --vranks 8 --batch 16 --seed 5 |
    awk '{ for (i = 4; i <= NF; i++) if ($i == 1234) print $1, $2, i - 4 }')"
says texts.txt "sample 1234  virtual rank $rank  epoch 0  step $step  slot $slot"

# draws by sample: the columns are epochs; without draws there is only one column
"$SHARDSTEP" preview "${run[@]}" by.png --augment "$augment" --augment-by sample --lines 1 > out.txt
texts by.png 2 > texts.txt
says texts.txt "epoch 1"
"$SHARDSTEP" preview "${run[@]}" plain.png --lines 1 > out.txt
texts plain.png > texts.txt
says texts.txt "batch 16. no"
[ "$(sed 's/ x.*//' out.txt)" = "plain.png: 376" ] || fail "a sheet without draws: $(cat out.txt)"

# ---- a line a virtual rank, with the range of normalised images
augment="images: random_flip(axis=w) normalize(mean=0.286, std=0.353)"
for rank in 0 1; do
    batch ranks.bin "${run[@]}" --rank $rank --step 7 --augment "$augment"
    rows=$(sed -n 's/^slot [0-4]  row \([0-9]*\) .*/\1/p' ranks.bin.txt)
    "$SHARDSTEP" preview "${run[@]}" ranks.png --per-rank --lines 2 --tiles 5 --step 7 \
        --augment "$augment" --overwrite > out.txt
    reference ranks ranks.png $images ranks.bin $rows
done
texts ranks.png > texts.txt
says texts.txt "virtual rank 1  epoch 0  step 7  16 samples, before and after"
says texts.txt "before u8 28x28, shown from 0 to 255; after f32 28x28, shown from -0.8102"
says texts.txt "sample ${rows%%[[:space:]]*}"
says texts.txt "after, slot 0"

# ---- maps, colours, boxes, signals, NaN
reference make .
"$SHARDSTEP" import fields.h5 map=map.npy windows=windows.npy colours=colours.npy large=large.npy \
    wave=wave.npy space=space.npy > /dev/null
"$SHARDSTEP" preview fields.h5 fields.png --layout windows=thw,map=cyx,wave=cw,space=tzyxc > out.txt
reference fields fields.png .
texts fields.png > texts.txt
says texts.txt "map cyx, channel 1 of 2: before and after f32 2x7x14"
says texts.txt "windows thw, the middle of t: 2 of 5: before and"
says texts.txt "space tzyxc, the middle of t: 1 of 3, the middle of"
says texts.txt "large hw, averages of 3x3: before and after u16"
"$SHARDSTEP" preview fields.h5 channel.png --fields map --layout cyx --channel 1 --size 28 > out.txt
"$SHARDSTEP" preview fields.h5 tiny.png --layout windows=thw,map=cyx,wave=cw,space=tzyxc --size 1 > out.txt || fail "tiles of one pixel"
texts channel.png > texts.txt
says texts.txt "map cyx, channel 1 of 2"
grep "channel 0" texts.txt && fail "--channel 1 shows channel 0"
"$SHARDSTEP" preview fields.h5 fields.h5 two.png --fields map --layout chw --colours map > out.txt
[ "$(sed 's/.*, //' out.txt)" = "2 samples" ] || fail "two paths: $(cat out.txt)"

# ---- what is refused, by one message, and leaves nothing
refuse() { refused 0 "$1" "$SHARDSTEP" preview "${@:2}"; }
"$BUILD/tests/odd_files" odd.h5
there() { ls | grep -v txt && cksum ./*.h5 ./*.png; }
before=$(there)
refuse 'nothing' fashion.h5 bad.png --fields nothing
refuse "text" odd.h5 bad.png --fields text
refuse 'every field of a sample is a single number' fashion.h5 bad.png --fields labels
for ranks in 0 1 3; do
    refused $ranks ': --sample is 10000; the dataset has samples 0 to 9999' \
        "$SHARDSTEP" preview fashion.h5 bad.png --sample 10000
done
refuse 'the sheet would have 118128 x [0-9]+ pixels or more; .*smaller --lines, --tiles or --size' \
    "${run[@]}" bad.png --tiles 1000 --augment "$augment"
refuse 'tiles takes a whole number from 1 to 32767' fashion.h5 bad.png --tiles 1000000000000
refuse 'sample 8 does not come in epoch 0' fashion.h5 bad.png --sample 8 --part 0,0.0002
refuse 'leave --rank, --step and --per-rank out' fashion.h5 bad.png --sample 8 --step 3
refuse 'leave --rank out' fashion.h5 bad.png --per-rank --rank 3
refuse 'virtual ranks 0 to 7' "${run[@]}" bad.png --rank 8
refuse 'outside a run' "${run[@]}" bad.png --epoch 0 --step 79
refuse 'a run ends at step 2\^32 and the sample is at 4294967294' \
    "${run[@]}" bad.png --step 4294967294 --augment "$augment"
refuse 'is there already; remove it' fashion.h5 sheet.png
refuse 'is a file of the dataset; choose another name for the sheet' fashion.h5 fashion.h5 --overwrite
refuse 'the folder nowhere does not exist' fashion.h5 nowhere/bad.png
refuse 'field map, whose samples are f32 2x7x14: .*give --layout' fields.h5 bad.png --fields map
refuse "'tz'; a layout has a small letter for each axis" fields.h5 bad.png --fields map --layout tz
refuse "layout has 'hwc', but no field that is shown has samples of 3 axes" \
    fashion.h5 bad.png --layout hwc
refuse "layout has 'chw' for field images, whose samples have 2 axes" fashion.h5 bad.png --layout images=chw
refuse "layout has 'other', but no such field" fashion.h5 bad.png --layout other=hw
refuse 'field map has the channels 0 to 1' fields.h5 bad.png --fields map --layout chw --channel 2
refuse 'no field has channels' fashion.h5 bad.png --channel 0
refuse 'field map has 2 channels, and an image has 1, 3 or 4' \
    fields.h5 bad.png --fields map --layout chw --colours image
[ "$before" = "$(there)" ] || fail "a refused preview left something: $(ls)"

# no room: one message, with the name that was asked for
(failures=0 && ulimit -f 4 && refuse 'cannot write bad.png: File too large' "${run[@]}" bad.png; [ "$failures" = 0 ]) ||
    fail "a file that may not grow"
if mkdir small && mount -t tmpfs -o size=16k none small 2> /dev/null; then
    refuse 'cannot write small/bad.png: No space left on device; make room' "${run[@]}" small/bad.png
    [ -z "$(ls small)" ] || fail "left on a full disk: $(ls small)"
    umount small
fi
ls | grep -E 'tmp|bad' && fail "a temporary file is left"
finish
