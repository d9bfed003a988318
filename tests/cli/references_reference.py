"""Reads references in the form of kerchunk with nothing but Python and NumPy, and compares every
dataset with what h5py reads of the files: references_reference.py REFERENCES CONSTANT,… FILE…"""
import base64
import itertools
import json
import sys
import zlib

import h5py
import numpy as np


def unshuffle(stored, size):
    count = len(stored) // size
    head = np.frombuffer(stored[:count * size], 'u1').reshape(size, count).T.tobytes()
    return head + stored[count * size:]


def decode(stored, filters):
    for codec in reversed(filters or []):
        if codec['id'] == 'fletcher32':
            stored = stored[:-4]
        elif codec['id'] == 'zlib':
            stored = zlib.decompress(stored)
        elif codec['id'] == 'shuffle':
            stored = unshuffle(stored, codec['elementsize'])
        else:
            sys.exit(f'a codec that nobody asked for: {codec}')
    return stored


def fetch(reference):
    if isinstance(reference, str):
        assert reference.startswith('base64:'), reference
        return base64.b64decode(reference[7:])
    path, offset, count = reference
    with open(path, 'rb') as file:
        file.seek(offset)
        stored = file.read(count)
    assert len(stored) == count, reference
    return stored


def read(refs, name):
    about = json.loads(refs[f'{name}/.zarray'])
    assert about['zarr_format'] == 2 and about['order'] == 'C' and about['compressor'] is None
    shape, chunk = about['shape'], about['chunks']
    fill = about['fill_value']
    array = np.full(shape, 0 if fill is None else float(fill) if isinstance(fill, str) else fill, about['dtype'])
    if not shape:
        return np.frombuffer(fetch(refs[f'{name}/0']), about['dtype'])[0]
    for at in itertools.product(*(range(-(-n // c)) for n, c in zip(shape, chunk))):
        key = name + '/' + '.'.join(map(str, at))
        if key not in refs:
            assert fill is not None, f'{key} is missing'
            continue
        values = np.frombuffer(decode(fetch(refs[key]), about['filters']), about['dtype']).reshape(chunk)
        place = tuple(slice(a * c, min((a + 1) * c, n)) for a, c, n in zip(at, chunk, shape))
        array[place] = values[tuple(slice(0, p.stop - p.start) for p in place)]
    return array


def expected(files, name, constant):
    parts = [file[name][()] for file in files]
    whole = parts[0] if constant or not np.ndim(parts[0]) else np.concatenate(parts)
    if np.iscomplexobj(whole):
        whole = np.stack([whole.real, whole.imag], -1)
    return whole


def main():
    with open(sys.argv[1]) as file:
        text = json.load(file)
    assert text['version'] == 1
    refs = text['refs']
    constants = sys.argv[2].split(',')
    files = [h5py.File(path, 'r') for path in sys.argv[3:]]
    names = [key[:-len('/.zarray')] for key in refs if key.endswith('/.zarray')]
    for name in names:
        want = expected(files, name, name in constants)
        np.testing.assert_array_equal(read(refs, name), want, err_msg=name)
        axes = json.loads(refs[f'{name}/.zattrs'])['_ARRAY_DIMENSIONS']
        assert len(axes) == np.ndim(want) and len(set(axes)) == len(axes), (name, axes)
        for end in (i for i, letter in enumerate(name) if letter == '/'):
            assert f'{name[:end]}/.zgroup' in refs, f'{name[:end]}/.zgroup is missing'
    print(' '.join(sorted(names)))


main()
