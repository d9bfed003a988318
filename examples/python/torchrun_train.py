#!/usr/bin/env python3
"""Trains a small network on Fashion-MNIST on several processes, by DistributedDataParallel over gloo.

    torchrun --nproc_per_node 2 torchrun_train.py fashion.h5 --epochs 3
    sbatch jobscripts/torchrun.sbatch python3 torchrun_train.py fashion.h5 --epochs 3

Every process reads its share of each step. The run is defined for V virtual ranks (--vranks), so the order of
rows and the augmentation are the same on any number of processes from 1 to V. Each rank adds the gradients of
its virtual ranks, and DistributedDataParallel takes the mean over ranks; with the weight below this is the mean
over the rows of the step, also in the last step of an epoch, where ranks may have different numbers of rows.

With --checkpoints, or the variable CHECKPOINTS, it saves after each epoch, and goes on from there when it is
started again. SIGUSR1 and SIGTERM stop it: it finishes the step, saves, and returns 75. On the same number of
processes the weights at the end are those of a run that was never stopped. On another number of them
DistributedDataParallel adds in another order, so the weights agree but for rounding.
"""

import argparse
import hashlib
import os
import signal
import sys

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


def save(folder, state):
    """Writes a checkpoint, and names it in the file `latest`: whole or not at all."""
    os.makedirs(folder, exist_ok=True)
    name = f"step-{state['loader']['step']}.pt"
    torch.save(state, os.path.join(folder, "new.pt"))
    os.replace(os.path.join(folder, "new.pt"), os.path.join(folder, name))
    with open(os.path.join(folder, "new"), "w") as latest:
        latest.write(name + "\n")
    os.replace(os.path.join(folder, "new"), os.path.join(folder, "latest"))


def newest(folder):
    """What was saved last, or None if nothing was. A checkpoint that `latest` names must be there."""
    try:
        with open(os.path.join(folder, "latest")) as latest:
            name = latest.read().strip()
    except FileNotFoundError:
        return None
    return torch.load(os.path.join(folder, name))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file")
    arguments.add_argument("--epochs", type=int, default=3)
    arguments.add_argument("--batch", type=int, default=32, help="rows of a virtual rank in a step")
    arguments.add_argument("--vranks", type=int, default=4)
    arguments.add_argument("--checkpoints", default=os.environ.get("CHECKPOINTS"), help="a folder of this run alone")
    arguments.add_argument("--stop-after", type=int, default=0, help="ask for a stop in the step of this number")
    given = arguments.parse_args()

    dist.init_process_group("gloo")
    torch.manual_seed(0)
    # Without find_unused_parameters, DistributedDataParallel sorts the gradients anew after its first step. A run
    # that goes on would add those of its first step in another order than a run that was never stopped.
    model = DistributedDataParallel(network(), find_unused_parameters=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    # step_batches: one batch a step, with the rows of all virtual ranks of this process
    run = shardstep.Run.torch(seed=42, vranks=given.vranks, stop_signal=signal.SIGUSR1, stop_on_term=True)
    loader = run.dataset(given.file, "train/images,train/labels").loader(
        batch=given.batch, epochs=given.epochs, augment=AUGMENT, ahead=4, threads=1, step_batches=True,
        array=torch.from_numpy,
    )  # fmt: skip
    sums = torch.zeros(2)  # of this process in this epoch: the loss, the rows

    def checkpoint():
        total = sums.clone()
        dist.all_reduce(total)
        if run.rank == 0 and given.checkpoints:
            save(given.checkpoints, {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                                     "sums": total, "loader": loader.state_dict()})  # fmt: skip
        dist.barrier()

    state = newest(given.checkpoints) if given.checkpoints else None
    if state:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        loader.load_state_dict(state["loader"])
        if run.rank == 0:
            sums += state["sums"]
    if run.rank == 0:
        print(f"{run.ranks} processes go on from step {loader.tell().step}", flush=True)
    try:
        while (batch := loader.next()) is not None:
            images, labels = batch
            loss = F.cross_entropy(model(images), labels.long(), reduction="sum")
            optimizer.zero_grad()
            (loss * run.ranks / batch.step_rows).backward()
            optimizer.step()
            sums += torch.tensor([float(loss), batch.count])
            if batch.step + 1 == given.stop_after:
                run.request_stop()
            if batch.ends_epoch:
                dist.all_reduce(sums)
                loss, rows = sums.tolist()
                if run.rank == 0:
                    print(f"epoch {batch.epoch + 1}  loss {loss / rows:.4f}  rows {int(rows)}", flush=True)
                sums.zero_()
                checkpoint()
    except shardstep.Stopped:
        checkpoint()
        if run.rank == 0:
            print(f"stopped after step {loader.tell().step}", flush=True)
        return shardstep.EXIT_STOPPED
    weights = b"".join(value.numpy().tobytes() for value in model.state_dict().values())
    if run.rank == 0:
        print("weights", hashlib.sha256(weights).hexdigest()[:16], flush=True)
    run.close()
    return 0


code = main()
# Some versions of PyTorch, 1.13 among them, hang now and then while they take down a process that has used
# gloo. All is saved and printed by now, so the process ends without that.
sys.stderr.flush()
os._exit(code)
