#!/usr/bin/env bash
# No flipped bit and no cut of an imported file goes unnoticed: 2,000 places and 200, fixed seed.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs fashion

idx() { # TYPE SIZE...: the header of an IDX file
    local type=$1
    shift
    printf "\\0\\0\\x$type\\x$(printf %02x $#)"
    for size in "$@"; do printf "\\x$(printf %08x "$size" | sed 's/../&\\x/g; s/\\x$//')"; done
}
{ idx 08 200 12 11; gunzip -c $fashion/t10k-images-idx3-ubyte.gz | first $((200 * 12 * 11)); } > images.idx
{ idx 0b 300 5; gunzip -c $fashion/t10k-images-idx3-ubyte.gz | tail -c 3000; } > words.idx
{ idx 08 200; gunzip -c $fashion/t10k-labels-idx1-ubyte.gz | tail -c 200; } > labels.idx
"$SHARDSTEP" import plain.h5 a/images=images.idx a/words=words.idx labels=labels.idx --any-rows --chunk 16 > /dev/null
"$SHARDSTEP" import deflated.h5 a/images=images.idx labels=labels.idx --chunk 32 --deflate 5 --byteshuffle > /dev/null

flips=${FLIPS:-1000} cuts=${CUTS:-100}
for file in plain deflated; do
    "$BUILD/tests/flips" $file.h5 "$flips" "$cuts" > out.txt || fail "$file.h5: $(cat out.txt)"
    cat out.txt
done
finish
