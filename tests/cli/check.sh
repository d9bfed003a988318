#!/usr/bin/env bash
# What is bad in a file is named, alike on any number of ranks, and nothing good is.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5dump h5py fashion

reference="/usr/bin/python3 $SOURCE/tests/cli/check_reference.py"

check() { # CODE RANKS FILE options...: what it prints, in out.txt
    local expected=$1 ranks=$2 code=0
    shift 2
    on "$ranks" "$SHARDSTEP" check "$@" > out.txt 2> err.txt || code=$?
    [ "$code" = "$expected" ] || fail "check $* on $ranks ranks: exit code $code: $(cat out.txt err.txt)"
    [ "$code" != 2 ] || [ "$(grep -c '^shardstep: ' err.txt)" = 1 ] ||
        fail "check $* on $ranks ranks: not one message: $(cat err.txt)"
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
said '^BAD: 4 rows of 20000 in 2 fields; good: 19996 rows of 0 fields$'
check 1 0 bad.h5 --json
said '"good": false, .*"name": "test/images", "about": "u8 10000x28x28", "field": true, "checksums": true, "rows": 10000, "bad_rows": 3, "not_checked_rows": 0}'
said '"bad": \[\{"dataset": "test/images", "first": 192, "count": 2, '

# a chunk that its filter refuses
read -r at bytes <<< "$($reference chunk deflated.h5 a 7)"
cp deflated.h5 bad.h5
flip bad.h5 $((at + bytes / 2))
check 1 2 bad.h5
said "a, rows 700 to 799: chunk 7, $bytes bytes at $at: "
said '^BAD: 100 rows of 10000 in 1 fields; good: 9900 rows of 0 fields$'
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
    check 1 "$ranks" short.h5
    said "short.h5: cannot open short.h5: it is not complete: it has 1000000 bytes of $(stat -c %s good.h5)"
    said '^BAD: no field could be reached$'
    refused "$ranks" 'no HDF5 file' "$SHARDSTEP" check bad.0
    refused "$ranks" 'cannot open nothing.h5' "$SHARDSTEP" check nothing.h5
done
check 2 0 large.h5 --probe-mebibytes 200
said '^  rows: not checked: no memory for rows .*--probe-mebibytes allows more$'
said '^NOT CHECKED: 3 rows of 3 in 1 fields; good: 0 rows of 0 fields$'
refused 2 'must be at least 64' "$SHARDSTEP" check good.h5 --probe-mebibytes 20
refused 0 'seconds takes a whole number from 1 to 2\^32-1' "$SHARDSTEP" check good.h5 --probe-seconds 4294967296

# what kills HDF5, unless it is a later version, does not kill the check
"$BUILD/tests/hostile" damage 5 40 crash.h5
code=0
{ h5dump -d /floats crash.h5; } > /dev/null 2>&1 || code=$?
if [ "$code" = 139 ]; then
    check 1 2 crash.h5
    said 'floats: opening it crashes HDF5 \(signal 11\)'
fi

# what could not be checked is not bad: a filter that only a plug-in has, a missing source, a sector
"$BUILD/tests/plugin_file" filtered.h5
mkdir plugins
cp "$BUILD/tests/libplugin.so" plugins/
export HDF5_PLUGIN_PATH=$work/plugins
check 2 2 filtered.h5
said '^  data: not checked: .*needs filter 305 \(LZO\), which is not there.*--plugins allows them$'
said '^NOT CHECKED: 8 rows of 8 in 1 fields; good: 0 rows of 0 fields$'
check 0 2 filtered.h5 --plugins
said '^good: 8 rows of 1 fields$'
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('far.h5', 'w', libver='latest') as f:
    f['near'] = np.arange(12).reshape(4, 3)
    layout = h5py.VirtualLayout((4, 3), 'i4')
    layout[:] = h5py.VirtualSource('gone.h5', 'x', (4, 3))
    f.create_virtual_dataset('far', layout)
with h5py.File('empty.h5', 'w') as f:
    f['text'] = np.array([b'shirt', b'bag'])
with h5py.File('lines.h5', 'w') as f:
    f['two\nlines\x1b[2J'] = [1, 2]
END
check 2 3 far.h5
said '^far: i32 4x3, 4 of 4 rows not checked$'
said '^  far: not checked: its source file gone.h5 is missing'
said '^NOT CHECKED: 4 rows of 8 in 2 fields; good: 4 rows of 1 fields$'
grep -qi 'bad\|damaged' out.txt && fail "a missing source is called bad: $(cat out.txt)"
check 2 2 empty.h5
said '^nothing to check: no dataset of plain numbers$'
said '^1 datasets are no fields: they were not read$'
check 0 2 lines.h5
said '^two\\x0alines\\x1b\[2J: i64 2, 2 rows can be read'
[ "$(wc -l < out.txt)" = 3 ] || fail "a name ends a line: $(cat out.txt)"
read -r at bytes <<< "$($reference chunk good.h5 test/images 5)"
cp good.h5 sector.h5
for ranks in 0 2; do
    code=0
    BAD_FROM=$((at + 3000)) BAD_TO=$((at + 3001)) on "$ranks" \
        env LD_PRELOAD="$BUILD/tests/libfailing_read.so" "$SHARDSTEP" check sector.h5 > out.txt 2> err.txt || code=$?
    [ "$code" = 2 ] || fail "a bad sector on $ranks ranks: exit code $code: $(cat out.txt err.txt)"
    said '^  test/images, rows 320 to 383: not checked: .*Input/output error'
    said '^NOT CHECKED: 64 rows of 20000 in 2 fields; good: 19936 rows of 1 fields$'
    grep -q 'BAD\|damaged' out.txt && fail "a bad sector is called damage: $(cat out.txt)"
done
gunzip -c $images | tail -c 400000 > bytes.raw
"$SHARDSTEP" import sector.h5 a=raw:u8:400000:bytes.raw --overwrite > /dev/null
read -r at bytes <<< "$($reference chunk sector.h5 a.crc32c 2)" # which holds no row that opening tries
code=0
BAD_FROM=$at BAD_TO=$((at + 1)) LD_PRELOAD="$BUILD/tests/libfailing_read.so" \
    "$SHARDSTEP" check sector.h5 > out.txt 2> err.txt || code=$?
[ "$code" = 2 ] || fail "a bad sector of checksums: exit code $code: $(cat out.txt err.txt)"
said '^  a: not checked: dataset a.crc32c: .*Input/output error'
grep -q 'BAD\|damaged\|as they were' out.txt && fail "rows without checksums are judged: $(cat out.txt)"

# several files, in each way to name them; where one is bad and another cannot be checked, the code is 1
mkdir many
cp good.h5 many/a.h5
cp bad.h5 many/b.h5
cp far.h5 many/c.h5
printf '# a list\nmany/a.h5\nmany/b.h5\nmany/c.h5\n' > list.txt
for ranks in 0 3; do
    check 1 "$ranks" many
    cp out.txt "many.$ranks"
    same "a folder on $ranks ranks" many.0 "many.$ranks"
done
said '^many/a.h5: test/images: u8 10000x28x28, 10000 rows as they were written$'
said '^  many/b.h5: a, rows 0 to 99: chunk 0'
said '^  many/c.h5: far: not checked: its source'
said '^BAD: [0-9]+ rows of 30008 in 5 fields; good: [0-9]+ rows of 3 fields; not checked: 4 rows of 1 fields$'
said '^3 files: 1 good, 1 bad, 1 not or not wholly checked$'
for paths in 'many/*.h5' @list.txt many/a.h5,many/b.h5,many/c.h5 'many/a.h5 many/b.h5 many/c.h5'; do
    set -f
    check 1 0 $paths
    set +f
    same "check $paths" many.0 out.txt
done
check 1 2 many --json
/usr/bin/python3 - <<'END' || fail "check --json of a folder: $(cat out.txt)"
import json
told = json.load(open('out.txt'))
assert [f['file'] for f in told['files']] == ['many/a.h5', 'many/b.h5', 'many/c.h5']
assert [f['good'] for f in told['files']] == [True, False, False] and not told['good']
assert told['bad_files'] == told['not_checked_files'] == 1 and told['not_checked_rows'] == 4
assert told['files'][2]['not_checked'][0]['dataset'] == 'far' and not told['files'][2]['bad']
END
rm many/b.h5
check 2 2 many list.txt nothing.h5
said '^  list.txt: not checked: .*no HDF5 file'
said '^  nothing.h5: not checked: cannot open nothing.h5: No such file'
said '^4 files: 1 good, 0 bad, 3 not or not wholly checked$'
check 0 2 many/a.h5 many/a.h5
said '^2 files: 2 good, 0 bad, 0 not or not wholly checked$'

gunzip -c $images | tail -c +17 | first 94080 > small.bin
{ printf '\0\0\x08\3\0\0\0\x78\0\0\0\x1c\0\0\0\x1c'; cat small.bin; } > small.idx
"$SHARDSTEP" import small.h5 a/images=small.idx b=small.idx --chunk 16 > /dev/null

# ranks that see other copies under one name, as on the disks of nodes
cat > each.sh <<'END'
# each.sh FOLDER-OF-RANK-0 FOLDER-OF-RANK-1 command...: in the rank's folder, on a host of its own
# if $HOSTS is set
[ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}" = 0 ] && cd "$1" || cd "$2"
shift 2
[ -z "${HOSTS:-}" ] && exec "$@"
exec unshare --uts sh -c 'hostname "node-$(basename "$PWD")"; exec "$@"' sh "$@"
END
each() { # CODE FOLDER FOLDER: check x.h5
    local code=0
    on 2 sh each.sh "$2" "$3" "$SHARDSTEP" check x.h5 > out.txt 2> err.txt || code=$?
    [ "$code" = "$1" ] || fail "check in $2 and $3: exit code $code, not $1: $(cat out.txt err.txt)"
}
mkdir whole again short stale flipped
cp small.h5 whole/x.h5
cp small.h5 again/x.h5
head -c 50000 small.h5 > short/x.h5
cp small.h5 flipped/x.h5
read -r at bytes <<< "$($reference chunk small.h5 b 0)"
flip flipped/x.h5 $((at + 800)) # in rank 0's share, of rank 1's copy, at a row that is not compared
head -c 94080 /dev/zero > zeros.bin
{ printf '\0\0\x08\3\0\0\0\x78\0\0\0\x1c\0\0\0\x1c'; cat zeros.bin; } > zeros.idx
"$SHARDSTEP" import stale/x.h5 a/images=zeros.idx b=zeros.idx --chunk 16 > /dev/null
each 0 whole whole
each 1 whole short
said '  x.h5: rank 1 on host .* has another copy than rank 0 on host .*: its size in bytes is 50000, not '
each 1 whole stale
said 'the copy that rank 1 has on host .* has other checksums than that of rank 0 on host '
if unshare --uts true 2> /dev/null; then
    export HOSTS=1
    each 0 whole again
    said '^  x.h5: 2 hosts have copies of their own, each of which was checked$'
    said '^good: 480 rows of 2 fields$'
    each 1 whole flipped
    said '^  b, row 1 \(rank 1 on host node-flipped\): not what was written'
    each 1 whole short
    said 'rank 1 on host node-short has another copy than rank 0 on host node-whole'
    unset HOSTS
else
    echo "no hosts of their own for ranks here: unshare --uts is refused"
fi

# single bits, against h5py
$reference flips "$SHARDSTEP" small.h5 40 > flips.txt || fail "flips"
cat flips.txt

# ---- whole files among others
/usr/bin/python3 - <<'END'
import h5py, numpy as np, os
os.mkdir('wholes')
for name in 'abc':
    h5py.File(f'wholes/{name}.h5', 'w')['x'] = np.arange(60)
END
truncate -s 1000 wholes/b.h5
check 1 0 wholes
said '^BAD: 1 of 3 files; good: 120 rows of 2 fields$'
printf 'CDF\001' > wholes/b.h5
check 2 0 wholes
said '^NOT CHECKED: 1 of 3 files; good: 120 rows of 2 fields$'
grep -q '^shardstep: 1 of 3 files could not be checked: what was printed tells why$' err.txt || fail "a whole file: $(cat err.txt)"

finish
