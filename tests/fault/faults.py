#!/usr/bin/python3
"""Puts one fault at a time into a run, and judges how the run ends and how it goes on.

    faults.py PROGRAM PRELOAD --mpirun COMMAND [--all] [--ranks 2,3,5] [--only TEXT] [--seed S] [--jobs J] [--list]
              [--repeat N] [--seconds T]

PROGRAM is killed_run, PRELOAD the library nth_call. A fault is a call that fails (memory, files, MPI), a NaN, an
argument that is another one on one rank, a rank that sleeps, is stopped, has gone or makes another call, or a full
disk. With --all each fault has its turn at each number of ranks; otherwise one fault of each kind at one number.
--repeat tries all of them N times, in an order drawn by the seed. After T seconds no other one begins. A line after
each 50 says how far it has come.

A run passes if it ends by itself, with the exit code, the status and the one message that the fault calls for, if
no temporary file is left, and if a run without the fault, on another number of ranks, then goes on to the weights of
an undisturbed run. A run whose fault did no harm, such as memory that was not necessary, may end well with these
weights. Exits with 1 if a run did not pass."""
import argparse
import concurrent.futures
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

STEPS, EVERY = 10, 2
LIMIT = 3  # seconds, where a rank does not come
AMPLE = 30  # seconds, where all ranks come
SECONDS = 60  # beyond the limit: what has not ended by then hangs
MESSAGE = re.compile(r"^(rank \d+|shardstep|shs_\w+): ")
HUNG, OUT_OF_TIME = "it did not end", "out of time"
SMALL_DISK = 5 << 20  # bytes: two checkpoints, not three


class Fault:
    """What is done to a run, and how the run must end.

    kind: of which kind one is in the sample. rank: "first", "last" or "any". words: of killed_run. call: kind,
    number and signal for nth_call. status: that of the error, None if the run must end well, "" if the job is ended
    by the launcher, which says so. text: a pattern in the message; RANK is the rank with the fault."""

    def __init__(self, kind, name, rank, status, text, words=(), call=None, waits=False, disk=False):
        self.kind, self.name, self.rank, self.status, self.text = kind, name, rank, status, text
        self.words, self.call, self.waits, self.disk = list(words), call, waits, disk

    def rank_of(self, ranks):
        return {"first": 0, "last": ranks - 1, "any": ranks // 2}[self.rank]


def calls_that_fail():
    file, disk = r"^rank RANK: .*Input/output error", r"^rank RANK: shs_save: .*No space left on device"
    save, where = r"^rank RANK: shs_save: .*Input/output error", ["first", "last", "any"]
    message = "^rank RANK: (shs_|the opening of a run).* failed: MPI_"
    table = [("memory", "malloc", "SHS_ERROR_MEMORY", "^rank RANK: shs_", where, [1, 3, 10, 30, 60, 100, 150]),
             ("reading", "open", "SHS_ERROR_FILE", file, ["first"], [1, 2, 3, 4]),
             ("reading", "pread", "SHS_ERROR_FILE", file, ["first"], [1, 3, 6, 10, 15]),
             ("reading", "read", "SHS_ERROR_FILE", file, ["first"], [1, 2]),
             ("writing", "write", "SHS_ERROR_FILE", disk, ["first"], [3, 5, 9, 20]),
             ("writing", "fsync", "SHS_ERROR_FILE", save, ["first"], [1, 2, 3, 5]),
             ("writing", "rename", "SHS_ERROR_FILE", save, ["first"], [1, 2, 3]),
             ("mpi", "mpi", "SHS_ERROR_MPI", message, where, [1, 3, 5, 8, 13, 21, 34, 55]),
             ("mpi", "mpi_test", "SHS_ERROR_MPI", message, where, [1, 20, 200])]
    for kind, call, status, text, ranks, numbers in table:
        for i, number in enumerate(numbers):
            yield Fault(kind, "%s %d" % (call, number), ranks[i % len(ranks)], status, text, call=(call, number, 0))
    for i, number in enumerate([1, 2, 5, 12, 30]):
        yield Fault("letters", "letter %d" % number, where[i % len(where)], "SHS_ERROR_MPI", message,
                    ["gradients=letters"], call=("mpi_send", number, 0))
    missing = r"waited %d s, its limit_seconds, for rank RANK on \S+ \(process \d+" % LIMIT
    for call, number in (("write", 3), ("fsync", 3)):
        yield Fault("waiting", "stopped in %s %d" % (call, number), "first", "SHS_ERROR_TIMEOUT",
                    missing + ", stopped by a signal; .*shs_save", call=(call, number, signal.SIGSTOP), waits=True)
    for call, number in (("write", 5), ("rename", 2)):
        yield Fault("gone", "killed in %s %d" % (call, number), "first", "", "", call=(call, number, signal.SIGKILL))


def ranks_that_do_otherwise():
    differ = {"seed": "shs_open", "vranks": "shs_open", "fields": "shs_dataset_open", "batch": "shs_loader_open",
              "augment": "shs_loader_open", "tensors": "shs_gradient_open", "shape": "shs_gradient_open",
              "state": "shs_save", "content": "shs_save", "folder": "shs_save", "keep": "shs_save"}
    for i, (what, call) in enumerate(differ.items()):
        yield Fault("argument", "another " + what, ("last", "any")[i % 2], "SHS_ERROR_DISAGREE",
                    "^rank RANK: .*" + call, ["other=" + what])
    missing = r"waited %d s, its limit_seconds, for rank RANK on \S+ \(process \d+" % LIMIT
    for place, what, seen in (("dataset", "sleep", ""), ("loader", "stop", ", stopped by a signal"),
                              ("restore", "sleep", ""), ("next", "sleep", ""), ("mean", "sleep", ""),
                              ("mean", "stop", ", stopped by a signal"), ("save", "stop", ", stopped by a signal"),
                              ("save", "sleep", ""), ("close", "sleep", ""), ("mean", "barrier", ""),
                              ("mean", "other_run", "; it waits in another run")):
        rank = ("first", "last", "any")[(len(place) + len(what)) % 3]
        yield Fault("waiting", "%s before %s" % (what, place), rank, "SHS_ERROR_TIMEOUT", missing + seen,
                    ["at=" + place, "do=" + what], waits=True)
    yield Fault("waiting", "sleep before open", "last", "SHS_ERROR_TIMEOUT", "waited %d.* s, its limit" % LIMIT,
                ["at=open", "do=sleep"], waits=True)
    for place, what, rank in (("mean", "kill", "last"), ("save", "kill", "first"), ("mean", "exit", "any"),
                              ("next", "exit", "first"), ("open", "exit", "last"), ("loader", "kill", "any")):
        yield Fault("gone", "%s before %s" % (what, place), rank, "", "", ["at=" + place, "do=" + what], waits=True)
    yield Fault("gone", "finalize before mean", "last", "SHS_ERROR_DISAGREE", "MPI_Finalize without shs_close",
                ["at=mean", "do=finalize"])
    yield Fault("call", "close before mean", "any", "SHS_ERROR_DISAGREE", "called shs_close where",
                ["at=mean", "do=close"])
    yield Fault("call", "agree before mean", "last", "SHS_ERROR_DISAGREE", "called shs_(agree|gradient_mean)",
                ["at=mean", "do=agree"])
    yield Fault("call", "agree before save", "first", "SHS_ERROR_DISAGREE", "called shs_(agree|save)",
                ["at=save", "do=agree"])
    yield Fault("call", "restore before mean", "any", "SHS_ERROR_STATE|SHS_ERROR_DISAGREE", "^rank RANK: .*shs_restore",
                ["at=mean", "do=again"])
    yield Fault("call", "a batch added twice", "last", "SHS_ERROR_STATE", "^rank RANK: shs_gradient_add",
                ["at=add", "do=twice"])
    yield Fault("call", "no batch added", "first", "SHS_ERROR_STATE", "^rank RANK: shs_gradient_mean",
                ["at=add", "do=skip"])
    yield Fault("call", "a save inside a step", "any", "SHS_ERROR_STATE|SHS_ERROR_DISAGREE", "^rank RANK: .*shs_save",
                ["at=add", "do=early"])


def disks_that_are_full():
    full = r"^rank 0: shs_save: .*No space left on device"
    yield Fault("disk", "a write fails, the run goes on", "first", None, full, ["full=go"], call=("write", 5, 0))
    yield Fault("disk", "an fsync fails, the run goes on", "first", None, "^rank 0: shs_save: .*Input/output",
                ["full=go"], call=("fsync", 4, 0))
    yield Fault("disk", "a full disk, the run goes on", "first", None, full, ["full=go"], disk=True)
    yield Fault("disk", "a full disk, the run stops", "first", "SHS_ERROR_FILE", full, disk=True)


def saves_in_the_background():
    """Their errors come with a later call: the next save, or the closing of the run."""
    words, full, broken = ["async=yes"], "^rank 0: shs_.*No space left on device", "^rank 0: shs_.*Input/output error"
    for call, number, text in (("write", 9, full), ("fsync", 4, broken), ("rename", 2, broken), ("rename", 11, broken)):
        yield Fault("background", "%s %d in the background" % (call, number), "first", "SHS_ERROR_FILE", text, words,
                    call=(call, number, 0))
    for call, number, text in (("write", 9, full), ("fsync", 4, broken)):
        yield Fault("background", "%s %d in the background, the run goes on" % (call, number), "first", None, text,
                    words + ["full=go"], call=(call, number, 0))
    yield Fault("background", "a full disk in the background, the run goes on", "first", None, full,
                words + ["full=go"], disk=True)
    yield Fault("background", "a full disk in the background, the run stops", "first", "SHS_ERROR_FILE", full, words,
                disk=True)
    missing = r"waited %d s, its limit_seconds, for rank RANK on \S+ \(process \d+, stopped by a signal" % LIMIT
    yield Fault("background", "stopped in write 9 in the background", "first", "SHS_ERROR_TIMEOUT", missing, words,
                call=("write", 9, signal.SIGSTOP), waits=True)
    yield Fault("background", "killed in fsync 4 in the background", "first", "", "", words,
                call=("fsync", 4, signal.SIGKILL))
    yield Fault("background", "another content in the background", "last", "SHS_ERROR_DISAGREE",
                "^rank RANK: .*other content", words + ["other=content"])
    yield Fault("background", "sleep while a save waits", "last", "SHS_ERROR_TIMEOUT", "waited %d s, its limit" % LIMIT,
                words + ["at=close", "do=sleep"], waits=True)
    yield Fault("background", "finalize while a save waits", "any", "SHS_ERROR_DISAGREE",
                "MPI_Finalize without shs_close", words + ["at=mean", "do=finalize", "step=4"])
    yield Fault("background", "close while a save waits", "first", "SHS_ERROR_DISAGREE", "called shs_close where",
                words + ["at=mean", "do=close", "step=4"])
    yield Fault("background", "mpi 40 while a save waits", "last", "SHS_ERROR_MPI",
                "^rank RANK: .* failed: MPI_", words, call=("mpi", 40, 0))


def all_faults():
    yield from calls_that_fail()
    yield Fault("nan", "a NaN in a row", "first", "SHS_ERROR_FORMAT", r"^rank \d+: shs_next.*NaN", ["nan"])
    yield from ranks_that_do_otherwise()
    yield from disks_that_are_full()
    yield from saves_in_the_background()


def pids_of(folder):
    """The processes of a run: those that have its folder of checkpoints in their command line."""
    pids = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                if folder.encode() in file.read().split(b"\0"):
                    pids.append(int(pid))
        except OSError:
            continue
    return pids


class Outcome:
    def __init__(self, code, output, errors):
        # mpirun of Open MPI 5.0 puts a zero byte before some of what a rank printed as it ended
        output, errors = output.replace("\0", ""), errors.replace("\0", "")
        self.code, self.output, self.errors = code, output, errors  # code None: it had to be ended
        self.messages = [line for line in errors.splitlines() if MESSAGE.match(line)]
        self.statuses = re.findall(r"^status (\w+)$", output, re.M)
        self.weights = re.findall(r"^weights \w+$", output, re.M)

    def __str__(self):
        return "exit code %s, output %r, errors %r" % (self.code, self.output, self.errors[-1500:])


class Runs:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.slowest = 0
        values = numpy.random.default_rng(1)
        x, y = values.standard_normal((400, 32)).astype("f4"), values.standard_normal(400).astype("f4")
        self.data = self.write("data.h5", x, y)
        x[123, 4] = numpy.nan
        self.data_with_nan = self.write("nan.h5", x, y)

    def write(self, name, x, y):
        path = os.path.join(self.folder, name)
        with h5py.File(path, "w") as file:
            file["x"], file["y"] = x, y
        return path

    def run(self, ranks, checkpoints, fault=None):
        words = shlex.split(self.options.mpirun) + ["-n", str(ranks)]
        more, data, limit = ["nan=stop"], self.data, AMPLE
        if fault:
            more += ["rank=%d" % fault.rank_of(ranks)] + [word for word in fault.words if "=" in word]
            data = self.data_with_nan if "nan" in fault.words else self.data
            limit = LIMIT if fault.waits else AMPLE
        if fault and fault.call:
            call, number, sent = fault.call
            words += ["env", "LD_PRELOAD=" + self.options.preload, "NTH_CALL=" + call, "NTH_NUMBER=%d" % number,
                      "NTH_SIGNAL=%d" % sent, "NTH_RANK=%d" % fault.rank_of(ranks), "NTH_FOLDER=" + self.folder,
                      "NTH_REPORT=%s.report" % checkpoints]
        words += [self.options.program, data, checkpoints, str(STEPS), str(EVERY), "limit=%d" % limit] + more
        begin = time.time()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", start_new_session=True)
        try:
            output, errors = process.communicate(timeout=limit + SECONDS)
            code = process.returncode
        except subprocess.TimeoutExpired:
            left = pids_of(checkpoints)
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            output, errors = process.communicate()
            code = None if set(left) != {process.pid} else -signal.SIGKILL  # as kills.py says of the launcher
        if fault and fault.waits:
            self.slowest = max(self.slowest, time.time() - begin - limit)
        return Outcome(code, output, errors)

    def wrong_with(self, fault, ranks, outcome, checkpoints):
        """What is wrong with how a run with a fault has ended; None if nothing is."""
        if outcome.code is None:
            return HUNG
        if fault.call and not os.path.exists(checkpoints + ".report"):
            return "it made no such call"
        if outcome.code == 0 and fault.status and fault.kind in ("memory", "mpi", "reading") and not outcome.messages:
            return None if outcome.weights == [self.right] else "it ends well with other weights"
        if fault.status == "":
            if outcome.code == 0:
                return "it ends well"
            return "several messages" if len(outcome.messages) > 1 else None
        if outcome.code != (2 if fault.status else 0):
            return "another exit code"
        told = len(re.findall("^goes on without a checkpoint$", outcome.output, re.M)) if not fault.status else 1
        if len(outcome.messages) != told or not told:
            return "%d messages, not %d" % (len(outcome.messages), told)
        text = fault.text.replace("RANK", str(fault.rank_of(ranks)))
        if fault.kind == "argument" or fault.kind == "call":  # of two ranks that differ either may speak
            text = text.replace("^rank %d" % fault.rank_of(ranks), r"^rank \d+")
        if not all(re.search(text, message) for message in outcome.messages):
            return "no message %r" % text
        if fault.status and not (len(outcome.statuses) == 1 and re.fullmatch(fault.status, outcome.statuses[0])):
            return "not the status %s" % fault.status
        if not fault.status and outcome.weights != [self.right]:
            return "other weights"
        return None

    def left_in(self, checkpoints):
        """Files that are neither checkpoints nor belong to a folder of checkpoints."""
        names = os.listdir(checkpoints) if os.path.isdir(checkpoints) else []
        return [name for name in names if not re.fullmatch(r"\.lock|latest|step-\d{10}(-\d+)?\.h5", name)]

    def try_fault(self, number, fault, ranks):
        """Returns what is wrong with a run that has a fault, or with how it goes on; None if nothing is."""
        place = os.path.join(self.folder, "fault%d" % number)
        os.mkdir(place)
        try:
            if fault.disk:
                subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % SMALL_DISK, "none", place], check=True)
            return self.try_fault_in(os.path.join(place, "checkpoints"), fault, ranks)
        finally:
            if fault.disk:
                subprocess.run(["umount", place], check=False)
            shutil.rmtree(place, ignore_errors=True)

    def try_fault_in(self, checkpoints, fault, ranks):
        outcome = self.run(ranks, checkpoints, fault)
        wrong = self.wrong_with(fault, ranks, outcome, checkpoints)
        if wrong:
            return "%s: %s" % (wrong, outcome)
        left = self.left_in(checkpoints)
        if left and fault.status not in ("", "SHS_ERROR_TIMEOUT", "SHS_ERROR_MPI"):  # there the job was ended
            return "left behind: %s" % " ".join(left)
        if fault.disk:
            words = ["mount", "-o", "remount,size=%d" % (4 * SMALL_DISK), os.path.dirname(checkpoints)]
            subprocess.run(words, check=True)
        if fault.status is None:
            return None
        limit = time.time() + SECONDS
        while pids_of(checkpoints) and time.time() < limit:
            time.sleep(0.05)
        outcome = self.run(3 if ranks == 2 else 2, checkpoints)
        if outcome.code != 0 or outcome.weights != [self.right]:
            return "the run that goes on: %s, expected %s" % (outcome, self.right)
        left = self.left_in(checkpoints)
        return "left behind in the end: %s" % " ".join(left) if left else None


def can_mount():
    with tempfile.TemporaryDirectory() as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder]
        if subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


def chosen(options):
    """Pairs of a fault and a number of ranks."""
    faults, numbers = list(all_faults()), [int(ranks) for ranks in options.ranks.split(",")]
    if not can_mount():
        print("without a small file system, which cannot be mounted here")
        faults = [fault for fault in faults if not fault.disk]
    if options.only:
        faults = [fault for fault in faults if re.search(options.only, fault.kind + ": " + fault.name)]
    if options.all or options.only:
        return [(fault, ranks) for fault in faults for ranks in numbers]
    choice = random.Random(options.seed)
    kinds = sorted(set(fault.kind for fault in faults))
    sample = [choice.choice([fault for fault in faults if fault.kind == kind]) for kind in kinds]
    return [(fault, numbers[i % len(numbers)]) for i, fault in enumerate(sample)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("preload")
    parser.add_argument("--mpirun", required=True)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--ranks", default="2,3,5")
    parser.add_argument("--only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    options.program, options.preload = os.path.realpath(options.program), os.path.realpath(options.preload)
    pairs = chosen(options) * options.repeat
    if options.repeat > 1:
        random.Random(options.seed).shuffle(pairs)
    if options.list:
        for fault, ranks in pairs:
            print("%d ranks, %s: %s" % (ranks, fault.kind, fault.name))
        return
    failures = tried = hangs = 0
    begin = time.time()
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        runs = Runs(options, folder)
        straight = runs.run(2, os.path.join(folder, "undisturbed"))
        if straight.code != 0 or len(straight.weights) != 1:
            sys.exit("the undisturbed run failed: %s" % straight)
        runs.right = straight.weights[0]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:

            def in_time(i):
                return OUT_OF_TIME if time.time() > begin + options.seconds else runs.try_fault(i, *pairs[i])

            for (fault, ranks), wrong in zip(pairs, pool.map(in_time, range(len(pairs)))):
                if wrong == OUT_OF_TIME:
                    continue
                tried += 1
                if tried % 50 == 0 and tried < len(pairs):
                    print("so far %d of %d faults, %d failed, %d of these hung; %.0f s" %
                          (tried, len(pairs), failures, hangs, time.time() - begin), flush=True)
                if wrong:
                    failures += 1
                    hangs += HUNG in wrong or "exit code None" in wrong
                    print("FAILED: %s on rank %d of %d: %s" %
                          (fault.name, fault.rank_of(ranks), ranks, wrong), flush=True)
    print("%d of %d faults ended as they must; a rank that does not come ended its run at most %.1f s after the limit" %
          (tried - failures, tried, runs.slowest))
    if tried < len(pairs):
        print("the time was over before the other %d" % (len(pairs) - tried))
    sys.exit(failures > 0)


main()
