"""A dataset: samples from one HDF5 file or many."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Sequence, Tuple, Union

import numpy as np

from . import _library, _options, _structs as s
from ._handle import Handle
from ._library import lib, lock
from ._types import Text

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._loader import Loader
    from ._run import Run
    from ._types import AllLoaderOptions, DatasetOptions

Fields = Union[Text, Sequence[Text], Mapping[str, str]]
Path = Union[Text, Sequence[Text]]

DTYPES: dict[int, np.dtype[Any]] = {
    s.CONSTANTS["SHS_" + short.upper()]: np.dtype(name)
    for short, name in (
        ("u8", "uint8"), ("u16", "uint16"), ("u32", "uint32"), ("u64", "uint64"),
        ("i8", "int8"), ("i16", "int16"), ("i32", "int32"), ("i64", "int64"),
        ("f16", "float16"), ("f32", "float32"), ("f64", "float64"),
    )
}  # fmt: skip


class Field(NamedTuple):
    """A field of a sample, as it is stored. An augmentation may change its type and shape."""

    name: str
    dtype: np.dtype[Any]
    shape: Tuple[int, ...]
    constant: bool


class Location(NamedTuple):
    """Where a sample lies: see shs_location."""

    path: str
    row: int
    file: int
    source: int


def _field(dataset: ctypes.c_void_p, number: int) -> Field:
    tensor = lib.shs_dataset_field(dataset, number).contents
    constant = lib.shs_dataset_is_constant(dataset, number)
    return Field(_library.text_of(tensor.name), DTYPES[tensor.type], shape_of(tensor), constant)


def shape_of(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.shape[: tensor.axes])


def fields_text(fields: Fields) -> bytes:
    """The text of fields: a text, a list of texts, or a dict of alias: text."""
    if hasattr(fields, "items"):
        fields = [f"{alias}={text}" for alias, text in fields.items()]
    if isinstance(fields, (list, tuple)):
        fields = ",".join(fields)
    return _options.encode(fields, "fields")


def path_text(path: Path) -> bytes:
    """A path, or a list of the paths of sources."""
    if isinstance(path, (list, tuple)):
        texts = [_options.encode(one, "path") for one in path]
        for text in texts:
            if b"," in text:
                raise ValueError(f"the path {os.fsdecode(text)!r} of a list has a comma, which separates sources; name "
                                 "it by a pattern, or in a file @LIST")
        return b",".join(texts)
    return _options.encode(path, "path")


class Dataset(Handle):
    """The samples of one HDF5 file, of all files of a folder, of those of a pattern or of a list.

    path     a file, a folder, a pattern such as "year-*.h5", "@LIST", or a list of such sources
    fields   "train/images,train/labels", a list of such texts, or {alias: text}; windows, runs of rows
             and all else as in shardstep/dataset.h

    The options are those of shs_dataset_options, by their names: cache_bytes, unchecked,
    one_sample_a_file, probe, probe_program, probe_seconds, probe_mebibytes, probe_plugins, map, index, cf.

    Collective, if the ranks of the run know each other.
    """

    _name, _release = "dataset", lib.shs_dataset_close

    def __init__(self, run: Run, path: Path, fields: Fields, **options: Unpack[DatasetOptions]) -> None:
        self._begin()
        self.run = run
        path, fields = path_text(path), fields_text(fields)
        borrowed: list[Any] = []
        filled = _options.fill(s.shs_dataset_options(), options, "Dataset", borrowed)
        run._here("Dataset()")
        with lock:
            _library.close_pending()
            run._check(lib.shs_dataset_open(run._handle, path, fields, ctypes.byref(filled),
                                            ctypes.byref(self._handle)))
            self._samples: int = lib.shs_dataset_samples(self._handle)
            self._fields = tuple(_field(self._handle, f) for f in range(lib.shs_dataset_fields(self._handle)))

    def _here(self, what: str) -> None:
        self._open(what)
        self.run._here(what)

    def __len__(self) -> int:
        """The number of samples."""
        self._open("len(Dataset)")
        return self._samples

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a sample, as they are stored: a tuple of Field."""
        self._open("Dataset.fields")
        return self._fields

    def locate(self, sample: int) -> Location:
        """Where a sample lies, by its number, as in Batch.index: a Location."""
        self._here("Dataset.locate()")
        found = s.shs_location()
        number = _options.whole(sample, ctypes.c_uint64, "Dataset.locate(): sample")
        with lock:
            self.run._check(lib.shs_locate(self._handle, number, ctypes.byref(found)))
        return Location(os.fsdecode(found.path), found.row, found.file, found.source)

    def loader(self, **options: Unpack[AllLoaderOptions]) -> Loader:
        """Opens a loader: see Loader."""
        from ._loader import Loader

        return Loader(self, **options)

    def _describe(self) -> str:
        return f"{self._samples} samples of {', '.join(f.name for f in self._fields)}"
