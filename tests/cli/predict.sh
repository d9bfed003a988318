#!/usr/bin/env bash
# The predictions of a trained network are the same bytes on any number of ranks, and their file is
# there only if it is whole.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump fashion python3
if [ ! -x "$BUILD/examples/predict" ]; then
    echo "SKIPPED: this build has no predict; it needs an HDF5 with MPI, OpenBLAS and xxHash"
    exit 77
fi

# 2000 images to train with; 1003 to test with, so that the last step is short
rows() { # FILE ROWS BYTES: the first rows of an IDX file, whose header has 8 bytes, or 16 for images
    zcat "$1" | tail -c +"$(($3 > 1 ? 17 : 9))" | first $(($2 * $3))
}
rows $fashion/train-images-idx3-ubyte.gz 2000 784 > train.images
rows $fashion/train-labels-idx1-ubyte.gz 2000 1 > train.labels
rows $fashion/t10k-images-idx3-ubyte.gz 1003 784 > test.images
rows $fashion/t10k-labels-idx1-ubyte.gz 1003 1 > test.labels
"$SHARDSTEP" import fashion.h5 \
    train/images=raw:u8:2000x28x28:train.images train/labels=raw:u8:2000:train.labels \
    test/images=raw:u8:1003x28x28:test.images test/labels=raw:u8:1003:test.labels > /dev/null
on 2 "$BUILD/examples/train_fashion" --data fashion.h5 --vranks 4 --epochs 2 \
    --checkpoints checkpoints > train.txt 2> err.txt < /dev/null || fail "training: $(cat err.txt)"
accuracy=$(sed -n 's/.*steps done, test accuracy \([0-9.]*\) .*/\1/p' train.txt)
awk -v found="$accuracy" 'BEGIN { exit !(found > 0.3) }' || fail "no training: accuracy '$accuracy'"

# The file's own order is that of the images: its classes hit the labels as often as the training
# said, and `digest` finds the same bytes in each file.
predict="$BUILD/examples/predict fashion.h5 checkpoints"
for ranks in ${RANKS:-1 2 3 4}; do
    on "$ranks" $predict "predictions.$ranks.h5" 4 > out.txt 2> err.txt < /dev/null ||
        fail "predict on $ranks ranks: $(cat err.txt)"
    echo "1003 rows, each written once; test accuracy $accuracy" > expected.txt
    same "what is said on $ranks ranks" expected.txt out.txt
    "$SHARDSTEP" digest "predictions.$ranks.h5" --fields prediction,probability --vranks 1 \
        --shuffle none > "digest.$ranks" || fail "the file of $ranks ranks"
    same "the predictions on $ranks ranks" "digest.${begin:=$ranks}" "digest.$ranks"
done
h5dump -y -w 1 -d prediction "predictions.$begin.h5" | sed -n 's/^ *\([0-9][0-9]*\),*$/\1/p' > classes.txt
od -An -v -tu1 -w1 test.labels | tr -d ' ' | paste - classes.txt |
    awk '{ hits += $1 == $2 } END { printf "%d %.4f\n", NR, hits / NR }' > hits.txt
echo "1003 $accuracy" > expected.txt
same "the classes in the file beside the labels" expected.txt hits.txt

# An error leaves no half file, and the whole file of an earlier run as it was.
cp "predictions.$begin.h5" out.h5
before=$(cksum out.h5)
unharmed() {
    [ "$(cksum out.h5)" = "$before" ] || fail "$1: out.h5 has changed"
    [ ! -e out.h5.part ] || fail "$1: out.h5.part is left"
}
damaged="$BUILD/examples/predict damaged.h5 checkpoints out.h5 4"
/usr/bin/python3 - << 'PYTHON' || fail "no image to damage"
file = bytearray(open("fashion.h5", "rb").read())
image = open("test.images", "rb").read()[900 * 784:901 * 784]
at = file.index(image)
file[at + 400] ^= 1
open("damaged.h5", "wb").write(file)
PYTHON
for ranks in 1 3; do
    refused $ranks 'damaged.h5.*test/images.*row 900' $damaged
    unharmed "a damaged image on $ranks ranks"
done
refused 2 'nowhere/out.h5.part cannot be made' $predict nowhere/out.h5 4
mkdir folder.h5
refused 2 'rank 0: folder.h5.part cannot be renamed: Is a directory' $predict folder.h5 4
[ ! -e folder.h5.part ] || fail "folder.h5.part is left"
refused 2 'nothing/latest: No such file' "$BUILD/examples/predict" fashion.h5 nothing out.h5 4
refused 5 '5 ranks for 4 virtual ranks' $predict out.h5 4
newest=checkpoints/$(sed -n '1s/ .*//p' checkpoints/latest)
printf 'x' | dd of="$newest" bs=1 seek=3000 conv=notrunc status=none
refused 2 "$newest: is damaged: its bytes have another checksum" $predict out.h5 4
unharmed "a damaged checkpoint"
finish
