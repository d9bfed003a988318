#!/usr/bin/env bash
# JPEG images as origins of import: the pixels are Pillow's, which decodes by the same library.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py pillow
"$SHARDSTEP" import --help | holds 'PNG and JPEG' || fail "the help does not name JPEG"

/usr/bin/python3 - <<'EOP'
import os
import numpy as np
from PIL import Image
draw = np.random.default_rng(7)
os.mkdir("rgb"), os.mkdir("grey"), os.mkdir("mixed")


def pixels(i, *shape):
    y, x = np.mgrid[:shape[0], :shape[1]]
    image = 128 + 90 * np.sin(x / (3 + i)) * np.cos(y / 5)
    if len(shape) > 2:
        image = image[..., None] * [1, 0.8, -0.5] + [0, 20, 200]
    return np.clip(image + draw.integers(-20, 20, shape), 0, 255).astype("u1")


for i in range(12):
    options = {"quality": 60 + 3 * i, "subsampling": i % 3, "progressive": i % 4 == 3, "optimize": i % 2 == 1}
    Image.fromarray(pixels(i, 37, 50, 3)).save(f"rgb/{i:02}.{['jpg', 'JPEG'][i % 2]}", **options)
    Image.fromarray(pixels(i, 37, 50)).save(f"grey/{i:02}.jpg", quality=80)
    for folder in ["rgb", "grey"]:
        name = f"{folder}/{i:02}." + (["jpg", "JPEG"][i % 2] if folder == "rgb" else "jpg")
        np.save(f"{folder}_{i:02}.npy", np.asarray(Image.open(name)))
Image.fromarray(pixels(0, 9, 8, 3)).save("mixed/a.png")
Image.fromarray(pixels(1, 9, 8, 3)).save("mixed/b.jpg", quality=90)
np.save("mixed_00.npy", np.asarray(Image.open("mixed/a.png")))
np.save("mixed_01.npy", np.asarray(Image.open("mixed/b.jpg")))
for bad in ["cut", "cmyk", "other", "flip", "empty"]:
    os.mkdir(bad)
whole = open("rgb/00.jpg", "rb").read()
open("cut/a.jpg", "wb").write(whole[:-40])
open("empty/a.jpg", "wb").close()
Image.new("CMYK", (8, 8)).save("cmyk/a.jpg")
Image.fromarray(pixels(0, 9, 8, 3)).save("other/a.jpg")
Image.fromarray(pixels(0, 9, 7, 3)).save("other/b.jpg")
at = whole.index(b"\xff\xda") + 200
open("flip/a.jpg", "wb").write(whole[:at] + b"\xff\xd5" + whole[at + 2:])
EOP

"$SHARDSTEP" import one.h5 rgb=rgb g/grey=images:grey m/mixed=png:mixed > out.txt
on 3 "$SHARDSTEP" import three.h5 rgb=rgb g/grey=images:grey m/mixed=png:mixed > /dev/null
same "images on three ranks" one.h5 three.h5
/usr/bin/python3 - <<'EOP' || fail "the pixels are not Pillow's"
import h5py, numpy as np
with h5py.File("one.h5") as file:
    for name, count in [("rgb", 12), ("g/grey", 12), ("m/mixed", 2)]:
        for i in range(count):
            wanted = np.load(f"{name.split('/')[-1]}_{i:02}.npy")
            assert np.array_equal(file[name][i], wanted), (name, i)
EOP
refused 0 'cut/a.jpg: it ends too early, after [0-9]* bytes; the image is damaged' \
    "$SHARDSTEP" import new.h5 x=cut
refused 2 'flip/a.jpg: Corrupt JPEG data: .*; the image is damaged, get it anew' \
    "$SHARDSTEP" import new.h5 x=flip
refused 0 'empty/a.jpg is empty; get the image anew' "$SHARDSTEP" import new.h5 x=empty
refused 0 'cmyk/a.jpg is a JPEG image in CMYK; convert it' "$SHARDSTEP" import new.h5 x=cmyk
refused 2 'other/b.jpg is .*, where other/a.jpg is .*' "$SHARDSTEP" import new.h5 x=other
refused 0 'other/a.jpg is a single JPEG image; give the folder of all' \
    "$SHARDSTEP" import new.h5 x=other/a.jpg
finish
