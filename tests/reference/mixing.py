"""Operators that mix each slot of a batch with another one, written from what `shardstep help augment`
says of them. batches.py imports this file, which registers them."""
from collections import namedtuple

import numpy as np

from augment import MET, Random, digits, letters_of, number, operator, random_layout, random_p, word
from values import same_nan

f32, f64 = np.float32, np.float64


class Mixing(Random):
    """A draw has `partner` and `share`, the weight of the partner."""
    mixes = True
    takes = {'alpha': number, 'p': number}
    usual = {'p': f64(1)}

    def draw(self, stream, slot):
        """Rows of weight 0 draw nothing."""
        return super().draw(stream, slot) if slot.number < slot.count else None

    def apply_all(self, samples, draws, count):
        return [sample if drawn is None else self.mix(sample, samples[drawn[0].partner], drawn[0])
                for sample, drawn in zip(samples, draws)]

    def mix(self, sample, other, drawn):
        raise NotImplementedError

    @staticmethod
    def partners(draws):
        """For each slot: the partner's slot, and its weight as the loader gives it."""
        return [(k, f32(0)) if drawn is None else (drawn[0].partner, f32(drawn[0].share))
                for k, drawn in enumerate(draws)]

    @staticmethod
    def some_alpha(rng):
        return rng.choice(['0.2', '1', '3.5', '0.05'])


@operator
class Mixup(Mixing):
    name, suits = 'mixup', 'real'
    Draw = namedtuple('Draw', 'partner lam share')

    def chosen(self, stream, slot):
        partner, lam = stream.below(slot.count), stream.beta(self.alpha, self.alpha)
        return self.Draw(partner, lam, f64(1) - lam)

    def mix(self, sample, other, drawn):
        kind = sample.array.dtype.type
        return sample.but(same_nan(sample.array * kind(drawn.lam) + other.array * kind(drawn.share)))

    def tell_chosen(self, sample, drawn):
        return f'partner={drawn.partner}, lambda={digits(drawn.lam, 6)}'

    def exact(self, drawn):
        return {'lambda': [drawn[0].lam]}

    @classmethod
    def example(cls, rng, sample):
        if sample.length is not None or sample.array.dtype not in (f32, f64):
            return None
        return f'mixup(alpha={cls.some_alpha(rng)}{random_p(rng)})'


@operator
class Cutmix(Mixing):
    name, suits, often = 'cutmix', 'numbers', 2
    takes = {**Mixing.takes, 'layout': word}
    Draw = namedtuple('Draw', 'partner lam spans share')  # a span for each axis of letters()
    named = {'h': 'rows', 'w': 'columns'}

    def letters(self, sample):
        """The axes of an image, or that of a signal."""
        if sample.axis('h', self.layout) is not None:
            return 'hw'
        return 't' if sample.axis('t', self.layout) is not None else 'w'

    def chosen(self, stream, slot):
        partner, lam = stream.below(slot.count), stream.beta(self.alpha, self.alpha)
        sample = slot.samples[0]
        axes = self.letters(sample)
        MET[f'cutmix along {axes}'] += 1
        sizes = [sample.array.shape[sample.axis(letter, self.layout)] for letter in axes]
        centres = [stream.below(size) for size in sizes]
        r = f64(0.5) * (np.sqrt(f64(1) - lam) if len(axes) > 1 else f64(1) - lam)
        halves = [int(r * f64(size)) for size in sizes]
        spans = {letter: slice(max(at - half, 0), min(at + half, size))
                 for letter, at, half, size in zip(axes, centres, halves, sizes)}
        within = np.prod([span.stop - span.start for span in spans.values()])
        return self.Draw(partner, lam, spans, f64(within) / f64(np.prod(sizes)))

    def mix(self, sample, other, drawn):
        array, where = sample.array.copy(), [slice(None)] * sample.array.ndim
        for letter, span in drawn.spans.items():
            where[sample.axis(letter, self.layout)] = span
        array[tuple(where)] = other.array[tuple(where)]
        return sample.but(array)

    def tell_chosen(self, sample, drawn):
        names = self.named if len(drawn.spans) > 1 else dict.fromkeys(drawn.spans, 'segment')
        spans = ''.join(f', {names[letter]}={span.start}..{span.stop}'
                        for letter, span in drawn.spans.items())
        return (f'partner={drawn.partner}, lambda={digits(drawn.lam, 6)}{spans}, '
                f'share={digits(drawn.share, 6)}')

    def exact(self, drawn):
        return {'lambda': [drawn[0].lam], 'share': [drawn[0].share]}

    @classmethod
    def example(cls, rng, sample):
        letter, without = rng.choice([('h', 'i'), ('t', 'hi'), ('w', 'thi')])
        layouts = [random_layout(rng, sample, letter) for _ in range(20)]
        layouts = [layout for layout in layouts if layout is not None and not set(without) & set(
            letters_of(sample, layout))]
        if sample.length is not None or not layouts:
            return None
        layout = layouts[0]
        return f'cutmix(alpha={cls.some_alpha(rng)}{random_p(rng)}{layout})'
