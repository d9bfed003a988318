#!/usr/bin/env python3
"""What the module promises beside the bytes: kept batches, DLPack, arrays that outlive all, forks, resuming
and options. Argument: a file with 100 images."""

import gc
import multiprocessing
import os
import pickle
import queue
import sys
import threading

import numpy as np

import checks
import common
import shardstep
from common import PATH, content, kept_by, open_loader


def test_a_loop_takes_an_epoch():
    loader = open_loader(epochs=2)
    for epoch in range(2):
        batches = list(loader)
        checks.same("batches of an epoch", len(loader), len(batches))
        checks.same("epochs of batches", {epoch}, {b.epoch for b in batches})
        checks.same("rows", list(range(100)), sorted(int(i) for b in batches for i in b.index))
        checks.same("the end", [True], [b.ends_epoch for b in batches if b.ends_epoch])
        del batches
    checks.same("batches behind the last epoch", [], list(loader))
    checks.same("next() behind the last epoch", None, loader.next())
    checks.holds(loader.ended, "expected that the loader has ended")


def test_a_batch():
    loader = open_loader()
    batch = next(iter(loader))
    images, labels = batch
    checks.same("names", ("train/images", "train/labels"), batch.names)
    checks.same("shape and type of images", ((8, 28, 28), np.float32), (images.shape, images.dtype))
    checks.same("shape and type of labels", ((8,), np.uint8), (labels.shape, labels.dtype))
    checks.holds(batch["train/images"] is images and batch[1] is labels, "the arrays are not those of their names")
    checks.same("dict", {"train/images", "train/labels"}, set(dict(batch)))
    checks.holds(images.flags.writeable and not batch.index.flags.writeable, "expected fields to write to alone")
    checks.same("the address, modulo 64", 0, images.ctypes.data % 64)
    checks.same("without another row or mixing", (None, None, None, ()),
                (batch.replaced, batch.weight, batch.partner, batch.parts))
    checks.raises(KeyError, "it has train/images, train/labels", lambda: batch["images"])
    checks.same("names that it has", (True, False), ("train/labels" in batch, "labels" in batch))
    checks.holds(batch[np.int64(1)] is labels and batch[-1] is labels, "the arrays are not those of their numbers")
    checks.raises(IndexError, "", lambda: batch[2])
    checks.raises(TypeError, "", lambda: batch[0.5])
    draws = {one["name"]: one for one in batch.draws()}
    checks.same("operators that draw", {"random_crop", "random_flip"}, set(draws))
    checks.same("the shape of a draw", (8, 1), draws["random_crop"]["values"]["w"].shape)
    # the flip that the record tells is the flip of the array
    plain = open_loader(shardstep.Run(seed=7, report=None), augment="train/images: random_flip(axis=w, p=0.5)")
    stored = open_loader(shardstep.Run(seed=7), augment=None)
    flipped, as_stored = next(iter(plain)), next(iter(stored))
    applied = flipped.draws()[0]["values"]["w"][:, 0]
    for slot in range(8):
        expected = as_stored[0][slot][:, ::-1] if applied[slot] else as_stored[0][slot]
        checks.holds((flipped[0][slot] == expected).all(), f"slot {slot} is not flipped as its record says")


def test_a_batch_without_rows():
    run = shardstep.Run(seed=7, vranks=128)
    batches = list(open_loader(run, epochs=1, tail="short"))
    empty = [batch for batch in batches if batch.rows == 0]
    checks.is_more(len(empty), 0, "batches without rows")
    checks.same("shapes", {((0, 28, 28), (0,), (0,))}, {(b[0].shape, b[1].shape, b.index.shape) for b in empty})
    checks.same("the rows of all", 100, sum(len(batch.index) for batch in batches))


def test_hundred_batches_are_kept():
    for keep in (0, 4, 200):
        loader = open_loader(keep=keep, epochs=8)
        kept, before = [], []
        for _ in range(100):
            batch = loader.next()
            kept.append(tuple(batch) + (batch.index,))
            before.append(content(batch))
        del batch
        checks.same("batches that were copied", 100 - min(keep, 100), loader.copied)
        loader.close()
        loader.dataset.close()
        loader.run.close()
        after = [[array.tobytes() for array in arrays] for arrays in kept]
        checks.holds(before == after, f"kept batches have changed, with keep={keep}")
        checks.same("different batches", 100, len({tuple(one) for one in before}))


def test_memory_goes_back_to_the_ring():
    loader = open_loader(keep=2)
    addresses = set()
    for _ in range(60):
        batch = loader.next()
        view = batch[0][2:5, ::2]
        addresses.add(batch[0].ctypes.data)
        del batch  # `view` alone keeps the memory
        checks.same("batches that are kept while a view is alive", 1, kept_by(loader))
        del view
        checks.same("batches that are kept when it is gone", 0, kept_by(loader))
    checks.same("batches that were copied", 0, loader.copied)
    checks.holds(len(addresses) <= 6, f"60 batches had {len(addresses)} places, not those of a ring of at most 6")


def test_dlpack():
    loader = open_loader()
    batch = loader.next()
    images, before = batch[0], batch[0].tobytes()
    checks.same("the device", (1, 0), tuple(int(n) for n in images.__dlpack_device__()))
    other = np.from_dlpack(images)
    checks.same("the address", images.ctypes.data, other.ctypes.data)
    del batch, images
    for _ in range(20):
        loader.next()
    loader.close()
    checks.holds(other.tobytes() == before, "an array that came by DLPack was overwritten")


def test_arrays_die_in_threads():
    loader = open_loader(epochs=20)
    queue, done = [], threading.Event()

    def consume():
        ended = False
        while not ended:
            ended = done.is_set()  # before the queue is looked at: it is whole then
            while queue:
                queue.pop()[0].sum()

    thread = threading.Thread(target=consume)
    thread.start()
    rows = 0
    while True:
        batch = loader.next()
        if batch is None:
            break
        rows += batch.rows
        queue.append(batch)
        del batch
    done.set()
    thread.join()
    gc.collect()
    checks.same("rows", 2000, rows)
    checks.same("batches that are kept", 0, kept_by(loader))


def test_a_thread_converts_while_batches_are_copied():
    class Made:
        def __init__(self, array):
            self.array = array

    loader, found = open_loader(keep=2, batch=2, array=Made), set()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    given = queue.Queue()

    def consume():
        for batch in iter(given.get, None):
            found.add(type(batch[0]))

    thread = threading.Thread(target=consume)
    thread.start()
    for _ in range(3000):
        given.put(loader.next())
    given.put(None)
    thread.join()
    sys.setswitchinterval(before)
    checks.is_more(loader.copied, 0, "batches that were copied")
    checks.same("what a thread gets of the option `array`", {Made}, found)


def test_two_threads_load():
    sums = {}

    def load(name):
        loader = open_loader(shardstep.Run(seed=7), epochs=3)
        sums[name] = [content(batch) for _ in range(3) for batch in loader]

    threads = [threading.Thread(target=load, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checks.same("batches", 39, len(sums["a"]))
    checks.holds(sums["a"] == sums["b"], "two threads got other batches")


def in_child(loader, arrays, pipe):
    """What a child of fork() gets: the words of errors, and its copy of the arrays."""
    said = []
    for call in (lambda: iter(loader), loader.next, loader.state_dict, loader.run.agree):
        try:
            call()
            said.append("no error")
        except shardstep.ProcessError as error:
            said.append(str(error))
    of_parent = f" of process {os.getppid()}>"
    said.append([repr(opened).endswith(of_parent) for opened in (loader, loader.dataset, loader.run)])
    read = [array.tobytes() for array in arrays]
    del arrays
    loader.close()
    loader.run.close()
    gc.collect()
    pipe.send((said, read))


def test_a_forked_child_is_refused():
    loader = open_loader()
    batch = loader.next()
    arrays, before = list(batch), [array.tobytes() for array in batch]
    context = multiprocessing.get_context("fork")
    ours, its = context.Pipe()
    child = context.Process(target=in_child, args=(loader, arrays, its))
    child.start()
    said, read = ours.recv()
    child.join(60)
    checks.same("the exit code of the child", 0, child.exitcode)
    checks.same("what is told of what the parent has opened", [True] * 3, said.pop())
    for text in said:
        for words in ("num_workers=0", "threads=N", f"process {os.getpid()} opened the run"):
            checks.holds(words in text, f"no «{words}» in «{text}»")
    checks.same("the arrays in the child", before, read)
    checks.same("rows after the fork", 8, loader.next().rows)
    checks.raises(shardstep.ProcessError, "num_workers=0", pickle.dumps, loader)


def exit_of_child(function):
    """The exit code of a forked child that calls a function; it is killed after 10 seconds."""
    child = multiprocessing.get_context("fork").Process(target=function)
    child.start()
    child.join(10)
    child.kill()
    child.join()
    return child.exitcode


def load_in_child():
    sys.exit(0 if open_loader().next().rows == 8 else 1)


def test_a_forked_child_has_a_run_of_its_own():
    # while another thread is inside the library
    loader, done = open_loader(), threading.Event()

    def load():
        while not done.is_set():
            loader.next()

    thread = threading.Thread(target=load)
    thread.start()
    codes = {exit_of_child(load_in_child) for _ in range(5)}
    done.set()
    thread.join()
    checks.same("exit codes of children", {0}, codes)

    # and while a loader of the parent, with its threads, waits to be closed
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with shardstep._library.lock:
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    del loader, load
    gc.collect()
    checks.is_more(len(shardstep._library._pending), 0, "handles that wait")
    threading.Timer(0.2, leave.set).start()
    checks.same("exit code of a child", 0, exit_of_child(load_in_child))
    thread.join()


def test_a_run_goes_on():
    straight = open_loader(epochs=2)
    whole = [content(batch) for _ in range(2) for batch in straight]
    first = open_loader(epochs=2)
    for _ in range(7):
        first.next()
    state = pickle.loads(pickle.dumps(first.state_dict()))
    checks.same("the cursor", (0, 7, 7), (state["epoch"], state["epoch_step"], state["step"]))
    again = open_loader(epochs=2, ahead=0)
    again.load_state_dict(state)
    rest = [content(batch) for _ in range(2) for batch in again]
    checks.holds(whole[7:] == rest, "the batches after a resume are others")
    checks.same("replayed", whole[3], content(again.replay(shardstep.Cursor(0, 3, 3), 0)))
    again.seek((0, 12, 12))
    checks.same("after a seek", whole[12], content(again.next()))

    for options, run, words in (
        ({}, {"seed": 8}, "seed = 7"),
        ({}, {"seed": 7, "vranks": 3}, "pass vranks 1"),
        ({"batch": 9}, {"seed": 7}, "another batch"),
        ({"shuffle": "none"}, {"seed": 7}, "shuffle"),
        ({"augment": None}, {"seed": 7}, "augment"),
    ):
        other = open_loader(shardstep.Run(**run), **options)
        error = checks.raises(shardstep.Error, words, other.load_state_dict, state)
        checks.same("the status", "SHS_ERROR_MISMATCH", error.name)
        checks.same("where it stands", (0, 0, 0), other.tell())
    checks.raises(ValueError, "it has no fingerprint", again.load_state_dict, {"epoch": 0, "epoch_step": 0, "step": 0})


def test_one_virtual_rank_is_replayed():
    """A step's batch has the rows of all virtual ranks. Its replay begins within it."""
    loader = open_loader(shardstep.Run(seed=7, vranks=3), step_batches=True, epochs=1)
    first = loader.replay((0, 2, 2), 1)  # before any whole batch has lain in this slot
    whole = list(loader)
    steps = [content(batch) for batch in whole]
    parts = [[content(part) for part in batch.parts] for batch in whole]
    checks.same("the first replay", parts[2][1], content(first))
    del whole, first
    for step in range(5):
        for vrank in (2, 0, 1):
            checks.holds(parts[step][vrank] == content(loader.replay((0, step, step), vrank)),
                         f"the replay of virtual rank {vrank} in step {step} has other rows")
    loader.seek((0, 0, 0))
    checks.holds(steps == [content(batch) for batch in loader], "the steps have other rows after replays")


def test_checkpoints(folder="checkpoints"):
    weights = np.arange(12, dtype=np.float64).reshape(3, 4)
    loader = open_loader()
    checks.same("restored from nothing", False, loader.restore(folder, {"weights": weights}))
    loader.next()
    loader.save(folder, {"weights": weights, "steps": 5})
    loader.close()
    other, found = open_loader(), {"weights": np.zeros((3, 4)), "steps": np.zeros((), np.int64)}
    checks.same("restored", True, other.restore(folder, found))
    checks.holds((found["weights"] == weights).all() and found["steps"] == 5, f"restored {found}")
    checks.same("the cursor", (0, 1, 1), other.tell())
    checks.raises(TypeError, "to be filled", other.restore, folder, {"weights": 3.0})
    checks.raises(ValueError, "contiguous", other.restore, folder, {"weights": np.zeros((4, 3)).T})


def test_options():
    run = shardstep.Run(seed=7, vranks=2)
    data = run.dataset(PATH, {"x": "train/images", "y": "train/labels"})
    checks.same("fields", ["x", "y"], [field.name for field in data.fields])
    checks.same("samples", 100, len(data))
    checks.same("a location", (PATH, 42, 0, 0), data.locate(42))
    rows = np.arange(10, 30)
    loader = data.loader(batch=4, shuffle="none", subset={"rows": rows}, epochs=1)
    checks.same("the rows of a list", list(rows), sorted(int(i) for b in loader for i in b.index))
    loader = data.loader(batch=6, stream=1, step_batches=True, tail="pad", epochs=1,
                         subset={"from": 0.25, "to": 0.75, "split_seed": 3},
                         failures={"damage": "replace", "nan": "stop", "exclude": [0, 1]})
    batches = list(loader)
    checks.same("batches, one a step", loader.epoch_steps, len(batches))
    last = batches[-1]
    checks.same("weights of the last batch", last.count, int(last.weight.sum()))
    checks.same("parts", [0, 1], [part.vrank for part in last.parts])
    checks.holds((np.concatenate([part.index for part in last.parts]) == last.index).all(), "rows of the parts")
    checks.holds((np.concatenate([part["x"] for part in last.parts]) == last["x"]).all(), "images of the parts")
    loader = data.loader(batch=20, stream=2, sampling={"balance": "train/labels", "epoch_rows": 400},
                         augment="x: normalize(mean=0, std=1) mixup(alpha=0.4)")
    batch = loader.next()
    checks.holds(batch.partner.max() < 20 and batch.partner_weight.max() <= 1, "partners of a mixed batch")
    loader = data.loader(batch=4, stream=3, array=lambda array: ("mine", array))
    checks.same("what `array` makes", "mine", loader.next()["y"][0])

    class Tensor:
        def __init__(self, array):
            self.array = array

        def pin_memory(self):
            return "pinned", self.array.shape

    batch = data.loader(batch=4, stream=4, array=Tensor).next()
    checks.same("a pinned batch", [("pinned", (4, 28, 28)), ("pinned", (4,))], list(batch.pin_memory()))
    checks.same("rows of a pinned batch", batch.index.tolist(), batch.pin_memory().index.tolist())

    checks.raises(TypeError, "there is no option 'shufle'; did you mean shuffle?", data.loader, shufle="full")
    checks.raises(TypeError, "subset: there is no option 'form'; did you mean from?", data.loader, subset={"form": 0})
    checks.raises(ValueError, "Loader: shuffle is 'all'; it must be one of full, none, blocks", data.loader, shuffle="all")
    checks.raises(ValueError, "it must be from 0 to 4294967295", data.loader, ahead=1 << 32)
    checks.raises(ValueError, "it must be from 0 to 18446744073709551615", data.loader, batch=-1)
    checks.raises(TypeError, "batch must be a whole number, not 2.5", data.loader, batch=2.5)
    checks.raises(ValueError, "not below 0", data.loader, subset={"rows": [-1, 2]})
    checks.raises(TypeError, "step_batches must be True or False", data.loader, step_batches="yes")
    checks.raises(TypeError, "allocate and release", data.loader, memory={})
    checks.raises(ValueError, "fields has a NUL character", run.dataset, PATH, "train/images\0s")
    checks.raises(ValueError, "'a,b.h5' of a list has a comma", run.dataset, [PATH, "a,b.h5"], "train/images")


def test_memory_of_the_program():
    given = {}

    def allocate(size, alignment):
        memory = np.empty(size + alignment, np.uint8)
        address = (memory.ctypes.data + alignment - 1) // alignment * alignment
        given[address] = memory
        return address

    loader = open_loader(memory={"allocate": allocate, "release": lambda address, size: given.pop(address)})
    batch = loader.next()
    checks.holds(any(memory.ctypes.data <= batch[0].ctypes.data < memory.ctypes.data + memory.size
                     for memory in given.values()), "the batch lies elsewhere")
    loader.close()
    checks.same("memory that a kept batch takes", 1, len(given))
    del batch
    checks.same("memory that is left", 0, len(given))

    # a function that has the garbage collector run, which gives another batch back
    def release(address, size):
        gc.collect()
        del given[address]

    loader = open_loader(memory={"allocate": allocate, "release": release})
    garbage = [loader.next()]
    gc.disable()
    garbage.append(garbage)
    del garbage
    loader.next()
    loader.close()
    gc.enable()
    checks.same("memory that is left after a garbage collection", 0, len(given))

    def too_much(size, alignment):
        raise MemoryError("no more")

    error = checks.raises(shardstep.Error, "memory.allocate gave no memory", open_loader,
                          memory={"allocate": too_much, "release": print})
    checks.holds(isinstance(error.__cause__, MemoryError), f"the cause is {error.__cause__!r}")


common.run(globals())
