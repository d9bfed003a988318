#!/usr/bin/env python3
"""Random crops of volumes: shardstep beside h5py, which reads a volume and crops it.

    compare_crops.py SHARDSTEP [SIDE]

Writes three volumes of SIDE^3 floats (512) in chunks of 64^3 to crops.h5 in the current folder, and removes
the file at the end. Needs Debian's python3-h5py. SIDE 512 takes a minute and 4 GiB of memory."""
import json
import os
import subprocess
import sys
import time

import h5py
import numpy as np

ROWS, CROP, ROUNDS = 3, 64, 3
rng = np.random.default_rng(1)


def write(side):
    with h5py.File('crops.h5', 'w') as file:
        volumes = file.create_dataset('x', (ROWS, side, side, side), dtype='f4', chunks=(1, CROP, CROP, CROP),
                                      compression='lzf', shuffle=True)
        for row in range(ROWS):
            volumes[row] = rng.integers(0, 50, (side,) * 3, dtype='u1')


def with_h5py(side):
    """Returns samples a second."""
    begin, done = time.perf_counter(), 0
    with h5py.File('crops.h5') as file:
        while time.perf_counter() - begin < 3:
            volume = file['x'][done % ROWS]
            z, y, x = rng.integers(0, side - CROP + 1, 3)
            volume[z:z + CROP, y:y + CROP, x:x + CROP].copy()
            done += 1
    return done / (time.perf_counter() - begin)


def with_shardstep(program):
    """Returns samples a second, and chunks decoded for a sample."""
    text = f'x: random_crop(size={CROP}, axes=zyx, layout=zyx)'
    done = subprocess.run([program, 'bench', 'crops.h5', '--fields', 'x', '--batch', '1', '--augment', text,
                           '--repeats', '20', '--steps', '30', '--quick', '--json'],
                          stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL)
    found = json.loads(done.stdout)
    return found['samples_per_s'], found['chunks_decoded_per_1000'] / 1000


def main():
    side = int(sys.argv[2]) if len(sys.argv) > 2 else 512
    try:
        write(side)
        for _ in range(ROUNDS):
            slow, (fast, chunks) = with_h5py(side), with_shardstep(sys.argv[1])
            print(f'h5py {slow:.2f} samples/s, shardstep {fast:.1f}: {fast / slow:.1f} times, '
                  f'{chunks:.2f} of {(side // CROP) ** 3} chunks a sample')
    finally:
        os.remove('crops.h5')


if __name__ == '__main__':
    main()
