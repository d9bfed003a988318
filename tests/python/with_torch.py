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
    data = shardstep.Run(seed=7).dataset(PATH, FIELDS)
    loader = data.loader(batch=8, ahead=2, threads=1, array=torch.from_numpy)
    expected = [[array.tobytes() for array in batch]
                for batch in shardstep.Run(seed=7).dataset(PATH, FIELDS).loader(batch=8)]
    checks.holds(isinstance(loader, IterableDataset) and isinstance(loader, shardstep.Loader), "no IterableDataset")
    kept = list(DataLoader(loader, batch_size=None))
    checks.same("batches", len(loader), len(kept))
    checks.holds(all(isinstance(batch[0], torch.Tensor) for batch in kept), "expected tensors")
    checks.same("the content", expected, [[tensor.numpy().tobytes() for tensor in batch] for batch in kept])

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
