"""The operator that tests/cli/reference_batch.c registers: blank(share=X), with the words there."""
import numpy as np

from augment import OPERATORS, Random, number


class Blank(Random):
    name, own = 'blank', True
    takes = {'share': number, 'p': number}

    def chosen(self, stream, slot):
        """For each field: whether each of its real elements becomes zero."""
        drawn = {}
        for sample in slot.samples:
            shape = sample.array[:sample.length].shape if sample.array.ndim else ()
            count = int(np.prod(shape, dtype=int))
            drawn[sample.name] = np.array(
                [np.float64(stream.float()) < self.share for _ in range(count)], bool).reshape(shape)
        return drawn

    def change(self, sample, drawn):
        return sample.real_rows(
            lambda array: np.where(drawn[sample.name], array.dtype.type(0), array))

    def tell_chosen(self, sample, drawn):
        return "draws of the program's own"


def register():
    """After usable(), which removes what the program lacks."""
    OPERATORS[Blank.name] = Blank
