"""The operators that compute new elements from those around a place: resize, random_resized_crop,
gaussian_blur, random_rotation, random_affine and elastic, written from `shardstep help augment`.

Importing this file registers them, and makes parse() of augment.py join neighbouring warps, which
are one resampling."""
import numpy as np

import augment
from augment import Operator, letters_of, number, operator, random_layout, shortest, whole, word
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
    """An operator on the height and the width of a sample."""

    def change(self, sample, compute):
        axes = [sample.axis('h', self.layout), sample.axis('w', self.layout)]
        return sample.real_rows(
            lambda array: np.moveaxis(compute(np.moveaxis(array, axes, [0, 1])), [0, 1], axes))

    def extent(self, slot):
        sample = slot.samples[0]
        return [sample.array.shape[sample.axis(letter, self.layout)] for letter in 'hw']

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


def resized(image, how, size):
    (high, wide), (n, m) = size, image.shape[:2]
    if how == 'nearest':
        rows = [(2 * i + 1) * n // (2 * high) for i in range(high)]
        columns = [(2 * i + 1) * m // (2 * wide) for i in range(wide)]
        return image[rows][:, columns]
    real = real_type(image)
    lines = sum_along(image.astype(real), 0, taps_of(how, n, high, real))
    return rounded(sum_along(lines, 1, taps_of(how, m, wide, real)), image.dtype)


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


def mean_along(array, axis, weights, border):
    moved = np.moveaxis(array, axis, 0)
    n, zeros = len(moved), np.zeros_like(moved[0])

    def at(k):
        k = beyond(k, n, border)
        return zeros if k is None else moved[k]
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
            lines = mean_along(image.astype(real), 0, weights, self.border)
            return rounded(mean_along(lines, 1, weights, self.border), image.dtype)
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


class Map:
    """A map of places: m and o of the help, and displacements along x and y."""

    def __init__(self):
        self.m = [f64(1), f64(0), f64(0), f64(1)]
        self.o = [f64(0), f64(0)]
        self.farther = None

    def put_behind(self, a, v):
        m = self.m
        self.o = [(m[0] * v[0] + m[1] * v[1]) + self.o[0], (m[2] * v[0] + m[3] * v[1]) + self.o[1]]
        self.m = [m[0] * a[0] + m[1] * a[2], m[0] * a[1] + m[1] * a[3],
                  m[2] * a[0] + m[3] * a[2], m[2] * a[1] + m[3] * a[3]]

    def places(self, height, width):
        """The places of all pixels, in units."""
        m, o = self.m, self.o
        cx, cy = (f64(width) - 1) / 2, (f64(height) - 1) / 2
        across = [units(m[0], 2**14), units(m[1], 2**14),
                  units(((cx - m[0] * cx) - m[1] * cy) + o[0], 2**29)]
        down = [units(m[2], 2**14), units(m[3], 2**14),
                units(((cy - m[2] * cx) - m[3] * cy) + o[1], 2**29)]
        for y in range(height):
            for x in range(width):
                px = across[0] * x + across[1] * y + across[2]
                py = down[0] * x + down[1] * y + down[2]
                if self.farther is not None:
                    dx, dy = (f64(field[y, x]) for field in self.farther)
                    px += units(m[0] * dx + m[1] * dy, 2**18)
                    py += units(m[2] * dx + m[3] * dy, 2**18)
                yield y, x, py, px

    def warp(self, image, how, border):
        height, width = image.shape[:2]
        made = np.zeros_like(image)
        real = image.dtype if how == 'nearest' else real_type(image)
        reals = image.astype(real)
        zero = np.zeros_like(reals[0, 0])

        def at(y, x):
            y, x = beyond(y, height, border), beyond(x, width, border)
            return zero if y is None or x is None else reals[y, x]
        made = np.zeros_like(reals)
        for y, x, py, px in self.places(height, width):
            if how == 'nearest':
                made[y, x] = at((py + ONE // 2) // ONE, (px + ONE // 2) // ONE)
                continue
            row, column = py // ONE, px // ONE
            right, down = (real((p % ONE) >> 8) * real(2.0**-24) for p in (px, py))
            upper, lower = (
                at(line, column) + right * (at(line, column + 1) - at(line, column))
                for line in (row, row + 1))
            made[y, x] = upper + down * (lower - upper)
        return made if how == 'nearest' else rounded(made, image.dtype)


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

    def put_behind(self, a_map, drawn, height, width):
        raise NotImplementedError

    @classmethod
    def example(cls, rng, sample):
        layout = cls.example_layout(rng, sample)
        if not issubclass(cls, Turning) and layout is not None and 'i' in letters_of(sample, layout):
            return None
        more = rng.choice(['', '', ', border=edge', ', border=reflect', ', border=wrap',
                           ', how=nearest', ', p=0.5'])
        return None if layout is None else f'{cls.name}({cls.values(rng)}{more}{layout})'


@operator
class RandomRotation(Turning, Warp):
    name = 'random_rotation'
    takes = {'degrees': numbers_between, **Warp.shared, **Turning.turning}
    usual = {**Warp.usual_shared, **Turning.usual_turning}
    moves = False

    def draw_values(self, stream, slot):
        return draw_between(stream, self.degrees)

    def tell_values(self, drawn):
        return f'degrees={shortest(drawn)}'

    def put_behind(self, a_map, drawn, height, width):
        c, s = cosine_and_sine(drawn)
        a_map.put_behind([c, s, -s, c], [f64(0), f64(0)])

    def mix(self, sample, parts, drawn):
        """Turns the components along x and y of a vector."""
        along, (c, s) = self.along(len(parts)), cosine_and_sine(drawn)
        kind = parts[0].dtype.type
        c, s = kind(c), kind(-s if ('w' in self.against) != ('h' in self.against) else s)
        x, y = along.index('w'), along.index('h')
        parts = list(parts)
        parts[x], parts[y] = c * parts[x] - s * parts[y], s * parts[x] + c * parts[y]
        return parts

    @staticmethod
    def values(rng):
        return f'degrees={rng.choice(["-30..30", "90..90", "-360..360"])}'

    @classmethod
    def example(cls, rng, sample):
        call, layout = super().example(rng, sample), component_layout(rng, sample)
        is_image = layout and 'hw' in layout and sample.length is None
        if call and is_image and rng.random() < 0.85:
            call = call.partition(', layout')[0].rstrip(')') + layout + ')'
        if not call:
            return None
        given = call.partition(', layout=')[2].rstrip(')')
        more = some_components(rng, sample, sample.layout(given or None), 'wh')
        if more is None or more and sample.array.dtype.itemsize == 2:
            return None
        return call[:-1] + more + ')'


@operator
class RandomAffine(Warp):
    name = 'random_affine'
    takes = {'degrees': numbers_between, 'translate': numbers_between, 'scale': numbers_between,
             'shear': numbers_between, **Warp.shared}
    usual = {'translate': (f64(0), f64(0)), 'scale': (f64(1), f64(1)), 'shear': (f64(0), f64(0)),
             **Warp.usual_shared}

    def draw_values(self, stream, slot):
        return [draw_between(stream, span) for span in (
            self.degrees, self.translate, self.translate, self.scale, self.shear)]

    def tell_values(self, drawn):
        return ', '.join(f'{name}={shortest(value)}' for name, value in zip(
            ('degrees', 'x', 'y', 'scale', 'shear'), drawn))

    def put_behind(self, a_map, drawn, height, width):
        degrees, x, y, scale, shear = drawn
        c, s = cosine_and_sine(degrees)
        along, across = cosine_and_sine(shear)
        t = across / along
        a = [(c + t * s) / scale, (s - t * c) / scale, -s / scale, c / scale]
        tx, ty = x * f64(width), y * f64(height)
        a_map.put_behind(a, [-(a[0] * tx + a[1] * ty), -(a[2] * tx + a[3] * ty)])

    @staticmethod
    def values(rng):
        return 'degrees=-40..70' + ''.join(more for more in (
            ', translate=-0.2..0.3', ', scale=0.5..2', ', shear=-10..30') if rng.random() < 0.5)


@operator
class Elastic(Warp):
    name = 'elastic'
    takes = {'alpha': numbers_between, 'sigma': number, **Warp.shared}
    usual = Warp.usual_shared

    def draw_values(self, stream, slot):
        height, width = self.extent(slot)
        g = self.spacing()
        alpha = draw_between(stream, self.alpha)
        rows, columns = (height - 1) // g + 2, (width - 1) // g + 2
        return alpha, [np.array([[stream.float() for _ in range(columns)] for _ in range(rows)])
                       for _ in 'xy']

    def tell_values(self, drawn):
        return f'alpha={shortest(drawn[0])}'

    def spacing(self):
        return max(1, int(self.sigma / f64(2)))

    def put_behind(self, a_map, drawn, height, width):
        alpha, noise = drawn
        g = self.spacing()
        t = self.sigma / f64(g)
        weights = bell(max(1, int(f64(3) * t)), t, f32)
        a_map.farther = []
        for field in noise:
            field = f32(2) * field - f32(1)
            field = mean_along(mean_along(field, 0, weights, 'reflect'), 1, weights, 'reflect')
            field = f32(alpha / f64(g)) * field
            part = np.array([f32(x % g) / f32(g) for x in range(width)], f32)
            left = [x // g for x in range(width)]
            right = [x // g + 1 for x in range(width)]
            rows = field[:, left] + part * (field[:, right] - field[:, left])
            a_map.farther.append(np.array([
                rows[y // g] + f32(y % g) / f32(g) * (rows[y // g + 1] - rows[y // g])
                for y in range(height)], f32))

    @staticmethod
    def values(rng):
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
        return [(member, member.tell(sample, values)) for member, values in zip(self.members, drawn)]

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
                last.given == member.given and
                sample.axis('h', last.layout) == sample.axis('h', member.layout))

    @staticmethod
    def apply_group(group, sample):
        last = group[-1][0]

        def warp(image):
            a_map = Map()
            for member, values in group:
                if values is not None:
                    member.put_behind(a_map, values, *image.shape[:2])
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
