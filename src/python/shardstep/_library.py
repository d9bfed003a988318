"""Finds the shared library, compares it with this module, and calls it.

A library is looked for, in this order: the file that the environment variable SHARDSTEP_LIBRARY
names; the library that a wheel has beside this module; the library that was installed together with
this module; libshardstep.so.0 wherever the system finds it.
"""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from typing import Any, Callable, NoReturn, Optional

from . import _structs as s
from ._version import VERSION

SONAME = "libshardstep.so.0"
FOLDER = os.path.dirname(os.path.abspath(__file__))


class Error(RuntimeError):
    """An error of the library. `status` is its number, `name` the name of the status, such as
    SHS_ERROR_FILE. `agreed` is true if every rank of the run has this error."""

    def __init__(self, message: str = "", status: Optional[int] = None, name: Optional[str] = None,
                 agreed: bool = False) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.name = name
        self.agreed = agreed


class ProcessError(Error):
    """A loader was used in a process that is not the process that opened it."""


class Stopped(Exception):
    """A stop was requested, and all ranks have agreed on it. The loader stands at the beginning of
    a step. Save, and exit with EXIT_STOPPED, by which a job script starts the program again."""

    status = s.CONSTANTS["SHS_STOP"]


def _places() -> list[tuple[str, str]]:
    """The places where the library may be: (path, why)."""
    given = os.environ.get("SHARDSTEP_LIBRARY")
    if given:
        return [(given, "named by SHARDSTEP_LIBRARY")]
    places = [(os.path.join(FOLDER, "lib", SONAME), "beside the module, as in a wheel")]
    try:
        from ._installed import LIBRARY
    except ImportError:
        pass
    else:
        path = os.path.normpath(os.path.join(FOLDER, LIBRARY))
        places.append((path, "installed with the module"))
    places.append((SONAME, "where the system looks for libraries"))
    return places


def _open() -> tuple[ctypes.CDLL, str]:
    tried = []
    for path, why in _places():
        if os.sep in path and not os.path.exists(path):
            tried.append(f"{path} ({why}): there is no such file")
            continue
        try:
            return ctypes.CDLL(path), path
        except OSError as error:
            tried.append(f"{path} ({why}): {error}")
    raise ImportError(
        "shardstep: the shared library cannot be loaded. Install it, or name it by the environment "
        "variable SHARDSTEP_LIBRARY. Tried: " + "; ".join(tried)
    )


def _refuse(path: str, what: str) -> NoReturn:
    raise ImportError(
        f"shardstep: the module is of version {VERSION}, and does not fit the library {path}: "
        f"{what}. Install module and library of one version."
    )


def _compare(lib: ctypes.CDLL, path: str) -> None:
    """Refuses a library of another version, or with other structs or constants."""
    lib.shs_version.restype = ctypes.c_char_p
    version = lib.shs_version().decode()
    if version.split(".")[:2] != VERSION.split(".")[:2]:
        _refuse(path, f"it is of version {version}")
    if not hasattr(lib, "shs_layouts"):
        _refuse(path, "it is older, because it has no function shs_layouts()")
    lib.shs_layouts.restype = ctypes.POINTER(s.shs_layout)
    entry = lib.shs_layouts()
    found = {}
    at = 0
    while entry[at].name:
        found[entry[at].name.decode()] = (entry[at].place, entry[at].bytes)
        at += 1
    compare_layouts(found, lambda what: _refuse(path, what))


def compare_layouts(found: dict[str, tuple[int, int]], refuse: Callable[[str], object]) -> None:
    """Compares what a library has, {name: (place, bytes)}, with the structs of this module."""
    for name, value in s.CONSTANTS.items():
        if name not in found:
            refuse(f"it has no constant {name}")
        elif found[name][0] != value:
            refuse(f"its {name} is {found[name][0]}, not {value}")
    for cls in s.STRUCTS:
        struct_name = cls.__name__
        if struct_name not in found:
            refuse(f"it has no struct {struct_name}")
            continue
        mine = {f"{struct_name}.{name}": getattr(cls, name) for name, *_ in cls._fields_}
        its = [name for name in found if name.startswith(struct_name + ".")]
        for name in its:
            if name not in mine:
                refuse(f"it has the member {name}, which this module does not know")
        for name, field in mine.items():
            if name not in found:
                refuse(f"it has no member {name}")
            elif found[name] != (field.offset, field.size):
                refuse(
                    f"its {name} has {found[name][1]} bytes at byte {found[name][0]}, "
                    f"not {field.size} at byte {field.offset}"
                )
        if found[struct_name][1] != ctypes.sizeof(cls):
            refuse(f"its {struct_name} has {found[struct_name][1]} bytes, not {ctypes.sizeof(cls)}")
    if struct.calcsize(s.BATCH_FORMAT) != ctypes.sizeof(s.shs_batch):
        refuse(f"shs_batch is not packed as {s.BATCH_FORMAT}")


def _declare(lib: ctypes.CDLL) -> None:
    p, size, u64 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64
    text, status, pointer = ctypes.c_char_p, ctypes.c_int, ctypes.POINTER
    functions: dict[str, tuple[Any, ...]] = {
        "shs_status_name": (text, status),
        "shs_message": (text,),
        "shs_message_is_agreed": (ctypes.c_bool,),
        "shs_notice": (text,),
        "shs_open_ranks": (status, status, status, s.Agree, p, pointer(s.shs_run_options), p),
        "shs_close": (status, p),
        "shs_info": (s.shs_run_info, p),
        "shs_agree": (status, p),
        "shs_request_stop": (None, p),
        "shs_sum": (status, p, pointer(s.shs_tensor), size, pointer(s.shs_tensor)),
        "shs_broadcast": (status, p, pointer(s.shs_tensor), size),
        "shs_same": (status, p, text, pointer(s.shs_tensor), size),
        "shs_dataset_open": (status, p, text, text, pointer(s.shs_dataset_options), p),
        "shs_dataset_close": (None, p),
        "shs_dataset_samples": (u64, p),
        "shs_dataset_fields": (size, p),
        "shs_dataset_field": (pointer(s.shs_tensor), p, size),
        "shs_dataset_is_constant": (ctypes.c_bool, p, size),
        "shs_dataset_slab": (s.shs_slab, p, size),
        "shs_locate": (status, p, u64, pointer(s.shs_location)),
        "shs_loader_open": (status, p, pointer(s.shs_loader_options), p),
        "shs_loader_close": (None, p),
        "shs_next": (status, p, p),
        "shs_try_next": (status, p, p),
        "shs_keep": (status, p),
        "shs_give_back": (status, p),
        "shs_tell": (s.shs_cursor, p),
        "shs_seek": (status, p, s.shs_cursor),
        "shs_fingerprint": (status, p, p, size, p),
        "shs_resume": (status, p, s.shs_cursor, text),
        "shs_replay": (status, p, s.shs_cursor, u64, p),
        "shs_batch_draws": (status, p, p, p),
        "shs_draws_close": (None, p),
        "shs_statistics": (s.shs_loader_statistics, p),
        "shs_loader_memory": (s.shs_loader_memory_use, p),
        "shs_loader_slab": (s.shs_slab, p, size),
        "shs_epoch_steps": (u64, p),
        "shs_times": (s.shs_loader_times, p),
        "shs_loader_report": (status, p, p, size),
        "shs_trace_write": (status, p, text),
        "shs_save_with": (status, p, text, pointer(s.shs_tensor), size, p),
        "shs_save_wait": (status, p),
        "shs_restore": (status, p, text, pointer(s.shs_tensor), size),
    }
    for name, (result, *arguments) in functions.items():
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments


lib, path = _open()
_compare(lib, path)
_declare(lib)

has_mpi = hasattr(lib, "shs_open")

# One thread at a time is inside the library, because HDF5 is not thread-safe. Giving a batch back is
# the exception: see _batch.py.
lock = threading.RLock()

# True in a thread while the library calls a function of the program. It must not be called then.
_callback = threading.local()

# What could not be closed where its last reference went: (function, handle, what the function may use).
_pending: list[tuple[Any, ctypes.c_void_p, Any]] = []


class calling_back:
    """Around a function of the program that the library calls."""

    def __enter__(self) -> None:
        _callback.inside = True

    def __exit__(self, *error: object) -> None:
        _callback.inside = False


def close_pending(pending: Any = _pending, byref: Any = ctypes.byref) -> None:
    while pending:
        function, handle, _ = pending.pop()
        function(byref(handle))


def close_later(function: Any, handle: ctypes.c_void_p, used: Any = None, *, pending: Any = _pending,
                callback: Any = _callback, lock: Any = lock, close: Any = close_pending) -> None:  # fmt: skip
    """Closes a handle whose Python object is gone, now or, if the library is in use, at the next
    call. The garbage collector may come in any thread and at any time, and when the interpreter ends
    after it has emptied the modules: so all that is used here is an argument."""
    pending.append((function, handle, used))
    if not getattr(callback, "inside", False) and lock.acquire(blocking=False):
        try:
            close()
        finally:
            lock.release()


def _in_child() -> None:
    # What the parent has not closed yet has threads that a child has not.
    _pending.clear()
    lock.release()


# A fork waits until no thread is inside the library. In the child nobody would ever leave it, and HDF5 would
# stay in the middle of what it did.
os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=_in_child)


def text_of(value: Optional[bytes]) -> str:
    return value.decode("utf-8", "surrogateescape") if value else ""


def check(status: int, cause: Optional[BaseException] = None) -> int:
    """Returns a status that is no error, and raises Error for an error. `cause` is what a function of the
    program has raised. KeyboardInterrupt, SystemExit and their like are raised themselves."""
    interrupted = cause is not None and not isinstance(cause, Exception)
    if status >= 0:
        if cause is not None and interrupted:
            raise cause
        return status
    error = Error(
        text_of(lib.shs_message()),
        status,
        text_of(lib.shs_status_name(status)),
        lib.shs_message_is_agreed(),
    )
    if cause is not None and interrupted:
        raise cause from error
    raise error from cause


def refuse_callback(what: str) -> None:
    if getattr(_callback, "inside", False):
        raise Error(f"{what} was called inside a function that the library had called; call it "
                    "after that function has returned")
