#!/usr/bin/env python3
"""Errors, and what is closed. Argument: a file with 100 images."""

import logging
import os
import pickle

import checks
import common
import shardstep
from common import FIELDS, PATH, content, open_loader


def test_processes_of_a_launcher_do_not_load_the_same_rows():
    for name in ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"):
        os.environ[name] = "2"
        try:
            checks.raises(shardstep.Error, ("one of 2 processes", name, "rank=0, ranks=1"), shardstep.Run, seed=7)
            alone = shardstep.Run(rank=0, ranks=1, seed=7)
            checks.same(f"ranks of a run that is meant to be alone, with {name}", 1, alone.ranks)
            os.environ[name] = "1"
            checks.same(f"ranks with {name}=1", 1, shardstep.Run(seed=7).ranks)
        finally:
            del os.environ[name]


def test_errors():
    run = shardstep.Run(rank=1, ranks=3)
    error = checks.raises(shardstep.Error, ("rank 1", "nowhere.h5", "No such file"), run.dataset, "nowhere.h5", "x")
    checks.same("the status", (-3, "SHS_ERROR_FILE"), (error.status, error.name))
    checks.raises(shardstep.Error, "no rank 3 of 3", shardstep.Run, 3, 3)
    error = checks.raises(shardstep.Error, "random_crop", open_loader, augment="train/images: random_cropp(padding=2)")
    checks.same("the status", "SHS_ERROR_ARGUMENT", error.name)
    loader = open_loader()
    loader.close()
    checks.raises(shardstep.Error, "the loader is closed", iter, loader)
    loader.run.close()
    checks.raises(shardstep.Error, "the run is closed", loader.run.agree)
    run.close()
    checks.same("rank and ranks of a closed run", (1, 3), (run.rank, run.ranks))
    for name in ("RANK", "WORLD_SIZE"):
        os.environ.pop(name, None)
    checks.raises(shardstep.Error, "'RANK' is not set", shardstep.Run.environment)


def test_what_is_closed_says_so():
    loader = open_loader()
    data, run, batch = loader.dataset, loader.run, loader.next()
    kept = content(batch)
    loops, state, cursor = iter(loader), loader.state_dict(), loader.tell()
    sizes = {"batches": len(loader), "samples": len(data), "rows": loader.statistics()["rows"]}
    checks.same("sizes while all is open", {"batches": 13, "samples": 100, "rows": 8}, sizes)
    run.close()
    checks.same("accounting after the run is closed", 8, loader.statistics()["rows"])
    checks.raises(shardstep.Error, "the run is closed", loader.next)
    loader.close()
    data.close()
    for call in (
        lambda: iter(loader), lambda: next(loops), loader.next, loader.try_next, lambda: loader.replay(cursor, 0),
        lambda: len(loader), lambda: loader.epoch_steps, loader.tell, lambda: loader.seek(cursor), loader.fingerprint,
        loader.state_dict, lambda: loader.load_state_dict(state), lambda: loader.save("closed", {}), loader.save_wait,
        lambda: loader.restore("closed", {}), loader.statistics, loader.memory, loader.times, loader.report,
        lambda: loader.trace_write("closed"), lambda: loader.slab(0), loader.__enter__, batch.draws,
    ):  # fmt: skip
        checks.raises(shardstep.Error, "the loader is closed", call)
    for call in (lambda: len(data), lambda: data.fields, lambda: data.locate(0), data.loader, data.__enter__):
        checks.raises(shardstep.Error, "the dataset is closed", call)
    for call in (run.agree, lambda: run.dataset(PATH, FIELDS), run.__enter__):
        checks.raises(shardstep.Error, "the run is closed", call)
    for closed in (loader, data, run):
        closed.close()
        checks.same("what is closed", f"<shardstep.{type(closed).__name__}, closed>", repr(closed))
        checks.raises(shardstep.ProcessError, "cannot be sent to another process", pickle.dumps, closed)
    run.request_stop()
    checks.holds(content(batch) == kept, "a kept batch has changed")
    checks.raises(TypeError, "must be a whole number", open_loader().slab, "images")
    checks.raises(IndexError, "there is no field 2", open_loader().slab, 2)


def test_damage_is_raised_in_its_step():
    damaged = "damaged.h5"
    damage(damaged)
    loader = shardstep.Run(seed=7).dataset(damaged, FIELDS).loader(batch=10, shuffle="none")
    steps = []
    error = checks.raises(shardstep.Error, ("checksum", "damaged.h5", "50"), lambda: steps.extend(b.step for b in loader))
    checks.same("the status", ("SHS_ERROR_FORMAT", [0, 1, 2, 3, 4]), (error.name, steps))
    checks.same("the cursor", (0, 5, 5), loader.tell())  # where the weights stand, too
    checks.raises(shardstep.Error, "checksum", loader.next)
    checks.same("the cursor of the state", 5, loader.state_dict()["step"])
    loader.save("failed", {})
    checks.raises(shardstep.Error, "checksum", loader.next)
    loader.seek((0, 7, 7))
    checks.same("the step after a seek", 7, loader.next().step)
    checks.holds(loader.restore("failed", {}), "expected a checkpoint")
    checks.same("the cursor of the checkpoint", (0, 5, 5), loader.tell())

    class Listener(logging.Handler):
        def emit(self, record):
            said.append((record.levelname, record.getMessage()))

    said, told = [], []
    logger, listener = logging.getLogger("shardstep"), Listener()
    logger.addHandler(listener)
    data = shardstep.Run(seed=7).dataset(damaged, FIELDS)
    for batch in data.loader(batch=10, shuffle="none", failures={"damage": "replace"}):
        if batch.step == 5:
            checks.same("rows and planned rows", ([51, 51], [50, 51]),
                        (batch.index[:2].tolist(), batch.replaced[:2].tolist()))
    logger.removeHandler(listener)
    checks.holds(said and said[0][0] == "WARNING" and "50" in said[0][1], f"what was logged: {said}")
    run = shardstep.Run(seed=7, report=lambda kind, text: told.append(kind))
    list(run.dataset(damaged, FIELDS).loader(batch=10, failures={"damage": "replace"}))
    checks.same("what `report` was told", ["replaced"], told)


def damage(path):
    """Writes a copy of the file whose image 50 is damaged."""
    with open(PATH, "rb") as file:
        data = bytearray(file.read())
    with open("images.bin", "rb") as file:  # the raw images, as they lie in the file
        file.seek(50 * 784)
        at = data.find(file.read(784))
    if checks.holds(at > 0, "image 50 is not found in the file"):
        data[at + 5] ^= 4
    with open(path, "wb") as file:
        file.write(data)


def test_without_agreements_no_state_is_behind_an_error():
    damage("damaged.h5")
    run = shardstep.Run(seed=7)
    loader = run.dataset("damaged.h5", FIELDS).loader(batch=10, shuffle="none", agree=False)
    for step in range(5):
        checks.same("rows", 10, loader.next().rows)
        run.agree()
    begin = loader.state_dict()
    for learns in (run.agree, loader.next):
        checks.same("rows of the damaged batch", 0, loader.next().rows)
        checks.raises(shardstep.Error, ("checksum", "50"), learns)
        words = ("the loader has failed", "seek to the beginning of the step", "checksum")
        error = checks.raises(shardstep.Error, words, loader.state_dict)
        checks.same("the status", "SHS_ERROR_STATE", error.name)
        checks.raises(shardstep.Error, "checksum", loader.save, "behind", {})
        checks.same("the cursor of the step that failed", (0, 5, 5), loader.tell())
        loader.load_state_dict(begin)
        checks.same("the state after a seek", begin, loader.state_dict())


def test_an_error_of_another_loader_costs_no_batch():
    damage("damaged.h5")
    run = shardstep.Run(seed=7)
    failing = run.dataset("damaged.h5", FIELDS).loader(batch=10, shuffle="none", agree=False)
    loader = open_loader(run, stream=1)
    failing.seek((0, 5, 5))
    steps = [loader.next().step, loader.next().step]
    checks.same("rows of the damaged batch", 0, failing.next().rows)
    checks.raises(shardstep.Error, "checksum", loader.next)
    checks.same("the cursor", (0, 2, 2), loader.tell())
    checks.same("steps", [0, 1, 2, 3], steps + [loader.next().step, loader.next().step])
    checks.same("the cursor of the state", 4, loader.state_dict()["step"])


def test_a_function_that_joins_ranks_fails():
    class Lost(Exception):
        pass

    def agree(mine):
        raise Lost("the other ranks have gone")

    error = checks.raises(shardstep.Error, "agree", shardstep.Run, 0, 2, agree)
    checks.same("the status", "SHS_ERROR_GATHER", error.name)
    checks.holds(isinstance(error.__cause__, Lost), f"the cause is {error.__cause__!r}")
    error = checks.raises(shardstep.Error, "agree", shardstep.Run, 0, 2, lambda mine: mine)
    checks.holds("bytes, not 2 times" in str(error.__cause__), f"the cause is {error.__cause__!r}")

    def nested(mine):
        shardstep.Run(agree=None)
        return [mine, mine]

    run = shardstep.Run(seed=1)
    inside = []

    def report(kind, text):
        try:
            run.agree()
        except shardstep.Error as error:
            inside.append(str(error))
        inside.append(repr(loader))

    reporting = shardstep.Run(seed=7, report=report)
    loader = reporting.dataset(PATH, FIELDS).loader(batch=10, failures={"exclude": [3]})
    list(loader)
    checks.holds(inside and "inside a function that the library had called" in inside[0], f"said: {inside}")
    checks.holds("<shardstep.Loader: epoch 0" in inside[1], f"said: {inside}")


common.run(globals())
