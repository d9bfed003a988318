#!/usr/bin/python3
"""Whole batches from their definition. As a command it makes the batch of one virtual rank at one
step, from the options of `shardstep replay`, and writes the file that `shardstep replay -o` writes:

    tests/reference/batches.py PATH --fields A,B --vranks V --rank R --step T ... -o OUT.h5

Instead of options it takes a file: --json FILE, whose object has an option's name (without --) for
each key, and the path as "path". The words that all this is written from are named at the beginning
of order.py, samples.py, augment.py and philox.py."""
import argparse
from collections import namedtuple
import importlib.util
import json
import struct
import sys

import h5py
import numpy as np

import augment
import order
import philox
import samples

# Operators register themselves. A file may be missing as long as the program lacks its operators.
for operators in ('moves', 'values', 'resample', 'warps', 'mixing'):
    if importlib.util.find_spec(operators):
        importlib.import_module(operators)

# planned: the rows of the order; index: those that came in their places; draws: what is told of each slot;
# spacings: for each slot the spacings that were drawn for it, by name
# partners: for each slot its partner's slot and weight, or None where nothing is mixed
Batch = namedtuple('Batch', 'epoch epoch_step step count planned index fields draws partners spacings')


def parser():
    options = argparse.ArgumentParser(prog='batches.py', description=__doc__.split('\n')[0])
    add = options.add_argument
    add('path')
    add('--fields', required=True)
    add('--one-sample-a-file', action='store_true')
    add('--rows')
    add('--part')
    add('--mix')
    add('--weights')
    add('--balance')
    add('--exclude')
    add('--augment', default='')
    add('--augment-by', choices=['rank', 'sample'], default='rank')
    add('--on-nan', choices=['keep', 'stop', 'replace'], default='keep')
    add('--shuffle', choices=['full', 'none', 'blocks'], default='full')
    add('--shard', choices=['global', 'fixed'], default='global')
    add('--tail', choices=['short', 'drop', 'pad'], default='short')
    for name, usual in (('seed', 0), ('vranks', 1), ('batch', 32), ('stream', 0), ('split-seed', 0),
                        ('repeats', None), ('epoch-rows', None), ('block-rows', None),
                        ('window-blocks', 16), ('rank', 0), ('step', 0), ('epoch', None)):
        add('--' + name, type=int, default=usual)
    add('-o', '--output')
    return options


def flags_of(path):
    """The options of a JSON file as arguments."""
    with open(path, encoding='utf-8') as file:
        options = json.load(file)
    flags = [options.pop('path')]
    for name, value in options.items():
        flags += [f'--{name}'] if value is True else [f'--{name}', str(value)]
    return flags


def numbers_in(path):
    if not path:
        return None
    with open(path, encoding='utf-8') as file:
        return [int(word) for word in file.read().split()]


class Run:
    """A run of the loader, by its options."""

    def __init__(self, options):
        self.options = options
        self.dataset = samples.Dataset(options.path, options.fields, options.one_sample_a_file)
        self.statements = augment.parse(options.augment)
        subset = numbers_in(options.rows)
        if options.part:
            begin, end = map(float, options.part.split(','))
            subset = order.part(options.split_seed, self.dataset.bounds[-1], begin, end)
        self.order = order.Order(
            self.dataset.bounds, options.seed, options.stream, options.vranks, options.batch,
            options.shuffle, options.shard, options.tail,
            self.block_rows(), options.window_blocks, subset,
            options.repeats, options.epoch_rows,
            options.mix and [int(share) for share in options.mix.split(',')],
            self.weights(subset), numbers_in(options.exclude) or ())

    def block_rows(self):
        if self.options.shuffle != 'blocks' or self.options.block_rows:
            return self.options.block_rows
        return self.dataset.block_rows()

    def weights(self, subset):
        if self.options.weights:
            return [float(weight) for weight in self.dataset.column(self.options.weights)]
        if not self.options.balance:
            return None
        classes = [int(number) for number in self.dataset.column(self.options.balance)]
        inside = range(len(classes)) if subset is None else subset
        rows = {}
        for row in inside:
            rows[classes[row]] = rows.get(classes[row], 0) + 1
        return [1.0 / rows[one] if one in rows else 0.0 for one in classes]

    def has_nan(self, row):
        return any(field.array.dtype.kind == 'f' and np.isnan(field.array).any()
                   for field in self.dataset.sample(row))

    def plan(self, epoch, epoch_step, vrank):
        """The planned rows, and the number of those with weight 1."""
        return self.order.planned(epoch, epoch_step, vrank)

    def stream(self, epoch, step, vrank, slot, planned):
        if self.options.augment_by == 'sample':
            return philox.of_sample(self.options.seed, self.options.stream, planned, epoch)
        purpose = philox.AUGMENT + 16 * self.options.stream
        return philox.user(self.options.seed, purpose, vrank, step, slot)

    def batch(self, epoch, epoch_step, vrank):
        step = epoch * self.order.steps() + epoch_step
        planned, count = self.plan(epoch, epoch_step, vrank)
        bad = self.has_nan if self.options.on_nan == 'replace' else lambda row: False
        index = [self.order.delivered(row, bad) for row in planned]
        streams = [self.stream(epoch, step, vrank, slot, row) for slot, row in enumerate(planned)]
        spacings = [{name: least + stream.below(most - least + 1)
                     for name, (least, most) in self.dataset.spacings().items()} for stream in streams]
        slots = [{field.name: augment.Sample(*field) for field in self.dataset.sample(row, spacing)}
                 for row, spacing in zip(index, spacings)]
        draws, partners = augment.augment(self.statements, slots, streams, count)
        fields = {name: np.stack([slot[name].array for slot in slots]) for name in slots[0]} \
            if slots else self.empty()
        return Batch(epoch, epoch_step, step, count, planned, index, fields, draws, partners, spacings)

    def empty(self):
        """The fields of a batch without rows: their types and shapes are those of any sample."""
        slot = {field.name: augment.Sample(*field) for field in self.dataset.sample(0)}
        augment.augment(self.statements, [slot], [philox.user(0, 0, 0, 0, 0)], 1)
        return {name: sample.array[None][:0] for name, sample in slot.items()}


def hashed(batch):
    """The bytes whose XXH3-128 `digest` prints: count, row numbers, then the rows of each field."""
    head = struct.pack(f'<{1 + len(batch.index)}Q', batch.count, *batch.index)
    return head + b''.join(field.astype(field.dtype.newbyteorder('<')).tobytes()
                           for field in batch.fields.values())


def write(batch, path):
    with h5py.File(path, 'w') as file:
        file['index'] = np.array(batch.index, np.uint64)
        for name, field in batch.fields.items():
            file[name] = field


def main(arguments):
    if arguments[:1] == ['--json']:
        arguments = flags_of(arguments[1]) + arguments[2:]
    options = parser().parse_args(arguments)
    run = Run(options)
    epoch, step = options.epoch, options.step
    if epoch is None:
        epoch, step = divmod(step, run.order.steps())
    batch = run.batch(epoch, step, options.rank)
    print(f'step {batch.step} (epoch {epoch}, epoch step {step}), virtual rank {options.rank}: '
          f'{len(batch.index)} rows, {batch.count} of weight 1')
    print('rows', *batch.index)
    if options.output:
        write(batch, options.output)


if __name__ == '__main__':
    main(sys.argv[1:])
