#!/usr/bin/env python3
"""The module with PyTorch. Argument: a file with 100 images; with RANK and WORLD_SIZE, as torchrun sets them, a
rank of a process group over gloo."""

import os
import sys

import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader, IterableDataset

import checks
import shardstep

PATH, FIELDS = sys.argv[1], "train/images,train/labels"


def one_process():
    a_loader_before_torch()
    data = shardstep.Run(seed=7).dataset(PATH, FIELDS)
    loader = data.loader(batch=8, ahead=2, threads=1, array=torch.from_numpy)
    expected = [[array.tobytes() for array in batch]
                for batch in shardstep.Run(seed=7).dataset(PATH, FIELDS).loader(batch=8)]
    checks.holds(isinstance(loader, IterableDataset) and isinstance(loader, shardstep.Loader), "no IterableDataset")
    kept = list(DataLoader(loader, batch_size=None))
    checks.same("batches", len(loader), len(kept))
    checks.holds(all(isinstance(batch[0], torch.Tensor) for batch in kept), "expected tensors")
    checks.same("the content", expected, [[tensor.numpy().tobytes() for tensor in batch] for batch in kept])

    # what a newcomer forgets
    for array in (torch.from_numpy, None):
        whole = data.loader(batch=8, stream=2, array=array)
        for options in ({}, {"batch_size": 4, "drop_last": True}):
            checks.raises(TypeError, "give it batch_size=None", next, iter(DataLoader(whole, **options)))
        own = DataLoader(whole, batch_size=2, collate_fn=lambda batches: [batch.rows for batch in batches])
        checks.same("batches by a collate_fn of the program", [8, 8], next(iter(own)))
        whole.close()
    for where in (data.loader(batch=8, stream=2).next().pin_memory, lambda: torch.utils.data._utils.pin_memory.pin_memory(
            data.loader(batch=8, stream=3).next())):  # fmt: skip
        checks.raises(TypeError, ("train/images is of the type ndarray", "array=torch.from_numpy"), where)

    # by DLPack and by from_numpy() without a copy, and never overwritten
    plain = data.loader(batch=8, stream=1)
    batch = plain.next()
    tensor, other = torch.from_dlpack(batch[0]), torch.from_numpy(batch[0])
    address = batch[0].ctypes.data
    checks.same("addresses", {address}, {tensor.data_ptr(), other.data_ptr()})
    before = batch[0].tobytes()
    del batch, other
    for _ in range(30):
        plain.next()
    plain.close()
    data.close()
    checks.holds(tensor.numpy().tobytes() == before, "a tensor was overwritten")

    # a worker would deliver every row once more
    for context, kind in (("fork", shardstep.ProcessError), ("spawn", shardstep.ProcessError)):
        words = ("num_workers=0", "threads=N")
        workers = DataLoader(loader, batch_size=None, num_workers=1, multiprocessing_context=context)
        checks.raises(kind, words, lambda: list(workers))
    checks.finish()


def a_loader_before_torch():
    hidden = {name: sys.modules.pop(name) for name in ("torch.utils.data",)}
    loader = shardstep.Run(seed=7).dataset(PATH, FIELDS).loader(batch=8)
    sys.modules.update(hidden)
    checks.holds(not isinstance(loader, IterableDataset), "an IterableDataset without torch")
    checks.raises(TypeError, "import torch before", next, iter(DataLoader(loader, batch_size=None)))


def a_rank():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    run = shardstep.Run.torch(seed=7, vranks=3)
    checks.same("rank and ranks", (rank, 2), (run.rank, run.ranks))
    loader = run.dataset(PATH, FIELDS).loader(batch=8, epochs=2, step_batches=True, array=torch.from_numpy)
    rows = torch.zeros(100, dtype=torch.int64)
    for batch in loader:
        rows[torch.from_numpy(batch.index.astype(np.int64))] += 1
    dist.all_reduce(rows)
    checks.same("how often each row came", {1}, set(rows.tolist()))
    checks.same("epochs that were compared", 1, loader.statistics()["epochs_verified"])

    # the option `group` is that of Shardstep, as in every run
    pair = shardstep.Run.torch(dist.new_group([0, 1]), group=2)
    checks.same("a group of two ranks", (2, rank, 1), (pair.group, pair.member, pair.vranks))
    pair.close()

    # sums of tensors have the bits of one process
    parts = [{"w": torch.randn(300, 2, generator=torch.Generator().manual_seed(v)), "n": [float(v)]} for v in range(3)]
    total = run.sum(parts[run.first_vrank:run.first_vrank + run.hosted])
    alone = shardstep.Run(rank=0, ranks=1, vranks=3).sum(parts)
    checks.same("sums", (torch.Tensor, [3.0]), (type(total["w"]), total["n"]))
    checks.holds(torch.equal(total["w"], alone["w"]), "a sum of tensors has other bits than on one rank")

    # a stop that one rank asks for reaches both in the same step, and so does an error
    steps = 0
    try:
        for batch in loader:
            steps += 1
            if rank == 1 and steps == 2:
                run.request_stop()
    except shardstep.Stopped:
        pass
    else:
        checks.fail("expected Stopped")
    checks.same("steps before the stop", 3, steps)
    path = PATH if rank == 0 else "nowhere.h5"
    error = checks.raises(shardstep.Error, ("rank 1", "nowhere.h5"), run.dataset, path, FIELDS)
    checks.holds(error.agreed, "the error was not agreed on")
    run.close()
    dist.barrier()
    checks.finish()


a_rank() if "RANK" in os.environ else one_process()
