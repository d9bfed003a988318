"""The operators that compute new elements from those around a place: resize, random_resized_crop and
gaussian_blur, written from `shardstep help augment`. batches.py imports this file, which registers
them. The warps are in warps.py."""
import numpy as np

from augment import MET, Operator, letters_of, number, operator, random_layout, shortest, whole, word
from philox import exp, log

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
        self.note(sample)
        return sample.real_rows(
            lambda array: np.moveaxis(compute(np.moveaxis(array, axes, first)), first, axes))

    def note(self, sample):
        """Counts what coverage.py asks for."""
        real = sample.array.dtype.kind == 'f' and sample.array
        if np.isnan(real).any() and self.how != 'nearest':
            MET[f'{self.name} of NaN'] += 1
            MET['NaN and infinity'] += bool(np.isinf(real).any())
        if len(self.letters()) > 2:
            MET[f'{self.name} of volumes'] += 1

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
    name, suits = 'resize', 'field'
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
    name, suits = 'random_resized_crop', 'field'
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
    name, suits, how = 'gaussian_blur', 'field', None
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
