"""What a sample is: the paths and fields of shardstep/dataset.h and fields.h, read by h5py a sample at a time.

    dataset = Dataset('a.h5,b/', 'x=data(window=3), y=labels')
    dataset.sample(7)        a list of Field(name, array, length, layout), in the order of the text
    dataset.bounds           source i has the samples [bounds[i], bounds[i + 1])
"""
from collections import namedtuple
import glob
import os

import h5py
import numpy as np

# `length`: how many of the rows of a ragged field are real; None for another field. `layout`: the
# letters that the names of the axes in the file tell, or None.
Field = namedtuple('Field', 'name array length layout')
SUFFIXES = ('.h5', '.hdf5', '.he5', '.nc', '.nc4')


def files_of(path):
    """The files that one PATH stands for."""
    if path.startswith('@') and not os.path.exists(path):
        with open(path[1:], encoding='utf-8') as lines:
            names = [line.rstrip('\n') for line in lines]
        folder = os.path.dirname(path[1:])
        return [os.path.join(folder, name) for name in names if name and name[0] != '#']
    if os.path.isdir(path):
        names = [name for name in os.listdir(path) if name.endswith(SUFFIXES) and name[0] != '.']
        names = [os.path.join(path, name) for name in names]
        return sorted((name for name in names if not os.path.isdir(name)), key=os.fsencode)
    if os.path.exists(path):
        return [path]
    return sorted((name for name in glob.glob(path) if not os.path.isdir(name)), key=os.fsencode)


def sources_of(paths):
    """A list of files for each source."""
    return [[paths]] if os.path.isfile(paths) else [files_of(path) for path in paths.split(',')]


def split_outside(text, separator):
    """Cuts a text at separators outside of parentheses and brackets."""
    pieces, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in '([') - (letter in ')]')
        if letter == separator and not depth:
            pieces.append(text[begin:at])
            begin = at + 1
    return [piece.strip() for piece in pieces + [text[begin:]]]


def plain(array):
    """Numbers as they are delivered: native bytes, u8 for small enumerations, two floats for a
    complex number."""
    kind = array.dtype
    members = h5py.check_enum_dtype(kind)
    if kind == bool or members and all(0 <= value <= 255 for value in members.values()):
        return array.astype(np.uint8)
    if kind.kind == 'c':
        part = kind.newbyteorder('=')
        return np.stack([array.astype(part).real, array.astype(part).imag], axis=-1)
    return array.astype(kind.newbyteorder('='))


# ---- Names of axes.

AXES = {
    't': ['time'], 'z': ['level', 'lev', 'plev', 'pressure', 'height_level', 'depth', 'z'],
    'y': ['lat', 'latitude', 'y', 'row', 'rlat'], 'x': ['lon', 'longitude', 'x', 'column', 'rlon'],
    'c': ['channel', 'channels', 'band', 'bands', 'c', 'variable']}
LETTERS = {name: letter for letter, names in AXES.items() for name in names}


def letter_of(dimension):
    """The letter of an axis of a dataset. None: its names contradict one another."""
    names = [scale.name.rpartition('/')[2] for scale in dimension.values()] + [dimension.label]
    found = {LETTERS[name.lower()] for name in names if name.lower() in LETTERS}
    return None if len(found) > 1 else found.pop() if found else '_'


def letters_of(array):
    """The letters of a dataset's axes, or None."""
    found = [letter_of(dimension) for dimension in array.dims]
    return None if None in found else ''.join(found)


def as_layout(text):
    """Letters as the layout of a sample: None if they tell none."""
    told = (text or '').replace('_', '')
    return text if told and len(set(told)) == len(told) else None


class Part:
    """One field of the text: rows, a window of rows, or a run of rows."""

    def __init__(self, text):
        self.window = self.stride = self.offsets = self.most = None
        self.lead, self.every, self.drawn = 0, 1, None
        name, _, rest = text.partition('(')
        for setting in split_outside(rest.rstrip(') '), ',') if rest else []:
            key, _, value = (piece.strip() for piece in setting.partition('='))
            if key == 'every' and '..' in value:
                shared, _, (least, most) = *value.rpartition(':')[:2], value.rpartition(':')[2].split('..')
                self.drawn, value = (shared, int(least), int(most)), most
            setattr(self, key, value if key == 'offsets' else int(value))
        alias, equals, array = name.partition('=')
        self.array = (array if equals else alias).strip()
        self.name = alias.strip()
        if self.drawn:
            self.drawn = (self.drawn[0] or self.name, *self.drawn[1:])
        if self.window and not self.stride:
            self.stride = 1

    def samples(self, file):
        if self.window:
            rows = len(file[self.array])
            enough = rows - self.lead - (self.window - 1) * self.every - 1
            return enough // self.stride + 1 if enough >= 0 else 0
        return len(file[self.offsets]) - 1 if self.offsets else len(file[self.array])

    def longest(self, file):
        offsets = [int(o) for o in file[self.offsets][...]]
        return max((end - begin for begin, end in zip(offsets, offsets[1:])), default=0)

    def layout(self, files, alone):
        """What the names of the axes in the files tell: with a sample a file, those of the first."""
        if alone:
            return as_layout(letters_of(files[0][self.array]))
        told = {letters_of(file[self.array]) for file in files}
        if len(told) > 1 or None in told:
            return None
        told = told.pop()
        in_front = self.window or self.offsets
        return as_layout(('t' if told[0] == 't' else '_') * bool(in_front) + told[1:])

    def read(self, file, i, layout, spacing):
        """The fields of sample number `i` of the file. `spacing` has what was drawn, by name."""
        rows = file[self.array]
        if self.window:
            begin = i * self.stride + self.lead
            every = spacing[self.drawn[0]] if self.drawn else self.every
            taken = rows[begin:begin + (self.window - 1) * every + 1:every]
            return [Field(self.name, plain(taken), None, layout)]
        if not self.offsets:
            return [Field(self.name, plain(np.asarray(rows[i])), None, layout)]
        begin, end = (int(o) for o in file[self.offsets][i:i + 2])
        length = min(end - begin, self.most)
        real = plain(rows[begin:begin + length])
        filled = np.zeros((self.most, *real.shape[1:]), real.dtype)
        filled[:length] = real
        return [Field(self.name, filled, length, layout),
                Field(self.name + '.length', np.asarray(length, np.uint64), None, None)]


class Dataset:
    def __init__(self, paths, fields, one_sample_a_file=False):
        self.alone = one_sample_a_file
        self.parts = [Part(text) for text in split_outside(fields, ',')]
        self.files, self.samples_of, self.bounds = [], [], [0]
        for files in sources_of(paths):
            for path in files:
                file = h5py.File(path, 'r')
                self.files.append(file)
                self.samples_of.append(self.count(file))
            self.bounds.append(sum(self.samples_of))
        for part in self.parts:
            if part.offsets and not part.most:
                part.most = max(1, *map(part.longest, self.files))
        self.layouts = [part.layout(self.files, self.alone) for part in self.parts]

    def names(self):
        return [part.name for part in self.parts]

    def count(self, file):
        return 1 if self.alone else min(part.samples(file) for part in self.parts)

    def spacings(self):
        """The ranges that are drawn for each sample, by name, in the order of the fields."""
        return {part.drawn[0]: part.drawn[1:] for part in self.parts if part.drawn}

    def sample(self, i, spacing=None):
        spacing = spacing or {name: most for name, (_, most) in self.spacings().items()}
        for file, samples in zip(self.files, self.samples_of):
            if i < samples:
                return self.read(file, i, spacing)
            i -= samples
        raise IndexError(i)

    def read(self, file, i, spacing):
        if self.alone:
            return [Field(part.name, plain(np.asarray(file[part.array][()])), None, layout)
                    for part, layout in zip(self.parts, self.layouts)]
        return [field for part, layout in zip(self.parts, self.layouts)
                for field in part.read(file, i, layout, spacing)]

    def column(self, text):
        """A field of rows with one number a sample, of all samples."""
        arrays = [plain(file[Part(text).array][...]) for file in self.files]
        return [number for array in arrays for number in array.tolist()]

    def block_rows(self):
        """Samples of a block if nobody says: data_dataset.h, data_dataset_block_rows()."""
        widest = max(field.array.nbytes for field in self.sample(0))
        wide = {field.name for field in self.sample(0) if field.array.nbytes >= widest // 8}
        chunks = [self.chunk_samples(part) for part in self.parts if part.name in wide]
        return max(chunks, default=0) or max(2**20 // widest, 1)

    def chunk_samples(self, part):
        """Samples whose rows lie in one chunk; 0 without chunks."""
        arrays = [file[part.array] for file in self.files]
        rows = max(array.chunks[0] if array.chunks else 0 for array in arrays)
        if self.alone or not rows:
            return 0
        divisor = part.stride if part.window else 1
        if part.offsets:
            divisor = max(sum(map(len, arrays)) // self.bounds[-1], 1)
        return max(rows // divisor, 1)
