"""Compares a checkpoint with its content, as HDF5 and as safetensors.

    safetensors_reference.py FILE TENSORS    a file of the program save_state

The layout of safetensors is read here by itself, from the words of its description. Where the package safetensors is
there, it reads the file, too.
"""
import json
import struct
import sys

import h5py
import numpy as np

TYPES = ['U8', 'U16', 'U32', 'U64', 'I8', 'I16', 'I32', 'I64', 'F16', 'F32', 'F64']
NUMPY = dict(zip(TYPES, ['u1', '<u2', '<u4', '<u8', 'i1', '<i2', '<i4', '<i8', '<f2', '<f4', '<f8']))


def expected(n, tensors):
    kind = TYPES[n % 11]
    shape = (n % 5, 3) if n + 1 < tensors else ()
    size = int(np.prod(shape, dtype=int)) * np.dtype(NUMPY[kind]).itemsize
    content = ((n + 7 * np.arange(size)) % 251).astype('u1').tobytes()
    return f'layer {n}.weight "' + ('é' if n == 1 else '') + '"', kind, shape, content


def read_safetensors(path):
    """Returns metadata, entries, the bytes behind the header, and the length of all before them."""
    with open(path, 'rb') as file:
        content = file.read()
    length, = struct.unpack('<Q', content[:8])
    header = json.loads(content[8:8 + length].decode('utf-8'))
    assert content[8:9] == b'{', 'the header begins with a brace'
    return header.pop('__metadata__'), header, content[8 + length:], content[:8 + length]


def check_layout(entries, data, block):
    """No gaps, no overlaps, and nothing behind the last tensor."""
    at = 0
    for begin, end, name in sorted((*entry['data_offsets'], name) for name, entry in entries.items()):
        assert begin == at and end >= begin, f'{name} begins at {begin}, and {at} was expected'
        at = end
    assert at == len(data), f'{len(data) - at} bytes are nobody\'s'
    size = len(block)
    used = 8 + len(block[8:].rstrip(b' '))
    assert size >= 4096 and size & (size - 1) == 0, f'a block of {size} bytes'
    assert size == 4096 or used > size // 2, f'{used} bytes in a block of {size}'
    return size


def main(path, tensors):
    metadata, entries, data, block = read_safetensors(path)
    size = check_layout(entries, data, block)
    assert all(isinstance(value, str) for value in metadata.values()), metadata
    names = [name for name in entries if not name.startswith('__hdf5__.')]
    gaps = len(entries) - len(names)
    assert sorted(entries) == sorted(names + [f'__hdf5__.{n}' for n in range(gaps)])
    with h5py.File(path) as file:
        assert file.userblock_size == size, file.userblock_size
        assert sorted(file['state']) == sorted(names) and len(names) == tensors, names
        for n in range(tensors):
            name, kind, shape, content = expected(n, tensors)
            entry = entries[name]
            begin, end = entry['data_offsets']
            assert (entry['dtype'], tuple(entry['shape'])) == (kind, shape), entry
            assert data[begin:end] == content, f'{name} by safetensors'
            array = file['state'][name]
            assert array.shape == shape and array.dtype == np.dtype(NUMPY[kind]), array
            assert array[()].tobytes() == content, f'{name} by HDF5'
            assert begin % 64 == 0, f'{name} begins at {begin}'
        progress = [int(x) for x in file.attrs['progress']]
        assert [int(metadata[key]) for key in ('epoch', 'epoch_step', 'step', 'origin_epoch', 'origin_step')] \
            == progress[:5], (metadata, progress)
        assert metadata['fingerprint'] == bytes(file.attrs['fingerprint']).decode(), metadata
        assert metadata['checksum'] == bytes(file['checksum'][()]).decode(), metadata
        assert len(metadata['checksum']) == 32
    try:
        from safetensors import safe_open
    except ImportError:
        print('the package safetensors is missing: only the reader of this test has read the file')
        return
    with safe_open(path, framework='numpy') as file:
        assert file.metadata() == metadata
        for n in range(tensors):
            name, kind, shape, content = expected(n, tensors)
            array = file.get_tensor(name)
            assert array.shape == shape and array.tobytes() == content, f'{name} by the package'
    print('the package safetensors has read the file, too')


main(sys.argv[1], int(sys.argv[2]))
