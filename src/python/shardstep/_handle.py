"""What Run, Dataset and Loader have in common: a handle of the library, and its end."""

import ctypes
import os

from . import _library
from ._library import Error, lock


class Handle:
    """Something that the library has opened for this process."""

    _name = ""  # for messages
    _release = None  # the function of the library that closes the handle
    _handle = None  # a pointer, which is NULL when it is closed; None until __init__ has begun

    def _begin(self):
        self._handle = ctypes.c_void_p()
        self._pid = os.getpid()

    def _open(self, what):
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

    def close(self):
        """Closes it. Arrays that are kept stay valid. Nothing happens if it is closed already."""
        if not self._handle or self._pid != os.getpid():
            return
        _library.refuse_callback(f"{type(self).__name__}.close()")
        with lock:
            self._release(ctypes.byref(self._handle))

    def __enter__(self):
        self._open(f"with {type(self).__name__}")
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def __del__(self):
        if self._handle and self._pid == os.getpid():
            _library.close_later(self._release, self._handle)

    def __reduce_ex__(self, protocol):
        raise _library.ProcessError(
            f"a {type(self).__name__} cannot be sent to another process, such as a worker of a PyTorch DataLoader: "
            "open one there, or give num_workers=0 to the DataLoader, and threads=N to the Loader")

    def __repr__(self):
        name = f"shardstep.{type(self).__name__}"
        return f"<{name}: {self._describe()}>" if self._handle else f"<{name}, closed>"
