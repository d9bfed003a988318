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
- An operator that draws has tell() and is_applied(), too: what `replay` prints of its draws, and
  whether they let it change the sample. `replay -o` writes the same numbers; exact() has those that
  are printed with few digits or in other words.
- An operator with a probability p is a Random, and has chosen(), change() and tell_chosen() in place
  of draw(), apply() and tell().
- An operator that mixes slots, as mixup does, overrides apply_all() in place of apply(), and has
  `mixes` and partners().
- An operator that exchanges elements between fields, as vectors= does, overrides exchange(), too.
- `example` gives random calls to cases.py. With it the operator is compared with the program in
  every run of tests/cli/reference.sh, if the program has it. `rng` is a random.Random.
- Floats are numpy scalars or arrays of one type. numpy then rounds each operation once. Never mix
  types, and never call a function of libm: philox.py has the library's own log, exp and turns.
- Write it from the words. Where these leave a choice open, mend the words, too.
"""
from collections import Counter, namedtuple
import copy
import re
import subprocess

import numpy as np

from philox import Stream
from samples import split_outside

f64 = np.float64

OPERATORS = {}

# How often each operator was applied to a slot: check.py asks that none was left out.
APPLIED = Counter()

# How often operators met samples of kinds that coverage.py names, such as 'resize of NaN'.
MET = Counter()

# What draws may depend on beside the stream: the slot's number, the batch's rows of weight 1, and
# the samples of the statement's fields as they are before the operator.
Slot = namedtuple('Slot', 'number count samples')

# What is told of an operator's draws for a slot: the text that `replay` prints, or None for an operator
# that is not listed; the numbers that `replay -o` writes, a list for each name, or None if it is not
# applied; and what is told of the operators within it that are applied.
Told = namedtuple('Told', 'op text numbers inside')


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


def wholes(text):
    """A whole number, or in brackets a number for each axis: a list of one or of many."""
    return [whole(piece) for piece in split_outside(text.strip('[] '), ',')]


def limits(text):
    """A range lo..hi."""
    low, high = text.split('..')
    return number(low), number(high)


def names(text):
    """Names of fields in parentheses: (u,v)."""
    return [piece.strip() for piece in text.strip('() ').split(',')]


def letters(text):
    """Letters of axes, where x, y and z are other letters for w, h and d."""
    return text.strip().translate(str.maketrans('xyz', 'whd'))


def draw_range(stream, ends):
    return ends[0] + stream.double() * (ends[1] - ends[0])


# ---- Numbers as `replay` prints them.

def digits(value, most):
    """A number with so many digits at most, as C prints it with %g."""
    return f'{float(value):.{most}g}'


def shortest(value):
    """A double with as few digits as give it back."""
    return next(text for text in (digits(value, most) for most in (15, 16, 17)) if f64(text) == value)


# ---- Samples.

LAYOUTS = {1: ['w', 'x', 't', 'c'], 2: ['hw', 'yx', 'wh', 'tw', 'ct', 'tc'],
           3: ['hwc', 'hwc', 'chw', 'thw', 'zyx', 'tyx', 'wh_', 'xyc'],
           4: ['tchw', 'thwc', 'zyxc', 'czyx', 'hw__'], 5: ['tzyxc', 'tczyx', 'hw__t']}


class Sample:
    """One field of one slot. `length` is the number of real rows of a ragged field, else None.
    `held` is the layout that an operator was given. `interpolation` and `border` stand behind the
    field's name in a statement, as in mask[nearest,edge]."""

    # For example(): the names of fields that may be components of one vector; and the files of figures
    # that fit the field.
    together, figures = (), ()

    def __init__(self, name, array, length=None, held=None, interpolation=None, border=None):
        self.name, self.array, self.length, self.held = name, array, length, held
        self.interpolation, self.border = interpolation, border

    def but(self, array):
        """The same sample with other numbers."""
        return Sample(self.name, array, self.length, self.held, self.interpolation, self.border)

    def holding(self, layout):
        """The same sample with a layout that its later operators have."""
        return Sample(self.name, self.array, self.length, layout, self.interpolation, self.border)

    def in_statement(self, interpolation, border, layout):
        return Sample(self.name, self.array, self.length, layout or self.held, interpolation, border)

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
        given = given or self.held
        if given:
            return letters(given) if len(given) == len(shape) else None
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
    members = ()      # operators that this stands for, which parse() has joined
    moves = False     # true if elements change places only, so that fields of several types may share it
    by_shape = False  # true if only fields of one shape may share it
    own = False       # true if a program registers it, so that `shardstep` does not know it
    mixes = False     # true if it mixes the slots of a batch
    suits = None      # what cases.py makes fields like for it: a word of SUITABLE there
    often = 1         # how many times as often as another operator a case wants it

    def __init__(self, inside=(), **values):
        """`inside` has the operators within the parentheses."""
        self.inside = inside
        self.__dict__.update({'layout': None, **self.usual})
        for key, text in values.items():
            setattr(self, key, self.takes[key](text))

    def draw(self, stream, slot):
        return None

    def apply(self, sample, drawn):
        raise NotImplementedError

    def exchange(self, samples, drawn):
        """Turns vectors whose components are fields of their own. `samples` are all fields of a slot,
        each of which apply() has changed by itself."""
        return samples

    def is_applied(self, drawn):
        """Whether p and the draws let it change the sample."""
        return True

    def tells(self, sample, drawn):
        """What is told of each operator that this is."""
        text = self.tell(sample, drawn)
        if text in (None, 'no'):
            return [Told(self, text, None, [])]
        inside = self.tells_inside(drawn)
        numbers = {} if inside is not None else numbers_in(text)
        return [Told(self, text, numbers | self.exact(drawn), inside or [])]

    def tells_inside(self, drawn):
        """What is told of the operators within it, in their order. None: it holds none."""
        return None

    def exact(self, drawn):
        """Numbers of an operator that is applied, where the text has fewer digits or other words."""
        return {}

    def tell(self, sample, drawn):
        """What `replay` prints of the draws between the operator's parentheses. None: it is not listed,
        since it draws nothing."""
        if type(self).draw is Operator.draw:
            return None
        raise NotImplementedError

    def apply_all(self, samples, draws, count):
        """One field of all slots. `count` of them have weight 1, and come first."""
        return [self.apply(sample, drawn) for sample, drawn in zip(samples, draws)]

    @classmethod
    def example(cls, rng, sample):
        return None


def lay(op, sample):
    """The sample with the layout that the operator is given or finds, for it and those after it."""
    for one in op.members or [op]:
        if 'layout' in one.takes:
            sample = sample.holding(sample.layout(one.layout))
    return sample


def of_field(op, sample):
    """The operator with the interpolation and the border that stand behind the field's name."""
    own = copy.copy(op)
    own.members = [of_field(member, sample) for member in op.members]
    if sample.interpolation and 'how' in op.takes:
        own.how = sample.interpolation
    if sample.border and 'border' in op.takes:
        own.border = sample.border
    return own


def run(op, stream, slot):
    """Draws and applies an operator to all fields of a slot. Returns what was drawn, what `replay`
    prints of it, and the samples that come out."""
    slot = slot._replace(samples=[lay(op, sample) for sample in slot.samples])
    drawn = op.draw(stream, slot)
    note(op, drawn)
    return drawn, op.tells(slot.samples[0], drawn), apply_to(op, slot.samples, drawn)


def apply_to(op, samples, drawn):
    """Applies an operator with its draws to all fields of a slot."""
    return op.exchange([of_field(op, sample).apply(sample, drawn) for sample in samples], drawn)


def note(op, drawn):
    """Counts an operator that is applied to a slot."""
    if op.members:
        for member, values in zip(op.members, drawn):
            note(member, values)
    elif op.is_applied(drawn):
        APPLIED[op.name] += 1


def told_calls(told):
    """The line of `replay`."""
    return ' '.join(f'{one.op.name}({one.text})' for one in told if one.text is not None)


def numbers_in(text):
    """The numbers of a text such as 'w=yes, rows=2..4'."""
    if '=' not in text:
        return {'number': [f64(text)]} if text.isdigit() else {}
    words, found = {'yes': 1, 'no': 0}, {}
    for pair in text.split(', '):
        name, _, value = pair.partition('=')
        pieces = value.split('..')
        if all(re.fullmatch(r'yes|no|[-+.e0-9]+', piece) for piece in pieces):
            found[name] = [f64(words.get(piece, piece)) for piece in pieces]
    return found


def told_numbers(record):
    """The datasets that `replay -o` writes of what is told of each slot: a list of numbers for each
    path, with the rows in order. Rows of operators that were not reached are told as not applied."""
    found = {}

    def add(slot, told):
        for one in told:
            if one.text is not None:
                for field in one.op.fields:
                    rows = found.setdefault(f'draws/{field}/{one.op.nth}_{one.op.name}', {})
                    rows[slot] = one.numbers
            add(slot, one.inside)
    for slot, told in enumerate(record):
        add(slot, told)
    return found


class Random(Operator):
    """An operator with a probability p. Below 1 a float is drawn first."""
    usual = {'p': np.float64(1)}

    def draw(self, stream, slot):
        """Returns a tuple of what chosen() draws, or None for a sample that p leaves out."""
        if self.p < 1 and not np.float64(stream.float()) < self.p:
            return None
        return (self.chosen(stream, slot),)

    def is_applied(self, drawn):
        return drawn is not None

    def apply(self, sample, drawn):
        return sample if drawn is None else self.change(sample, *drawn)

    def tell(self, sample, drawn):
        if drawn is None:
            return 'no'
        told = self.tell_chosen(sample, *drawn)
        return 'yes' if told is None and self.p < 1 else told

    def tell_chosen(self, sample, drawn):
        """What is told of an operator that is applied. None: it draws nothing more."""
        if drawn is None:
            return None
        return told_pairs(drawn) if isinstance(drawn, dict) else f'{drawn}'


def told_pairs(pairs):
    return ', '.join(f'{letter}={value}' for letter, value in pairs.items())


def yes_or_no(is_so):
    return 'yes' if is_so else 'no'


def random_letters(rng, count):
    """A layout of so many axes: an usual one, or any."""
    if rng.random() < 0.7 and count in LAYOUTS:
        return rng.choice(LAYOUTS[count])
    drawn = rng.sample('ctdhw___', count)  # axes i and j would be components, which turn along
    return ''.join(rng.choice([letter, {'w': 'x', 'h': 'y', 'd': 'z'}.get(letter, letter)])
                   for letter in drawn)


def random_layout(rng, sample, letter=None, image=True):
    """A layout that fits the sample, and has the letter: ', layout=hw', or '' where the present one
    does. None: none was found. In an image the width is the axis behind
    the height."""
    if not sample.array.ndim:
        return None
    wanted = 'hw' if image and letter == 'h' else letter or ''
    if sample.layout() and wanted in sample.layout() and rng.random() < 0.7:
        return ''
    for _ in range(20):
        layout = random_letters(rng, sample.array.ndim)
        if wanted in letters(layout):
            return f', layout={layout}'
    return None


def letters_of(sample, layout):
    """The letters of a layout that random_layout() has given."""
    return sample.layout(layout[len(', layout='):] or None)


def random_p(rng):
    return rng.choice(['', '', ', p=0', ', p=1', f', p={rng.random():.3f}'])


def places(n, begin, size, mode):
    """Which of n elements the elements `begin` to `begin` + `size` - 1 are, as `mode` says; -1 for a
    zero."""
    def place(k):
        if 0 <= k < n:
            return k
        if mode == 'zero' or not n:
            return -1
        if mode == 'edge':
            return 0 if k < 0 else n - 1
        if mode == 'wrap':
            return k % n
        turned = k % max(2 * (n - 1), 1)
        return turned if turned < n else 2 * (n - 1) - turned
    return np.array([place(k) for k in range(begin, begin + size)], np.int64)


def cut(array, axis, begin, size, mode='zero'):
    """Elements `begin` to `begin` + `size` - 1 along an axis, which may lie outside of the array."""
    at = places(array.shape[axis], begin, size, mode)
    front = np.moveaxis(array, axis, 0)
    found = np.zeros((size, *front.shape[1:]), array.dtype)
    found[at >= 0] = front[at[at >= 0]]
    return np.moveaxis(found, 0, axis)


MODES = ['zero', 'edge', 'reflect', 'wrap']


class ByAxes(Random):
    """An operator that takes axes. `usual_axes` are those without a choice, as far as the sample has
    them."""
    moves, usual_axes, most_axes, same_size = True, 'hw', 3, False

    def letters(self, sample):
        """The axes, in the order of the draws."""
        if self.axes:
            return self.axes
        return [letter for letter in self.usual_axes if sample.axis(letter, self.layout) is not None]

    def axis(self, sample, letter):
        return sample.axis(letter, self.layout)

    def extent(self, sample, letter):
        return sample.array.shape[self.axis(sample, letter)]

    @classmethod
    def random_axes(cls, rng, sample):
        """Axes and a layout: their letters, and ', axes=yx, layout=hwc'. None: there are none."""
        layout = random_layout(rng, sample)
        if layout is None:
            return None
        have, named = letters_of(sample, layout), ''
        chosen = [letter for letter in cls.usual_axes if letter in have]
        can = [letter for letter in have if letter != '_']
        if can and (rng.random() < 0.5 or not cls.is_enough(chosen)):
            chosen = rng.sample(can, rng.randint(1, min(cls.most_axes, len(can))))
            named = ', axes=' + ''.join(
                rng.choice([letter, {'w': 'x', 'h': 'y', 'd': 'z'}.get(letter, letter)])
                for letter in chosen)
        sizes = {sample.array.shape[have.index(letter)] for letter in chosen}
        if not cls.is_enough(chosen) or cls.same_size and len(sizes) > 1:
            return None
        return chosen, named + layout

    @classmethod
    def is_enough(cls, chosen):
        return 'w' in chosen or chosen and chosen != [letter for letter in cls.usual_axes
                                                      if letter in chosen]


def of_each(values, axes):
    """A value for all axes or for each."""
    return dict(zip(axes, values if len(values) > 1 else values * len(axes)))


def size_text(rng, sizes):
    """size= as one number where all are the same, or as a list."""
    if len(set(sizes)) == 1 and rng.random() < 0.5:
        return f'{sizes[0]}'
    return '[' + ','.join(map(str, sizes)) + ']'


def random_mode(rng):
    return rng.choice(['', f', mode={rng.choice(MODES)}'])


def layout_in(sample, rest):
    """The letters of the axes where a call ends with ', axes=yx, layout=hwc'."""
    return letters_of(sample, rest[rest.index(', layout='):] if ', layout=' in rest else '')


def is_along_rows(sample, axes, rest):
    """Whether a call is along the rows of a ragged field, whose number it must not change."""
    return sample.length is not None and layout_in(sample, rest)[0] in axes


def extents(sample, axes, rest):
    have = layout_in(sample, rest)
    return [sample.array.shape[have.index(letter)] for letter in axes]


@operator
class RandomCrop(ByAxes):
    name = 'random_crop'
    takes = {'padding': whole, 'size': wholes, 'mode': word, 'axes': letters, 'p': number,
             'layout': word}
    usual = {'padding': 0, 'size': None, 'mode': 'zero', 'axes': None, 'p': np.float64(1)}

    def sizes(self, sample):
        axes = self.letters(sample)
        return of_each(self.size, axes) if self.size else {
            letter: self.extent(sample, letter) for letter in axes}

    def chosen(self, stream, slot):
        sample = slot.samples[0]
        return {letter: stream.below(self.extent(sample, letter) + 2 * self.padding - size + 1)
                for letter, size in self.sizes(sample).items()}

    def change(self, sample, drawn):
        def cut_all(array):
            for letter, offset in drawn.items():
                axis = self.axis(sample, letter)
                size = self.sizes(sample)[letter] if self.size else array.shape[axis]
                array = cut(array, axis, offset - self.padding, size, self.mode)
            return array
        return sample.real_rows(cut_all)

    def tell_chosen(self, sample, drawn):
        """Where the window begins."""
        return ', '.join(f'{letter}={draw - self.padding}' for letter, draw in drawn.items())

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        if not found:
            return None
        axes, rest = found
        of_rows = is_along_rows(sample, axes, rest)
        at, mode = extents(sample, axes, rest), random_mode(rng)
        padding, size, p = rng.randint(0, 5), '', random_p(rng)
        if 'reflect' in mode:
            padding = min(padding, *[n - 1 for n in at])
        if rng.random() < 0.4 and not of_rows:
            sizes = [rng.randint(1, min(n + 2 * padding, n + 3)) for n in at]
            size = f', size={size_text(rng, sizes)}'
            p = p if sizes == at else ''
        if size and not padding:
            return f'random_crop({size[2:]}{p}{rest})'
        return f'random_crop(padding={padding}{size}{mode}{p}{rest})' if padding else None


# What `shardstep stats --write` has written of a field.
Figures = namedtuple('Figures', 'type mean std')


def figures_in(path):
    with open(path, encoding='utf-8') as file:
        told = dict(line.rstrip('\n').split(' = ', 1) for line in file if ' = ' in line)
    return Figures(told['type'], *([f64(x) for x in told[name].split(',')] for name in ('mean', 'std')))


@operator
class Normalize(Operator):
    name = 'normalize'
    takes = {'mean': numbers, 'std': numbers, 'scale': word, 'layout': word, 'from': figures_in,
             'field': word}
    usual = {'scale': 'auto', 'from': None}
    suits, often = 'numbers', 3

    def apply(self, sample, drawn):
        kind = sample.array.dtype
        mean, std, scale = self.numbers_for(kind)
        unsigned = scale == 'auto' and kind.kind == 'u'
        s = np.float32(np.float64(1) / np.float64(np.iinfo(kind).max)) if unsigned else np.float32(1)
        return sample.real_rows(lambda array: (array.astype(np.float32) * s - self.of_channels(
            sample, [np.float32(x) for x in mean])) * self.of_channels(
                sample, [np.float32(np.float64(1) / x) for x in std]))

    def numbers_for(self, kind):
        """mean, std and scale: those of the text, or of a file's figures with 9 digits."""
        figures = getattr(self, 'from')
        if not figures:
            return self.mean, self.std, self.scale
        is_stored = TYPES.get(figures.type) == kind.str[1:]
        most = f64(np.iinfo(kind).max) if is_stored and kind.kind == 'u' else f64(1)
        mean, std = ([f64(digits(x / most, 9)) for x in values] for values in (figures.mean, figures.std))
        return mean, std, 'auto' if is_stored else 'none'

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
            channels = sample.array.shape[letters_of(sample, layout).index('c')]
        else:
            layout = ''
        mean, std = (cls.values(rng, draw, channels) for draw in (
            lambda: rng.gauss(0.3, 2), lambda: rng.choice([1, 1e-3, rng.uniform(0.1, 60)])))
        scale = rng.choice(['', ', scale=none', ', scale=auto'])
        fit = [figures for figures in sample.figures if figures.channels in (0, channels)]
        if fit and rng.random() < 0.9:
            figures = rng.choice(fit)
            return f"normalize(from={figures.path}{figures.field and ', field=' + figures.field}{layout})"
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


# ---- Operators with operators within them.

class Group(Random):
    takes = {'p': number}

    def picked(self, stream):
        """The operators that are applied."""
        raise NotImplementedError

    def chosen(self, stream, slot):
        picked, drawn = self.picked(stream), []
        for op in picked:
            one, told, samples = run(op, stream, slot)
            drawn.append((op, one, told))
            slot = slot._replace(samples=samples)
        return drawn

    def tell_chosen(self, sample, drawn):
        return told_calls(self.tells_inside((drawn,))) or self.tell_nothing(drawn)

    def tells_inside(self, drawn):
        return [one for _, _, told in drawn[0] for one in told]

    def tell_nothing(self, drawn):
        return 'yes'

    def apply(self, sample, drawn):
        """The operators within take turns over all fields: see exchange()."""
        return sample

    def exchange(self, samples, drawn):
        """Layouts that stand within hold behind it, applied or not."""
        for op, one, _ in drawn[0] if drawn else ():
            samples = apply_to(op, [lay(op, sample) for sample in samples], one)
        for op in self.inside:
            samples = [lay(op, sample) for sample in samples]
        return samples

    @classmethod
    def example(cls, rng, sample):
        """Operators within it change neither the type nor the shape. A group stands in it rarely."""
        inside, kinds = [], [kind for kind in usable() if not kind.mixes and (
            not issubclass(kind, Group) or rng.random() < 0.1)]
        for _ in range(rng.randint(2, 6)):
            call = rng.choice(kinds).example(rng, sample)
            groups = sum(call.count(kind) for kind in ('sometimes(', 'one_of(')) if call else 0
            if call and groups < 3 and 'layout=' not in call and cls.is_same(call, sample):
                inside.append(call)
        p = random_p(rng)[2:]
        commas = rng.choice([' ', ', ', ','])
        return f"{cls.name}({p + ', ' * bool(p)}{commas.join(inside)})" if inside else None

    @staticmethod
    def is_same(call, sample):
        fields = sample.together or [sample.name]
        (op,) = parse(f"{','.join(fields)}: {call}")[0].operators
        samples = [Sample(name, sample.array, sample.length, sample.held) for name in fields]
        after = run(op, AnyStream(), Slot(0, 1, samples))[-1][0]
        return (after.array.shape, after.array.dtype, after.layout()) == (
            sample.array.shape, sample.array.dtype, sample.layout())


class AnyStream(Stream):
    """Random numbers for calls that are tried."""

    def __init__(self):
        super().__init__(0, 0, 0, 0)


@operator
class Sometimes(Group):
    name = 'sometimes'

    def picked(self, stream):
        return self.inside


@operator
class OneOf(Group):
    name = 'one_of'

    def picked(self, stream):
        return [self.inside[stream.below(len(self.inside))]]

    def tell_nothing(self, drawn):
        return drawn[0][0].name

    def exact(self, drawn):
        (picked, _, _), = drawn[0]
        return {'choice': [self.inside.index(picked)]}


# ---- The text.

# `ways` has the interpolation, the border and the layout of each field, or None for them.
Statement = namedtuple('Statement', 'fields ways operators')
INTERPOLATIONS = ['nearest', 'bilinear']


def operators_of(text):
    """The operators of a text such as `a(x=1) b(y=[1,2])`. Commas may stand between those that stand
    within another."""
    found = []
    while text.strip(' ,'):
        name, _, rest = text.strip(' ,').partition('(')
        depth, end = 1, 0
        while depth:
            depth += (rest[end] == '(') - (rest[end] == ')')
            end += 1
        values, inside = {}, []
        for piece in split_outside(rest[:end - 1], ','):
            key, equals, value = piece.partition('=')
            if equals and '(' not in key:
                values[key.strip()] = value.strip()
            else:
                inside += operators_of(piece)
        found.append(OPERATORS[name.strip()](inside, **values))
        text = rest[end:]
    return found


def field_of(text):
    """A name, its interpolation, its border and its layout: mask[nearest,edge,layout=hw]."""
    name, bracket, rest = text.partition('[')
    words = [piece.strip() for piece in rest.rstrip('] ').split(',')] if bracket else []
    return (name.strip(), next((one for one in words if one in INTERPOLATIONS), None),
            next((one for one in words if one in MODES), None),
            next((one.partition('=')[2].strip() for one in words if one.startswith('layout')), None))


def numbered(operators, fields, place):
    """Gives operators their fields and their places in the text. Returns the place behind them."""
    for op in operators:
        op.fields, op.nth = fields, place
        place = numbered(op.inside, fields, place + 1)
    return place


def parse(text):
    """The statements of a text."""
    statements, place = [], 0
    for statement in split_outside(text or '', ';'):
        if statement:
            fields, _, calls = statement.partition(':')
            fields = [field_of(field) for field in split_outside(fields, ',')]
            statements.append(Statement([field[0] for field in fields], [field[1:] for field in fields],
                                        operators_of(calls)))
            place = numbered(statements[-1].operators, statements[-1].fields, place)
    return statements


PROGRAM = None


def usable(program=None):
    """The operators that the program has, of which check.py tells it first."""
    global PROGRAM
    if program:
        PROGRAM = program
        lines = subprocess.run([program, 'help', 'augment'], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        have = {line.split('(')[0].strip() for line in lines if line.startswith('  ') and '(' in line}
        for name in set(OPERATORS) - have:
            del OPERATORS[name]
    return [kind for kind in OPERATORS.values() if not kind.own]


def augment(statements, slots, streams, count):
    """Changes a batch in place. slots[i] has the samples of slot i by name, and streams[i] its
    random numbers. The slots have streams of their own, so the operators may take turns over the
    batch. Returns what is told of each slot's operators, and its partner and the partner's weight,
    which are None where nothing is mixed."""
    record, partners = [[] for _ in slots], None
    for statement in statements:
        for slot in slots:
            for name, way in zip(statement.fields, statement.ways):
                slot[name] = slot[name].in_statement(*way)
        for op in statement.operators:
            draws = apply_operator(op, statement.fields, slots, streams, count, record)
            if op.mixes:
                partners = op.partners(draws)
    return record, partners


def apply_operator(op, fields, slots, streams, count, record):
    for slot in slots:
        slot.update({name: lay(op, slot[name]) for name in fields})
    draws = [op.draw(stream, Slot(i, count, [slot[name] for name in fields]))
             for i, (slot, stream) in enumerate(zip(slots, streams))]
    for slot, drawn, told in zip(slots, draws, record):
        note(op, drawn)
        told += op.tells(slot[fields[0]], drawn)
    for name in fields:
        samples = [slot[name] for slot in slots]
        if samples:
            samples = of_field(op, samples[0]).apply_all(samples, draws, count)
        for slot, sample in zip(slots, samples):
            slot[name] = sample
    for slot, drawn in zip(slots, draws):
        slot.update(zip(fields, op.exchange([slot[name] for name in fields], drawn)))
    return draws
