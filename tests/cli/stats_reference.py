"""Statistics by exact rational numbers: the reference of stats.sh, which has no code in common with
the program. `make FILE` writes fields, `check FILE` compares JSON from standard input with them. `part
SEED FROM TO SAMPLES` lists the rows of a part. `chosen ROWS FILE...` compares JSON with those rows, of
all files together, that the file ROWS lists; values that the JSON names as fill are left out."""
import json
import math
import sys
from fractions import Fraction

import h5py
import numpy as np


def fields():
    draw = np.random.default_rng(7)
    yield 'u8', draw.integers(0, 256, (301, 4, 5)).astype('u1')
    yield 'rgb', draw.integers(0, 200, (101, 6, 5, 3)).astype('u1')
    yield 'i8', draw.integers(-128, 128, (301, 3)).astype('i1')
    yield 'labels', (np.arange(1000) % 10).astype('u1')
    yield 'u16', draw.integers(0, 65536, (300, 11)).astype('u2')
    yield 'i16', draw.integers(-32768, 32768, (300, 2)).astype('>i2')
    yield 'wide', draw.integers(-32768, 32768, (6, 1000)).astype('i2')
    yield 'u32', draw.integers(0, 2**32, (300, 11)).astype('u4')
    yield 'i32', draw.integers(-5, 4, (300, 11)).astype('i4')
    yield 'u64', np.array([0, 2**64 - 1, 2**64 - 2, 1, 2**63] * 40, dtype='u8')
    edges = [x for k in range(1, 16) for x in (k * 2**60 - 1, k * 2**60)]
    yield 'u64_edges', np.array(edges + [0, 2**64 - 1], dtype='u8')
    yield 'i64', np.array([-2**63, 2**63 - 1, -2**63, 5] * 50, dtype='i8').reshape(50, 4)
    yield 'late', (2**62 + np.arange(300) % 3).astype('i8')
    yield 'f16', draw.normal(size=(200, 7)).astype('f2')
    yield 'f32', draw.normal(3, 20, (301, 2, 4, 3)).astype('f4')
    yield 'swapped', draw.normal(3, 20, (301, 5)).astype('>f4')
    yield 'cancel', np.array([1e30, 1, -1e30] * 101, dtype='f4')
    yield 'f64', draw.lognormal(0, 30, (301, 5))
    yield 'huge', np.array([1.7e308, -1.7e308, 5e-324, 1.7e308, -3e200] * 33)
    yield 'tiny', np.array([5e-324, 1e-320, 0, 3e-310, -2e-315] * 33)
    yield 'tenth', np.full(777, 0.1)
    yield 'zeros', np.array([-0.0, 0.0, -0.0] * 50)
    yield 'edges', np.concatenate([np.linspace(a, 7 * a, 17) for a in (0.1, 0.3, 0.7)])
    yield 'edge', np.linspace(0.1, 0.7, 17)
    odd = draw.normal(size=(150, 2, 3)).astype('f4')
    odd[3, 1, 2], odd[70, 0, 0], odd[149, 1, 1], odd[20:25, 1] = np.nan, np.inf, -np.inf, np.nan
    yield 'odd', odd
    yield 'nothing', np.full((9, 3), np.nan)
    yield 'none', np.zeros((0, 5), dtype='f4')


def make(path):
    with h5py.File(path, 'w') as file:
        for name, values in fields():
            file.create_dataset(name, data=values)


def rounded(total, count):
    """A fraction divided by a whole number, rounded once: Python's int / int is exact so."""
    return float(Fraction(total) / count)


def deviation_of_integers(values, total):
    whole, rest = divmod(total, len(values))
    fraction = rest / len(values)
    squares = sum(Fraction((float(x - whole) - fraction) ** 2) for x in values)
    return math.sqrt(rounded(squares, len(values)))


def deviation_of_floats(values, mean):
    magnitude = max(abs(x) for x in values)
    exponent = min(1000, max(-1000, math.frexp(magnitude)[1] - 1 if magnitude else -1000))
    scale = math.ldexp(1, -exponent)
    squares = sum(Fraction((x * scale - mean * scale) ** 2) for x in values)
    return math.sqrt(rounded(squares, len(values))) / scale


def histogram_of_integers(values, bins):
    least, count = min(values), max(values) - min(values) + 1
    bins = min(bins, count)
    counts = [0] * bins
    for x in values:
        counts[(x - least) * bins // count] += 1
    return counts


def expected(values, bins, fill=()):
    values = values.astype(values.dtype.newbyteorder('=')).ravel()
    whole = values.dtype.kind in 'iu'
    if not whole:
        values = values.astype('f8')
    result = {'nan': 0 if whole else int(np.isnan(values).sum()),
              'infinite': 0 if whole else int(np.isinf(values).sum())}
    there = [x for x in values.tolist() if whole or math.isfinite(x)]
    numbers = [x for x in there if x not in fill]
    result['finite'], result['filled'] = len(numbers), len(there) - len(numbers)
    if not numbers:
        return dict(result, mean=None, std=None, min=None, max=None, histogram=[])
    total = sum(numbers) if whole else sum(Fraction(x) for x in numbers)
    mean = rounded(total, len(numbers))
    result.update(mean=mean, min=min(numbers) + 0, max=max(numbers) + 0)
    if whole:
        result['std'] = deviation_of_integers(numbers, total)
        result['histogram'] = histogram_of_integers(numbers, bins)
    else:
        result['std'] = deviation_of_floats(numbers, mean)
        few = min(numbers) == max(numbers)
        with np.errstate(over='ignore'):
            fits = math.isfinite(max(numbers) - min(numbers))
        if fits and max(map(abs, numbers)) > 1e-300:
            result['histogram'] = np.histogram(np.array(numbers), 1 if few else bins)[0].tolist()
    return result


def compare(name, found, wanted):
    counts = [bin['count'] for bin in found['histogram']]
    for key, value in wanted.items():
        got = counts if key == 'histogram' else found[key]
        if got != value:
            sys.exit(f'{name}: {key} is {got!r}, not {value!r}')
    if sum(counts) != found['finite']:
        sys.exit(f'{name}: the histogram does not hold all elements')


def check(path):
    with h5py.File(path) as file:
        for line in sys.stdin:
            found = json.loads(line)
            name = found['field']
            values = file[name][...]
            axis = found['channel_axis']
            usual = values.ndim > 1 and 2 <= values.shape[-1] <= 4
            if name != 'wide' and axis != (values.ndim - 1 if usual else None):
                sys.exit(f'{name}: channel axis {axis}')
            compare(name, found['all'], expected(values, 16))
            for channel, one in enumerate(found['channels']):
                compare(f'{name}[{channel}]', one, expected(np.take(values, channel, axis), 16))
            scale = {'u1': 255, 'u2': 65535, 'u4': 2**32 - 1, 'u8': 2.0**64}.get(values.dtype.str[1:], 1)
            if found['all']['mean'] is not None and found['all']['scaled_mean'] != found['all']['mean'] / scale:
                sys.exit(f'{name}: scaled_mean')
            if list(values.shape) != found['shape']:
                sys.exit(f'{name}: shape')
            print(name)


def philox(key, counter):
    """The block of Philox4x32-10 (Salmon et al. 2011)."""
    k, c = list(key), list(counter)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def part(seed, start, end, samples):
    """Role 4: the draw of a row is a double from the first two words."""
    for row in range(samples):
        words = philox((seed & 0xFFFFFFFF, seed >> 32), (0, row & 0xFFFFFFFF, 0, 4 << 24 | row >> 32))
        if start <= ((words[0] | words[1] << 32) >> 11) * 2.0**-53 < end:
            print(row)


def chosen(rows, paths):
    rows = [int(row) for row in open(rows).read().split()]
    for line in sys.stdin:
        found = json.loads(line)
        values = []
        for path in paths:
            with h5py.File(path) as file:
                values.append(file[found['field']][...])
        values = np.concatenate(values)
        if found['all_rows'] != len(values) or found['shape'][0] != len(rows):
            sys.exit(f'{found["field"]}: {found["shape"]} of {found["all_rows"]} rows')
        values, axis, fill = values[rows], found['channel_axis'], found['fill']
        compare(found['field'], found['all'], expected(values, 16, fill))
        for channel, one in enumerate(found['channels']):
            compare(f'{found["field"]}[{channel}]', one, expected(np.take(values, channel, axis), 16, fill))
        print(found['field'], found['all']['filled'])


if sys.argv[1] == 'part':
    part(int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
elif sys.argv[1] == 'chosen':
    chosen(sys.argv[2], sys.argv[3:])
elif sys.argv[1] == 'names':
    print(*(name for name, _ in fields()))
elif sys.argv[1] == 'make':
    make(sys.argv[2])
else:
    check(sys.argv[2])
