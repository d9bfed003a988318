#!/usr/bin/env bash
# Samples over two axes, windows whose rows lie apart, and parts of rows are the slices that h5py makes of the
# same files: 150 random cases, or 4,000 with SHARDSTEP_LONG=1. A failing case names its number. Names of axes
# and of their indices are found, or refused with what there is.
#
#   tests/reference/parts.py build/shardstep --case 17       one case alone, in the current folder
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

cases=150
[ "${SHARDSTEP_LONG:-}" != 1 ] || cases=4000
export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 "$SOURCE/tests/reference/parts.py" "$SHARDSTEP" --cases "$cases" ||
    fail "samples are not the slices of h5py"

/usr/bin/python3 - <<'END'
import h5py, numpy as np
rng = np.random.default_rng(7)
with h5py.File('era.nc', 'w') as f:
    f['time'] = np.arange(40.)
    f.create_dataset('channel', data=['u10', 'v10', 't2m', 'z500', 'z850'], dtype=h5py.string_dtype())
    f['plev'] = np.array([1000., 850., 500.])
    f['lat'] = np.zeros(6) # as netCDF keeps a dimension without a variable
    data = f.create_dataset('w', data=rng.random((40, 5, 3, 6), dtype='f4'), chunks=(4, 1, 2, 6), compression='gzip')
    for axis, name in enumerate(('time', 'channel', 'plev', 'lat')):
        f[name].make_scale(name)
        data.dims[axis].attach_scale(f[name])
    well = f.create_dataset('well', data=rng.random((3, 20, 4, 4), dtype='f4'))
    f['well.crc32c'] = np.zeros(3, 'u4')
    f['ok'] = np.arange(40) % 7 != 3
    f['held.crc32c'] = np.zeros(40, 'u4')
    f['held'] = rng.random((40, 5), dtype='f4')
END

# what a field is, and what is compared
"$SHARDSTEP" info era.nc --fields 'x=w(window=2, every=3, select=c[z500 0:2] plev[850.0], crop=y[:3])' > info.txt
grep -qF 'x = w(window=2, stride=1, lead=0, every=3, select=c[z500 0:2] plev[850.0], crop=y[:3]): f32 2x3x1x3' info.txt ||
    fail "info tells another field: $(cat info.txt)"
grep -qF 'layout tczy' info.txt || fail "info tells another layout: $(cat info.txt)"
"$SHARDSTEP" info era.nc --fields 'x=well(axes=2, window=2)' --cache-bytes 1 > info.txt
grep -qF '57 samples' info.txt || fail "not 57 samples: $(cat info.txt)"
grep -qF 'not checked: its checksums are of whole trajectories' info.txt || fail "info does not say what is unchecked"
"$SHARDSTEP" info era.nc --fields 'x=well(axes=2, window=20)' --cache-bytes 1 > info.txt
grep -qF 'read directly, by position, and checked' info.txt || fail "info tells of no checks: $(cat info.txt)"
refused 0 "dataset well: row 0 is not what was written" \
    "$SHARDSTEP" digest era.nc --fields 'x=well(axes=2, window=20)' --cache-bytes 1
"$SHARDSTEP" info era.nc --fields 'x=held(select=1[2])' > info.txt
grep -qF 'rows are read whole, to be compared with their checksums, and then cut' info.txt ||
    fail "info does not say that rows are read whole"
"$SHARDSTEP" info era.nc --fields 'x=w(window=2, every=3)' --sample 7 | grep -qF 'rows 7 to 10, every 3' ||
    fail "another place of sample 7"

"$SHARDSTEP" info era.nc --fields 'x=w(window=2, every=dt:1..3)' --sample 7 |
    grep -qF 'rows from 7 on, every 1 to 3: drawn for each batch' || fail "info does not tell the range of a spacing"
"$SHARDSTEP" bench era.nc --fields 'x=w(window=2, every=1..3)' --quick --stream 15 > bench.txt 2>&1 < /dev/null ||
    fail "bench of drawn spacings: $(cat bench.txt)"
"$SHARDSTEP" replay era.nc --fields 'x=w(window=2, every=dt:1..3)' --vranks 1 --rank 0 --step 0 --seed 3 > replay.txt
grep -qE '^slot 4  row [0-9]+  every\(dt=[123]\)$' replay.txt || fail "replay does not list the spacings"

# names that are not there
refused 0 "select: axis c: the axis has no 't2n'; did you mean t2m\?" \
    "$SHARDSTEP" info era.nc --fields 'w(select=c[t2n])'
refused 0 "no axis is named 'pressure': the file names 0 time, 1 channel, 2 plev, 3 lat; .* from 0 to 3" \
    "$SHARDSTEP" info era.nc --fields 'w(select=pressure[1])'
refused 0 "'700.0' is no index, and no coordinate of the axis; they are 1000 to 500" \
    "$SHARDSTEP" info era.nc --fields 'w(select=plev[700.0])'
refused 0 "'0.0' is the name of 6 indices" "$SHARDSTEP" info era.nc --fields 'w(select=lat[0.0])'
refused 0 "axis t counts rows" "$SHARDSTEP" info era.nc --fields 'w(select=t[1])'

# any number of ranks and threads, with and without the chunks in memory
fields='x=w(window=2, every=1..3, select=channel[3 0] z[:2]), y=w(window=1, lead=3, select=c[t2m], crop=lat[1:4])'
digest() {
    on "$1" "$SHARDSTEP" digest era.nc --fields "$fields" --batch 3 --vranks 3 "${@:2}" < /dev/null
}
digest 0 > expected.txt
for ranks in ${RANKS:-1 2 3}; do
    digest "$ranks" --cache-bytes 1 --threads 2 > found.txt
    same "digests of $ranks ranks" expected.txt found.txt
done

# which rows are valid is known to every rank, also from an index, and so are constants
fields='x=w(window=2, stride=2, valid=ok, select=c[t2m]), o=lat(constant)'
digest 0 > expected.txt
"$SHARDSTEP" info era.nc --fields "$fields" | grep -qF 'those of 20 windows whose rows are all valid' ||
    fail "info does not say how many windows there are"
"$SHARDSTEP" index era.nc -o era.index --fields "$fields" > /dev/null
for ranks in ${RANKS:-1 2 3}; do
    digest "$ranks" > found.txt
    same "digests of valid windows on $ranks ranks" expected.txt found.txt
    digest "$ranks" --index era.index > found.txt
    same "digests from an index on $ranks ranks" expected.txt found.txt
done

# members of compounds in many groups, which are read directly or, of chunked datasets, through HDF5
for chunks in None '(2, 3)'; do
    /usr/bin/python3 - "$chunks" << 'END'
import sys, h5py, numpy as np
rng = np.random.default_rng(5)
with h5py.File('groups.h5', 'w') as f:
    for g, rows in ((2, 4), (10, 3), (0, 2)):
        jets = np.zeros((rows, 5), dtype=[('id', 'u1'), ('pt', '<f4'), ('n', 'i2'), ('eta', '<f4')])
        jets['pt'], jets['eta'] = rng.random((2, rows, 5))
        f.create_dataset(f'data/demo_{g}/jets', data=jets, chunks=eval(sys.argv[1]))
END
    "$SHARDSTEP" replay groups.h5 --fields 'x=data/*/jets.{eta,pt}(window=2, select=1[3 0]), y=data/*/jets.n(window=1)' \
        --shuffle none --vranks 1 --rank 0 --step 0 -o batch.h5 --overwrite > /dev/null
    /usr/bin/python3 - << 'END' || fail "members of groups, chunks $chunks, are not those of h5py"
import h5py, numpy as np
with h5py.File('groups.h5') as f, h5py.File('batch.h5') as batch:
    jets = [f[f'data/demo_{g}/jets'][()][:, [3, 0]] for g in (0, 2, 10)]
    wanted = [np.stack([d[i:i + 2]['eta'], d[i:i + 2]['pt']], -1) for d in jets for i in range(len(d) - 1)]
    assert (batch['x'][()] == np.array(wanted)).all() and len(batch['y']) == 6
END
done

# padded windows of groups of any length, some of them shorter than a window, on any number of ranks
/usr/bin/python3 - << 'END'
import h5py, numpy as np
with h5py.File('episodes.h5', 'w') as f:
    for g, rows in enumerate((5, 0, 1, 2, 9)):
        f[f'data/demo_{g}/obs'] = np.arange(rows * 3, dtype='f4').reshape(rows, 3) + 100 * g + 1
        f.create_dataset(f'data/demo_{g}/actions', data=np.arange(rows, dtype='i4') + 100 * g + 1, chunks=(2,), maxshape=(None,))
END
fields='x=data/*/obs(window=2, stride=2, lead=-3, every=3, pad=edge), y=data/*/actions(window=4, stride=2, pad=zero)'
"$SHARDSTEP" replay episodes.h5 --fields "$fields" --batch 100 --shuffle none --vranks 1 --rank 0 --step 0 -o batch.h5 \
    --overwrite > /dev/null
/usr/bin/python3 - << 'END' || fail "padded windows of groups are not those of h5py"
import h5py, numpy as np
wanted = {'x': [], 'x.mask': [], 'y': [], 'y.mask': []}
with h5py.File('episodes.h5') as f:
    for g in range(5):
        obs, actions = f[f'data/demo_{g}/obs'][()], f[f'data/demo_{g}/actions'][()]
        for anchor in range(0, len(obs), 2):
            rows = np.array([anchor - 3, anchor])
            wanted['x'].append(obs[np.clip(rows, 0, len(obs) - 1)])
            wanted['x.mask'].append(rows >= 0)
            wanted['y'].append(np.append(actions, [0] * 4)[anchor:anchor + 4])
            wanted['y.mask'].append(np.arange(anchor, anchor + 4) < len(obs))
with h5py.File('batch.h5') as batch:
    for name, due in wanted.items():
        assert (batch[name][()] == np.array(due)).all() and len(due) == 10, name
    assert batch['x.mask'].dtype == 'u1'
END
"$SHARDSTEP" info episodes.h5 --fields "$fields" > info.txt
grep -qF 'x = data/*/obs(window=2, stride=2, lead=-3, every=3, pad=edge): f32 2x3' info.txt || fail "info tells another field"
grep -qF 'x.mask: u8 2' info.txt || fail "info tells of no mask: $(cat info.txt)"
"$SHARDSTEP" info episodes.h5 --fields "$fields" --sample 9 > info.txt
grep -qF 'x: dataset data/*/obs, rows 13 to 16, every 3' info.txt || fail "other rows of x: $(cat info.txt)"
grep -qF 'y.mask: dataset data/*/actions, row 16' info.txt || fail "other rows of the mask: $(cat info.txt)"
padded() {
    on "$1" "$SHARDSTEP" digest episodes.h5 --fields "$fields" --batch 3 --vranks 3 "${@:2}" \
        --augment 'y,y.mask: random_flip(axis=t, layout=t); x.mask: window_crop(size=1, layout=t)' < /dev/null
}
fields=${fields//stride=2, /}
padded 0 > expected.txt
for ranks in ${RANKS:-1 2 3}; do
    padded "$ranks" --cache-bytes 1 --threads 2 > found.txt
    same "digests of padded windows on $ranks ranks" expected.txt found.txt
done
# windows from one year into the next, on any number of ranks, also from an index
/usr/bin/python3 - << 'END'
import h5py, numpy as np
for year, rows in ((2001, 9), (2002, 4), (2003, 11)):
    with h5py.File(f'year-{year}.h5', 'w') as f:
        f.create_dataset('t2m', data=np.random.default_rng(year).random((rows, 3, 4), dtype='f4'), chunks=(2, 3, 4), compression='gzip')
END
fields='x=t2m(window=3, every=2, series, crop=1[1:]), y=t2m(window=1, lead=5, series)'
years() {
    on "$1" "$SHARDSTEP" digest 'year-*.h5' --fields "$fields" --batch 3 --vranks 3 "${@:2}" < /dev/null
}
"$SHARDSTEP" info 'year-*.h5' --fields "$fields" --sample 7 > info.txt
grep -qF 'sample 7: year-2001.h5, number 7 in the file; file 0, source 0' info.txt || fail "another file: $(cat info.txt)"
grep -qF 'x: dataset t2m, 3 rows, every 2, from row 7 of year-2001.h5 on' info.txt || fail "other rows: $(cat info.txt)"
grep -qF 'y: dataset t2m, 1 row from row 3 of year-2002.h5 on' info.txt || fail "another row: $(cat info.txt)"
"$SHARDSTEP" info 'year-*.h5' --fields "$fields" | grep -qF '19 samples in 3 files' || fail "not 19 samples of all years"
"$SHARDSTEP" index 'year-*.h5' -o years.index --fields "$fields" > /dev/null
for how in '' '--part 0,0.5 --part-block 4'; do
    # shellcheck disable=SC2086
    years 0 $how > expected.txt
    for ranks in ${RANKS:-1 2 3}; do
        # shellcheck disable=SC2086
        years "$ranks" $how --cache-bytes 1 --threads 2 > found.txt
        same "digests of years on $ranks ranks" expected.txt found.txt
    done
done
years 2 --index years.index --part 0,0.5 --part-block 4 > found.txt
same "digests of years from an index" expected.txt found.txt
refused 0 "a part of overlapping windows would share rows" "$SHARDSTEP" digest 'year-*.h5' --fields "$fields" --part 0,0.5

# rows that are padding are not read, so a crop behind them is cut out of whole samples
"$SHARDSTEP" digest era.nc --fields 'x=w(window=3, lead=-2, pad=edge)' --augment 'x: window_crop(size=2, axes=y)' \
    --pushdown off > expected.txt < /dev/null
"$SHARDSTEP" digest era.nc --fields 'x=w(window=3, lead=-2, pad=edge)' --augment 'x: window_crop(size=2, axes=y)' > found.txt
same "crops of padded windows" expected.txt found.txt

# axes and indices are named in the same order in all groups, or are not found by their names
/usr/bin/python3 - << 'END'
import h5py, numpy as np
with h5py.File('named.h5', 'w') as f:
    for parent, other in (('same', 'u v t'), ('other', 't u v')):
        for group, names in (('run_0', 'u v t'), ('run_1', other)):
            here = f.create_group(f'{parent}/{group}')
            here['channel'] = np.array(names.split(), dtype='S1')
            here['channel'].make_scale('channel')
            here['w'] = np.arange(12.).reshape(4, 3)
            here['w'].dims[1].attach_scale(here['channel'])
            here['s'] = np.arange(36.).reshape(4, 3, 3)
            axes = ('time', 'lon', 'lat') if names[0] == 't' else ('time', 'lat', 'lon')
            for axis, name in enumerate(axes):
                here['s'].dims[axis].label = name
END
"$SHARDSTEP" info named.h5 --fields 'x=same/*/w(select=c[t u]), y=same/*/s(crop=lat[:2])' > info.txt
grep -qF 'layout yx, of the file' info.txt || fail "info tells no layout of groups: $(cat info.txt)"
for field in 'w(select=channel[t u])' 's(crop=lat[:2])' 's(slab=y)'; do
    refused 0 "dataset other/run_1/.: what select, crop and slab name lies elsewhere than in the first group" \
        "$SHARDSTEP" info named.h5 --fields "other/*/$field"
done
"$SHARDSTEP" info named.h5 --fields 'x=other/*/w(select=c[2]), y=other/*/s(crop=1[:2])' > info.txt
grep -qF 'the names that the file gives to axes contradict one another' info.txt ||
    fail "info takes the first group's names: $(cat info.txt)"
finish
