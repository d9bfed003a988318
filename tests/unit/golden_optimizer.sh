#!/usr/bin/env bash
# Optimisers and learning rates give the hashes of golden_optimizer.txt.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

"$BUILD/tests/golden_optimizer" > came.txt || fail "golden_optimizer: exit code $?"
same "the hashes of optimisers" "$SOURCE/tests/unit/golden_optimizer.txt" came.txt
finish
