#!/usr/bin/env python3
"""Run.sum() gives the bits of a slow reference, of one process, and of ranks that a function joins. Without an
argument it starts ranks of its own. With `mpi` it is one rank of mpi4py."""

import multiprocessing
import struct
import sys

import numpy as np

import checks
import shardstep
from joined_ranks import gather_by

SHAPES = {"weights/w": ((40, 3), np.float32), "b": ((7,), np.float64), "loss": ((), np.float32), "none": ((0, 2), np.float64)}


def part_of(vrank, member=0):
    """What a virtual rank gives: numbers of all sizes, zeros of both signs, and an infinity."""
    random = np.random.RandomState(1000 * member + vrank)
    part = {}
    for name, (shape, dtype) in SHAPES.items():
        values = random.standard_normal(shape) * 10.0 ** random.randint(-9, 9, shape)
        part[name] = np.where(random.random_sample(shape) < 0.2, -0.0, values).astype(dtype)
    part["b"][:2] = [np.inf, -0.0]
    return {"model": part, "count": float(vrank + member), "list": [part["b"][3:]]}


def leaves(part):
    for value in part.values() if isinstance(part, dict) else part:
        if isinstance(value, (dict, list)):
            yield from leaves(value)
        else:
            yield np.asarray(value)


def slow(leaf, a, z, part):
    """The sum of an element of virtual ranks [a,z), by the words of gradient.h."""
    if z == a + 1:
        return part(a)
    m = a + max(1 << n for n in range(20) if 1 << n < z - a)
    total = slow(leaf, a, m, part) + slow(leaf, m, z, part)
    return struct.unpack("f", struct.pack("f", total))[0] if leaf.dtype == np.float32 else total


def expected(vranks, group=1):
    parts = [[list(leaves(part_of(v, member))) for member in range(group)] for v in range(vranks)]
    bits = []
    for number, leaf in enumerate(parts[0][0]):
        total = np.empty(leaf.shape, leaf.dtype)
        for at in np.ndindex(leaf.shape):
            total[at] = slow(leaf, 0, vranks, lambda v: slow(
                leaf, 0, group, lambda member: float(parts[v][member][number][at])))
        bits.append(total.tobytes())
    return bits


def bits_of(run):
    mine = range(run.first_vrank, run.first_vrank + run.hosted)
    total = run.sum([part_of(v, run.member) for v in mine])
    checks.same("names", ["model", "count", "list"], list(total))
    checks.same("types", (np.ndarray, np.ndarray, float), (type(total["model"]["b"]), type(total["model"]["loss"]),
                                                           type(total["count"])))
    return [leaf.tobytes() for leaf in leaves(total)]


# ---- Ranks that pipes join.


def in_rank(function, rank, ranks, pipes, results):
    results.put((rank, function(rank, ranks, gather_by(pipes, rank, ranks)), checks.failures))


def on_ranks(ranks, function):
    """What a function returns on each rank."""
    context = multiprocessing.get_context("fork")
    pipes, results = [context.Pipe() for _ in range(ranks)], context.Queue()
    workers = [context.Process(target=in_rank, args=(function, r, ranks, pipes, results)) for r in range(ranks)]
    for worker in workers:
        worker.start()
    found = sorted(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    checks.same("checks that failed on ranks", 0, sum(failures for _, _, failures in found))
    return [result for _, result, _ in found]


def test_sums():
    for vranks in (1, 2, 3, 7, 12):
        bits = expected(vranks)
        checks.holds(bits == bits_of(shardstep.Run(vranks=vranks)), f"one process has other bits, with V = {vranks}")
        for ranks in (2, 3, 5):
            if ranks > vranks:
                continue

            def sums(rank, ranks, agree):
                with shardstep.Run(rank, ranks, agree, vranks=vranks) as run:
                    whole = bits_of(run)
                    shardstep._sum.PIECE_BYTES = 200  # in many pieces, whose last ones are shorter
                    return whole, bits_of(run)

            for rank, found in enumerate(on_ranks(ranks, sums)):
                checks.holds(found == (bits, bits), f"rank {rank} of {ranks} has other bits, with V = {vranks}")


def test_groups():
    def sums(rank, ranks, agree):
        with shardstep.Run(rank, ranks, agree, vranks=3, group=2) as run:
            return bits_of(run)

    bits = expected(3, 2)
    for rank, found in enumerate(on_ranks(4, sums)):
        checks.holds(found == bits, f"rank {rank} of 2 groups has other bits")


def test_forms():
    run = shardstep.Run(vranks=3)
    stacked = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    checks.same("an array with an axis of virtual ranks", [[12, 15], [18, 21]], run.sum(stacked).tolist())
    checks.same("floats", (6.0, float), (run.sum([1.0, 2.0, 3.0]), type(run.sum([1.0, 2.0, 3.0]))))
    checks.same("numbers of NumPy", [np.float32, np.float64], [type(run.sum([kind(1)] * 3)) for kind in (np.float32, np.float64)])
    checks.same("the parts are as they were", list(range(12)), stacked.ravel().tolist())
    checks.same("an array that is not contiguous", [[0, 3], [6, 9]], run.sum([stacked[1].T * 0, stacked[0] * 3, -0 * stacked[0]]).tolist())
    for error, words, parts in (
        (ValueError, ("each of the 3 virtual ranks", "it has 2 elements"), [1.0, 2.0]),
        (ValueError, "it has the type float", 1.0),
        (TypeError, "is a dict", {"a": 1.0, "b": 2.0, "c": 3.0}),
        (TypeError, "w.0 is of the type int64; float32 and float64 are added", [{"w": [np.arange(3)]}] * 3),
        (ValueError, "w has other shapes or types for other virtual ranks: float64 (1,), float64 (2,)",
         [{"w": np.ones(n)} for n in (1, 2, 3)]),
        (ValueError, "other names", [{"w": 1.0}, {"w": 1.0}, {"v": 1.0}]),
        (ValueError, "other numbers", [[1.0], [1.0], [1.0, 2.0]]),
        (ValueError, "there is no array in it", [{}] * 3),
        (ValueError, "has 8 axes; at most 7", [np.ones((1,) * 8)] * 3),
    ):  # fmt: skip
        checks.raises(error, words, run.sum, parts)
    run.close()
    checks.raises(shardstep.Error, "the run is closed", run.sum, [1.0] * 3)
    error = checks.raises(shardstep.Error, "know nothing of each other", shardstep.Run(0, 2).sum, [1.0])
    checks.same("the status", "SHS_ERROR_UNSUPPORTED", error.name)


def test_ranks_share_what_rank_0_has():
    def share(rank, ranks, agree):
        state = {"w": np.arange(3000.0) + rank, "steps": np.full((2, 2), rank, np.int64)}
        with shardstep.Run(rank, ranks, agree) as run:
            error = checks.raises(shardstep.Error, "the state: element 0 of tensor w", run.same, "the state", state)
            checks.same("the status", ("SHS_ERROR_DISAGREE", True), (error.name, error.agreed))
            run.broadcast(state)
            run.same("the state", state)
        checks.raises(ValueError, "writable", run.__class__(0, 1).broadcast, {"w": np.ones((2, 3)).T})
        return state["w"][0], state["steps"].tolist()

    checks.same("what ranks have", {(0.0, str([[0, 0], [0, 0]]))}, {(w, str(s)) for w, s in on_ranks(3, share)})


def test_ranks_that_differ():
    def differ(rank, ranks, agree):
        said = []
        run = shardstep.Run(rank, ranks, agree)
        for call in (
            lambda: run.sum([{"w": np.ones((2, 3 + rank), np.float32)}]),
            lambda: run.sum([{"w" if rank else "v": 1.0}]),
            lambda: run.sum([1.0]) if rank else run.agree(),
        ):
            error = checks.raises(shardstep.Error, "", call)
            said.append((error.name, error.agreed, str(error)))
        checks.same("a sum after these", 2.0, run.sum([1.0]))
        run.close()
        return said

    for said in on_ranks(2, differ):
        checks.same("statuses", {("SHS_ERROR_DISAGREE", True)}, {one[:2] for one in said})
        for words, (_, _, text) in zip(("f32 2x4 here and w f32 2x3 on rank 0", "w f64", "called shs_same(Run.sum()"), said):
            checks.holds(words in text, f"no «{words}» in «{text}»")

    def fail(rank, ranks, agree):
        calls = []

        def some(mine):
            calls.append(len(mine))
            if len(mine) == 40:
                raise OSError("no route")
            return agree(mine)

        run = shardstep.Run(rank, ranks, some)
        error = checks.raises(shardstep.Error, ("Run.sum()", "no route", "close the run"), run.sum, [np.ones(5)])
        checks.same("the cause", OSError, type(error.__cause__))
        before = len(calls)
        checks.raises(shardstep.Error, "agree", run.agree)
        checks.raises(shardstep.Error, "agree", run.close)
        return len(calls) - before

    checks.same("calls after the failure", [0, 0], on_ranks(2, fail))


def main():
    if sys.argv[1:] == ["mpi"]:
        for vranks in (3, 7):
            with shardstep.Run.mpi(vranks=vranks) as run:
                checks.holds(bits_of(run) == expected(vranks), f"mpi4py has other bits, with V = {vranks}")
        checks.finish()
        return
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
    checks.finish()


main()
