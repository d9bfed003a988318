"""What the cases of check.py must have between them: every operator, applied in a batch that was
compared, and every way to read, to order and to augment. What never occurred was not tested."""
from collections import Counter
import re

import augment

# Flags of the program, with the value that counts; None: any value.
FLAGS = [
    ('--shuffle', 'full'), ('--shuffle', 'none'), ('--shuffle', 'blocks'), ('--block-rows', None),
    ('--shard', 'fixed'), ('--tail', 'short'), ('--tail', 'drop'), ('--tail', 'pad'),
    ('--part', None), ('--rows', None), ('--exclude', None), ('--repeats', None),
    ('--epoch-rows', None), ('--mix', None), ('--weights', None), ('--balance', None),
    ('--on-nan', 'replace'), ('--one-sample-a-file', None), ('--augment-by', 'rank'),
    ('--augment-by', 'sample')]
# Words of --fields and of --augment.
FIELDS = ['window=', 'stride=', 'lead=', 'every=', '..', 'offsets=', 'most=']
CALLS = ['vectors=', 'components=', 'against=', 'from=', 'field=', 'layout=', 'axes=', 'p=0.', '[nearest]',
         '[edge]', 'by=channel', 'mode=reflect', 'border=wrap', 'how=area', 'axes=zyx', 'degrees_y=',
         'degrees_x=', 'components_by=']
# What operators must have met: see MET in augment.py.
MET = [*(f'{name} of NaN' for name in ('resize', 'random_resized_crop', 'gaussian_blur', 'random_rotation',
                                       'random_affine', 'elastic')),
       'NaN and infinity', 'random_affine of volumes', 'elastic of volumes', 'random_rotation of vectors',
       'random_rotation of tensors', 'random_affine of vectors', 'random_affine of tensors',
       *(f'components of {count} axes by {how}' for count in (2, 3) for how in ('map', 'rotation')),
       '1 vectors of 2 components', '1 vectors of 3 components', '2 vectors of 2 components',
       'cutmix along hw', 'cutmix along t', 'cutmix along w']


def layouts_in(case):
    """The letters of all layouts that a case's text gives."""
    return ''.join(re.findall(r'layout=(\w+)', case.options.augment or ''))


class Coverage:
    def __init__(self):
        self.operators, self.ways = Counter(), Counter()

    def add(self, case):
        """Takes in a case whose batches were compared."""
        self.operators.update(augment.APPLIED)
        given = case.order + case.loading
        for flag, value in FLAGS:
            used = [given[at + 1] for at, word in enumerate(given[:-1]) if word == flag]
            self.note(f'{flag} {value or ""}'.strip(), bool(used) if value is None else value in used)
        for word in FIELDS:
            self.note(word, word in case.fields)
        for word in CALLS:
            self.note(word, word in (case.options.augment or ''))
        for word in MET:
            self.note(word, augment.MET[word] > 0)
        self.note('axis i', 'i' in layouts_in(case))
        self.note('axis j', 'j' in layouts_in(case))
        self.note('several sources', case.sources > 1)
        self.note('a permutation too large for a table', case.networked)
        self.note('names of axes', any(case.dataset.layouts))
        self.note('rows of weight 0', case.weightless)

    def note(self, way, is_there):
        self.ways[way] += is_there

    def missing(self):
        """The names of what never occurred."""
        return [name for name in augment.OPERATORS if not self.operators[name]] + [
            way for way, times in self.ways.items() if not times]

    def __str__(self):
        lines = []
        for counts in (self.operators, self.ways):
            told = [f'{name} {times}' for name, times in sorted(counts.items())]
            lines.append(', '.join(told))
        return 'slots by operator: ' + lines[0] + '\ncases by way: ' + lines[1]
