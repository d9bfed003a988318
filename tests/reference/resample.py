"""The operators that compute new elements from those around a place: resize, random_resized_crop,
gaussian_blur, random_rotation, random_affine and elastic, written from `shardstep help augment`.

Importing this file registers them, and makes parse() of augment.py join neighbouring warps, which
are one resampling."""
import numpy as np

import augment
from augment import (Operator, letters, letters_of, number, operator, random_layout, shortest, whole,
                     word)
from philox import exp, log, turn
from vectors import Turning, component_layout, some_components

f32, f64 = np.float32, np.float64


# ---- Values.

def numbers_between(text):
    low, high = text.split('..')
    return f64(low), f64(high)


def sizes(text):
    """Height and width, of one number for both or of a list."""
    given = [int(piece) for piece in text.strip('[] ').split(',')]
    return given * 2 if len(given) == 1 else given


def draw_between(stream, span):
    low, high = span
    return low + stream.double() * (high - low)


# ---- Elements.

def real_type(array):
    return f32 if array.dtype.newbyteorder('=') in (np.uint8, np.uint16, np.float32) else f64


def rounded(real, kind):
    """Reals as elements: integers are rounded half to even and clamped. NaN of
    floats has the bits of np.nan."""
    if kind.kind == 'f':
        return np.where(np.isnan(real), np.nan, real).astype(kind)
    least, most = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    whole_ones = [min(max(int(x), least), most) for x in np.rint(real).ravel()]
    return np.array(whole_ones, kind).reshape(real.shape)


def beyond(k, n, border):
    """The position that stands for position k of an axis of n elements, or None."""
    if border == 'zero':
        return k if 0 <= k < n else None
    if border == 'edge':
        return min(max(k, 0), n - 1)
    if border == 'wrap':
        return k % n
    k %= max(2 * n - 2, 1)
    return min(k, 2 * n - 2 - k) if n > 1 else 0


class OnImages(Operator):
    """An operator on the height and the width of a sample, or on its volumes."""

    def letters(self):
        """The letters of its axes, in the order of memory."""
        return 'hw'

    def change(self, sample, compute):
        axes = [sample.axis(letter, self.layout) for letter in self.letters()]
        first = list(range(len(axes)))
        return sample.real_rows(
            lambda array: np.moveaxis(compute(np.moveaxis(array, axes, first)), first, axes))

    def extent(self, slot):
        sample = slot.samples[0]
        return [sample.array.shape[sample.axis(letter, self.layout)] for letter in self.letters()]

    def is_applied(self, drawn):
        return drawn is not None

    def tell(self, sample, drawn):
        return 'no' if drawn is None else self.tell_values(drawn)

    def tell_values(self, drawn):
        """What is told of an operator that is applied."""
        raise NotImplementedError

    def is_left_out(self, stream):
        return self.p < 1 and not f64(stream.float()) < self.p

    @classmethod
    def example_layout(cls, rng, sample):
        """A layout with a height that is no axis of rows, as ', layout=hw'. None: there is none."""
        layout = random_layout(rng, sample, 'h')
        if layout is None or sample.array.dtype.itemsize == 2 and sample.array.dtype.kind == 'f':
            return None
        letters = layout[len(', layout='):] or None
        return None if sample.length is not None and sample.axis('h', letters) == 0 else layout


def sum_along(array, axis, taps):
    """Sums along an axis. `taps` has for each position the first element and the weights."""
    moved = np.moveaxis(array, axis, 0)
    made = []
    for first, weights in taps:
        total = weights[0] * moved[first]
        for k in range(1, len(weights)):
            total = total + weights[k] * moved[first + k]
        made.append(total)
    return np.moveaxis(np.array(made, array.dtype), 0, axis)


def weights_of(values, real):
    total = values[0]
    for value in values[1:]:
        total = total + value
    return [real(value / total) for value in values]


def taps_of(how, n, to, real):
    taps = []
    for i in range(to):
        weights = {}
        if how == 'area':
            for k in range(n):
                overlap = min((k + 1) * to, (i + 1) * n) - max(k * to, i * n)
                if overlap > 0:
                    weights[k] = f64(overlap)
        else:
            s = f64(n) / f64(to)
            r = f64(1) / max(s, f64(1))
            c = (f64(i) + f64(0.5)) * s
            for k in range(n):
                d = abs((f64(k) + f64(0.5)) - c) * r
                if d < 1:
                    weights[k] = f64(1) - d
        taps.append((min(weights), weights_of(list(weights.values()), real)))
    return taps


def without_nan(image, sums, kind):
    """Sums of elements by weights, which leave NaN out. `sums` is called with elements and with
    what stands for zeros beyond the edges."""
    real = real_type(image)
    made = sums(image.astype(real), real(0))
    if image.dtype.kind == 'f':
        missing = np.isnan(image)
        has_nan = sums(missing.astype(real), real(0)) > 0  # all weights are above 0
        shares = sums((~missing).astype(real), real(1))
        again = sums(np.where(missing, real(0), image.astype(real)), real(0)) / shares
        made = np.where(has_nan, np.where(shares > 0, again, real(np.nan)), made)
    return rounded(made, kind)


def resized(image, how, size):
    (high, wide), (n, m) = size, image.shape[:2]
    if how == 'nearest':
        rows = [(2 * i + 1) * n // (2 * high) for i in range(high)]
        columns = [(2 * i + 1) * m // (2 * wide) for i in range(wide)]
        return image[rows][:, columns]
    real = real_type(image)
    rows, columns = taps_of(how, n, high, real), taps_of(how, m, wide, real)
    return without_nan(image, lambda array, beyond_edges: sum_along(
        sum_along(array, 0, rows), 1, columns), image.dtype)


@operator
class Resize(OnImages):
    name = 'resize'
    takes = {'size': sizes, 'how': word, 'layout': word}
    usual = {'how': 'bilinear', 'layout': None}

    def is_applied(self, drawn):
        return True

    def tell(self, sample, drawn):
        return None

    def apply(self, sample, drawn):
        return self.change(sample, lambda image: resized(image, self.how, self.size))

    @classmethod
    def example(cls, rng, sample):
        layout = cls.example_layout(rng, sample)
        size = rng.choice(['1', '4', '[3,9]', '[11,2]'])
        how = rng.choice(['', ', how=nearest', ', how=bilinear', ', how=area'])
        return None if layout is None else f'resize(size={size}{how}{layout})'


@operator
class RandomResizedCrop(OnImages):
    name = 'random_resized_crop'
    takes = {'size': sizes, 'scale': numbers_between, 'ratio': numbers_between, 'how': word,
             'p': number, 'layout': word}
    usual = {'scale': numbers_between('0.08..1'), 'how': 'bilinear', 'p': f64(1), 'layout': None,
             'ratio': numbers_between('0.75..1.3333333333333333')}

    def draw(self, stream, slot):
        return None if self.is_left_out(stream) else self.draw_part(stream, slot)

    def draw_part(self, stream, slot):
        height, width = self.extent(slot)
        low, high = self.ratio
        for _ in range(10):
            area = (f64(height) * f64(width)) * draw_between(stream, self.scale)
            ratio = exp(draw_between(stream, (log(low), log(high))))
            w, h = np.rint(np.sqrt(area * ratio)), np.rint(np.sqrt(area / ratio))
            if 1 <= w <= width and 1 <= h <= height:
                w, h = int(w), int(h)
                return stream.below(height - h + 1), stream.below(width - w + 1), h, w
        h, w = height, width
        if f64(width) / f64(height) < low:
            h = max(1, int(np.rint(f64(width) / low)))
        elif f64(width) / f64(height) > high:
            w = max(1, int(np.rint(f64(height) * high)))
        return (height - h) // 2, (width - w) // 2, h, w

    def tell_values(self, drawn):
        top, left, h, w = drawn
        return f'y={top}, x={left}, height={h}, width={w}'

    def apply(self, sample, drawn):
        if drawn is None:
            return sample
        top, left, h, w = drawn
        return self.change(sample, lambda image: resized(image[top:top + h, left:left + w],
                                                         self.how, self.size))

    @classmethod
    def example(cls, rng, sample):
        layout = cls.example_layout(rng, sample)
        more = rng.choice(['', ', scale=0.5..1', ', scale=0..0.1', ', ratio=0.1..9', ', how=area'])
        size = rng.choice(['5', '[3,8]'])
        if layout is not None and rng.random() < 0.25:  # p is for a result of the sample's size
            at = [sample.array.shape[letters_of(sample, layout).index(letter)] for letter in 'hw']
            size, more = f'[{at[0]},{at[1]}]', more + ', p=0.4'
        return None if layout is None else f'random_resized_crop(size={size}{more}{layout})'


def bell(most, sigma, real):
    """The weights of the distances 0 to r."""
    half = []
    for k in range(most + 1):
        q = f64(k) / sigma
        weight = exp(f64(-0.5) * (q * q))
        if weight < 2.0**-24:
            break
        half.append(weight)
    return weights_of(half[:0:-1] + half, real)[len(half) - 1:]


def mean_along(array, axis, weights, border, beyond_edges=0):
    """`beyond_edges` is what the border zero has there."""
    moved = np.moveaxis(array, axis, 0)
    n, outside = len(moved), np.full_like(moved[0], beyond_edges)

    def at(k):
        k = beyond(k, n, border)
        return outside if k is None else moved[k]
    made = []
    for i in range(n):
        total = weights[0] * at(i)
        for k in range(1, len(weights)):
            total = total + weights[k] * (at(i - k) + at(i + k))
        made.append(total)
    return np.moveaxis(np.array(made, array.dtype), 0, axis)


@operator
class GaussianBlur(OnImages):
    name = 'gaussian_blur'
    takes = {'size': whole, 'sigma': numbers_between, 'border': word, 'p': number, 'layout': word}
    usual = {'sigma': numbers_between('0.1..2'), 'border': 'reflect', 'p': f64(1), 'layout': None}

    def draw(self, stream, slot):
        return None if self.is_left_out(stream) else draw_between(stream, self.sigma)

    def tell_values(self, drawn):
        return f'sigma={shortest(drawn)}'

    def apply(self, sample, drawn):
        def blur(image):
            real = real_type(image)
            weights = bell(self.size // 2, drawn, real)

            def means(array, beyond_edges):
                lines = mean_along(array, 0, weights, self.border, beyond_edges)
                return mean_along(lines, 1, weights, self.border, beyond_edges)
            return without_nan(image, means, image.dtype)
        return sample if drawn is None else self.change(sample, blur)

    @classmethod
    def example(cls, rng, sample):
        layout = cls.example_layout(rng, sample)
        more = rng.choice(['', ', sigma=0.5..4', ', border=zero', ', border=wrap', ', p=0.5'])
        return None if layout is None else (
            f'gaussian_blur(size={rng.choice([1, 3, 5, 9])}{more}{layout})')


# ---- Warps.

ONE = 2**32


def units(x, most):
    return int(np.rint(min(max(x, f64(-most)), f64(most)) * f64(ONE)))


def added(terms):
    """A sum that is taken from the left."""
    terms = list(terms)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def product(a, b):
    """The product of two maps, each a list of rows."""
    return [[added(x * b[k][j] for k, x in enumerate(row)) for j in range(len(row))] for row in a]


class Map:
    """A map of places: m and o of the help, and displacements. Its numbers are those of x, y and,
    of volumes, z; the extents of a sample stand in the order of memory, z first."""

    def __init__(self, count):
        self.m = [[f64(i == j) for j in range(count)] for i in range(count)]
        self.o = [f64(0)] * count
        self.farther = None

    def put_behind(self, a, v):
        self.o = [added(x * y for x, y in zip(row, v)) + o for row, o in zip(self.m, self.o)]
        self.m = product(self.m, a)

    def places(self, extents):
        """The places of all elements, in units: pairs of an index and its place, in the order of
        memory."""
        most = 2**14 if len(extents) == 2 else 2**13
        centre = [(f64(n) - 1) / 2 for n in reversed(extents)]
        steps, begins = [], []
        for i, (row, o) in enumerate(zip(self.m, self.o)):
            begin = centre[i]
            for x, c in zip(row, centre):
                begin = begin - x * c
            steps.append([units(x, most) for x in row])
            begins.append(units(begin + o, 2**29))
        for index in np.ndindex(*extents):
            place = [begin + sum(step * k for step, k in zip(row, reversed(index)))
                     for row, begin in zip(steps, begins)]
            if self.farther is not None:
                moved = [f64(field[index]) for field in self.farther]
                place = [at + units(added(x * d for x, d in zip(row, moved)), 2**18)
                         for at, row in zip(place, self.m)]
            yield index, place[::-1]

    def warp(self, image, how, border):
        count = len(self.o)
        extents = image.shape[:count]
        real = image.dtype if how == 'nearest' else real_type(image)
        reals = image.astype(real)
        zero = np.zeros(image.shape[count:], real)

        def at(*index):
            index = tuple(beyond(k, n, border) for k, n in zip(index, extents))
            return zero if None in index else reals[index]
        made = np.zeros_like(reals)
        for index, place in self.places(extents):
            if how == 'nearest':
                made[index] = at(*((p + ONE // 2) // ONE for p in place))
            else:
                parts = [real((p % ONE) >> 8) * real(2.0**-24) for p in place]
                made[index] = between_elements(at, [p // ONE for p in place], parts)
        return made if how == 'nearest' else rounded(made, image.dtype)


def between_elements(at, first, parts):
    """A mean by distance of the elements around a place, of which `first` is the one before it along
    each axis."""
    def mean(index, axis):
        if axis == len(parts):
            return at(*index)
        near, far = (mean([*index, first[axis] + k], axis + 1) for k in range(2))
        return near + parts[axis] * (far - near)
    corners, weights = [], []
    for corner in np.ndindex(*[2] * len(parts)):
        corners.append(at(*(k + step for k, step in zip(first, corner))))
        weight = type(parts[0])(1)
        for part, step in reversed(list(zip(parts, corner))):  # along x first
            weight = weight * (part if step else type(part)(1) - part)
        weights.append(weight)
    made, corners = np.array(mean([], 0)), np.array(corners)
    for k in np.ndindex(made.shape):
        elements = corners[(slice(None), *k)]
        if np.isnan(elements).any():
            made[k] = mean_of_numbers(elements, weights)
    return made


def mean_of_numbers(elements, weights):
    """A mean of those that are not NaN."""
    there = [(w, e) for w, e in zip(weights, elements) if not np.isnan(e) and w != 0]
    return added(w * e for w, e in there) / added(w for w, _ in there) if there else np.nan


def cosine_and_sine(degrees):
    return turn(int(degrees / f64(360) * f64(2.0**53)) % 2**53)


class Warp(OnImages):
    """An operator that is one resampling with its neighbours: see Warps."""
    shared = {'how': word, 'border': word, 'p': number, 'layout': word}
    usual_shared = {'how': 'bilinear', 'border': 'zero', 'p': f64(1), 'layout': None}

    def __init__(self, inside=(), **values):
        super().__init__(inside, **values)
        self.given = self.how, self.border  # which a field's own ones do not change

    def draw_values(self, stream, slot):
        raise NotImplementedError

    def put_behind(self, a_map, drawn, extents):
        """Puts its own map behind those before it. `extents` are those of letters()."""
        raise NotImplementedError

    def letters(self):
        return 'dhw' if self.is_volume() else 'hw'

    def is_volume(self):
        return getattr(self, 'axes', None) == 'dhw'

    @classmethod
    def example_layout(cls, rng, sample):
        wanted = rng.choice({3: ['zyx'], 4: ['zyxc', 'czyx', 'tzyx']}.get(sample.array.ndim, ['']))
        if 'axes' in cls.takes and wanted and rng.random() < 0.4:
            usable = sample.array.dtype != np.float16 and (sample.length is None or wanted[0] in 'ct')
            return f', layout={wanted}' if usable else None
        return super().example_layout(rng, sample)

    @classmethod
    def example(cls, rng, sample):
        layout = cls.example_layout(rng, sample)
        have = '' if layout is None else letters_of(sample, layout)
        if layout is None or not issubclass(cls, Turning) and 'i' in have:
            return None
        axes = rng.choice(['', '', ', axes=yx', ', axes=hw']) if 'axes' in cls.takes else ''
        can = 'dhw' in have and not (have[0] == 'd' and sample.length is not None)
        if 'axes' in cls.takes and can and rng.random() < 0.85:
            axes = ', axes=zyx'
        more = rng.choice(['', '', ', border=edge', ', border=reflect', ', border=wrap',
                           ', how=nearest', ', p=0.5'])
        return f"{cls.name}({cls.values(rng, 'zyx' in axes)}{more}{axes}{layout})"


class Mapped(Turning, Warp):
    """A warp that maps the components of vectors."""
    moves = False

    def factors(self, drawn):
        """F of the help: rows and columns for x, y and, of volumes, z."""
        raise NotImplementedError

    def mix(self, sample, parts, drawn):
        along, kind = self.along(len(parts)), parts[0].dtype.type
        axes = self.letters()[::-1]
        at = [along.index(letter) for letter in axes]
        factors = [[kind(-x if (a in self.against) != (b in self.against) else x)
                    for b, x in zip(axes, row)] for a, row in zip(axes, self.factors(drawn))]
        if all(x == (i == j) for i, row in enumerate(factors) for j, x in enumerate(row)):
            return parts
        made = list(parts)
        for k, row in zip(at, factors):
            made[k] = rounded(added(x * parts[j] for x, j in zip(row, at)), parts[0].dtype)
        return made

    @classmethod
    def example_layout(cls, rng, sample):
        layout = component_layout(rng, sample)
        is_image = layout and 'hw' in layout and sample.length is None
        return layout if is_image and rng.random() < 0.85 else super().example_layout(rng, sample)

    @classmethod
    def example(cls, rng, sample):
        call = super().example(rng, sample)
        if not call:
            return None
        given = call.partition(', layout=')[2].rstrip(')')
        needed = 'whd' if 'axes=zyx' in call else 'wh'
        more = some_components(rng, sample, sample.layout(given or None), needed)
        if more is None or sample.array.dtype == np.float16:
            return None
        return call[:-1] + more + ')'


@operator
class RandomRotation(Mapped):
    name = 'random_rotation'
    takes = {'degrees': numbers_between, **Warp.shared, **Turning.turning}
    usual = {**Warp.usual_shared, **Turning.usual_turning}

    def draw_values(self, stream, slot):
        return draw_between(stream, self.degrees)

    def tell_values(self, drawn):
        return f'degrees={shortest(drawn)}'

    def put_behind(self, a_map, drawn, extents):
        c, s = cosine_and_sine(drawn)
        a_map.put_behind([[c, s], [-s, c]], [f64(0), f64(0)])

    def factors(self, drawn):
        c, s = cosine_and_sine(drawn)
        return [[c, -s], [s, c]]

    @staticmethod
    def values(rng, is_volume):
        return f'degrees={rng.choice(["-30..30", "90..90", "-360..360", "0..0"])}'


@operator
class RandomAffine(Mapped):
    name = 'random_affine'
    takes = {'degrees': numbers_between, 'translate': numbers_between, 'scale': numbers_between,
             'shear': numbers_between, 'axes': letters, 'degrees_y': numbers_between,
             'degrees_x': numbers_between, 'components_by': word, **Warp.shared, **Turning.turning}
    usual = {'translate': (f64(0), f64(0)), 'scale': (f64(1), f64(1)), 'shear': (f64(0), f64(0)),
             'axes': None, 'degrees_y': None, 'degrees_x': None, 'components_by': 'map',
             **Warp.usual_shared, **Turning.usual_turning}

    def draw_values(self, stream, slot):
        return {name: draw_between(stream, getattr(self, of) or self.degrees)
                for name, of, in_space in (
                    ('degrees', 'degrees', False), ('degrees_y', 'degrees_y', True),
                    ('degrees_x', 'degrees_x', True), ('x', 'translate', False),
                    ('y', 'translate', False), ('z', 'translate', True), ('scale', 'scale', False),
                    ('shear', 'shear', False)) if self.is_volume() or not in_space}

    def tell_values(self, drawn):
        return ', '.join(f'{name}={shortest(value)}' for name, value in drawn.items())

    def turned_by(self, drawn):
        """The rotation, and the tangent of the shear."""
        c, s = cosine_and_sine(drawn['degrees'])
        along, across = cosine_and_sine(drawn['shear'])
        if not self.is_volume():
            return [[c, -s], [s, c]], across / along
        (cy, sy), (cx, sx) = (cosine_and_sine(drawn[name]) for name in ('degrees_y', 'degrees_x'))
        no, one = f64(0), f64(1)
        about_z = [[c, -s, no], [s, c, no], [no, no, one]]
        about_y = [[cy, no, sy], [no, one, no], [-sy, no, cy]]
        about_x = [[one, no, no], [no, cx, -sx], [no, sx, cx]]
        return product(about_z, product(about_y, about_x)), across / along

    def put_behind(self, a_map, drawn, extents):
        (r, t), s = self.turned_by(drawn), drawn['scale']
        a = [[(row[0] - t * row[1]) / s for row in r]] + [
            [row[k] / s for row in r] for k in range(1, len(r))]
        shift = [drawn[name] * f64(n) for name, n in zip('xyz', reversed(extents))]
        a_map.put_behind(a, [-added(x * by for x, by in zip(row, shift)) for row in a])

    def factors(self, drawn):
        (r, t), s = self.turned_by(drawn), drawn['scale']
        if self.components_by == 'rotation':
            return r
        return [[s * row[0], s * (row[0] * t + row[1]), *(s * x for x in row[2:])] for row in r]

    @staticmethod
    def values(rng, is_volume):
        more = [', translate=-0.2..0.3', ', scale=0.5..2', ', shear=-10..30']
        more += [', degrees_y=-90..20', ', degrees_x=30..200'] * is_volume
        return rng.choice(['degrees=-40..70', 'degrees=-40..70', 'degrees=0..0']) + ''.join(
            one for one in more if rng.random() < 0.5)

    @classmethod
    def example(cls, rng, sample):
        call = super().example(rng, sample)
        by = rng.choice(['', ', components_by=map', ', components_by=rotation'])
        return call and call[:-1] + by + ')'


def between_nodes(field, axis, n, g):
    """Displacements of n elements along an axis, of those of nodes at multiples of g."""
    nodes = np.moveaxis(field, axis, 0)
    made = [nodes[k // g] + f32(k % g) / f32(g) * (nodes[k // g + 1] - nodes[k // g])
            for k in range(n)]
    return np.moveaxis(np.array(made, f32), 0, axis)


@operator
class Elastic(Warp):
    name, suits = 'elastic', 'field'
    takes = {'alpha': numbers_between, 'sigma': number, 'axes': letters, **Warp.shared}
    usual = {'axes': None, **Warp.usual_shared}

    def draw_values(self, stream, slot):
        alpha, g = draw_between(stream, self.alpha), self.spacing()
        nodes = [(n - 1) // g + 2 for n in self.extent(slot)]
        return alpha, [np.array([stream.float() for _ in range(np.prod(nodes))]).reshape(nodes)
                       for _ in self.letters()]

    def tell_values(self, drawn):
        return f'alpha={shortest(drawn[0])}'

    def spacing(self):
        return max(1, int(self.sigma / f64(2)))

    def put_behind(self, a_map, drawn, extents):
        alpha, noise = drawn
        g = self.spacing()
        t = self.sigma / f64(g)
        weights = bell(max(1, int(f64(3) * t)), t, f32)
        strength, means, between = alpha / f64(g), (0, 1), (1, 0)
        if self.is_volume():
            strength = strength * (f64(1.8827925275534296) * np.sqrt(t))
            means, between = (1, 2, 0), (0, 2, 1)
        a_map.farther = []
        for field in noise:
            field = f32(2) * field - f32(1)
            for axis in means:
                field = mean_along(field, axis, weights, 'reflect')
            field = f32(strength) * field
            for axis in between:
                field = between_nodes(field, axis, extents[axis], g)
            a_map.farther.append(field)

    @staticmethod
    def values(rng, is_volume):
        return rng.choice(['alpha=2..9, sigma=1', 'alpha=9..9, sigma=5', 'alpha=0..0, sigma=2'])


class Warps(Operator):
    """Neighbouring warps, as one operator."""
    MOST = 8

    def __init__(self, first):
        super().__init__()
        self.members = [first]
        self.alone = [False]  # for each member: it turns components, of any field

    def draw(self, stream, slot):
        self.alone = [self.turns() or any(sample.axis('i', member.layout) is not None
                                          for sample in slot.samples) for member in self.members]
        return [None if member.is_left_out(stream) else member.draw_values(stream, slot)
                for member in self.members]

    def tells(self, sample, drawn):
        return [one for member, values in zip(self.members, drawn)
                for one in member.tells(sample, values)]

    def turns(self):
        return any(getattr(member, 'vectors', None) for member in self.members)

    def exchange(self, samples, drawn):
        return self.members[0].exchange(samples, drawn[0]) if self.turns() else samples

    def apply(self, sample, drawn):
        group = []
        for member, values, alone in zip(self.members, drawn, self.alone):
            if group and (alone or not self.goes_on(group, member, sample)):
                sample, group = self.apply_group(group, sample), []
            group.append((member, values))
        return self.apply_group(group, sample)

    def goes_on(self, group, member, sample):
        last = group[-1][0]
        return (len(group) < self.MOST and last.name != 'elastic' and
                last.given == member.given and last.is_volume() == member.is_volume() and
                sample.axis('h', last.layout) == sample.axis('h', member.layout))

    @staticmethod
    def apply_group(group, sample):
        last = group[-1][0]

        def warp(image):
            a_map = Map(len(last.letters()))
            for member, values in group:
                if values is not None:
                    member.put_behind(a_map, values, image.shape[:len(last.letters())])
            return a_map.warp(image, last.how, last.border)
        if all(values is None for _, values in group):
            return sample
        warped = last.change(sample, warp)
        return last.turned(warped, group[-1][1]) if isinstance(last, Turning) else warped


def join(operators, together=True):
    """Puts Warps in the place of warps: of neighbours together, or of each by itself."""
    joined = []
    for op in operators:
        op.inside = join(op.inside, op.name != 'one_of')
        before = joined[-1] if joined else None
        if isinstance(op, Warp) and together and isinstance(before, Warps) and not (
                before.turns() or Warps(op).turns()):
            before.members.append(op)
        else:
            joined.append(Warps(op) if isinstance(op, Warp) else op)
    return joined


def joining(parse):
    return lambda text: [statement._replace(operators=join(statement.operators))
                         for statement in parse(text)]


augment.parse = joining(augment.parse)
