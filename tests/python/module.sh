#!/usr/bin/env bash
# What the Python module promises beside the bytes of batches.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"

small_fashion fashion.h5
for part in module stops errors; do
    timeout 120 $python -W error "$SOURCE/tests/python/$part.py" fashion.h5 || fail "$part.py"
done
finish
