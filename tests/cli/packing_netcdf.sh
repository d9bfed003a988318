#!/usr/bin/env bash
# Packed numbers of files that netCDF4 writes, with --cf, are those that netCDF4 unpacks itself.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py netCDF4

cat > write.py <<'END'
import netCDF4, numpy as np
rng = np.random.default_rng(3)
with netCDF4.Dataset('era.nc', 'w') as f:
    for name, length in ('time', None), ('latitude', 5), ('longitude', 6):
        f.createDimension(name, length)
    for kind in 'i1 u1 i2 u2 i4 u4 f4 f8'.split():
        for case in range(12):
            fill = np.array(100 if case % 2 else 3, kind)
            v = f.createVariable(f'{kind}_{case}', kind, ('time', 'latitude', 'longitude'), fill_value=fill,
                                 zlib=case % 3 == 0)
            v.set_auto_maskandscale(False)
            if case % 3 != 1: v.scale_factor = 0.1 * (case + 1)
            if case % 4 != 1: v.add_offset = 273.15 - case
            if case % 4 == 2: v.missing_value = np.array(5, kind)
            if case % 5 == 3: v.valid_range = np.array([1, 90], kind)
            if case % 5 == 4: v.valid_min = np.array(2, kind)
            if case % 6 == 5: v.valid_max = np.array(80, kind)
            if kind[0] == 'i' and case % 4 == 3: v._Unsigned = 'true'
            v[:] = rng.integers(-120 if kind[0] != 'u' else 0, 120, (7, 5, 6)).astype(kind)
    v = f.createVariable('single', 'i2', ('time', 'latitude', 'longitude'))
    v.set_auto_maskandscale(False)
    v.scale_factor, v.add_offset = np.float32(0.1), np.float32(3)
    v[:] = rng.integers(-99, 99, (7, 5, 6))
    v[3, 2, 1] = -32767
    # coordinates that are no axes of their own
    for name in 'lat2d', 'lon2d':
        f.createVariable(name, 'f4', ('latitude', 'longitude'))[:] = rng.random((5, 6))
    v.coordinates = 'lat2d lon2d'
END
/usr/bin/python3 write.py
"$SHARDSTEP" info era.nc --cf --fields i2_0,single > info.txt || fail "info: $(cat info.txt)"
[ "$(grep -c '^    layout yx, of the file$' info.txt)" = 2 ] || fail "dimensions are axes: $(cat info.txt)"
for group in i1 u1 i2 u2 i4 u4 f4 f8; do
    fields=$(printf "${group}_%s," $(seq 0 11))single
    "$SHARDSTEP" replay era.nc --fields "$fields" --cf --vranks 1 --rank 0 --step 0 --batch 7 --shuffle none -o "$group.h5" \
        > /dev/null || fail "replay of $group"
done
/usr/bin/python3 - <<'END' || fail "values differ from netCDF4's"
import h5py, netCDF4, numpy as np
with netCDF4.Dataset('era.nc') as f:
    for name, v in f.variables.items():
        if '_' not in name: continue
        with h5py.File(name.split('_')[0] + '.h5') as g:
            got = g[name][:]
        want = np.ma.filled(v[:].astype('f8'), np.nan).astype('f4')
        # netCDF4 computes in single precision if the stored numbers are, or the scale
        same = np.allclose(got, want, rtol=1e-6, atol=1e-5, equal_nan=True) if v.dtype == 'f4' else np.array_equal(got, want, equal_nan=True)
        assert got.dtype == 'f4' and same, name
    # and masks default fill values
    with h5py.File('i2.h5') as g:
        got = g['single'][:]
    want = f['single'][:]
    assert want.mask.sum() == 1 and want.mask[3, 2, 1] and got[3, 2, 1] == np.float32(-32767 * np.float64(np.float32(0.1)) + 3)
    got[3, 2, 1] = want.data[3, 2, 1]
    assert np.allclose(got, want.data, rtol=1e-6, atol=1e-5)
END
"$SHARDSTEP" digest era.nc --fields i2_0,lat2d --vranks 1 > /dev/null 2> err.txt && fail "a coordinate of two axes has other rows"
grep -q lat2d err.txt || fail "a coordinate of two axes: $(cat err.txt)"
# Names of dimensions select, and a coordinate of two axes is none
"$SHARDSTEP" digest era.nc --fields 'i2_0=i2_0(crop=latitude[1:3] longitude[:2])' --cf --vranks 1 > by_name.txt
"$SHARDSTEP" digest era.nc --fields 'i2_0=i2_0(crop=1[1:3] 2[:2])' --cf --vranks 1 > by_number.txt
same "axes by name and by number" by_number.txt by_name.txt

finish
