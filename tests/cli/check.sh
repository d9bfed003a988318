#!/usr/bin/env bash
# What is bad in a file is named, alike on any number of ranks, and nothing good is.
. "$(dirname "$0")/common.sh"

reference="/usr/bin/python3 $SOURCE/tests/cli/check_reference.py"
if ! /usr/bin/python3 -c 'import h5py, numpy' 2> /dev/null; then
    echo "SKIPPED: no h5py and numpy (python3-h5py, python3-numpy)"
    exit 77
fi

check() { # CODE RANKS FILE options...: what it prints, in out.txt
    local expected=$1 ranks=$2 code=0
    shift 2
    on "$ranks" "$SHARDSTEP" check "$@" > out.txt 2> err.txt || code=$?
    [ "$code" = "$expected" ] || fail "check $* on $ranks ranks: exit code $code: $(cat out.txt err.txt)"
}
said() { # PATTERN
    grep -qE -- "$1" out.txt || fail "no '$1' in: $(cat out.txt)"
}
# flip FILE BYTE
flip() {
    local byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\$(printf %03o $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

images=$fashion/t10k-images-idx3-ubyte.gz labels=$fashion/t10k-labels-idx1-ubyte.gz
"$SHARDSTEP" import good.h5 test/images=$images test/labels=$labels > /dev/null
"$SHARDSTEP" import deflated.h5 a=$images --chunk 100 --deflate 3 > /dev/null

# good
for ranks in 0 ${RANKS:-1 2 3 5}; do
    check 0 "$ranks" good.h5
    cp out.txt "good.$ranks"
    same "a good file on $ranks ranks" good.0 "good.$ranks"
done
said '^test/images: u8 10000x28x28, 10000 rows as they were written$'
said '^good: 20000 rows of 2 fields$'
grep -q crc32c out.txt && fail "checksums are shown as a field"

# some rows in raw chunks, on any number of ranks
cp good.h5 bad.h5
read -r at bytes <<< "$($reference chunk good.h5 test/images 3)"
flip bad.h5 $((at + 5))
flip bad.h5 $((at + 784 + 5))
flip bad.h5 $((at + 784 * 6))
flip bad.h5 $((at + 784 * 6 + 783))
read -r label _ <<< "$($reference chunk good.h5 test/labels 0)"
flip bad.h5 $((label + 9))
for ranks in 0 ${RANKS:-1 2 3 5}; do
    check 1 "$ranks" bad.h5
    cp out.txt "bad.$ranks"
    same "a bad file on $ranks ranks" bad.0 "bad.$ranks"
done
said "test/images, rows 192 to 193: not what was written; chunk 3, $bytes bytes at byte $at of the file"
said "test/images, row 198: not what was written: CRC-32C [0-9a-f]{8}, not [0-9a-f]{8}; chunk 3, "
said 'test/labels, row 9: not what was written'
said '^test/images: u8 10000x28x28, 3 of 10000 rows bad$'
said '^BAD: 4 rows of 20000 in 2 fields$'
check 1 0 bad.h5 --json
said '"good": false, .*"name": "test/images", "about": "u8 10000x28x28", "field": true, "checksums": true, "rows": 10000, "bad_rows": 3}'
said '"bad": \[\{"dataset": "test/images", "first": 192, "count": 2, '

# a chunk that its filter refuses
read -r at bytes <<< "$($reference chunk deflated.h5 a 7)"
cp deflated.h5 bad.h5
flip bad.h5 $((at + bytes / 2))
check 1 2 bad.h5
said "a, rows 700 to 799: chunk 7, $bytes bytes at $at: "
said '^BAD: 100 rows of 10000 in 1 fields$'
# more than are told; some of these flips may change nothing: zeros are copied from elsewhere
$reference chunk deflated.h5 a {0..98..2} > chunks.txt
while read -r at bytes; do flip bad.h5 $((at + bytes / 3)); done < chunks.txt
check 1 0 bad.h5
[ "$(grep -c '^  a, rows' out.txt)" = 20 ] || fail "not 20 messages: $(cat out.txt)"
rows=$(sed -n 's/^BAD: \([0-9]*\) rows of 10000.*/\1/p' out.txt)
[ "$rows" -ge 4500 ] || fail "only $rows rows are bad"
said "^  and $((rows / 100 - 20)) more\$"

# other files
$reference plain plain.h5
check 0 2 plain.h5
said '^names: no field, not read: text$'
said '^numbers: i32 100x10, 100 rows can be read; they have no checksums$'
said '^1 of 1 fields have no checksums: only whether they can be read was checked; import writes them$'
check 0 0 long.h5
said '^x{1000,}: i64 3, 3 rows can be read'
head -c 1000000 good.h5 > short.h5
for ranks in 0 3; do
    refused "$ranks" 'truncated|not complete' "$SHARDSTEP" check short.h5
    refused "$ranks" 'no HDF5 file' "$SHARDSTEP" check bad.0
    refused "$ranks" 'cannot open nothing.h5' "$SHARDSTEP" check nothing.h5
done
refused 0 'no memory for rows .*--probe-mebibytes allows more' "$SHARDSTEP" check large.h5 \
    --probe-mebibytes 200
refused 2 'must be at least 64' "$SHARDSTEP" check good.h5 --probe-mebibytes 20
refused 0 'must be below 2\^32' "$SHARDSTEP" check good.h5 --probe-seconds 4294967296

# what kills HDF5, unless it is a later version, does not kill the check
"$BUILD/tests/hostile" damage 8 68 crash.h5
code=0
{ h5ls -r crash.h5; } > /dev/null 2>&1 || code=$?
if [ "$code" = 139 ]; then
    check 1 2 crash.h5
    said 'crash.h5: looking for its datasets crashes HDF5 \(signal 11\)'
fi

# single bits, against h5py
gunzip -c $images | tail -c +17 | head -c 94080 > small.bin
{ printf '\0\0\x08\3\0\0\0\x78\0\0\0\x1c\0\0\0\x1c'; cat small.bin; } > small.idx
"$SHARDSTEP" import small.h5 a/images=small.idx b=small.idx --chunk 16 > /dev/null
$reference flips "$SHARDSTEP" small.h5 40 > flips.txt || fail "flips"
cat flips.txt
finish
