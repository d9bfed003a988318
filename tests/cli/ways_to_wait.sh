#!/usr/bin/env bash
# In each way to wait the program sees the same bytes. Which of them is faster is not tested.
set -euo pipefail
. "$(dirname "$0")/common.sh"

rows=2100 # no whole number of steps
head -c $((rows * 784)) /dev/urandom > images.bin
head -c $rows /dev/urandom > labels.bin
"$SHARDSTEP" import noise.h5 train/images=raw:u8:${rows}x28x28:images.bin \
    train/labels=raw:u8:$rows:labels.bin > /dev/null
for model in 0 1; do
    "$BUILD/examples/ways_to_wait" noise.h5 $model > out.txt 2> err.txt ||
        fail "with a model of $model ms: $(cat out.txt err.txt)"
    grep -oE '[0-9a-f]{16}$' out.txt > "digests.$model" || true
    [ "$(wc -l < "digests.$model")" = 6 ] || fail "not six ways: $(cat out.txt)"
    [ "$(sort -u "digests.$model" | wc -l)" = 1 ] || fail "not one digest: $(cat out.txt)"
    grep -qx 'the program saw the same bytes in the same order in all 6 ways' out.txt ||
        fail "no last line: $(cat out.txt)"
done
same "with a slower model" digests.0 digests.1

# The digest is one of what the program sees: another label is another digest.
printf '\377\377\377\377' | cat - labels.bin | first $rows > other.bin
"$SHARDSTEP" import other.h5 train/images=raw:u8:${rows}x28x28:images.bin \
    train/labels=raw:u8:$rows:other.bin > /dev/null
"$BUILD/examples/ways_to_wait" other.h5 0 > out.txt || fail "with other labels"
grep -qF "$(head -n 1 digests.0)" out.txt && fail "other labels have the same digest"
refused 0 'nothing.h5: No such file' "$BUILD/examples/ways_to_wait" nothing.h5
finish
