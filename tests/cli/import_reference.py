#!/usr/bin/python3
"""Sources for shardstep import, and what it must make of them, by numpy, zlib and h5py.

    make FOLDER       writes the sources, truth/NAME.npy for each, and cases.txt: NAME=ORIGIN lines
    check FILE FOLDER            compares an imported file with the truth, checksums included
    split FILE SEED NAME=PART... FIELD=WHOLE   compares the parts of a field with the whole in
                                 another file, by a Philox of its own
"""
import csv
import gzip
import os
import struct
import sys
import zlib

import numpy as np

TYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]


def crc32c(rows):
    """The CRC-32C of each row of a 2-d array of bytes, from the polynomial alone."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(0x82F63B78), table >> 1)
    crc = np.full(len(rows), 0xFFFFFFFF, np.uint32)
    for i in range(rows.shape[1]):
        crc = crc >> 8 ^ table[(crc ^ rows[:, i]) & 255]
    return crc ^ np.uint32(0xFFFFFFFF)


def png(image, filters=(0, 1, 2, 3, 4)):
    """An array [h, w] or [h, w, c] of u8 or u16 as a PNG, its lines filtered in turn."""
    height, width = image.shape[:2]
    channels = image.shape[2] if image.ndim == 3 else 1
    lines = image.astype(image.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    step = channels * image.dtype.itemsize
    raw, before = b"", np.zeros(lines.shape[1], np.uint8)
    for number, line in enumerate(lines):
        kind = filters[number % len(filters)]
        left = np.concatenate([np.zeros(step, np.uint8), line[:-step]])
        corner = np.concatenate([np.zeros(step, np.uint8), before[:-step]])
        a, b, c = (x.astype(int) for x in (left, before, corner))
        p = a + b - c
        paeth = np.where((abs(p - a) <= abs(p - b)) & (abs(p - a) <= abs(p - c)), a,
                         np.where(abs(p - b) <= abs(p - c), b, c))
        guess = [0 * a, a, b, (a + b) // 2, paeth][kind]
        raw += bytes([kind]) + ((line - guess) % 256).astype(np.uint8).tobytes()
        before = line

    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))

    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", width, height, 8 * image.dtype.itemsize, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Title\0x")
            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


class Maker:
    def __init__(self, folder):
        self.random = np.random.default_rng(20240501)
        self.folder = folder
        self.cases = []
        os.makedirs(os.path.join(folder, "truth"), exist_ok=True)

    def numbers(self, code, shape):
        kind = np.dtype(code)
        if kind.kind == "f":
            return self.random.normal(size=shape).astype(kind)
        limits = np.iinfo(kind)
        return self.random.integers(limits.min, limits.max, shape, kind, endpoint=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def case(self, name, source, truth):
        np.save(self.path("truth/" + name.split(",")[0]), truth)
        self.cases.append(name + "=" + source)

    def file(self, name, content):
        with (gzip.open if name.endswith(".gz") else open)(self.path(name), "wb") as out:
            out.write(content)

    def npy(self, name, array, version=None):
        import io

        out = io.BytesIO()
        np.lib.format.write_array(out, array, version)
        self.file(name, out.getvalue())

    def make_npy(self):
        for code in TYPES:
            for order in "<>":
                array = self.numbers(code, (257, 3, 5)).astype(np.dtype(order + code))
                name = "npy_" + ("be_" if order == ">" else "") + code
                self.npy(name + ".npy", array)
                self.case(name, self.path(name + ".npy"), array)
        array = self.numbers("f4", (100, 4, 3, 2))
        for version in (1, 2, 3):
            self.npy(f"v{version}.npy", array, (version, 0))
            self.case(f"npy_v{version}", self.path(f"v{version}.npy"), array)
        fortran = np.asfortranarray(self.numbers("i4", (3000, 7, 11, 9)).astype(">i4"))
        self.npy("fortran.npy", fortran)
        self.npy("fortran.npy.gz", fortran)
        self.case("npy_fortran", self.path("fortran.npy"), fortran)
        self.case("npy_fortran_gz", self.path("fortran.npy.gz"), fortran)
        self.npy("one_axis.npy", np.asfortranarray(array[:, 0, 0, 0]))
        self.case("npy_one_axis", "npy:" + self.path("one_axis.npy"), array[:, 0, 0, 0])
        flags = self.random.integers(0, 2, (50, 3)).astype(bool)
        self.npy("bool.npy.gz", flags)
        self.case("npy_bool", self.path("bool.npy.gz"), flags.astype(np.uint8))

    def make_raw(self):
        for code, name in (("u1", "u8"), ("i2", "i16"), ("f8", "f64"), ("f2", "f16")):
            array = self.numbers(code, (301, 4, 2))
            self.file("raw." + name, array.tobytes())
            self.file("raw_be." + name + ".gz", array.astype(">" + code).tobytes())
            self.case("raw_" + name, f"raw:{name}:301x4x2:" + self.path("raw." + name), array)
            self.case("raw_be_" + name, f"raw:{name}be:301x4x2:" + self.path(f"raw_be.{name}.gz"),
                      array)

    def make_csv(self):
        whole = self.numbers("i8", (5000, 3))
        whole[0] = [np.iinfo(np.int64).min, np.iinfo(np.int64).max, 0]
        with open(self.path("whole.csv"), "w", newline="") as out:
            csv.writer(out).writerows(whole.tolist())
        self.case("csv_whole", self.path("whole.csv"), whole)
        self.case("csv_one_column", "csv:2:" + self.path("whole.csv"), whole[:, 1])
        self.case("csv_as_f64", "csv:f64:3,1:" + self.path("whole.csv"),
                  whole[:, [2, 0]].astype(np.float64))
        real = self.numbers("f8", (3000, 4))
        real[7, 2], real[8, 0], real[9, 1], real[10, 3] = np.nan, np.inf, -np.inf, 5e-324
        with open(self.path("real.csv"), "w", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL)
            writer.writerow(["a, with a comma", 'b "quoted"', "c over\ntwo lines", "4th"])
            writer.writerows([[repr(x) for x in row] for row in real.tolist()])
        with open(self.path("real.csv"), "rb") as text:
            self.file("real.csv.gz", text.read())
        self.case("csv_real", self.path("real.csv"), real)
        self.case("csv_real_gz", self.path("real.csv.gz"), real)
        with np.errstate(all="ignore"):
            self.case("csv_f32", "csv:f32:1-2:" + self.path("real.csv"),
                      np.array([[np.float32(repr(x)) for x in row] for row in
                                real[:, :2].tolist()]))
        large = self.numbers("u8", (40, 1))
        self.file("large.tsv", b"\xef\xbb\xbfid\tx\r\n" + b"".join(
            b" %d \t+%d\r\n" % (i, x) for i, x in enumerate(large[:, 0].tolist())) + b"\r\n\r\n")
        self.case("csv_u64", "csv:u64:2:" + self.path("large.tsv"), large[:, 0])
        self.file("mixed.txt", b"name;x;y\nfoo;1;2\n\"b;ar\";3;4.0")
        self.case("csv_mixed", "csv:2-3:" + self.path("mixed.txt"),
                  np.array([[1, 2], [3, 4]], np.float64))

    def make_png(self):
        for channels in (0, 2, 3, 4):
            for code in ("u1", "u2"):
                shape = (9, 13, 7) + ((channels,) if channels else ())
                images, name = self.numbers(code, shape), f"png_{channels}_{code}"
                os.makedirs(self.path(name), exist_ok=True)
                for number, image in enumerate(images):
                    self.file(f"{name}/{number:03}.{'PNG' if number % 2 else 'png'}", png(image))
                self.case(name, self.path(name), images)
        images, names = self.numbers("u1", (60, 8, 9)), ["Zebra", "affe", "empty", "hühner"]
        for name in names:
            os.makedirs(self.path("classes/" + name), exist_ok=True)
        for number, image in enumerate(images):
            name = names[[0, 1, 3][number // 20]]
            self.file(f"classes/{name}/{number:03}.png", png(image))
        self.file("classes/.hidden", b"x")
        self.case("png_images,png_classes", self.path("classes/"), images)


def sums(data):
    little = data.astype(data.dtype.newbyteorder("<"))
    return crc32c(np.frombuffer(little.tobytes(), np.uint8).reshape(len(data), -1))


def draws(seed, rows):
    """Philox4x32-10 of counter {0, low 32 of row, 0, 4 << 24 | high} as doubles in [0,1)."""
    numbers = np.arange(rows, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    x = [0 * numbers, numbers & low, 0 * numbers, numbers >> np.uint64(32) | np.uint64(4 << 24)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [b >> np.uint64(32) ^ x[1] ^ np.uint64(key[0]), b & low,
             a >> np.uint64(32) ^ x[3] ^ np.uint64(key[1]), a & low]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return ((x[1] << np.uint64(32) | x[0]) >> np.uint64(11)) * 2.0**-53


def check_split(path, seed, *arguments):
    import h5py

    field, whole = arguments[-1].split("=")
    parts = [(name, float(part)) for name, part in (text.split("=") for text in arguments[:-1])]
    with h5py.File(path) as file, h5py.File(whole) as all_rows:
        rows = all_rows[field][()]
        draw, begin, found = draws(int(seed), len(rows)), 0.0, 0
        for number, (name, part) in enumerate(parts):
            end = begin + part if number + 1 < len(parts) else 2.0
            wanted = rows[(draw >= begin) & (draw < end)]
            data = file[name + "/" + field]
            assert data.shape == wanted.shape and (data[()] == wanted).all(), name
            assert (file[name + "/" + field + ".crc32c"][()] == sums(wanted)).all(), name
            assert abs(len(wanted) - part * len(rows)) < 5 * len(rows) ** 0.5, name
            begin, found = end, found + len(wanted)
        assert found == len(rows), found


def check(path, folder):
    import h5py

    with h5py.File(path) as file:
        for line in open(os.path.join(folder, "cases.txt")):
            name = line.split("=")[0].split(",")[0]
            truth = np.load(os.path.join(folder, "truth", name + ".npy"))
            data = file[name]
            assert data.dtype.newbyteorder("=") == truth.dtype.newbyteorder("="), (name, data)
            assert data.shape == truth.shape, (name, data.shape, truth.shape)
            little = truth.astype(truth.dtype.newbyteorder("<"))
            assert data[()].tobytes() == little.tobytes(), name
            stored = file[name + ".crc32c"]
            assert stored.dtype == np.dtype("<u4") and stored.fletcher32, name
            assert (stored[()] == sums(truth)).all(), name
        if "png_classes" in file:
            labels = file["png_classes"]
            names = [name.decode() for name in labels.attrs["classes"]]
            assert names == ["Zebra", "affe", "empty", "hühner"], names
            assert (labels[()] == np.repeat([0, 1, 3], 20)).all()


if __name__ == "__main__":
    if sys.argv[1] == "make":
        maker = Maker(sys.argv[2])
        maker.make_npy()
        maker.make_raw()
        maker.make_csv()
        maker.make_png()
        with open(maker.path("cases.txt"), "w") as out:
            out.write("".join(case + "\n" for case in maker.cases))
    elif sys.argv[1] == "split":
        check_split(*sys.argv[2:])
    else:
        check(*sys.argv[2:])
