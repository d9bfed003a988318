#!/usr/bin/env bash
# What the Python module promises beside the bytes of batches.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"

small_fashion fashion.h5
timeout 120 $python -W error "$SOURCE/tests/python/module.py" fashion.h5 || fail "module.py"
finish
