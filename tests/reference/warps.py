"""Warps, which show each element from another place: random_rotation, random_affine and elastic of
images and of volumes, written from `shardstep help augment`.

Importing this file registers them, and makes parse() of augment.py join neighbouring warps, which
are one resampling."""
import numpy as np

import augment
from augment import MET, Operator, letters, letters_of, number, operator, shortest, word
from philox import turn
from resample import (OnImages, bell, beyond, draw_between, mean_along, numbers_between, real_type,
                      rounded)
from vectors import Turning, component_layout, some_components

f32, f64 = np.float32, np.float64

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


def is_tensor(sample, layout):
    return sample.axis('j', layout) is not None


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
        factors = [[-x if (a in self.against) != (b in self.against) else x
                    for b, x in zip(axes, row)] for a, row in zip(axes, self.factors(drawn))]
        if all(x == (i == j) for i, row in enumerate(factors) for j, x in enumerate(row)):
            return parts
        MET[f"{self.name} of {'tensors' if is_tensor(sample, self.layout) else 'vectors'}"] += 1
        MET[f'components of {len(axes)} axes by {getattr(self, "components_by", "rotation")}'] += 1
        made = list(parts)
        for k, row in zip(at, factors):
            made[k] = rounded(added(kind(x) * parts[j] for x, j in zip(row, at)), parts[0].dtype)
        return made

    @classmethod
    def example_layout(cls, rng, sample):
        shape, of_volumes = sample.array.shape, []
        if 'axes' in cls.takes and sample.array.dtype in (f32, f64) and sample.length is None:
            of_volumes = [layout for layout, axes, axis in (('zyxi', 4, 3), ('izyx', 4, 0), ('zyx', 3, None))
                          if len(shape) == axes and (axis is None or shape[axis] == 3)]
        if of_volumes and rng.random() < 0.6:
            return f', layout={rng.choice(of_volumes)}'
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
    name, suits, often = 'random_rotation', 'flow', 2
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
    name, suits, often = 'random_affine', 'flow', 7
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
        more = [', translate=-0.2..0.3', rng.choice([', scale=0.5..2', ', scale=1.00000001..1.00000001']),
                ', shear=-10..30']
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
    name, suits, often = 'elastic', 'field', 2
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
