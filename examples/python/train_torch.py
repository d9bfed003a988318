#!/usr/bin/env python3
"""Trains a small network on Fashion-MNIST with PyTorch, on one process.

    shardstep import fashion.h5 ...           as examples/quickstart.sh does
    python3 train_torch.py fashion.h5 --epochs 3

The Loader is the dataset of the DataLoader: batches come whole (batch_size=None), from threads of the library
(num_workers=0, threads=2), and as tensors without a copy (array=torch.from_numpy).
"""

import argparse

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

import shardstep

AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"
NORMALIZE = "test/images: normalize(mean=0.286, std=0.353)"


def network():
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 28)),
        torch.nn.Conv2d(1, 8, 5, stride=2), torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 5, stride=2), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(16 * 4 * 4, 10),
    )  # fmt: skip


def accuracy(model, loader):
    right = rows = 0
    with torch.no_grad():
        for images, labels in DataLoader(loader, batch_size=None):
            right += int((model(images).argmax(1) == labels).sum())
            rows += len(labels)
    return right / rows


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file")
    arguments.add_argument("--epochs", type=int, default=3)
    arguments.add_argument("--batch", type=int, default=64)
    arguments.add_argument("--seed", type=int, default=42)
    given = arguments.parse_args()

    torch.manual_seed(given.seed)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    with shardstep.Run(seed=given.seed) as run:
        training = run.dataset(given.file, "train/images,train/labels").loader(
            batch=given.batch, epochs=given.epochs, augment=AUGMENT, ahead=4, threads=2, array=torch.from_numpy
        )
        # a second loader of a run has another stream; it delivers its epoch also when a stop was requested
        testing = run.dataset(given.file, "test/images,test/labels").loader(
            batch=500, shuffle="none", augment=NORMALIZE, stream=1, through_stop=True, array=torch.from_numpy
        )
        for epoch in range(given.epochs):
            loss_sum = rows = 0
            for batch in DataLoader(training, batch_size=None):
                images, labels = batch
                loss = F.cross_entropy(model(images), labels.long())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                loss_sum += float(loss) * batch.count
                rows += batch.count
            print(f"epoch {epoch + 1}  loss {loss_sum / rows:.4f}  test accuracy {accuracy(model, testing):.4f}", flush=True)


main()
