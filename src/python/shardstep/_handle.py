"""What Run, Dataset and Loader have in common: a handle of the library, and its end."""

from __future__ import annotations

import ctypes
import os
from types import TracebackType
from typing import Any, NoReturn, Optional, TypeVar

from . import _library
from ._library import Error, lock


_Self = TypeVar("_Self", bound="Handle")


class Handle:
    """Something that the library has opened for this process."""

    _name = ""  # for messages
    _release: Any = None  # the function of the library that closes the handle
    _handle: Any = None  # a pointer, which is NULL when it is closed; None until __init__ has begun

    def _begin(self) -> None:
        self._handle = ctypes.c_void_p()
        self._pid = os.getpid()

    def _open(self, what: str) -> None:
        """Refuses another process, a call from within the library, and what is closed."""
        if self._pid != os.getpid():
            raise _library.ProcessError(
                f"{what} was called in process {os.getpid()}, but process {self._pid} opened the run. A "
                "child of fork() has none of the threads that load, and every worker of a PyTorch "
                "DataLoader would deliver each row once more: give num_workers=0 to the DataLoader, and "
                "threads=N to the Loader"
            )
        _library.refuse_callback(what)
        if not self._handle:
            raise Error(f"{what}: the {self._name} is closed")

    def _describe(self) -> str:
        raise NotImplementedError

    def close(self) -> None:
        """Closes it. Arrays that are kept stay valid. Nothing happens if it is closed already."""
        if not self._handle or self._pid != os.getpid():
            return
        _library.refuse_callback(f"{type(self).__name__}.close()")
        with lock:
            self._release(ctypes.byref(self._handle))

    def __enter__(self: _Self) -> _Self:
        self._open(f"with {type(self).__name__}")
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:  # fmt: skip
        self.close()

    # Arguments, for the interpreter may have emptied the modules when it ends.
    def __del__(self, close_later: Any = _library.close_later, getpid: Any = os.getpid) -> None:
        if self._handle and self._pid == getpid():
            close_later(self._release, self._handle)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise _library.ProcessError(
            f"a {type(self).__name__} cannot be sent to another process, such as a worker of a PyTorch DataLoader: "
            "open one there, or give num_workers=0 to the DataLoader, and threads=N to the Loader")

    def __repr__(self) -> str:
        name = f"shardstep.{type(self).__name__}"
        if not self._handle:
            return f"<{name}, closed>"
        if self._pid != os.getpid():
            return f"<{name} of process {self._pid}>"
        return f"<{name}: {self._describe()}>"
