#!/usr/bin/env python3
"""Trains a softmax regression on Fashion-MNIST with NumPy, on the ranks of mpi4py.

    mpirun -n 2 python3 mpi4py_ranks.py fashion.h5 --epochs 2 --vranks 4

The gradients of the virtual ranks are added by Run.sum(), so the weights have the same bits on 1, 2, 3 and 4 ranks.
OPENBLAS_NUM_THREADS=1 has NumPy multiply on one thread, because its sums depend on the number of threads, too.

With a library that was built with MPI, ranks talk by the library's own calls. With a wheel, which has no MPI, they do
so by the communicator of mpi4py. Batches and weights are the same.
"""

import argparse
import hashlib

import numpy as np
from mpi4py import MPI

import shardstep

AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"


def gradient(weights, images, labels):
    """The sums over the rows of a virtual rank's batch: of the gradient, of the loss, and of right answers."""
    pixels = np.c_[images.reshape(len(images), 28 * 28), np.ones(len(images), np.float32)]
    scores = pixels @ weights
    scores -= scores.max(1, keepdims=True, initial=-np.inf)
    shares = np.exp(scores)
    shares /= shares.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss, right = -np.log(shares[rows, labels] + 1e-12).sum(), (scores.argmax(1) == labels).sum()
    shares[rows, labels] -= 1
    return pixels.T @ shares, float(loss), float(right)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file")
    arguments.add_argument("--epochs", type=int, default=2)
    arguments.add_argument("--vranks", type=int, default=0, help="virtual ranks; 0: the number of ranks")
    given = arguments.parse_args()

    with shardstep.Run.mpi(MPI.COMM_WORLD, seed=42, vranks=given.vranks) as run:
        loader = run.dataset(given.file, "train/images,train/labels").loader(
            batch=64, epochs=given.epochs, augment=AUGMENT, ahead=4, threads=1, step_batches=True
        )
        weights = np.zeros((28 * 28 + 1, 10), np.float32)
        for epoch in range(given.epochs):
            epoch_loss = epoch_right = rows = 0
            for batch in loader:
                total, loss, right = run.sum([gradient(weights, *part) for part in batch.parts])
                weights -= np.float32(0.02) * (total / np.float32(batch.step_rows))
                epoch_loss, epoch_right, rows = epoch_loss + loss, epoch_right + right, rows + batch.step_rows
            if run.rank == 0:
                print(f"epoch {epoch + 1}  loss {epoch_loss / rows:.4f}  accuracy {epoch_right / rows:.4f}  rows {rows}  "
                      f"weights {hashlib.sha256(weights).hexdigest()[:16]}", flush=True)


main()
