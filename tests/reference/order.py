"""Which rows a virtual rank takes at a step: src/doc/definition.md and shardstep/loader.h, by whole
lists. An epoch is written out from its first place to its last, so this is
for datasets of some ten thousand rows.

A row's number has four stages. A *position* of the epoch has a *number*, by the shuffle; a number
has a *place in the subset*, by passes and sources or by weight; a place has a *row* of the dataset.
"""
from bisect import bisect_left, bisect_right
from collections import namedtuple
from fractions import Fraction
import math

import philox

TABLE_MAX = 1 << 14  # rows of the largest permutation that is a table
WEIGHT_BLOCKS = 1 << 20  # rows that are drawn by weight from a table of rows, not of blocks

Slice = namedtuple('Slice', 'run positions count')  # count: positions of weight 1, which come first
Planned = namedtuple('Planned', 'rows count')


# ---- Permutations.

def permutation(stream, n):
    """The rows at positions 0 to n - 1."""
    if n <= TABLE_MAX:
        return stream.permutation(n)
    return feistel(stream, n)


def mix(x, key):
    word = ((x ^ key[0]) * 0x9E3779B1) % 2**32
    word ^= word >> 16
    word = ((word + key[1]) * 1664525) % 2**32
    return word ^ word >> 15


def feistel(stream, n):
    bits = (n - 1).bit_length()
    low_bits = bits // 2
    high_bits = bits - low_bits
    keys = [(stream.u32(), stream.u32()) for _ in range(8)]

    def network(number):
        low, high = number % 2**low_bits, number >> low_bits
        for r in range(0, 8, 2):
            low ^= mix(high, keys[r]) % 2**low_bits
            high ^= mix(low, keys[r + 1]) % 2**high_bits
        return high << low_bits | low

    rows = []
    for position in range(n):
        row = network(position)
        while row >= n:
            row = network(row)
        rows.append(row)
    return rows


# ---- Weights.

class Alias:
    """Numbers 0 to n - 1, drawn in proportion to weights."""

    def __init__(self, weights):
        total = 0.0
        for weight in weights:
            total += weight
        if not total:
            raise ValueError('all weights are 0')
        exponent = max(math.frexp(total)[1] - 1, -1022)
        unit = Fraction(2) ** (exponent - 93)
        units = [math.floor(Fraction(weight) / unit) for weight in weights]
        n, whole = len(weights), sum(units)
        shares = [n * q for q in units]
        rich = [i for i in range(n) if shares[i] >= whole]
        poor = [i for i in range(n) if shares[i] < whole]
        self.keep, self.other = [0.0] * n, [0] * n
        rest = shares[rich[0]]
        while rich:
            if rest > whole and poor:
                self.set(poor[0], shares[poor[0]], whole, rich[0])
                rest -= whole - shares[poor.pop(0)]
            else:
                after = rich[1] if len(rich) > 1 else rich[0]
                self.set(rich[0], rest, whole, after)
                rest = shares[after] - (whole - rest)
                rich.pop(0)

    def set(self, cell, units, whole, other):
        self.keep[cell] = float(units) / float(whole)
        self.other[cell] = other

    def draw(self, stream):
        cell = stream.below(len(self.keep))
        return cell if stream.double() < self.keep[cell] else self.other[cell]


# ---- Subsets: loader.h, shs_subset.

def part(split_seed, samples, begin, end):
    """The rows whose draw lies in [begin, end)."""
    return [row for row in range(samples)
            if begin <= philox.of_split(split_seed, row).double() < end]


def share(total, part, parts):
    """total * part / parts, rounded down."""
    return total * part // parts


class Order:
    """The order of all epochs.

    bounds          source i of the dataset has the rows [bounds[i], bounds[i + 1])
    seed, stream, vranks, batch
    shuffle         full, none or blocks, with block_rows and window_blocks
    shard           global or fixed
    tail            short, drop or pad
    subset          a list of rows; None: all
    repeats, epoch_rows, mix     passes and mixtures; None: each row once
    weights         a weight for each row of the dataset; None: none. A row outside the subset has
                    weight 0
    exclude         rows in whose places others come
    """

    def __init__(self, bounds, seed=0, stream=0, vranks=1, batch=32, shuffle='full', shard='global',
                 tail='short', block_rows=None, window_blocks=16, subset=None, repeats=None,
                 epoch_rows=None, mix=None, weights=None, exclude=()):
        self.bounds, self.seed, self.stream = bounds, seed, stream
        self.vranks, self.batch = vranks, batch
        self.shuffle, self.shard, self.tail = shuffle, shard, tail
        self.block_rows, self.window_blocks = block_rows, window_blocks
        self.subset = list(range(bounds[-1])) if subset is None else subset
        self.exclude = set(exclude)
        self.rows = len(self.subset)
        self.places = epoch_rows or self.rows * (repeats or 1)
        self.alias = self.ratio = None
        if weights is not None:
            assert len(weights) <= WEIGHT_BLOCKS
            inside = set(self.subset)
            self.alias = Alias([w if row in inside else 0.0 for row, w in enumerate(weights)])
        elif mix and len(mix) > 1 or self.places != self.rows:
            self.ratio = mix or [1]
        self.epochs = {}
        self.passes = {}

    # ---- Steps.

    def has_runs(self):
        """Each virtual rank walks a run of its own."""
        return self.shard == 'fixed' or self.shuffle == 'blocks'

    def run_bounds(self, vrank):
        return (share(self.places, vrank, self.vranks), share(self.places, vrank + 1, self.vranks))

    def steps(self):
        """Steps of an epoch."""
        if self.has_runs():
            lengths = [end - begin for begin, end in map(self.run_bounds, range(self.vranks))]
            return min(lengths) // self.batch if self.tail == 'drop' else -(-max(lengths) // self.batch)
        whole = self.vranks * self.batch
        return self.places // whole if self.tail == 'drop' else -(-self.places // whole)

    def slice(self, step, vrank):
        """The positions that a virtual rank takes, in its own run or in the run of all."""
        if self.has_runs():
            begin, end = self.run_bounds(vrank)
            return self.cut(vrank, end - begin, step * self.batch)
        first = step * self.vranks * self.batch
        left = self.places - first
        if left < self.vranks * self.batch and self.tail == 'short':
            begin, end = share(left, vrank, self.vranks), share(left, vrank + 1, self.vranks)
            return Slice(0, list(range(first + begin, first + end)), end - begin)
        return self.cut(0, self.places, first + vrank * self.batch)

    def cut(self, run, length, first):
        positions = range(first, first + self.batch)
        there = [k for k in positions if k < length]
        if self.tail == 'pad':
            return Slice(run, [k % length for k in positions], len(there))
        return Slice(run, there, len(there))

    # ---- Numbers of an epoch's places.

    def numbers(self, epoch):
        """A list for each run: the numbers in the order in which they come."""
        if epoch not in self.epochs:
            self.epochs = {epoch: self.write_out(epoch)}
        return self.epochs[epoch]

    def write_out(self, epoch):
        if self.shard == 'fixed':
            runs = []
            for vrank in range(self.vranks):
                begin, end = self.run_bounds(vrank)
                runs.append(self.sequence(epoch, vrank, begin, end))
            return runs
        if self.shuffle == 'blocks':
            return self.cut_blocks(epoch)
        return [self.sequence(epoch, 0, 0, self.places)]

    def order_stream(self, part, epoch, vrank):
        return philox.of_order(self.seed, self.stream, part, epoch, vrank)

    def sequence(self, epoch, vrank, begin, end):
        """Numbers begin to end - 1 in order: one list."""
        if self.shuffle == 'blocks':
            return self.windows(epoch, vrank, self.blocks(epoch, vrank, begin, end))
        only_passes = self.ratio and len(self.ratio) == 1
        if self.shuffle == 'none' or self.alias or only_passes or begin == end:
            return list(range(begin, end))
        return [begin + k for k in permutation(self.order_stream(0, epoch, vrank), end - begin)]

    def blocks(self, epoch, vrank, begin, end):
        """Blocks of neighbouring numbers, permuted: a list of lists."""
        size = self.block_rows
        blocks = [list(range(max(begin, first), min(end, first + size)))
                  for first in range(begin // size * size, end, size)]
        if not blocks:
            return []
        drawn = permutation(self.order_stream(0, epoch, vrank), len(blocks))
        return [blocks[i] for i in drawn]

    def cut_blocks(self, epoch):
        """Shard global: the sequence of all blocks is cut into a run for each virtual rank."""
        placed = self.blocks(epoch, 0, 0, self.places)
        runs = []
        for vrank in range(self.vranks):
            begin, end = self.run_bounds(vrank)
            position, mine = 0, []
            for block in placed:
                piece = block[max(begin - position, 0):max(end - position, 0)]
                if piece:
                    mine.append(piece)
                position += len(block)
            runs.append(self.windows(epoch, vrank, mine))
        return runs

    def windows(self, epoch, vrank, blocks):
        """A run whose rows are mixed within windows of whole blocks."""
        run = []
        for window, first in enumerate(range(0, len(blocks), self.window_blocks)):
            rows = sum(blocks[first:first + self.window_blocks], [])
            drawn = permutation(self.order_stream(1 + window, epoch, vrank), len(rows))
            run += [rows[i] for i in drawn]
        return run

    # ---- Rows of numbers.

    def row_of(self, epoch, number):
        """The row of the dataset that a number of the epoch stands for."""
        if self.alias:
            return self.alias.draw(philox.of_weights(self.seed, self.stream, number, epoch))
        if not self.ratio:
            return self.subset[number]
        total, before = sum(self.ratio), 0
        for source, part_of_ratio in enumerate(self.ratio):
            begin = share(self.places, before, total)
            before += part_of_ratio
            takes = share(self.places, before, total) - begin
            if begin <= number < begin + takes:
                return self.subset[self.row_of_source(epoch, source, takes, number - begin)]
        raise AssertionError(number)

    def source_rows(self, source):
        """The places in the subset that a source has."""
        if len(self.ratio) == 1:
            return 0, self.rows
        return (bisect_left(self.subset, self.bounds[source]),
                bisect_left(self.subset, self.bounds[source + 1]))

    def row_of_source(self, epoch, source, takes, number):
        first, end = self.source_rows(source)
        rows = end - first
        which, position = divmod(epoch * takes + number, rows)
        begin_of_pass = which * rows
        whole = epoch * takes <= begin_of_pass and begin_of_pass + rows <= (epoch + 1) * takes
        if self.shuffle == 'full' and (len(self.ratio) == 1 or not whole):
            position = self.drawn_pass(source, which, rows)[position]
        return first + position

    def drawn_pass(self, source, which, rows):
        if (source, which) not in self.passes:
            stream = philox.of_pass(self.seed, self.stream, source, which)
            self.passes[source, which] = permutation(stream, rows)
        return self.passes[source, which]

    # ---- Batches.

    def planned(self, epoch, step, vrank):
        """The rows that the order plans for a batch."""
        taken = self.slice(step, vrank)
        run = self.numbers(epoch)[taken.run]
        return Planned([self.row_of(epoch, run[k]) for k in taken.positions], taken.count)

    def delivered(self, row, bad=lambda row: False):
        """The row that comes where `row` is planned: see failures.h."""
        if row not in self.exclude and not bad(row):
            return row
        first, end = 0, self.rows
        if self.ratio and len(self.ratio) > 1:
            source = bisect_right(self.bounds, row) - 1
            first, end = self.source_rows(source)
        candidates = self.subset[first:end]
        at = bisect_left(candidates, row)
        for candidate in candidates[at:] + candidates[:at]:
            if candidate not in self.exclude and not bad(candidate):
                return candidate
        raise AssertionError(f'no row in place of {row}')
