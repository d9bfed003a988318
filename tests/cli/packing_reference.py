"""Packed numbers with the option --cf against an independent formula in NumPy, over generated types, attributes,
layouts and ways of taking rows. Usage: packing_reference.py PROGRAM SEED FILES"""
import subprocess
import sys

import h5py
import numpy as np

program, seed, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(seed)
ROWS, COLUMNS, FIELDS = 6, 5, 24
TYPES = 'u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8'.split()
NAN = np.array([0x7fc00000], 'u4').view('f4')[0]


def chance(p):
    return rng.random() < p


def stored_numbers(kind):
    """Numbers of a type, with its extremes among them."""
    shape = (ROWS, COLUMNS)
    if kind[0] == 'f':
        x = (rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)).astype(kind)
        x.flat[rng.integers(x.size)] = rng.choice([np.nan, -np.nan, np.inf, -0.0, 0.0])
        return x
    info = np.iinfo(kind)
    x = rng.integers(info.min, info.max, shape, dtype=kind, endpoint=True)
    small = rng.integers(0, 100, shape).astype(kind)
    x = np.where(rng.random(shape) < 0.5, x, small)
    x.flat[rng.integers(x.size)] = (info.min, info.max)[rng.integers(2)]
    return x


def some(x, count):
    """Some of the numbers, which may be attributes as they are."""
    chosen = rng.choice(x.ravel(), count)
    return np.where(chosen != chosen, np.zeros_like(chosen), chosen)


def other_type(value, kind, exact):
    """The same number in another type that holds it."""
    if kind[0] == 'f':
        return value.astype('f8') if chance(0.3) else value
    wider = 'i8' if int(np.max(value)) < 2**63 else 'u8'
    if exact and chance(0.2) and np.all(np.abs(value.astype('f8')) < 2.0**50):
        return value.astype('f8')
    return value.astype(wider) if chance(0.3) else value


def attributes_of(x, kind):
    """Draws attributes for numbers of a type as they are meant, with _Unsigned applied."""
    a = {}
    if chance(0.6):
        a['scale_factor'] = rng.choice([0.01, -3.5, 1.0, 1e-300, 1e30]) if chance(0.5) else np.float32(rng.normal())
    if chance(0.6):
        a['add_offset'] = rng.choice([273.15, 0.0, -1.0]) if chance(0.7) else np.int32(rng.integers(-99, 99))
    if chance(0.5):
        a['_FillValue'] = other_type(some(x, 1), kind, True)
        if chance(0.5):
            a['_FillValue'] = a['_FillValue'][0]
    if chance(0.4):
        a['missing_value'] = other_type(some(x, rng.integers(1, 9)), kind, True)
    way = rng.integers(5)
    if way == 1:
        a['valid_range'] = np.sort(other_type(some(x, 2), kind, False))
    if way == 2 or way == 4:
        a['valid_min'] = other_type(some(x, 1), kind, False)
    if way == 3 or way == 4:
        a['valid_max'] = other_type(some(x, 1), kind, False)
    if way == 4 and a['valid_min'] > a['valid_max']:
        a['valid_min'], a['valid_max'] = a['valid_max'], a['valid_min']
    return a


def values(x, a):
    """The values of stored numbers, by the words of data_cf.h and of fields.h."""
    y = x.astype('f8')
    if 'scale_factor' in a:
        y = y * np.float64(a['scale_factor'])
    if 'add_offset' in a:
        y = y + np.float64(a['add_offset'])
    missing = np.isnan(y)
    floats = x.dtype.kind == 'f'

    def stored(value):
        return np.asarray(value).astype(x.dtype) if floats else np.asarray(value)

    def whole(number):
        return float(number) if floats else int(number)

    for name in '_FillValue', 'missing_value':
        for fill in np.ravel(stored(a.get(name, []))):
            missing |= np.array([[whole(e) == whole(fill) for e in row] for row in x])
    low, high = a.get('valid_range', (None, None))
    low, high = a.get('valid_min', low), a.get('valid_max', high)
    if low is not None:
        low = whole(np.ravel(stored(low))[0])
        missing |= ~np.array([[whole(e) >= low for e in row] for row in x])
    if high is not None:
        high = whole(np.ravel(stored(high))[0])
        missing |= ~np.array([[whole(e) <= high for e in row] for row in x])
    return np.where(missing, NAN, y.astype('f4'))


def write(f, name, always):
    """Writes a dataset of drawn type, layout and attributes. Returns what its values are."""
    kind = rng.choice(TYPES)
    x = stored_numbers(kind)
    a = attributes_of(x, kind)
    if always and not a:
        a['scale_factor'] = 0.5
    expected = values(x, a) if a else x
    if kind[0] in 'ui' and a and chance(0.3):
        # the same bits with the other sign, in the numbers and in the attributes of their type
        other = {'u': 'i', 'i': 'u'}[kind[0]] + kind[1]
        x = x.view(other)
        of_numbers = [k for k in a if k not in ('scale_factor', 'add_offset') and a[k].dtype == np.dtype(kind)]
        a.update({k: a[k].view(other) for k in of_numbers})
        a['_Unsigned'] = 'true' if kind[0] == 'u' else 'false'
    how = {}
    if chance(0.6):
        how['chunks'] = (int(rng.integers(1, ROWS + 1)), int(rng.integers(1, COLUMNS + 1)))
        how['compression'] = rng.choice(['gzip', None])
        how['fletcher32'] = bool(chance(0.3))
    order = rng.choice(['<', '>'])
    d = f.create_dataset(name, data=x.astype(x.dtype.newbyteorder(order)), **how)
    if chance(0.2) and a:
        f[name + '.crc32c'] = checksums(x)
    d.attrs.update(a)
    return expected


def checksums(x):
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    sums = []
    for row in x.astype(x.dtype.newbyteorder('<')):
        crc = 0xffffffff
        for byte in row.tobytes():
            crc = crc >> 8 ^ table[(crc ^ byte) & 255]
        sums.append(crc ^ 0xffffffff)
    return np.array(sums, 'u4')


def run(*arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)


def check(names, fields, expected, extra):
    run('replay', names, '--fields', ','.join(fields), '--cf', '--vranks', '1', '--rank', '0', '--step', '0',
        '--shuffle', 'none', '--batch', '64', '-o', 'out.h5', '--overwrite', *extra)
    with h5py.File('out.h5') as f:
        for name, e in expected.items():
            got = f[name][:]
            assert got.dtype == e.dtype and got.shape == e.shape, (names, name, got.dtype, got.shape, e.dtype, e.shape)
            if got.tobytes() != e.tobytes():
                for n in names.split(','):
                    with h5py.File(n) as g:
                        d = g[name.split('(')[0]] if name in g else None
                        print(n, d and (d.dtype, d[:], dict(d.attrs)))
                raise AssertionError((names, name, got, e))


def with_masks(values_of):
    """Also which numbers are not missing."""
    return {**values_of, **{f'{n}.valid': (v == v).astype('u1') for n, v in values_of.items()}}


for case in range(files):
    both = [{}, {}]
    for i in range(2):
        with h5py.File(f'{i}.h5', 'w') as f:
            for field in range(FIELDS):
                both[i][f'x{field}'] = write(f, f'x{field}', True)
    names = [f'x{field}' for field in range(FIELDS)]
    joined = {n: np.concatenate([both[0][n], both[1][n]]) for n in names}
    extra = [[], ['--map'], ['--cache-bytes', '1000'], ['--threads', '2']][case % 4]
    check('0.h5,1.h5', names, joined, extra)
    check('0.h5,1.h5', [f'{n}(missing=mask)' for n in names], with_masks(joined), extra)
    windows = {n: np.stack([both[0][n][i:i + 3] for i in range(ROWS - 2)]) for n in names}
    check('0.h5', [f'{n}={n}(window=3)' for n in names], windows, extra)
    padded = {n: np.concatenate([w, [[*both[0][n][4:], z]], [[both[0][n][5], z, z]]]).astype(w.dtype)
              for n, w in windows.items() for z in [np.zeros(COLUMNS)]}
    some_names = names[:16]
    masks = {f'{n}.mask': np.array([[1, 1, 1]] * 4 + [[1, 1, 0], [1, 0, 0]], 'u1') for n in some_names}
    check('0.h5', [f'{n}={n}(window=3, pad=zero, missing=mask)' for n in some_names],
          {**with_masks({n: padded[n] for n in some_names}), **masks}, extra)
    parts = {n: both[0][n][:, [4, 0, 2]] for n in names}
    check('0.h5', [f'{n}={n}(select=1[4 0 2])' for n in names], parts, extra)
    check('0.h5', [f'{n}={n}(missing=mask, select=1[4 0 2])' for n in names], with_masks(parts), extra)
    whole = {n: np.stack([both[0][n], both[1][n]]) for n in names}
    check('0.h5,1.h5', names, whole, ['--one-sample-a-file', *extra])
    flat = {n: both[0][n].reshape(ROWS * COLUMNS) for n in names}
    check('0.h5', [f'{n}={n}(axes=2)' for n in names], flat, extra)
print(f'{files} pairs of files, {FIELDS} fields each')
