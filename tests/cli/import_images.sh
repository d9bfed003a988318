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
refused 0 'flip/a.jpg: Corrupt JPEG data: .*; the image is damaged, get it anew' \
    "$SHARDSTEP" import new.h5 x=flip
refused 0 'empty/a.jpg is empty; get the image anew' "$SHARDSTEP" import new.h5 x=empty
refused 0 'cmyk/a.jpg is a JPEG image in CMYK; convert it' "$SHARDSTEP" import new.h5 x=cmyk
refused 2 'other/b.jpg is .*, where other/a.jpg is .*' "$SHARDSTEP" import new.h5 x=other
refused 0 'other/a.jpg is a single JPEG image; give the folder of all' \
    "$SHARDSTEP" import new.h5 x=other/a.jpg

# --encoded keeps the files as they are, of any size and kind, beside names, sizes and labels
/usr/bin/python3 - <<'EOP'
import os
import numpy as np
from PIL import Image
draw = np.random.default_rng(9)
for c in "ab":
    os.makedirs("kept/" + c)
    for i in range(15):
        image = Image.fromarray(draw.integers(0, 256, (11 + i, 40 - i, 3), "u1"))
        name = f"kept/{c}/{i:02}." + ["jpg", "png", "jpeg"][i % 3]
        mode = ["RGB", "L", "P", "CMYK"][i % 4] if name[-1] != "g" or name[-2] == "n" else ["RGB", "L", "CMYK"][i // 3 % 3]
        image.convert("RGB" if mode == "CMYK" and "png" in name else mode).save(name)
EOP
"$SHARDSTEP" import kept.h5 images,labels=kept --encoded > out.txt
grep -qx 'images.size: u32, 30 rows of 12 bytes' out.txt || fail "import says: $(cat out.txt)"
on 3 "$SHARDSTEP" import other.h5 images,labels=kept --encoded > /dev/null
same "encoded images on three ranks" kept.h5 other.h5
"$SHARDSTEP" import parts.h5 images,labels=kept --encoded --split 0.6,0.4 --row-order random --deflate 3 > /dev/null
on 2 "$SHARDSTEP" import other.h5 images,labels=kept --encoded --split 0.6,0.4 --row-order random --deflate 3 \
    --overwrite > /dev/null
same "parts of encoded images on two ranks" parts.h5 other.h5
/usr/bin/python3 - <<'EOP' || fail "what --encoded keeps"
import glob, h5py, numpy as np
from PIL import Image
seen = []
for path, group in [("kept.h5", ""), ("parts.h5", "train/"), ("parts.h5", "test/")]:
    with h5py.File(path) as file:
        kept, offsets, sizes = (file[group + name][()] for name in ["images", "images.offsets", "images.size"])
        names, labels = file[group + "images.origin"][()], file[group + "labels"][()]
        assert file[group + "images"].fletcher32 and len(names) == len(labels) == len(sizes) == len(offsets) - 1
        for i, (name, first) in enumerate(names):
            name = name.decode()
            assert first == offsets[i] and labels[i] == "ab".index(name[5]), name
            assert kept[offsets[i]:offsets[i + 1]].tobytes() == open(name, "rb").read(), name
            image = Image.open(name)
            assert list(sizes[i]) == [image.height, image.width, {"L": 1, "P": 1, "CMYK": 4}.get(image.mode, 3)], name
            seen.append(name)
        assert path == "kept.h5" and seen == sorted(seen) or path != "kept.h5"
files = sorted(glob.glob("kept/*/*"))
assert seen[:30] == files and sorted(seen[30:]) == files and seen[30:] != sorted(seen[30:])
EOP
"$SHARDSTEP" check kept.h5 > /dev/null || fail "check of encoded images"
for command in "info kept.h5 --sample 3" "digest kept.h5"; do
    refused 0 "a row of dataset images is no sample, since images.offsets lies beside it; give --fields: .*decode\(images, size=256\)" \
        "$SHARDSTEP" $command
done
"$SHARDSTEP" info kept.h5 --sample 17 --fields 'x=decode(images, size=8)' > out.txt
grep -q 'kept/b/02.jpeg$' out.txt || fail "info --sample says: $(cat out.txt)"
"$SHARDSTEP" digest kept.h5 --fields 'x=decode(images, size=8, fit=cover),labels,images.size' --batch 3 \
    --rows <(printf '0\n1\n3\n') > /dev/null || fail "encoded images are not decoded"
refused 0 'none of the origins is a folder of images; leave it out' "$SHARDSTEP" import new.h5 \
    x=npy:rgb_00.npy --encoded
refused 0 'empty/a.jpg is empty; get the image anew' "$SHARDSTEP" import new.h5 x=empty --encoded
printf 'no image' > empty/a.jpg
refused 0 'empty/a.jpg is no PNG image and no JPEG image' "$SHARDSTEP" import new.h5 x=empty --encoded

# one flipped bit of the images kept is noticed, by the checksum of its chunk
/usr/bin/python3 - <<'EOP'
data = bytearray(open("kept.h5", "rb").read())
data[data.index(open("kept/a/05.jpeg", "rb").read()[100:140])] ^= 4
open("flipped.h5", "wb").write(data)
EOP
refused 0 'dataset images' "$SHARDSTEP" digest flipped.h5 --fields 'x=decode(images, size=8, fit=cover)'
finish
