"""Operators that turn the components of vectors and tensors along with the axes, written from what
`shardstep help augment` says of components=, against= and vectors=."""
import numpy as np

from augment import MET, Operator, letters, names

MOST_COMPONENTS = 3


class Turning(Operator):
    """An operator under which components change places and signs. where() says how it lays axes."""
    turning = {'components': letters, 'against': letters, 'vectors': names}
    usual_turning = {'components': None, 'against': '', 'vectors': None}
    moves, suits = True, 'vector'

    def where(self, sample, drawn):
        """For axes of the result: the axis of the sample that each shows, and whether mirrored."""
        raise NotImplementedError

    def sources(self, sample, drawn, count):
        """For each of `count` components: which it was, and whether its sign changes."""
        along, shown = self.along(count), self.where(sample, drawn)
        found = []
        for letter in along:
            other, mirrored = shown.get(letter, (letter, False))
            is_against = (letter in self.against) != (other in self.against)
            found.append((along.index(other), mirrored != is_against))
        return found

    def along(self, count):
        """The axes along which the components lie."""
        return self.components or 'whd'[:count]

    def turned(self, sample, drawn):
        """The sample with its own components turned: those along i and j."""
        for letter in 'ij':
            axis = sample.axis(letter, self.layout)
            if sample.axis('i', self.layout) is not None and axis is not None:
                sample = sample.real_rows(lambda array, axis=axis: self.turn_along(
                    sample, array, axis, drawn))
        return sample

    def turn_along(self, sample, array, axis, drawn):
        parts = self.mix(sample, list(np.moveaxis(array, axis, 0)), drawn)
        return np.moveaxis(np.array(parts, array.dtype), 0, axis)

    def mix(self, sample, parts, drawn):
        """The components of the result, of those of a sample."""
        return [negated(parts[k]) if other_sign else parts[k]
                for k, other_sign in self.sources(sample, drawn, len(parts))]

    def exchange(self, samples, drawn):
        """Turns the fields that vectors= names."""
        if not self.vectors or not self.is_applied(drawn):
            return samples
        at = {sample.name: k for k, sample in enumerate(samples)}
        count, samples = len(self.components or self.vectors), list(samples)
        MET[f'{len(self.vectors) // count} vectors of {count} components'] += 1
        for first in range(0, len(self.vectors), count):
            places = [at[name] for name in self.vectors[first:first + count]]
            parts = self.mix(samples[places[0]], [samples[k].array for k in places], drawn)
            for k, part in zip(places, parts):
                samples[k] = samples[k].but(np.array(part))
        return samples


def negated(array):
    """Floats whose sign bits are turned over."""
    return np.where(np.signbit(array), np.copysign(array, array.dtype.type(1)),
                    np.copysign(array, array.dtype.type(-1)))


def quarter(axes):
    """What axes show after one quarter turn from i towards j."""
    i, j = axes
    return {i: (j, True), j: (i, False)}


def then(shown, after):
    """What axes show where one lay follows another."""
    found = dict(shown)
    for letter, (middle, mirrored) in after.items():
        source, mirrored_before = shown.get(middle, (middle, False))
        found[letter] = (source, mirrored != mirrored_before)
    return found


# ---- Random calls.

SPACE = 'whd'


def component_layout(rng, sample):
    """A layout with an axis i, and maybe j, as ', layout=hwi'. None: the shape allows none."""
    shape = sample.array.shape
    can = [k for k, size in enumerate(shape) if 1 < size <= MOST_COMPONENTS]
    if len(shape) < 3 or not can or sample.array.dtype.kind != 'f':
        return None
    chosen = [rng.choice(can)]
    alike = [k for k in can if k != chosen[0] and shape[k] == shape[chosen[0]]]
    if alike and len(shape) > 3 and rng.random() < 0.7:
        chosen.append(rng.choice(alike))
    rest = [k for k in range(len(shape)) if k not in chosen]
    space = ['hw', 'wh', 'dhw', 'wd', 'hwd'][rng.randrange(5)]
    space = (rng.choice([space, 'hw']) + '_t_')[:len(rest)]
    found = dict(zip(rest, space)) | dict(zip(chosen, 'ij'))
    if sample.length is not None and 0 in chosen:
        return None
    return ', layout=' + ''.join(found[k] for k in range(len(shape)))


def spelled(rng, axes):
    """Axes in the letters of images or in those of fields."""
    return ''.join(rng.choice([letter, {'w': 'x', 'h': 'y', 'd': 'z'}.get(letter, letter)])
                   for letter in axes)


def some_components(rng, sample, layout, needed):
    """', components=yx, against=y, vectors=(u,v)' for a sample with a layout. `needed` are the axes
    that the operator turns. None: it does not fit."""
    space = [letter for letter in layout if letter in SPACE]
    count, vectors, more = 0, 1, ''
    if 'i' in layout:
        count = sample.array.shape[layout.index('i')]
        turns_rows = sample.length is not None and layout[0] in SPACE + 'ij'
        if sample.array.dtype.kind != 'f' or turns_rows:
            return None
    elif len(sample.together) > 1 and sample.array.dtype.kind == 'f' and rng.random() < 0.95:
        count = min(max(rng.choice([2, 2, 3]), len(needed)), len(space), len(sample.together))
        vectors = rng.choice([1, len(sample.together) // count]) if count else 0
        more = f", vectors=({','.join(rng.sample(sample.together, count * vectors))})" if count else ''
    if not count:
        return ''
    says = vectors > 1 or rng.random() < 0.5  # several vectors need components=
    usual = SPACE[:count]
    fits = set(usual) <= set(space) and set(needed) <= set(usual)
    if says or not fits:
        if count > len(space) or len(needed) > count or not set(needed) <= set(space):
            return None
        others = rng.sample([one for one in space if one not in needed], count - len(needed))
        usual = rng.sample([*needed, *others], count)
        more = f', components={spelled(rng, usual)}' + more
    if rng.random() < 0.4:
        more += f", against={spelled(rng, rng.sample(list(usual), rng.randint(1, count)))}"
    return more
