"""Random cases for check.py: files, fields and options, which the program takes and batches.py
understands. A case is a function of its number alone."""
from collections import namedtuple
import os
import random
import subprocess

import h5py
import numpy as np

import augment
import batches
import samples
from order import TABLE_MAX

KINDS = ['u1', 'u1', '<u2', '>u2', '<u4', '>u8', 'i1', '>i2', '<i4', '<i8', '<f2', '>f4', '<f4', '<f8', '?',
         '<c8', '>c16']
SHAPES = {0: [()], 1: [(1,), (5,), (8,)], 2: [(1, 1), (3, 4), (6, 1), (5, 7), (4, 4)],
          3: [(1, 1, 1), (4, 5, 3), (5, 3, 1), (3, 4, 6), (2, 3, 5), (4, 4, 2), (3, 3, 3)], 4: [(2, 1, 3, 2)]}
SUITABLE = {
    'image': (['u1', '<u2', '<f4', '>f4'],
              [(4, 5, 3), (5, 3, 3), (1, 1, 3), (6, 7, 3), (3, 6, 1), (5, 5, 3)]),
    'numbers': (['u1', '<u2', '>i2', '<f4', '<f8'], SHAPES[1] + SHAPES[2] + SHAPES[3]),
    'real': (['<f4', '>f4', '<f8', '>f8'], SHAPES[1] + SHAPES[2] + SHAPES[3]),
    'vector': (['<f2', '>f4', '<f4', '<f8'], [(4, 4, 2), (3, 5, 2), (2, 5, 5), (3, 3, 3, 3), (2, 4, 4, 2),
                                              (4, 3, 2, 2), (3, 4, 4, 3), (2, 2, 3, 3)]),
    'flow': (['>f4', '<f4', '<f8'], [(3, 5, 2), (2, 5, 5), (3, 3, 4, 3), (3, 2, 4, 4), (3, 4, 4, 3),
                                     (4, 3, 2, 2), (2, 2, 3, 3), (3, 5, 2, 2), (3, 3, 4, 5)]),
    'field': (['<f4', '<f4', '>f4', '<f8', 'u1', '<i4'],
              [(5, 6), (4, 5, 3), (3, 4, 5), (2, 3, 4, 2), (7, 4), (3, 3, 3)])}
RESCALING = ['unpack', 'log1p', 'asinh', 'normalize']
VECTORS = ['vector', 'flow']  # of these
SQUARES = [(4, 4), (5, 5), (3, 4), (3, 3, 3), (3, 3, 3)]
# What `shardstep stats --write` has written: of channels, or 0 of all elements; of another field, which
# the call must name, or ''.
Figures = namedtuple('Figures', 'path channels kind field')
# A quiet NaN with bits of its own, and one with a sign.
NAN = [np.uint64(bits).view(np.float64) for bits in (0x7ff8_0001_8000_0000, 0xfff8_0000_0000_0000)]
ODD = [np.nan, np.nan, *NAN, np.inf, np.inf, -np.inf, -0.0, 1e-40, 3e38, 65504.0]


class Case:
    """Makes the files of a case in the present folder. Then `order` has the options that `plan`
    takes, and `loading` has the further options of `digest` and `replay`."""

    def __init__(self, number):
        self.number = number
        self.rng = random.Random(f'case {number}')
        self.spaces, self.shared = random.Random(f'spaces {number}'), None
        self.choose_wanted()
        self.loading, self.order = [], []
        self.networked = number % 20 == 7  # its permutation is too large for a table
        self.large = self.networked or self.rng.random() < 0.05
        self.alone = not self.large and self.rng.random() < 0.05
        self.windowed = not (self.large or self.alone or self.suits) and self.rng.random() < 0.35
        self.offset_kind = self.rng.choice(['<i8', '>u4', 'u2'])
        self.weight_kind = self.rng.choice(['f4', 'f8'])
        self.named, self.figures, self.fits, self.twins, self.weightless = {}, {}, {}, [], False
        self.rescaled = set()  # fields whose numbers have another scale, so that figures no longer fit
        self.blended = []  # fields for operators that leave NaN out
        self.choose_fields()
        self.make_sources()
        self.dataset = samples.Dataset(self.path, self.fields, self.alone)
        if not self.alone:
            self.make_figures()
        self.choose_order()
        self.choose_bad_rows()
        self.choose_augmentation()
        self.options = batches.parser().parse_args(self.order + self.loading)
        self.choose_places()

    def choose_wanted(self):
        """Two operators that the case is to have. Together the cases want all of them equally often."""
        kinds = [kind for kind in augment.usable() for _ in range(kind.often)]
        half = (len(kinds) + 1) // 2
        self.wanted = [kinds[(self.number + k * half) % len(kinds)] for k in range(2)]
        self.suits = any(kind.suits for kind in self.wanted)

    # ---- Fields. `made` says how a file's datasets are filled: name, kind, shape of a row, rows.

    def choose_fields(self):
        rng = self.rng
        self.stride, self.made, texts = rng.randint(1, 4), [], []
        for number, kind in enumerate(self.wanted):
            if kind.suits and not self.large:
                self.choose_suitable(kind, number, texts)
        for name in ['x', 'g/y', 'z'][:1 if self.large else rng.randint(1, 3)]:
            kind = rng.choice(KINDS)
            shape = () if self.large else rng.choice(SHAPES[rng.choice([0, 1, 2, 2, 3, 3, 3, 4])])
            if self.windowed and (name == 'x' or rng.random() < 0.5):
                window, lead = rng.randint(1, 5), rng.choice([0, 0, 2, 7])
                every, most = self.choose_every()
                self.made.append((name, kind, shape, ('window', (window - 1) * most + 1, lead)))
                texts.append(f'{name}(window={window}, stride={self.stride}, lead={lead}{every})')
            elif not self.large and not self.alone and rng.random() < 0.25:
                most = rng.choice(['', '', ', most=4', ', most=1', ', most=9'])
                self.made.append((name, kind, shape[:3], ('ragged',)))
                texts.append(f'{name}(offsets={name}.begin{most})')
            else:
                self.made.append((name, kind, shape, ('rows',)))
                texts.append(name)
                if len(shape) > 1 and rng.random() < 0.4:  # fields to be transformed with it
                    self.made.append((name + '.mask', rng.choice([kind, 'u1', 'f4']), shape, ('rows',)))
                    texts.append(f'mask_of_{name[-1]}={name}.mask')
                if len(shape) == 3 and 1 <= shape[2] <= 4 and rng.random() < 0.5:
                    self.made.append((name + '.flat', kind, shape[:2], ('rows',)))
                    texts.append(f'flat_{name[-1]}={name}.flat')
        self.fields = ', '.join(texts)

    def choose_every(self):
        """The spacing of a window's rows as a text, and the largest."""
        rng = self.spaces
        least, more, name = rng.randint(1, 3), rng.randint(1, 3), rng.choice(['', 'dt:', 'dt:'])
        if name and not self.shared:
            self.shared = least, more
        if name:
            least, more = self.shared
        return rng.choice([('', 1), (f', every={least}', least),
                           (f', every={name}{least}..{least + more}', least + more)])

    def choose_suitable(self, wanted, number, texts):
        """Fields for an operator that the case is to have: an image, a field of reals, a vector field,
        or several fields that are the components of vectors."""
        rng = self.rng
        kinds, shapes = SUITABLE[wanted.suits]
        kind, shape = rng.choice(kinds), rng.choice(shapes)
        names = [f'fit{number}']
        if wanted.suits in VECTORS and rng.random() < 0.5:
            shape = rng.choice(SQUARES)
            many = [3, 3, 6] if len(shape) > 2 else [2, 3, 4, 6]
            names = [f'{letter}{number}' for letter in 'uvwabc'[:rng.choice(many)]]
        if wanted.suits in ('field', 'flow'):
            self.blended += names
        if wanted is augment.Normalize and rng.random() < 0.6:  # whose figures it takes
            self.twins.append(f'twin{number}')
            self.made.append((self.twins[-1], kind, shape, ('rows',)))
            texts.append(self.twins[-1])
        for name in names:
            self.made.append((name, kind, shape, ('rows',)))
            texts.append(name)
        self.fits[wanted] = names

    def numbers(self, kind, shape, many=False):
        """Whole numbers of all sizes; floats of few digits, with odd ones among them, or many."""
        count = int(np.prod(shape, dtype=int))
        kind = np.dtype(kind)
        if kind.kind == 'b':
            return self.numbers('u1', shape) % 2 == 1
        if kind.kind == 'c':
            part = self.numbers(f'f{kind.itemsize // 2}', (*shape, 2))
            return (part[..., 0] + 1j * part[..., 1]).astype(kind)
        if kind.kind != 'f':
            return np.frombuffer(self.rng.randbytes(count * kind.itemsize), kind).reshape(shape)
        drawn = np.frombuffer(self.rng.randbytes(4 * count), '<i4') // 1024 / 300.0 ** 2
        odd = [1, count // 40, count // 9] if many else [0] * 6 + [1, 1, count // 40]
        for _ in range(min(count, self.rng.choice(odd))):
            drawn[self.rng.randrange(count)] = self.rng.choice(ODD)
        with np.errstate(over='ignore'):
            return drawn.astype(kind).reshape(shape)

    # ---- Files.

    def make_sources(self):
        rng = self.rng
        paths = [self.make_source(f's{i}') for i in range(rng.choice([1, 1, 2, 3]))]
        self.sources = len(paths)
        self.path = ','.join(paths)

    def make_source(self, name):
        """One file, a folder, a list or a pattern, and the path that stands for it."""
        rng = self.rng
        form = rng.choice(['file', 'file', 'folder', 'list', 'pattern'])
        if form == 'file' and not self.alone:
            self.make_file(name + '.h5', self.samples(1))
            return name + '.h5'
        os.mkdir(name)
        numbers = rng.sample(range(100), rng.randint(2, 9) if self.alone else rng.randint(1, 3))
        for i, number in enumerate(numbers):
            self.make_file(f'{name}/{number}.h5', self.samples(i == 0))
        if form == 'list':
            with open(name + '.txt', 'w', encoding='utf-8') as file:
                print('# a list', '', *(f'{name}/{number}.h5' for number in numbers), sep='\n', file=file)
            return f'@{name}.txt'
        return f'{name}/*.h5' if form == 'pattern' else name

    def samples(self, some):
        if self.alone:
            return 1
        if self.large:
            return self.rng.randint(9000, 18000)
        return self.rng.choice([0 if not some else 1, 3, self.rng.randint(4, 40), 70])

    def make_file(self, path, count):
        with h5py.File(path, 'w') as file:
            for name, kind, shape, how in self.made:
                rows = count
                if how[0] == 'window':
                    rows = max(count - 1, 0) * self.stride + sum(how[1:]) if count else 0
                if how[0] == 'ragged':
                    lengths = [self.rng.choice([0, 1, 3, 6]) for _ in range(count)]
                    rows = sum(lengths)
                    begins = np.cumsum([0, *lengths])
                    file[name + '.begin'] = begins.astype(self.offset_kind)
                whole = shape if self.alone else (rows, *shape)
                self.make_dataset(file, name, self.numbers(kind, whole, name in self.blended))
                self.name_axes(file, name)
            weights = [self.rng.choice([0, 1, 0.1, self.rng.random()]) for _ in range(count)]
            file['weight'] = np.array(weights, self.weight_kind)
            file['class'] = np.array([self.rng.choice([-3, 0, 0, 2]) for _ in range(count)], 'i2')

    def make_dataset(self, file, name, data):
        how = self.rng.choice([{}, {}, {'chunks': True}, {'chunks': True, 'compression': 'gzip'},
                               {'chunks': True, 'shuffle': True, 'compression': 'gzip'},
                               {'chunks': True, 'fletcher32': True}])
        how = dict(how)
        if how and data.size:
            how['chunks'] = (self.rng.randint(1, 9), *data.shape[1:]) if data.ndim else None
            file.create_dataset(name, data=data, maxshape=(None, *data.shape[1:]), **how) \
                if data.ndim else file.create_dataset(name, data=data)
        else:
            file.create_dataset(name, data=data)

    def name_axes(self, file, name):
        """Names the axes of a dataset by labels or by dimension scales, as netCDF does."""
        array = file[name]
        vector = next((names[0] for names in self.fits.values() if name in names), name)
        if vector not in self.named:  # the fields that are components of one vector have the same
            self.named[vector] = self.random_names(array) if self.rng.random() < 0.3 else None
        names = self.named[vector]
        if not names or array.dtype.kind == 'c':
            return
        for axis, text in enumerate(names):
            if self.rng.random() < 0.5:
                array.dims[axis].label = text
            elif text:
                scale = f'{name}.axes/{axis}/{text}'
                file[scale] = np.arange(array.shape[axis], dtype='u4')
                file[scale].make_scale()
                array.dims[axis].attach_scale(file[scale])

    def random_names(self, array):
        """A name for each axis of a dataset, which rarely contradict one another."""
        rng, names = self.rng, []
        for letter in rng.sample(list(samples.AXES), min(array.ndim, len(samples.AXES))):
            name = rng.choice([*samples.AXES[letter], *samples.AXES[letter], 'ensemble', ''])
            names.append(rng.choice([name, name.upper()]))
        if array.ndim > 1 and not self.alone and rng.random() < 0.7:
            names[0] = rng.choice(['time', 'sample', ''])
        return names

    # ---- Statistics, for normalize(from=FILE).

    def make_figures(self):
        """Has the program write the figures of some fields: a name of a file and a number of channels
        for each."""
        fit = self.twins or self.fits.get(augment.Normalize, [])
        for name, kind, shape, how in self.made:
            has_numbers = how == ('rows',) and np.dtype(kind).kind in 'iuf'
            if not has_numbers or self.large or name not in self.dataset.names():
                continue
            if self.rng.random() > (0.9 if name in fit else 0.1):
                continue
            axis = self.rng.choice(['none', 'none', *range(1, len(shape) + 1)])
            path = name.replace('/', '.') + '.stats'
            done = subprocess.run(  # which fails where there are no numbers
                [augment.PROGRAM, 'stats', self.path, name, '--channel-axis', str(axis), '--write', path],
                capture_output=True, check=False)
            channels = 0 if axis == 'none' else shape[axis - 1]
            if not done.returncode and min(augment.figures_in(path).std) >= 1e-30:
                self.figures[name] = Figures(path, channels, np.dtype(kind).newbyteorder('='), '')

    def figures_for(self, name):
        """Those of the field itself, else those of others of its type."""
        if name in self.figures:
            return [self.figures[name]]
        own = next((np.dtype(kind) for of, kind, _, _ in self.made if of == name), None)
        return [figures._replace(field=of) for of, figures in self.figures.items()
                if own and own.newbyteorder('=') == figures.kind]

    # ---- Options.

    def choose_order(self):
        """Options of the order, such that an epoch has steps."""
        self.run = None
        while not self.run or not self.is_possible(self.run.order):
            self.order = self.random_order()
            try:
                self.run = batches.Run(batches.parser().parse_args(self.order))
            except ValueError:  # all weights are 0
                self.run = None

    def is_possible(self, order):
        pads_nothing = order.tail == 'pad' and order.has_runs() and order.places < order.vranks
        networked = order.places > TABLE_MAX and order.shuffle == 'full' and order.shard == 'global'
        return (order.places and order.steps() and not pads_nothing and self.has_all(order)
                and (networked or not self.networked))

    def has_all(self, order):
        """Every source that must give rows has some."""
        if not order.ratio:
            return order.rows > 0
        return all(not part or order.source_rows(i)[0] < order.source_rows(i)[1]
                   for i, part in enumerate(order.ratio))

    def random_order(self):
        rng, rows = self.rng, self.dataset.bounds[-1]
        given = {'vranks': rng.randint(1, 7), 'batch': rng.randint(1, 9) if not self.large else 200,
                 'seed': rng.choice([0, 7, 2**64 - 1, rng.randrange(2**64)]),
                 'tail': rng.choice(['short', 'drop', 'pad']), 'stream': rng.choice([0, 0, 1, 15]),
                 'shuffle': rng.choice(['full', 'full', 'none', 'blocks'])}
        if given['shuffle'] == 'blocks':
            given['block-rows'] = rng.choice([1, 3, 8, 20, ''])
            given['window-blocks'] = rng.choice([1, 2, 5, 16])
        self.choose_subset(given, rows)
        if rng.random() < 0.3:
            given['shard'] = 'fixed'
        elif rng.random() < 0.6:
            self.choose_sampling(given, rows)
        flags = [self.path, '--fields', self.fields] + self.alone * ['--one-sample-a-file']
        return flags + [text for key, value in given.items() for text in (f'--{key}', str(value))
                        if value != '']

    def choose_subset(self, given, rows):
        rng = self.rng
        choice = rng.choice(['', '', '', 'part', 'rows'])
        if choice == 'part' and not self.windowed:
            given['part'] = rng.choice(['0,0.8', '0.25,1', '0.3,0.7'])
            given['split-seed'] = rng.choice([0, 2**63 + 1])
        elif choice == 'rows' and rows:
            self.write_numbers('rows.txt', sorted(rng.sample(range(rows), rng.randint(1, rows))))
            given['rows'] = 'rows.txt'

    def choose_sampling(self, given, rows):
        rng = self.rng
        if rng.random() < 0.7:
            key = rng.choice(['repeats', 'epoch-rows'])
            most = 3 * min(rows, 500) + 1
            given[key] = rng.randint(1, 4) if key == 'repeats' else rng.randint(1, most)
        way = rng.choice(['', 'mix', 'mix', 'weights', 'balance'])
        if way == 'mix':
            ratio = [rng.choice([0, 1, 3, 7]) for _ in range(self.sources)]
            given['mix'] = ','.join(map(str, ratio if any(ratio) else [1] * self.sources))
        elif way and not self.alone:
            given[way] = {'weights': 'weight', 'balance': 'class'}[way]
            given['shuffle'] = 'full'
            for key in ('block-rows', 'window-blocks'):
                given.pop(key, None)

    @staticmethod
    def write_numbers(path, numbers):
        with open(path, 'w', encoding='utf-8') as file:
            print(*numbers, file=file)

    def choose_bad_rows(self):
        """Rows that are excluded, and rows with a NaN: fewer than any source has rows left."""
        rng, order = self.rng, self.run.order
        have = [order.rows]
        if order.ratio:
            have = [end - first for first, end in map(order.source_rows, range(len(order.ratio)))]
        least = min((rows for rows in have if rows), default=0)
        nan = 0 if self.large else sum(map(self.run.has_nan, order.subset))
        if nan < least and rng.random() < 0.5:
            self.loading += ['--on-nan', 'replace']
            least -= nan
        if least > 1 and rng.random() < 0.25:
            rows = range(self.dataset.bounds[-1])
            self.write_numbers('exclude.txt', sorted(rng.sample(rows, rng.randint(1, min(least - 1, 5)))))
            self.loading += ['--exclude', 'exclude.txt']

    def choose_augmentation(self):
        """Random calls of the registered operators, each of which fits what came before it."""
        rng = self.rng
        self.mixes = False
        sample = {f.name: augment.Sample(*f) for f in self.dataset.sample(self.run.order.subset[0])}
        statements = []
        count = rng.choice([0, 1, 1, 1, 2, 2, 3]) if self.large else rng.choice([2, 2, 2, 3])
        # Components first: other operators would give the fields other shapes and layouts.
        wanted = sorted(self.wanted, key=lambda kind: kind.suits not in VECTORS)
        for turn in range(count):
            statement = self.random_statement(sample, wanted[turn] if turn < 2 else None)
            if statement:
                statements.append(statement)
        if statements:
            self.loading += ['--augment', '; '.join(statements)]
            self.loading += ['--augment-by', 'rank' if self.mixes else rng.choice(['rank', 'sample'])]

    def random_statement(self, sample, wanted):
        """A statement whose first operator is the wanted one, where it fits."""
        rng, kinds = self.rng, augment.usable()
        same_type = wanted and not wanted.moves or rng.random() < 0.6
        if not same_type:  # elements that change places may have several types
            kinds = [kind for kind in kinds if kind.moves]
        is_alike = self.look_alike if same_type else self.lie_alike
        for _ in range(8):
            name = rng.choice(list(sample))
            alike = [other for other in sample if is_alike(sample[name], sample[other])]
            names = rng.sample(alike, rng.randint(1, len(alike)))
            if wanted in self.fits and rng.random() < 0.8:
                names = rng.sample(self.fits[wanted], len(self.fits[wanted]))
                if not all(is_alike(sample[names[0]], sample[other]) for other in names):
                    continue
            trial = dict(sample)
            calls = self.random_calls(kinds, wanted, names, trial)
            if calls:
                sample.update(trial)
                ways = [*[''] * 6, '[nearest]', '[edge]', '[ bilinear, wrap ]']
                names = [one + rng.choice(ways) for one in names]
                return f"{','.join(names)}: {' '.join(calls)}"
        return None

    @classmethod
    def look_alike(cls, a, b):
        return a.array.dtype == b.array.dtype and a.array.shape == b.array.shape and cls.lie_alike(a, b)

    @staticmethod
    def lie_alike(a, b):
        """Samples of the same height and width whose layouts are known."""
        if a.array.shape == b.array.shape and a.layout() == b.layout():
            return (a.length is None) == (b.length is None)
        return (None not in (a.layout(), b.layout()) and a.length is None and b.length is None
                and {a.layout(), b.layout()} == {'hw', 'hwc'} and a.array.shape[:2] == b.array.shape[:2])

    @staticmethod
    def first(attempt):
        """What the first of some random attempts gives that gives anything."""
        return next((found for found in (attempt() for _ in range(6)) if found), None)

    def random_calls(self, kinds, wanted, names, sample):
        calls = []
        by_shape = [kind.name for kind in kinds if kind.by_shape]
        differ = len({sample[name].layout() for name in names}) > 1
        least = min(names, key=lambda name: sample[name].array.ndim)
        for turn in range(self.rng.randint(1, 4)):
            kind = wanted if wanted and not turn else self.rng.choice(kinds)
            if kind.mixes and self.mixes:
                continue
            sample[least].together = self.components(names, sample)
            takes_figures = len(names) == 1 and least not in self.rescaled
            sample[least].figures = self.figures_for(least) if takes_figures else ()
            call = self.first(lambda kind=kind: kind.example(self.rng, sample[least]))
            if call and not (differ and ('layout=' in call or any(one in call for one in by_shape))):
                calls.append(call)
                if any(f'{name}(' in call for name in RESCALING):
                    self.rescaled.update(names)
                self.mixes = self.mixes or kind.mixes
                text = f"{','.join(names)}: {call}"
                augment.augment(augment.parse(text), [sample], [augment.AnyStream()], 1)
            elif kind == wanted:
                return []
        return calls

    @staticmethod
    def components(names, sample):
        """Those of some fields that may be the components of one vector: all or none."""
        alike = {(sample[name].array.shape, sample[name].array.dtype, sample[name].layout(),
                  sample[name].length) for name in names}
        return names if len(alike) == 1 and next(iter(alike))[3] is None else []

    def choose_places(self):
        """An epoch, one of its steps for `digest`, and places (step, vrank) for `replay`."""
        rng, steps = self.rng, self.run.order.steps()
        self.epoch = rng.choice([0, 1, 2, rng.randrange(1000)])
        self.step = rng.choice([steps - 1, rng.randrange(steps)])
        self.places = [(step, rng.randrange(self.run.order.vranks))
                       for step in (self.step, rng.randrange(steps))]
