#!/usr/bin/env bash
# Axes that a file names, as netCDF-4 does, are known to operators, info, replay and preview; what no
# name tells is said to be assumed, or refused.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'END'
import h5py, numpy as np, os
rng = np.random.default_rng(7)
sizes = dict(time=40, lev=3, lat=4, lon=5, channel=6, pixel=2)
def put(file, name, axes, by='scales'):
    data = file.create_dataset(name, data=rng.random([sizes.get(axis.lower(), 4) for axis in axes], dtype='f4'))
    for axis, dimension in zip(data.dims, axes):
        if by == 'labels':
            axis.label = dimension
        elif by == 'scales' and dimension in file:
            axis.attach_scale(file[dimension])
    return data
def scales(file, names=sizes):
    for name in names:
        file[name] = np.arange(sizes[name], dtype='f8')
        file[name].make_scale(name)
with h5py.File('era.nc', 'w') as f:
    scales(f)
    put(f, 't2m', ('time', 'lat', 'lon'))
    put(f, 'group/u', ('time', 'lev', 'lat', 'lon'))
    put(f, 'turned', ('time', 'lon', 'lat'))
    put(f, 'labelled', ('TIME', 'Lat', 'Lon'), 'labels')
    put(f, 'levels', ('time', 'lev'))
    put(f, 'pixels', ('time', 'pixel', 'lon'))
    put(f, 'plain', ('time', 'lat', 'lon'), 'nothing')
    put(f, 'square', ('time', 'lat', 'lon'), 'nothing').dims[0].label = 'time'
    bands = put(f, 'bands', ('time', 'channel', 'lat', 'lon'))
    # two names of one axis, and two axes of one kind
    put(f, 'torn', ('time', 'lat', 'lon')).dims[1].label = 'x'
    twice = put(f, 'twice', ('time', 'lat', 'lon'), 'nothing')
    twice.dims[1].attach_scale(f['lat'])
    twice.dims[2].label = 'row'
    # names that help, and names that say nothing beside them
    both = put(f, 'both', ('time', 'lat', 'lon'))
    both.dims[1].label = 'south to north'
    # attributes that are no names: a reference that leads nowhere, other types, too few elements
    gone = put(f, 'gone', ('time', 'lat', 'lon'))
    f['z'] = np.arange(4.)
    f['z'].make_scale('z')
    gone.dims[1].attach_scale(f['z'])
    gone.dims[1].detach_scale(f['lat'])
    del f['z']
    put(f, 'odd', ('time', 'lat', 'lon'), 'nothing').attrs['DIMENSION_LIST'] = np.arange(3)
    odd = put(f, 'odder', ('time', 'lat', 'lon'), 'nothing')
    odd.attrs['DIMENSION_LABELS'] = [3.5, 1.0, 2.0]
    odd.attrs.create('DIMENSION_LIST', [f['lat'].ref, f['lon'].ref], dtype=h5py.ref_dtype)
os.mkdir('agree')
os.mkdir('differ')
for folder, last in ('agree', 'lon'), ('differ', 'lev'):
    for number, axis in (0, 'lon'), (1, last):
        with h5py.File(f'{folder}/{number}.nc', 'w') as f:
            scales(f, ('time', 'lat', 'lon', 'lev'))
            data = f.create_dataset('v', data=rng.random((40, 4, 5), dtype='f4'))
            for i, name in enumerate(('time', 'lat')):
                data.dims[i].attach_scale(f[name])
            data.dims[2].label = axis
END

# layout FILE FIELDS OPTION...: the lines of info that tell layouts
layout() {
    "$SHARDSTEP" info "$1" --fields "$2" "${@:3}" | sed -n 's/^    layout //p'
}
windows='a=t2m(window=2),b=group/u(window=2),c=turned(window=2),d=labelled(window=2),e=levels(window=2)'
windows+=',f=pixels(window=2),g=plain(window=2),h=square(window=2),i=bands(window=2),j=torn(window=2)'
windows+=',k=twice(window=2),l=both(window=2),m=gone(window=2),n=odd(window=2),o=odder(window=2)'
layout era.nc "$windows" > found.txt
cat > expected.txt <<'TEXT'
tyx, of the file
tzyx, of the file
txy, of the file
tyx, of the file
tz, of the file
t_x, of the file
unknown: the file does not name the axes
t__, of the file
tcyx, of the file
unknown: the names that the file gives to axes contradict one another
unknown: the names that the file gives to axes contradict one another
tyx, of the file
t_x, of the file
unknown: the file does not name the axes
unknown: the file does not name the axes
TEXT
same 'layouts of windows' expected.txt found.txt
layout era.nc 't2m,turned,plain,bands,torn' > found.txt
printf '%s\n' 'yx, of the file' 'xy, of the file' 'hw, assumed' 'cyx, of the file' \
    'hw, assumed: the names that the file gives to axes contradict one another' > expected.txt
same 'layouts of rows' expected.txt found.txt
layout era.nc t2m,bands --one-sample-a-file > found.txt
printf '%s\n' 'tyx, of the file' 'tcyx, of the file' > expected.txt
same 'layouts of whole files' expected.txt found.txt
[ "$(layout agree v)" = 'yx, of the file' ] || fail "files that agree: $(layout agree v)"
[ "$(layout differ 'v(window=2)')" = 'unknown: the names that the files give to axes contradict one another' ] ||
    fail "files that differ: $(layout differ 'v(window=2)')"

# before and behind an augmentation
layout era.nc t2m,bands,plain --augment 'bands: to_hwc(); plain: random_flip(axis=w, layout=xy)' > found.txt
printf '%s\n' 'yx, of the file' 'cyx, of the file; yxc after the augmentation' 'xy, given' > expected.txt
same 'layouts behind an augmentation' expected.txt found.txt
"$SHARDSTEP" info era.nc --fields t2m,bands,plain,torn,time --json \
    --augment 'bands: to_hwc(); plain: random_flip(axis=w, layout=xy)' > info.json
/usr/bin/python3 - <<'END' || fail "layouts as JSON: $(cat info.json)"
import json
told = [[f[key] for key in ('layout', 'layout_from', 'layout_after')] for f in json.load(open('info.json'))['fields']]
assert told == [['yx', 'file', 'yx'], ['cyx', 'file', 'yxc'], ['xy', 'given', 'xy'], ['hw', 'assumed', 'hw'],
                ['', '', '']], told
END
refused 0 "--augment: augmentation, character 6: .*has no z .the layout yx is by the names of the axes in era.nc" \
    "$SHARDSTEP" info era.nc --fields t2m --augment 't2m: random_flip(axis=z)'

# w is longitude, wherever it stands; h is latitude
run() { "$SHARDSTEP" replay era.nc --vranks 1 --rank 0 --step 0 --batch 8 --overwrite -o batch.h5 "$@" > replay.txt; }
for field in t2m turned group/u; do
    for axis in w h; do
        run --fields "f=$field(window=2)" --augment "f: random_flip(axis=$axis, p=1)" ||
            fail "a flip of $field: $(cat replay.txt)"
        /usr/bin/python3 - $field $axis <<'END' || fail "a flip of $field along $axis turned another axis"
import h5py, numpy as np, sys
with h5py.File('era.nc') as f, h5py.File('batch.h5') as batch:
    data = f[sys.argv[1]]
    name = 'lon' if sys.argv[2] == 'w' else 'lat'
    axis = [d[0].name for d in data.dims].index('/' + name)
    for row, came in zip(batch['index'][:].tolist(), batch['f'][:]):
        assert np.array_equal(came, np.flip(data[row:row + 2], axis)), row
END
    done
done
grep -qx 'layout of f: tzyx, of the file' replay.txt || fail "the layout of a replay: $(cat replay.txt)"
run --fields 't2m,turned' --augment 't2m,turned: random_flip(axis=w)'
grep -qx 'augmentation t2m\[layout=hw\],turned\[layout=xy\]: random_flip(axis=w, p=0.5)' replay.txt ||
    fail "the text of fields of different layouts: $(cat replay.txt)"
augment=$(sed -n 's/^augmentation //p' replay.txt)
mv replay.txt first.txt
run --fields 't2m,turned' --augment "$augment"
grep -v '^layout' first.txt > expected.txt
grep -v '^layout' replay.txt > found.txt
same 'a replay from its own text' expected.txt found.txt

for ranks in 0 3; do
    refused $ranks 'which axes are height and width cannot be told' \
        "$SHARDSTEP" digest era.nc --fields 'plain(window=2)' --augment 'plain: random_flip(axis=w)'
    refused $ranks 'whose layout is t__ and has no w .the layout t__ is by the names of the axes in era.nc' \
        "$SHARDSTEP" digest era.nc --fields 'square(window=2)' --augment 'square: random_flip(axis=w)'
done

# the text of a run is the same with names and without where they say what would be assumed
for field in t2m plain; do
    run --fields "f=$field" --augment 'f: random_flip(axis=w)'
    grep -qx 'augmentation f: random_flip(axis=w, p=0.5, layout=hw)' replay.txt ||
        fail "the text of $field: $(cat replay.txt)"
done

# statistics by channel: the file says which axis has the channels, or they say so themselves
"$SHARDSTEP" stats era.nc bands --channel-axis 1 --write bands.txt > /dev/null
"$SHARDSTEP" stats era.nc group/u --channel-axis 1 --write levels.txt > /dev/null
for window in '' '(window=2)'; do
    run --fields "bands$window,group/u$window" --augment \
        'bands: normalize(from=bands.txt) random_flip(axis=w, p=1); group/u: normalize(from=levels.txt) random_flip(axis=w, p=1)'
    /usr/bin/python3 - <<'END' || fail "statistics by channel, $window: $(cat replay.txt)"
import h5py, numpy as np
with h5py.File('era.nc') as f, h5py.File('batch.h5') as batch:
    for name in 'bands', 'group/u':
        data = f[name][:].astype('f8')
        data = (data - data.mean((0, 2, 3), keepdims=True)) / data.std((0, 2, 3), keepdims=True)
        for row, came in zip(batch['index'][:].tolist(), batch[name][:]):
            expected = data[row:row + came.shape[0]] if came.ndim == 4 else data[row]
            assert np.allclose(came, np.flip(expected, -1), atol=1e-5), (name, row)
END
done
"$SHARDSTEP" preview era.nc sheet.png --fields 'turned(window=2),bands(window=2)' > preview.txt ||
    fail 'preview of named axes'
refused 0 'which axes are height and width cannot be told' \
    "$SHARDSTEP" preview era.nc other.png --fields 'plain(window=2)'

finish
