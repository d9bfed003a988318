"""Arrays of the program, as the library takes them."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from . import _options, _structs as s
from ._dataset import DTYPES

_TYPES = {dtype: number for number, dtype in DTYPES.items()}


def tensors_over(state: Mapping[str, Any], borrowed: list[Any], writes: bool) -> Any:
    """An array of shs_tensor over {name: array}."""
    tensors = (s.shs_tensor * max(len(state), 1))()
    for tensor, (name, value) in zip(tensors, state.items()):
        array = value.detach().numpy() if hasattr(value, "detach") else value
        if not isinstance(array, np.ndarray):
            if writes:
                raise TypeError(f"{name} must be an array of NumPy, or a tensor of PyTorch on the CPU, to be filled")
            array = np.asarray(array)
        if array.dtype not in _TYPES or array.ndim > s.MAX_AXES:
            raise TypeError(f"{name} has the type {array.dtype} and {array.ndim} axes; the library takes "
                            f"{', '.join(str(d) for d in _TYPES)} with at most {s.MAX_AXES} axes")
        if writes and not (array.flags.c_contiguous and array.flags.writeable):
            raise ValueError(f"{name} must be contiguous and writable, to be filled")
        array = np.ascontiguousarray(array).reshape(array.shape)
        borrowed.append(array)
        tensor.name = _options.encode(name, "a name")
        tensor.type, tensor.axes = _TYPES[array.dtype], array.ndim
        tensor.shape[: array.ndim] = array.shape
        tensor.data = array.ctypes.data
    borrowed.append(tensors)
    return tensors
