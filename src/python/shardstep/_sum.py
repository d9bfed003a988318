"""Sums over the virtual ranks of a run, with the same bits on any number of ranks.

The additions form the tree of shs_sum(): the node over virtual ranks [a,z) is [a,m) + [m,z), where m = a + the
largest power of two below z - a, and each addition is rounded once. The library adds by it in one process and over
MPI. Where a function of the program joins the ranks, the additions are those below.
"""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional

import numpy as np
import numpy.typing as npt

from . import _structs as s

if TYPE_CHECKING:
    from ._run import Run

Array = npt.NDArray[Any]

_TYPES: dict[np.dtype[Any], int] = {
    np.dtype(np.float32): s.CONSTANTS["SHS_F32"],
    np.dtype(np.float64): s.CONSTANTS["SHS_F64"],
}

PIECE_BYTES = 1 << 20
"""The most that a rank hands to the function `agree` at a time."""


# ---- What is added: an array, or dicts, lists and tuples of arrays, the same on every virtual rank.


def _leaves(part: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The arrays and numbers in what a virtual rank gives, each with the names that lead to it."""
    if hasattr(part, "items"):
        for name, value in part.items():
            yield from _leaves(value, (*path, str(name)))
    elif isinstance(part, (list, tuple)):
        for number, value in enumerate(part):
            yield from _leaves(value, (*path, str(number)))
    else:
        yield path, part


def _build(like: Any, leaves: Iterator[Any]) -> Any:
    """What has the form of `like`, with other leaves."""
    if hasattr(like, "items"):
        return {name: _build(value, leaves) for name, value in like.items()}
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*(_build(value, leaves) for value in like))
    if isinstance(like, (list, tuple)):
        return type(like)(_build(value, leaves) for value in like)
    return next(leaves)


def _array(value: Any, what: str) -> Array:
    array = value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)
    if array.dtype not in _TYPES:
        raise TypeError(f"{what} is of the type {array.dtype}; float32 and float64 are added")
    return array


def _as_given(given: Any, total: Array) -> Any:
    """A sum of what `given` was one part of."""
    if hasattr(given, "detach"):  # a tensor of PyTorch
        import torch

        return torch.from_numpy(total).to(given.device)
    if isinstance(given, np.ndarray):
        return total
    return total[()] if isinstance(given, np.generic) else float(total)


class Parts:
    """What the hosted virtual ranks give: for each leaf its name, and one array of shape (hosted, ...)."""

    def __init__(self, parts: Any, hosted: int) -> None:
        what = "Run.sum(): parts"
        if not hasattr(parts, "__len__") or len(parts) != hosted:
            has = f"{len(parts)} elements" if hasattr(parts, "__len__") else f"the type {type(parts).__name__}"
            raise ValueError(f"{what} must be a list with what each of the {hosted} virtual ranks gives that this rank "
                             f"hosts (Run.hosted), or an array with them along its first axis; it has {has}")
        if hasattr(parts, "items"):
            raise TypeError(f"{what} is a dict; it must be a list, with a dict of each hosted virtual rank")
        lists = [list(_leaves(part)) for part in parts]
        self.like, self.given = parts[0], [value for _, value in lists[0]]
        self.names: list[str] = []
        self.stacked: list[Array] = []
        for each in zip(*lists) if len({tuple(path for path, _ in one) for one in lists}) == 1 else [()]:
            if not each:
                raise ValueError(f"{what}: the virtual ranks give arrays under other names, or other numbers of them")
            name = ".".join(each[0][0]) or "the array"
            arrays = [_array(value, f"{what}: {name}") for _, value in each]
            if len({(array.dtype, array.shape) for array in arrays}) > 1:
                raise ValueError(f"{what}: {name} has other shapes or types for other virtual ranks: "
                                 + ", ".join(f"{array.dtype} {array.shape}" for array in arrays))
            if arrays[0].ndim >= s.MAX_AXES:
                raise ValueError(f"{what}: {name} has {arrays[0].ndim} axes; at most {s.MAX_AXES - 1} are added")
            self.names.append(name)
            self.stacked.append(np.stack(arrays))
        if not self.names:
            raise ValueError(f"{what}: there is no array in it")
        self.totals = [np.zeros(stacked.shape[1:], stacked.dtype) for stacked in self.stacked]

    def tensors(self, arrays: list[Array]) -> ctypes.Array[s.shs_tensor]:
        """Structs over arrays, for the library. Their names are those of the leaves where these can be told apart."""
        names = [name.replace("/", ".").encode(errors="replace")[:200] for name in self.names]
        made = (s.shs_tensor * len(arrays))()
        for number, (tensor, array) in enumerate(zip(made, arrays)):
            tensor.name = names[number] if len(set(names)) == len(names) else str(number).encode()
            tensor.type, tensor.axes = _TYPES[array.dtype], array.ndim
            tensor.shape[: array.ndim] = array.shape
            tensor.data = array.ctypes.data if array.size else ctypes.addressof(made)
        return made

    def result(self) -> Any:
        return _build(self.like, map(_as_given, self.given, self.totals))


# ---- The tree.


def _middle(a: int, z: int) -> int:
    return a + (1 << (z - a - 1).bit_length() - 1)


def _tree(a: int, z: int, value: Callable[[int, int], Optional[Array]]) -> Array:
    """The sum over virtual ranks [a,z). `value(a, z)` returns a sum that is known, or None."""
    known = value(a, z)
    if known is not None:
        return known
    m = _middle(a, z)
    return _tree(a, m, value) + _tree(m, z, value)


def _nodes(a: int, z: int, begin: int, end: int) -> list[tuple[int, int]]:
    """The nodes within [a,z) that lie in [begin,end), and whose parents do not."""
    if z <= begin or end <= a:
        return []
    if begin <= a and z <= end:
        return [(a, z)]
    m = _middle(a, z)
    return _nodes(a, m, begin, end) + _nodes(m, z, begin, end)


@functools.lru_cache(maxsize=4)
def _nodes_of_groups(vranks: int, groups: int, alone: bool) -> list[list[tuple[int, int]]]:
    """The nodes whose sums come from each group of ranks. A rank alone adds what it can. In groups of several the
    members are added first, for each virtual rank."""
    bounds = [g * vranks // groups for g in range(groups + 1)]
    blocks = zip(bounds, bounds[1:])
    return [_nodes(0, vranks, a, z) if alone else [(v, v + 1) for v in range(a, z)] for a, z in blocks]


def add_gathered(parts: Parts, run: Run, gather: Callable[[bytes], list[bytes]]) -> None:
    """Sets the totals of parts. `gather(bytes)` returns those of all ranks, in the order of ranks."""
    nodes = _nodes_of_groups(run.vranks, run.ranks // run.group, run.group == 1)
    most = max(map(len, nodes))
    for dtype in _TYPES:
        mine = [number for number, total in enumerate(parts.totals) if total.dtype == dtype]
        flat = [parts.stacked[number].reshape(run.hosted, -1) for number in mine]
        given = np.concatenate(flat, axis=1) if flat else np.empty((run.hosted, 0), dtype)
        sums = np.empty(given.shape[1], dtype)
        piece = max(1, PIECE_BYTES // (most * dtype.itemsize))
        for at in range(0, sums.size, piece):
            columns = given[:, at:at + piece]
            sent = np.zeros((most, columns.shape[1]), dtype)
            for row, (a, z) in zip(sent, nodes[run.rank // run.group]):
                row[:] = _tree(a, z, lambda a, z: columns[a - run.first_vrank] if z == a + 1 else None)
            came = [np.frombuffer(one, dtype).reshape(sent.shape) for one in gather(sent.tobytes())]
            sums[at:at + piece] = _add_ranks(came, nodes, run)
        at = 0
        for number in mine:
            total = parts.totals[number]
            total[...] = sums[at:at + total.size].reshape(total.shape)
            at += total.size


def _add_ranks(came: list[Array], nodes: list[list[tuple[int, int]]], run: Run) -> Array:
    """The sum over all virtual ranks, of the sums that came from each rank."""
    known: dict[tuple[int, int], Array] = {}
    for g, of_group in enumerate(nodes):
        members = came[g * run.group:(g + 1) * run.group]
        for number, node in enumerate(of_group):
            known[node] = _tree(0, run.group, lambda a, z: members[a][number] if z == a + 1 else None)
    return _tree(0, run.vranks, lambda a, z: known.get((a, z)))
