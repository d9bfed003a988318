"""Compares samples of two axes, windows whose rows lie apart, parts of rows and members of compounds
with slices of h5py.

    parts.py SHARDSTEP --cases 300          cases 0 to 299, each of other files, fields and options
    parts.py SHARDSTEP --case 17            one case, told in full

A case is a function of its number. Each makes one file or two in the current folder, has `shardstep
replay` write the first batch, and compares each sample with the slice of the array in memory.
"""
import argparse
import contextlib
import random
import subprocess
import sys

import h5py
import numpy as np

TYPES = ['u1', '>i2', '<f4', '>f8', '<f2', 'i8', '?', '<c8']
FILTERS = [{}, {'compression': 'gzip'}, {'compression': 'gzip', 'shuffle': True},
           {'compression': 'lzf'}, {'fletcher32': True}, {'compression': 'gzip', 'fletcher32': True}]
LAYOUTS = ['contiguous', 'contiguous', 'chunked', 'chunked', 'chunked', 'compact', 'virtual']
NAMES = ['u10', 'v10', 't2m', 'sp', 'tcwv', 'z500', 'q850', 'r_700', 'ö', 'w']
CRC = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    CRC.append(byte)


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ CRC[(value ^ byte) & 255]
    return value ^ 0xFFFFFFFF


def plain(array):
    """Numbers as they are delivered."""
    if array.dtype == bool:
        return array.astype('u1')
    array = array.astype(array.dtype.newbyteorder('='))
    if array.dtype.kind == 'c':
        return np.stack([array.real, array.imag], axis=-1)
    return array


def make_array(draw, shape, kind):
    """An array of whole numbers, of which no two neighbours are alike."""
    count = int(np.prod(shape))
    numbers = (np.arange(count) * 7 + draw.randrange(1000)) % 120
    array = numbers.reshape(shape)
    if kind == '?':
        return array % 3 == 0
    if kind == '<c8':
        return (array - 1j * ((array * 3) % 50)).astype(kind)
    return array.astype(kind)


def make_members(number, case):
    """How the array lies in members of a compound, or None. The draws of the case stay as they are."""
    draw = random.Random(f'members {number}')
    inner = len(case['inner'])
    if draw.random() > .4 or case['halves']:
        return None
    stacked = inner > 0 and case['kind'] != '<c8' and draw.random() < .6
    own = draw.randint(0, inner - stacked)
    stored = case['row_axes'] + inner - stacked - own # axes of the dataset
    case['summed'] = False
    for axis in [axis for axis in case['names'] if axis >= stored]:
        del case['names'][axis]
        make_picks(draw, case) # of other words
    names = [f'm{i}' for i in range(case['inner'][-1] if stacked else 1)]
    return {'stacked': stacked, 'own': own, 'stored': stored, 'names': names,
            'order': draw.sample(names, len(names)), 'nested': draw.random() < .3,
            'aligned': draw.random() < .3, 'mixed': draw.random() < .3}


def wrap(array, members):
    """A compound whose members hold the array."""
    if not members:
        return array
    stored = array.shape[:members['stored']]
    own = array.shape[len(stored):len(stored) + members['own']]
    kinds = {name: array.dtype.newbyteorder() if members['mixed'] and i % 2 and array.dtype.kind != 'c'
             else array.dtype for i, name in enumerate(members['names'])}
    inside = np.dtype([('before', 'S3')] + [(name, kinds[name], own) for name in members['order']] +
                      [('after', 'f8')], align=members['aligned'])
    kind = np.dtype([('id', '<u2'), ('p.q', inside), ('rest', 'u1', (2,))]) if members['nested'] else inside
    made = np.zeros(stored, kind)
    to = made['p.q'] if members['nested'] else made
    to['before'], to['after'] = b'abc', 1.25
    for i, name in enumerate(members['names']):
        to[name] = array[..., i] if members['stacked'] else array
    return made


def name_of(members):
    if not members:
        return 'd'
    prefix = 'd.p.q.' if members['nested'] else 'd.'
    if not members['stacked']:
        return prefix + members['names'][0]
    return prefix + '{' + ','.join(members['names']) + '}'


def write_low(file, array, kind, plist):
    space = h5py.h5s.create_simple(array.shape)
    made = h5py.h5d.create(file.id, b'd', kind, space, plist)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, array, kind)


def write_compact(file, array):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    write_low(file, array, h5py.h5t.py_create(array.dtype, logical=True), plist)


def write_halves(draw, file, array, case):
    """The upper halves of floats, as bfloat16."""
    kind = draw.choice([h5py.h5t.IEEE_F32LE, h5py.h5t.IEEE_F32BE]).copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if case['layout'] == 'compact' and array.nbytes < 60000:
        plist.set_layout(h5py.h5d.COMPACT)
    elif case['layout'] == 'chunked':
        plist.set_chunk(tuple(draw.randint(1, length) for length in array.shape))
        if 'compression' in case['filters']:
            plist.set_shuffle()
            plist.set_deflate(3)
        if 'fletcher32' in case['filters']:
            plist.set_fletcher32()
    halves = (array.view('<u4') >> 16).astype('<u2')
    if kind.get_order() == h5py.h5t.ORDER_BE:
        halves = halves.byteswap()
    write_low(file, halves, kind, plist)


def mappings(draw, rows):
    """Selections of rows, which together are all rows, and the steps in which sources keep them."""
    cut, step = rows // 2, draw.randint(2, 3)
    return draw.choice([
        [(slice(0, cut), 1), (slice(cut, rows), 1)],
        [(slice(cut, rows), 1), (slice(0, cut), 2)],
        [(slice(first, rows, step), draw.randint(1, 2)) for first in range(step)],
        [(row, 1) for row in range(rows)]])


def write_source(draw, file, name, array, step):
    """A source that keeps rows of an array in steps, among zeros, or a row as an array."""
    options = dict(draw.choice([{}, {'chunks': True}, {'compression': 'gzip'}, {'fletcher32': True}]))
    if array.ndim == 0:
        options = {}
    wide = np.zeros((array.shape[0] * step,) + array.shape[1:], array.dtype) if step > 1 else array
    if step > 1:
        wide[::step] = array
    if draw.random() < .2 and array.dtype.kind in 'iuf':
        wide = wide.astype(wide.dtype.newbyteorder())
    file.create_dataset(name, data=wide, **options)
    return wide


def write_virtual(draw, path, file, array):
    """A virtual dataset over rows of other files or of its own, or over columns."""
    layout = h5py.VirtualLayout(shape=array.shape, dtype=array.dtype)
    columns = array.ndim > 1 and array.shape[1] > 1 and draw.random() < .2
    for number, (part, step) in enumerate(mappings(draw, array.shape[1 if columns else 0])):
        rows = (slice(None), part) if columns else part
        step = 1 if columns else step
        if array[rows].size == 0:
            continue
        own = draw.random() < .3
        name = '.' if own else f'{path}.{number}.source'
        with h5py.File(name, 'w') if not own else contextlib.nullcontext(file) as source:
            wide = write_source(draw, source, f's{number}', array[rows], step)
        whole = h5py.VirtualSource(name, f's{number}', shape=wide.shape, dtype=wide.dtype)
        layout[rows] = whole[::step] if step > 1 else whole
    file.create_virtual_dataset('d', layout)


def write_runs(draw, path, array, offsets):
    """Variable-length arrays of the numbers between the offsets."""
    arrays = len(offsets) - 1
    options = draw.choice([{}, {'chunks': (draw.randint(1, arrays),)},
                           {'chunks': (draw.randint(1, arrays),), 'compression': 'gzip'}])
    with h5py.File(path, 'w', libver=draw.choice(['earliest', 'latest'])) as file:
        data = file.create_dataset('d', (arrays,), dtype=h5py.vlen_dtype(array.dtype), **options)
        for i in draw.sample(range(arrays), arrays):
            data[i] = array[offsets[i]:offsets[i + 1]]


def write(draw, path, array, case):
    with h5py.File(path, 'w', libver=case['libver']) as file:
        if case['halves']:
            write_halves(draw, file, array, case)
        elif case['layout'] == 'compact' and array.nbytes < 60000:
            write_compact(file, array)
        elif case['layout'] == 'virtual':
            write_virtual(draw, path, file, array)
        elif case['layout'] == 'chunked':
            chunks = tuple(draw.randint(1, length + (draw.random() < .2)) for length in array.shape)
            chunks = tuple(min(chunk, length) for chunk, length in zip(chunks, array.shape))
            file.create_dataset('d', data=array, chunks=chunks, **case['filters'])
        else:
            file['d'] = array
        if case['summed']:
            little = array.astype(array.dtype.newbyteorder('<'))
            sums = [crc32c(little[i].tobytes()) for i in range(array.shape[0])]
            file['d.crc32c'] = np.array(sums, '<u4')
        for axis, names in case['names'].items():
            scale = f'axis{axis}'
            if names and isinstance(names[0], float):
                file[scale] = np.array(names)
            elif names and case['fixed']:
                file[scale] = np.array([name.encode() for name in names], dtype='S12')
            else:
                file.create_dataset(scale, data=names, dtype=h5py.string_dtype())
            file['d'].dims[axis].attach_scale(file[scale])


def pick(draw, length, names):
    """The text of what is picked of an axis, and its indices."""
    left = list(range(length))
    words, indices = [], []
    for _ in range(draw.randint(1, 3)):
        kind = draw.random()
        begin = draw.randrange(length)
        end = draw.randint(begin + 1, length)
        step = draw.choice([1, 1, 2, 3])
        if kind < .35:
            taken, word = [begin], str(begin)
        elif kind < .5 and names:
            word = names[begin] if isinstance(names[begin], str) else repr(names[begin])
            taken = [begin]
        else:
            taken = list(range(begin, end, step))
            word = ('' if begin == 0 and draw.random() < .5 else str(begin)) + ':'
            word += '' if end == length and draw.random() < .5 else str(end)
            word += '' if step == 1 and draw.random() < .7 else f':{step}'
        if any(index not in left for index in taken):
            continue
        left = [index for index in left if index not in taken]
        words.append(word)
        indices += taken
    if not words:
        return ':', list(range(length))
    return ' '.join(words), indices


def make_case(draw):
    rows = draw.choice([1, 1, 2, 2, 2])
    case = {'row_axes': rows, 'kind': draw.choice(TYPES), 'layout': draw.choice(LAYOUTS),
            'filters': draw.choice(FILTERS), 'summed': draw.random() < .25,
            'libver': draw.choice(['earliest', 'latest']), 'fixed': draw.random() < .5,
            'inner': [draw.randint(1, 9) for _ in range(draw.choice([0, 1, 1, 2, 2, 3]))],
            'names': {}, 'picks': {}, 'crops': {}, 'window': None, 'most': 0}
    if rows == 1 and draw.random() < .2:
        case['most'] = draw.choice([None, 2])
    elif draw.random() < .7:
        case['window'] = (draw.randint(1, 4), draw.randint(1, 3), draw.choice([0, 0, 1, 3]),
                          draw.choice([1, 1, 2, 3]))
    for axis, length in enumerate(case['inner']):
        if draw.random() < .4:
            case['names'][rows + axis] = (NAMES[:length] if draw.random() < .6 else
                                          [500.0 + 12.5 * i for i in range(length)])
    make_picks(draw, case)
    return case


def make_picks(draw, case):
    """Draws which part of a row is taken."""
    case['picks'], case['crops'] = {}, {}
    for axis, length in enumerate(case['inner']):
        number = case['row_axes'] + axis
        if draw.random() < .5:
            case['picks'][number] = pick(draw, length, case['names'].get(number))
        elif draw.random() < .3:
            begin = draw.randrange(length)
            end = draw.randint(begin + 1, length)
            case['crops'][number] = (f'{begin}:{end}', list(range(begin, end)))


def text_of(case, draw, name):
    """The text of the field, of which axes may be given by their names."""
    def axis(number):
        return f'axis{number}' if number in case['names'] and draw.random() < .5 else str(number)
    values = []
    if case['row_axes'] == 2:
        values.append('axes=2')
    if case['most'] != 0:
        values.append(f"offsets={'d' if case['runs'] else 'o'}" + (f", most={case['most']}" if case['most'] else ''))
    if case['window']:
        values.append('window={}, stride={}, lead={}, every={}'.format(*case['window']))
    for key, picks in (('select', case['picks']), ('crop', case['crops'])):
        if picks:
            values.append(f'{key}=' + ' '.join(f'{axis(n)}[{word}]' for n, (word, _) in picks.items()))
    array = name_of(case['members'])
    return f'{name}={array}(' + ', '.join(values) + ')' if values else f'{name}={array}'


def fill_up(case, array, offsets, longest):
    """Runs of rows, filled up with zeros or cut."""
    most, samples = case['most'] or max(longest, 1), []
    for begin, end in zip(offsets[:-1], offsets[1:]):
        run = np.zeros((most,) + array.shape[1:], array.dtype)
        count = min(end - begin, most)
        run[:count] = array[begin:begin + count]
        samples.append(run)
    return samples


def make_pads(number, case, names):
    """How the window of each field is padded, and its lead, which may then be below 0; or no pad."""
    draw = random.Random(f'pad {number}')
    if not case['window'] or draw.random() > .5:
        return {}
    window, _, lead, every = case['window']
    leads = [lead, 0, -1, -2, -(window - 1) * every, -window * every - 1, 25]
    pads = {name: (draw.choice(['edge', 'zero']), draw.choice(leads)) for name in names}
    if len(names) == 2 and draw.random() < .4:
        del pads[draw.choice(names)]
    return pads


def rows_of(case, pad, anchor):
    """The rows of a window, as its formula says them."""
    window, _, lead, every = case['window']
    return anchor + (pad[1] if pad else lead) + np.arange(window) * every


def anchors_of(case, pad, rows):
    """The anchors that a series of so many rows has windows at."""
    window, stride, lead, every = case['window']
    return range(0, rows if pad else rows - lead - (window - 1) * every, stride)


def windows_of(case, pad, one):
    """The windows of a series, and which of their rows are there."""
    windows, masks = [], []
    for anchor in anchors_of(case, pad, one.shape[0]):
        rows = rows_of(case, pad, anchor)
        there = (rows >= 0) & (rows < one.shape[0])
        taken = np.take(one, rows, axis=0, mode='clip')
        if pad and pad[0] == 'zero':
            taken[~there] = 0
        windows.append(taken)
        masks.append(there.astype('u1'))
    return windows, masks


def samples_of(case, array, offsets, longest, pad):
    """All samples of a file, by slices: a list for each series. Then their masks, if they are padded."""
    rows = case['row_axes']
    series = [array[i] for i in range(array.shape[0])] if rows == 2 else [array]
    samples, masks = [], []
    if case['most'] != 0:
        series = []
        samples.append(fill_up(case, array, offsets, longest))
    for one in series:
        windows, mask = windows_of(case, pad, one) if case['window'] else (list(one), [])
        samples.append(windows)
        masks.append(mask)
    return [pick_of(case, some) for some in samples], masks if pad else None


def pick_of(case, samples):
    """What the text picks of samples."""
    rows, taken = case['row_axes'], []
    for sample in samples:
        shift = (1 if case['window'] or case['most'] != 0 else 0) - rows
        for picks in (case['picks'], case['crops']):
            for number, (_, indices) in picks.items():
                sample = np.take(sample, indices, axis=number + shift)
        taken.append(plain(np.asarray(sample)))
    return taken


def add_constant(draw, paths):
    """Writes a constant to all files. Returns the text of its field, and what a batch has of it."""
    shape = [draw.randint(1, 6) for _ in range(draw.randint(0, 3))]
    array = make_array(draw, shape, draw.choice(TYPES)) if shape else np.float64(draw.randint(0, 9))
    for path in paths:
        with h5py.File(path, 'a') as to:
            to.create_dataset('k', data=array, **({'compression': 'gzip'} if shape and draw.random() < .3 else {}))
    words = []
    for axis, length in enumerate(shape):
        if draw.random() < .4:
            word, indices = pick(draw, length, None)
            words.append(f'{axis}[{word}]')
            array = np.take(array, indices, axis=axis)
    select = ', select=' + ' '.join(words) if words else ''
    return f'c=k(constant{select})', plain(array) if shape else np.array([array])


def add_valid(draw, case, arrays, paths):
    """Writes to all files which rows are valid. Returns that for each series."""
    all_good, kind = [], draw.choice(['u1', '<i4', '?', '<f4', '<f8', '<f2'])
    for array, path in zip(arrays, paths):
        shape = array.shape[:case['row_axes']]
        good = np.array([draw.random() < .9 for _ in range(int(np.prod(shape)))]).reshape(shape)
        numbers = np.where(good, draw.choice([1, 7]), 0).astype(kind)
        if numbers.dtype.kind == 'f':
            numbers[~good] = draw.choice([0., -0., np.nan])
        with h5py.File(path, 'a') as to:
            to['v'] = numbers
        all_good += list(good) if case['row_axes'] == 2 else [good]
    return all_good


def are_valid(case, pad, good):
    """For each window of a series whether all of its rows are valid, as far as they are delivered."""
    kept = []
    for anchor in anchors_of(case, pad, good.shape[0]):
        rows = rows_of(case, pad, anchor)
        if pad and pad[0] == 'zero':
            rows = rows[(rows >= 0) & (rows < good.shape[0])]
        kept.append(bool(np.take(good, rows, mode='clip').all()))
    return kept


def join(wanted, kept):
    """The samples of all series: each has those that all fields have, and that are kept."""
    counts = [min(map(len, same)) for same in zip(*wanted.values(), *kept)]
    keep = [all(same) for series, count in enumerate(counts)
            for same in (zip(*(one[series][:count] for one in kept)) if kept else [()] * count)]
    joined = {}
    for name, series in wanted.items():
        every = [sample for some, count in zip(series, counts) for sample in some[:count]]
        joined[name] = [sample for sample, is_kept in zip(every, keep) if is_kept]
    return joined


def run(shardstep, number, told):
    """Returns whether a case is right; None: it has no samples."""
    draw = random.Random(number)
    case = make_case(draw)
    case['halves'] = case['kind'] == '<f4' and random.Random(f'halves {number}').random() < .4
    case['summed'] = case['summed'] and not case['halves']
    case['runs'] = case['most'] != 0 and case['kind'] not in '?<c8' and random.Random(f'runs {number}').random() < .5
    if case['runs']:
        case.update(inner=[], picks={}, crops={}, names={}, halves=False)
    case['members'] = None if case['runs'] else make_members(number, case)
    arrays, paths, offsets, longest = [], [], [], 0
    joins = case['window'] and case['row_axes'] == 1 and random.Random(f'series {number}').random() < .4
    files = draw.choice([1, 1, 1, 2])
    for file in range(4 if joins else files):
        shape = [draw.randint(1, 12)] if joins else [draw.randint(1, 5), draw.randint(4, 20)] if case['row_axes'] == 2 else [draw.randint(12, 60)]
        arrays.append(make_array(draw, shape + case['inner'], case['kind']))
        paths.append(f'part{file}.h5')
        write(draw, paths[-1], wrap(arrays[-1], case['members']), case)
        if case['most'] != 0:
            rows = arrays[-1].shape[0]
            offsets.append(sorted([0, rows] + [draw.randint(0, rows) for _ in range(6)]))
            longest = max([longest] + [b - a for a, b in zip(offsets[-1][:-1], offsets[-1][1:])])
            if case['runs']:
                write_runs(draw, paths[-1], arrays[-1], offsets[-1])
                continue
            with h5py.File(paths[-1], 'a') as to:
                to['o'] = np.array(offsets[-1])
        else:
            offsets.append(None)
    texts, wanted, kept = [], {}, []
    names = draw.choice(['x', 'x', 'xy']) # two fields take two parts of the same rows
    pads = make_pads(number, case, names)
    for name in names:
        texts.append(text_of(case, draw, name))
        wanted[name] = []
        for array, o in zip(series_of(arrays, joins), offsets):
            samples, masks = samples_of(case, array, o, longest, pads.get(name))
            wanted[name] += samples
            if masks is not None:
                wanted.setdefault(f'{name}.mask', []).extend(masks)
        make_picks(draw, case)
    more = random.Random(number + 1000000) # draws that leave the draws of earlier cases alone
    constant = None
    if more.random() < .2:
        own, constant = add_constant(more, paths)
        texts.insert(more.randint(0, len(texts)), own)
    if case['window'] and more.random() < .3 and not joins:
        good, every = add_valid(more, case, arrays, paths), 'every={}'.format(case['window'][3])
        said = more.choice(['x', 'xy'])
        texts = [one.replace(every, every + ', valid=v') if one[0] in said else one for one in texts]
        kept = [[are_valid(case, pads.get(name), one) for one in good] for name in names if name in said]
    if joins:
        texts = [one.replace(f"every={case['window'][3]}", f"every={case['window'][3]}, series") for one in texts]
        with open('list.txt', 'w', encoding='utf-8') as names_of:
            names_of.write(''.join(f'{path}\n' for path in paths[:3]))
        paths = ['@list.txt', paths[3]]
    for name, (word, lead) in pads.items():
        texts = [one.replace('lead={}, every={}'.format(*case['window'][2:]),
                             'lead={}, every={}, pad={}'.format(lead, case['window'][3], word))
                 if one.startswith(name) else one for one in texts]
    wanted = join(wanted, kept)
    text = ', '.join(texts)
    if not wanted['x']:
        return None
    command = [shardstep, 'replay', ','.join(paths), '--fields', text, '--vranks', '1', '--rank', '0',
               '--step', '0', '--batch', str(draw.choice([3, 1000])), '--seed', str(number),
               '--shuffle', draw.choice(['none', 'full', 'full', 'blocks']), '-o', 'out.h5', '--overwrite']
    command += draw.choice([[], ['--cache-bytes', '1'], ['--cache-bytes', '3000']])
    command += draw.choice([[], [], ['--threads', '2'], ['--map']])
    if told:
        print(case, [array.shape for array in arrays], ' '.join(command), sep='\n')
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f'case {number}: {text}: {done.stderr.strip()}')
        return False
    with h5py.File('out.h5') as out:
        index, came = out['index'][()], {name: out[name][()] for name in wanted}
        difference = constant is not None and difference_of(constant, out['c'][()])
        if difference:
            print(f'case {number}: {text}: the constant: {difference}')
            return False
    if max(index) >= len(wanted['x']):
        print(f'case {number}: {text}: sample {max(index)}, but there are {len(wanted["x"])}')
        return False
    for name, due in wanted.items():
        for slot, row in enumerate(index):
            difference = difference_of(due[row], came[name][slot])
            if difference:
                print(f'case {number}: {text}: slot {slot}, sample {row} of {name}: {difference}')
                return False
    return True


def series_of(arrays, joins):
    """The arrays of all files or, if windows continue in the next file, of the two sources."""
    return [np.concatenate(arrays[:3]), arrays[3]] if joins else arrays


def difference_of(due, came):
    """What is different in a sample, or None."""
    if (came.dtype, came.shape) != (due.dtype, due.shape):
        return f'{due.dtype} {due.shape} was expected, {came.dtype} {came.shape} came'
    differ = np.argwhere(came != due)
    if not len(differ):
        return None
    at = tuple(map(int, differ[0]))
    return f'element {at}: {due[at]} was expected, {came[at]} came; {len(differ)} of {due.size} differ'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('shardstep')
    parser.add_argument('--cases', type=int, default=300)
    parser.add_argument('--case', type=int)
    options = parser.parse_args()
    numbers = range(options.cases) if options.case is None else [options.case]
    results = [run(options.shardstep, number, options.case is not None) for number in numbers]
    wrong, empty = results.count(False), results.count(None)
    print(f'{len(numbers)} cases, {wrong} wrong, {empty} without samples')
    if 2 * empty > len(numbers):
        print('most cases have no samples, so that too little was compared')
        return 1
    return 1 if wrong else 0


sys.exit(main())
