#!/usr/bin/env bash
# Every format, against numpy, zlib and h5py, and every kind of damage to it.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump h5py

reference="/usr/bin/python3 $SOURCE/tests/cli/import_reference.py"
mkdir sources
$reference make sources
mapfile -t cases < sources/cases.txt
[ "${#cases[@]}" -gt 50 ] || fail "only ${#cases[@]} cases"
"$SHARDSTEP" import all.h5 "${cases[@]}" --any-rows > out.txt
[ "$(wc -l < out.txt)" -gt "${#cases[@]}" ] || fail "not a line for each field"
$reference check all.h5 sources || fail "all formats"
on 3 "$SHARDSTEP" import three.h5 "${cases[@]}" --any-rows > /dev/null
same "all formats on three ranks" all.h5 three.h5
for options in "--deflate 3 --byteshuffle" "--chunk 7 --byteshuffle" "--chunk 1000000"; do
    on 2 "$SHARDSTEP" import other.h5 "${cases[@]}" --any-rows $options > /dev/null
    $reference check other.h5 sources || fail "all formats with $options"
    rm other.h5
done
"$SHARDSTEP" digest all.h5 --fields png_images,png_classes --steps 1 > /dev/null || fail "digest"

# images of two folders are paired by name, whatever the order of their endings: "a.b" and "a" here
image() { cp "sources/png_0_u1/00$1.$([ $(($1 % 2)) = 0 ] && echo png || echo PNG)" "$2"; }
mkdir images masks
image 0 images/a.PNG; image 1 images/a.b.png; image 2 images/c.png
image 0 masks/a.png; image 1 masks/a.b.png; image 2 masks/c.PNG
"$SHARDSTEP" import pairs.h5 x/images=images x/masks=masks > out.txt
h5diff pairs.h5 pairs.h5 x/images x/masks || fail "masks of other images"
grep -qx 'images: 3 images in the order of their names' out.txt || fail "order: $(cat out.txt)"
grep -qx 'masks: 3 images, each paired by name with that of images' out.txt || fail "pairs: $(cat out.txt)"
mv masks/c.PNG masks/d.png
refused 2 'paired by name, and 2 of them have no partner: images/c.png, masks/d.png; add or remove' \
    "$SHARDSTEP" import new.h5 x/images=images x/masks=masks
"$SHARDSTEP" import apart.h5 x/images=images y/masks=masks > /dev/null || fail "groups of their own"
image 3 masks/c.png; image 3 masks/c.PNG; rm masks/d.png
refused 0 'masks has two images named c, .*rename one' "$SHARDSTEP" import new.h5 x/images=images x/masks=masks

# folders of one import have one table of classes, though each lacks a class
mkdir -p some/cat some/dog others/dog others/eel
image 0 some/cat/0.png; image 1 some/dog/0.png; image 2 others/dog/0.png; image 3 others/eel/0.png
"$SHARDSTEP" import classes.h5 train/x,train/y=some test/x,test/y=others > out.txt
printf 'class 0: cat\nclass 1: dog\nclass 2: eel\n' > expected.txt
grep '^class' out.txt > got.txt
same "the table of classes" expected.txt got.txt
for part in "train 0001" "test 0102"; do
    h5dump -d ${part% *}/y -b LE -o labels.bin classes.h5 > /dev/null
    [ "$(od -An -v -tx1 labels.bin | tr -d ' ')" = "${part#* }" ] || fail "labels of ${part% *}"
    h5dump -a ${part% *}/y/classes classes.h5 | holds '(0): "cat", "dog", "eel"' || fail "classes of ${part% *}"
done

# rows of one group belong together
printf '1\n2\n3\n' > three.csv
printf '1\n2\n' > two.csv
refused 2 'g/a has 3 rows and g/b 2, in one group; .*say --any-rows' \
    "$SHARDSTEP" import new.h5 g/a=three.csv g/b=two.csv
refused 0 'a has 3 rows and b 2, in one group' "$SHARDSTEP" import new.h5 a=three.csv b=two.csv
"$SHARDSTEP" import groups.h5 g/a=three.csv b=two.csv > /dev/null || fail "fields of two groups"
"$SHARDSTEP" import any.h5 g/a=three.csv g/b=two.csv --any-rows > /dev/null || fail "--any-rows"

# a heading is told by all cells of line 1, and is the same for all fields
printf 'label,0,1\n7,2,3\n' > pandas.csv
refused 0 "column 2 is '0', a number, and column 1 is 'label', none; say --heading yes or --heading no" \
    "$SHARDSTEP" import new.h5 x=csv:2-3:pandas.csv y=csv:1:pandas.csv
"$SHARDSTEP" import pandas.h5 x=csv:2-3:pandas.csv y=csv:1:pandas.csv --heading yes > out.txt
[ "$(grep -cx 'pandas.csv: line 1 is a heading' out.txt)" = 1 ] || fail "heading: $(cat out.txt)"
grep -q '^x: i64, 1 rows' out.txt && grep -q '^y: i64, 1 rows' out.txt || fail "rows: $(cat out.txt)"
refused 0 "line 1, column 1: 'label' is no number" "$SHARDSTEP" import new.h5 y=csv:1:pandas.csv --heading no
refused 0 "heading is 'perhaps'; it must be one of: yes, no" \
    "$SHARDSTEP" import new.h5 y=csv:1:pandas.csv --heading perhaps

# what cannot be read is refused, under the ranks' one message, and leaves nothing
printf '\x93NUMPY\x01\x00\x3c\x00%-60s' "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}" > pickled.npy
head -c 4000 sources/v1.npy > short.npy
head -c 1500 sources/fortran.npy.gz > short.npy.gz
{ cat sources/v1.npy; echo; } > long.npy
sed 's/NUMPY/NUMBY/' sources/v1.npy > magic.npy
printf '1,2\n3,4\n5\n' > ragged.csv
printf 'a\n1\n2\nthree\n' > words.csv
seq 100000 | gzip > many.csv.gz
head -c 100000 many.csv.gz > cut.csv.gz
head -c 99 sources/raw.u8 > short.bin
cp -r sources/png_3_u1 sizes
cp sources/classes/Zebra/000.png sizes/006.png
cp -r sources/png_0_u2 bits
cp sources/png_0_u1/000.png bits/008.png
mkdir arrays
cp sources/v1.npy arrays
cp -r sources/png_0_u1 cut
head -c 100 cut/006.png > cut/004.png
cp -r sources/png_0_u1 flipped
printf '\xff' | dd of=flipped/003.PNG bs=1 seek=90 conv=notrunc status=none
for ranks in 0 3; do
    import() { refused "$ranks" "$1" "$SHARDSTEP" import new.h5 "${@:2}"; }
    import 'pickled Python objects' a=pickled.npy
    import 'ends [0-9]+ bytes too early, in its elements' a=short.npy
    import 'short.npy.gz ends too early' a=short.npy.gz
    import 'goes on after' a=long.npy
    import 'no NPY file' a=npy:magic.npy
    import 'line 3 has 1 columns, where the first has 2' a=ragged.csv
    import "line 4, column 1: 'three' is no number" a=words.csv
    import "line 4, column 1: 'three' is no number of type i16" a=words.csv --type i16
    import "'256' is no number of type u8" a=many.csv.gz --type u8
    import "'class' may not stand there: before FILE come a type .* csv:u8:2-5:FILE" a=csv:class:10:words.csv
    import 'cut.csv.gz ends too early' a=cut.csv.gz
    import 'ends 2309 bytes too early' a=raw:u8:301x4x2:short.bin
    import 'raw:TYPE:SHAPE:FILE' a=raw:u8:short.bin
    import 'sizes/006.png is u8 8x9, where sizes/000.png is u8 13x7x3; all images must be alike, unless .* --encoded' a=sizes
    import 'bits/008.png is u8 13x7, where bits/000.png is u16 13x7' a=bits
    import 'cut/004.png ends [0-9]+ bytes too early' a=cut
    import 'flipped/003.PNG: .*damaged' a=flipped
    import 'words.csv is a file: what is taken of it is said before its name' a=words.csv:1
    import 'arrays/v1.npy is neither .* of a folder; move it out of arrays; name arrays file by file' a=arrays
    import 'cannot open arrays/\*.npy: .*; only files of h5:FILE:DATASET are given by a pattern' 'a=npy:arrays/*.npy'
    import 'cannot open arrays/\*: .*; only files of h5:FILE:DATASET are given by a pattern' 'a=arrays/*'
    import "'csv:' names no file" a=csv:
    import 'short.bin: a process cannot address as many elements; check its shape' a=raw:u8:99999999999x99999999999:short.bin
    import 'no sub-folders' a,b=sources/png_0_u1
    import 'only a folder of images has labels' a,b=sources/v1.npy
    import "not NAME=ORIGIN" a,b,c=sources/classes
    import 'must be one of: u8' a=ragged.csv --type u7
    import 'a CSV file cannot be read as f16' a=ragged.csv --type f16
done
ls | grep 'new.h5' && fail "a failed import left something"
finish
