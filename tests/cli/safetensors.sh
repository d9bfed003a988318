#!/usr/bin/env bash
# A checkpoint is read as HDF5 and as safetensors, with the same names, tensors, cursor and checksum.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py xxhsum

# 20 rows of 4 x 4 bytes
{ printf '\0\0\10\3\0\0\0\24\0\0\0\4\0\0\0\4'; first 320 < "$SHARDSTEP"; } > images.idx
"$SHARDSTEP" import small.h5 images=images.idx > /dev/null
export PYTHONDONTWRITEBYTECODE=1
for tensors in 1 7 29 30 31 200 1500; do
    "$BUILD/tests/save_state" small.h5 images "c$tensors" "$tensors" || fail "$tensors tensors are not saved"
    checkpoint=c$tensors/step-0000000000.h5
    /usr/bin/python3 "$SOURCE/tests/cli/safetensors_reference.py" "$checkpoint" "$tensors" || fail "a checkpoint of $tensors tensors"
    # the checksum of the file's bytes is that of latest
    [ "$(xxhsum -H2 "$checkpoint" | cut -d ' ' -f 1)" = "$(sed -n '1s/.* //p' "c$tensors/latest")" ] ||
        fail "another checksum than $(cat "c$tensors/latest")"
    "$BUILD/tests/save_state" small.h5 images "later$tensors" "$tensors" later || fail "$tensors tensors are not saved later"
    same "a checkpoint that was saved in the background" "$checkpoint" "later$tensors/step-0000000000.h5"
done
finish
