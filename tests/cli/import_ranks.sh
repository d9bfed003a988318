#!/usr/bin/env bash
# The same file, bit for bit, on any number of ranks; what one rank finds, all say once.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump h5py fashion

reference="/usr/bin/python3 $SOURCE/tests/cli/import_reference.py"
images=$fashion/t10k-images-idx3-ubyte.gz labels=$fashion/t10k-labels-idx1-ubyte.gz
gunzip -c $images > images.idx
seq 30000 | sed 's/$/.25/' > numbers.csv
tail -c +17 images.idx | first 1000000 > tiny.bin
sources="a=images.idx b=$labels c=$images d=numbers.csv e=raw:u8:1000000:tiny.bin"
i=0
for options in "" "--deflate 2 --byteshuffle" "--chunk 3001 --deflate 1"; do
    i=$((i + 1))
    "$SHARDSTEP" import alone$i.h5 $sources --any-rows $options > /dev/null
    for ranks in ${RANKS:-1 2 3 5}; do
        on $ranks "$SHARDSTEP" import ranks.h5 $sources --any-rows $options > out.txt
        same "import $options on $ranks ranks" alone$i.h5 ranks.h5
        [ "$(wc -l < out.txt)" = 6 ] || fail "output not once on $ranks ranks"
        rm ranks.h5
    done
done
but=$(printf -- '--exclude-path=/%s.chunk_crc32c ' a b c d e) # the checksums of chunks as they are stored
# shellcheck disable=SC2086
h5diff $but alone1.h5 alone2.h5 || fail "other values with filters"
# shellcheck disable=SC2086
h5diff $but alone1.h5 alone3.h5 || fail "other values in other chunks"

# checksums of more rows than rank 0 keeps at once, against a file that has them all
truncate -s 17000000 many.bin
printf '\x01' | dd of=many.bin bs=1 seek=16900000 conv=notrunc status=none
"$SHARDSTEP" import many.h5 x=raw:u8:17000000:many.bin > /dev/null
on 2 "$SHARDSTEP" import many2.h5 x=raw:u8:17000000:many.bin > /dev/null
same "many rows on two ranks" many.h5 many2.h5
h5dump -d x.crc32c -b LE -o sums.bin many.h5 > /dev/null
# crc32c of one byte 0, and of one byte 1
od -An -v -tx4 -w4 sums.bin | sort | uniq -c | awk '{ print $1, $2 }' > counts.txt
printf '16999999 527d5351\n1 a016d052\n' > expected.txt
sort counts.txt > counted.txt
sort expected.txt > wanted.txt
same "checksums of many rows" wanted.txt counted.txt

# a split: each row in one part, in its order, whatever the ranks
fields="a=images.idx b=$labels c=$images"
parts="big=0.7,small/one=0.05,rest=0.25"
for options in "" "--deflate 1"; do
    "$SHARDSTEP" import split.h5 $fields --split $parts --split-seed 81985529216486895 $options > out.txt
    grep -q '^small/one/b: u8, ' out.txt || fail "no part named"
    for ranks in 2 5; do
        on $ranks "$SHARDSTEP" import split$ranks.h5 $fields --split $parts \
            --split-seed 81985529216486895 $options > /dev/null
        same "a split on $ranks ranks" split.h5 split$ranks.h5
    done
    for field in a b c; do
        $reference split split.h5 81985529216486895 ${parts//,/ } $field=alone1.h5 || fail "split of $field"
    done
    rm split*.h5
done
refused 0 'option --seed is for plan, digest, random, replay, preview, audit, bench, not for import' "$SHARDSTEP" import new.h5 $fields --split $parts --seed 5
"$SHARDSTEP" import --help | holds -- "--split-seed S  " || fail "help names no --split-seed"
"$SHARDSTEP" import three.h5 b=$labels --split 0.8,0.1,0.1 | cut -d: -f1 | tr '\n' ' ' > names.txt
echo -n 'train/b validation/b test/b ' > wanted.txt
same "names of three parts" wanted.txt names.txt
refused 2 'equally many' "$SHARDSTEP" import new.h5 $sources --any-rows --split 0.5,0.5
refused 0 'add up to 1.1, not to 1' "$SHARDSTEP" import new.h5 b=$labels --split 0.5,0.6
for split in 0.5 a=0.5,0.5 a=0.5,a=0.5 0.5,x 0.25,0.25,0.25,0.25 /=0.5,b=0.5; do
    refused 0 'give 2 or 3 numbers' "$SHARDSTEP" import new.h5 b=$labels --split $split
done
refused 0 'part test gets none' "$SHARDSTEP" import new.h5 b=$labels --split 0.9999999,0.0000001

# one row is wrong, which only the rank that reads it can know
awk 'BEGIN { for (i = 0; i < 300000; i++) print "1,2," (i == 250000 ? "x" : "3") }' > rows.csv
truncate -s 6442450944 huge.bin # without taking space
for ranks in 0 2 3; do
    refused $ranks "line 250001, column 3: 'x' is no number of type f64" \
        "$SHARDSTEP" import new.h5 first=$labels g/x=csv:f64:rows.csv
    refused $ranks 'cannot create' "$SHARDSTEP" import no/such/folder/new.h5 a=$labels
    refused $ranks "a chunk of" "$SHARDSTEP" import new.h5 x=raw:u8:3x2147483648:huge.bin --chunk 2
    ls | holds 'new.h5' && fail "a failed import left $(ls | grep new.h5)"
done
finish
