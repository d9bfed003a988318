"""The options by keyword, for type checkers and editors. tests/python/layouts.py compares them with the structs."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterable, Literal, Sequence, TypedDict, Union

import numpy as np
import numpy.typing as npt

Text = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Numbers = Union[Sequence[int], Sequence[float], "npt.NDArray[np.integer[Any]]", "npt.NDArray[np.floating[Any]]"]

Report = Callable[[str, str], object]
Agree = Callable[[bytes], Union[bytes, bytearray, memoryview, Iterable[bytes]]]


class RunOptions(TypedDict, total=False):
    seed: int
    vranks: int
    stop_signal: int
    stop_on_term: bool
    group: int
    warn_seconds: float
    end_seconds: float
    end_margin: float
    limit_seconds: float


class AllRunOptions(RunOptions, total=False):
    """With the functions of the program."""

    agree: Union[Agree, None]
    report: Union[Report, None]


class DatasetOptions(TypedDict, total=False):
    cache_bytes: int
    unchecked: bool
    one_sample_a_file: bool
    probe: bool
    probe_program: Text
    probe_seconds: int
    probe_mebibytes: int
    probe_plugins: bool
    map: bool
    index: Text
    cf: bool


class Blocks(TypedDict, total=False):
    rows: int
    window: int


Subset = TypedDict(
    "Subset", {"from": float, "to": float, "split_seed": int, "block": int, "rows": Numbers}, total=False
)


class Sampling(TypedDict, total=False):
    repeats: int
    epoch_rows: int
    mix: Numbers
    weights: Numbers
    weight_field: Text
    balance: Text


class Failures(TypedDict, total=False):
    damage: Literal["stop", "replace"]
    nan: Literal["keep", "stop", "replace"]
    exclude: Numbers


class Memory(TypedDict):
    allocate: Callable[[int, int], int]
    release: Callable[[int, int], object]


class LoaderOptions(TypedDict, total=False):
    batch: int
    epochs: int
    shuffle: Literal["full", "none", "blocks"]
    shard: Literal["global", "fixed"]
    tail: Literal["short", "drop", "pad"]
    blocks: Blocks
    subset: Subset
    sampling: Sampling
    augment: Union[Text, None]
    augment_by: Literal["rank", "sample"]
    twins: Literal["warn", "error", "off"]
    failures: Failures
    pushdown: Literal["auto", "off", "always"]
    stream: int
    through_stop: bool
    ahead: int
    threads: int
    step_batches: bool
    memory: Memory
    trace_events: int


class AllLoaderOptions(LoaderOptions, total=False):
    """With those of the module."""

    keep: int
    array: Union[Callable[[npt.NDArray[Any]], Any], None]
    agree: bool
