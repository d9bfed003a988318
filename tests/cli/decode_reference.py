"""Files of encoded images, and what Pillow makes of them.

make: writes same.h5, wide.h5, tall.h5, classes.h5 and bad.h5; check: compares what replay made of them
"""
import io
import sys

import h5py
import numpy as np
from PIL import Image

COUNT = 24
draw = np.random.default_rng(5)


def pixels(i, height, width, channels=3):
    y, x = np.mgrid[:height, :width]
    image = 128 + 90 * np.sin(x / (3 + i % 5)) * np.cos(y / 5)
    if channels == 3:
        image = image[..., None] * [1, 0.8, -0.5] + [0, 20, 200]
    return np.clip(image + draw.integers(-20, 20, image.shape), 0, 255).astype("u1")


def encoded(image, form, **options):
    to = io.BytesIO()
    image.save(to, form, **options)
    return to.getvalue()


def jpeg_or_png(i, height, width):
    """Colours and greys; 4:4:4, 4:2:2, 4:2:0 and progressive JPEG; PNG."""
    image = Image.fromarray(pixels(i, height, width, 1 if i % 6 == 3 else 3))
    if i % 6 == 5:
        return encoded(image if i % 4 else image.quantize(16), "PNG")
    return encoded(image, "JPEG", quality=60 + i, subsampling=i % 3, progressive=i % 6 == 2)


def put(file, name, blobs, offsets=None, **options):
    file.create_dataset(name, data=np.frombuffer(b"".join(blobs), "u1"), **options)
    file[offsets or name + ".offsets"] = np.cumsum([0] + [len(blob) for blob in blobs]).astype("u8")


def mask(i, mode):
    values = draw.integers(0, 2 if mode == "1" else 7, (10, 11)).astype("u1")
    if mode == "1":
        return Image.fromarray(values.astype(bool))
    image = Image.fromarray(values, "L" if mode == "L" else "P")
    if mode == "P":
        image.putpalette(list(draw.integers(0, 256, 21)))
    return image


def opened(blob):
    return Image.open(io.BytesIO(blob))


def make():
    blobs = [jpeg_or_png(i, 40, 48) for i in range(COUNT)]
    with h5py.File("same.h5", "w") as file:
        lists = file.create_dataset("lists", (COUNT,), dtype=h5py.vlen_dtype("u1"))
        for i, blob in enumerate(blobs):
            lists[i] = np.frombuffer(blob, "u1")
        put(file, "images", blobs)
        put(file, "packed", blobs, "other", chunks=(777,), compression=1, fletcher32=True)
        file["floats"] = np.zeros(sum(map(len, blobs)), "f4")
        file["expected"] = [np.asarray(opened(blob).convert("RGB")) for blob in blobs]
    for name, size, box in [("wide", (37, 50), np.s_[:, 11:39]), ("tall", (50, 20), np.s_[11:38])]:
        blobs = [jpeg_or_png(i, *size) for i in range(COUNT)]
        with h5py.File(name + ".h5", "w") as file:
            put(file, "images", blobs)
            file["boxes"] = [np.asarray(opened(blob).convert("RGB"))[box] for blob in blobs]
    greys = [encoded(Image.fromarray(pixels(i, 9, 8, 1)), "JPEG" if i % 2 else "PNG") for i in range(COUNT)]
    masks = [mask(i, "P1L"[i % 3]) for i in range(COUNT)]
    with h5py.File("classes.h5", "w") as file:
        put(file, "greys", greys)
        file["grey"] = [np.asarray(opened(blob)) for blob in greys]
        put(file, "masks", [encoded(image, "PNG", bits=4) if image.mode == "P" else encoded(image, "PNG")
                            for image in masks])
        file["numbers"] = [np.asarray(image).astype("u1") for image in masks]
        file["colours"] = [np.asarray(image.convert("RGB")) for image in masks]
    whole = blobs[0]
    at = whole.index(b"\xff\xda") + 60
    alpha = encoded(Image.new("RGBA", (20, 50)), "PNG")
    deep = encoded(Image.fromarray(np.zeros((50, 20), "u2")), "PNG")
    bad = [whole, whole[:-30], b"", whole[:at] + b"\xff\xd5" + whole[at + 2:], b"no image", whole[:2], alpha, deep,
           encoded(Image.new("CMYK", (20, 50)), "JPEG"), blobs[5][:-20]]
    with h5py.File("bad.h5", "w") as file:
        put(file, "images", bad)


def check():
    def same(made, wanted):
        with h5py.File(made, "r") as file:
            if not np.array_equal(file["x"][()], wanted):
                print(made, "differs", file["x"].shape, wanted.shape)
                return 1
        return 0

    wrong = 0
    with h5py.File("same.h5", "r") as file:
        expected = file["expected"][()]
        wrong += same("exact.h5", expected)
        wrong += same("packed.h5", expected)
        wrong += same("lists.h5", expected)
        wrong += same("crop.h5", expected[:, 10:30, 9:39])
    with h5py.File("resize.h5", "r") as file:
        wrong += same("resized.h5", file["x"][()])
    for name in ["wide", "tall"]:
        with h5py.File(f"{name}_box.h5", "r") as file:
            wrong += same(f"{name}_cover.h5", file["x"][()])
    with h5py.File("classes.h5", "r") as file:
        wrong += same("grey.h5", file["grey"][()])
        wrong += same("numbers.h5", file["numbers"][()])
        wrong += same("middle.h5", file["numbers"][:, 2:7, 2:8])
        wrong += same("colours.h5", file["colours"][()])
    sys.exit(bool(wrong))


{"make": make, "check": check}[sys.argv[1]]()
