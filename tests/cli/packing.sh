#!/usr/bin/env bash
# Attributes such as scale_factor: files whose numbers mean different things are never joined as stored.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'END'
import h5py, numpy as np

def write(name, **attributes):
    with h5py.File(name, 'w') as f:
        f['t'] = np.arange(-4, 20, dtype='i2').reshape(6, 4)
        f['t'].attrs.update(attributes)
        f['u'] = np.arange(6, dtype='u1')

write('a.h5', scale_factor=0.01, add_offset=273.15, _FillValue=np.int16(-1))
write('same.h5', scale_factor=np.array([0.01]), add_offset=273.15, _FillValue=np.int32(-1), units='K')
write('scale.h5', scale_factor=np.float32(0.01), add_offset=273.15, _FillValue=np.int16(-1))
write('fill.h5', scale_factor=0.01, add_offset=273.15, _FillValue=np.int16(-2))
write('offset.h5', scale_factor=0.01, _FillValue=np.int16(-1))
write('list.h5', scale_factor=0.01, add_offset=273.15, _FillValue=np.int16(-1), missing_value=np.arange(9))
write('plain.h5')
write('one.h5', scale_factor=1, add_offset=0.0)
write('range.h5', valid_range=np.int16([0, 20]))
write('nan.h5', missing_value=np.nan)
write('nan2.h5', missing_value=np.float32(np.nan))
write('text.h5', _Unsigned='true')
END

why='the same stored number would have two meanings'
anew='unpack each file by its own attributes with the option cf .--cf., or write the files anew with the same attributes'
# differs FILE FILE MESSAGE: both together are refused; each by itself is read
differs() {
    for file in "$1" "$2"; do
        "$SHARDSTEP" digest "$file" --fields t --vranks 2 --batch 2 > /dev/null || fail "digest of $file"
    done
    refused 0 "$2: dataset t has $3 in $1: $why; $anew" "$SHARDSTEP" digest "$1,$2" --fields t --vranks 2 --batch 2
    refused 0 "$2: dataset t has $3 in $1: $why" "$SHARDSTEP" info "$1,$2" --fields t
}
differs a.h5 scale.h5 'scale_factor 0.01f, but scale_factor 0.01'
differs a.h5 fill.h5 '_FillValue -2, but _FillValue -1'
differs a.h5 offset.h5 'no add_offset, but add_offset 273.15'
differs plain.h5 a.h5 'scale_factor 0.01, but no scale_factor'
differs plain.h5 range.h5 'valid_range 0 20, but no valid_range'
differs a.h5 list.h5 'missing_value 9 values, but no missing_value'
differs plain.h5 text.h5 '_Unsigned true, but no _Unsigned'
refused 0 "scale.h5: dataset t has scale_factor 0.01f, but scale_factor 0.01 in a.h5: $why" "$SHARDSTEP" stats a.h5 scale.h5 t
refused 0 'the missing values of dataset t are -2' "$SHARDSTEP" stats a.h5 fill.h5 t
"$SHARDSTEP" stats a.h5 fill.h5 t --fill none > /dev/null 2>&1 || fail "stats with --fill"
refused 2 "rank [01].*scale.h5: dataset t has scale_factor" "$SHARDSTEP" digest a.h5,scale.h5 --fields t --vranks 2 --batch 2

# other types, other forms and no effect are no difference
for files in a.h5,same.h5 plain.h5,one.h5 nan.h5,nan2.h5; do
    "$SHARDSTEP" digest "$files" --fields t --vranks 2 --batch 2 > /dev/null || fail "digest of $files"
done
# one sample a file: a file is examined when its sample is read
refused 0 "fill.h5: dataset t has _FillValue -2, but _FillValue -1 in a.h5: $why" \
    "$SHARDSTEP" digest a.h5,fill.h5 --fields t --one-sample-a-file --vranks 1 --batch 2

# a dataset that says which rows are valid says so as it is stored, also if it is a field that cf unpacks
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('valid.h5', 'w') as f:
    f['m'] = np.array([1, 1, 0, 1, 1, 1, 255, 1, 1, 1], dtype='u1')
    f['m'].attrs.update(scale_factor=0.5, _FillValue=np.uint8(255))
    f['x'] = np.arange(10)
END
for how in u8 'f32 --cf'; do
    read -r type cf <<< "$how"
    "$SHARDSTEP" info valid.h5 --fields 'x(window=2, valid=m), m=m(window=2)' ${cf:+"$cf"} > info.txt
    grep -q '^7 samples in 1 file' info.txt && grep -q "^m = m(window=2, stride=1, lead=0): $type 2\$" info.txt ||
        fail "a field that says what is valid, $type: $(cat info.txt)"
done

# ---- what info, stats and import say
all='scale_factor 0.01, add_offset 273.15, _FillValue -1'
"$SHARDSTEP" info a.h5 > info.txt
grep -q "^    meaning    attributes $all are not applied: numbers are as stored; --cf applies them\$" info.txt || fail "info: $(cat info.txt)"
"$SHARDSTEP" info a.h5 --fields t > info.txt
grep -q "^    attributes $all are not applied: numbers are as stored; --cf applies them\$" info.txt || fail "info --fields: $(cat info.txt)"
"$SHARDSTEP" stats a.h5 t > /dev/null 2> err.txt
grep -q "a.h5: attributes scale_factor 0.01, add_offset 273.15 are not applied: numbers are as stored" err.txt ||
    fail "stats: $(cat err.txt)"
"$SHARDSTEP" import out.h5 t=h5:a.h5:t > out.txt 2>&1 || fail "import"
grep -q "a.h5: numbers are taken as they are stored: attributes $all are neither applied nor kept" out.txt ||
    fail "import: $(cat out.txt)"
"$SHARDSTEP" index a.h5 --fields t -o a.index > out.txt
"$SHARDSTEP" index a.h5,scale.h5 --fields t --cf -o cf.index > /dev/null || fail "index of files that differ"
grep -q "^1 files, 1 of them in the index" out.txt || fail "index: $(cat out.txt)"
printf 'a.h5\nfill.h5\n' > list
refused 0 "fill.h5: dataset t has _FillValue -2, but _FillValue -1 in a.h5: $why; import these datasets by names of their own" \
    "$SHARDSTEP" import out2.h5 't=h5:@list:t'

# ---- --cf: values by NumPy's arithmetic, in files that store other types and have other attributes
/usr/bin/python3 "$SOURCE/tests/cli/packing_reference.py" "$SHARDSTEP" 1 4 > out.txt 2>&1 || fail "values: $(cat out.txt)"
if [ -n "${SHARDSTEP_LONG:-}" ]; then
    for seed in $(seq 2 40); do
        /usr/bin/python3 "$SOURCE/tests/cli/packing_reference.py" "$SHARDSTEP" "$seed" 20 > out.txt 2>&1 ||
            fail "values of seed $seed: $(cat out.txt)"
    done
fi

# a plan of files whose attributes differ is that of any dataset of as many samples
refused 0 "scale.h5: dataset t has scale_factor 0.01f, but scale_factor 0.01 in a.h5: $why" \
    "$SHARDSTEP" plan a.h5,scale.h5 --fields t
"$SHARDSTEP" plan a.h5,scale.h5 --fields 't(missing=mask)' --cf --vranks 2 --batch 2 > plan.txt || fail "plan of packed numbers"
"$SHARDSTEP" plan --samples 12 --vranks 2 --batch 2 | cmp - plan.txt || fail "plan of packed numbers: $(cat plan.txt)"

# the same values on any number of ranks, with threads, chunks decoded anew and maps, and of virtual datasets
/usr/bin/python3 - <<'END'
import h5py, numpy as np
rng = np.random.default_rng(5)
for i in range(3):
    with h5py.File(f'v{i}.h5', 'w') as f:
        x = rng.integers(-300, 300, (40, 6), dtype='i2')
        f.create_dataset('t', data=x, chunks=(7, 3), compression='gzip')
        f.create_dataset('held', data=x)
        for name in 't', 'held':
            f[name].attrs.update(scale_factor=0.1 * (i + 1), add_offset=np.float32(i), _FillValue=np.int16(7))
        f['label'] = np.arange(40, dtype='u1')
with h5py.File('virtual.h5', 'w') as f:
    whole, columns = h5py.VirtualLayout((120, 6), 'i2'), h5py.VirtualLayout((120, 6), 'i2')
    for i in range(3):
        whole[40 * i:40 * i + 40] = h5py.VirtualSource(f'v{i}.h5', 't', (40, 6))
        for j in range(3):
            columns[40 * i:40 * i + 40, 2 * j:2 * j + 2] = h5py.VirtualSource(f'v{i}.h5', 't', (40, 6))[:, 2 * j:2 * j + 2]
    f.create_virtual_dataset('whole', whole)
    f.create_virtual_dataset('columns', columns)
    for name in 'whole', 'columns':
        f[name].attrs.update(scale_factor=2.0, valid_max=np.int16(200))
END
values() { # FILE FIELDS OUT [OPTION...]
    "$SHARDSTEP" replay "$1" --fields "$2" --cf --vranks 1 --rank 0 --step 0 --batch 120 --shuffle none -o "$3" \
        --overwrite "${@:4}" > /dev/null
}
values virtual.h5 whole,columns whole.h5 --one-sample-a-file || fail "virtual datasets, whole"
values virtual.h5 'whole=whole(select=1[3 1]),columns' rows.h5 || fail "virtual datasets, row by row"
/usr/bin/python3 - <<'END' || fail "values of virtual datasets"
import h5py, numpy as np
with h5py.File('virtual.h5') as f:
    want = {n: np.where(f[n][:] > 200, np.nan, 2.0 * f[n][:]).astype('f4') for n in ('whole', 'columns')}
same = lambda a, b: a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
with h5py.File('whole.h5') as f:
    assert all(same(f[n][0], want[n]) for n in want)
with h5py.File('rows.h5') as f:
    assert same(f['whole'][:], want['whole'][:, [3, 1]]) and same(f['columns'][:], want['columns'])
END
"$SHARDSTEP" digest v0.h5,v1.h5,v2.h5 --fields t,held,label --cf --vranks 3 --batch 5 > expected.txt
for ranks in ${RANKS:-0 1 3}; do
    on "$ranks" "$SHARDSTEP" digest v0.h5,v1.h5,v2.h5 --fields t,held,label --cf --vranks 3 --batch 5 --threads 2 --map \
        --cache-bytes 500 > digest.txt
    same "digest on $ranks ranks" expected.txt digest.txt
done
on 2 "$SHARDSTEP" stats v0.h5 v1.h5 v2.h5 t --cf --json > stats.json 2> err.txt || fail "stats --cf: $(cat err.txt)"
grep -q 'v0.h5: attributes scale_factor 0.1, add_offset 0f, _FillValue 7 are applied: values are f32' err.txt ||
    fail "stats --cf: $(cat err.txt)"
/usr/bin/python3 - <<'END' || fail "stats --cf: $(cat stats.json)"
import h5py, json, numpy as np
y = []
for i in range(3):
    with h5py.File(f'v{i}.h5') as f:
        x = f['t'][:]
        y.append((x * f['t'].attrs['scale_factor'] + np.float64(i)).astype('f4')[x != 7].astype('f8'))
y = np.concatenate(y)
told = json.load(open('stats.json'))
assert told['type'] == 'f32' and told['fill'] == [], told
assert abs(told['all']['mean'] - y.mean()) < 1e-9 and told['all']['max'] == y.max() and told['all']['nan'] == 720 - y.size, told
END

# packed numbers are augmented, and cropped before they are read, like the same numbers in f32
/usr/bin/python3 - <<'END'
import h5py, numpy as np
x = np.random.default_rng(6).integers(-300, 300, (12, 16, 16), dtype='i2')
y = np.where(x == 7, np.nan, x * 0.1 + 3).astype('f4')
for name in 'packed', 'plain':
    with h5py.File(name + '-maps.h5', 'w') as f:
        for field, how in ('chunked', {'chunks': (1, 4, 4), 'compression': 'gzip'}), ('whole', {}):
            d = f.create_dataset(field, data=x if name == 'packed' else y, **how)
            if name == 'packed':
                d.attrs.update(scale_factor=0.1, add_offset=3, _FillValue=np.int16(7))
END
for how in 'chunked: random_crop(size=5, layout=hw)' 'whole: random_crop(size=5, layout=hw)' \
    'chunked,whole: random_rot90(layout=hw) normalize(mean=3, std=9)'; do
    for name in packed plain; do
        cf=--cf
        [ $name = packed ] || cf=
        # shellcheck disable=SC2086
        "$SHARDSTEP" digest $name-maps.h5 --fields chunked,whole --vranks 2 --batch 3 --cache-bytes 3000 $cf \
            --augment "$how" > $name.txt || fail "$name, $how"
    done
    same "$how" plain.txt packed.txt
done

# constant fields are unpacked too
values v0.h5 'label,o=t(constant, select=0[5 2] 1[1])' constant.h5 || fail "a constant field"
/usr/bin/python3 - <<'END' || fail "a constant field: $(h5dump constant.h5 | head -40)"
import h5py, numpy as np
with h5py.File('v0.h5') as f, h5py.File('constant.h5') as g:
    x = f['t'][:][[5, 2], 1:2]
    want = np.where(x == 7, np.nan, x * f['t'].attrs['scale_factor'] + 0.0).astype('f4')
    assert g['o'].dtype == 'f4' and np.array_equal(g['o'][:], want, equal_nan=True), (g['o'][:], want)
END
refused 0 "fill.h5: dataset t has _FillValue -2, but _FillValue -1 in a.h5: $why" \
    "$SHARDSTEP" digest a.h5,fill.h5 --fields 'u,o=t(constant)' --vranks 1
refused 0 'constant field o has other values than in' "$SHARDSTEP" digest a.h5,fill.h5 --fields 'u,o=t(constant)' --cf --vranks 1

# a damaged row is told, whether the file is read directly or by HDF5
/usr/bin/python3 - <<'END'
import h5py, numpy as np, shutil
for name, how in ('direct', {}), ('compact', {'dcpl': 1}):
    with h5py.File(name + '-good.h5', 'w') as f:
        x = np.arange(60, dtype='<i2').reshape(10, 6)
        if how:
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.COMPACT)
            d = h5py.Dataset(h5py.h5d.create(f.id, b't', h5py.h5t.STD_I16LE, h5py.h5s.create_simple(x.shape), plist))
            d[:] = x
        else:
            d = f.create_dataset('t', data=x)
        d.attrs['scale_factor'] = 0.5
END
for name in direct compact; do
    /usr/bin/python3 - $name <<'END'
import h5py, sys
sys.path.insert(0, __import__('os').environ['SOURCE'] + '/tests/cli')
name = sys.argv[1]
table = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    table.append(n)
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc ^ 0xffffffff
with h5py.File(name + '-good.h5', 'r+') as f:
    f.create_dataset('t.crc32c', data=[crc32c(row.tobytes()) for row in f['t'][:]], dtype='u4')
import shutil
shutil.copy(name + '-good.h5', name + '-bad.h5')
with h5py.File(name + '-bad.h5', 'r+') as f:
    f['t'][7, 2] += 1
END
    for fields in t 't=t(window=2)' 't=t(select=1[2 3])'; do
        "$SHARDSTEP" digest $name-good.h5 --fields "$fields" --cf --vranks 1 > /dev/null || fail "$name, $fields"
        refused 0 'dataset t.* row 7 is not what was written' "$SHARDSTEP" digest $name-bad.h5 --fields "$fields" --cf --vranks 1
    done
done

# ---- what cf tells and refuses
"$SHARDSTEP" info a.h5 --cf > info.txt
grep -q "^    meaning    attributes $all are applied: values are f32, and NaN where they are missing\$" info.txt ||
    fail "info --cf: $(cat info.txt)"
"$SHARDSTEP" info a.h5,scale.h5 --fields t --cf > info.txt
grep -q '^t: f32 4$' info.txt || fail "info --fields --cf: $(cat info.txt)"
grep -q "^    attributes $all are applied: values are f32, and NaN" info.txt || fail "info --fields --cf: $(cat info.txt)"
"$SHARDSTEP" info a.h5 --cf --json | /usr/bin/python3 -c "
import json, sys
t, = [d for d in json.load(sys.stdin)['datasets'] if d['name'] == 't']
assert not t['attributes_not_applied'] and t['attributes_applied'] == ['scale_factor', 'add_offset', '_FillValue'], t" ||
    fail "info --cf --json"
refused 0 'unpack of field t: the dataset.s option cf has unpacked it by its attributes already; leave out one of the two' \
    "$SHARDSTEP" digest a.h5 --fields t --cf --augment 't: unpack(scale=2)' --vranks 1
refused 0 'plain.h5: dataset t is of i16 4, but in a.h5 f32 4; it must be alike in all files' \
    "$SHARDSTEP" digest a.h5,plain.h5 --fields t --cf --vranks 1
/usr/bin/python3 - <<'END'
import h5py, numpy as np
with h5py.File('wrong.h5', 'w') as f:
    def add(name, kind='i2', **attributes):
        f[name] = np.arange(6, dtype=kind)
        f[name].attrs.update(attributes)
    add('zero', scale_factor=0.0)
    add('nan', scale_factor=np.nan)
    add('endless', add_offset=np.inf)
    add('list', scale_factor=[1.0, 2.0])
    add('text', add_offset='273.15')
    add('fill', _FillValue=1e20)
    add('half', missing_value=[1.0, 2.5])
    add('wide', _FillValue=np.int32(40000))
    add('ten', missing_value=np.arange(10))
    add('bounds', scale_factor=0.1, valid_max=30.0)
    add('three', valid_range=np.int16([1, 2, 3]))
    add('both', valid_range=np.int16([1, 2]), valid_min=np.int16(1))
    add('turned', valid_range=np.int16([2, 1]))
    add('above', valid_min=40000)
    add('sign', _Unsigned='maybe')
    add('floats', 'f4', _Unsigned='true')
    add('large', 'f4', _FillValue=1e300)
    add('good', valid_min=0.5, valid_max=3.5)
    for name, stored in ('bool', np.arange(6) % 2 == 0), ('complex', np.arange(6) * 1j):
        f[name] = stored
        f[name].attrs['scale_factor'] = 2.0
END
wrong() { # FIELD MESSAGE
    refused 0 "wrong.h5: dataset $1: attribute $2; correct it, or read the numbers as stored, without cf" \
        "$SHARDSTEP" digest wrong.h5 --fields "$1" --cf --vranks 1
    "$SHARDSTEP" digest wrong.h5 --fields "$1" --vranks 1 > /dev/null || fail "$1 without cf"
}
wrong zero "scale_factor is '0', where a finite number other than 0 is due"
wrong nan "scale_factor is 'nan', where a finite number other than 0 is due"
wrong endless "add_offset is 'inf', where a finite number is due"
wrong list "scale_factor is '1 2', where one number is due"
wrong text "add_offset is '273.15', where one number is due"
wrong fill "_FillValue is '1e\+20', which no stored number can be"
wrong half "missing_value is '1 2.5', which no stored number can be"
wrong wide "_FillValue is '40000', which no stored number can be"
wrong large "_FillValue is '1e\+300', which no stored number can be"
wrong ten "missing_value is '10 values', where 1 to 8 numbers are due"
wrong bounds "valid_max is '30', floats beside packed integers, which may mean stored numbers \(CF\) or unpacked ones .*"
wrong three "valid_range is '1 2 3', where two numbers are due"
wrong both "valid_range is '1 2', beside valid_min or valid_max, which CF forbids"
wrong turned "valid_range is '2 1', so that no number is valid"
wrong above "valid_min is '40000', so that no number is valid"
wrong sign "_Unsigned is 'maybe', where true or false is due"
wrong floats "_Unsigned is 'true', but the stored numbers are floats"
values wrong.h5 good,bool,complex good.h5 || fail "bounds that are floats"
/usr/bin/python3 - <<'END' || fail "bounds that are floats, and types that are never packed"
import h5py, numpy as np
with h5py.File('good.h5') as f:
    assert np.array_equal(f['good'][:], [np.nan, 1, 2, 3, np.nan, np.nan], equal_nan=True), f['good'][:]
    assert f['bool'].dtype == 'u1' and list(f['complex'][2]) == [0, 2], f['complex'][:]
END
"$SHARDSTEP" info wrong.h5 > info.txt || fail "info of attributes that say nothing"
grep -q '^    meaning    attributes scale_factor 2 are not applied: numbers are as stored$' info.txt ||
    fail "a hint at --cf: $(cat info.txt)"

finish
