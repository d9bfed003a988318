#!/usr/bin/env python3
"""Writes what `shardstep digest --per-rank` hashes: for each batch a file OUT/STEP.VRANK with its count, its
row numbers and the rows of each field. Arguments: FILE OUT STEPS HOW, where HOW is `hand RANK RANKS`, `gather
RANKS` (a process for each rank, which pipes join), `mpi`, or `parts` (one batch a step)."""

import multiprocessing
import os
import sys

import numpy as np

import shardstep
from joined_ranks import gather_by

OPTIONS = dict(
    batch=7, ahead=2, threads=1, tail="pad", epochs=2,
    augment="train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)",
)  # fmt: skip


def write(out, batch):
    with open(f"{out}/{batch.step}.{batch.vrank}", "wb") as file:
        file.write(np.uint64(batch.count).tobytes())
        file.write(batch.index.tobytes())
        for array in batch:
            file.write(array.tobytes())


def deliver(run, path, out, steps, **options):
    data = run.dataset(path, ["train/images", "train/labels"])
    loader = data.loader(**OPTIONS, **options)
    while loader.tell().step < steps:
        batch = loader.next()
        for part in batch.parts or [batch]:
            write(out, part)
    run.close()


def gathered(rank, ranks, pipes, path, out, steps):
    """A rank that pipes join."""
    agree = gather_by(pipes, rank, ranks)
    deliver(shardstep.Run(rank, ranks, agree, seed=42, vranks=3), path, out, steps)


def main():
    path, out, steps, how = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    if how == "hand":
        rank, ranks = int(sys.argv[5]), int(sys.argv[6])
        deliver(shardstep.Run(rank, ranks, seed=42, vranks=3), path, out, steps)
    elif how == "environment":
        deliver(shardstep.Run.environment(seed=42, vranks=3), path, out, steps)
    elif how == "parts":
        deliver(shardstep.Run(seed=42, vranks=3), path, out, steps, step_batches=True)
    elif how == "mpi":
        run = shardstep.Run.mpi(seed=42, vranks=3)
        assert run.ranks == int(os.environ.get("OMPI_COMM_WORLD_SIZE", os.environ.get("PMI_SIZE", 1)))
        deliver(run, path, out, steps)
    else:
        ranks = int(sys.argv[5])
        pipes = [multiprocessing.Pipe() for _ in range(ranks)]
        workers = [multiprocessing.Process(target=gathered, args=(r, ranks, pipes, path, out, steps))
                   for r in range(ranks)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        sys.exit(max(worker.exitcode != 0 for worker in workers))


main()
