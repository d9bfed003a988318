"""Ways to augment with OpenCV, NumPy, PyTorch and torchvision, as an expert would write them.

compare_augment.py measures them. A peer takes rows in memory and fills batches, as `shardstep bench
--augment` does. Rows and batches are as many and as large as there, and batches have the same type and
the same order of axes. All use one thread. Peers draw in the same ranges, but other numbers.
"""
import importlib
import math
import os
import random
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

PACKAGES = {"cv2": "OpenCV", "torch": "PyTorch", "torchvision": "torchvision"}


def imported(module):
    """None if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


MODULES = {module: imported(module) for module in PACKAGES}
cv2, torch, torchvision = MODULES.values()


def use_one_core():
    """For this process and those that it starts."""
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    if torch:
        torch.set_num_threads(1)
    if cv2:
        cv2.setNumThreads(1)
        cv2.ocl.setUseOpenCL(False)


# As in cli_bench_augment.c
BATCH = 128  # rows of a batch, unless they are large
BATCH_BYTES = 1 << 23  # of a batch as it comes out, at most
MEMORY_BYTES = 1 << 26  # of the rows in memory, at most
MOST_ROWS = 1 << 16
STEP = 40503  # from a row to the next of a batch: odd, so all rows are met
BLOCK_ROWS, BLOCK_SECONDS = 128, 0.005  # of a measurement, at least
QUICK_BATCH, QUICK_BYTES = 4, 1 << 20  # in the place of BATCH and MEMORY_BYTES with --quick

# Of the scaled pixels, for each channel
MEAN = {1: [0.286], 3: [0.49, 0.48, 0.45]}
STD = {1: [0.353], 3: [0.25, 0.24, 0.26]}
GRAY = np.array([0.299, 0.587, 0.114], np.float32)  # shares of red, green and blue


class Data:
    """Rows in memory, and a batch that peers fill."""

    def __init__(self, case, quick=False):
        before = math.prod(case.shape) * np.dtype(case.type).itemsize
        after = math.prod(case.result) * np.dtype(case.result_type).itemsize
        batch = min(QUICK_BATCH if quick else BATCH, max(1, BATCH_BYTES // after))
        count = min(MOST_ROWS, max(1, (QUICK_BYTES if quick else MEMORY_BYTES) // before))
        count = batch if case.one_batch else 1 << count.bit_length() - 1
        generator = np.random.default_rng(1)
        self.rows = (generator.integers(0, 256, (count, *case.shape), np.uint8) if case.type == np.uint8 else
                     generator.random((count, *case.shape), case.type))
        self.batch = np.zeros((batch, *case.result), case.result_type)
        self.next = 0

    def numbers(self):
        """The numbers of the rows of the next batch."""
        slots = self.next + np.arange(len(self.batch))
        self.next += len(self.batch)
        return slots * STEP % len(self.rows)


class Normalize:
    """(x / 255 - mean) / std of u8 as x * factor + shift. Of the ways that were tried (cv2.LUT, OpenCV's
    arithmetic with numbers for each channel, NumPy, PyTorch) two passes of PyTorch were the fastest,
    over lines that have the numbers of the channels side by side. NumPy takes PyTorch's place if that is
    missing."""

    def __init__(self, shape):
        channels = shape[2] if len(shape) == 3 else 1
        self.line = math.prod(shape) if math.prod(shape) <= 4096 else math.prod(shape[1:])
        mean, std = np.array(MEAN[channels]), np.array(STD[channels])
        self.factor, self.shift = (np.tile(numbers.astype(np.float32), self.line // channels)
                                   for numbers in (1 / (255 * std), -mean / std))
        self.tensors = torch and (torch.from_numpy(self.factor), torch.from_numpy(self.shift))

    def __call__(self, x, batch):
        x, batch = x.reshape(-1, self.line), batch.reshape(-1, self.line)
        if self.tensors:
            factor, shift = self.tensors
            batch = torch.from_numpy(batch)
            batch.copy_(torch.from_numpy(x))
            torch.addcmul(shift, batch, factor, out=batch)
        else:
            np.multiply(x, self.factor, out=batch)
            np.add(batch, self.shift, out=batch)


class Peer:
    """Another way to do a case's work. Subclasses say the name, the modules and how a batch is made."""
    name, modules = "", ()

    def __init__(self, data):
        self.data, self.generator = data, np.random.default_rng(2)

    def fill(self, numbers):
        """Fills the batch: a sample after the other, unless a peer does it at once."""
        for number, sample in zip(numbers.tolist(), self.data.batch):
            self.sample(self.data.rows[number], sample)

    def sample(self, row, sample):
        raise NotImplementedError

    def measure(self, seconds):
        """Returns samples a second. Takes several blocks of batches, of which the fastest counts, and
        with 0 seconds one batch."""
        best, end = math.inf, time.perf_counter() + seconds
        while True:
            count, took, begin = 0, 0.0, time.process_time()
            while not count or seconds and (count < BLOCK_ROWS or took < BLOCK_SECONDS):
                self.fill(self.data.numbers())
                count += len(self.data.batch)
                took = time.process_time() - begin
            best = min(best, max(took, 1e-9) / count)
            if time.perf_counter() >= end:
                return 1 / best


# ---- Crop, flip and normalize small images


class Cropped(Peer):
    """Rows lie padded in memory, which costs the peer nothing here. A view of them has an axis for each
    shift, so that a crop is a choice of row and shifts."""
    padding = 0

    def __init__(self, data):
        super().__init__(data)
        self.normalize = Normalize(data.rows.shape[1:])
        width = [(0, 0), (self.padding,) * 2, (self.padding,) * 2, (0, 0)][:data.rows.ndim]
        self.padded = np.pad(data.rows, width)
        data.rows = self.padded[:, self.padding:-self.padding, self.padding:-self.padding]

    def draws(self):
        count = len(self.data.batch)
        down, right = self.generator.integers(0, 2 * self.padding + 1, (2, count))
        return down, right, self.generator.random(count, np.float32) < 0.5


class CroppedByNumpy(Cropped):
    """NumPy cuts out, OpenCV mirrors all flipped samples as one tall image, PyTorch normalizes."""
    name, modules = "NumPy, OpenCV, PyTorch", ("cv2", "torch")

    def __init__(self, data):
        super().__init__(data)
        rows, height, width, *channels = data.rows.shape
        row, line, *pixel = self.padded.strides
        shifts = 2 * self.padding + 1
        self.view = np.lib.stride_tricks.as_strided(
            self.padded, (rows, shifts, shifts, height, width * math.prod(channels)),
            (row, line, pixel[0], line, 1))

    def fill(self, numbers):
        down, right, flip = self.draws()
        shape = self.data.batch.shape
        x = self.view[numbers, down, right].reshape(shape)
        flipped = np.flatnonzero(flip)
        if len(flipped):
            tall = x[flipped].reshape(-1, *shape[2:])
            x[flipped] = cv2.flip(tall, 1).reshape(-1, *shape[1:])
        self.normalize(x, self.data.batch)


class CroppedByPyTorch(Cropped):
    """Whole batches by hand: the lines of a crop are chosen from a view that has a line at each pixel,
    and columns are put in the opposite order for the flipped half."""
    name, modules = "PyTorch", ("torch",)

    def __init__(self, data):
        super().__init__(data)
        rows, self.height, self.width, *channels = data.rows.shape
        self.channels, self.pitch = math.prod(channels), self.padded.shape[2]
        self.line = self.width * self.channels
        pixels = rows * self.padded.shape[1] * self.pitch
        self.lines = torch.from_numpy(self.padded).as_strided(
            (pixels - self.width + 1, self.line), (self.channels, 1))
        self.below = torch.arange(self.height) * self.pitch
        self.mirror = torch.arange(self.width - 1, -1, -1)

    def fill(self, numbers):
        down, right, flip = map(torch.from_numpy, self.draws())
        first = (torch.from_numpy(numbers) * self.padded.shape[1] + down) * self.pitch + right
        x = self.lines.index_select(0, (first[:, None] + self.below).view(-1))
        x = x.view(len(numbers), self.height, self.width, self.channels)
        flipped = flip.nonzero().view(-1)
        x.index_copy_(0, flipped, x.index_select(0, flipped).index_select(2, self.mirror))
        self.normalize(x.numpy(), self.data.batch)


def cropped(padding):
    return [type(peer.__name__, (peer,), {"padding": padding}) for peer in (CroppedByNumpy, CroppedByPyTorch)]


# ---- Images of 256 x 256 x 3 bytes


class ResizedCrop(Peer):
    """cv2.resize by INTER_LINEAR, which has no antialias where the image shrinks: less work than
    Shardstep's bilinear. The part is mirrored before it grows."""
    name, modules = f"OpenCV, {'PyTorch' if torch else 'NumPy'}", ("cv2",)

    def __init__(self, data):
        super().__init__(data)
        self.normalize = Normalize(data.batch.shape[1:])
        self.resized = np.empty(data.batch.shape[1:], np.uint8)

    @staticmethod
    def part(height, width):
        for _ in range(10):
            area = height * width * random.uniform(0.08, 1)
            ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 1 <= w <= width and 1 <= h <= height:
                return random.randint(0, height - h), random.randint(0, width - w), h, w
        return 0, 0, height, width

    def sample(self, row, sample):
        top, left, h, w = self.part(*row.shape[:2])
        part = row[top:top + h, left:left + w]
        if random.random() < 0.5:
            part = cv2.flip(part, 1)
        cv2.resize(part, sample.shape[1::-1], dst=self.resized, interpolation=cv2.INTER_LINEAR)
        self.normalize(self.resized, sample)


class ColorJitter(Peer):
    """Brightness by convertScaleAbs, contrast by addWeighted and saturation by a matrix, which were
    faster than tables and than mixing with a gray image. Hue by an addition to HSV, whose first channel
    has 256 steps and so wraps around: that was faster than a table for the channel."""
    name, modules = "OpenCV, NumPy", ("cv2",)

    def __init__(self, data):
        super().__init__(data)
        self.hsv = np.empty_like(data.rows[0])
        self.steps = [self.brightness, self.contrast, self.saturation, self.hue]

    @staticmethod
    def brightness(x, sample):
        cv2.convertScaleAbs(x, sample, random.uniform(0.6, 1.4))

    @staticmethod
    def contrast(x, sample):
        factor = random.uniform(0.6, 1.4)
        gray = cv2.mean(cv2.cvtColor(x, cv2.COLOR_RGB2GRAY))[0]
        cv2.addWeighted(x, factor, x, 0, (1 - factor) * gray, sample)

    @staticmethod
    def saturation(x, sample):
        factor = np.float32(random.uniform(0.6, 1.4))
        cv2.transform(x, factor * np.eye(3, dtype=np.float32) + (1 - factor) * GRAY, sample)

    def hue(self, x, sample):
        turn = np.zeros(x.shape[1:], np.uint8)
        turn[:, 0] = round(256 * random.uniform(-0.1, 0.1)) % 256
        cv2.cvtColor(x, cv2.COLOR_RGB2HSV_FULL, self.hsv)
        np.add(self.hsv, turn, out=self.hsv)
        cv2.cvtColor(self.hsv, cv2.COLOR_HSV2RGB_FULL, sample)

    def sample(self, row, sample):
        random.shuffle(self.steps)
        for step in self.steps:
            step(row, sample)
            row = sample


class Blur(Peer):
    name, modules, size = "OpenCV", ("cv2",), 0

    def sample(self, row, sample):
        cv2.GaussianBlur(row, (self.size, self.size), random.uniform(0.1, 2), dst=sample)


class Affine(Peer):
    name, modules = "OpenCV", ("cv2",)

    def sample(self, row, sample):
        height, width = row.shape[:2]
        turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), random.uniform(-15, 15), 1)
        cv2.warpAffine(row, turn, (width, height), dst=sample, flags=cv2.INTER_LINEAR)


class Elastic(Peer):
    """Uniform noise for both axes side by side, smoothed by GaussianBlur, moves places for cv2.remap.
    With `spacing` 1 each pixel has its noise, as in most libraries. With 2 the noise lies at nodes, and
    is resized to the pixels, as in Shardstep."""
    modules, spacing, sigma = ("cv2",), 1, 5

    def __init__(self, data):
        super().__init__(data)
        height, width = data.rows.shape[1:3]
        nodes = [(size - 1) // self.spacing + 2 if self.spacing > 1 else size for size in (height, width)]
        self.noise = np.empty((*nodes, 2), np.float32)
        self.places = np.ascontiguousarray(np.mgrid[:height, :width][::-1].transpose(1, 2, 0), np.float32)

    def sample(self, row, sample):
        sigma, (height, width) = self.sigma / self.spacing, row.shape[:2]
        size = 2 * int(3 * sigma) + 1
        cv2.randu(self.noise, -1, 1)
        moves = cv2.GaussianBlur(self.noise, (size, size), sigma)
        if self.spacing > 1:
            nodes = moves.shape[:2]
            moves = cv2.resize(moves, (nodes[1] * self.spacing, nodes[0] * self.spacing))[:height, :width]
        places = cv2.scaleAdd(moves, random.uniform(20, 40) / self.spacing, self.places)
        cv2.remap(row, places, None, cv2.INTER_LINEAR, dst=sample)


class ElasticPixels(Elastic):
    name = "OpenCV, noise a pixel"


class ElasticNodes(Elastic):
    name, spacing = "OpenCV, noise a node", 2


class Torchvision(Peer):
    """torchvision's transforms of tensors. They take channels first: a view of the same memory."""
    name, modules = "torchvision", ("torch", "torchvision")

    def __init__(self, data):
        super().__init__(data)
        self.transform = self.make(torchvision.transforms)

    def make(self, transforms):
        raise NotImplementedError

    def sample(self, row, sample):
        result = self.transform(torch.from_numpy(row).permute(2, 0, 1))
        torch.from_numpy(sample).copy_(result.permute(1, 2, 0))


def by_torchvision(make):
    """A peer that does what make(torchvision.transforms) returns."""
    return type("Torchvision", (Torchvision,), {"make": lambda self, transforms: make(transforms)})


def resized_crop_by_torchvision(transforms):
    return transforms.Compose([transforms.RandomResizedCrop(224, antialias=True),
                               transforms.RandomHorizontalFlip(), transforms.ConvertImageDtype(torch.float32),
                               transforms.Normalize(MEAN[3], STD[3], inplace=True)])


def blur(size):
    ours = type("Blur", (Blur,), {"size": size})
    return [ours, by_torchvision(lambda transforms: transforms.GaussianBlur(size, (0.1, 2.0)))]


# ---- Floats


class NoiseByNumpy(Peer):
    name = "NumPy"

    def sample(self, row, sample):
        self.generator.standard_normal(dtype=np.float32, out=sample)
        sample *= np.float32(0.1)
        sample += row


class NoiseByPyTorch(Peer):
    name, modules = "PyTorch", ("torch",)

    def sample(self, row, sample):
        torch.from_numpy(sample).normal_(0, 0.1).add_(torch.from_numpy(row))


class Cube(Peer):
    """A cell of three floats is one element, which NumPy copies twice as fast as the floats."""
    name = "NumPy"

    def fill(self, numbers):
        cells = f"V{self.data.rows.itemsize * self.data.rows.shape[-1]}"
        rows, batch = self.data.rows.view(cells)[..., 0], self.data.batch.view(cells)[..., 0]
        for number, sample in zip(numbers.tolist(), batch):
            axes, mirror = self.generator.permutation(3), self.generator.integers(0, 2, 3)
            turned = rows[number].transpose(axes)[tuple(slice(None, None, 1 - 2 * m) for m in mirror)]
            np.copyto(sample, turned)


class Copy(Peer):
    """The bytes as they are: no way to move them can be faster."""
    name = "memcpy, by NumPy"

    def sample(self, row, sample):
        np.copyto(sample, row)


class Mixup(Peer):
    """Whole batches by hand. Each slot has a partner and a lambda of its own. The rows in memory are a
    batch, as in `bench --augment`."""
    name, modules = "PyTorch", ("torch",)

    def __init__(self, data):
        super().__init__(data)
        self.partners = torch.empty(data.batch.shape)

    def fill(self, numbers):
        count = len(numbers)
        rows, batch = torch.from_numpy(self.data.rows), torch.from_numpy(self.data.batch)
        partner = torch.from_numpy(self.generator.integers(0, count, count))
        own = torch.from_numpy(self.generator.beta(1, 1, (count, 1, 1, 1)).astype(np.float32))
        torch.index_select(rows, 0, partner, out=self.partners)
        torch.mul(rows, own, out=batch).addcmul_(self.partners, 1 - own)
