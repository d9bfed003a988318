"""The public structs of the library, as ctypes knows them.

_library.py compares each size, offset and constant with the table of shs_layouts() before the first
call, so a struct that is written down wrongly here is refused and never used.
"""

from __future__ import annotations

import ctypes as c
from typing import TypeVar

_Struct = TypeVar("_Struct", bound=c.Structure)

STRUCTS: list[type[c.Structure]] = []


def _struct(cls: type[_Struct]) -> type[_Struct]:
    STRUCTS.append(cls)
    return cls


Report = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.c_char_p)
Agree = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_size_t, c.c_void_p)
Allocate = c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_size_t, c.c_size_t)
Release = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.c_size_t)


class shs_layout(c.Structure):
    _fields_ = [("name", c.c_char_p), ("place", c.c_int64), ("bytes", c.c_uint64)]


MAX_AXES = 8


@_struct
class shs_tensor(c.Structure):
    _fields_ = [
        ("name", c.c_char_p),
        ("type", c.c_int),
        ("axes", c.c_uint32),
        ("shape", c.c_uint64 * MAX_AXES),
        ("data", c.c_void_p),
    ]


@_struct
class shs_run_options(c.Structure):
    _fields_ = [
        ("seed", c.c_uint64),
        ("vranks", c.c_uint64),
        ("stop_signal", c.c_int),
        ("stop_on_term", c.c_bool),
        ("group", c.c_uint64),
        ("report", Report),
        ("report_user", c.c_void_p),
        ("warn_seconds", c.c_double),
        ("end_seconds", c.c_double),
        ("end_margin", c.c_double),
        ("limit_seconds", c.c_double),
    ]


@_struct
class shs_run_info(c.Structure):
    _fields_ = [
        ("seed", c.c_uint64),
        ("vranks", c.c_uint64),
        ("first_vrank", c.c_uint64),
        ("hosted", c.c_uint64),
        ("rank", c.c_int),
        ("ranks", c.c_int),
        ("group", c.c_uint64),
        ("member", c.c_uint64),
    ]


@_struct
class shs_dataset_options(c.Structure):
    _fields_ = [
        ("cache_bytes", c.c_size_t),
        ("unchecked", c.c_bool),
        ("one_sample_a_file", c.c_bool),
        ("probe", c.c_bool),
        ("probe_program", c.c_char_p),
        ("probe_seconds", c.c_uint32),
        ("probe_mebibytes", c.c_uint32),
        ("probe_plugins", c.c_bool),
        ("map", c.c_bool),
        ("index", c.c_char_p),
        ("cf", c.c_bool),
    ]


@_struct
class shs_slab(c.Structure):
    _fields_ = [
        ("axis", c.c_uint32),
        ("first", c.c_uint64),
        ("count", c.c_uint64),
        ("length", c.c_uint64),
    ]


@_struct
class shs_location(c.Structure):
    _fields_ = [
        ("path", c.c_char_p),
        ("row", c.c_uint64),
        ("file", c.c_uint64),
        ("source", c.c_uint64),
    ]


@_struct
class shs_blocks(c.Structure):
    _fields_ = [("rows", c.c_uint64), ("window", c.c_uint64)]


@_struct
class shs_subset(c.Structure):
    _fields_ = [
        ("from", c.c_double),
        ("to", c.c_double),
        ("split_seed", c.c_uint64),
        ("block", c.c_uint64),
        ("rows", c.POINTER(c.c_uint64)),
        ("n_rows", c.c_uint64),
    ]


@_struct
class shs_sampling(c.Structure):
    _fields_ = [
        ("repeats", c.c_uint64),
        ("epoch_rows", c.c_uint64),
        ("mix", c.POINTER(c.c_uint64)),
        ("n_mix", c.c_size_t),
        ("weights", c.POINTER(c.c_double)),
        ("n_weights", c.c_uint64),
        ("weight_field", c.c_char_p),
        ("balance", c.c_char_p),
    ]


@_struct
class shs_slot_memory(c.Structure):
    _fields_ = [("allocate", Allocate), ("release", Release), ("user", c.c_void_p)]


@_struct
class shs_failures(c.Structure):
    _fields_ = [
        ("damage", c.c_int),
        ("nan", c.c_int),
        ("exclude", c.POINTER(c.c_uint64)),
        ("n_exclude", c.c_uint64),
    ]


@_struct
class shs_loader_options(c.Structure):
    _fields_ = [
        ("batch", c.c_uint64),
        ("epochs", c.c_uint64),
        ("shuffle", c.c_int),
        ("shard", c.c_int),
        ("tail", c.c_int),
        ("blocks", shs_blocks),
        ("subset", shs_subset),
        ("sampling", shs_sampling),
        ("augment", c.c_char_p),
        ("operators", c.c_void_p),
        ("augment_by", c.c_int),
        ("twins", c.c_int),
        ("failures", shs_failures),
        ("pushdown", c.c_int),
        ("stream", c.c_uint32),
        ("through_stop", c.c_bool),
        ("ahead", c.c_uint32),
        ("threads", c.c_uint32),
        ("keep", c.c_uint32),
        ("step_batches", c.c_bool),
        ("memory", shs_slot_memory),
        ("trace_events", c.c_uint32),
    ]


@_struct
class shs_cursor(c.Structure):
    _fields_ = [("epoch", c.c_uint64), ("epoch_step", c.c_uint64), ("step", c.c_uint64)]


@_struct
class shs_batch(c.Structure):
    pass


shs_batch._fields_ = [
    ("seed", c.c_uint64),
    ("vrank", c.c_uint64),
    ("epoch", c.c_uint64),
    ("epoch_step", c.c_uint64),
    ("step", c.c_uint64),
    ("rows", c.c_uint64),
    ("count", c.c_uint64),
    ("step_rows", c.c_uint64),
    ("index", c.c_void_p),
    ("replaced", c.c_void_p),
    ("fields", c.c_size_t),
    ("field", c.POINTER(shs_tensor)),
    ("ends_step", c.c_bool),
    ("ends_epoch", c.c_bool),
    ("parts", c.c_size_t),
    ("part", c.POINTER(shs_batch)),
    ("weight", c.c_void_p),
    ("partner", c.c_void_p),
    ("partner_weight", c.c_void_p),
    ("slot", c.c_void_p),
]

# All members of a batch at once: the loop over batches reads each of them.
BATCH_FORMAT = "@8Q2PNP2?N5P"


@_struct
class shs_drawn_value(c.Structure):
    _fields_ = [
        ("name", c.c_char_p),
        ("unit", c.c_char_p),
        ("width", c.c_size_t),
        ("numbers", c.POINTER(c.c_double)),
    ]


@_struct
class shs_drawn(c.Structure):
    _fields_ = [
        ("name", c.c_char_p),
        ("place", c.c_size_t),
        ("text", c.c_char_p),
        ("fields", c.c_size_t),
        ("field", c.POINTER(c.c_char_p)),
        ("layout", c.POINTER(c.c_char_p)),
        ("applied", c.POINTER(c.c_int8)),
        ("n_values", c.c_size_t),
        ("values", c.POINTER(shs_drawn_value)),
    ]


@_struct
class shs_drawn_every(c.Structure):
    _fields_ = [("name", c.c_char_p), ("every", c.POINTER(c.c_uint64))]


@_struct
class shs_draws(c.Structure):
    _fields_ = [
        ("rows", c.c_uint64),
        ("n_every", c.c_size_t),
        ("every", c.POINTER(shs_drawn_every)),
        ("n_operators", c.c_size_t),
        ("operators", c.POINTER(shs_drawn)),
    ]


@_struct
class shs_loader_statistics(c.Structure):
    _fields_ = [
        (name, c.c_uint64)
        for name in (
            "rows",
            "rows_replaced",
            "reads",
            "bytes",
            "cold_reads",
            "chunks_decoded",
            "chunk_hits",
            "cached_bytes",
            "epochs_verified",
            "epochs_unverified",
        )
    ]


@_struct
class shs_loader_memory_use(c.Structure):
    _fields_ = [
        ("batches", c.c_uint64),
        ("staging", c.c_uint64),
        ("order", c.c_uint64),
        ("cache", c.c_uint64),
        ("reading", c.c_uint64),
        ("other", c.c_uint64),
        ("counted", c.c_uint64),
        ("resident", c.c_uint64),
        ("resident_shared", c.c_bool),
        ("hdf5", c.c_uint64),
        ("threads", c.c_uint64),
        ("total", c.c_uint64),
        ("waiting", c.c_uint64),
    ]


@_struct
class shs_loader_times(c.Structure):
    _fields_ = [
        ("elapsed", c.c_double),
        ("waited", c.c_double),
        ("waited_in_step", c.c_double),
        ("lanes", c.c_uint32),
    ]


@_struct
class shs_save_options(c.Structure):
    _fields_ = [("keep", c.c_uint64), ("asynchronous", c.c_bool)]


# The constants that the module uses, by the names of the headers.
CONSTANTS = {
    "SHS_OK": 0,
    "SHS_END": 1,
    "SHS_STOP": 2,
    "SHS_NO_CHECKPOINT": 3,
    "SHS_NOT_READY": 4,
    "SHS_NO_SLOT": 5,
    "SHS_ERROR_ARGUMENT": -1,
    "SHS_ERROR_UNSUPPORTED": -5,
    "SHS_ERROR_STATE": -6,
    "SHS_ERROR_GATHER": -12,
    "SHS_MAX_AXES": MAX_AXES,
    "SHS_U8": 1,
    "SHS_U16": 2,
    "SHS_U32": 3,
    "SHS_U64": 4,
    "SHS_I8": 5,
    "SHS_I16": 6,
    "SHS_I32": 7,
    "SHS_I64": 8,
    "SHS_F16": 9,
    "SHS_F32": 10,
    "SHS_F64": 11,
    "SHS_SHUFFLE_FULL": 0,
    "SHS_SHUFFLE_NONE": 1,
    "SHS_SHUFFLE_BLOCKS": 2,
    "SHS_SHARD_GLOBAL": 0,
    "SHS_SHARD_FIXED": 1,
    "SHS_TAIL_SHORT": 0,
    "SHS_TAIL_DROP": 1,
    "SHS_TAIL_PAD": 2,
    "SHS_BY_RANK_AND_STEP": 0,
    "SHS_BY_SAMPLE": 1,
    "SHS_DAMAGE_STOP": 0,
    "SHS_DAMAGE_REPLACE": 1,
    "SHS_NAN_KEEP": 0,
    "SHS_NAN_STOP": 1,
    "SHS_NAN_REPLACE": 2,
    "SHS_TWINS_WARN": 0,
    "SHS_TWINS_ERROR": 1,
    "SHS_TWINS_OFF": 2,
    "SHS_PUSHDOWN_AUTO": 0,
    "SHS_PUSHDOWN_OFF": 1,
    "SHS_PUSHDOWN_ALWAYS": 2,
    "SHS_REPORT_REPLACED": 0,
    "SHS_REPORT_EXCLUDED": 1,
    "SHS_REPORT_TWINS": 2,
    "SHS_REPORT_TWINS_UNKNOWN": 3,
    "SHS_REPORT_INDEX": 4,
    "SHS_REPORT_CHECKPOINT": 5,
    "SHS_REPORT_WAITING": 6,
}
