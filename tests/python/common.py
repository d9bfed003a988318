"""What the tests of the module share. Argument of each: a file with 100 images."""

import gc
import sys

import checks
import shardstep

PATH = sys.argv[1]
FIELDS = "train/images,train/labels"
AUGMENT = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)"


def open_loader(run=None, **options):
    run = run or shardstep.Run(seed=7)
    return run.dataset(PATH, FIELDS).loader(**{"batch": 8, "ahead": 2, "threads": 1, "augment": AUGMENT, **options})


def content(batch):
    return [array.tobytes() for array in batch] + [batch.index.tobytes()]


def kept_by(loader):
    """How many batches of a loader lie in its memory, and are alive."""
    return sum(bool(batch.slot) for batch in loader._alive)


def run(tests):
    """Runs the functions of a file whose names begin with test_."""
    for name, test in list(tests.items()):
        if name.startswith("test_"):
            before = checks.failures
            test()
            print("passed" if checks.failures == before else "FAILED", name)
    gc.collect()
    checks.finish()
