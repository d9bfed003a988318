"""The run: the ranks that work together."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Optional

from . import _library, _options, _structs as s, _sum
from ._handle import Handle
from ._library import Error, check, lib, lock, path
from ._tensors import tensors_over

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._dataset import Dataset, Fields, Path
    from ._types import Agree, AllRunOptions, DatasetOptions, Report, RunOptions

_log = logging.getLogger("shardstep")

# The variables in which launchers tell a process how many they have started: torchrun, Open MPI, MPICH, srun.
_LAUNCHED = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")

REPORTS = {
    s.CONSTANTS[name]: name[len("SHS_REPORT_"):].lower() for name in s.CONSTANTS if "SHS_REPORT_" in name
}


def log_report(kind: str, text: str) -> None:
    """Hands a report to the logger `shardstep`: as a warning, but for rows that the program itself
    has excluded."""
    _log.log(logging.INFO if kind == "excluded" else logging.WARNING, "%s", text)


def _refuse_lone_ranks() -> None:
    """Raises Error in one of several processes that a launcher has started: as runs of one rank each they
    would all load the same rows with the same augmentation, and nobody would notice."""
    for name in _LAUNCHED:
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 1:
            raise Error(f"Run(): this is one of {value} processes ({name}), which would all load the same "
                        "rows; open Run.torch(), Run.mpi() or Run.environment(), give rank and ranks, or say "
                        "Run(rank=0, ranks=1) for a run of this process alone")


class _Known(NamedTuple):
    seed: int
    vranks: int
    first_vrank: int
    hosted: int
    rank: int
    ranks: int
    group: int
    member: int


class Run(Handle):
    """The ranks that work together, and the seed of all random numbers.

    Run(seed=1) is a run of one rank; a launcher must not have started several processes, which would all
    load the same rows. Run(seed=1, rank=3, ranks=8) is rank 3 of 8, which know nothing of each other. With
    `agree`, a function that gathers bytes from all ranks, errors and stops reach all ranks, and arrays can be
    added over them. Run.environment(), Run.torch() and Run.mpi() take rank and ranks from a launcher.

    rank, ranks   this rank, and how many there are
    agree         agree(mine) gets bytes, and returns those of all ranks, in the order of ranks: one
                  bytes object with all of them, or a list of `ranks` bytes objects. It is called in
                  the thread that calls Shardstep, in the same order on every rank. Run.sum() gives it up
                  to 1 MiB, all else up to 2 KiB, as many bytes on every rank
    report        report(kind, text) is told what happens and is no error, such as a row that was
                  replaced. By default it goes to the logger `shardstep`; None means nobody is told.
                  It must not call Shardstep

    All other options are those of shs_run_options, by their names: seed, vranks, group, stop_signal,
    stop_on_term, warn_seconds, end_seconds, end_margin, limit_seconds. What a run knows of itself, such as
    `rank` and `hosted`, it also tells when it is closed.
    """

    _name, _release = "run", lib.shs_close
    _everyone: Optional[Callable[[bytes], list[bytes]]] = None  # gathers bytes of all ranks
    _lost: Optional[BaseException] = None  # what that has failed by

    def __init__(self, rank: Optional[int] = None, ranks: Optional[int] = None, agree: Optional[Agree] = None,
                 report: Optional[Report] = log_report, **options: Unpack[RunOptions]) -> None:  # fmt: skip
        if rank is None and ranks is None:
            _refuse_lone_ranks()
        rank = _options.whole(0 if rank is None else rank, ctypes.c_int, "Run: rank")
        ranks = _options.whole(1 if ranks is None else ranks, ctypes.c_int, "Run: ranks")
        self._prepare(report, options)
        if agree is not None and ranks > 1:
            self._everyone = self._gather(agree, ranks)
        self._is_collective = self._everyone is not None
        self._agree = s.Agree(self._answer) if self._is_collective else s.Agree()
        with lock:
            _library.close_pending()
            self._check(lib.shs_open_ranks(rank, ranks, self._agree, None, ctypes.byref(self._options),
                                           ctypes.byref(self._handle)))
            self._known = self._info()

    @classmethod
    def environment(cls, **options: Unpack[AllRunOptions]) -> Run:
        """The rank that the environment variables RANK and WORLD_SIZE tell, as torchrun sets them. The
        ranks know nothing of each other, unless `agree` is given."""
        try:
            rank, ranks = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        except KeyError as error:
            raise Error(f"the environment variable {error} is not set; start the program by a launcher "
                        "that sets RANK and WORLD_SIZE, such as torchrun, or give rank and ranks") from None
        except ValueError:
            raise Error(f"RANK={os.environ['RANK']} and WORLD_SIZE={os.environ['WORLD_SIZE']} are no "
                        "whole numbers") from None
        return cls(rank, ranks, **options)

    @classmethod
    def torch(cls, process_group: Any = None, report: Optional[Report] = log_report,
              **options: Unpack[RunOptions]) -> Run:  # fmt: skip
        """The ranks of a process group of torch.distributed, by default of all processes, which must have
        been initialised. Errors and stops reach all ranks by its all_gather()."""
        import torch
        import torch.distributed as dist

        if not dist.is_available() or not dist.is_initialized():
            raise Error("torch.distributed has no process group; call torch.distributed.init_process_group() "
                        "before Run.torch()")
        ranks = dist.get_world_size(process_group)
        device = "cpu"
        if dist.get_backend(process_group) == "nccl":
            device = torch.device("cuda", torch.cuda.current_device())

        def gather(mine: bytes) -> bytes:
            one = torch.frombuffer(bytearray(mine), dtype=torch.uint8).to(device)
            all_ranks = [torch.empty_like(one) for _ in range(ranks)]
            dist.all_gather(all_ranks, one, process_group)
            return b"".join(part.cpu().numpy().tobytes() for part in all_ranks)

        return cls(dist.get_rank(process_group), ranks, gather, report, **options)

    @classmethod
    def mpi(cls, comm: Any = None, report: Optional[Report] = log_report, **options: Unpack[RunOptions]) -> Run:
        """The ranks of an intra-communicator of mpi4py, by default those of MPI.COMM_WORLD.

        Collective. If the library was built with MPI, it talks to the other ranks itself, and must
        have been built with the MPI library of mpi4py. If it was built without MPI, as in a wheel, the
        ranks talk by comm.allgather().
        """
        from mpi4py import MPI

        comm = MPI.COMM_WORLD if comm is None else comm
        if not _library.has_mpi:
            return cls(comm.Get_rank(), comm.Get_size(), lambda mine: comm.allgather(bytes(mine)), report,
                       **options)
        _require_same_mpi(MPI)
        run = cls.__new__(cls)
        run._prepare(report, options)
        run._is_collective = comm.Get_size() > 1
        if MPI.Query_thread() < MPI.THREAD_SERIALIZED:
            run._thread = threading.get_ident()
        # A handle of MPI is an int or a pointer, and passed by value as C passes it.
        kind = ctypes.c_int if MPI._sizeof(comm) == ctypes.sizeof(ctypes.c_int) else ctypes.c_void_p
        handle = kind.from_address(MPI._addressof(comm))
        lib.shs_open.restype = ctypes.c_int
        lib.shs_open.argtypes = [kind, ctypes.POINTER(s.shs_run_options), ctypes.c_void_p]
        with lock:
            _library.close_pending()
            run._check(lib.shs_open(handle, ctypes.byref(run._options), ctypes.byref(run._handle)))
            run._known = run._info()
        return run

    def _prepare(self, report: Optional[Report], options: Any) -> None:
        self._begin()
        self._thread: Optional[int] = None  # not None: the only thread that may call
        self._cause: Optional[BaseException] = None  # what a function of the program has raised
        self._interrupts: list[BaseException] = []  # such as KeyboardInterrupt, in the function `report`
        self._borrowed: list[Any] = []
        self._options = _options.fill(s.shs_run_options(), options, "Run", self._borrowed)
        if report is not None:
            self._options.report = self._report = s.Report(self._reporter(report, self._interrupts))

    def _info(self) -> _Known:
        info = lib.shs_info(self._handle)
        return _Known(*(getattr(info, name) for name in _Known._fields))

    def _reporter(self, report: Report, interrupts: list[BaseException]) -> Callable[[Any, int, bytes], None]:
        def reporter(_: Any, kind: int, text: bytes) -> None:
            try:
                with _library.calling_back():
                    report(REPORTS.get(kind, str(kind)), _library.text_of(text))
            except Exception as error:  # there is nobody to catch it in C
                warnings.warn(f"shardstep: the function `report` has failed: {error!r}", stacklevel=2)
            except BaseException as error:
                interrupts.append(error)

        return reporter

    def _gather(self, agree: Agree, ranks: int) -> Callable[[bytes], list[bytes]]:
        """A function that gives bytes to `agree`, and returns those of each rank."""

        def gather(mine: bytes) -> list[bytes]:
            if self._lost:  # the ranks are out of step
                raise Error("the function `agree` has failed before") from self._lost
            try:
                with _library.calling_back():
                    parts = agree(mine)
                whole = bytes(parts) if isinstance(parts, (bytes, bytearray, memoryview)) else b"".join(parts)
                if len(whole) != ranks * len(mine):
                    raise ValueError(f"`agree` has returned {len(whole)} bytes, not {ranks} times {len(mine)}")
            except BaseException as error:
                self._lost = error
                raise
            return [whole[at:at + len(mine)] for at in range(0, len(whole), len(mine))]

        return gather

    def _answer(self, _: Any, mine: int, size: int, everyone: int) -> int:
        """What the library calls to gather bytes."""
        try:
            assert self._everyone is not None
            whole = b"".join(self._everyone(ctypes.string_at(mine, size)))
            ctypes.memmove(everyone, whole, len(whole))
            return 0
        except BaseException as error:
            self._cause = error
            return 1

    def _check(self, status: int) -> int:
        """What _library.check() does, with what a function of the program has raised as the cause."""
        cause, self._cause = self._cause, None
        if self._interrupts:
            cause = self._interrupts[0]
            self._interrupts.clear()
        return check(status, cause)

    def _here(self, what: str) -> None:
        """Refuses a process or a thread in which this run must not be used."""
        self._open(what)
        if self._thread not in (None, threading.get_ident()):
            raise Error(f"{what} was called in another thread than the one that opened the run, but MPI "
                        "was initialised for calls of one thread (MPI_THREAD_FUNNELED); call it in that "
                        "thread, or initialise MPI with MPI_THREAD_SERIALIZED or more")

    # What is known of a run also when it is closed.

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return self._known.seed

    @property
    def vranks(self) -> int:
        """V, the number of virtual ranks."""
        return self._known.vranks

    @property
    def first_vrank(self) -> int:
        """The first virtual rank that this rank hosts."""
        return self._known.first_vrank

    @property
    def hosted(self) -> int:
        """The number of virtual ranks that this rank hosts."""
        return self._known.hosted

    @property
    def rank(self) -> int:
        """This rank."""
        return self._known.rank

    @property
    def ranks(self) -> int:
        """The number of ranks."""
        return self._known.ranks

    @property
    def group(self) -> int:
        """The number of ranks of a group; 1 without groups."""
        return self._known.group

    @property
    def member(self) -> int:
        """This rank's number in its group."""
        return self._known.member

    def dataset(self, path: Path, fields: Fields, **options: Unpack[DatasetOptions]) -> Dataset:
        """Opens a dataset: see Dataset."""
        from ._dataset import Dataset

        return Dataset(self, path, fields, **options)

    def agree(self) -> None:
        """Collective. Takes errors and stop requests to all ranks. A loader does it by itself at the end
        of each step, unless it was opened with agree=False."""
        self._here("Run.agree()")
        with lock:
            self._check(lib.shs_agree(self._handle))

    def sum(self, parts: Any) -> Any:
        """Collective. Adds what the virtual ranks give, and returns the sum on every rank: the same bits on any
        number of ranks from 1 to V, if the part of each virtual rank has. It is what shs_sum() computes.

        parts   a list with what each virtual rank gives that this rank hosts (Run.hosted of them, in their order),
                or an array with them along its first axis. A part is an array of float32 or float64, a float, or
                dicts, lists and tuples of these, such as the gradients of a model: the same on every rank

        The sum has the form of a part. Arrays are those of NumPy, or tensors of PyTorch. Where a function `agree`
        joins the ranks, it carries them, at most 1 MiB at a time. Every rank then gets the parts of all, so the
        time grows with the number of ranks. Over MPI the library adds by itself."""
        self._here("Run.sum()")
        given = _sum.Parts(parts, self.hosted)
        if self.ranks > 1 and not self._is_collective:
            raise Error("Run.sum(): the ranks of this run know nothing of each other; open it by Run.torch() or "
                        "Run.mpi(), or give `agree`", s.CONSTANTS["SHS_ERROR_UNSUPPORTED"], "SHS_ERROR_UNSUPPORTED")
        totals, count = given.tensors(given.totals), len(given.totals)
        with lock:
            if self._everyone is None:
                self._check(lib.shs_sum(self._handle, given.tensors(given.stacked), count, totals))
            else:  # which compares names and shapes, and that every rank adds
                self._check(lib.shs_same(self._handle, b"Run.sum()", totals, count))
                try:
                    _sum.add_gathered(given, self, self._everyone)
                except Exception as error:
                    raise Error(f"rank {self.rank}: Run.sum(): the function `agree` has failed: {error}; close the run",
                                s.CONSTANTS["SHS_ERROR_GATHER"], "SHS_ERROR_GATHER") from error
        return given.result()

    def broadcast(self, state: Mapping[str, Any]) -> None:
        """Collective. Gives the arrays, {name: array}, the content that they have on rank 0, such as the
        initial weights of a model: see shs_broadcast(). They are arrays of NumPy that can be written to, or
        tensors of PyTorch on the CPU, of any type."""
        self._here("Run.broadcast()")
        borrowed: list[Any] = []
        tensors = tensors_over(state, borrowed, True)
        with lock:
            self._check(lib.shs_broadcast(self._handle, tensors, len(state)))

    def same(self, what: str, state: Mapping[str, Any]) -> None:
        """Collective. Raises Error (SHS_ERROR_DISAGREE) on every rank if an array of {name: array} has other
        bits on some rank. The message names the rank, the array and the element: see shs_same(). `what` says
        what is compared, such as "the weights after step 100"."""
        self._here("Run.same()")
        borrowed: list[Any] = []
        tensors = tensors_over(state, borrowed, False)
        with lock:
            self._check(lib.shs_same(self._handle, _options.encode(what, "Run.same(): what"), tensors, len(state)))

    def request_stop(self) -> None:
        """Asks for a stop. The next agreement takes it to all ranks, and loaders raise Stopped at the
        beginning of the next step. May be called in a signal handler of Python, so it is no error when
        the run is closed."""
        if self._handle:
            lib.shs_request_stop(self._handle)

    def close(self) -> None:
        """Collective, if the ranks know each other. Closes the run. Arrays that are kept stay valid."""
        if not self._handle or self._pid != os.getpid():
            return
        self._here("Run.close()")
        with lock:
            _library.close_pending()
            status = lib.shs_close(ctypes.byref(self._handle))
        self._check(status)

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:  # fmt: skip
        # Where ranks know each other, closing is an agreement. A rank with an error of its own still makes
        # it, so that the others learn that it has gone; its own error is what is raised.
        try:
            self.close()
        except Error:
            if kind is None:
                raise

    # Arguments: see Handle.__del__().
    def __del__(self, close_later: Any = _library.close_later, getpid: Any = os.getpid) -> None:
        if not self._handle or self._pid != getpid():
            return
        if self._is_collective:
            _unclosed.append((self._options, getattr(self, "_agree", None)))
            warnings.warn("shardstep: a run of several ranks was not closed; call Run.close() on every rank, or "
                          "use `with`", ResourceWarning, stacklevel=2)
            return
        close_later(self._release, self._handle, self._options)

    def _describe(self) -> str:
        info = self._known
        return (f"rank {info.rank} of {info.ranks}, virtual ranks {info.first_vrank} to "
                f"{info.first_vrank + info.hosted - 1} of {info.vranks}, seed {info.seed}")


# What a run that was not closed may still call.
_unclosed: list[Any] = []


def _mpi_version() -> str:
    """What the MPI library that the shared library is linked with says of itself."""
    text, length = ctypes.create_string_buffer(8192), ctypes.c_int()
    version = lib.MPI_Get_library_version  # found because the shared library needs MPI's
    version.restype, version.argtypes = ctypes.c_int, [ctypes.c_char_p, ctypes.c_void_p]
    version(text, ctypes.byref(length))
    return text.value.decode(errors="replace")


def _require_same_mpi(MPI: Any) -> None:
    mine, its = _mpi_version().strip("\0\n "), MPI.Get_library_version().strip("\0\n ")
    if mine != its:
        raise Error(f"the library {path} was built with another MPI library than mpi4py: with "
                    f"«{mine.splitlines()[0]}», and mpi4py with «{its.splitlines()[0]}». Install the one that "
                    "fits, or open Run(comm.rank, comm.size, agree=comm.allgather)")
