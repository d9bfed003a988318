#!/usr/bin/env python3
"""Measures augmentation by OpenCV, NumPy, PyTorch and torchvision beside Shardstep, and prints a table.

compare_python.sh --augment calls this program; augment_peers.py has the peers. All run on the same core.
Of a measurement's blocks of batches the one with the least CPU time counts, on both sides. Shardstep and
its peers take turns, and the table has the medians over rounds.
"""
import argparse
import json
import random
import re
import shlex
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True  # leaves no folder __pycache__ beside the program

# Before NumPy: it sets the number of threads.
from augment_peers import (
    MODULES, PACKAGES, Affine, ColorJitter, Copy, Cube, Data, ElasticNodes, ElasticPixels, Mixup,
    NoiseByNumpy, NoiseByPyTorch, ResizedCrop, blur, by_torchvision, cropped, resized_crop_by_torchvision,
    use_one_core)

import numpy as np

# With the means and deviations of augment_peers.py
NORMALIZE = {1: "normalize(mean=0.286, std=0.353)",
             3: "normalize(mean=[0.49,0.48,0.45], std=[0.25,0.24,0.26])"}


class Case:
    """What is measured: a text for Shardstep, its samples, and peers that do the same work."""

    def __init__(self, name, text, sample, peers, result=None, one_batch=False):
        self.name, self.text, self.peers, self.one_batch = name, text, peers, one_batch
        kind, sizes, self.layout = sample.split()
        self.shape = tuple(map(int, sizes.split("x")))
        self.sizes, self.kind = sizes, kind
        self.type = {"u8": np.uint8, "f32": np.float32}[kind]
        self.result = result or self.shape
        self.result_type = np.float32 if "normalize(" in text else self.type

    def operator(self):
        return self.text.partition("(")[0]

    def words(self):
        """After `shardstep`."""
        return ["bench", "--augment", self.text, "--shape", self.sizes, "--type", self.kind,
                "--layout", self.layout]


def cases():
    image = "u8 256x256x3 hwc"
    jitter = "brightness=0.6..1.4, contrast=0.6..1.4, saturation=0.6..1.4, hue=-0.1..0.1"
    return [
        Case("crop 2, flip, normalize", f"random_crop(padding=2) random_flip(axis=w) {NORMALIZE[1]}",
             "u8 28x28 hw", cropped(2)),
        Case("crop 4, flip, normalize", f"random_crop(padding=4) random_flip(axis=w) {NORMALIZE[3]}",
             "u8 32x32x3 hwc", cropped(4)),
        Case("resized crop 224, flip, normalize",
             f"random_resized_crop(size=224) random_flip(axis=w) {NORMALIZE[3]}", image,
             [ResizedCrop, by_torchvision(resized_crop_by_torchvision)], (224, 224, 3)),
        Case("color_jitter of four", f"color_jitter({jitter})", image,
             [ColorJitter, by_torchvision(lambda transforms: transforms.ColorJitter(0.4, 0.4, 0.4, 0.1))]),
        Case("gaussian_blur 7", "gaussian_blur(size=7)", image, blur(7)),
        Case("gaussian_blur 23", "gaussian_blur(size=23)", image, blur(23)),
        Case("random_affine, 15 degrees", "random_affine(degrees=-15..15)", image,
             [Affine, by_torchvision(lambda transforms: transforms.RandomAffine(
                 15, interpolation=transforms.InterpolationMode.BILINEAR))]),
        Case("elastic, sigma 5", "elastic(alpha=20..40, sigma=5)", image,
             [ElasticPixels, ElasticNodes,
              by_torchvision(lambda transforms: transforms.ElasticTransform(30.0, 5.0))]),
        Case("gaussian_noise", "gaussian_noise(std=0.1)", "f32 3x64x64 chw", [NoiseByNumpy, NoiseByPyTorch]),
        Case("random_symmetry", "random_symmetry()", "f32 64x64x64x3 zyxc", [Cube, Copy]),
        Case("mixup", "mixup(alpha=1)", "f32 3x32x32 chw", [Mixup], one_batch=True),
    ]


class Shardstep:
    """The program `shardstep`."""

    def __init__(self, options):
        self.program, self.more = options.shardstep, ["--quick"] if options.quick else []
        self.operators = re.findall(r"^ +(\w+)\(\.\.\.\)", self.run(["augment"]), re.M)

    def run(self, words):
        done = subprocess.run([self.program, *words], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, check=False)
        if done.returncode:
            sys.exit(f"shardstep {words[0]} failed with exit code {done.returncode}")
        return done.stdout

    def measure(self, case):
        """Returns samples a second, the type of what comes out and its bytes for each sample."""
        found = json.loads(self.run([*case.words(), *self.more, "--json"]))["augment"][0]
        rate = found["samples_per_s"]
        return rate, found["output_type"], round(found["bytes_per_s"] / rate)


def prove(case, peer, found):
    """Stops the program unless a peer fills each sample of a batch, with as many bytes and of the same
    type as Shardstep."""
    batch, (_, kind, size) = peer.data.batch, found
    batch.view(np.uint8)[...] = 0xA5
    before = batch[0].tobytes()
    peer.fill(peer.data.numbers())
    ours = f"{kind}, {size} bytes a sample"
    theirs = f"{'u8' if batch.dtype == np.uint8 else 'f32'}, {batch[0].nbytes} bytes a sample"
    if ours != theirs:
        sys.exit(f"{case.name}: Shardstep gives {ours}, {peer.name} {theirs}")
    for slot, sample in enumerate(batch):
        if sample.tobytes() == before or not np.isfinite(sample).all():
            sys.exit(f"{case.name}: {peer.name} does not fill sample {slot} of the batch")


def measure(case, shardstep, options):
    """Returns Shardstep's samples a second, and a list of names of peers with theirs."""
    kinds = [peer for peer in case.peers if all(MODULES[module] for module in peer.modules)]
    ours, theirs = [], [[] for _ in kinds]
    peers = [kind(Data(case, options.quick)) for kind in kinds]
    for _ in range(options.rounds):
        found = shardstep.measure(case)
        ours.append(found[0])
        for peer, rates in zip(peers, theirs):
            if not rates:
                prove(case, peer, found)
            rates.append(peer.measure(options.seconds))
    return statistics.median(ours), [(peer.name, statistics.median(rates)) for peer, rates in zip(peers, theirs)]


def print_line(markdown, *cells):
    if markdown:
        print("|", " | ".join(cells), "|", flush=True)
    else:
        print("{:14} {:34} {:>10}  {:22} {:>10}  {}".format(*cells).rstrip(), flush=True)


def print_case(case, ours, peers, markdown):
    """A line for each peer; one line if none is installed."""
    sample = f"{case.kind} {case.sizes}"
    for name, rate in peers:
        print_line(markdown, sample, case.name, f"{ours:.0f}", name, f"{rate:.0f}",
                   f"{ours / rate:.2f} times as fast")
    if not peers:
        print_line(markdown, sample, case.name, f"{ours:.0f}", "none is installed", "", "")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="measures each way so often")
    parser.add_argument("--seconds", type=float, default=2, help="for each measurement of a peer")
    parser.add_argument("--quick", action="store_true", help="one round of a few samples, to see that all works")
    parser.add_argument("--markdown", action="store_true", help="prints the table as Markdown")
    parser.add_argument("--shardstep", default="shardstep", help="the program")
    options = parser.parse_args()
    if options.rounds < 1 or not options.seconds >= 0:
        parser.error("--rounds takes a whole number from 1 on, --seconds a number from 0 on")
    if options.quick:
        options.rounds, options.seconds = 1, 0
    return options


def print_packages():
    there = [f"{said} {MODULES[module].__version__}" for module, said in PACKAGES.items() if MODULES[module]]
    print(", ".join([f"NumPy {np.__version__}", *there]))
    for module, said in PACKAGES.items():
        if not MODULES[module]:
            package = "opencv" if module == "cv2" else module
            print(f"{said} is not installed and left out; Debian: apt install python3-{package}")


def main():
    options = read_arguments()
    use_one_core()
    random.seed(3)
    shardstep = Shardstep(options)
    print_packages()
    measured = [case for case in cases() if case.operator() in shardstep.operators]
    for case in cases():
        if case.operator() not in shardstep.operators:
            print(f"this Shardstep has no {case.operator()}, whose line is left out")
    rounds = f"median of {options.rounds} round{'' if options.rounds == 1 else 's'}"
    print(f"one core, samples/s, {'a few samples, to see that all works' if options.quick else rounds}\n")
    print_line(options.markdown, "sample", "operator", "Shardstep", "beside it", "samples/s", "Shardstep is")
    if options.markdown:
        print("| --- | --- | ---: | --- | ---: | --- |")
    for case in measured:
        print_case(case, *measure(case, shardstep, options), options.markdown)
    print("\nShardstep was measured by")
    for case in measured:
        print("    shardstep", shlex.join(case.words()))


if __name__ == "__main__":
    main()
