"""What is bad in a file, by h5py, which knows nothing of checksums: the rows that differ from those
of the undamaged file. `flips PROGRAM FILE COUNT` flips single bits at fixed places and compares with
what `PROGRAM check` says; `chunk FILE DATASET NUMBER...` prints where chunks lie."""
import json
import random
import subprocess
import sys

import h5py
import numpy as np


def read(path):
    """Each field's rows as bytes; None for a field, or the file, that cannot be read."""
    fields = {}

    def take(name, thing):
        if isinstance(thing, h5py.Dataset):
            try:
                values = thing[...]
                fields[name] = [row.tobytes() for row in values]
            except OSError:
                fields[name] = None
    try:
        with h5py.File(path, 'r') as file:
            file.visititems(take)
    except (OSError, RuntimeError, KeyError):
        return None
    return fields


def check(program, path):
    done = subprocess.run([program, 'check', path, '--json'], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def bad_rows(found, name):
    return {row for bad in found['bad'] if bad['dataset'] == name
            for row in range(bad['first'], bad['first'] + bad['count'])}


def compare(before, after, code, found):
    """What is wrong with the verdict on a damaged file; None if nothing is."""
    if after is None or set(after) != set(before):
        return None if code in (1, 2) else 'a file that cannot be read is good'
    if after == before:
        # unused bits of a stored chunk, of which only the checksum of the chunk knows
        idle = code == 1 and all('its checksum is' in bad['why'] for bad in found['bad'])
        return None if code == 0 or idle else 'a file that reads as before is bad'
    if code != 1:
        return f'exit code {code} for a file that reads otherwise'
    for name in (name for name in before if not name.endswith('crc32c')):
        if after[name] is None:
            if not any(bad['dataset'] == name for bad in found['bad']):
                return f'{name} cannot be read, which is not told'
            continue
        differ = {i for i, row in enumerate(after[name]) if row != before[name][i]}
        told = bad_rows(found, name)
        if any(after[name + sums] != before[name + sums] for sums in ('.crc32c', '.chunk_crc32c')):
            continue
        if told != differ:
            return f'{name}: rows {sorted(told)} are told, {sorted(differ)} differ'
    return None


def flips(program, path, count):
    before = read(path)
    whole = open(path, 'rb').read()
    places = random.Random(11)
    told = 0
    for _ in range(count):
        bit = places.randrange(8 * len(whole))
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        with open('damaged.h5', 'wb') as file:
            file.write(damaged)
        code, found = check(program, 'damaged.h5')
        wrong = compare(before, read('damaged.h5'), code, found)
        if wrong:
            sys.exit(f'{path}, bit {bit}: {wrong}; check said {found}')
        told += code == 1
    print(told, 'of', count, 'flips are told of a field')


def chunk(path, name, numbers):
    with h5py.File(path, 'r') as file:
        for number in numbers:
            info = file[name].id.get_chunk_info(int(number))
            print(info.byte_offset, info.size)


def plain(path):
    with h5py.File(path, 'w') as file:
        file['numbers'] = np.arange(1000, dtype='i4').reshape(100, 10)
        file['names'] = np.array([b'shirt', b'bag'])
        file['one'] = np.float32(1)
    with h5py.File('large.h5', 'w') as file:
        file.create_dataset('rows', (3, 300 << 20), dtype='u1')
    with h5py.File('long.h5', 'w') as file:
        file['x' * 2000] = [1, 2, 3]


if sys.argv[1] == 'flips':
    flips(sys.argv[2], sys.argv[3], int(sys.argv[4]))
elif sys.argv[1] == 'chunk':
    chunk(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    plain(sys.argv[2])
