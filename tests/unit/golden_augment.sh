#!/usr/bin/env bash
# Every set of kernels that this CPU runs gives the hashes of golden_augment.txt.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

for kernels in plain avx2 avx512; do
    code=0
    "$BUILD/tests/golden_augment" $kernels > $kernels.txt || code=$?
    [ $code != 77 ] || continue
    [ $code = 0 ] || fail "golden_augment $kernels: exit code $code"
    same "the hashes of the $kernels kernels" "$SOURCE/tests/unit/golden_augment.txt" $kernels.txt
done
finish
