#!/usr/bin/env python3
"""Digests with and without push-down, of random files, fields and texts.

    pushdown.py SHARDSTEP [--cases N] [--case K] [--seed S]

A case writes s.h5 in the current folder, with one dataset "x" of random type, shape, layout and filters,
and has an epoch digested with --pushdown off, always and auto. Each must print the same. A difference is
printed with the command, and the exit code is 1."""
import argparse
import random
import subprocess
import sys

import h5py
import numpy as np

TYPES = ['u1', 'i2', '<u2', '>i4', '<f4', '>f4', '<f8', 'i8', '<f2', '>u2']
LETTERS = {1: 'w', 2: 'hw', 3: 'zyx'}
FILTERS = [{}, dict(compression='gzip'), dict(compression='lzf'), dict(shuffle=True, compression='gzip'),
           dict(fletcher32=True), dict(fletcher32=True, compression='gzip')]


def write(draw, shape, kind):
    """Writes the file. Chunks may be cut anywhere, and some may be missing."""
    storage = {}
    if draw.random() < 0.75:
        storage = dict(draw.choice(FILTERS), chunks=tuple(draw.randint(1, n) for n in shape))
    data = np.random.default_rng(draw.randrange(1 << 30)).integers(0, 120, shape).astype(kind)
    with h5py.File('s.h5', 'w') as file:
        dataset = file.create_dataset('x', shape, dtype=kind, fillvalue=7, **storage)
        rows = shape[0] if draw.random() < 0.8 else shape[0] // 2
        dataset[:rows] = data[:rows]
    return data.nbytes


def crop(draw, layout, axes, sizes, window, floats):
    """Returns an operator that crops, of a sample of these sizes along these axes."""
    kind = draw.choice(['random', 'random', 'random', 'center', 'window', 'resized', 'time'])
    if kind == 'time' and window:
        return f'window_crop(size={draw.randint(1, window)}, axes=t, layout={layout})'
    size = '[' + ','.join(str(draw.randint(1, n)) for n in sizes) + ']'
    if kind == 'center':
        return f'center_crop(size={size}, axes={axes}, layout={layout})'
    if kind == 'window':
        return f'window_crop(size={draw.randint(1, sizes[-1])}, axes={axes[-1]}, layout={layout})'
    if kind == 'resized' and len(axes) == 2 and floats:
        how = draw.choice(['nearest', 'bilinear', 'area'])
        return f'random_resized_crop(size=[5,6], how={how}, scale=0.1..0.9, layout={layout})'
    mode, padding = draw.choice(['zero', 'edge', 'reflect', 'wrap']), draw.choice([0, 0, 1, 2, 3])
    return f'random_crop(size={size}, axes={axes}, padding={padding}, mode={mode}, layout={layout})'


def text(draw, layout, axes, sizes, window, floats):
    """Returns the operators of the field."""
    words = []
    for _ in range(draw.randint(0, 2)):
        words.append(f'random_flip(axis={draw.choice(axes)}, layout={layout})')
    if layout == 'hwc' and draw.random() < 0.5:
        words.append('to_chw(layout=hwc)')
        layout = 'chw'
    words.append(crop(draw, layout, axes, sizes, window, floats))
    behind = ['', f'random_roll(axes={axes[-1]})', f'random_flip(axis={axes[-1]})']
    if floats:
        behind += ['normalize(mean=3, std=2)', f'time_mask(size=0.1..0.5, axis={axes[-1]})']
    return 'x: ' + ' '.join(words) + ' ' + draw.choice(behind)


def command(draw):
    """Writes a file and returns the options of a case."""
    axes = LETTERS[draw.choice([1, 2, 3, 3])]
    sizes = [draw.randint(6, 20) for _ in axes]
    channels = [3] if draw.random() < 0.3 else []
    window = draw.randint(2, 6) if draw.random() < 0.3 else 0
    every = draw.choice(['1', '1', '2', '1..3'])
    kind = np.dtype(draw.choice(TYPES))
    rows = draw.randint(14, 30) if window else draw.randint(3, 9)
    shape = [rows] + sizes + channels
    fields = f'x=x(window={window}, every={every})' if window else 'x'
    nbytes = write(draw, shape, kind)
    if not window and len(axes) > 1 and draw.random() < 0.3:
        some = sorted(draw.sample(range(sizes[1]), draw.randint(1, sizes[1])))
        sizes[0], sizes[1] = draw.randint(1, sizes[0]), len(some)
        fields = f'x=x(select=2[{" ".join(map(str, some))}], crop=1[0:{sizes[0]}])'
    layout = ('t' if window else '') + axes + ('c' if channels else '')
    more = draw.choice([[], ['--ahead', '2', '--threads', '2'], ['--threads', '3'], ['--augment-by', 'sample'],
                        ['--map']])
    return ['digest', 's.h5', '--fields', fields, '--batch', '2', '--steps', '3', '--shuffle',
            draw.choice(['full', 'none', 'blocks']), '--cache-bytes',
            str(draw.choice([1, nbytes // 2, nbytes * 2 // 3])), '--augment',
            text(draw, layout, axes, sizes, window, kind.kind != 'f' or kind.itemsize > 2), *more]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('shardstep')
    parser.add_argument('--cases', type=int, default=40)
    parser.add_argument('--case', type=int)
    parser.add_argument('--seed', type=int, default=1)
    arguments = parser.parse_args()
    cases = range(arguments.cases) if arguments.case is None else [arguments.case]
    wrong = 0
    for case in cases:
        words = command(random.Random(arguments.seed << 32 | case))
        results = []
        for how in ('off', 'always') if case % 4 else ('off', 'always', 'auto'):
            done = subprocess.run([arguments.shardstep, *words, '--pushdown', how], capture_output=True, text=True,
                                  check=False, stdin=subprocess.DEVNULL)
            results.append((done.returncode, done.stdout, done.stderr))
        if results[0][0] or results.count(results[0]) < len(results):
            print(f'case {case}: {words}: expected the same of each; came {results}')
            wrong += 1
    sys.exit(wrong > 0)


if __name__ == '__main__':
    main()
