#!/usr/bin/env bash
# What info tells of datasets is what h5py tells of them.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py fashion

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
    layout = h5py.VirtualLayout((100, 60), 'i4')
    for columns in np.s_[:, :20], np.s_[:, 20:]:
        layout[columns] = h5py.VirtualSource('many.h5', 'contiguous', (100, 60))[columns]
    f.create_virtual_dataset('columns', layout)
END
"$SHARDSTEP" info many.h5 --vranks 7 --json > info.json || fail "info --json"
/usr/bin/python3 - <<'END' || fail "info --json differs from h5py: $(cat info.json)"
import h5py, json
told = json.load(open('info.json'))
assert told['file'] == 'many.h5' and told['files'] == 1
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
        assert d['readable'], d
        assert d['type'] == f'{h.dtype.kind}{8 * h.dtype.itemsize}', d
        assert d['bytes'] == h.size * h.dtype.itemsize and not d['checksums'], d
        assert d['shard_rows_least'] == len(h) // 7 and d['shard_rows_most'] == -(-len(h) // 7), d
        if h.size and d['stored_bytes']:
            assert abs(d['ratio'] - d['bytes'] / d['stored_bytes']) < 1e-12, d
        assert d['direct'] == (d['name'] not in ('columns', 'empty')) and d['direct'] == (d['reason'] == ''), d
    assert sorted(names) == ['columns', 'contiguous', 'empty', 'group/packed', 'one', 'sum.crc32c', 'summed', 'text "quoted"', 'virtual']
assert names['group/packed']['layout'] == 'chunked 16x20, shuffle, deflate 4'
assert names['columns']['reason'] == 'virtual, and its sources do not have whole rows'
END

"$SHARDSTEP" info many.h5 > info.txt
grep -q '^group/packed: i32 100x60$' info.txt || fail "no group/packed in: $(cat info.txt)"
grep -qE '^    stored     chunked 16x20, shuffle, deflate 4, [0-9]+ bytes of 24000, ratio [0-9.]+$' info.txt ||
    fail "not stored so: $(cat info.txt)"
grep -q '^    read       through HDF5: it is virtual, and its sources do not have whole rows$' info.txt ||
    fail "columns: $(cat info.txt)"
grep -q '^    read       directly, by position, from 1 source$' info.txt || fail "virtual: $(cat info.txt)"
grep -qx '    read       as a constant: ALIAS=one(constant)' info.txt || fail "a single number: $(cat info.txt)"

# a field that cannot be read is described with the reason, and the others as well
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('broken.h5', 'w', libver='latest') as f:
    f['a'] = f['z'] = np.arange(12).reshape(4, 3)
    f['good.crc32c'] = np.arange(5, dtype='u4')
    f['good'] = np.arange(4)
    layout = h5py.VirtualLayout((4, 3), 'i4')
    layout[:] = h5py.VirtualSource('gone.h5', 'x', (4, 3))
    f.create_virtual_dataset('far', layout)
END
code=0
"$SHARDSTEP" info broken.h5 --vranks 3 > info.txt 2> err.txt || code=$?
[ "$code" = 2 ] || fail "info of a file with a missing source: exit code $code"
grep -qE '^shardstep: broken.h5: 2 of its datasets could not be looked at, the first is far: its source file' err.txt ||
    fail "what could not be looked at: $(cat err.txt)"
cat > expected.txt <<'TEXT'
a: i64 4x3
    stored     contiguous, 96 bytes
    read       directly, by position
    checksums  none
    shards     rows a virtual rank of 3: 1 or 2 an epoch
far: i32 4x3
    stored     virtual, 0 bytes
    read       cannot be read: its source file gone.h5 is missing, where HDF5 would read fill values; put it back beside the file, or name its folder in HDF5_VDS_PREFIX
good: i64 4
    stored     contiguous, 32 bytes
    read       cannot be read: dataset good.crc32c must hold the checksums of good, a u32 for each of its 4 rows; remove it, or import the file anew
z: i64 4x3
    stored     contiguous, 96 bytes
    read       directly, by position
    checksums  none
    shards     rows a virtual rank of 3: 1 or 2 an epoch
TEXT
same "info of a file with a missing source" expected.txt info.txt
"$SHARDSTEP" info broken.h5 --json --vranks 3 > info.json 2> err.txt && fail "info --json of a file with a missing source"
/usr/bin/python3 - <<'END' || fail "info --json of a file with a missing source: $(cat info.json)"
import json
told = {d['name']: d for d in json.load(open('info.json'))['datasets']}
assert list(told) == ['a', 'far', 'good', 'z']
assert [told[n]['readable'] for n in told] == [True, False, False, True]
assert all(d.keys() == told['a'].keys() for d in told.values())
far = told['far']
assert far['field'] and far['type'] == 'i32' and far['shape'] == [4, 3] and far['layout'] == 'virtual'
assert far['bytes'] is None and far['ratio'] is None and not far['direct'] and not far['compared']
assert far['reason'].startswith('its source file gone.h5 is missing')
assert far['shard_rows_least'] == 1 and far['shard_rows_most'] == 2
END
refused 0 'gone.h5 is missing' "$SHARDSTEP" digest broken.h5 --fields far

# a dataset whose header is damaged hides no other; what needs a plug-in is told as such
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('header.h5', 'w', libver='earliest') as f:
    for name in ('a', 'b', 'c'):
        f[name] = np.arange(12).reshape(4, 3)
    at = h5py.h5o.get_info(f['b'].id).addr
data = bytearray(open('header.h5', 'rb').read())
data[at] ^= 0x40
open('header.h5', 'wb').write(data)
END
code=0
"$SHARDSTEP" info header.h5 > info.txt 2> err.txt || code=$?
[ "$code" = 2 ] && grep -q '^a: i64 4x3$' info.txt && grep -q '^c: i64 4x3$' info.txt && grep -q '^b: not looked at: ' info.txt ||
    fail "info of a damaged header: exit code $code: $(cat info.txt err.txt)"
grep -q '^shardstep: header.h5: 1 of its datasets could not be looked at, the first is b: ' err.txt || fail "header.h5: $(cat err.txt)"
{ "$SHARDSTEP" info header.h5 --json 2> err.txt || true; } | /usr/bin/python3 -c '
import json, sys
told = {d["name"]: d for d in json.load(sys.stdin)["datasets"]}
assert list(told) == ["a", "b", "c"] and not told["b"]["readable"] and told["b"]["reason"]' || fail "header.h5 as JSON"
"$BUILD/tests/plugin_file" filtered.h5
mkdir plugins
cp "$BUILD/tests/libplugin.so" plugins/
export HDF5_PLUGIN_PATH=$work/plugins MARK=$work/mark
"$SHARDSTEP" info filtered.h5 > info.txt || fail "info of a filtered file: exit code $?"
grep -qE '^    read       cannot be read: .*needs filter 305 \(LZO\), which is not there.*--plugins allows them$' info.txt ||
    fail "info of a filtered file: $(cat info.txt)"
[ ! -e mark ] || fail "info has loaded a plug-in"
"$SHARDSTEP" info filtered.h5 --plugins > info.txt || fail "info --plugins"
grep -q '^    read       through HDF5: ' info.txt && [ -e mark ] || fail "info --plugins: $(cat info.txt)"
unset HDF5_PLUGIN_PATH MARK

# samples of several files
mkdir series
/usr/bin/python3 - <<'END'
import h5py, numpy as np
for n, rows in enumerate((20, 31, 25)):
    with h5py.File(f'series/{n}.h5', 'w') as f:
        f.create_dataset('s', data=np.zeros((rows, 4, 3), 'u2'), chunks=(5, 4, 3), compression='gzip')
        f.create_dataset('t', data=np.zeros(rows, 'f4'), chunks=(5,), scaleoffset=2)
        f['o'] = np.array([0, 2, 9, 9])
END
"$SHARDSTEP" info series > info.txt
grep -qx 'series/0.h5, the first of 3 files (--fields tells of all):' info.txt || fail "several files: $(cat info.txt)"
"$SHARDSTEP" info series --json > info.json
"$SHARDSTEP" info series --json --vranks 4 --fields 'x=s(window=6, stride=2), t(window=1, stride=2, lead=7)' > windows.json
"$SHARDSTEP" info series --json --fields 's(offsets=o), far=t(offsets=o, most=3)' > runs.json
"$SHARDSTEP" info 'series/[02].h5' --json --fields 'label=t,s' > rows.json
"$SHARDSTEP" info series/1.h5 --json --one-sample-a-file --fields 's' > whole.json
/usr/bin/python3 - <<'END' || fail "samples as JSON: $(cat info.json windows.json runs.json rows.json whole.json)"
import json
def load(name): return json.load(open(name + '.json'))
assert load('info')['file'] == 'series/0.h5' and load('info')['files'] == 3
told = load('windows')
# as many as fit behind one another in each file
samples = sum(len([i for i in range(rows) if 2 * i + 8 <= rows]) for rows in (20, 31, 25))
assert told['samples'] == samples and told['files'] == 3
assert (told['file'], told['last_file']) == ('series/0.h5', 'series/2.h5')
assert told['shard_samples_least'] == samples // 4 and told['shard_samples_most'] == -(-samples // 4)
x, t = told['fields']
assert x == {'name': 'x', 'type': 'u16', 'shape': [6, 4, 3], 'bytes': 144, 'layout': 'hwc',
             'layout_from': 'assumed', 'layout_after': 'hwc', 'kind': 'window', 'dataset': 's',
             'window': 6, 'stride': 2, 'lead': 0, 'direct': True, 'reason': '', 'compared': True, 'checksums': False,
             'held': True}
assert t['shape'] == [1] and t['lead'] == 7 and not t['held'] and not t['direct'] and 'filter' in t['reason']
told = load('runs')
assert told['samples'] == 9 and 'shard_samples_least' not in told
s, length, far, far_length = told['fields']
assert (s['kind'], s['offsets'], s['most'], s['shape']) == ('run', 'o', 7, [7, 4, 3])
assert (length['name'], length['kind'], length['type'], length['shape']) == ('s.length', 'length', 'u64', [])
assert (far['most'], far['dataset'], far_length['dataset'], far_length['offsets']) == (3, 't', 't', 'o')
told = load('rows')
assert told['samples'] == 45 and told['files'] == 2 and told['last_file'] == 'series/2.h5'
assert [(f['name'], f['dataset'], f['kind']) for f in told['fields']] == [('label', 't', 'row'), ('s', 's', 'row')]
told = load('whole')
assert told['samples'] == 1 and told['files'] == 1 and told['fields'][0]['kind'] == 'whole'
assert told['fields'][0]['shape'] == [31, 4, 3]
END

"$SHARDSTEP" import labels.h5 x=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
"$SHARDSTEP" info labels.h5 --vranks 3 > info.txt
grep -q '^    checksums  x.crc32c, of each row$' info.txt || fail "checksums: $(cat info.txt)"
grep -q '^    shards     rows a virtual rank of 3: 3333 or 3334 an epoch$' info.txt || fail "shards: $(cat info.txt)"
[ "$(grep -c '^[^ ]' info.txt)" = 1 ] || fail "checksums are shown as a field: $(cat info.txt)"
on 3 "$SHARDSTEP" info labels.h5 --vranks 3 > three.txt
same "info on three ranks" info.txt three.txt
# names that JSON or the text of fields cannot hold as they are
/usr/bin/python3 - <<'END' || fail "a file of odd names"
import h5py
with h5py.File('odd.h5', 'w') as f:
    f.create_dataset(b'a\xff\xc3\xa4\xe2\x82"\\', data=[1, 2, 3])
    f.create_dataset('lonely.crc32c', data=[1, 2, 3])
with h5py.File('comma.h5', 'w') as f:
    f.create_dataset('c,d', data=[1, 2, 3])
    f.create_dataset('e', data=[4, 5, 6])
END
"$SHARDSTEP" info odd.h5 --json > odd.json || fail "info of odd names"
/usr/bin/python3 - <<'END' || fail "odd names as JSON: $(cat odd.json)"
import json
names = [d['name'] for d in json.load(open('odd.json', encoding='utf-8'))['datasets']]
assert names == ['a\ufffd\u00e4\ufffd\ufffd"\\', 'lonely.crc32c'], names
END
"$SHARDSTEP" info odd.h5 > odd.txt || fail "info of odd names"
LC_ALL=C grep -qF 'a\xff'$'\xc3\xa4''\xe2\x82"\: i64 3' odd.txt || fail "odd names as text: $(cat odd.txt)"
/usr/bin/python3 - <<'END'
import h5py
with h5py.File('lines.h5', 'w') as f:
    f['two\nlines\x1b[2J\x7f\x9b'] = [1, 2]
END
"$SHARDSTEP" info lines.h5 > odd.txt
[ "$(head -n 1 odd.txt)" = 'two\x0alines\x1b[2J\x7f\xc2\x9b: i64 2' ] || fail "control characters: $(cat odd.txt)"
"$SHARDSTEP" check odd.h5 > odd.txt || fail "check of odd names"
grep -q '^lonely.crc32c: i64 3, 3 rows' odd.txt && grep -q 'good: 6 rows of 2 fields' odd.txt ||
    fail "checksums of nothing are data: $(cat odd.txt)"
refused 0 "dataset 'c,d' has a name that cannot be a field's by itself; give --fields" \
    "$SHARDSTEP" digest comma.h5
"$SHARDSTEP" digest comma.h5 --fields e > /dev/null || fail "a field beside an odd name"

# ---- many groups, each of which leads to others that were entered before
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('circles.h5', 'w') as f:
    before = f
    for i in range(300):
        group = f.create_group(f's{i:03}')
        group['x'] = np.zeros((3, 8), 'f4')
        group['back'] = before
        before = group
END
"$SHARDSTEP" info circles.h5 > info.txt || fail "groups in circles"
[ "$(grep -c ': f32 3x8$' info.txt)" = 300 ] || fail "300 groups in circles: $(grep -c : info.txt) lines"
[ "$(grep ': f32 3x8$' info.txt | sort -u | wc -l)" = 300 ] || fail "a group in a circle is told twice"

finish
