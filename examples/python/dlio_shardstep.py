"""A data loader for DLIO, the benchmark under MLPerf Storage, that reads by Shardstep.

DLIO takes the class by its name, with this file's folder in PYTHONPATH:

    dlio_benchmark ... ++workload.reader.data_loader_classname=dlio_shardstep.ShardstepLoader \
        ++workload.reader.data_loader_sampler=none

dlio.sh, in this folder, runs DLIO's own PyTorch loader and this one in turns, and prints a table.

What each delivers is not the same. DLIO 2.0.0 opens a file for each sample and reads the sample, but drops what
it has read: its batches are copies of one random array of the same size, or of record_length_resize bytes. This
loader delivers the records that it has read, whole, each once an epoch.
"""

import os
import queue
import tempfile
import threading

from dlio_benchmark.common.enumerations import DataLoaderType, DatasetType, FormatType, Shuffle
from dlio_benchmark.data_loader.base_data_loader import BaseDataLoader
from dlio_benchmark.utils.utility import DLIOMPI

import shardstep

BESIDE = 2  # batches that another thread takes before DLIO asks for them


class ShardstepLoader(BaseDataLoader):
    """The batches of DLIO's HDF5 files, as NumPy arrays of shape (batch_size, rows, columns), without a copy.

    The ranks are those of DLIO. Options of DLIO that count: batch_size, read_threads, prefetch_size (0 stands for
    two batches a thread, as in DLIO's PyTorch loader), sample_shuffle, seed, epochs. sample_shuffle mixes the
    samples of all files and ranks, where DLIO's PyTorch loader mixes those of a rank. The rows that are left over
    at the end of an epoch are dropped, as in DLIO. All files must have records of one shape, so
    record_length_stdev must be 0.

    Memory: prefetch_size batches, and four that were taken from the loader: see BESIDE.
    """

    def __init__(self, format_type, dataset_type, epoch_number):
        super().__init__(format_type, dataset_type, epoch_number, DataLoaderType.PYTORCH)
        self._run = self._loader = None

    def read(self):
        """Collective. Opens the files. DLIO calls this once, before the first epoch."""
        args, training = self._args, self.dataset_type is DatasetType.TRAIN
        if self.format_type is not FormatType.HDF5:
            raise ValueError(f"ShardstepLoader reads workload.dataset.format=hdf5, not {self.format_type}")
        if args.preprocess_time or args.preprocess_time_stdev:
            raise ValueError("ShardstepLoader has no time of preprocessing: set workload.reader.preprocess_time=0")
        files = args.file_list_train if training else args.file_list_eval
        self._passes = args.epochs if training else _evaluations(args)
        ranks = args.comm_size
        self._may_thread = ranks == 1 or _is_mpi_for_threads()
        if ranks > 1:
            self._run = shardstep.Run.mpi(DLIOMPI.get_instance().comm(), seed=args.seed, vranks=ranks)
        else:
            self._run = shardstep.Run(seed=args.seed)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", errors="surrogateescape") as names:
            names.writelines(os.path.abspath(file) + "\n" for file in files)
            names.flush()
            # If a file is a sample, only the first one is opened here. Otherwise all are, and rows of them are read.
            data = self._run.dataset("@" + names.name, "records", one_sample_a_file=args.num_samples_per_file == 1)
        self._loader = data.loader(
            batch=self.batch_size,
            epochs=self._passes,
            shuffle="none" if args.sample_shuffle is Shuffle.OFF else "full",
            tail="drop",
            threads=args.read_threads,
            ahead=args.prefetch_size or 2 * max(1, args.read_threads),
            # DLIO holds one batch while it asks for the next one, and BESIDE more wait for it.
            keep=2 + BESIDE,
        )

    def next(self):
        """The batches of the next epoch. DLIO may have left the epoch before early (total_training_steps)."""
        loader = self._loader
        at = loader.tell()
        if at.epoch_step:
            loader.seek((at.epoch + 1, 0, (at.epoch + 1) * loader.epoch_steps))
        yield from _beside(self._records()) if self._may_thread else self._records()

    def _records(self):
        for batch in self._loader:
            records = batch["records"]  # (batch, rows, columns), or (batch, 1, rows, columns) if a file is a sample
            records = records.reshape(-1, *records.shape[-2:])
            del batch
            yield records
            del records

    def finalize(self):
        """Collective. DLIO calls this at the end of each epoch. The last one closes files, threads and memory."""
        self._passes -= 1
        if self._passes <= 0 and self._run is not None:
            self._loader.close()
            self._run.close()
            self._run = None


class NoLoader(BaseDataLoader):
    """Reads nothing, and hands out one array again and again: what DLIO's loop reaches at most."""

    def __init__(self, format_type, dataset_type, epoch_number):
        super().__init__(format_type, dataset_type, epoch_number, DataLoaderType.SYNTHETIC)

    def read(self):
        self._steps = self.num_samples // self.batch_size // self._args.comm_size

    def next(self):
        for _ in range(self._steps):
            yield self._args.resized_image

    def finalize(self):
        pass


def _beside(iterator):
    """What an iterator yields. Another thread takes it, BESIDE elements ahead: while DLIO sleeps in the place of the
    accelerator, that thread opens the files of the next batches.

    Ranks agree in each step, so all must take the same number of batches. A thread therefore takes all that it was
    asked for, also if DLIO leaves the epoch early."""
    found, wanted = queue.SimpleQueue(), queue.SimpleQueue()

    def take():
        try:
            while wanted.get():
                found.put((next(iterator), None))
        except BaseException as error:  # StopIteration, too
            found.put((None, error))

    thread = threading.Thread(target=take, name="shardstep-dlio", daemon=True)
    thread.start()
    try:
        for _ in range(BESIDE):
            wanted.put(True)
        while True:
            element, error = found.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            wanted.put(True)
            yield element
            del element
    finally:
        wanted.put(False)
        thread.join()


def _is_mpi_for_threads():
    """True if a thread may call MPI beside DLIO's barriers, which are in the main thread."""
    from mpi4py import MPI

    return MPI.Query_thread() == MPI.THREAD_MULTIPLE


def _evaluations(args):
    """How often DLIO goes through the files of the evaluation."""
    if args.epochs < args.eval_after_epoch:
        return 0
    return 1 + (args.epochs - args.eval_after_epoch) // args.epochs_between_evals
