"""Writes the files of this folder, each by the version of HDF5 in its name.

    make.py FOLDER      writes FOLDER/VERSION.h5, and FOLDER/VERSION-latest.h5 in that version's newest format

They were made by h5py 3.7.0 (HDF5 1.10.8), 3.11.0 (HDF5 1.14.2) and 3.16.0 (HDF5 2.0.0). Element n of an array, counted
in the order of storage, is (7 n + 3) mod 120 in its type; the imaginary part of a complex number is -(3 n mod 50), and a
bool is true if the number can be divided by 3. tests/cli/versions.sh compares them.
"""
import sys

import h5py
import numpy as np

ROWS, INNER = 12, (3, 2)
TYPES = {'u8': 'u1', 'i16be': '>i2', 'i64': '<i8', 'f16': '<f2', 'f32': '<f4', 'f64be': '>f8', 'bool': '?', 'c64': '<c8'}
WAYS = {'plain': {}, 'gzip': {'chunks': (5, 2, 2), 'compression': 'gzip', 'shuffle': True, 'fletcher32': True},
        'lzf': {'chunks': (4, 3, 2), 'compression': 'lzf'}, 'one': {'chunks': (ROWS, 3, 2), 'compression': 'gzip'},
        'grows': {'chunks': (5, 3, 2), 'maxshape': (None, 3, 2)}}


def make(kind):
    number = np.arange(ROWS * 6).reshape((ROWS,) + INNER)
    array = (7 * number + 3) % 120
    if kind == '?':
        return array % 3 == 0
    if kind == '<c8':
        return (array - 1j * (3 * number % 50)).astype(kind)
    return array.astype(kind)


if __name__ == '__main__':
    version = '.'.join(h5py.version.hdf5_version.split('.')[:2])
    for ending, libver in (('', None), ('-latest', 'latest')):
        with h5py.File(f'{sys.argv[1]}/{version}{ending}.h5', 'w', libver=libver) as file:
            for i, (name, kind) in enumerate(TYPES.items()):
                for j, (way, options) in enumerate(WAYS.items()):
                    if way == 'plain' or (i + j) % 4 == 0:
                        file.create_dataset(f'{name}_{way}', data=make(kind), **options)
