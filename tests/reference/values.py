"""Operators that change values, written from what `shardstep help augment` says of them: maps,
colours, noise and erasing. batches.py imports this file, which registers them."""
import numpy as np

import philox
from augment import TYPES, Operator, digits, number, numbers, operator, random_layout, whole, word

f32, f64 = np.float32, np.float64
NAMES = {np.dtype(code): name for name, code in TYPES.items()}


def limits(text):
    """A range low..high, or a single number for both ends."""
    low, _, high = text.partition('..')
    return f64(low), f64(high or low)


def drawn_of(stream, ends):
    return ends[0] + stream.double() * (ends[1] - ends[0])


def type_of(array):
    return NAMES.get(array.dtype.newbyteorder('='), 'f16')


def each(function, array):
    """A function of scalars on the elements of an array of doubles."""
    return np.array([function(x) for x in array.ravel()], f64).reshape(array.shape)


def same_nan(array):
    """Floats whose NaN all have the same bits."""
    return np.where(np.isnan(array), array.dtype.type(np.nan), array)


def stored(array, kind):
    """Numbers of f32 or f64 as elements of a type: of integers clamped, and rounded half to even."""
    kind = np.dtype(kind)
    if kind.kind == 'f':
        return same_nan(array).astype(kind)
    about = np.iinfo(kind)
    return np.rint(np.clip(array, about.min, about.max)).astype(kind)


def working(array):
    """Elements as the floats in which they are computed."""
    return array.astype(f64 if array.dtype == f64 else f32)


def added_in_lanes(values):
    """The sum of finite doubles, and their count. Value k goes to sum k mod 8."""
    sums, count = [f64(0)] * 8, 0
    for k, value in enumerate(values):
        if np.isfinite(value):
            sums[k % 8] = sums[k % 8] + value
            count += 1
    s = sums
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])), count


# ---- Elementary functions of random_math.c.

def log1p(x):
    total = f64(1) + x
    if np.isnan(x) or x == np.inf or total == 1:
        return x
    if total < 0:
        return f64(np.nan)
    if total == 0:
        return f64(-np.inf)
    return philox.log(total) + (x - (total - f64(1))) / total


def asinh(x):
    size = abs(x)
    if not np.isfinite(size):
        return x
    square = size * size
    if size > 2.0**28:
        result = philox.log(size) + f64(float.fromhex('0x1.62e42fefa39efp-1'))
    else:
        result = log1p(size + square / (f64(1) + np.sqrt(square + f64(1))))
    return np.copysign(result, x)


def power(x, y):
    return f64(0) if x == 0 else philox.exp(y * philox.log(x))


# ---- What many of them have.

def said_layout(rng, sample, letter=None):
    """A layout that fits the sample and has the letter, always said: a layout that an operator
    before it was given would hold otherwise. None: there is none."""
    layout = random_layout(rng, sample, letter)
    return f', layout={sample.layout()}' if layout == '' else layout


class Random(Operator):
    """An operator with a probability p. Below 1 a float is drawn first."""
    usual = {'p': f64(1), 'layout': None}
    types, letter = None, None  # the types that it takes, and a letter that the layout must have
    colours = (1, 3)            # with 'c': the numbers of channels that it takes

    def draw(self, stream, slot):
        if self.p < 1 and not f64(stream.float()) < self.p:
            return None
        return self.numbers_of(stream, slot.samples[0])

    def numbers_of(self, stream, sample):
        return True

    def is_applied(self, drawn):
        return drawn is not None

    def tell(self, sample, drawn):
        if drawn is None:
            return 'no'
        told = self.tell_numbers(sample, drawn)
        return 'yes' if told is None and self.p < 1 else told

    def tell_numbers(self, sample, drawn):
        """What is told of what numbers_of() has drawn. None: nothing."""
        return None

    def apply(self, sample, drawn):
        if drawn is None:
            return sample
        return sample.real_rows(lambda array: self.change(sample, array, drawn))

    def channels_first(self, sample, array):
        """The array with its channels as the first axis; without an axis c there is one."""
        axis = sample.axis('c', self.layout)
        return array[np.newaxis] if axis is None else np.moveaxis(array, axis, 0)

    def channels_back(self, sample, array):
        axis = sample.axis('c', self.layout)
        return array[0] if axis is None else np.moveaxis(array, 0, axis)

    @classmethod
    def example(cls, rng, sample):
        layout = said_layout(rng, sample, cls.letter)
        if layout is None or (cls.types and type_of(sample.array) not in cls.types):
            return None
        letters = layout[len(', layout='):] or None
        axis = sample.axis('c', letters)
        if cls.colours and 'layout' in cls.takes:
            channels = 1 if axis is None else sample.array.shape[axis]
            if channels not in cls.colours or (axis == 0 and sample.length is not None):
                return None
        if 'layout' not in cls.takes:
            layout = ''
        values = cls.some_values(rng)
        says_p = 'p' in cls.takes and 'p=' not in values
        p = rng.choice(['', '', ', p=0.5', ', p=0']) if says_p else ''
        return f"{cls.name}({(values + p + layout).removeprefix(', ')})"

    @staticmethod
    def some_range(rng, low, high):
        a, b = sorted(rng.uniform(low, high) for _ in range(2))
        return f'{a:.4g}..{b:.4g}' if rng.random() < 0.8 else f'{a:.4g}..{a:.4g}'


IMAGES = ('u8', 'u16', 'f32')
NUMBERS = IMAGES + ('i8', 'i16', 'f64')
EXACT = NUMBERS + ('u32', 'i32')
ALL = EXACT + ('u64', 'i64')


# ---- Maps.

@operator
class Clip(Random):
    name, types, colours = 'clip', EXACT, None
    takes = {'min': number, 'max': number}

    def change(self, sample, array, drawn):
        low, high = self.min, self.max
        if array.dtype.kind in 'iu':
            about = np.iinfo(array.dtype)
            low, high = np.ceil(max(low, about.min)), np.floor(min(high, about.max))
        low, high = array.dtype.type(low), array.dtype.type(high)
        raised = np.where(array < low, low, array)
        return np.where(raised > high, high, raised).astype(array.dtype)

    @staticmethod
    def some_values(rng):
        return rng.choice(['min=0, max=100', 'min=3.5, max=17.25', 'min=-9.1, max=5'])


class Map(Random):
    colours = None
    usual = {'scale': f64(1), 'offset': f64(0), 'fill': None, 'p': f64(1)}

    def change(self, sample, array, drawn):
        wide = same_nan(self.map(array, array.astype(f64)))
        return wide if array.dtype == f64 else wide.astype(f32)

    @staticmethod
    def some_values(rng):
        return rng.choice(['', 'scale=0.37', 'scale=-0.01'])


@operator
class Log1p(Map):
    name, takes = 'log1p', {'scale': number}

    def map(self, array, wide):
        return each(log1p, wide * self.scale)


@operator
class Asinh(Map):
    name, takes = 'asinh', {'scale': number}

    def map(self, array, wide):
        return each(asinh, wide * self.scale)


@operator
class Unpack(Map):
    name, takes = 'unpack', {'scale': number, 'offset': number, 'fill': number}

    def map(self, array, wide):
        fill = self.fill
        if fill is not None and array.dtype == f32:
            fill = f64(f32(fill))
        mapped = wide * self.scale + self.offset
        return mapped if fill is None else np.where(wide == fill, f64(np.nan), mapped)

    @staticmethod
    def some_values(rng):
        return rng.choice(['', 'scale=0.01, offset=273.15', 'offset=-3, fill=7', 'scale=3, fill=0'])


@operator
class RandomScale(Random):
    name, types, colours, letter = 'random_scale', NUMBERS, None, None
    takes = {'factor': limits, 'by': word, 'p': number, 'layout': word}
    usual = {'by': 'sample', 'p': f64(1), 'layout': None}

    def numbers_of(self, stream, sample):
        count = len(self.channels_first(sample, sample.array)) if self.by == 'channel' else 1
        return [drawn_of(stream, self.factor) for _ in range(count)]

    def tell_numbers(self, sample, drawn):
        return 'factor=' + ','.join(digits(factor, 7) for factor in drawn)

    def exact(self, drawn):
        return {'factor': drawn}

    def change(self, sample, array, drawn):
        if self.by == 'sample':
            x = working(array)
            return stored(x * x.dtype.type(drawn[0]), array.dtype)
        x = working(self.channels_first(sample, array))
        scaled = [row * x.dtype.type(factor) for row, factor in zip(x, drawn)]
        scaled = np.array(scaled, x.dtype).reshape(x.shape)
        return stored(self.channels_back(sample, scaled), array.dtype)

    @classmethod
    def some_values(cls, rng):
        return f"factor={cls.some_range(rng, -2, 3)}{rng.choice(['', ', by=channel'])}"


# ---- Colours. Channels are the first axis, and pixels the second, in the order of memory.

def gray_of(x):
    if len(x) == 1:
        return x[0]
    return (f32(0.2989) * x[0] + f32(0.587) * x[1]) + f32(0.114) * x[2]


def brightness(x, kind, factor):
    return stored(x * f32(factor), kind)


def contrast(x, kind, factor):
    f, pixels = f32(factor), x.shape[1]
    if np.dtype(kind).kind == 'f':
        total, count = added_in_lanes(gray_of(x).astype(f64))
    else:
        sums, count = [f64(row.sum()) for row in x.astype(np.int64)], pixels
        total = sums[0] if len(x) == 1 else (
            (f64(0.2989) * sums[0] + f64(0.587) * sums[1]) + f64(0.114) * sums[2])
    mean = f32(total / f64(count)) if count else f32(0)
    return stored(x * f + (f32(1) - f) * mean, kind)


def saturation(x, kind, factor):
    f = f32(factor)
    return stored(x * f + (f32(1) - f) * gray_of(x), kind)


def hue(x, kind, turns):
    s = f32(f64(6) * turns + f64(6) if turns < 0 else f64(6) * turns)
    r, g, b = x
    high, low = np.maximum(np.maximum(r, g), b), np.minimum(np.minimum(r, g), b)
    c = high - low
    d = np.where(c == 0, f32(1), c)
    top = np.where(r == high, g - b, np.where(g == high, b - r, r - g))
    base = np.where(r == high, s, np.where(g == high, s + f32(2), s + f32(4)))
    h = top / d + base
    h = np.where(h >= 5, h - f32(6), h)
    parts = [abs(h - f32(3)) - f32(1), f32(2) - abs(h - f32(2)), abs(h - f32(1)) - f32(1)]
    new = np.array([low + c * np.clip(t, f32(0), f32(1)) for t in parts], f32)
    if np.dtype(kind).kind == 'f':
        new[:, ~(np.isfinite(x).all(axis=0) & np.isfinite(c))] = np.nan
    return stored(new, kind)


class Colour(Random):
    types, letter, suits = IMAGES, None, 'image'

    def change(self, sample, array, drawn):
        first = self.channels_first(sample, array)
        x = first.reshape(len(first), -1).astype(f32)
        for step, value in self.steps(drawn):
            x = step(x, array.dtype, value).astype(f32)
        return self.channels_back(sample, x.astype(array.dtype).reshape(first.shape))


class OneStep(Colour):
    takes = {'factor': limits, 'p': number, 'layout': word}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.factor)

    def tell_numbers(self, sample, drawn):
        return f'factor={digits(drawn, 7)}'

    def exact(self, drawn):
        return {'factor': [drawn]}

    def steps(self, drawn):
        return [(self.step, drawn)]

    @classmethod
    def some_values(cls, rng):
        return f'factor={cls.some_range(rng, 0, 2.5)}'


@operator
class Brightness(Random):
    name, types, colours = 'brightness', IMAGES, None
    takes = {'factor': limits, 'p': number}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.factor)

    def tell_numbers(self, sample, drawn):
        return f'factor={digits(drawn, 7)}'

    def exact(self, drawn):
        return {'factor': [drawn]}

    def change(self, sample, array, drawn):
        return brightness(array.astype(f32), array.dtype, drawn)

    @classmethod
    def some_values(cls, rng):
        return f'factor={cls.some_range(rng, 0, 2.5)}'


@operator
class Contrast(OneStep):
    name, step = 'contrast', staticmethod(contrast)


@operator
class Saturation(OneStep):
    name, step, colours = 'saturation', staticmethod(saturation), (3,)


@operator
class Hue(OneStep):
    name, step, colours = 'hue', staticmethod(hue), (3,)
    takes = {'turns': limits, 'p': number, 'layout': word}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.turns)

    def tell_numbers(self, sample, drawn):
        return f'turns={digits(drawn, 7)}'

    def exact(self, drawn):
        return {'turns': [drawn]}

    @classmethod
    def some_values(cls, rng):
        return f'turns={cls.some_range(rng, -0.5, 0.5)}'


@operator
class ColorJitter(Colour):
    name, colours = 'color_jitter', (3,)
    forms = {'brightness': brightness, 'contrast': contrast, 'saturation': saturation, 'hue': hue}
    takes = {**{name: limits for name in forms}, 'p': number, 'layout': word}
    usual = {**{name: None for name in forms}, 'p': f64(1), 'layout': None}

    def numbers_of(self, stream, sample):
        order = list(self.forms)
        for i in (3, 2, 1):
            j = stream.below(i + 1)
            order[i], order[j] = order[j], order[i]
        values = {name: drawn_of(stream, getattr(self, name))
                  for name in self.forms if getattr(self, name) is not None}
        return order, {name: values[name] for name in order if name in values}

    def tell_numbers(self, sample, drawn):
        return ', '.join(f'{name}={digits(value, 7)}' for name, value in drawn[1].items())

    def exact(self, drawn):
        order, values = drawn
        numbers = [list(self.forms).index(name) for name in order]
        return {'order': numbers} | {name: [value] for name, value in values.items()}

    def steps(self, drawn):
        return [(self.forms[name], value) for name, value in drawn[1].items()]

    @classmethod
    def some_values(cls, rng):
        most = {'brightness': (0, 2), 'contrast': (0, 2), 'saturation': (0, 2), 'hue': (-0.5, 0.5)}
        given = rng.sample(list(most), rng.randint(1, 4))
        return ', '.join(f'{name}={cls.some_range(rng, *most[name])}' for name in given)


@operator
class Grayscale(Random):
    name, types, colours, letter, suits = 'grayscale', IMAGES, (3,), 'c', 'image'
    takes = {'channels': whole, 'p': number, 'layout': word}
    usual = {'channels': 1, 'p': f64(1), 'layout': None}

    def change(self, sample, array, drawn):
        gray = stored(gray_of(self.channels_first(sample, array).astype(f32)), array.dtype)
        return self.channels_back(sample, np.array([gray] * self.channels, array.dtype))

    @staticmethod
    def some_values(rng):
        return rng.choice(['channels=3', '', 'channels=1'])

    @classmethod
    def example(cls, rng, sample):
        """With p it must keep the shape."""
        call = super().example(rng, sample)
        return None if call and 'p=' in call and 'channels=3' not in call else call


@operator
class Gamma(Random):
    name, types, colours = 'gamma', IMAGES, None
    takes = {'exponent': limits, 'p': number}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.exponent)

    def tell_numbers(self, sample, drawn):
        return f'exponent={digits(drawn, 7)}'

    def exact(self, drawn):
        return {'exponent': [drawn]}

    def change(self, sample, array, drawn):
        white = f64(1 if array.dtype.kind == 'f' else np.iinfo(array.dtype).max)

        def of(x):
            ratio = x / white
            if ratio <= 0:
                return f64(0)
            return white * power(ratio, drawn) if np.isfinite(ratio) else x
        changed = stored(each(of, array.astype(f64)), array.dtype)
        return np.where(array == array, changed, array)  # NaN keeps its bits

    @classmethod
    def some_values(cls, rng):
        return f'exponent={cls.some_range(rng, 0.1, 4)}'


# ---- Noise.

class Noise(Random):
    types, colours = NUMBERS, None

    @staticmethod
    def normals(stream, sample):
        return np.array([stream.normal_float() for _ in range(sample.array.size)], f32).reshape(
            sample.array.shape)

    @staticmethod
    def add(array, mean, deviation, normals):
        x = working(array)
        of = x.dtype.type
        z = normals[:len(array)] if array.ndim else normals
        noise = of(mean) + np.asarray(deviation, x.dtype) * z.astype(x.dtype)
        return np.where(array == array, stored(x + noise, array.dtype), array)  # NaN keeps its bits


@operator
class GaussianNoise(Noise):
    name = 'gaussian_noise'
    takes = {'std': limits, 'mean': number, 'p': number}
    usual = {'mean': f64(0), 'p': f64(1), 'layout': None}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.std), self.normals(stream, sample)

    def tell_numbers(self, sample, drawn):
        return f'std={digits(drawn[0], 7)}'

    def exact(self, drawn):
        return {'std': [drawn[0]]}

    def change(self, sample, array, drawn):
        return self.add(array, self.mean, drawn[0], drawn[1])

    @classmethod
    def some_values(cls, rng):
        return rng.choice(['std=3.5', 'std=0', f'std={cls.some_range(rng, 0, 30)}, mean=-2.5'])


@operator
class SignalNoise(Noise):
    name = 'noise'
    takes = {'snr': limits, 'by': word, 'p': number, 'layout': word}
    usual = {'by': 'sample', 'p': f64(1), 'layout': None}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.snr), self.normals(stream, sample)

    def tell_numbers(self, sample, drawn):
        return f'snr={digits(drawn[0], 7)}'

    def exact(self, drawn):
        return {'snr': [drawn[0]]}

    def change(self, sample, array, drawn):
        ratio = philox.exp(drawn[0] * f64(-0.23025850929940457))

        def deviation(elements):
            x = elements.ravel().astype(f64)
            total, count = added_in_lanes(x * x if len(x) else x)
            return np.sqrt((total / f64(count) if count else f64(0)) * ratio)
        if self.by == 'sample':
            return self.add(array, 0, deviation(array), drawn[1])
        first = self.channels_first(sample, array)
        all_of = np.array([np.full(row.shape, deviation(row)) for row in first], f64)
        all_of = self.channels_back(sample, all_of.reshape(first.shape))
        return self.add(array, 0, all_of, drawn[1])

    @classmethod
    def some_values(cls, rng):
        snr = rng.choice(['10', cls.some_range(rng, -10, 40)])
        return f"snr={snr}{rng.choice(['', ', by=channel'])}"


# ---- Erasing.

@operator
class RandomErasing(Random):
    name, types, colours, letter = 'random_erasing', ALL, None, 'h'
    takes = {'p': number, 'scale': limits, 'ratio': limits, 'value': numbers, 'layout': word}
    usual = {'p': f64(0.5), 'scale': limits('0.02..0.33'), 'ratio': limits('0.3..3.3'),
             'value': [f64(0)], 'layout': None}

    def numbers_of(self, stream, sample):
        height, width = (sample.array.shape[sample.axis(letter, self.layout)] for letter in 'hw')
        for _ in range(10):
            area = drawn_of(stream, self.scale) * f64(height) * f64(width)
            ratio = philox.exp(drawn_of(stream, [philox.log(end) for end in self.ratio]))
            h, w = (int(np.rint(np.sqrt(x))) for x in (area * ratio, area / ratio))
            if h < height and w < width:
                return stream.below(height - h + 1), stream.below(width - w + 1), h, w
        return 0, 0, 0, 0

    def tell_numbers(self, sample, drawn):
        top, left, height, width = drawn
        return f'top={top}, left={left}, height={height}, width={width}'

    def change(self, sample, array, drawn):
        top, left, h, w = drawn
        array = array.copy()
        image = [sample.axis(letter, self.layout) for letter in 'hw']
        view = np.moveaxis(array, image, [0, 1])
        values = self.value[0]
        if len(self.value) > 1:
            axis = sample.axis('c', self.layout)
            shape = [-1 if i == axis else 1 for i in range(array.ndim)]
            values = np.broadcast_to(np.array(self.value).reshape(shape), array.shape)
            values = np.moveaxis(values, image, [0, 1])
            values = values[top:top + h, left:left + w]
        view[top:top + h, left:left + w] = values
        return array

    @classmethod
    def some_values(cls, rng):
        return rng.choice(['', 'p=1', 'p=1, value=7, scale=0.2..0.9',
                           'p=0.8, ratio=1..1, scale=0.5..0.5'])


@operator
class TimeMask(Random):
    name, types, colours, letter = 'time_mask', ALL, None, 'w'
    takes = {'size': limits, 'axis': word, 'value': number, 'p': number, 'layout': word}
    usual = {'axis': None, 'value': f64(0), 'p': f64(1), 'layout': None}

    def numbers_of(self, stream, sample):
        return drawn_of(stream, self.size), stream.double()

    def masked_axis(self, sample):
        letter = self.axis
        if not letter:
            letter = 't' if sample.axis('t', self.layout) is not None else 'w'
        return sample.axis(letter, self.layout)

    @staticmethod
    def masked(drawn, length):
        """The first position that is masked, and how many are."""
        n = int(np.rint(drawn[0] * f64(length)))
        return int(drawn[1] * f64(length - n + 1)), n

    def tell_numbers(self, sample, drawn):
        first, n = self.masked(drawn, sample.array.shape[self.masked_axis(sample)])
        return f'first={first}, count={n}'

    def change(self, sample, array, drawn):
        axis = self.masked_axis(sample)
        first, n = self.masked(drawn, array.shape[axis])
        array = array.copy()
        np.moveaxis(array, axis, 0)[first:first + n] = self.value
        return array

    @classmethod
    def some_values(cls, rng):
        return f"size={cls.some_range(rng, 0, 1)}{rng.choice(['', ', axis=w, value=3'])}"


@operator
class ChannelDrop(Random):
    name, types, colours = 'channel_drop', ALL, None
    takes = {'p': number, 'value': number, 'layout': word}
    usual = {'value': f64(0), 'layout': None}

    def draw(self, stream, slot):
        channels = self.channels_first(slot.samples[0], slot.samples[0].array)
        return [f64(stream.float()) < self.p for _ in channels]

    def is_applied(self, drawn):
        return any(drawn)

    def tell(self, sample, drawn):
        dropped = [f'{channel}' for channel, is_dropped in enumerate(drawn) if is_dropped]
        return 'dropped=' + (','.join(dropped) or 'none')

    def exact(self, drawn):
        return {'dropped': drawn}

    def change(self, sample, array, drawn):
        array = array.copy()
        for row, dropped in zip(self.channels_first(sample, array), drawn):
            if dropped:
                row[...] = self.value
        return array

    @classmethod
    def some_values(cls, rng):
        return f"p={rng.choice(['0.5', '1', '0'])}{rng.choice(['', ', value=9'])}"

    @classmethod
    def example(cls, rng, sample):
        layout = said_layout(rng, sample)
        if layout is None or type_of(sample.array) not in cls.types:
            return None
        return f'{cls.name}({cls.some_values(rng)}{layout})'
