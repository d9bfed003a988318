#!/usr/bin/env python3
"""A training that can be stopped at any step and gone on with, to the same weights.

    python3 resume.py fashion.h5 checkpoints --epochs 4
    python3 resume.py fashion.h5 checkpoints --epochs 4 --stop-after 100      exits with 75: run it again

SIGTERM stops it as well: the step is finished, weights and cursor are saved, and the exit code is 75. The same
command goes on from there. A job script does so with `until python3 resume.py ...; do [ $? = 75 ] || exit 1; done`.
"""

import argparse
import hashlib
import sys

import numpy as np

import shardstep

AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"


def gradient(weights, images, labels):
    """The mean over the rows of a batch, of a regression on the ten labels."""
    pixels = images.reshape(len(images), 28 * 28).astype(np.float64)
    errors = pixels @ weights - np.eye(10)[labels]
    return pixels.T @ errors / len(images)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file")
    arguments.add_argument("checkpoints", help="a folder of this run alone")
    arguments.add_argument("--epochs", type=int, default=4)
    arguments.add_argument("--stop-after", type=int, default=0, help="ask for a stop in the step of this number")
    given = arguments.parse_args()

    run = shardstep.Run(seed=42, stop_on_term=True)
    loader = run.dataset(given.file, "train/images,train/labels").loader(
        batch=64, epochs=given.epochs, augment=AUGMENT, ahead=4, threads=2
    )
    state = {"weights": np.zeros((28 * 28, 10))}
    if loader.restore(given.checkpoints, state):
        print(f"goes on at step {loader.tell().step}", flush=True)
    try:
        while (batch := loader.next()) is not None:
            images, labels = batch
            state["weights"] -= 1e-4 * gradient(state["weights"], images, labels)
            if batch.step + 1 == given.stop_after:
                run.request_stop()
            if batch.ends_epoch:
                loader.save(given.checkpoints, state)
    except shardstep.Stopped:
        loader.save(given.checkpoints, state)
        print(f"stopped at step {loader.tell().step}", flush=True)
        sys.exit(shardstep.EXIT_STOPPED)
    print("weights", hashlib.sha256(state["weights"].tobytes()).hexdigest()[:16])


main()
