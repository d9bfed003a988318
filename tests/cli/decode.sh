#!/usr/bin/env bash
# Fields that decode images: values are Pillow's, which decodes by the same libraries; images that
# cannot be decoded are named.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py pillow
reference="/usr/bin/python3 $SOURCE/tests/cli/decode_reference.py"
$reference make

# take FILE FIELD OUT [options]: the 24 samples of a field, in order
take() {
    "$SHARDSTEP" replay "$1" --fields "x=$2" --shuffle none --vranks 1 --rank 0 --step 0 --batch 24 \
        -o "$3" "${@:4}" > said.txt || fail "$2 of $1"
}
take same.h5 'decode(images, size=40x48)' exact.h5
take same.h5 'decode(packed, size=40x48, offsets=other)' packed.h5 --cache-bytes 1
take same.h5 'decode(lists, size=40x48, offsets=lists)' lists.h5 --threads 2
take same.h5 'decode(images, size=20x30, fit=crop)' crop.h5
take same.h5 'decode(images, size=13x17, fit=resize)' resized.h5
take same.h5 'decode(images, size=40x48)' resize.h5 --augment 'x: resize(size=[13,17])'
for name in wide tall; do
    take $name.h5 'decode(images, size=16x12, fit=cover)' ${name}_cover.h5
    take $name.h5 boxes ${name}_box.h5 --augment 'x: resize(size=[16,12], layout=hwc)'
done
take classes.h5 'decode(greys, size=9x8, channels=1)' grey.h5
take classes.h5 'decode(masks, size=10x11, classes)' numbers.h5
take classes.h5 'decode(masks, size=5x6, fit=crop, classes)' middle.h5
take classes.h5 'decode(masks, size=10x11)' colours.h5
$reference check || fail "values"

# the same batches on any number of ranks and threads; another text is another run
run=(same.h5 --fields 'x=decode(images, size=30, fit=cover)' --vranks 6 --batch 2
    --augment 'x: random_flip(axis=w, p=0.5) random_crop(padding=2)')
"$SHARDSTEP" digest "${run[@]}" > one.txt
for options in "--ahead 2 --threads 2" "--threads 3" "--cache-bytes 1"; do
    "$SHARDSTEP" digest "${run[@]}" $options > other.txt
    same "the digest with $options" one.txt other.txt
done
on 3 "$SHARDSTEP" digest "${run[@]}" > other.txt
same "the digest on 3 ranks" one.txt other.txt

# what a crop of the augmentation keeps is decoded, and nothing else; the bytes are the same
for field in 'x=decode(images, size=40x48)' 'x=decode(images, size=40, fit=crop)' \
    'x=decode(packed, size=40x48, offsets=other)'; do
    run=(same.h5 --fields "$field" --vranks 2 --batch 4
        --augment 'x: random_flip(axis=w, p=0.5) random_crop(size=[11,13])')
    "$SHARDSTEP" digest "${run[@]}" --pushdown off > one.txt
    for options in "" "--pushdown always --cache-bytes 1 --ahead 2 --threads 2"; do
        "$SHARDSTEP" digest "${run[@]}" $options > other.txt
        same "the digest of $field with push-down $options" one.txt other.txt
    done
done

# a crop along the channels needs whole images, also if it keeps as many channels as there are, or most of the time
for crop in 'size=3, padding=1' 'size=1, padding=1, mode=wrap' 'size=2, padding=1, mode=reflect'; do
    run=(same.h5 --fields 'x=decode(images, size=40x48)' --batch 8
        --augment "x: random_crop($crop, axes=x, layout=__x)")
    "$SHARDSTEP" digest "${run[@]}" --pushdown off > one.txt
    "$SHARDSTEP" digest "${run[@]}" --pushdown always > other.txt
    same "the digest of a crop of channels, $crop," one.txt other.txt
done
"$SHARDSTEP" bench same.h5 --fields "$field" --augment 'x: random_crop(size=16)' --quick > out.txt
grep -q 'push-down: of x only what random_crop keeps is decoded, at most 768 of the 5760' out.txt &&
    grep -q '^no image decoding: the loader decodes images, and no ceiling does' out.txt ||
    fail "bench says: $(cat out.txt)"
"$SHARDSTEP" digest same.h5 --fields 'x=decode(images, size=30, fit=cover)' --cache-bytes 1 --vranks 2 --batch 4 \
    --augment 'x: random_crop(size=8)' > /dev/null || fail "a crop of images that are resized"
"$SHARDSTEP" info same.h5 --fields 'decode(images, size=9, fit=crop)' > out.txt
grep -qx 'images = decode(images, size=9x9, channels=3, fit=crop, offsets=images.offsets): u8 9x9x3' out.txt ||
    fail "info says: $(cat out.txt)"

# bad I WORDS: image I cannot be decoded, and the message says so
bad() {
    echo "$1" > row.txt
    refused 0 "sample $1: bad.h5: dataset images: image $1$2" "$SHARDSTEP" digest bad.h5 --batch 1 \
        --fields 'decode(images, size=50x20)' --rows row.txt
}
bad 1 ': it ends too early, after [0-9]* bytes; the image is damaged, get it anew'
bad 2 ' is empty; get the image anew'
bad 3 ': Corrupt JPEG data: .*; the image is damaged'
bad 4 ' is no PNG image and no JPEG image'
bad 5 ' is no PNG image and no JPEG image'
bad 6 ' has transparent pixels; 8-bit greys and colours without transparency are taken'
bad 7 ' has 16 bits; 8-bit greys and colours'
bad 8 ' is a JPEG image in CMYK; convert it to 8-bit RGB'
bad 9 ' ends [0-9]* bytes too early, in its image; it is not complete'
printf '6\n7\n8\n' > exclude.txt
"$SHARDSTEP" digest bad.h5 --fields 'decode(images, size=50x20)' --batch 2 --on-damage replace --exclude exclude.txt \
    > out.txt 2> err.txt || fail "damaged images are not replaced: $(cat err.txt)"

# text FIELD WORDS: a text that is refused
text() { refused 0 "$2" "$SHARDSTEP" digest same.h5 --fields "$1"; }
text 'decode(images)' 'decode\(\) needs the size of the images, such as size=256'
text 'decode(images, size=0)' 'size is a side in pixels'
text 'decode(images, size=8, fit=crop, fit=exact)' 'fit is given twice'
text 'decode(images, size=8, size=9)' 'size is given twice'
text 'decode(images, size=2x)' 'size is a side in pixels'
text 'decode(images, size=40x48, fit=pad)' 'fit is exact, crop, resize or cover'
text 'decode(images, size=8, channels=4)' 'channels is 1, for greys, or 3, for RGB'
text 'decode(images, size=8, window=4)' "there is no 'window'; decode\(\) has size, channels"
text 'decode(images, size=8, class)' "'class' is neither KEY=VALUE nor the word classes"
text 'decode(images, size=8, classes, channels=1)' 'numbers of classes have no channels'
text 'decode(expected, size=8)' 'expected.offsets'
text 'decode(floats, size=8, offsets=images.offsets)' 'decode\(\) takes the bytes of images, a dataset of u8'
text 'decode(images, size=8)' 'image [0-9]* has 40 x 48 pixels, not 8 x 8; say fit=crop, fit=resize or'
text 'decode(images, size=60, fit=crop)' 'has 40 x 48 pixels, less than 60 x 60 to crop'
finish
