#!/usr/bin/env python3
"""Trains a small network on Fashion-MNIST on several processes, by DistributedDataParallel over gloo.

    torchrun --nproc_per_node 2 torchrun_train.py fashion.h5 --epochs 3

Every process reads its share of each step. The run is defined for V virtual ranks (--vranks), so the order of
rows and the augmentation are the same on any number of processes from 1 to V. Each rank adds the gradients of
its virtual ranks, and DistributedDataParallel takes the mean over ranks; with the weight below this is the mean
over the rows of the step, also in the last step of an epoch, where ranks may have different numbers of rows.
"""

import argparse

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

import shardstep

AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"


def network():
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 28)),
        torch.nn.Conv2d(1, 8, 5, stride=2), torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 5, stride=2), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(16 * 4 * 4, 10),
    )  # fmt: skip


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file")
    arguments.add_argument("--epochs", type=int, default=3)
    arguments.add_argument("--batch", type=int, default=32, help="rows of a virtual rank in a step")
    arguments.add_argument("--vranks", type=int, default=4)
    arguments.add_argument("--steps", type=int, default=0, help="end after so many steps; 0: no end")
    given = arguments.parse_args()

    dist.init_process_group("gloo")
    torch.manual_seed(0)
    model = DistributedDataParallel(network())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    # step_batches: one batch a step, with the rows of all virtual ranks of this process
    run = shardstep.Run.torch(seed=42, vranks=given.vranks)
    loader = run.dataset(given.file, "train/images,train/labels").loader(
        batch=given.batch, epochs=given.epochs, augment=AUGMENT, ahead=4, threads=1, step_batches=True,
        array=torch.from_numpy,
    )  # fmt: skip
    try:
        for epoch in range(given.epochs):
            sums = torch.zeros(2)
            for batch in loader:
                images, labels = batch
                loss = F.cross_entropy(model(images), labels.long(), reduction="sum")
                optimizer.zero_grad()
                (loss * run.ranks / batch.step_rows).backward()
                optimizer.step()
                sums += torch.tensor([float(loss), batch.count])
                if given.steps and batch.step + 1 == given.steps:
                    run.request_stop()
            dist.all_reduce(sums)
            if run.rank == 0:
                print(f"epoch {epoch + 1}  loss {float(sums[0] / sums[1]):.4f}  rows {int(sums[1])}", flush=True)
    except shardstep.Stopped:
        if run.rank == 0:
            print(f"stopped after step {loader.tell().step}", flush=True)
    run.close()
    dist.destroy_process_group()


main()
