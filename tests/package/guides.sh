#!/usr/bin/env bash
# Every command and program in README.md and in the guides does what the page says, and every number in
# README's text is one that a command there prints. guides.py says how a page is written and read.
#
#   tests/package/guides.sh BUILD PAGE...      some pages only, such as README.md src/doc/training.md
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs python3 h5py gcc pkg-config h5ls

most_left_out=24 # blocks that the pages mark as not run, or that lack a module
pages=("$@")
[ ${#pages[@]} -gt 0 ] || mapfile -t pages < <(cd "$SOURCE" && ls README.md src/doc/*.md)
cache() { sed -n "s/^$1:[A-Z]*=//p" "$BUILD/CMakeCache.txt"; }
[ "$(cache SHARDSTEP_MPI)" != OFF ] || { echo "SKIPPED: the pages are about a build with MPI"; exit 77; }

# what the pages name, as it is under test
cmake --install "$BUILD" --prefix "$work/prefix" > /dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name shardstep.pc)")
LD_LIBRARY_PATH=$(dirname "$(find "$work/prefix" -name libshardstep.so)")
export PKG_CONFIG_PATH LD_LIBRARY_PATH
PYTHONPATH=$(find "$work/prefix" -type d -path '*-packages/shardstep' -printf '%h')
export PYTHONPATH
mkdir -p commands data/few pages
wrapper() { # NAME COMMAND
    printf '#!/bin/sh\nexec %s "$@"\n' "$2" > "commands/$1"
    chmod +x "commands/$1"
}
wrapper mpirun "$MPIRUN"
wrapper mpicc "$(cache MPI_C_COMPILER)"
wrapper python3 /usr/bin/python3
export CMAKE_PREFIX_PATH=$work/prefix
PATH=$work/commands:$work/prefix/bin:$BUILD/examples:$PATH

# data that the pages use
few() { # FILE: 2000 made images
    head -c $((2000 * 784)) /dev/zero | tr '\0' '\7' > images.bin
    head -c 2000 /dev/zero | tr '\0' '\3' > labels.bin
    for part in train test; do echo "$part/images=raw:u8:2000x28x28:images.bin $part/labels=raw:u8:2000:labels.bin"; done |
        xargs "$SHARDSTEP" import "$1" > /dev/null
}
few data/few/fashion.h5
loose=
if [ -d $fashion ]; then
    import_fashion data/fashion.h5
else
    loose=--loose
    echo "dataset-fashion-mnist is missing: commands run on made images, and their output is not compared"
    few data/fashion.h5
fi
/usr/bin/python3 "$SOURCE/tests/package/guides_data.py" data
/usr/bin/python3 "$SOURCE/examples/weather_data.py" data
ln -s "$SOURCE"/examples/*.c data/

export PYTHONDONTWRITEBYTECODE=1
guides() { /usr/bin/python3 "$SOURCE/tests/package/guides.py" --work pages --data data "$@"; }

# a page that is wrong is told of
cat > wrong.md << 'TEXT'
The number is 7, not 8.

    $ echo 7 seconds; echo of 3.5
    7 seconds
    of ...6

    $ false

This is no command:

    shardstep info fashion.h5

```c
shs_must(shs_dataset_open(run, 1));
```
TEXT
guides --numbers wrong.md wrong.md > out.txt 2> err.txt && fail "no fault was found in: $(cat wrong.md)"
for told in "wrong.md:5: .*" "expected: of ...6" "came:     of 3.5" "wrong.md:7: .* exit code 0 expected, came 1" \
    "wrong.md:11: .*is not run" "wrong.md:14: the fragment does not compile" "wrong.md:1: .* the number 8"; do
    grep -qE -- "$told" err.txt || fail "'$told' was expected; guides.py said: $(cat err.txt)"
done
grep -q 'number 7' err.txt && fail "the number 7 is printed: $(cat err.txt)"
rm -r pages/wrong

guides $loose --numbers README.md --most-left-out $most_left_out "${pages[@]/#/$SOURCE/}" || fail "a page does not do what it says"

# the picture that README shows is the one that its command makes, however it is compressed
picture() { # FILE: its head and its lines
    /usr/bin/python3 -c '
import struct, sys, zlib
data, at, parts = open(sys.argv[1], "rb").read(), 8, {b"IHDR": b"", b"IDAT": b""}
while at < len(data):
    size, kind = struct.unpack_from(">I4s", data, at)
    parts[kind] = parts.get(kind, b"") + data[at + 8:at + 8 + size]
    at += size + 12
sys.stdout.buffer.write(parts[b"IHDR"] + zlib.decompress(parts[b"IDAT"]))' "$1"
}
if [ -z "$loose" ] && [[ " ${pages[*]} " == *" README.md "* ]]; then
    picture "$SOURCE/.github/preview.png" > shown.raw && picture pages/README/preview.png > made.raw
    same "README's picture and that of its command" shown.raw made.raw
fi
finish
