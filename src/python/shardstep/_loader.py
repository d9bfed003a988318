"""The loader: batches of a dataset, in an order that is a function of seed and cursor."""

from __future__ import annotations

import collections
import ctypes
import operator
import os
import sys
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, NamedTuple, NoReturn, Optional, Union

import numpy as np

from . import _batch, _library, _options, _structs as s
from ._handle import Handle
from ._library import Error, Stopped, lib, lock
from ._tensors import tensors_over
from ._types import Text

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._batch import Batch, Convert, Form, Taken
    from ._dataset import Dataset
    from ._types import LoaderOptions

_OK, _END, _STOP, _NOT_READY, _NO_CHECKPOINT = (
    s.CONSTANTS["SHS_" + name] for name in ("OK", "END", "STOP", "NOT_READY", "NO_CHECKPOINT")
)
_ARGUMENT = s.CONSTANTS["SHS_ERROR_ARGUMENT"]
_STATE = (s.CONSTANTS["SHS_ERROR_STATE"], "SHS_ERROR_STATE")
_NO_VRANK = 2**64 - 1
_REPORT_BYTES = 4096
_SLOT = operator.attrgetter("slot")


class Cursor(NamedTuple):
    """All that a loader needs to resume: see shs_cursor."""

    epoch: int
    epoch_step: int
    step: int


def _as_dict(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name, _ in struct._fields_}


class Loader(Handle):
    """Batches of a dataset. `for batch in loader` takes the rest of the present epoch; the next such
    loop takes the next epoch. After the last epoch (option `epochs`) a loop has no batches. Leaving a loop
    by `break` and beginning another goes on with the next batch.

    The options are those of shs_loader_options, by their names. Constants are words:

    batch, epochs, stream, through_stop, ahead, threads, step_batches, trace_events
    shuffle       "full", "none" or "blocks"; blocks={"rows": .., "window": ..}
    shard         "global" or "fixed"
    tail          "short", "drop" or "pad"
    subset        {"from": 0, "to": 0.8, "split_seed": 0, "block": 0} or {"rows": list}
    sampling      {"repeats", "epoch_rows", "mix", "weights", "weight_field", "balance"}
    augment       the text of an augmentation; augment_by "rank" or "sample"
    twins         "warn", "error" or "off"
    failures      {"damage": "stop" or "replace", "nan": "keep", "stop" or "replace", "exclude": list}
    pushdown      "auto", "off" or "always"
    keep          batches whose arrays may live at a time, the latest among them; 4 by default. A loop holds
                  its batch while it asks for the next one. The arrays of further batches are copies, so no
                  batch is ever overwritten, however many are kept
    memory        {"allocate": f(bytes, alignment) -> address, "release": f(address, bytes)}

    Options of this module:

    array         a function that is applied to each field's NumPy array, such as torch.from_numpy
    agree         if True, which is the default, errors and stops are agreed on at the end of each step, by
                  Run.agree(). All ranks then take their batches in step. If False, call it yourself

    A loader that is made while torch is imported is a torch.utils.data.IterableDataset, too. Its batches
    are whole, so it takes DataLoader(loader, batch_size=None).
    Collective, if the ranks of the run know each other.
    """

    _name, _release = "loader", lib.shs_loader_close

    def __new__(cls, *args: Any, **options: Any) -> Loader:
        return object.__new__(_with_torch(cls))

    def __init__(self, dataset: Dataset, array: Optional[Convert] = None, agree: bool = True, keep: int = 4,
                 **options: Unpack[LoaderOptions]) -> None:  # fmt: skip
        self._begin()
        self.dataset, self.run = dataset, dataset.run
        self._form: Optional[Form] = None
        self._convert, self._agrees = array, agree
        # Batches that the library has given and the program has not: those of interrupted calls. Where the
        # program stands is one tuple, so that it changes in one step: whether it is inside a step, whose batches are
        # handed out in part; the beginning of a step that has failed, or None; and how many batches were copied.
        self._waiting: collections.deque[Taken] = collections.deque()
        self._stand: tuple[bool, Optional[Cursor], int] = (False, None, 0)
        borrowed: list[Any] = []
        filled = _options.fill(s.shs_loader_options(), {**options, "keep": keep}, "Loader", borrowed)
        # The structs of batches that are kept. What was given back has no slot any more.
        self._keep: int = filled.keep
        self._alive: collections.deque[s.shs_batch] = collections.deque()
        dataset._here("Loader()")
        with lock:
            _library.close_pending()
            status = lib.shs_loader_open(dataset._handle, ctypes.byref(filled), ctypes.byref(self._handle))
        # what the program's own `allocate` has raised
        raised = [error for error in borrowed if isinstance(error, Exception)]
        if raised and not self.run._cause:
            self.run._cause = raised[0]
        self.run._check(status)
        fields = dataset.fields
        self._names = [field.name for field in fields]
        self._constants = [field.constant for field in fields]
        self._step_batches, self._status = filled.step_batches, _OK

    def _here(self, what: str) -> None:
        # Every batch comes this way, so what is all right is found out without further calls.
        if (self._pid != os.getpid() or not self._handle or not self.run._handle or self.run._thread is not None
                or getattr(_library._callback, "inside", False)):  # fmt: skip
            self._open(what)
            self.run._here(what)

    def _look(self, what: str, function: Any, *arguments: Any) -> Any:
        """What a Local function of the library tells. The run may be closed."""
        with lock:
            self._open(what)
            return function(self._handle, *arguments)

    # ---- Batches.

    def _take(self, function: Any, what: str) -> Optional[Batch]:
        """The next batch by shs_next() or shs_try_next(); None if there is none. When it raises, the batch waits for
        the next call."""
        self._here(what)
        handed: Optional[Batch] = None
        taken: Any = None
        try:
            with lock:
                if _library._pending:
                    _library.close_pending()
                status = _OK
                while handed is None and status == _OK:
                    taken = self._first() if self._waiting else None
                    if taken is None:
                        taken = _batch.Taken()
                        self._waiting.append(taken)
                        # When this call has returned, a handler of a signal may raise, such as that of Ctrl-C.
                        status = function(self._handle, taken.reference)
                        if self.run._interrupts:
                            self.run._check(_OK)
                    self._status = status
                    if status != _OK:
                        self._drop(taken)
                        break
                    batch, before = taken.batch, self._stand
                    if self._agrees and batch.ends_step:
                        self._agree(taken)
                    given = self._hand_out(taken)
                    if taken in self._waiting:  # or else a handler has taken it, or had the loader go elsewhere
                        handed = given
                        self._stand = (not batch.ends_step, None, before[2] + (not taken.kept))
                        self._waiting.remove(taken)
                    else:
                        self._here(what)
            if status == _OK:
                return handed
        except BaseException:
            if handed is not None:
                self._stand = before
                if taken not in self._waiting:
                    self._waiting.appendleft(taken)
            elif taken is not None and not taken.batch.slot:  # the library has given nothing
                self._drop(taken)
            raise
        if status == _STOP:
            raise Stopped("a stop was requested, and all ranks have agreed on it: save, and exit with "
                          "shardstep.EXIT_STOPPED")
        self.run._check(status)
        return None

    def _first(self) -> Optional[Taken]:
        """The batch that waits, or None. A call that goes on may not have got its batch yet."""
        return next((taken for taken in self._waiting if taken.batch.slot), None)

    def _drop(self, taken: Taken) -> None:
        if taken in self._waiting:  # unless a handler has had the loader go elsewhere
            self._waiting.remove(taken)

    def _agree(self, taken: Taken) -> None:
        """Ends a step before its last batch is handed out: an error of the step takes the place of this batch."""
        run = self.run
        if not taken.agreed:
            taken.agreed.extend(map(lib.shs_agree, (run._handle,)))
        status = taken.agreed[0]
        if status == _OK and not run._interrupts:
            return
        try:
            run._check(status)
        except BaseException:
            if status < 0 and self._failure():
                self._stand = (False, _cursor_of(taken.batch), self._stand[2])
                self._drop(taken)
            elif status < 0:  # another loader has failed, so this batch waits, and its step is agreed on once more
                taken.agreed.clear()
            raise

    def _failure(self) -> str:
        """What the loader has failed by, or "". Only a seek helps then."""
        # shs_replay() tells of it before it looks at the virtual rank.
        status = lib.shs_replay(self._handle, s.shs_cursor(), _NO_VRANK, ctypes.byref(s.shs_batch()))
        return "" if status == _ARGUMENT else _library.text_of(lib.shs_message()).split("shs_replay: ", 1)[-1]

    def _hand_out(self, taken: Taken, replayed: bool = False) -> Batch:
        batch, form, alive = taken.batch, self._form, self._alive
        if form is None:
            form = self._form = _batch.Form(batch, self._constants, self._convert)
        if not taken.kept:
            while alive and not alive[0].slot:  # mostly the oldest one is given back first
                alive.popleft()
            if len(alive) >= self._keep:
                self._alive = alive = collections.deque(filter(_SLOT, alive))
            if len(alive) >= self._keep:
                return _batch.make(batch, form, None, self, replayed)
            taken.keep()
        if not alive or alive[-1] is not batch:
            alive.append(batch)
        return _batch.make(batch, form, taken.kept[0], self, replayed)

    @property
    def copied(self) -> int:
        """Batches whose arrays are copies, because more batches were kept than the option `keep` says."""
        return self._stand[2]

    def __iter__(self) -> Iterator[Batch]:
        """The batches of the rest of the present epoch."""
        self._refuse_workers()
        self._here("iter(Loader)")
        return _Epoch(self)

    def __getitem__(self, number: Any) -> NoReturn:
        raise TypeError("a Loader has no batches by number: iterate over it, or call replay(). A DataLoader of PyTorch "
                        "asks for them if torch was imported after the loader was opened; import torch before")

    def next(self) -> Optional[Batch]:
        """The next batch, across the ends of epochs. None after the last epoch."""
        return self._take(lib.shs_next, "Loader.next()")

    def try_next(self) -> Optional[Batch]:
        """The next batch if it is there, or else None, without waiting. `ended` tells whether None means
        that the last epoch is over."""
        return self._take(lib.shs_try_next, "Loader.try_next()")

    @property
    def ended(self) -> bool:
        """True once next() or try_next() has found the last epoch over, until the loader goes elsewhere."""
        return self._status == _END

    def replay(self, cursor: Iterable[int], vrank: int) -> Optional[Batch]:
        """Makes one batch of the run again: that of a virtual rank at a cursor. The loader then stands where
        it stood: see shs_replay()."""
        self._here("Loader.replay()")
        taken = _batch.Taken()
        vrank = _options.whole(vrank, ctypes.c_uint64, "Loader.replay(): vrank")
        with lock:
            if self._first() is not None:
                raise Error("Loader.replay(): a call was interrupted when its batch was there; take it by next()")
            status = lib.shs_replay(self._handle, _cursor(cursor), vrank, taken.reference)
            self.run._check(status)
            if status != _OK:
                return None
            handed = self._hand_out(taken, True)
            inside, failed_at, copied = self._stand
            self._stand = (inside, failed_at, copied + (not taken.kept))
            return handed

    def __len__(self) -> int:
        """The batches that this rank gets in a whole epoch."""
        return self.epoch_steps * (1 if self._step_batches else self.run.hosted)

    @property
    def epoch_steps(self) -> int:
        """The number of steps of one epoch."""
        steps: int = self._look("Loader.epoch_steps", lib.shs_epoch_steps)
        return steps

    # ---- Where it stands.

    def tell(self) -> Cursor:
        """The cursor after the last batch that was handed out, never after what was loaded ahead. Inside a
        step it is that of the step's beginning, and so it is after an error of the step. A Cursor."""
        self._here("Loader.tell()")
        with lock:
            return self._tell()

    def _tell(self) -> Cursor:
        taken, failed_at = self._first(), self._stand[1]
        if taken is not None:  # the library stands behind it
            return _cursor_of(taken.batch)
        return _cursor_of(lib.shs_tell(self._handle)) if failed_at is None else failed_at

    def _goes(self) -> None:
        """Forgets where the loader stood, because it goes elsewhere."""
        for taken in [taken for taken in self._waiting if taken.batch.slot]:
            self._waiting.remove(taken)
        self._status, self._stand = _OK, (False, None, self._stand[2])

    def seek(self, cursor: Iterable[int]) -> None:
        """Collective. Goes on at a cursor, in constant time."""
        self._here("Loader.seek()")
        with lock:
            self.run._check(lib.shs_seek(self._handle, _cursor(cursor)))
            self._goes()

    def fingerprint(self) -> str:
        """What the run is a function of, with one "name = value" a line."""
        self._here("Loader.fingerprint()")
        needed = ctypes.c_size_t()
        with lock:
            self.run._check(lib.shs_fingerprint(self._handle, None, 0, ctypes.byref(needed)))
            text = ctypes.create_string_buffer(needed.value)
            self.run._check(lib.shs_fingerprint(self._handle, text, needed, ctypes.byref(needed)))
        return text.value.decode("utf-8", "surrogateescape")

    def state_dict(self) -> dict[str, Any]:
        """What load_state_dict() goes on from: the cursor of tell(), and the run's fingerprint. Save it with
        the weights; it is the same on every rank. Raises Error inside a step, as save() does: the batches of
        the step that are handed out would come again. With agree=False it raises Error also after an error of
        the loader, as save() does, until a seek: rows of a step that has failed would be left out."""
        self._here("Loader.state_dict()")
        inside, failed_at, _ = self._stand
        with lock:
            failure = "" if failed_at is not None else self._failure()
        if failure:
            raise Error("Loader.state_dict(): the loader has failed; seek to the beginning of the step that "
                        "failed, which tell() returns, before you take a state. The error was: " + failure, *_STATE)
        if inside and failed_at is None:
            raise Error("Loader.state_dict(): some batches of this step are still to come, and those before would "
                        "come again; take the state after a batch whose ends_step is True", *_STATE)
        with lock:
            return {**self.tell()._asdict(), "fingerprint": self.fingerprint()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Collective. Goes on where state_dict() was taken, on any number of ranks up to V. Raises Error
        (SHS_ERROR_MISMATCH) for the state of another run, and names what differs."""
        self._here("Loader.load_state_dict()")
        missing = {"epoch", "epoch_step", "step", "fingerprint"} - set(state)
        if missing:
            raise ValueError(f"this is no state of a Loader: it has no {', '.join(sorted(missing))}")
        text = _options.encode(state["fingerprint"], "fingerprint")
        cursor = _cursor([state[name] for name in Cursor._fields])
        with lock:
            self.run._check(lib.shs_resume(self._handle, cursor, text))
            self._goes()

    # ---- Checkpoints.

    def save(self, folder: Text, state: Mapping[str, Any], keep: int = 0, asynchronous: bool = False) -> None:
        """Collective. Saves the cursor and arrays, {name: array}, in a folder: whole or not at all, and on
        stable storage when it returns. See shs_save_with() for the options. The arrays must be the same on
        every rank."""
        self._here("Loader.save()")
        borrowed: list[Any] = []
        tensors = tensors_over(state, borrowed, False)
        options = _options.fill(s.shs_save_options(), {"keep": keep, "asynchronous": asynchronous},
                                "Loader.save()", borrowed)
        with lock:
            if self._first() is not None or self._stand[1] is not None:
                self.seek(self._tell())  # the library stands behind a step that was not handed out
            self.run._check(lib.shs_save_with(self._handle, _options.encode(folder, "folder"), tensors,
                                              len(state), ctypes.byref(options)))

    def save_wait(self) -> None:
        """Collective. Waits for a save in the background, and raises its error."""
        self._here("Loader.save_wait()")
        with lock:
            self.run._check(lib.shs_save_wait(self._handle))

    def restore(self, folder: Text, state: Mapping[str, Any]) -> bool:
        """Collective. Fills the arrays, {name: array}, from the checkpoint that was saved last, and goes on at
        its cursor. Returns False if the folder has no checkpoint."""
        self._here("Loader.restore()")
        tensors = tensors_over(state, [], True)
        with lock:
            status = lib.shs_restore(self._handle, _options.encode(folder, "folder"), tensors, len(state))
            self.run._check(status)
            if status != _NO_CHECKPOINT:
                self._goes()
        notice = _library.text_of(lib.shs_notice())
        if notice:
            from ._run import log_report

            log_report("checkpoint", notice)
        return bool(status != _NO_CHECKPOINT)

    # ---- Accounting.

    def statistics(self) -> dict[str, int]:
        """What was read so far: see shs_loader_statistics."""
        return _as_dict(self._look("Loader.statistics()", lib.shs_statistics))

    def memory(self) -> dict[str, int]:
        """The memory that the loader takes at most, in bytes: see shs_loader_memory_use."""
        return _as_dict(self._look("Loader.memory()", lib.shs_loader_memory))

    def times(self) -> dict[str, float]:
        """What the loader has cost so far, in seconds: see shs_loader_times."""
        return _as_dict(self._look("Loader.times()", lib.shs_times))

    def report(self) -> str:
        """Collective. A line that says whether data kept up since the last report."""
        self._here("Loader.report()")
        text = ctypes.create_string_buffer(_REPORT_BYTES)
        with lock:
            self.run._check(lib.shs_loader_report(self._handle, text, len(text)))
        return text.value.decode("utf-8", "surrogateescape")

    def trace_write(self, path: Text) -> None:
        """Writes what each thread did, for ui.perfetto.dev: see the option trace_events."""
        self._here("Loader.trace_write()")
        with lock:
            self.run._check(lib.shs_trace_write(self._handle, _options.encode(path, "path")))

    def slab(self, field: Union[str, int]) -> dict[str, int]:
        """The slab of a field, by name or number, that this rank gets in a run of groups: see
        shs_loader_slab(). A dict."""
        if field in self._names:
            field = self._names.index(field)
        number = _options.whole(field, ctypes.c_size_t, "Loader.slab(): field")
        if number >= len(self._names):
            raise IndexError(f"Loader.slab(): there is no field {number}; there are {len(self._names)}")
        return _as_dict(self._look("Loader.slab()", lib.shs_loader_slab, number))

    def _draws(self, whole: Batch, batch: Batch) -> list[dict[str, Any]]:
        self._here("Batch.draws()")
        if whole._slot is None:
            raise Error("Batch.draws(): the arrays of this batch are copies, because more batches were kept than "
                        "the option `keep` says; give a larger one, or ask before so many are kept")
        struct = whole._slot.batch
        if batch is not whole:
            number = [vrank for vrank, _, _ in whole._parts].index(batch.vrank)
            struct = struct.part[number]
        record = ctypes.POINTER(s.shs_draws)()
        with lock:
            self.run._check(lib.shs_batch_draws(self._handle, ctypes.byref(struct), ctypes.byref(record)))
            try:
                return _tell_draws(record.contents)
            finally:
                lib.shs_draws_close(ctypes.byref(record))

    # ---- Its end, PyTorch, and other processes.

    def close(self) -> None:
        """Closes the loader. Arrays that are kept stay valid. Nothing happens if it is closed already."""
        with lock:
            if self._pid == os.getpid():
                for taken in [taken for taken in self._waiting if taken.batch.slot]:
                    taken.keep()  # the call goes on that is interrupted by the handler of a signal, if one closes
            super().close()
            self._waiting.clear()

    def _refuse_workers(self) -> None:
        torch_data = sys.modules.get("torch.utils.data")
        if torch_data is not None and torch_data.get_worker_info() is not None:
            raise _library.ProcessError(
                "a Loader was iterated in a worker of a PyTorch DataLoader, where every worker would deliver each "
                "row once more: give num_workers=0 to the DataLoader, and threads=N to the Loader")

    def _describe(self) -> str:
        with lock:
            at = self._tell()
            steps = lib.shs_epoch_steps(self._handle)
            return f"epoch {at.epoch}, epoch step {at.epoch_step} of {steps}, step {at.step}"


class _Epoch:
    """A loop over the rest of an epoch."""

    __slots__ = ("_loader", "_over")

    def __init__(self, loader: Loader) -> None:
        self._loader, self._over = loader, False

    def __iter__(self) -> _Epoch:
        return self

    def __next__(self) -> Batch:
        # Nothing is called behind _take(), so no handler of a signal runs between it and the program.
        if not self._over:
            batch = self._loader._take(lib.shs_next, "next(Loader)")
            if batch is not None:
                self._over = batch.ends_epoch
                return batch
            self._over = True
        raise StopIteration


def _cursor_of(struct: Any) -> Cursor:
    return Cursor(struct.epoch, struct.epoch_step, struct.step)


def _cursor(cursor: Iterable[int]) -> s.shs_cursor:
    epoch, epoch_step, step = cursor
    return s.shs_cursor(*(_options.whole(n, ctypes.c_uint64, "cursor") for n in (epoch, epoch_step, step)))


def _tell_draws(record: Any) -> list[dict[str, Any]]:
    rows = record.rows
    found = []
    for i in range(record.n_every):
        every = record.every[i]
        found.append({"name": _library.text_of(every.name), "every": np.array(every.every[:rows], np.uint64)})
    for i in range(record.n_operators):
        drawn = record.operators[i]
        values = {}
        for v in range(drawn.n_values):
            value = drawn.values[v]
            numbers = np.array(value.numbers[: rows * value.width], np.float64)
            values[_library.text_of(value.name)] = numbers.reshape(rows, value.width)
        found.append({
            "name": _library.text_of(drawn.name),
            "place": drawn.place,
            "text": _library.text_of(drawn.text),
            "fields": [_library.text_of(drawn.field[f]) for f in range(drawn.fields)],
            "layouts": [_library.text_of(drawn.layout[f]) for f in range(drawn.fields)],
            "applied": np.array(drawn.applied[:rows], np.int8),
            "values": values,
        })
    return found


def _refuse_collation(batches: Any, *, collate_fn_map: Any = None) -> NoReturn:
    raise TypeError("a DataLoader of PyTorch would make batches of the batches of a shardstep Loader, which are whole: "
                    "give it batch_size=None")


_torch_classes: dict[type[Loader], type[Loader]] = {}


def _with_torch(cls: type[Loader]) -> type[Loader]:
    """The class of a new loader. torch.utils.data.DataLoader knows an iterable dataset by its class only,
    so where torch is imported, it is a base class."""
    torch_data = sys.modules.get("torch.utils.data")
    if torch_data is None:
        return cls
    # default_collate() looks here for the types that it does not know; a PyTorch before 1.13 has no such table.
    collate = sys.modules.get("torch.utils.data._utils.collate")
    getattr(collate, "default_collate_fn_map", {})[_batch.Batch] = _refuse_collation
    if issubclass(cls, torch_data.IterableDataset):
        return cls
    if cls not in _torch_classes:
        import types

        made: Any = types.new_class(cls.__name__, (cls, torch_data.IterableDataset))
        made.__module__, made.__qualname__, made.__doc__ = cls.__module__, cls.__qualname__, cls.__doc__
        _torch_classes[cls] = made
    return _torch_classes[cls]
