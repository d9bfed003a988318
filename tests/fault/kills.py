#!/usr/bin/python3
"""Kills runs at random moments, lets them go on, and compares the weights at their ends.

    kills.py PROGRAM --mpirun COMMAND [--runs N] [--seed S] [--first R] [--seconds T]

PROGRAM is killed_run. In each run mpirun starts it on 1 to 4 ranks, and SIGKILL ends one rank, all
ranks, or mpirun, up to three times, after a part of the time that the run would take. Then the run
goes on, on another number of ranks, and must end with the weights of an undisturbed one. Run R of
seed S is the same each time, but for the moment at which the kill meets the program. --first begins with
run R. After T seconds no other run begins. A line after each 25 runs says how far it has come. Exits with
1 if a run ended otherwise."""
import argparse
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

STEPS, EVERY, SECONDS = 40, 2, 60


def pids_of(folder):
    """The processes of a run: those that have its folder of checkpoints in their command line."""
    ranks, launchers = [], []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if folder.encode() in words:
            (ranks if words[0].endswith(b"killed_run") else launchers).append(int(pid))
    return ranks, launchers


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Runs:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.met = 0  # kills that met a running program
        self.seconds = 0  # a run's, as far as is known: it shrinks when a kill comes too late
        self.data = os.path.join(folder, "data.h5")
        values = numpy.random.default_rng(1)
        with h5py.File(self.data, "w") as file:
            file["x"] = values.standard_normal((400, 32)).astype("f4")
            file["y"] = values.standard_normal(400).astype("f4")

    def start(self, ranks, checkpoints):
        words = shlex.split(self.options.mpirun) + ["-n", str(ranks)]
        words += [self.options.program, self.data, checkpoints, str(STEPS), str(EVERY)]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, errors="replace", start_new_session=True)

    def end(self, process, checkpoints):
        """Waits for the end; returns (code, output). None: ranks had to be killed. A launcher may stay when all its
        ranks have been killed: that of Open MPI 4 then waits for ever in PMIx_server_finalize(), now and then."""
        try:
            output, _ = process.communicate(timeout=SECONDS)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            ranks, launchers = pids_of(checkpoints)
            kill(ranks + launchers)
            return None if ranks else -signal.SIGKILL, process.communicate()[0]

    def whole(self, ranks, name):
        """A run to its end. Returns the line with the weights, or what was said in its place."""
        checkpoints = os.path.join(self.folder, name)
        code, output = self.end(self.start(ranks, checkpoints), checkpoints)
        lines = [line for line in output.splitlines() if line.startswith("weights ")]
        return lines[0] if code == 0 and len(lines) == 1 else "code %s: %s" % (code, output)

    def disturbed(self, number):
        """A run that is killed. Returns what it ended with, and what was done to it."""
        choice = random.Random(self.options.seed * 1000003 + number)
        name, done = "run%d" % number, []
        checkpoints = os.path.join(self.folder, name)
        for _ in range(choice.randint(1, 3)):
            ranks, victim = choice.randint(1, 4), choice.choice(["a rank", "all ranks", "mpirun"])
            after = choice.uniform(0.3, 1.0) * self.seconds
            process = self.start(ranks, checkpoints)
            time.sleep(after)
            alive, launchers = pids_of(checkpoints)
            self.met += bool(alive)
            self.seconds *= 1 if alive else 0.8
            if victim == "a rank":
                kill([choice.choice(sorted(alive))] if alive else [])
            elif victim == "all ranks":
                kill(alive)
            else:
                kill(launchers)
            code, output = self.end(process, checkpoints)
            done.append("%s of %d killed after %.2f s" % (victim, ranks, after))
            if code is None:
                return "did not end: " + output, done
            # The ranks of a killed mpirun end by themselves; two runs in one folder are refused.
            limit = time.time() + SECONDS
            while pids_of(checkpoints)[0] and time.time() < limit:
                time.sleep(0.05)
        ranks = choice.randint(1, 4)
        done.append("goes on with %d" % ranks)
        result = self.whole(ranks, name)
        shutil.rmtree(checkpoints, ignore_errors=True)
        return result, done


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    failures = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(options, folder)
        begin = time.time()
        right = runs.whole(2, "undisturbed")
        runs.seconds = time.time() - begin
        if not right.startswith("weights "):
            sys.exit("the undisturbed run failed: " + right)
        for number in range(options.first, options.first + options.runs):
            if time.time() > begin + options.seconds:
                break
            tried += 1
            result, done = runs.disturbed(number)
            if result != right:
                failures += 1
                print("FAILED: run %d (%s): expected %s, got %s" % (number, "; ".join(done), right, result), flush=True)
            if tried % 25 == 0 and tried < options.runs:
                print("so far %d of %d runs, %d kills met a running program, %d failed; %.0f s" %
                      (tried, options.runs, runs.met, failures, time.time() - begin), flush=True)
    print("%d of %d runs ended with %s; %d kills met a running program; runs %d to %d of seed %d" %
          (tried - failures, tried, right, runs.met, options.first, options.first + tried - 1, options.seed))
    if 2 * runs.met < tried:
        sys.exit("FAILED: too few kills met a running program to tell anything")
    sys.exit(failures > 0)


main()
