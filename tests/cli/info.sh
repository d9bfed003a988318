#!/usr/bin/env bash
# What info tells of datasets is what h5py tells of them.
. "$(dirname "$0")/common.sh"

if ! /usr/bin/python3 -c 'import h5py, numpy' 2> /dev/null; then
    echo "SKIPPED: no h5py and numpy (python3-h5py, python3-numpy)"
    exit 77
fi
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('many.h5', 'w') as f:
    x = np.arange(6000, dtype='i4').reshape(100, 60)
    f['contiguous'] = x
    f.create_dataset('group/packed', data=x, chunks=(16, 20), compression='gzip', compression_opts=4, shuffle=True)
    f.create_dataset('summed', data=x.astype('>f8'), chunks=(7, 60), fletcher32=True)
    f.create_dataset('empty', (0, 3), dtype='u1')
    f['sum.crc32c'] = np.arange(3, dtype='u4')
    f['one'] = 3.5
    f['text "quoted"'] = np.array([b'shirt', b'bag'])
    layout = h5py.VirtualLayout((100, 60), 'i4')
    layout[:] = h5py.VirtualSource('many.h5', 'contiguous', (100, 60))
    f.create_virtual_dataset('virtual', layout)
END
"$SHARDSTEP" info many.h5 --vranks 7 --json > info.json || fail "info --json"
/usr/bin/python3 - <<'END' || fail "info --json differs from h5py: $(cat info.json)"
import h5py, json
told = json.load(open('info.json'))
assert told['file'] == 'many.h5'
names = {}
with h5py.File('many.h5') as f:
    for d in told['datasets']:
        h = f[d['name']]
        names[d['name']] = d
        assert d['shape'] == list(h.shape), d
        assert d['stored_bytes'] == h.id.get_storage_size(), d
        assert d['chunk_rows'] == (h.chunks[0] if h.chunks else 0), d
        field = h.ndim > 0 and h.dtype.kind in 'uif'
        assert d['field'] == field, d
        if not field:
            continue
        assert d['type'] == f'{h.dtype.kind}{8 * h.dtype.itemsize}', d
        assert d['bytes'] == h.size * h.dtype.itemsize and not d['checksums'], d
        assert d['shard_rows_least'] == len(h) // 7 and d['shard_rows_most'] == -(-len(h) // 7), d
        if h.size and d['stored_bytes']:
            assert abs(d['ratio'] - d['bytes'] / d['stored_bytes']) < 1e-12, d
        assert d['direct'] == (d['name'] not in ('virtual', 'empty')) and d['direct'] == (d['reason'] == ''), d
    assert sorted(names) == ['contiguous', 'empty', 'group/packed', 'one', 'sum.crc32c', 'summed', 'text "quoted"', 'virtual']
assert names['group/packed']['layout'] == 'chunked 16x20, shuffle, deflate 4'
assert names['virtual']['reason'] == 'virtual'
END

"$SHARDSTEP" info many.h5 > info.txt
grep -q '^group/packed: i32 100x60$' info.txt || fail "no group/packed in: $(cat info.txt)"
grep -qE '^    stored     chunked 16x20, shuffle, deflate 4, [0-9]+ bytes of 24000, ratio [0-9.]+$' info.txt ||
    fail "not stored so: $(cat info.txt)"
grep -q '^    read       through HDF5: it is virtual$' info.txt || fail "virtual: $(cat info.txt)"
grep -q '^    read       not at all: it is no array' info.txt || fail "text: $(cat info.txt)"

"$SHARDSTEP" import labels.h5 x=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
"$SHARDSTEP" info labels.h5 --vranks 3 > info.txt
grep -q '^    checksums  x.crc32c, of each row$' info.txt || fail "checksums: $(cat info.txt)"
grep -q '^    shards     rows a virtual rank of 3: 3333 or 3334 an epoch$' info.txt || fail "shards: $(cat info.txt)"
[ "$(grep -c '^[^ ]' info.txt)" = 1 ] || fail "checksums are shown as a field: $(cat info.txt)"
on 3 "$SHARDSTEP" info labels.h5 --vranks 3 > three.txt
same "info on three ranks" info.txt three.txt
finish
