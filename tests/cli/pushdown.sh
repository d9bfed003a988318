#!/usr/bin/env bash
# What a crop keeps is read alone, and the digests are those of whole samples: 60 random cases, or 3,000 with
# SHARDSTEP_LONG=1, and any number of ranks. A failing case names its number. bench says what is read, and why
# all is.
#
#   tests/reference/pushdown.py build/shardstep --case 17    one case alone, in the current folder
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

cases=60
[ "${SHARDSTEP_LONG:-}" != 1 ] || cases=3000
export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 "$SOURCE/tests/reference/pushdown.py" "$SHARDSTEP" --cases "$cases" ||
    fail "push-down changes what is read"

/usr/bin/python3 - << 'END'
import h5py, numpy as np
rng = np.random.default_rng(7)
with h5py.File('v.h5', 'w') as f:
    f.create_dataset('x', data=rng.integers(0, 99, (9, 32, 32, 32)).astype('f4'), chunks=(1, 8, 8, 8),
                     compression='gzip')
    f['y'] = np.arange(9)
END
crop='x: random_flip(axis=x, layout=zyx) random_crop(size=8, axes=zyx, padding=1) normalize(mean=1, std=2)'

# any number of ranks
digest() {
    on "$1" "$SHARDSTEP" digest v.h5 --batch 2 --vranks 3 --augment "$crop" --cache-bytes 100000 "${@:2}" < /dev/null
}
digest 0 --pushdown off > expected.txt
for ranks in ${RANKS:-1 2 3}; do
    digest "$ranks" --threads 2 > found.txt
    same "digests of $ranks ranks" expected.txt found.txt
done

# what bench tells, and counts
bench() {
    "$SHARDSTEP" bench v.h5 --batch 3 --augment "$1" --cache-bytes 100000 --steps 3 --quick "${@:2}" < /dev/null
}
bench "$crop" > bench.txt
grep -qF 'push-down: of x only what random_crop keeps is read, at most 512 of the 32768 elements of a sample' \
    bench.txt || fail "bench does not tell what is read: $(cat bench.txt)"
bench "$crop" --json | /usr/bin/python3 -c '
import json, sys
decoded = json.load(sys.stdin)["chunks_decoded_per_1000"]
sys.exit(f"{decoded} chunks of 1000 samples are decoded" if not 0 < decoded <= 8000 else 0)' ||
    fail "more than 8 chunks a sample are decoded"
bench "$crop" --pushdown off > bench.txt
grep -qF 'no push-down: whole samples of x are read: the option pushdown is off' bench.txt ||
    fail "bench does not tell that push-down is off: $(cat bench.txt)"
bench 'x: normalize(mean=1, std=2) random_crop(size=8, axes=zyx, layout=zyx)' > bench.txt
grep -qF 'no push-down: whole samples of x are read: normalize comes before any crop, and may need whole samples' \
    bench.txt || fail "bench does not tell what needs whole samples: $(cat bench.txt)"
bench 'x: random_crop(size=31, axes=zyx, layout=zyx)' > bench.txt
grep -qF 'the crop keeps most of what must be read' bench.txt || fail "a large crop is pushed down: $(cat bench.txt)"

# import cuts chunks along the axes of a row, and writes their checksums, with which parts of rows are read
/usr/bin/python3 - << 'END'
import h5py, numpy as np
with h5py.File('v.h5') as f:
    np.save('v.npy', f['x'][()])
END
for how in '--deflate 1' '--deflate 1 --byteshuffle' ''; do
    # shellcheck disable=SC2086
    "$SHARDSTEP" import i.h5 x=v.npy --chunk 2 --chunk-shape 8,7,40 $how --overwrite > /dev/null
    /usr/bin/python3 - << 'END' || fail "import $how writes other rows, or other checksums"
import os, h5py, numpy as np
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82f63b78 * (crc & 1)
    return crc ^ 0xffffffff
with h5py.File('i.h5') as f, open('i.h5', 'rb') as file:
    x, sums = f['x'], f['x.chunk_crc32c']
    assert x.chunks == (2, 8, 7, 32), x.chunks
    assert (x[()] == np.load('v.npy')).all()
    assert list(sums.attrs['version']) == [b'1'] and sums.shape == (5 * 4 * 5 * 1, 2), sums.shape
    for number in (0, 1, 57, 99):
        at = np.unravel_index(number, (5, 4, 5, 1))
        chunk = x.id.get_chunk_info_by_coord(tuple(int(a * c) for a, c in zip(at, x.chunks)))
        file.seek(chunk.byte_offset)
        assert tuple(sums[number]) == (crc32c(file.read(chunk.size)), chunk.size), number
END
    "$SHARDSTEP" check i.h5 > check.txt || fail "check of import $how: $(cat check.txt)"
    "$SHARDSTEP" info i.h5 > info.txt
    grep -qF 'x.chunk_crc32c, of each chunk' info.txt || fail "info tells no checksums of chunks: $(cat info.txt)"
    "$SHARDSTEP" digest i.h5 --augment "$crop" --cache-bytes 1 --pushdown off > expected.txt < /dev/null
    "$SHARDSTEP" digest i.h5 --augment "$crop" --cache-bytes 1 > found.txt < /dev/null
    same "digests of import $how" expected.txt found.txt
done
if [ -n "$(type -P h5repack)" ]; then # which stores the chunks anew, and copies their checksums as they are
    for how in 'x:GZIP=9' 'x:NONE'; do
        h5repack -f "$how" i.h5 repacked.h5
        "$SHARDSTEP" check repacked.h5 > check.txt || fail "check of h5repack $how: $(cat check.txt)"
        # the last import was without filters, so without them the chunks are the same
        "$SHARDSTEP" info repacked.h5 | holds -F 'x.chunk_crc32c, of each chunk' && sums=x:NONE || sums=x:GZIP=9
        [ $sums = $how ] || fail "info after h5repack $how: other checksums of chunks"
        "$SHARDSTEP" digest repacked.h5 --augment "$crop" --cache-bytes 1 > found.txt < /dev/null
        same "digests after h5repack $how" expected.txt found.txt
    done
fi
for ranks in ${RANKS:-1 2 3}; do
    on "$ranks" "$SHARDSTEP" import j.h5 x=v.npy --chunk 2 --chunk-shape 8,7,40 --overwrite < /dev/null > /dev/null
    cmp -s i.h5 j.h5 || fail "another file of $ranks ranks"
done
refused 0 "--chunk-shape '8,,8' is no list" "$SHARDSTEP" import k.h5 x=v.npy --chunk-shape 8,,8
refused 0 'has 2 numbers, and no field has rows of so many axes' \
    "$SHARDSTEP" import k.h5 x=v.npy --chunk-shape 8,8
refused 0 'names that end in .chunk_crc32c belong to checksums' "$SHARDSTEP" import k.h5 x.chunk_crc32c=v.npy

# one byte of one chunk: check finds it, and so does a crop that has some of the chunk
/usr/bin/python3 - << 'END'
import h5py
with h5py.File('i.h5') as f:
    at = f['x'].id.get_chunk_info_by_coord((4, 8, 14, 0)).byte_offset + 1000
with open('i.h5', 'r+b') as f:
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 16]))
END
code=0
"$SHARDSTEP" check i.h5 > check.txt || code=$?
[ "$code" = 1 ] || fail "check of a damaged chunk has the exit code $code: $(cat check.txt)"
grep -q 'row 4.*not what was written' check.txt || fail "check does not name row 4: $(cat check.txt)"
echo 4 > rows.txt
told=0
for seed in 1 2 3 4 5 6 7 8 9 10; do
    "$SHARDSTEP" digest i.h5 --rows rows.txt --seed $seed --cache-bytes 1 \
        --augment 'x: random_crop(size=8, axes=zyx, layout=zyx)' > out.txt 2>&1 < /dev/null || told=$((told + 1))
done
[ "$told" -gt 0 ] && [ "$told" -lt 10 ] || fail "$told of 10 crops tell the damaged chunk"

# which damaged rows are replaced does not depend on what is read
for how in off always; do
    "$SHARDSTEP" digest i.h5 --cache-bytes 1 --seed 5 --batch 2 --on-damage replace --pushdown $how \
        --augment 'x: random_crop(size=2, axes=zyx, layout=zyx)' > $how.txt 2> told.txt < /dev/null
    grep -q 'takes the place of sample 4' told.txt || fail "push-down $how: row 4 is not replaced: $(cat told.txt)"
done
same "digests of replaced rows" off.txt always.txt

# rows of a sparse matrix are made of other rows
/usr/bin/python3 - << 'END'
import h5py, numpy as np
rng = np.random.default_rng(3)
with h5py.File('sparse.h5', 'w') as f:
    counts = rng.integers(0, 30, 20)
    f['X/indptr'] = np.concatenate([[0], np.cumsum(counts)])
    f['X/indices'] = np.concatenate([np.sort(rng.choice(60, n, replace=False)) for n in counts])
    f['X/data'] = rng.random(counts.sum(), dtype='f4')
END
for how in off always; do
    "$SHARDSTEP" digest sparse.h5 --fields 'x=csr(X, width=60)' --cache-bytes 1 --pushdown $how \
        --augment 'x: window_crop(size=8)' > $how.txt < /dev/null
done
same "digests of sparse rows" off.txt always.txt

# the same samples as they are before the crop
"$SHARDSTEP" preview v.h5 found.png --fields x,y --augment "$crop" --cache-bytes 100000 > /dev/null < /dev/null
"$SHARDSTEP" preview v.h5 expected.png --fields x,y --augment "$crop" --pushdown off > /dev/null < /dev/null
same "previews" expected.png found.png
# an array that is a member of a compound in one file and a dataset in another: the same crops, in either order
/usr/bin/python3 - << 'END'
import h5py, numpy as np
for number in range(2):
    x = np.random.default_rng(number).random((6, 8, 8), dtype='f4')
    np.save(f'members{number}.npy', x)
    for kind in ('plain', 'member'):
        with h5py.File(f'{kind}{number}.h5', 'w') as f:
            if kind == 'plain':
                f.create_dataset('jets.pt', data=x, chunks=(1, 4, 4), compression='gzip')
                f.create_dataset('one.pt', data=x[0], chunks=(2, 4), compression='gzip')
                continue
            jets = np.zeros((6, 8, 8), dtype=[('id', 'u1'), ('pt', '<f4')])
            jets['pt'] = x
            f.create_dataset('jets', data=jets, chunks=(1, 4, 4), compression='gzip')
            f.create_dataset('one', data=jets[0], chunks=(2, 4), compression='gzip')
END
for files in plain0.h5,member1.h5 member0.h5,plain1.h5; do
    "$SHARDSTEP" replay $files --fields 'x=jets.pt' --shuffle none --batch 12 --vranks 1 --rank 0 --step 0 -o whole.h5 \
        --overwrite > /dev/null
    /usr/bin/python3 - << 'END' || fail "rows of $files are not those of h5py"
import h5py, numpy as np
with h5py.File('whole.h5') as f:
    assert (f['x'][()] == np.concatenate([np.load('members0.npy'), np.load('members1.npy')])).all()
END
    for push in off auto always; do
        "$SHARDSTEP" digest $files --fields 'x=jets.pt' --batch 3 --cache-bytes 1 --pushdown $push \
            --augment 'x: random_crop(size=3, layout=hw)' > $push.txt < /dev/null
        same "digests of $files with push-down $push" off.txt $push.txt
    done
done
# with one sample a file the second file shows what it is when its sample is read
refused 0 'member1.h5: dataset one.pt: its elements are members of a compound, unlike those of the first file' \
    "$SHARDSTEP" digest plain0.h5,member1.h5 --fields 'x=one.pt' --one-sample-a-file --batch 2 --cache-bytes 1 \
    --augment 'x: random_crop(size=3, layout=hw)' --pushdown always
finish

# rows of a virtual array that are several rows of another array, in one file of two
/usr/bin/python3 - << 'END'
import h5py, numpy as np
rows = np.random.default_rng(5).integers(-99, 99, (12, 16, 16)).astype('i2')
for name in ('plain.h5', 'virtual.h5'):
    with h5py.File(name, 'w') as f:
        if name == 'plain.h5':
            f['x'] = rows.reshape(6, 2, 16, 16)
        else:
            f.create_dataset('halves', data=rows, chunks=(3, 8, 8), compression='gzip')
            layout = h5py.VirtualLayout((6, 2, 16, 16), 'i2')
            for i in range(6):
                layout[i] = h5py.VirtualSource(f['halves'])[2 * i:2 * i + 2]
            f.create_virtual_dataset('x', layout)
        f['x'].attrs['scale_factor'] = 0.5
END
for files in virtual.h5 plain.h5,virtual.h5; do
    for cf in '' --cf; do
        for how in off always; do
            # shellcheck disable=SC2086
            "$SHARDSTEP" digest $files --fields x --pushdown $how --augment 'x: random_crop(size=5, layout=tyx)' \
                --cache-bytes 1 $cf > $how.txt < /dev/null
        done
        same "digests of crops of $files $cf" off.txt always.txt
    done
done

# a series of rows that is compared whole is read whole
/usr/bin/python3 - << 'END'
import h5py, numpy as np
np.save('z.npy', np.random.default_rng(9).integers(-99, 99, (12, 4, 16, 16)).astype('i2'))
END
"$SHARDSTEP" import series.h5 z=z.npy --overwrite > /dev/null
/usr/bin/python3 - << 'END'
import h5py
with h5py.File('series.h5', 'r+') as f:
    del f['z.chunk_crc32c']
    chunk = f['z'].id.get_chunk_info(0)
    at = chunk.byte_offset + chunk.size // 2 + 300
with open('series.h5', 'r+b') as f:
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 16]))
END
refused 0 "dataset z: row 6 is not what was written" "$SHARDSTEP" digest series.h5 --fields 'z(axes=2, window=4)' \
    --augment 'z: random_crop(size=12, layout=tyx)' --cache-bytes 1 --pushdown always --seed 3
