"""Shardstep: data-parallel loading with reproducible random augmentation.

    import shardstep

    with shardstep.Run(seed=42) as run:
        data = run.dataset("fashion.h5", "train/images,train/labels")
        loader = data.loader(batch=64, epochs=10, ahead=4, threads=2,
                             augment="train/images: random_crop(padding=2) random_flip(axis=w)")
        for epoch in range(10):
            for batch in loader:
                images, labels = batch      # NumPy arrays, without a copy

THREADS. One thread at a time is inside the library; another that calls meanwhile waits. The GIL is
released while a call waits or loads, so other threads of Python run. Arrays may be used, and their last
reference may go, in any thread. If MPI was initialised for calls of one thread (MPI_THREAD_FUNNELED), a run
of Run.mpi() must be used in the thread that opened it. The functions `agree` and `report` are called in the
thread that calls Shardstep; they must not call it.

PROCESSES. A run belongs to the process that opened it. In a child of fork(), and in a worker of a PyTorch
DataLoader, iteration raises ProcessError: give num_workers=0 to the DataLoader, and threads=N to the Loader.

ERRORS. Error carries the library's message, and its status as `status` and `name`. Stopped is raised at the
beginning of a step when a stop was requested on any rank and agreed on.
"""

from ._batch import Batch
from ._dataset import Dataset, Field, Location
from ._library import Error, ProcessError, Stopped, has_mpi
from ._library import path as library
from ._loader import Cursor, Loader
from ._run import Run
from ._version import VERSION as __version__

EXIT_STOPPED = 75
"""The exit code of a program that was stopped and has saved: run it again."""

__all__ = [
    "Batch", "Cursor", "Dataset", "EXIT_STOPPED", "Error", "Field", "Loader", "Location", "ProcessError", "Run",
    "Stopped", "has_mpi", "library",
]  # fmt: skip
