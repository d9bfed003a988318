"""Options by keyword, with the names that they have in the headers.

Nothing is narrowed in silence: a number that the library's type cannot hold is refused here.
"""

from __future__ import annotations

import ctypes
import difflib
import operator
import os
from typing import Any, Collection, Mapping, TypeVar

import numpy as np

from . import _structs as s

_Struct = TypeVar("_Struct", bound=ctypes.Structure)

# The words for the constants of an enumeration. They are those of the command line.
WORDS = {
    "shuffle": {"full": "SHS_SHUFFLE_FULL", "none": "SHS_SHUFFLE_NONE", "blocks": "SHS_SHUFFLE_BLOCKS"},
    "shard": {"global": "SHS_SHARD_GLOBAL", "fixed": "SHS_SHARD_FIXED"},
    "tail": {"short": "SHS_TAIL_SHORT", "drop": "SHS_TAIL_DROP", "pad": "SHS_TAIL_PAD"},
    "augment_by": {"rank": "SHS_BY_RANK_AND_STEP", "sample": "SHS_BY_SAMPLE"},
    "twins": {"warn": "SHS_TWINS_WARN", "error": "SHS_TWINS_ERROR", "off": "SHS_TWINS_OFF"},
    "pushdown": {"auto": "SHS_PUSHDOWN_AUTO", "off": "SHS_PUSHDOWN_OFF", "always": "SHS_PUSHDOWN_ALWAYS"},
    "damage": {"stop": "SHS_DAMAGE_STOP", "replace": "SHS_DAMAGE_REPLACE"},
    "nan": {"keep": "SHS_NAN_KEEP", "stop": "SHS_NAN_STOP", "replace": "SHS_NAN_REPLACE"},
}

# Lists, each with the member that says how many numbers it has.
LISTS = {"rows": "n_rows", "mix": "n_mix", "weights": "n_weights", "exclude": "n_exclude"}

_POINTERS = {ctypes.POINTER(ctypes.c_uint64): np.uint64, ctypes.POINTER(ctypes.c_double): np.float64}
_HIDDEN = set(LISTS.values()) | {"report", "report_user", "operators", "user"}


def nearest(name: str, names: Collection[str]) -> str:
    close = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {close[0]}?" if close else "; there are " + ", ".join(sorted(names))


def encode(value: object, what: str) -> bytes:
    """A text or a path as the library takes it."""
    if not isinstance(value, (bytes, str, os.PathLike)):
        raise TypeError(f"{what} must be a text, not {type(value).__name__}")
    text = os.fsencode(value)
    if b"\0" in text:  # the library would read what stands before it
        raise ValueError(f"{what} has a NUL character: {value!r}")
    return text


def whole(value: Any, kind: Any, what: str) -> int:
    """A whole number that the C type `kind` can hold."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number, not {value!r}") from None
    if kind(number).value != number:
        bits = 8 * ctypes.sizeof(kind)
        least = -(1 << bits - 1) if kind(-1).value < 0 else 0
        most = least + (1 << bits) - 1
        raise ValueError(f"{what} is {number}; it must be from {least} to {most}")
    return number


def numbers(value: Any, dtype: Any, what: str) -> np.ndarray[Any, Any]:
    """A list of numbers as an array of `dtype`, without a change of any value."""
    given = np.asarray(value)
    if given.ndim != 1:
        raise ValueError(f"{what} must be a list of numbers, not an array of {given.ndim} axes")
    if given.size == 0:
        return np.empty(0, dtype)
    if dtype == np.uint64 and (given.dtype.kind not in "ui" or (given.dtype.kind == "i" and given.min() < 0)):
        raise ValueError(f"{what} must be whole numbers that are not below 0")
    if dtype == np.float64 and given.dtype.kind not in "uif":
        raise ValueError(f"{what} must be numbers")
    return np.ascontiguousarray(given, dtype)


def _word(name: str, value: object, what: str) -> int:
    words = WORDS[name]
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{what} is {value!r}; it must be one of {', '.join(words)}")
    return s.CONSTANTS[words[value]]


def _memory(struct: Any, value: Any, what: str, borrowed: list[Any]) -> None:
    """The two functions that give and take the memory of batches."""
    for name in ("allocate", "release"):
        if not callable(value.get(name)):
            raise TypeError(f"{what} needs two functions, allocate and release")

    def allocate(_: Any, size: int, alignment: int, function: Any = value["allocate"]) -> int:
        try:
            return function(size, alignment) or 0
        except Exception as error:
            borrowed.append(error)
            return 0

    def release(_: Any, address: int, size: int, function: Any = value["release"]) -> None:
        function(address, size)

    struct.allocate, struct.release = s.Allocate(allocate), s.Release(release)
    # A batch may be kept for as long as the process lives, and gives its memory back then.
    _forever.append((struct.allocate, struct.release))


_forever: list[Any] = []


def fill(struct: _Struct, options: Mapping[str, Any], what: str, borrowed: list[Any]) -> _Struct:
    """Writes options to a struct. What the struct points to is put into the list `borrowed`, which
    must live as long as the struct is used."""
    kinds: dict[str, Any] = {field[0]: field[1] for field in struct._fields_ if field[0] not in _HIDDEN}
    for name, value in options.items():
        if name not in kinds:
            raise TypeError(f"{what}: there is no option {name!r}{nearest(name, kinds)}")
        if value is None:
            continue
        kind, full = kinds[name], f"{what}: {name}"
        if kind is s.shs_slot_memory:
            _memory(struct.memory, value, full, borrowed)
        elif issubclass(kind, ctypes.Structure):
            if not hasattr(value, "items"):
                raise TypeError(f"{full} must be a dict with some of "
                                f"{', '.join(member[0] for member in kind._fields_ if member[0] not in _HIDDEN)}")
            fill(getattr(struct, name), dict(value), full, borrowed)
        elif kind in _POINTERS:
            array = numbers(value, _POINTERS[kind], full)
            borrowed.append(array)
            # A list without numbers is no list that is left out: it needs an address.
            address = array.ctypes.data_as(kind) if array.size else (kind._type_ * 1)()
            setattr(struct, name, ctypes.cast(address, kind))
            borrowed.append(address)
            setattr(struct, LISTS[name], array.size)
        elif name in WORDS:
            setattr(struct, name, _word(name, value, full))
        elif kind is ctypes.c_char_p:
            setattr(struct, name, encode(value, full))
        elif kind is ctypes.c_bool:
            if value not in (True, False):
                raise TypeError(f"{full} must be True or False, not {value!r}")
            setattr(struct, name, bool(value))
        elif kind is ctypes.c_double:
            setattr(struct, name, float(value))
        else:
            setattr(struct, name, whole(value, kind, full))
    return struct
