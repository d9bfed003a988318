#!/usr/bin/python3
"""Fails the n-th call of a kind in each command, and judges what the command makes of it.

    nth_call.py PROGRAM TRAIN PRELOAD [--most N] [--every K] [--ranks 0,2] [--commands A,B] [--calls A,B]

PROGRAM is shardstep, TRAIN train_fashion, PRELOAD the library nth_call. Calls 1, 1+K, 1+2K, ... up to
N fail, each in a run of its own, until a run makes fewer calls; of several ranks each has its turn, with
other numbers. 0 ranks: without mpirun.

A run passes if it ends by itself, and either
  - exits with 0, with the output that the same run has without a fault, or
  - exits with another code, with one message, and leaves no file beside the output, nor one under its name
    that differs from the right one; a training then goes on, without a fault, to the right weights.
`check` and `info` may say in their output, instead of a message, what could not be looked at; `check` must
not exit with 1: a call that failed shows no damage. A run whose fault hit a call that HDF5
or MPI made is listed and not judged. Exits with 1 if a run did not pass."""
import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy

CALLS = ["pread", "read", "write", "fsync", "rename", "open", "malloc"]
AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"
MESSAGE = re.compile(r"^(shardstep|train_fashion|rank \d+)\b")
FOREIGN = re.compile(r"lib(hdf5|mpi|pmix|open)|mca_|.*ompi")  # the libraries of HDF5 and MPI
SECONDS = 60


def difference(right, other):
    """The first lines in which two outputs differ."""
    right, other = right.splitlines(), other.splitlines()
    at = next((i for i, (a, b) in enumerate(zip(right, other)) if a != b), min(len(right), len(other)))
    return "line %d: expected %r, got %r" % (at + 1, "".join(right[at:at + 1]), "".join(other[at:at + 1]))


class Command:
    def __init__(self, name, words, output=None, judge_last_line=False):
        self.name = name
        self.words = words
        self.output = output  # a file that it writes
        self.judge_last_line = judge_last_line  # the lines before it have times in them


class Sweep:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.report = folder + ".report"
        self.failures = 0
        self.listed = {}
        program, train = options.program, options.train
        fields, run = ["--fields", "train/images,train/labels"], ["f.h5", "--vranks", "2", "--augment", AUGMENT]
        commands = [
            Command("digest", [program, "digest"] + run + fields + ["--threads", "2"]),
            Command("stats", [program, "stats", "f.h5", "train/images"]),
            Command("check", [program, "check", "f.h5"]),
            Command("info", [program, "info", "f.h5"]),
            Command("import", [program, "import", "out.h5", "x=x.npy", "y=csv:u8:1:y.csv",
                               "z=z.npy.gz", "--chunk", "16", "--deflate", "1"], "out.h5"),
            Command("replay", [program, "replay"] + run + ["--rank", "1", "--step", "3", "-o", "out.h5"], "out.h5"),
            Command("train", [train, "--data", "f.h5", "--vranks", "2", "--batch", "32", "--steps", "20", "--epochs",
                              "2", "--checkpoints", "checkpoints", "--checkpoint-every", "5", "--hash"],
                    judge_last_line=True),
        ]
        self.commands = [c for c in commands if not options.commands or c.name in options.commands.split(",")]

    def make_files(self):
        draw = numpy.random.default_rng(1)
        images = draw.integers(0, 64, (640, 28, 28)).astype("u1")
        labels = draw.integers(0, 10, 640).astype("u1")
        numpy.save(self.path("images.npy"), images)
        numpy.save(self.path("labels.npy"), labels)
        subprocess.run([self.options.program, "import", "f.h5", "train/images=images.npy", "train/labels=labels.npy",
                        "test/images=images.npy", "test/labels=labels.npy", "--deflate", "1", "--chunk", "64"],
                       cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        with h5py.File(self.path("f.h5"), "a") as file:  # one contiguous field, without checksums
            for name in ("train/labels", "train/labels.crc32c"):
                del file[name]
            file["train/labels"] = labels
        numpy.save(self.path("x.npy"), images[:100])
        with gzip.open(self.path("z.npy.gz"), "wb") as file:  # in Fortran order: it is unpacked first
            numpy.save(file, numpy.asfortranarray(images[:100]))
        with open(self.path("y.csv"), "w") as file:
            file.write("label\n" + "".join("%d\n" % label for label in labels[:100]))
        os.mkdir(self.path("unpacked"))
        self.kept = set(os.listdir(self.folder))

    def path(self, name):
        return os.path.join(self.folder, name)

    def clean(self):
        for name in set(os.listdir(self.folder)) - self.kept:
            if os.path.isdir(self.path(name)):
                shutil.rmtree(self.path(name))
            else:
                os.remove(self.path(name))
        if os.path.exists(self.report):
            os.remove(self.report)

    def run(self, command, ranks, call="", number=0, rank=""):
        """Exit code (None: it had to be ended), standard output, standard error."""
        variables = dict(os.environ, LD_PRELOAD=self.options.preload, NTH_CALL=call, NTH_NUMBER=str(number),
                         NTH_RANK=rank, NTH_FOLDER=self.folder, NTH_REPORT=self.report)
        words = command.words
        if command.name == "import" and not ranks:  # MPI's temporary files are not the run's
            variables["TMPDIR"] = self.path("unpacked")
        if ranks:
            del variables["LD_PRELOAD"]  # mpirun's own calls are not counted
            words = ["mpirun", "--oversubscribe", "-n", str(ranks), "env", "LD_PRELOAD=" + self.options.preload]
            words += command.words
        process = subprocess.Popen(words, cwd=self.folder, env=variables, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            output, errors = process.communicate(timeout=SECONDS)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            output, errors = process.communicate()
            code = None
        output = output.decode(errors="replace")
        if command.judge_last_line:
            output = "\n".join(output.splitlines()[-1:])
        return code, output, errors.decode(errors="replace")

    def content(self, command):
        if not command.output or not os.path.lexists(self.path(command.output)):
            return None
        with open(self.path(command.output), "rb") as file:
            return file.read()

    def caller(self):
        """Who made the call that failed; None if none did."""
        if not os.path.exists(self.report):
            return None
        with open(self.report) as file:
            return file.readline().split()[2]

    def fault_of(self, command, ranks, result, right):
        """What is wrong with a run; None if nothing is."""
        code, output, errors = result
        if code is None:
            return "it did not end within %d s" % SECONDS
        content = self.content(command)
        if content is not None and content != right[1]:
            return "exit code %d; %s differs from the right file" % (code, command.output)
        if code == 0:
            if output == right[0] and content == right[1]:
                return None
            return "exit code 0 with another output: " + difference(right[0], output)
        if code < 0 or code > 128:
            return "exit code %d, a signal" % code
        left = set(os.listdir(self.folder)) - self.kept - {command.output, "checkpoints"}
        if left:
            return "exit code %d; left behind: %s" % (code, ", ".join(sorted(left)))
        if command.name == "check" and code == 1:
            return "it claims damage: %r" % output[-300:]
        messages = [line for line in errors.splitlines() if MESSAGE.match(line)]
        printed = command.name in ("check", "info") and output  # what could not be looked at
        if len(messages) > 1 or (not messages and not printed):
            return "exit code %d and %d messages, expected 1: %r" % (code, len(messages), errors[-400:])
        if command.judge_last_line:
            code, output, errors = self.run(command, ranks)
            if code != 0 or output != right[0]:
                return "started again, exit code %s; expected %r, got %r, %r" % (code, right[0], output, errors[-300:])
        return None

    def right_of(self, command, ranks):
        """Output and file of a run without a fault."""
        self.clean()
        code, output, errors = self.run(command, ranks)
        content = self.content(command)
        if code != 0 or (command.output and not content):
            sys.exit("%s fails without a fault: exit code %s: %s" % (command.name, code, errors))
        return output, content

    def sweep(self, command, call, ranks, right):
        counts = {"passed": 0, "listed": 0, "failed": 0}
        for rank in range(ranks or 1):
            first = 1 + rank * self.options.every // (ranks or 1)
            for number in range(first, self.options.most + 1, self.options.every):
                verdict = self.try_call(command, call, number, ranks, str(rank) if ranks else "", right)
                counts[verdict] += 1
                if self.caller() is None:  # this run had no such call, so it must have passed
                    break
        print("%-8s %-7s %d ranks: %4d runs, %4d passed, %d listed, %d failed" %
              (command.name, call, ranks, sum(counts.values()), counts["passed"], counts["listed"], counts["failed"]),
              flush=True)

    def try_call(self, command, call, number, ranks, rank, right):
        """Lets one call fail, and says what became of the run."""
        self.clean()
        result = self.run(command, ranks, call, number, rank)
        caller = self.caller()
        fault = self.fault_of(command, ranks, result, right)
        if fault is None:
            return "passed"
        if caller and FOREIGN.match(caller):
            key = "%s %s in %s: %s" % (command.name, call, caller, fault.split(":")[0][:100])
            self.listed[key] = self.listed.get(key, 0) + 1
            return "listed"
        self.failures += 1
        print("FAILED: %s, call %d of %s%s, made by %s: %s" %
              (command.name, number, call, " on rank %s of %d" % (rank, ranks) if ranks else "", caller, fault))
        return "failed"


def main():
    parse = argparse.ArgumentParser()
    for name in ("program", "train", "preload"):
        parse.add_argument(name)
    parse.add_argument("--most", type=int, default=100)
    parse.add_argument("--every", type=int, default=1)
    parse.add_argument("--ranks", default="0,2")
    parse.add_argument("--commands", default="")
    parse.add_argument("--calls", default="")
    options = parse.parse_args()
    for name in ("program", "train", "preload"):
        setattr(options, name, os.path.realpath(getattr(options, name)))
    folder = os.path.realpath(tempfile.mkdtemp())
    sweep = Sweep(options, folder)
    try:
        sweep.make_files()
        for ranks in [int(r) for r in options.ranks.split(",")]:
            for command in sweep.commands:
                right = sweep.right_of(command, ranks)
                for call in options.calls.split(",") if options.calls else CALLS:
                    sweep.sweep(command, call, ranks, right)
        for key in sorted(sweep.listed):
            print("listed: %s (%d runs)" % (key, sweep.listed[key]))
    finally:
        sweep.clean()
        shutil.rmtree(folder)
    print("%d faults" % sweep.failures)
    return 1 if sweep.failures else 0


sys.exit(main())
