#!/usr/bin/env python3
"""Measures ways to load an HDF5 file with PyTorch, and Shardstep beside them, and prints a table.

compare_python.sh makes the files and calls this program. All ways read the same file, augment alike,
and may use the same cores. The program also proves that: see prove() and same_augmentation().
"""
import argparse
import gc
import json
import multiprocessing
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

# PyTorch's threads sleep while they wait. By default they keep the cores busy, which costs CPU seconds
# and, on a machine with other work, most of the speed.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import h5py
import numpy as np
import torch
import torch.nn.functional as functional
from torch.utils.data import DataLoader, Dataset, Sampler

BATCH = 128
PADDING = 2
WINDOW = 16  # chunks whose rows are mixed in the order `blocks`, as in Shardstep
AHEAD = 4  # steps that Shardstep loads ahead; each worker of a DataLoader does 2 requests ahead
CACHE = 64 << 20  # bytes of decoded chunks that an expert lets HDF5 keep, as Shardstep does


class Augmentation:
    """Random crop, random flip and normalization to float32. The axes of samples are C x H x W."""

    def __init__(self, mean, std, scale):
        self.mean, self.std = mean, std
        self.factor, self.shift = scale / std, -mean / std

    def normalize(self, x):
        """Changes x in place if it is float32 already."""
        return x.to(torch.float32).mul_(self.factor).add_(self.shift)

    def sample(self, x, down, right, flip):
        height, width = x.shape[-2:]
        x = functional.pad(x, [PADDING] * 4)[..., down:down + height, right:right + width]
        return self.normalize(x.flip(-1) if flip else x)

    def batch(self, padded, rows, down, right, flip):
        """Rows of padded samples. Of several ways that were tried this one was the fastest: a gather
        from a view that has an axis for every shift, then the mirror image of the flipped half."""
        height, width = (size - 2 * PADDING for size in padded.shape[-2:])
        x = padded.unfold(2, height, 1).unfold(3, width, 1)[rows, :, down, right]
        flipped = flip.nonzero().view(-1)
        x.index_copy_(0, flipped, x.index_select(0, flipped).flip(-1))
        return self.normalize(x)

    @staticmethod
    def draws(rows):
        shifts = torch.randint(0, 2 * PADDING + 1, (2, rows))
        return shifts[0], shifts[1], torch.rand(rows) < 0.5

    def text(self, field, axes):
        """The same for Shardstep."""
        layout = "chw" if axes == 3 else "hw"
        return (f"{field}: random_crop(padding={PADDING}, layout={layout}) "
                f"random_flip(axis=w, p=0.5, layout={layout}) normalize(mean={self.mean}, std={self.std})")


class Data:
    """The file's images and labels. A process opens the file when it first reads an image."""

    def __init__(self, path, images, labels, **cache):
        self.path, self.name, self.cache, self.opened = path, images, cache, None
        with h5py.File(path, "r") as file:
            self.shape, self.type = file[images].shape, file[images].dtype
            self.chunks, filters = file[images].chunks, file[images].compression
            chunks = f"chunks of {self.chunks[0]} rows" if self.chunks else "contiguous"
            self.layout = f"{chunks}, {filters or 'not compressed'}"
            self.labels = torch.from_numpy(file[labels][:])

    @property
    def images(self):
        if self.opened is None:
            self.opened = h5py.File(self.path, "r", **self.cache)[self.name]
        return self.opened

    def close(self):
        if self.opened is not None:
            self.opened.file.close()
        self.opened = None

    def channels(self, rows):
        """The shape of so many samples, with an axis for channels."""
        return (rows, *([1] * (4 - len(self.shape))), *self.shape[1:])


class Samples(Dataset):
    """Plain: PyTorch asks for one sample at a time, and puts the batch together."""

    def __init__(self, data, augment):
        self.data, self.augment = data, augment

    def __getitem__(self, row):
        down, right = torch.randint(0, 2 * PADDING + 1, (2,)).tolist()
        flip = torch.rand(1).item() < 0.5
        image = torch.from_numpy(self.data.images[row])
        return self.augment.sample(image, down, right, flip), self.data.labels[row]


class Requests(Dataset):
    """Expert: an item is a request, the rows of one or several batches, which h5py reads in ascending
    order and PyTorch augments at once."""

    def __init__(self, data, augment):
        self.data, self.augment = data, augment

    def padded(self, rows):
        """The padded images, and where those of `rows` are among them."""
        where = np.argsort(rows)
        ascending = rows[where]
        found = np.empty((len(rows), *self.data.shape[1:]), self.data.type)
        begins = [0, *(np.flatnonzero(np.diff(ascending) != 1) + 1).tolist(), len(rows)]
        for begin, end in zip(begins, begins[1:]):  # neighbouring rows are one read
            row = int(ascending[begin])
            found[begin:end] = self.data.images[row:row + end - begin]
        found = torch.from_numpy(found).view(self.data.channels(len(rows)))
        place = np.empty_like(where)
        place[where] = np.arange(len(rows))
        return functional.pad(found, [PADDING] * 4), torch.from_numpy(place)

    def __getitem__(self, rows):
        images = self.augment.batch(*self.padded(rows), *self.augment.draws(len(rows)))
        return images.view(len(rows), *self.data.shape[1:]), self.data.labels[rows]


class InMemory(Requests):
    """Expert: the file's images are in memory, padded, and workers share them."""

    def __init__(self, data, augment):
        super().__init__(data, augment)
        with h5py.File(data.path, "r") as file:
            images = torch.from_numpy(file[data.name][:]).view(data.channels(data.shape[0]))
        self.images = functional.pad(images, [PADDING] * 4)

    def padded(self, rows):
        return self.images, torch.from_numpy(rows)


class Order(Sampler):
    """A new order in each epoch: its rows, or requests of `request` rows. With `chunk` the rows of
    WINDOW random chunks are mixed, then those of the next ones."""

    def __init__(self, rows, request=None, chunk=None):
        self.rows, self.request, self.chunk = rows, request, chunk
        self.most = rows  # to begin with few rows

    def __iter__(self):
        if self.chunk:
            chunks = (self.rows + self.chunk - 1) // self.chunk
            turn = torch.randperm(chunks)[torch.arange(self.rows) // self.chunk] // WINDOW
            order = torch.argsort(turn + torch.rand(self.rows, dtype=torch.float64))
        else:
            order = torch.randperm(self.rows)
        # Not as tensors: PyTorch would share the memory of `order` with the workers, and two threads
        # that do so at once spoil it.
        order = order[:self.most].numpy()
        step = self.request or 1
        for begin in range(0, len(order), step):
            yield order[begin:begin + step] if self.request else int(order[begin])

    def name(self):
        return "blocks" if self.chunk else "full"

    def __len__(self):
        return -(-self.most // (self.request or 1))


class Way:
    """A way to load with PyTorch. workers None: a loop without a DataLoader."""

    def __init__(self, name, dataset, order, workers):
        self.name, self.dataset, self.order, self.workers = name, dataset, order, workers

    def __enter__(self):
        self.loader = None
        if self.workers is not None:
            size = None if self.order.request else BATCH
            self.loader = DataLoader(self.dataset, batch_size=size, sampler=self.order,
                                     num_workers=self.workers, persistent_workers=self.workers > 0)
        return self

    def __exit__(self, error, *_):
        self.loader = None
        if error:
            return
        gc.collect()  # the loader's workers end only when its iterator is gone
        for worker in multiprocessing.active_children():
            worker.join(10)
            worker.kill()
        self.dataset.data.close()

    def epoch(self):
        """Gives batches."""
        items = self.loader
        if items is None:
            items = (self.dataset[rows] for rows in self.order)
        for images, labels in items:
            yield from zip(images.split(BATCH), labels.split(BATCH))


def cpu_seconds():
    """Of this process and of the workers that it has now."""
    seconds = time.process_time()
    for worker in multiprocessing.active_children():
        with open(f"/proc/{worker.pid}/stat") as file:
            ticks = file.read().rpartition(")")[2].split()[11:13]
        seconds += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return seconds


class Proof:
    """What an epoch delivered: looks at each batch, then at all."""

    def __init__(self, what, data):
        self.what, self.data, self.labels, self.means, self.kinds = what, data, [], [], set()

    def add(self, images, labels):
        self.labels.append(labels)
        self.means.append(float(images.mean(dtype=torch.float64)) * len(images))
        self.kinds.add((tuple(images.shape), images.dtype))

    def end(self):
        """Stops the program unless the labels are those of all rows, and the batches have the right
        shape and type and are normalized. Returns the mean of the pixels."""
        rows, *shape = self.data.shape
        sizes = {min(rows, BATCH), rows % BATCH} - {0}
        expected = {((size, *shape), torch.float32) for size in sizes}
        mean = sum(self.means) / rows
        if not torch.equal(torch.cat(self.labels).sort()[0], self.data.labels.sort()[0]):
            sys.exit(f"{self.what}: the labels of an epoch are not those of the file's rows")
        if self.kinds != expected:
            sys.exit(f"{self.what}: batches are {self.kinds}, expected {expected}")
        if not abs(mean) < 0.1:
            sys.exit(f"{self.what}: the mean of the pixels is {mean:.3f} after normalization")
        return mean


def measure(way, rows):
    """Returns samples a second and CPU seconds for 1000 samples, over the second epoch. An expert's
    first epoch fills the cache of decoded chunks. A plain user's first epoch fills none, so it is cut
    short."""
    with way:
        way.order.most = rows if way.order.request else min(rows, 8 * BATCH)
        for _ in way.epoch():
            pass
        way.order.most = rows
        cpu, begin, count = cpu_seconds(), time.perf_counter(), 0
        for images, _ in way.epoch():
            count += len(images)
        seconds = time.perf_counter() - begin
        return count / seconds, (cpu_seconds() - cpu) * 1000 / count


class Shardstep:
    """The program `shardstep`, with the options that say what it loads."""

    def __init__(self, options, data, augment):
        self.program, self.mpirun = options.shardstep, shlex.split(options.mpirun)
        self.data, self.augment = data, augment
        self.what = [options.path, "--fields", f"{options.images},{options.labels}", "--augment",
                     augment.text(options.images, len(data.shape) - 1)]

    def run(self, command, ranks, *options):
        launcher = [*self.mpirun, "-n", str(ranks)] if ranks > 1 else []
        done = subprocess.run([*launcher, self.program, command, *self.what, *options], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            sys.exit(f"shardstep {command} failed with exit code {done.returncode}")
        return done.stdout

    def measure(self, ranks, options, seconds):
        """Returns samples a second and CPU seconds for 1000 samples."""
        found = json.loads(self.run("bench", ranks, "--batch", str(BATCH), "--seconds", str(seconds),
                                    "--json", *options))
        return found["samples_per_s"], found["cpu_s_per_1000"]

    def prove(self, name, shuffle):
        """Lets `shardstep replay` make an epoch as one batch. Returns the mean of its pixels, and how
        far it is from what PyTorch makes of the same rows and draws."""
        rows, *shape = self.data.shape
        with tempfile.TemporaryDirectory(dir=".") as folder:
            said = self.run("replay", 1, "--vranks", "1", "--rank", "0", "--step", "0", "--batch",
                            str(rows), "--shuffle", shuffle, "-o", f"{folder}/epoch.h5")
            with h5py.File(f"{folder}/epoch.h5", "r") as file:
                images, labels = (torch.from_numpy(file[name][:]) for name in self.what[2].split(","))
        proof = Proof(name, self.data)
        for begin in range(0, rows, BATCH):
            proof.add(images[begin:begin + BATCH], labels[begin:begin + BATCH])
        slots = re.findall(r"^slot .* row (\d+)  .*h=(-?\d+), w=(-?\d+)\).*w=(yes|no)\)$", said, re.M)
        row, top, left = (torch.tensor([int(slot[i]) for slot in slots]) for i in range(3))
        flip = torch.tensor([slot[3] == "yes" for slot in slots])
        if not torch.equal(row.sort()[0], torch.arange(rows)):
            sys.exit(f"{name}: an epoch does not have each row once")
        draws = PADDING + top, PADDING + left, flip
        return proof.end(), self.difference(images.view(self.data.channels(rows)), row, *draws)

    def difference(self, images, row, *draws):
        """Between images and PyTorch's augmentation of these rows by these draws, by batches and by
        samples."""
        memory, largest = InMemory(self.data, self.augment).images, 0.0
        for batch in torch.arange(len(row)).split(BATCH):
            drawn = [values[batch] for values in draws]
            images_of_batch = self.augment.batch(memory, row[batch], *drawn)
            largest = max(largest, float((images[batch] - images_of_batch).abs().max()))
        crop = memory[row[0], :, PADDING:-PADDING, PADDING:-PADDING]
        sample = self.augment.sample(crop, *(values[0].item() for values in draws))
        return max(largest, float((images[0] - sample).abs().max()))


def several(count, what):
    return f"{count} {what}{'' if count == 1 else 's'}"


def pytorch_ways(options, data, augment):
    """Ways to load with PyTorch."""
    rows, *shape = data.shape
    # Requests of several batches if these are small, so that calls and messages are fewer.
    request = BATCH * max(1, min(8, (4 << 20) // (4 * BATCH * int(np.prod(shape)))))
    cached = Data(options.path, options.images, options.labels, rdcc_nbytes=CACHE, rdcc_nslots=10007)
    memory = InMemory(data, augment)
    kinds = [("plain, h5py", Samples(data, augment), Order(rows)),
             ("expert, h5py", Requests(cached, augment), Order(rows, request)),
             ("expert, array in RAM", memory, Order(rows, request))]
    if options.blocks:
        kinds.append(("expert, h5py", Requests(cached, augment), Order(rows, request, data.chunks[0])))
    for kind, dataset, order in kinds:
        for workers in (0, options.cores):
            yield Way(f"PyTorch, {kind}, {several(workers, 'worker')}", dataset, order, workers)
    yield Way("PyTorch, tensors in RAM, no DataLoader", memory, Order(rows, BATCH), None)


class Row:
    """A row of the table: a way, and what was measured."""

    def __init__(self, name, shuffle, measure):
        self.name, self.shuffle, self.measure, self.found = name, shuffle, measure, []

    def median(self, column):
        return statistics.median(found[column] for found in self.found)


def shardstep_rows(options, shardstep):
    """All cores by threads of one rank, and by one rank for each. Synchronously the main thread is one
    of the threads; it only waits where others load ahead."""
    for shuffle in ("full", "blocks") if options.blocks else ("full",):
        for ranks in sorted({1, options.cores}):
            threads = options.cores // ranks
            for ahead in (0, AHEAD):
                words = ("--shuffle", shuffle, "--ahead", str(ahead), "--threads", str(threads - (ahead == 0)))
                yield Row(f"Shardstep, {several(ranks, 'rank')} of {several(threads, 'thread')}"
                          f"{', ahead' if ahead else ''}", shuffle,
                          lambda r=ranks, w=words: shardstep.measure(r, w, options.seconds))


def prove_all(ways, shardstep, data, orders):
    """Proves that the ways do the same work, and says so."""
    rows, *shape = data.shape
    means, differences = [], []
    for way in ways:
        proof = Proof(way.name, data)
        with way:
            for images, labels in way.epoch():
                proof.add(images, labels)
        means.append(proof.end())
    for shuffle in orders:
        mean, difference = shardstep.prove(f"Shardstep, {shuffle}", shuffle)
        means.append(mean)
        differences.append(difference)
    if not max(differences) < 1e-5:
        sys.exit(f"PyTorch's pixels differ from Shardstep's by {max(differences):.2g}")
    print(f"each way gave {rows} rows an epoch, with the file's labels (sum {int(data.labels.sum())}), in "
          f"batches of {BATCH} x {'x'.join(map(str, shape))} float32,\nmean {min(means):.3f} to "
          f"{max(means):.3f}; with the draws of `shardstep replay`, PyTorch's pixels differ by at most "
          f"{max(differences):.0e}", flush=True)


def print_table(rows, cores):
    print(f"{several(cores, 'core')}, median of {several(len(rows[0].found), 'round')}\n{'way':41} "
          f"{'order':6} {'samples/s':>10} {'CPU s/1000':>10}  Shardstep is")
    for row in rows:
        best = max(ours.median(0) for ours in rows
                   if ours.name.startswith("Shardstep") and ours.shuffle == row.shuffle)
        print(f"{row.name:41} {row.shuffle:6} {row.median(0):10.0f} {row.median(1):10.5f} "
              f"{best / row.median(0):7.1f} times as fast")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="the HDF5 file")
    parser.add_argument("--images", required=True, help="its field of images, N x H x W or N x C x H x W")
    parser.add_argument("--labels", required=True, help="its field of labels")
    parser.add_argument("--mean", type=float, required=True, help="of the scaled pixels")
    parser.add_argument("--std", type=float, required=True, help="of the scaled pixels")
    parser.add_argument("--blocks", action="store_true", help="also the order `blocks`")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="for each way")
    parser.add_argument("--rounds", type=int, default=5, help="measures each way so often")
    parser.add_argument("--seconds", type=float, default=3, help="for each measurement of Shardstep")
    parser.add_argument("--shardstep", default="shardstep", help="the program")
    parser.add_argument("--mpirun", default="mpirun", help="the command that starts several ranks")
    options = parser.parse_args()
    if not 1 <= options.cores <= len(os.sched_getaffinity(0)):
        parser.error(f"--cores is {options.cores}; there are 1 to {len(os.sched_getaffinity(0))} cores")
    return options


def main():
    options = read_arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.cores])
    torch.set_num_threads(options.cores)
    data = Data(options.path, options.images, options.labels)
    if options.blocks and not data.chunks:
        sys.exit(f"{options.path}: {options.images} has no chunks, which --blocks would mix")
    scale = 1 / np.iinfo(data.type).max if data.type.kind == "u" else 1
    augment = Augmentation(options.mean, options.std, scale)
    shardstep = Shardstep(options, data, augment)
    ways = list(pytorch_ways(options, data, augment))
    rows = [Row(way.name, way.order.name(), lambda way=way: measure(way, data.shape[0])) for way in ways]
    rows += shardstep_rows(options, shardstep)
    print(f"{options.path}, {options.images}: {data.type} {'x'.join(map(str, data.shape))}, {data.layout}")
    prove_all(ways, shardstep, data, sorted({row.shuffle for row in rows}))
    for _ in range(options.rounds):
        for row in rows:
            row.found.append(row.measure())
    print_table(rows, options.cores)


if __name__ == "__main__":
    main()
