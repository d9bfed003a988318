"""Augmentation: the text of shardstep/augment.h and the operators of `shardstep help augment`.

HOW TO ADD AN OPERATOR. Write one class, in this file or in a file of its own that batches.py
imports, and decorate it with @operator:

    @operator
    class Gain(Operator):
        name = 'gain'
        takes = {'most': number, 'layout': word}    parameters, and how their text is read
        usual = {'layout': None}                    values of those that may be left out

        def draw(self, stream, slot):               what a slot draws, once for all its fields
            return stream.float_in(0, self.most)

        def apply(self, sample, drawn):             one field of the slot
            return sample.real_rows(lambda x: np.float32(x) * drawn)

        @classmethod
        def example(cls, rng, sample):              a call that fits the sample, or None
            return f'gain(most={rng.choice([1, 2.5])})' if sample.array.ndim else None

- Parameters are attributes of the operator, such as self.most. `stream` is one of philox.py, and
  `slot` says what else the draws may depend on: see Slot.
- An operator that mixes slots, as mixup does, overrides apply_all() in place of apply().
- `example` gives random calls to cases.py. With it the operator is compared with the program in
  every run of tests/cli/reference.sh. `rng` is a random.Random.
- Floats are numpy scalars or arrays of one type. numpy then rounds each operation once. Never mix
  types, and never call a function of libm: philox.py has the library's own log, exp and turns.
- Write it from the words. Where these leave a choice open, mend the words, too.
"""
from collections import namedtuple

import numpy as np

from samples import split_outside

OPERATORS = {}

# What draws may depend on beside the stream: the slot's number, the batch's rows of weight 1, and
# the samples of the statement's fields as they are before the operator.
Slot = namedtuple('Slot', 'number count samples')


def operator(kind):
    OPERATORS[kind.name] = kind
    return kind


# ---- Values.

def number(text):
    return np.float64(text)


def whole(text):
    return int(text)


def word(text):
    return text


def numbers(text):
    """A number, or in brackets a number for each channel: a list of one or of many."""
    return [number(piece) for piece in split_outside(text.strip('[] '), ',')]


# ---- Samples.

LETTERS = {'w': 'w', 'hw': 'hw', 'hwc': 'hwc', 'chw': 'chw'}


class Sample:
    """One field of one slot. `length` is the number of real rows of a ragged field, else None."""

    def __init__(self, name, array, length=None):
        self.name, self.array, self.length = name, array, length

    def but(self, array):
        """The same sample with other numbers."""
        return Sample(self.name, array, self.length)

    def real_rows(self, change):
        """Changes the real rows of the sample. The zeros behind them stay zeros."""
        if self.length is None:
            return self.but(change(self.array))
        changed = change(self.array[:self.length])
        filled = np.zeros((len(self.array), *changed.shape[1:]), changed.dtype)
        filled[:self.length] = changed
        return self.but(filled)

    def layout(self, given=None):
        """The letters of the axes, or None where the text must give them."""
        shape = self.array.shape
        if given:
            return given if len(given) == len(shape) else None
        if len(shape) == 3:
            return 'hwc' if 1 <= shape[2] <= 4 else None
        return {1: 'w', 2: 'hw'}.get(len(shape))

    def axis(self, letter, given=None):
        """The number of an axis, or None."""
        layout = self.layout(given)
        return layout.index(letter) if layout and letter in layout else None


# ---- Operators.

class Operator:
    name = None
    takes, usual = {}, {}

    def __init__(self, **values):
        self.__dict__.update(self.usual)
        for key, text in values.items():
            setattr(self, key, self.takes[key](text))

    def draw(self, stream, slot):
        return None

    def apply(self, sample, drawn):
        raise NotImplementedError

    def apply_all(self, samples, draws, count):
        """One field of all slots. `count` of them have weight 1, and come first."""
        return [self.apply(sample, drawn) for sample, drawn in zip(samples, draws)]

    @classmethod
    def example(cls, rng, sample):
        return None


def random_layout(rng, sample, letter=None):
    """A layout that fits the sample, and has the letter: ', layout=hw', or '' where the usual one
    does. None: there is none."""
    fit = [f', layout={layout}' for layout in LETTERS
           if len(layout) == sample.array.ndim and (letter or '') in layout]
    if sample.layout() and (letter is None or letter in sample.layout()):
        fit.append('')
    return rng.choice(fit) if fit else None


@operator
class RandomCrop(Operator):
    name = 'random_crop'
    takes = {'padding': whole, 'layout': word}
    usual = {'layout': None}

    def draw(self, stream, slot):
        has_height = slot.samples[0].axis('h', self.layout) is not None
        axes = 'hw' if has_height else 'w'
        return {letter: stream.below(2 * self.padding + 1) for letter in axes}

    def apply(self, sample, drawn):
        def cut(array):
            for letter, offset in drawn.items():
                axis = sample.axis(letter, self.layout)
                sides = [(self.padding, self.padding) if i == axis else (0, 0)
                         for i in range(array.ndim)]
                kept = range(offset, offset + array.shape[axis])
                array = np.pad(array, sides).take(kept, axis)
            return array
        return sample.real_rows(cut)

    @classmethod
    def example(cls, rng, sample):
        layout = random_layout(rng, sample, 'w')
        return None if layout is None else f'random_crop(padding={rng.randint(1, 5)}{layout})'


@operator
class RandomFlip(Operator):
    name = 'random_flip'
    takes = {'axis': word, 'p': number, 'layout': word}
    usual = {'p': np.float64(0.5), 'layout': None}

    def draw(self, stream, slot):
        return np.float64(stream.float()) < self.p

    def apply(self, sample, drawn):
        axis = sample.axis(self.axis, self.layout)
        return sample.real_rows(lambda array: np.flip(array, axis)) if drawn else sample

    @classmethod
    def example(cls, rng, sample):
        axis = rng.choice('wh')
        layout = random_layout(rng, sample, axis)
        p = rng.choice(['', ', p=0', ', p=1', f', p={rng.random():.3f}'])
        return None if layout is None else f'random_flip(axis={axis}{p}{layout})'


@operator
class Normalize(Operator):
    name = 'normalize'
    takes = {'mean': numbers, 'std': numbers, 'scale': word, 'layout': word}
    usual = {'scale': 'auto', 'layout': None}

    def apply(self, sample, drawn):
        kind = sample.array.dtype
        unsigned = self.scale == 'auto' and kind.kind == 'u'
        s = np.float32(np.float64(1) / np.float64(np.iinfo(kind).max)) if unsigned else np.float32(1)
        return sample.real_rows(lambda array: (array.astype(np.float32) * s - self.of_channels(
            sample, [np.float32(x) for x in self.mean])) * self.of_channels(
                sample, [np.float32(np.float64(1) / x) for x in self.std]))

    def of_channels(self, sample, values):
        """The values in a shape that numpy repeats along the other axes. The rows of a ragged field
        with channels first are its first channels."""
        if len(values) == 1:
            return values[0]
        axis = sample.axis('c', self.layout)
        if axis == 0 and sample.length is not None:
            values = values[:sample.length]
        return np.array(values, np.float32).reshape(
            [-1 if i == axis else 1 for i in range(sample.array.ndim)])

    @classmethod
    def example(cls, rng, sample):
        layout = random_layout(rng, sample, 'c')
        channels = 0
        if layout is not None and rng.random() < 0.7:
            channels = sample.array.shape[sample.axis('c', layout[len(', layout='):] or None)]
        else:
            layout = ''
        mean, std = (cls.values(rng, draw, channels) for draw in (
            lambda: rng.gauss(0.3, 2), lambda: rng.choice([1, 1e-3, rng.uniform(0.1, 60)])))
        scale = rng.choice(['', ', scale=none', ', scale=auto'])
        return f'normalize(mean={mean}, std={std}{scale}{layout})'

    @staticmethod
    def values(rng, draw, channels):
        if not channels or rng.random() < 0.3:
            return f'{draw():.6g}'
        return '[' + ','.join(f'{draw():.6g}' for _ in range(channels)) + ']'


TYPES = {'u8': 'u1', 'u16': 'u2', 'u32': 'u4', 'u64': 'u8', 'i8': 'i1', 'i16': 'i2', 'i32': 'i4',
         'i64': 'i8', 'f32': 'f4', 'f64': 'f8'}


@operator
class Cast(Operator):
    name = 'cast'
    takes = {'type': word}

    def apply(self, sample, drawn):
        return sample.but(sample.array.astype(TYPES[self.type]))

    @classmethod
    def example(cls, rng, sample):
        kind = sample.array.dtype
        fit = ['f32', 'f64']
        if kind.kind in 'iu':
            fit += [name for name, code in TYPES.items() if code[0] in 'iu' and
                    np.iinfo(code).min <= np.iinfo(kind).min and
                    np.iinfo(code).max >= np.iinfo(kind).max]
        return f'cast(type={rng.choice(fit)})'


# ---- The text.

Statement = namedtuple('Statement', 'fields operators')


def calls_of(text):
    """The calls of a text such as `a(x=1) b(y=[1,2])`, each its name and its values as texts."""
    calls = []
    while text.strip():
        name, _, rest = text.strip().partition('(')
        depth, end = 1, 0
        while depth:
            depth += (rest[end] == '(') - (rest[end] == ')')
            end += 1
        values = split_outside(rest[:end - 1], ',')
        calls.append((name.strip(), dict(
            tuple(piece.strip() for piece in value.split('=', 1)) for value in values if value)))
        text = rest[end:]
    return calls


def parse(text):
    """The statements of a text."""
    statements = []
    for statement in split_outside(text or '', ';'):
        if statement:
            fields, _, calls = statement.partition(':')
            statements.append(Statement(split_outside(fields, ','), [
                OPERATORS[name](**values) for name, values in calls_of(calls)]))
    return statements


def augment(statements, slots, streams, count):
    """Changes a batch in place. slots[i] has the samples of slot i by name, and streams[i] its
    random numbers. The slots have streams of their own, so the operators may take turns over the
    batch."""
    for statement in statements:
        for op in statement.operators:
            draws = [op.draw(stream, Slot(i, count, [slot[name] for name in statement.fields]))
                     for i, (slot, stream) in enumerate(zip(slots, streams))]
            for name in statement.fields:
                changed = op.apply_all([slot[name] for slot in slots], draws, count)
                for slot, sample in zip(slots, changed):
                    slot[name] = sample
