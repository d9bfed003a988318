#!/usr/bin/env bash
# index --kerchunk writes references to the chunks of files, which other programs read: the same elements
# as h5py reads. What references cannot express is refused by name.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - << 'END'
import h5py, numpy as np
random = np.random.default_rng(1)
for i in range(3):
    with h5py.File(f'{i}.h5', 'w', libver='latest' if i % 2 else 'earliest') as f:
        time = f.create_dataset('time', data=np.arange(6.) + 6 * i)
        lat = f.create_dataset('lat', data=np.linspace(-9, 9, 5))
        time.make_scale('time')
        lat.make_scale('lat')
        t2m = f.create_dataset('t2m', data=random.integers(-99, 99, (6, 5, 7)).astype('i2'), chunks=(2, 3, 4), compression='gzip',
                               shuffle=True, fletcher32=True)
        t2m.dims[0].attach_scale(time)
        t2m.dims[1].attach_scale(lat)
        t2m.attrs.update({'scale_factor': 0.5, 'add_offset': np.float32(3), '_FillValue': np.int16(-9), 'units': 'K',
                          'range': [1, 2], 'nan': np.nan, 'flag': np.uint8(7)})
        f['g/h/plain'] = random.normal(size=(6, 3)).astype('>f4')
        f.create_dataset('g/deep', data=random.integers(0, 9, (6, 4)).astype('u8'), chunks=(1, 4), compression='gzip')
        f['one'] = np.int32(77)
        f['pair'] = random.normal(size=(6, 2)) + 1j
        f['mask'] = random.integers(0, 2, 6).astype(bool)
        f.create_dataset('wide', data=random.normal(size=(6, 2000)), chunks=(3, 2000), shuffle=True)
        gaps = f.create_dataset('gaps', (6, 8), 'f4', chunks=(3, 4), fillvalue=-1)
        gaps[:3, :4] = 5
        gaps.attrs['_FillValue'] = np.float32(-1)
with h5py.File('odd.h5', 'w') as f:
    f['small'] = np.arange(5)
    f.create_dataset('lzf', data=np.arange(20), compression='lzf')
    f.create_dataset('offset', data=np.arange(20), chunks=(5,), scaleoffset=0)
    f.create_dataset('unwritten', (20,), 'i4', chunks=(5,))[:5] = 1
    f['text'] = ['a', 'b']
    f['pairs'] = np.zeros(4, dtype=[('a', 'i4'), ('b', 'f8')])
    f['lists'] = np.arange(3)
    skipped = f.create_dataset('skipped', (10,), 'i4', chunks=(5,), compression='gzip')
    skipped.id.write_direct_chunk((0,), np.arange(5, dtype='i4').tobytes(), filter_mask=1)
    skipped[5:] = 4
with h5py.File('first.h5', 'w') as f:
    f.create_dataset('x', data=np.arange(7), chunks=(2,))
    f['y'] = np.arange(7)
    f['z'] = np.arange(7)
with h5py.File('second.h5', 'w') as f:
    f.create_dataset('x', data=np.arange(6), chunks=(2,))
    f['y'] = np.arange(6.0)
    f['z'] = np.arange(14)
END
reference=$SOURCE/tests/cli/references_reference.py

made() { # PATH options...
    "$SHARDSTEP" index "$@" --kerchunk -o refs.json --overwrite > out 2> err || fail "index $*: $(cat err)"
}

# read_as CONSTANTS NAMES FILES...: the references are those of the datasets, and of their elements
read_as() {
    local constants=$1 names=$2
    shift 2
    /usr/bin/python3 "$reference" refs.json "$constants" "$@" > out 2> err || fail "references of $*: $(tail -5 err)"
    [ "$(cat out)" = "$names" ] || fail "expected $names, came: $(cat out)"
}

everything='g/deep g/h/plain gaps lat mask one pair t2m time wide'
made 0.h5
holds "^1 files, 10 datasets" < out || fail "one file: $(cat out)"
read_as - "$everything" 0.h5
made '[0-2].h5' --fields 'time,t2m,lat=lat(constant),g/h/plain,g/deep,pair,mask,wide,gaps,one=one(constant)'
read_as lat,one "$everything" 0.h5 1.h5 2.h5
made first.h5,second.h5 --fields z
read_as - z first.h5 second.h5
made 0.h5 --fields 't2m(window=3)'
read_as - t2m 0.h5
/usr/bin/python3 - << 'END' || fail "the attributes of t2m"
import json
about = json.loads(json.load(open('refs.json'))['refs']['t2m/.zattrs'])
nan = about.pop('nan')
assert nan != nan and isinstance(about['add_offset'], float), about
assert about == {'_ARRAY_DIMENSIONS': ['time', 'lat', 'phony_dim_2'], 'scale_factor': 0.5, 'add_offset': 3.0, 'units': 'K',
                 'range': [1, 2], 'flag': 7}, about
END

# Where xarray is, it reads the same.
if /usr/bin/python3 -c 'import fsspec, xarray, zarr' 2> /dev/null; then
    made '[0-2].h5' --fields 'time,t2m,lat=lat(constant)'
    /usr/bin/python3 - << 'END' || fail "xarray"
import h5py, numpy as np, xarray
data = xarray.open_dataset('reference://', engine='zarr',
                           backend_kwargs={'consolidated': False, 'storage_options': {'fo': 'refs.json'}})
stored = np.concatenate([h5py.File(f'{i}.h5')['t2m'][()] for i in range(3)])
np.testing.assert_allclose(data.t2m.values, np.where(stored == -9, np.nan, stored * 0.5 + 3))
assert data.t2m.dims[:2] == ('time', 'lat') and data.time.values.tolist() == list(range(18))
END
else
    echo "not tested: xarray, zarr and fsspec are missing; pip install xarray zarr fsspec"
fi

refused() { # WORDS PATH options...
    local words=$1
    shift
    if "$SHARDSTEP" index "$@" --kerchunk -o none.json > out 2> err; then fail "index $* is made"; fi
    holds -F -- "$words" < err || fail "index $*: expected «$words», came: $(cat err)"
    [ ! -e none.json ] || fail "index $* leaves a file"
}

refused "dataset lzf: references have no codec for filter 32000 (LZF)" odd.h5 --fields lzf
refused "dataset offset is" odd.h5 --fields offset
refused "dataset unwritten: chunks of it were never written" odd.h5 --fields unwritten
refused "dataset skipped: chunk 0 was written without some of the filters" odd.h5 --fields skipped
refused "text" odd.h5 --fields text
refused "dataset pairs.a is members of compounds" odd.h5 --fields pairs.a
refused "leave select and crop out" 0.h5 --fields 't2m(select=2[0])'
refused "references cannot express datasets of many groups" 0.h5 --fields 'g/*/plain'
refused "references cannot join them" first.h5,first.h5 --fields 'y(offsets=z)'
refused "are not whole chunks of 2 rows" first.h5,second.h5 --fields x
refused "dataset y has another type or shape" first.h5,second.h5
refused "axis lat has a length of 5, but 15" '[0-2].h5'
refused "leave --cf out" 0.h5 --cf

finish
