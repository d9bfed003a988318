"""Batches, and the memory that their arrays lie in.

Each batch lies in a slot of the loader's ring. Its arrays are NumPy arrays over that memory, without a
copy. The base of each array is a ctypes object that holds the _Kept; when the last array, view or
consumer of __dlpack__() is gone, the _Kept goes with it, and its memory back to the ring.

A handler of a signal may raise between any two steps of Python code, but not within a call of a function
of C. So whatever must not be done in part is one call of C here.
"""

from __future__ import annotations

import copy
import ctypes
import operator
import os
import struct
from itertools import filterfalse
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Union

import numpy as np
import numpy.typing as npt

from . import _structs as s
from ._dataset import DTYPES, shape_of
from ._library import check, lib, text_of

if TYPE_CHECKING:
    from ._loader import Loader

_unpack = struct.Struct(s.BATCH_FORMAT).unpack_from
_keep = lib.shs_keep

# Makes a method of a function of C.
_method = ctypes.pythonapi.PyInstanceMethod_New
_method.restype, _method.argtypes = ctypes.py_object, [ctypes.py_object]


class _Kept(tuple[Any]):
    """(the reference to a batch,), which the library keeps until this object is gone. Any thread may come to its
    end, at any time. No code of Python runs then, so that an exception of a signal's handler is neither lost there
    nor the reason why memory does not go back to the ring."""

    __slots__ = ()
    _as_parameter_ = property(operator.itemgetter(0))  # what a function of the library gets
    batch = property(lambda kept: kept[0]._obj)
    __del__ = _method(lib.shs_give_back)


def _in_child() -> None:
    # A child of fork() has no loaders that the memory could go back to.
    global _Kept
    parents = _Kept
    _Kept = type(parents.__name__, parents.__bases__, dict(vars(parents)))  # type: ignore[misc, assignment]
    del parents.__del__


os.register_at_fork(after_in_child=_in_child)


class Taken:
    """A batch that the library has given, and what was done with it so far. Both lists are filled within the call
    that does it."""

    __slots__ = ("batch", "reference", "agreed", "kept", "_keeping")

    def __init__(self, struct: Any = s.shs_batch, byref: Any = ctypes.byref) -> None:
        self.batch = batch = struct()
        self.reference = byref(batch)
        self.agreed: list[int] = []  # the status of the step's agreement
        self.kept: list[_Kept] = []  # the _Kept
        self._keeping = map(_Kept, zip(filterfalse(_keep, (self.reference,))))  # once, whoever asks for it

    def keep(self) -> None:
        """Keeps it, unless it is kept."""
        self.kept.extend(self._keeping)
        if not self.kept:
            check(_keep(self.reference))


_bytes_types: dict[int, Any] = {}


def _memory(address: int, size: int, slot: Optional[_Kept]) -> Any:
    """The bytes at an address, which hold the slot."""
    kind: Any = _bytes_types.get(size)
    if kind is None:
        kind = type("_Bytes", (ctypes.c_uint8 * size,), {"__slots__": ("slot",)})
        if len(_bytes_types) > 4096:  # of ragged tails there may be many sizes
            _bytes_types.clear()
        _bytes_types[size] = kind
    memory = kind.from_address(address)
    memory.slot = slot
    return memory


def _view(address: int, shape: tuple[int, ...], dtype: np.dtype[Any], slot: Optional[_Kept]) -> npt.NDArray[Any]:
    size = dtype.itemsize
    for length in shape:
        size *= length
    if not size:
        return np.empty(shape, dtype)
    return np.ndarray(shape, dtype, _memory(address, size, slot))


Convert = Callable[[npt.NDArray[Any]], Any]
_U64, _F32 = np.dtype(np.uint64), np.dtype(np.float32)


class Form:
    """What all batches of a loader have in common: names, types and shapes of their fields."""

    __slots__ = ("names", "number", "dtypes", "shapes", "constants", "convert", "known")

    def __init__(self, batch: s.shs_batch, constants: list[bool], convert: Optional[Convert]) -> None:
        tensors = [batch.field[f] for f in range(batch.fields)]
        self.names = tuple(text_of(t.name) for t in tensors)
        self.number = {name: f for f, name in enumerate(self.names)}
        self.dtypes = [DTYPES[t.type] for t in tensors]
        self.constants = constants  # for each field: True if a batch has one copy of it
        self.shapes = [shape_of(t) if one else shape_of(t)[1:] for t, one in zip(tensors, constants)]
        self.convert = convert
        # The addresses of the fields, for each slot of the ring: they stay where they are.
        self.known: dict[int, list[int]] = {}

    def addresses(self, batch: s.shs_batch) -> list[int]:
        return [batch.field[f].data for f in range(len(self.names))]

    def addresses_in(self, batch: s.shs_batch, slot: int) -> list[int]:
        found = self.known.get(slot)
        if found is None:
            found = self.known[slot] = self.addresses(batch)
        return found


class Batch:
    """The batch of one virtual rank in one step or, with step_batches, of all virtual ranks of this
    rank.

    batch["train/images"] or batch[0] is the array of a field, of shape (rows, ...); a constant field has
    the shape of its one copy. `images, labels = batch` takes the arrays in the order of the fields;
    dict(batch) has them by name. They are NumPy arrays, or what the loader's option `array` makes of
    them. They may be written to, and stay valid as long as anything refers to them.

    seed, vrank, epoch, epoch_step, step, rows, count, step_rows, ends_step, ends_epoch, index, replaced,
    weight, partner and partner_weight are those of shs_batch; `parts` are batches, too. A batch may have
    no rows: every rank gets as many batches as any other.
    """

    __slots__ = (
        "seed", "vrank", "epoch", "epoch_step", "step", "rows", "count", "step_rows", "ends_step",
        "ends_epoch", "_form", "_slot", "_addresses", "_arrays", "_at", "_parts", "_loader", "_whole",
    )  # fmt: skip
    seed: int
    vrank: int
    epoch: int
    epoch_step: int
    step: int
    rows: int
    count: int
    step_rows: int
    ends_step: bool
    ends_epoch: bool
    _form: Form
    _slot: Optional[_Kept]  # None: the arrays are copies
    _addresses: list[int]  # of the fields; empty if the arrays are there
    _arrays: list[Any]
    _at: dict[str, tuple[Optional[int], Any]]
    _parts: tuple[tuple[int, int, int], ...]
    _loader: Loader
    _whole: Optional[Batch]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields."""
        return self._form.names

    def keys(self) -> tuple[str, ...]:
        return self._form.names

    def __len__(self) -> int:
        """The number of fields."""
        return len(self._form.names)

    def __contains__(self, name: object) -> bool:
        return name in self._form.number

    def __iter__(self) -> Iterator[Any]:
        return (self[f] for f in range(len(self)))

    def __getitem__(self, field: Union[str, int]) -> Any:
        form = self._form
        f = form.number.get(field) if isinstance(field, str) else operator.index(field)
        if f is None:
            raise KeyError(f"the batch has no field {field!r}; it has {', '.join(form.names)}")
        array = self._arrays[f]
        if array is None:
            array = self._stored(f)
            if form.convert is not None:
                array = form.convert(array)
            self._arrays[f] = array
        return array

    def _stored(self, f: int) -> npt.NDArray[Any]:
        """The array of a field before the option `array` makes anything of it."""
        form, shape = self._form, self._form.shapes[f]
        if not form.constants[f]:
            shape = (self.rows, *shape)
        return _view(self._addresses[f], shape, form.dtypes[f], self._slot)

    def _numbers(self, name: str, dtype: np.dtype[Any]) -> Optional[npt.NDArray[Any]]:
        """An array beside the fields, or None if the batch has none."""
        address, array = self._at[name]
        if array is None and address:
            array = _view(address, (self.rows,), dtype, self._slot)
            array.flags.writeable = False
            self._at[name] = (address, array)
        numbers: Optional[npt.NDArray[Any]] = array
        return numbers

    @property
    def index(self) -> npt.NDArray[np.uint64]:
        """The number of each row in the dataset."""
        index = self._numbers("index", _U64)
        return np.empty(0, _U64) if index is None else index

    @property
    def replaced(self) -> Optional[npt.NDArray[np.uint64]]:
        """See shs_batch; None if no row was replaced."""
        return self._numbers("replaced", _U64)

    @property
    def weight(self) -> Optional[npt.NDArray[np.float32]]:
        """See shs_batch; None without step_batches and pad."""
        return self._numbers("weight", _F32)

    @property
    def partner(self) -> Optional[npt.NDArray[np.uint64]]:
        """See shs_batch; None if nothing mixes."""
        return self._numbers("partner", _U64)

    @property
    def partner_weight(self) -> Optional[npt.NDArray[np.float32]]:
        """See shs_batch; None if nothing mixes."""
        return self._numbers("partner_weight", _F32)

    @property
    def parts(self) -> tuple[Batch, ...]:
        """With step_batches the batches of the hosted virtual ranks, else an empty tuple. They share the
        arrays of this batch."""
        found = []
        begin = 0
        for number, (vrank, rows, count) in enumerate(self._parts):
            found.append(self._part(vrank, begin, rows, count, number + 1 == len(self._parts)))
            begin += rows
        return tuple(found)

    def _part(self, vrank: int, begin: int, rows: int, count: int, last: bool) -> Batch:
        part = Batch()
        for name in ("seed", "epoch", "epoch_step", "step", "step_rows", "_form", "_slot", "_loader"):
            setattr(part, name, getattr(self, name))
        part.vrank, part.rows, part.count = vrank, rows, count
        part.ends_step, part.ends_epoch = self.ends_step and last, self.ends_epoch and last
        end = begin + rows
        part._addresses, part._parts, part._whole = [], (), self
        part._arrays = [self[f] if self._form.constants[f] else self[f][begin:end] for f in range(len(self))]
        part._at = {}
        for name in _NAMES:
            array = getattr(self, name)
            if array is not None:
                array = array[begin:end]
                if name == "partner":  # slots are counted within the part
                    array = array - np.uint64(begin)
            part._at[name] = (None, array)
        return part

    def pin_memory(self) -> Batch:
        """The same batch with tensors in pinned memory: a DataLoader with pin_memory=True calls this. The
        loader must have been opened with array=torch.from_numpy."""
        for name, array in zip(self.names, self):
            if not hasattr(array, "pin_memory"):
                raise TypeError(f"Batch.pin_memory(): {name} is of the type {type(array).__name__}, which cannot be "
                                "pinned; open the loader with array=torch.from_numpy")
        pinned = copy.copy(self)
        pinned._arrays = [array.pin_memory() for array in self]
        return pinned

    def draws(self) -> list[dict[str, Any]]:
        """What the operators of the augmentation drew for each row: a list of dicts with the operator's
        `name`, `place`, `text`, `fields`, `layouts`, `applied` (1, 0 or -1 for each row) and `values`,
        {name: array of shape (rows, numbers)}. Spacings of windows come first, as dicts with the keys
        `name` and `every`. A batch whose arrays are copies has no draws: see the option `keep`."""
        return self._loader._draws(self._whole or self, self)

    def __repr__(self) -> str:
        return (f"<shardstep.Batch: virtual rank {self.vrank}, epoch {self.epoch}, step {self.step}, "
                f"{self.rows} rows of {', '.join(self.names)}>")


_NAMES = ("index", "replaced", "weight", "partner", "partner_weight")


def make(batch: s.shs_batch, form: Form, slot: Optional[_Kept], loader: Loader, replayed: bool = False) -> Batch:
    """A Batch of a struct. `slot` keeps the memory; None: the arrays become copies."""
    made = Batch()
    (made.seed, made.vrank, made.epoch, made.epoch_step, made.step, made.rows, made.count, made.step_rows,
     index, replaced, _, _, made.ends_step, made.ends_epoch, parts, _, weight, partner, partner_weight,
     address) = _unpack(batch)  # fmt: skip
    made._form, made._slot, made._loader, made._whole = form, slot, loader, None
    # A replayed batch may be a part of what lies in the slot. Its fields then begin elsewhere.
    made._addresses = form.addresses(batch) if replayed else form.addresses_in(batch, address)
    made._arrays = [None] * len(form.names)
    made._at = {"index": (index, None), "replaced": (replaced, None), "weight": (weight, None),
                "partner": (partner, None), "partner_weight": (partner_weight, None)}  # fmt: skip
    made._parts = ()
    if parts:
        part = batch.part
        made._parts = tuple((part[i].vrank, part[i].rows, part[i].count) for i in range(parts))
    if slot is None:
        _copy(made)
    return made


def _copy(batch: Batch) -> None:
    """Gives a batch arrays of its own."""
    convert = batch._form.convert
    batch._arrays = [np.array(batch._stored(f)) for f in range(len(batch))]
    if convert is not None:
        batch._arrays = [convert(array) for array in batch._arrays]
    for name in _NAMES:
        array = getattr(batch, name)
        if array is not None:
            array = np.array(array)
            array.flags.writeable = False
            batch._at[name] = (None, array)
    batch._addresses = []
