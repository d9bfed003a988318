"""Operators that mix each slot of a batch with another one, written from what `shardstep help augment`
says of them. batches.py imports this file, which registers them."""
from collections import namedtuple

import numpy as np

from augment import Random, digits, letters_of, number, operator, random_layout, random_p, word

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
        return sample.but(sample.array * kind(drawn.lam) + other.array * kind(drawn.share))

    def tell_chosen(self, sample, drawn):
        return f'partner={drawn.partner}, lambda={digits(drawn.lam, 6)}'

    @classmethod
    def example(cls, rng, sample):
        if sample.length is not None or sample.array.dtype not in (f32, f64):
            return None
        return f'mixup(alpha={cls.some_alpha(rng)}{random_p(rng)})'


@operator
class Cutmix(Mixing):
    name, suits = 'cutmix', 'image'
    takes = {**Mixing.takes, 'layout': word}
    Draw = namedtuple('Draw', 'partner lam rows columns share')

    def chosen(self, stream, slot):
        partner, lam = stream.below(slot.count), stream.beta(self.alpha, self.alpha)
        sample = slot.samples[0]
        height, width = (sample.array.shape[sample.axis(letter, self.layout)] for letter in 'hw')
        y, x = stream.below(height), stream.below(width)
        r = f64(0.5) * np.sqrt(f64(1) - lam)
        rows, columns = (
            slice(max(at - int(r * f64(size)), 0), min(at + int(r * f64(size)), size))
            for at, size in ((y, height), (x, width)))
        share = f64((rows.stop - rows.start) * (columns.stop - columns.start)) / f64(height * width)
        return self.Draw(partner, lam, rows, columns, share)

    def mix(self, sample, other, drawn):
        image = [sample.axis(letter, self.layout) for letter in 'hw']
        array = sample.array.copy()
        to, source = (np.moveaxis(one, image, [0, 1]) for one in (array, other.array))
        to[drawn.rows, drawn.columns] = source[drawn.rows, drawn.columns]
        return sample.but(array)

    def tell_chosen(self, sample, drawn):
        rows, columns = (f'{one.start}..{one.stop}' for one in (drawn.rows, drawn.columns))
        return (f'partner={drawn.partner}, lambda={digits(drawn.lam, 6)}, rows={rows}, '
                f'columns={columns}, share={digits(drawn.share, 6)}')

    @classmethod
    def example(cls, rng, sample):
        layout = random_layout(rng, sample, 'h')
        if sample.length is not None or layout is None or 'i' in letters_of(sample, layout):
            return None
        return f'cutmix(alpha={cls.some_alpha(rng)}{random_p(rng)}{layout})'
