#!/usr/bin/env bash
# Groups of ranks that share each sample: the digest is that of a run without groups, and each rank reads its
# slab only. What members read, and which operators they take, is tested by tests/unit/test_groups.c.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'END'
import h5py, numpy as np
rng = np.random.default_rng(3)
with h5py.File('era.nc', 'w') as f:
    for name, length in (('time', 24), ('channel', 3), ('lat', 48), ('lon', 128)):
        f[name] = np.zeros(length)
        f[name].make_scale(name)
    for name, chunks in (('w', None), ('z', (1, 3, 4, 128))):
        data = f.create_dataset(name, data=rng.random((24, 3, 48, 128), dtype='f4'), chunks=chunks,
                                compression='gzip' if chunks else None)
        for axis, scale in enumerate(('time', 'channel', 'lat', 'lon')):
            data.dims[axis].attach_scale(f[scale])
    jets = np.zeros((22, 7, 6), dtype=[('pt', 'f4'), ('n', 'u2'), ('eta', 'f4')])
    jets['pt'], jets['eta'] = rng.random((22, 7, 6)), rng.random((22, 7, 6))
    f['jets'] = jets
    f['held'] = rng.random((22, 10), dtype='f4')
    f['held.crc32c'] = np.zeros(22, 'u4')
    f['orography'] = rng.random((48, 128), dtype='f4')
END
fields='x=w(window=2, slab=lat), y=z(window=1, lead=2, crop=lon[16:96], slab=y), t=w(window=1, slab=lon), j=jets.{pt,eta}(slab=1), orography(constant)'
augment='x: random_flip(axis=x) gaussian_noise(std=0.1..0.3); y: sometimes(random_roll(axes=x), p=0.5); t: random_crop(axes=y, padding=2)'
digest() { # RANKS GROUP options...
    local ranks=$1 group=$2
    shift 2
    on "$ranks" "$SHARDSTEP" digest era.nc --fields "$fields" --vranks 3 --batch 2 --seed 5 --augment "$augment" \
        --group "$group" "$@"
}

digest 0 1 > reference.txt
[ "$(wc -l < reference.txt)" = 4 ] || fail "not 4 steps: $(cat reference.txt)"
for run in 2:2 3:3 4:2 6:6; do
    digest "${run%:*}" "${run#*:}" > group.txt
    same "digest of $run ranks and members" reference.txt group.txt
done
digest 0 1 --per-rank > reference.txt
digest 4 2 --per-rank --ahead 2 --threads 2 --cache-bytes 1 > group.txt
same "digests of virtual ranks" reference.txt group.txt

# rows are counted once
"$SHARDSTEP" bench era.nc --fields 'w(slab=lat)' --quick --json --group 1 > whole.json
on 2 "$SHARDSTEP" bench era.nc --fields 'w(slab=lat)' --quick --json --group 2 > group.json
value() { grep -o "\"$1\": *[0-9]*" "$2" | head -n 1 | grep -o '[0-9]*$'; }
[ "$(value samples whole.json)" = "$(value samples group.json)" ] ||
    fail "bench counts other samples: $(value samples whole.json) and $(value samples group.json)"

refused 3 "3 ranks cannot be divided into groups of 2; start a multiple of 2 ranks" \
    "$SHARDSTEP" digest era.nc --fields 'w(slab=lat)' --group 2
refused 2 "no field says along which axis they share its samples; give the axis, as in NAME\(slab=y\)" \
    "$SHARDSTEP" digest era.nc --fields w --group 2
refused 2 "random_flip of field w, of which this rank has a slab along axis 1 of a sample \(y\)" \
    "$SHARDSTEP" digest era.nc --fields 'w(slab=lat)' --group 2 --augment 'w: random_flip(axis=y)'
refused 0 "slab: axis time counts rows" "$SHARDSTEP" info era.nc --fields 'w(slab=time)'
refused 0 "a constant field comes whole to each member of a group; leave out slab" \
    "$SHARDSTEP" info era.nc --fields 'w, orography(constant, slab=0)'
refused 0 "slab: axis 3 is that of the members of the elements" "$SHARDSTEP" info era.nc --fields 'j=jets.{pt,eta}(slab=3)'

# info shows the text in its one form
"$SHARDSTEP" info era.nc --fields 'x=w(slab=lat, window=2)' > info.txt
grep -qF 'x = w(window=2, stride=1, lead=0, slab=lat)' info.txt || fail "info tells another field: $(cat info.txt)"
"$SHARDSTEP" info era.nc --fields 'x=w(slab=lat, window=3), h=held(slab=1)' --group 5 > info.txt
grep -qF 'a member of a group gets 9 or 10 of 48 along axis 2 of a sample' info.txt ||
    fail "info tells another slab: $(cat info.txt)"
grep -qF 'rows are read whole, to be compared with their checksums, and then cut' info.txt ||
    fail "info does not say that rows are read whole"
finish
