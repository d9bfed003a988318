"""examples/python/dlio_shardstep.py with stand-ins for what it uses of DLIO: the number of batches, and their bytes.

    python3 dlio.py FOLDER          on one rank
    python3 dlio.py FOLDER mpi      on the ranks of mpi4py
"""

import enum
import os
import sys
import threading
import types

import numpy as np

import checks

comm, rank, ranks = None, 0, 1
if sys.argv[2:] == ["mpi"]:
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    rank, ranks = comm.Get_rank(), comm.Get_size()

FILES, SAMPLES, SIDE, BATCH = 3, 7, 5, 4
STEPS = FILES * SAMPLES // BATCH // ranks  # as DLIO counts them

DatasetType = enum.Enum("DatasetType", "TRAIN VALID")
FormatType = enum.Enum("FormatType", "HDF5 NPZ")
Shuffle = enum.Enum("Shuffle", "OFF SEED RANDOM")
DataLoaderType = enum.Enum("DataLoaderType", "PYTORCH SYNTHETIC")


class BaseDataLoader:
    args = None

    def __init__(self, format_type, dataset_type, epoch_number, data_loader_type):
        self._args, self.format_type, self.dataset_type = self.args, format_type, dataset_type
        training = dataset_type is DatasetType.TRAIN
        self.num_samples = self.args.total_samples_train if training else self.args.total_samples_eval
        self.batch_size = self.args.batch_size if training else self.args.batch_size_eval


def module(name, **content):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(content)


mpi = types.SimpleNamespace(comm=lambda: comm, rank=lambda: rank, size=lambda: ranks)
for package in ("", ".common", ".data_loader", ".utils"):
    module("dlio_benchmark" + package)
module("dlio_benchmark.common.enumerations", DatasetType=DatasetType, FormatType=FormatType, Shuffle=Shuffle,
       DataLoaderType=DataLoaderType)
module("dlio_benchmark.data_loader.base_data_loader", BaseDataLoader=BaseDataLoader)
module("dlio_benchmark.utils.utility", DLIOMPI=types.SimpleNamespace(get_instance=lambda: mpi))

import dlio_shardstep  # noqa: E402


def arguments(folder, **changed):
    """What the arguments of DLIO have."""
    files = [os.path.join(folder, f"img_{n}_of_{FILES}.hdf5") for n in range(FILES)]
    args = dict(
        comm_size=ranks, my_rank=rank, file_list_train=files, file_list_eval=files[:2], batch_size=BATCH,
        batch_size_eval=1, total_samples_train=FILES * SAMPLES, total_samples_eval=2 * SAMPLES, epochs=3,
        eval_after_epoch=1, epochs_between_evals=2, sample_shuffle=Shuffle.SEED, seed=123, read_threads=2,
        prefetch_size=2, preprocess_time=0.0, preprocess_time_stdev=0.0,
        num_samples_per_file=SAMPLES, resized_image=np.zeros((SIDE, SIDE), np.uint8),
    )  # fmt: skip
    return types.SimpleNamespace(**{**args, **changed})


def opened(folder, dataset_type=DatasetType.TRAIN, format_type=FormatType.HDF5, **changed):
    BaseDataLoader.args = arguments(folder, **changed)
    loader = dlio_shardstep.ShardstepLoader(format_type, dataset_type, 1)
    loader.read()
    return loader


def record(number):
    """The bytes of a sample: its number, and what depends on it."""
    return ((np.arange(SIDE * SIDE) * 7 + 11 * number) % 251).astype(np.uint8).reshape(SIDE, SIDE)


def make(folder):
    import h5py

    for n in range(FILES):
        with h5py.File(os.path.join(folder, f"img_{n}_of_{FILES}.hdf5"), "w") as file:
            file["records"] = np.array([record(n * SAMPLES + i) for i in range(SAMPLES)])
            file["labels"] = np.zeros(SAMPLES, np.int64)


    for n in range(FILES * SAMPLES):
        with h5py.File(os.path.join(folder, f"one_{n}.hdf5"), "w") as file:
            file["records"] = record(n)[None]
            file["labels"] = np.zeros(1, np.int64)


def numbers(what, batches):
    """The numbers of the samples in these batches of a rank. Each sample must have all of its bytes."""
    found = []
    for batch in batches:
        for row in batch:
            number = next((n for n in range(FILES * SAMPLES) if row[0, 0] == record(n)[0, 0]), None)
            if number is None or not (row == record(number)).all():
                checks.fail(f"{what}: expected the bytes of a record, found {row.tolist()}")
            found.append(number)
    return found


def everyone(mine):
    """The lists of all ranks in one."""
    return sum(comm.allgather(mine), []) if ranks > 1 else mine


def test_epochs(folder):
    loader = opened(folder)
    orders = []
    for epoch in range(3):
        batches = []
        for batch in loader.next():  # as DLIO does, which holds the batch before while it asks for the next one
            batches.append(batch.copy())
        checks.same(f"batches that were copied until epoch {epoch}", 0, loader._loader.copied)
        loader.finalize()
        checks.same(f"batches of epoch {epoch}", STEPS, len(batches))
        checks.same(f"shapes of epoch {epoch}", {(BATCH, SIDE, SIDE)}, {batch.shape for batch in batches})
        orders.append(everyone(numbers(f"epoch {epoch}", batches)))
        checks.same(f"samples of epoch {epoch} that came once", STEPS * BATCH * ranks, len(set(orders[-1])))
    checks.same("orders that differ", 3, len({tuple(order) for order in orders}))
    checks.same("the run after the last epoch", None, loader._run)


def test_file_order(folder):
    loader = opened(folder, sample_shuffle=Shuffle.OFF, epochs=1, prefetch_size=0, read_threads=0)
    got = everyone(numbers("file order", (batch.copy() for batch in loader.next())))
    loader.finalize()
    checks.same("samples in file order", list(range(STEPS * BATCH * ranks)), sorted(got))
    if ranks == 1:
        checks.same("file order", sorted(got), got)


def test_one_sample_a_file(folder):
    files = [os.path.join(folder, f"one_{n}.hdf5") for n in range(FILES * SAMPLES)]
    loader = opened(folder, file_list_train=files, num_samples_per_file=1, epochs=1)
    batches = [batch.copy() for batch in loader.next()]
    loader.finalize()
    checks.same("batches of files with one sample", STEPS, len(batches))
    checks.same("shapes of files with one sample", {(BATCH, SIDE, SIDE)}, {batch.shape for batch in batches})
    got = everyone(numbers("files with one sample", batches))
    checks.same("samples of them that came once", STEPS * BATCH * ranks, len(set(got)))


def test_left_early(folder):
    """DLIO leaves an epoch after total_training_steps; the next one begins at its beginning."""
    loader = opened(folder, epochs=2)
    for batch in loader.next():
        break
    loader.finalize()
    checks.same("batches after an epoch that was left", STEPS, len(list(loader.next())))
    loader.finalize()
    checks.same("the run after the last epoch", None, loader._run)


def test_other_thread(folder):
    """What another thread takes comes in order, an error comes in its turn, and of an epoch that is left that thread
    takes as many batches on each rank."""

    def count(error_at):
        for number in range(9):
            if number == error_at:
                raise KeyError(f"at {number}")
            taken.append(number)
            yield number

    got, taken = [], []
    checks.same("elements", list(range(9)), list(dlio_shardstep._beside(count(None))))
    checks.raises(KeyError, "at 4", got.extend, dlio_shardstep._beside(count(4)))
    checks.same("elements before an error", [0, 1, 2, 3], got)
    taken.clear()
    for number in dlio_shardstep._beside(count(None)):
        if number == 3:
            break
    checks.same("elements that were taken when 4 were used", list(range(4 + dlio_shardstep.BESIDE)), taken)
    threads = [thread.name for thread in threading.enumerate() if thread.name == "shardstep-dlio"]
    checks.same("threads that are left", [], threads)


def test_evaluation(folder):
    """Epochs 1 and 3 of 3 are evaluated."""
    loader = opened(folder, DatasetType.VALID)
    for evaluation in range(2):
        checks.same("open before an evaluation", True, loader._run is not None)
        checks.same("batches of an evaluation", 2 * SAMPLES // ranks, sum(1 for _ in loader.next()))
        loader.finalize()
    checks.same("the run after the last evaluation", None, loader._run)


def test_refused(folder):
    checks.raises(ValueError, "hdf5", opened, folder, format_type=FormatType.NPZ)
    checks.raises(ValueError, "preprocess_time=0", opened, folder, preprocess_time=0.1)


def test_no_loader(folder):
    BaseDataLoader.args = arguments(folder)
    loader = dlio_shardstep.NoLoader(FormatType.HDF5, DatasetType.TRAIN, 1)
    loader.read()
    checks.same("batches without a loader", STEPS, sum(1 for _ in loader.next()))


folder = sys.argv[1]
if rank == 0:
    make(folder)
if ranks > 1:
    comm.barrier()
tests = (test_epochs, test_file_order, test_one_sample_a_file, test_left_early, test_other_thread,
         test_evaluation, test_refused, test_no_loader)  # fmt: skip
for test in tests:
    test(folder)
checks.finish()
