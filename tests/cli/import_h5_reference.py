#!/usr/bin/python3
"""HDF5 and NPZ sources for shardstep import, and what it must make of them, by h5py and numpy.

    make FOLDER              writes the sources, truth/NAME.npy for each, and cases.txt
    check FILE FOLDER        compares an imported file with the truth, and prints how many fields are right
"""
import io
import itertools
import os
import sys
import zipfile

import h5py
import numpy as np

TYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
NAMES = dict(zip(TYPES, ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f16", "f32", "f64"]))


class Sources:
    def __init__(self, folder):
        self.folder, self.cases, self.random = folder, [], np.random.default_rng(1)
        os.makedirs(os.path.join(folder, "truth"))

    def case(self, origin, truth):
        name = f"case{len(self.cases)}"
        np.save(os.path.join(self.folder, "truth", name + ".npy"), np.ascontiguousarray(truth))
        self.cases.append(f"{name}={origin}")

    def values(self, kind, shape):
        dtype = np.dtype(kind)
        if not dtype.isnative:
            return self.values(dtype.newbyteorder("="), shape).astype(dtype)
        if dtype.kind == "f":
            return self.random.standard_normal(shape).astype(dtype)
        info = np.iinfo(dtype)
        return self.random.integers(info.min, info.max, shape, dtype, endpoint=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def types_and_axes(self):
        """Every type and order of bytes, stored in every way, with its axes in every order."""
        path = self.path("plain.h5")
        storages = [{}, {"chunks": (2, 3, 2, 4)}, {"chunks": (5, 1, 3, 2), "compression": "gzip",
                                                   "shuffle": True}]
        with h5py.File(path, "w") as file:
            for i, (kind, order) in enumerate(itertools.product(TYPES, "<>")):
                array = self.values(order + kind, (7, 3, 4, 5))
                name = f"a/{kind}{i % 2}"
                file.create_dataset(name, data=array, **storages[i % 3])
                native = array.astype(kind)
                self.case(f"h5:{path}:{name}", native)
                self.case(f"h5:reversed:{path}:/{name}", native.transpose())
                axes = list(itertools.permutations(range(4)))[i]
                text = ",".join(map(str, axes))
                self.case(f"h5:axes={text}:{path}:{name}", native.transpose(axes))
            one = self.values("f8", (11,))
            file["one"] = one
            self.case(f"h5:reversed:{path}:one", one)
            flags = self.random.integers(0, 2, (6, 5)).astype(bool)
            file["flags"] = flags
            self.case(f"h5:{path}:flags", flags.astype("u1"))
            waves = (self.values("f4", (6, 5)) + 1j * self.values("f4", (6, 5))).astype("c8")
            file["waves"] = waves
            parts = np.stack([waves.real, waves.imag], -1)
            self.case(f"h5:{path}:waves", parts)
            self.case(f"h5:reversed:{path}:waves", parts.transpose(1, 0, 2))

    def conversions(self):
        """Each type to each other, of numbers that both hold, and floats that are rounded."""
        path = self.path("types.h5")
        with h5py.File(path, "w") as file:
            for kind in TYPES:
                array = np.array([[0, 1, 2], [100, 7, 127]], kind)
                file[kind] = array
                for to in TYPES:
                    self.case(f"h5:{NAMES[to]}:{path}:{kind}", array.astype(to))
            special = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-320, 5e-324, 1e-45, 1e-40, 6e-8,
                       2.9802322387695312e-8, 2.98023223876953125e-8 * 1.0000001, 65519.999, 0.1,
                       1 + 2.0**-11, 1 + 3 * 2.0**-11, 2.0**-14, 2.0**-14 - 2.0**-26, 1 / 3]
            array = np.concatenate([special, self.random.standard_normal(5000),
                                    self.random.standard_normal(5000) * 1e-6,
                                    self.random.standard_normal(5000) * 1e-8])
            file["special"] = array
            for to in ("f2", "f4", "f8"):
                self.case(f"h5:{NAMES[to]}:{path}:special", array.astype(to))
                self.case(f"h5:axes=0:{NAMES[to]}:{path}:special", array.astype(to))
            least = np.array([-2**63, -1, 2**62], "i8")
            file["least"] = least
            self.case(f"h5:f64:{path}:least", least.astype("f8"))

    def larger_than_blocks(self):
        """A dataset of more bytes than are turned at once, in chunks and contiguous."""
        path = self.path("large.h5")
        array = self.values("f8", (900, 6001))
        with h5py.File(path, "w") as file:
            file.create_dataset("chunked", data=array, chunks=(300, 700))
            file["plain"] = array
        self.case(f"h5:reversed:{path}:chunked", array.T)
        self.case(f"h5:f32:axes=1,0:{path}:plain", array.T.astype("f4"))
        self.case(f"h5:f32:{path}:chunked", array.astype("f4"))

    def matlab(self):
        path = self.path("matlab.mat")
        array = self.values("f8", (4, 3, 2))
        with h5py.File(path, "w", userblock_size=512) as file:
            data = file.create_dataset("x", data=array)
            data.attrs["MATLAB_class"] = np.bytes_("double")
            text = file.create_dataset("text", data=np.zeros((1, 5), "u2"))
            text.attrs["MATLAB_class"] = np.bytes_("char")
            empty = file.create_dataset("empty", data=np.zeros(2, "u8"))
            empty.attrs["MATLAB_class"] = np.bytes_("double")
            empty.attrs["MATLAB_empty"] = np.uint8(1)
        self.case(f"h5:{path}:x", array)
        self.case(f"h5:reversed:{path}:x", array.T)

    def joins(self):
        """Groups and files, in both orders of names, with types of their own and empty groups."""
        path = self.path("groups.h5")
        lengths = {f"demo_{i}": 3 * i % 7 for i in range(23)}
        groups = {name: self.values("f4", (rows, 2, 3)) for name, rows in lengths.items()}
        with h5py.File(path, "w") as file:
            for name, array in groups.items():
                file[f"data/{name}/actions"] = array
                file[f"data/{name}/actions.crc32c"] = np.zeros(len(array), "u4")
                file[f"data/{name}/deep/actions"] = array
        bytewise = sorted(groups)
        natural = sorted(groups, key=lambda name: int(name[5:]))
        assert bytewise != natural
        self.case(f"h5:{path}:data/*/actions", np.concatenate([groups[n] for n in bytewise]))
        self.case(f"h5:natural:{path}:data/*/actions",
                  np.concatenate([groups[n] for n in natural]))
        self.case(f"h5:{path}:/data/demo_1?/act*", np.concatenate(
            [groups[n] for n in bytewise if len(n) == 7 and n[5] == "1"]))
        self.case(f"h5:natural:axes=0,2,1:f64:{path}:data/*/actions",
                  np.concatenate([groups[n] for n in natural]).transpose(0, 2, 1).astype("f8"))
        parts = []
        for i, kind in ((1, "f4"), (2, "f8"), (10, "i2")):
            array = np.arange(12 * i).reshape(2 * i, 6).astype(kind)
            parts.append(array.astype("f4"))
            with h5py.File(self.path(f"part{i}.h5"), "w") as file:
                file["x"] = array
        pattern = self.path("part*.h5")
        self.case(f"h5:f32:{pattern}:x", np.concatenate([parts[0], parts[2], parts[1]]))
        self.case(f"h5:natural:f32:{pattern}:x", np.concatenate(parts))

    def virtual(self):
        path = self.path("virtual.h5")
        arrays = [self.values("i4", (4, 5)) for _ in range(3)]
        layout = h5py.VirtualLayout((12, 5), "i4")
        for i, array in enumerate(arrays):
            with h5py.File(self.path(f"of_virtual{i}.h5"), "w") as file:
                file["x"] = array
            layout[4 * i:4 * i + 4] = h5py.VirtualSource(f"of_virtual{i}.h5", "x", (4, 5))
        with h5py.File(path, "w", libver="latest") as file:
            file.create_virtual_dataset("x", layout)
        self.case(f"h5:reversed:{path}:x", np.concatenate(arrays).T)


    def npz(self):
        arrays = {f"{kind}{order}": self.values(kind, (50, 3, 5)).copy(order)
                  for kind in TYPES for order in "CF"}
        arrays["big"] = self.values(">i4", (9, 2))
        arrays["long"] = np.arange(3_000_000, dtype="u4")
        for name, save in (("stored", np.savez), ("packed", np.savez_compressed)):
            path = self.path(name + ".npz")
            save(path, **arrays)
            for array in list(arrays) if name == "packed" else ["u1C", "f4F", "big", "long"]:
                native = arrays[array].dtype.newbyteorder("=")
                self.case(f"npz:{path}:{array}", arrays[array].astype(native))
        self.case(f"npz:{path}:long.npy", arrays["long"])
        # sizes of 64 bits in the directory and at the end, and a comment behind it
        path = self.path("wide.npz")
        limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 200, 1
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for array in ("f8C", "u1C"):
                bytes_of = io.BytesIO()
                np.save(bytes_of, arrays[array])
                file.writestr(array + ".npy", bytes_of.getvalue())
            file.writestr("readme.txt", "no array")
            file.comment = b"PK\5\6 a comment"
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
        self.case(f"npz:{path}:f8C", arrays["f8C"])
        self.case(f"npz:{path}:u1C", arrays["u1C"])
        np.savez(self.path("one.npz"), only=arrays["u2C"])
        self.case(self.path("one.npz"), arrays["u2C"])


def make(folder):
    sources = Sources(folder)
    for part in (sources.types_and_axes, sources.conversions, sources.larger_than_blocks,
                 sources.matlab, sources.joins, sources.virtual, sources.npz):
        part()
    with open(os.path.join(folder, "cases.txt"), "w") as file:
        file.write("\n".join(sources.cases) + "\n")


def difference(truth, found):
    """What is different in an imported field, or None. Of a NaN only the sign must be the same."""
    if truth.dtype != found.dtype or truth.shape != found.shape:
        return f"expected {truth.dtype} {truth.shape}, found {found.dtype} {found.shape}"
    differ = truth.view(f"V{truth.itemsize}") != found.view(f"V{found.itemsize}")
    if truth.dtype.kind == "f":
        nan = np.isnan(truth) & np.isnan(found)
        differ &= ~(nan & (np.signbit(truth) == np.signbit(found)))
    if not differ.any():
        return None
    at = tuple(map(int, np.argwhere(differ)[0]))
    return f"element {at}: expected {truth[at]}, found {found[at]}; {differ.sum()} of {differ.size} differ"


def check(path, folder):
    right = 0
    with h5py.File(path) as file:
        for line in open(os.path.join(folder, "cases.txt")):
            name, origin = line.strip().split("=", 1)
            if name not in file:
                continue
            truth = np.load(os.path.join(folder, "truth", name + ".npy"))
            told = difference(np.ascontiguousarray(truth), np.ascontiguousarray(file[name][()]))
            if told:
                print(f"{origin}: {told}", file=sys.stderr)
            right += not told
    print(right)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        check(*sys.argv[2:4])
