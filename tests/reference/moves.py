"""Operators that move elements, written from what `shardstep help augment` says of them. batches.py
imports this file, which registers them."""
import numpy as np

from augment import (ByAxes, Operator, cut, extents, is_along_rows, layout_in, letters, letters_of, number,
                     of_each, operator, random_layout, random_mode, random_p, size_text, whole, wholes, word,
                     yes_or_no)
from vectors import Turning, component_layout, quarter, some_components, spelled, then

ONE = np.float64(1)


@operator
class CenterCrop(ByAxes):
    name = 'center_crop'
    takes = {'size': wholes, 'axes': letters, 'layout': word}
    usual = {'axes': None, 'p': ONE}

    def chosen(self, stream, slot):
        return None

    def change(self, sample, drawn):
        def cut_all(array):
            for letter, size in of_each(self.size, self.letters(sample)).items():
                begin = (self.extent(sample, letter) - size) // 2
                array = cut(array, self.axis(sample, letter), begin, size)
            return array
        return sample.real_rows(cut_all)

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        if not found or is_along_rows(sample, *found):
            return None
        sizes = [rng.randint(1, n + 2) for n in extents(sample, *found)]
        return f'center_crop(size={size_text(rng, sizes)}{found[1]})'


class Signal(ByAxes):
    """An operator for signals: along t or, if there is no t, along w."""

    def letters(self, sample):
        return self.axes or ('t' if self.axis(sample, 't') is not None else 'w')

    @classmethod
    def random_axes(cls, rng, sample):
        found = super().random_axes(rng, sample)
        if found and 'axes=' not in found[1]:
            have = layout_in(sample, found[1])
            if 't' not in have and 'w' not in have:
                return None
            return ['t' if 't' in have else 'w'], found[1]
        return found


@operator
class WindowCrop(Signal):
    name = 'window_crop'
    takes = {'size': whole, 'axes': letters, 'layout': word}
    usual = {'axes': None, 'p': ONE}
    most_axes, by_shape = 1, True

    def chosen(self, stream, slot):
        sample = slot.samples[0]
        (letter,) = self.letters(sample)
        return stream.below(self.extent(sample, letter) - self.size + 1)

    def change(self, sample, drawn):
        (letter,) = self.letters(sample)
        axis = self.axis(sample, letter)
        return sample.real_rows(lambda array: cut(array, axis, drawn, self.size))

    def tell_chosen(self, sample, drawn):
        return f'from={drawn}'

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        if not found or is_along_rows(sample, *found):
            return None
        return f'window_crop(size={rng.randint(1, *extents(sample, *found))}{found[1]})'


@operator
class Pad(ByAxes):
    name = 'pad'
    takes = {'padding': wholes, 'mode': word, 'axes': letters, 'layout': word}
    usual = {'mode': 'zero', 'axes': None, 'p': ONE}

    def chosen(self, stream, slot):
        return None

    def change(self, sample, drawn):
        def pad(array):
            for letter, padding in of_each(self.padding, self.letters(sample)).items():
                axis = self.axis(sample, letter)
                array = cut(array, axis, -padding, array.shape[axis] + 2 * padding, self.mode)
            return array
        return sample.real_rows(pad)

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        if not found or is_along_rows(sample, *found) or sample.array.size > 1000:
            return None
        mode, most = random_mode(rng), [3] * len(found[0])
        if 'reflect' in mode:
            most = [min(3, n - 1) for n in extents(sample, *found)]
        padding = size_text(rng, [rng.randint(0, n) for n in most])
        return f'pad(padding={padding}{mode}{found[1]})'


@operator
class TimeFlip(Operator):
    name = 'time_flip'
    takes = {'p': number, 'layout': word}
    usual = {'p': np.float64(0.5)}
    moves = True

    def draw(self, stream, slot):
        return np.float64(stream.float()) < self.p

    def is_applied(self, drawn):
        return drawn

    def apply(self, sample, drawn):
        axis = sample.axis('t', self.layout)
        if axis is None:
            axis = sample.axis('w', self.layout)
        return sample.real_rows(lambda array: np.flip(array, axis)) if drawn else sample

    def tell(self, sample, drawn):
        letter = 'w' if sample.axis('t', self.layout) is None else 't'
        return f'{letter}={yes_or_no(drawn)}'

    @classmethod
    def example(cls, rng, sample):
        layout = random_layout(rng, sample, rng.choice('tw'))
        return None if layout is None else f'time_flip({(random_p(rng) + layout)[2:]})'


@operator
class RandomFlip(Turning):
    name = 'random_flip'
    takes = {'axis': letters, 'p': number, 'layout': word, **Turning.turning}
    usual = {'p': np.float64(0.5), **Turning.usual_turning}

    def draw(self, stream, slot):
        return np.float64(stream.float()) < self.p

    def is_applied(self, drawn):
        return drawn

    def tell(self, sample, drawn):
        return f'{self.axis}={yes_or_no(drawn)}'

    def apply(self, sample, drawn):
        axis = sample.axis(self.axis, self.layout)
        if not drawn:
            return sample
        return self.turned(sample.real_rows(lambda array: np.flip(array, axis)), drawn)

    def where(self, sample, drawn):
        return {self.axis: (self.axis, True)}

    @classmethod
    def example(cls, rng, sample):
        axis = rng.choice('wwhhdt')
        layout = random_layout(rng, sample, axis, image=False)
        if rng.random() < 0.85:
            layout = component_layout(rng, sample) or layout
        if layout is None or axis not in letters_of(sample, layout):
            return None
        have = letters_of(sample, layout)
        more = some_components(rng, sample, have, '')
        p = rng.choice(['', ', p=0', ', p=1', f', p={rng.random():.3f}'])
        return None if more is None else f'random_flip(axis={spelled(rng, axis)}{p}{layout}{more})'


class Symmetry(Turning, ByAxes):
    """An operator that lays a square or a cube onto itself."""
    takes = {'axes': letters, 'p': number, 'layout': word, **Turning.turning}
    usual = {'axes': None, 'p': ONE, **Turning.usual_turning}
    same_size, counts = True, (2,)

    def places(self, sample):
        return [self.axis(sample, letter) for letter in self.letters(sample)]

    def change(self, sample, drawn):
        places = self.places(sample)
        moved = sample.real_rows(lambda array: self.lay_onto(array, places, drawn))
        return self.turned(moved, (drawn,))

    def where(self, sample, drawn):
        return self.shown(self.letters(sample), drawn[0])

    def lay_onto(self, array, axes, drawn):
        raise NotImplementedError

    def shown(self, axes, drawn):
        raise NotImplementedError

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        layout = component_layout(rng, sample)
        if layout and rng.random() < 0.85:
            have = letters_of(sample, layout)
            axes = [letter for letter in have if letter in 'whd']
            axes = rng.sample(axes, min(rng.choice(cls.counts), len(axes)))
            found = axes, f', axes={spelled(rng, axes)}{layout}'
            if len({sample.array.shape[have.index(letter)] for letter in axes}) > 1:
                return None
        if not found or len(found[0]) not in cls.counts or is_along_rows(sample, *found):
            return None
        more = some_components(rng, sample, layout_in(sample, found[1]), found[0])
        return None if more is None else f'{cls.name}({(random_p(rng) + found[1] + more)[2:]})'


@operator
class RandomRot90(Symmetry):
    name = 'random_rot90'

    def chosen(self, stream, slot):
        return stream.below(4)

    def lay_onto(self, array, axes, drawn):
        return np.rot90(array, drawn, axes)

    def shown(self, axes, drawn):
        found = {}
        for _ in range(drawn):
            found = then(found, quarter(axes))
        return found


@operator
class D4(Symmetry):
    name = 'd4'

    def chosen(self, stream, slot):
        return stream.below(8)

    def lay_onto(self, array, axes, drawn):
        turned = np.rot90(array, drawn % 4, axes)
        return np.flip(turned, axes[1]) if drawn >= 4 else turned

    def shown(self, axes, drawn):
        found = {}
        for _ in range(drawn % 4):
            found = then(found, quarter(axes))
        return then(found, {axes[1]: (axes[1], True)}) if drawn >= 4 else found


@operator
class RandomSymmetry(Symmetry):
    name = 'random_symmetry'
    usual_axes, counts = 'dhw', (2, 3)

    def chosen(self, stream, slot):
        return stream.below({2: 8, 3: 48}[len(self.letters(slot.samples[0]))])

    @staticmethod
    def order_of(count, drawn):
        return [int(digit) for digit in ['012', '102', '021', '120', '201', '210'][drawn >> count]]

    def lay_onto(self, array, axes, drawn):
        of = list(range(array.ndim))
        for axis, digit in zip(axes, self.order_of(len(axes), drawn)):
            of[axis] = axes[digit]
        mirrored = [axis for k, axis in enumerate(axes) if drawn >> k & 1]
        return np.flip(array.transpose(of), mirrored)

    def shown(self, axes, drawn):
        return {axis: (axes[digit], bool(drawn >> k & 1))
                for k, (axis, digit) in enumerate(zip(axes, self.order_of(len(axes), drawn)))}


@operator
class RandomRoll(ByAxes):
    name = 'random_roll'
    takes = {'axes': letters, 'p': number, 'layout': word}
    usual_axes, by_shape = '', True

    def chosen(self, stream, slot):
        return {letter: stream.below(self.extent(slot.samples[0], letter)) for letter in self.axes}

    def change(self, sample, drawn):
        def roll(array):
            for letter, by in drawn.items():
                array = np.roll(array, by, self.axis(sample, letter))
            return array
        return sample.real_rows(roll)

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        return found and f'random_roll({(random_p(rng) + found[1])[2:]})'


@operator
class RandomShift(Signal):
    name = 'random_shift'
    takes = {'most': whole, 'mode': word, 'axes': letters, 'p': number, 'layout': word}
    usual = {'mode': 'zero', 'axes': None, 'p': ONE}

    def chosen(self, stream, slot):
        return {letter: stream.below(2 * self.most + 1) - self.most
                for letter in self.letters(slot.samples[0])}

    def change(self, sample, drawn):
        def shift(array):
            for letter, by in drawn.items():
                axis = self.axis(sample, letter)
                array = cut(array, axis, -by, array.shape[axis], self.mode)
            return array
        return sample.real_rows(shift)

    @classmethod
    def example(cls, rng, sample):
        found = cls.random_axes(rng, sample)
        mode = rng.choice(['', ', mode=zero', ', mode=wrap'])
        return found and f'random_shift(most={rng.randint(0, 9)}{mode}{random_p(rng)}{found[1]})'


class Channels(Operator):
    """An operator that puts the axis of the channels elsewhere."""
    takes = {'layout': word}
    moves = True

    def apply(self, sample, drawn):
        layout = sample.layout(self.layout)
        others = layout.replace('c', '')
        at = self.place(others)
        moved = sample.real_rows(lambda array: np.moveaxis(array, layout.index('c'), at))
        return moved.holding(others[:at] + 'c' + others[at:])

    @classmethod
    def example(cls, rng, sample):
        layout = random_layout(rng, sample, 'c')
        if layout is None:
            return None
        have = letters_of(sample, layout)
        places = have.index('c'), cls.place(have.replace('c', ''))
        if sample.length is not None and 0 in places and places != (0, 0):
            return None
        return f'{cls.name}({layout[2:]})'


@operator
class ToChw(Channels):
    name = 'to_chw'

    @staticmethod
    def place(others):
        return min((others.index(letter) for letter in 'dhw' if letter in others), default=len(others))


@operator
class ToHwc(Channels):
    name = 'to_hwc'

    @staticmethod
    def place(others):
        return len(others)
