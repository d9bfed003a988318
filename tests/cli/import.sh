#!/usr/bin/env bash
# What import writes is what the sources hold, by h5dump; nothing half done looks complete.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump python3 fashion

labels=$fashion/t10k-labels-idx1-ubyte.gz images=$fashion/t10k-images-idx3-ubyte.gz
"$SHARDSTEP" import plain.h5 test/images=$images test/labels=$labels > /dev/null
for field in images:17 labels:9; do
    h5dump -d test/${field%:*} -b LE -o field.bin plain.h5 > /dev/null
    gunzip -c $fashion/t10k-${field%:*}-idx*.gz | tail -c +${field#*:} > source.bin
    same "test/${field%:*} by h5dump" source.bin field.bin
done

gunzip -c $images > images.idx
"$SHARDSTEP" import deflated.h5 x=images.idx --chunk 100 --deflate 4 --byteshuffle > /dev/null
h5dump -d x -b LE -o field.bin deflated.h5 > /dev/null
tail -c +17 images.idx > source.bin
same "a deflated field by h5dump" source.bin field.bin
h5dump -H -p deflated.h5 | holds 'CHUNKED ( 100, 28, 28 )' || fail "chunk of another size"
h5dump -H -p deflated.h5 | holds 'DEFLATE { LEVEL 4 }' || fail "no deflate"
[ "$(stat -c %s deflated.h5)" -lt 6000000 ] || fail "not compressed"

# checksums: by a table of Python's own; no field themselves
h5dump -d x.crc32c -b LE -o sums.bin deflated.h5 > /dev/null
h5dump -H -p -d x.crc32c deflated.h5 | holds 'CHECKSUM FLETCHER32' || fail "checksums unprotected"
python3 - << 'END' || fail "checksums of rows"
table = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    table.append(n)

def crc32c(row):
    crc = 0xffffffff
    for byte in row:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return (crc ^ 0xffffffff).to_bytes(4, "little")

rows, sums = open("source.bin", "rb").read(), open("sums.bin", "rb").read()
assert len(sums) == 4 * 10000
for row in list(range(0, 10000, 97)) + [9999]:
    assert sums[4 * row : 4 * row + 4] == crc32c(rows[784 * row : 784 * row + 784]), row
END
"$SHARDSTEP" info deflated.h5 | holds 'checksums  x.crc32c, of each row' || fail "info"
"$SHARDSTEP" digest deflated.h5 --steps 1 > all.txt
"$SHARDSTEP" digest deflated.h5 --steps 1 --fields x > x.txt
same "a digest of all fields, without checksums" x.txt all.txt

on 3 "$SHARDSTEP" import three.h5 test/images=$images test/labels=$labels > out.txt
same "import on three ranks" plain.h5 three.h5
[ "$(grep -c '^test/labels' out.txt)" = 1 ] || fail "output not once"

# a bar on a terminal, and only there
script -qec "'$SHARDSTEP' import seen.h5 x=images.idx y=images.idx > out.txt" /dev/null > terminal.txt
grep -q '100% \[=*\] y\|[0-9]% \[[= ]*\] x' terminal.txt || fail "no bar: $(cat -v terminal.txt)"
"$SHARDSTEP" import unseen.h5 x=images.idx y=images.idx > out.txt 2> err.txt
[ ! -s err.txt ] || fail "a bar, but no terminal: $(cat -v err.txt)"

refused 2 'is there already' "$SHARDSTEP" import plain.h5 a=$labels
refused 0 'not NAME=ORIGIN' "$SHARDSTEP" import new.h5 labels
refused 0 'belong to checksums' "$SHARDSTEP" import new.h5 a=$labels a.crc32c=$labels
refused 0 'field a already' "$SHARDSTEP" import new.h5 a=$labels a=$labels
refused 0 'field a already, .* a/b;' "$SHARDSTEP" import new.h5 a=$labels ab=$labels a/b=$labels
refused 0 'field a/b already, .* a;' "$SHARDSTEP" import new.h5 a/b=$labels a=$labels
for name in /a a/ a//b /; do
    refused 2 'is no name of a field' "$SHARDSTEP" import new.h5 $name=$labels
done
refused 0 'cannot open nothing' "$SHARDSTEP" import new.h5 a=nothing
refused 0 'is an HDF5 file; name a dataset of it, as in h5:plain.h5:DATASET' "$SHARDSTEP" import new.h5 a=plain.h5
echo text > a.unknown
refused 0 'no format that can be told' "$SHARDSTEP" import new.h5 a=a.unknown
refused 0 'no IDX file' "$SHARDSTEP" import new.h5 a=idx:plain.h5
refused 0 'deflate takes a whole number from 0 to 9, not .10.' "$SHARDSTEP" import new.h5 a=$labels --deflate 10
refused 0 'cannot create' "$SHARDSTEP" import no/such/folder/new.h5 a=$labels
head -c 5000000 images.idx > short.idx
refused 3 'ends [0-9]+ bytes too early' "$SHARDSTEP" import new.h5 a=short.idx
head -c 2000000 $images > short.idx.gz
refused 0 'ends too early, within the gzip member that begins at byte 0' "$SHARDSTEP" import new.h5 a=short.idx.gz
{ cat images.idx; echo; } > long.idx
refused 0 'goes on after' "$SHARDSTEP" import new.h5 a=long.idx
# a claim that no bytes stand behind, and what is no file at all
printf '\x00\x00\x08\x01\xee\x6b\x28\x00' | gzip > claim.idx.gz
refused 2 'claim.idx.gz ends [0-9]+ bytes too early' "$SHARDSTEP" import new.h5 a=claim.idx.gz
mkfifo pipe
mkdir folder
mkfifo folder/0.png
for origin in idx:pipe npy:pipe csv:pipe raw:u8:3:pipe pipe folder; do
    refused 2 'it is a named pipe; give a plain file' "$SHARDSTEP" import new.h5 a=$origin
done
ls | holds 'new.h5' && fail "a failed import left $(ls | grep new.h5)"
finish
