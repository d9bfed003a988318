#!/usr/bin/python3
"""Makes the small files that the guides use: guides_data.py FOLDER"""
import os
import sys

import h5py
import numpy as np

os.chdir(sys.argv[1])
rng = np.random.default_rng(1)

# definition.md
with h5py.File('small.h5', 'w') as file:
    file['x'] = np.arange(36, dtype='u1').reshape(12, 3)
    file['w'] = np.arange(12) % 4 / 4.0

# README.md, training.md: a table of a reader's own, of which a model can learn
x = rng.normal(size=(1000, 8)).astype('f4')
np.save('x.npy', x)
np.savetxt('labels.csv', np.argmax(x @ rng.normal(size=(8, 10)), axis=1), fmt='%d')

# climate.md: two years of six-hourly fields as makani keeps them, and ERA5 as the CDS packs it
names = [b'u10m', b'v10m', b't2m', b'sp', b'z500']
for year in (2018, 2019):
    with h5py.File(f'fields-{year}.h5', 'w') as file:
        file['fields'] = rng.normal(size=(40, 5, 9, 16)).astype('f4')
        scales = {'time': np.arange(40.0), 'channel': np.array(names), 'lat': np.linspace(90, -90, 9),
                  'lon': np.arange(16) * 22.5}
        for axis, (name, values) in enumerate(scales.items()):
            file[name] = values
            file[name].make_scale(name)
            file['fields'].dims[axis].attach_scale(file[name])
    with h5py.File(f'era-{year}.nc', 'w') as file:
        packed = rng.integers(-32000, 32000, (40, 9, 16)).astype('i2')
        packed[3, 2, 1] = -32767
        file['t2m'] = packed
        file['t2m'].attrs['scale_factor'] = 0.0005 * (year - 2016)
        file['t2m'].attrs['add_offset'] = 270.0 + year - 2018
        file['t2m'].attrs['_FillValue'] = np.int16(-32767)
        for axis, (name, values) in enumerate((('time', np.arange(40)), ('latitude', np.linspace(90, -90, 9)),
                                               ('longitude', np.arange(16) * 22.5))):
            file[name] = values
            file[name].make_scale(name)
            file['t2m'].dims[axis].attach_scale(file[name])
with h5py.File('static.h5', 'w') as file:
    file['orography'] = rng.uniform(0, 4000, (9, 16)).astype('f4')

# layouts.md
with h5py.File('well.h5', 'w') as file:
    file['u'] = rng.normal(size=(4, 20, 8, 8)).astype('f4')
with h5py.File('corpus.h5', 'w') as file:
    file['tokens'] = rng.integers(0, 50257, 10001).astype('u2')
with h5py.File('speech.h5', 'w') as file:
    lengths = rng.integers(100, 300, 20)
    file['begin'] = np.concatenate(([0], np.cumsum(lengths)))
    file['samples'] = rng.normal(size=lengths.sum()).astype('f4')
with h5py.File('robot.h5', 'w') as file:
    for episode in range(12):
        steps = 5 + episode
        file[f'data/demo_{episode}/obs/eye'] = rng.integers(0, 255, (steps, 8, 8, 3)).astype('u1')
        file[f'data/demo_{episode}/actions'] = rng.normal(size=(steps, 7)).astype('f4')
with h5py.File('cells.h5ad', 'w') as file:
    dense = (rng.uniform(size=(30, 50)) < 0.1) * rng.integers(1, 9, (30, 50))
    where = [np.flatnonzero(row) for row in dense]
    group = file.create_group('X')
    group.attrs['shape'], group.attrs['encoding-type'] = dense.shape, 'csr_matrix'
    group['indptr'] = np.concatenate(([0], np.cumsum([len(at) for at in where])))
    group['indices'] = np.concatenate(where)
    group['data'] = np.concatenate([row[at] for row, at in zip(dense, where)]).astype('f4')
    file['obs/label'] = rng.integers(0, 3, 30).astype('u1')
with h5py.File('damaged.h5', 'w') as file:  # one chunk of eight is not what was compressed
    images = rng.integers(0, 9, (512, 28, 28)).astype('u1')
    file.create_dataset('images', data=images, chunks=(64, 28, 28), compression=4)
    file['labels'] = rng.integers(0, 10, 512).astype('u1')
    chunk = file['images'].id.get_chunk_info(7)
with open('damaged.h5', 'r+b') as file:
    file.seek(chunk.byte_offset + chunk.size // 2)
    file.write(b'damage' * 10)
