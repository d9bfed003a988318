#!/usr/bin/env python3
"""Trains a softmax regression on Fashion-MNIST with NumPy, on the ranks of mpi4py.

    mpirun -n 2 python3 mpi4py_ranks.py fashion.h5 --epochs 2

With a library that was built with MPI, ranks agree on errors and stops by the library's own calls. With a wheel,
which has no MPI, they do so by the communicator of mpi4py. The batches are the same.
"""

import argparse

import numpy as np
from mpi4py import MPI

import shardstep

AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"


def gradient(weights, images, labels):
    """The sum over the rows of a batch: of the gradient, of the loss, and of right answers."""
    pixels = np.c_[images.reshape(len(images), 28 * 28), np.ones(len(images), np.float32)]
    scores = pixels @ weights
    scores -= scores.max(1, keepdims=True, initial=-np.inf)
    shares = np.exp(scores)
    shares /= shares.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss, right = -np.log(shares[rows, labels] + 1e-12).sum(), (scores.argmax(1) == labels).sum()
    shares[rows, labels] -= 1
    return pixels.T @ shares, loss, right


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file")
    arguments.add_argument("--epochs", type=int, default=2)
    arguments.add_argument("--vranks", type=int, default=0, help="0: the number of ranks")
    given = arguments.parse_args()

    comm = MPI.COMM_WORLD
    with shardstep.Run.mpi(comm, seed=42, vranks=given.vranks) as run:
        loader = run.dataset(given.file, "train/images,train/labels").loader(
            batch=64, epochs=given.epochs, augment=AUGMENT, ahead=4, threads=1, step_batches=True
        )
        weights = np.zeros((28 * 28 + 1, 10), np.float32)
        total = np.empty_like(weights)
        for epoch in range(given.epochs):
            sums = np.zeros(3)
            for batch in loader:
                images, labels = batch
                own, loss, right = gradient(weights, images, labels)
                comm.Allreduce(own.astype(np.float32), total)
                weights -= 0.02 / batch.step_rows * total
                sums += loss, right, batch.count
            comm.Allreduce(MPI.IN_PLACE, sums)
            if run.rank == 0:
                print(f"epoch {epoch + 1}  loss {sums[0] / sums[2]:.4f}  accuracy {sums[1] / sums[2]:.4f}  "
                      f"rows {int(sums[2])}", flush=True)


main()
