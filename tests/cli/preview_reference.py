#!/usr/bin/python3
"""Looks at sheets of shardstep preview, with a PNG decoder of its own.

    make FOLDER                      writes NPY files whose pictures are known
    text SHEET FONT COLUMN           prints the texts that begin at a column of tiles, read by the
                                     letters of FONT
    fashion SHEET IMAGES.gz BATCH.bin DRAWS ROW...
                                     lines of one sample: before, the step's own batch, and the
                                     next steps by their draws, a line DOWN RIGHT FLIP each
    ranks SHEET IMAGES.gz BATCH.bin ROW...
                                     one virtual rank: before and after, normalised
    fields SHEET FOLDER              the pictures of what `make` wrote
"""
import gzip
import math
import struct
import sys
import zlib

MARGIN, GAP, TILE = 8, 6, 112
VIRIDIS = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6dcd59", "b4de2c", "fde725"]
NAN = (255, 0, 255)


class Sheet:
    def __init__(self, path):
        data = open(path, "rb").read()
        assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG signature"
        at, packed, kinds = 8, b"", []
        while at < len(data):
            size, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + size]
            assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body), "CRC"
            kinds.append(kind)
            if kind == b"IHDR":
                self.width, self.height, *rest = struct.unpack(">IIBBBBB", body)
                assert rest == [8, 2, 0, 0, 0], "8-bit RGB expected, %s came" % rest
            if kind == b"IDAT":
                packed += body
            at += size + 12
        assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}, "chunks beside the pixels: %s" % kinds
        self.rows = self.unfilter(zlib.decompress(packed))

    def unfilter(self, raw):
        line, before, rows = 3 * self.width, bytearray(3 * self.width), []
        assert len(raw) == (line + 1) * self.height, "bytes of pixels"
        for y in range(self.height):
            kind, now = raw[y * (line + 1)], bytearray(raw[y * (line + 1) + 1:(y + 1) * (line + 1)])
            for i in range(line if kind else 0):
                a, b, c = now[i - 3] if i > 2 else 0, before[i], before[i - 3] if i > 2 else 0
                p = a + b - c
                near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                now[i] = now[i] + [0, a, b, (a + b) // 2, near][kind] & 255
            rows.append(bytes(now))
            before = now
        return rows

    def pixel(self, x, y):
        return tuple(self.rows[y][3 * x:3 * x + 3])

    def find(self, x, tile):
        """The y of each place at x where the sheet has the tile, rows of colours."""
        tile = [b"".join(map(bytes, row)) for row in tile]
        width = len(tile[0])
        return [y for y in range(self.height - len(tile) + 1)
                if all(self.rows[y + i][3 * x:3 * x + width] == row for i, row in enumerate(tile))]

    def expect_near(self, x, y, tile, what):
        """The tile stands at x, y, but for one step of a colour."""
        for down, row in enumerate(tile):
            for right, colour in enumerate(row):
                came = self.pixel(x + right, y + down)
                assert all(abs(a - b) <= 1 for a, b in zip(colour, came)), \
                    "%s: pixel %d,%d: expected %s, came %s" % (what, right, down, colour, came)

    def texts(self, font, left):
        """Every text that begins at `left`."""
        letters = {}
        lines = [line.split('"')[1] for line in open(font) if line.startswith('    "')]
        for i, line in enumerate(lines):
            letters[line.replace(" ", "")] = chr(32 + i)
        for y in range(self.height - 7):
            x, text = left, ""
            while x + 5 <= self.width:
                dots = "".join("#" if max(self.pixel(x + i, y + j)) < 160 else "."
                               for j in range(8) for i in range(5))
                if dots not in letters:
                    break
                text += letters[dots]
                x += 6
            if len(text.split()) and len(text.strip()) > 3:
                yield text.rstrip()


def magnify(rows, zoom):
    return [[colour for colour in row for _ in range(zoom)] for row in rows for _ in range(zoom)]


def grey(rows, least=0.0, most=255.0):
    return [[(int((v - least) / (most - least) * 255 + 0.5),) * 3 for v in row] for row in rows]


def viridis(v, least, most):
    if v != v:
        return NAN
    at = (v - least) / (most - least) * 9
    i = min(int(at), 8)
    a, b = bytes.fromhex(VIRIDIS[i]), bytes.fromhex(VIRIDIS[i + 1])
    return tuple(int(p + (at - i) * (q - p) + 0.5) for p, q in zip(a, b))


def cut(data, number, height, width):
    data = data[number * height * width:(number + 1) * height * width]
    return [list(data[y * width:(y + 1) * width]) for y in range(height)]


def column(i):
    return MARGIN + i * (TILE + GAP)


def expect_once(sheet, i, tile, what):
    places = sheet.find(column(i), tile)
    assert len(places) == 1, "%s: expected once in column %d, came at %s" % (what, i, places)
    return places[0]


def fashion(path, images, batch, draws, *rows):
    sheet = Sheet(path)
    images, batch = gzip.open(images).read()[16:], open(batch, "rb").read()
    draws = [line.split() for line in open(draws)]
    later = len(draws) // len(rows)
    assert sheet.width == 2 * MARGIN + (2 + later) * (TILE + GAP) - GAP, "width %d" % sheet.width
    last = 0
    for slot, row in enumerate(rows):
        image = cut(images, int(row), 28, 28)
        y = expect_once(sheet, 0, magnify(grey(image), 4), "slot %d before" % slot)
        assert y > last, "the lines are not in the order of the slots"
        last = y
        assert expect_once(sheet, 1, magnify(grey(cut(batch, slot, 28, 28)), 4), "slot %d" % slot) == y
        for later_step in range(later):
            top, left, flip = draws[slot * later + later_step]
            moved = [[image[j + int(top)][i + int(left)]
                      if 0 <= j + int(top) < 28 and 0 <= i + int(left) < 28 else 0
                      for i in range(28)] for j in range(28)]
            if flip == "yes":
                moved = [line[::-1] for line in moved]
            what = "slot %d, %d steps later" % (slot, later_step + 1)
            assert expect_once(sheet, 2 + later_step, magnify(grey(moved), 4), what) == y


def ranks(path, images, batch, *rows):
    sheet = Sheet(path)
    images, batch = gzip.open(images).read()[16:], open(batch, "rb").read()
    after = struct.unpack("<%df" % (len(batch) // 4), batch)
    shown = after[:784 * len(rows)]
    for slot, row in enumerate(rows):
        y = sheet.find(column(slot), magnify(grey(cut(images, int(row), 28, 28)), 4))[0]
        tile = magnify(grey(cut(after, slot, 28, 28), min(shown), max(shown)), 4)
        sheet.expect_near(column(slot), y + TILE + 2 + 11 + 2, tile, "slot %d after" % slot)


# ---- maps, colours and signals

def map_value(c, y, x):
    return float("nan") if (c, y, x) == (1, 2, 3) else 10.0 ** c * (y * 14 + x) - 5


def colour_value(y, x):
    return [x * 20, y * 25, 90, 255 if x > y else 60]


def large_value(y, x):
    return (y * 7 + x * x) % 60000


def space_value(t, z, y, x, c):
    return 80 * t + 20 * z + 3 * y + x + 5 * c


def npy(path, kind, shape, code, values):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, tuple(shape))
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(struct.pack("<%d%s" % (len(values), code), *values))


def make(folder):
    npy(folder + "/map.npy", "<f4", (1, 2, 7, 14), "f",
        [map_value(c, y, x) for c in range(2) for y in range(7) for x in range(14)])
    npy(folder + "/windows.npy", "<f4", (1, 5, 7, 14), "f",
        [-map_value(0, y, x) if t == 2 else 0 for t in range(5) for y in range(7) for x in range(14)])
    npy(folder + "/colours.npy", "|u1", (1, 8, 11, 4), "B",
        [v for y in range(8) for x in range(11) for v in colour_value(y, x)])
    npy(folder + "/large.npy", "<u2", (1, 150, 230), "H",
        [large_value(y, x) for y in range(150) for x in range(230)])
    npy(folder + "/space.npy", "|u1", (1, 3, 4, 6, 10, 3), "B",
        [space_value(t, z, y, x, c) for t in range(3) for z in range(4) for y in range(6) for x in range(10)
         for c in range(3)])
    npy(folder + "/wave.npy", "<f4", (1, 2, 16), "f",
        [math.nan if x == 9 and c else (x % 4) * (c + 1) for c in range(2) for x in range(16)])


def fields(path, folder):
    sheet = Sheet(path)
    for c in range(2):
        values = [map_value(c, y, x) for y in range(7) for x in range(14)]
        least, most = min(v for v in values if v == v), max(v for v in values if v == v)
        tile = magnify([[viridis(map_value(c, y, x), least, most) for x in range(14)] for y in range(7)], 8)
        y = expect_once(sheet, 0, tile, "channel %d of the map" % c)
        assert sheet.find(column(1), tile) == [y], "the map without augmentation, after"
    tile = magnify([[viridis(-map_value(0, y, x), -92, 5) for x in range(14)] for y in range(7)], 8)
    assert sheet.find(column(0), tile), "the middle of the windows"
    tile = magnify([[tuple(space_value(1, 2, y, x, c) for c in range(3)) for x in range(10)] for y in range(6)], 11)
    expect_once(sheet, 0, tile, "the middle of times and depths, in colours")

    def on_white(y, x):
        *colour, opacity = colour_value(y, x)
        return tuple(int((v / 255 * opacity / 255 + 1 - opacity / 255) * 255 + 0.5) for v in colour)
    tile = magnify([[on_white(y, x) for x in range(11)] for y in range(8)], 10)
    expect_once(sheet, 0, tile, "colours on white")
    values = [large_value(y, x) for y in range(150) for x in range(230)]

    def box(y, x):
        inside = [large_value(j, i) for j in range(y * 3, y * 3 + 3) for i in range(x * 3, min(x * 3 + 3, 230))]
        return sum(inside) / len(inside)
    tile = grey([[box(y, x) for x in range(77)] for y in range(50)], min(values), max(values))
    expect_once(sheet, 0, tile, "averages of 3x3")
    # signals: 16 numbers, 7 pixels each, in a tile of half the height; NaN is a bar
    bar = [[NAN] * 7 for _ in range(TILE // 2)]
    places = sheet.find(column(0) + 9 * 7, bar)
    assert len(places) == 1, "the bar of NaN in the wave: %s" % places
    for x in range(9):
        dots = [y for y in range(TILE // 2) if sheet.pixel(column(0) + 7 * x, places[0] + y) == (31, 78, 140)]
        height = round((1 - (x % 4) / 3) * (TILE // 2 - 1))
        assert height in dots, "the wave at %d: expected %d, came %s" % (x, height, dots)


def text(path, font, number):
    for line in Sheet(path).texts(font, column(int(number))):
        print(line)


if __name__ == "__main__":
    {"make": make, "text": text, "fashion": fashion, "ranks": ranks, "fields": fields}[sys.argv[1]](*sys.argv[2:])
