#!/usr/bin/env bash
# Samples over two axes, windows whose rows lie apart, and parts of rows are the slices that h5py makes of the
# same files: 150 random cases, or 4,000 with SHARDSTEP_LONG=1. A failing case names its number.
#
#   tests/reference/parts.py build/shardstep --case 17       one case alone, in the current folder
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

cases=150
[ "${SHARDSTEP_LONG:-}" != 1 ] || cases=4000
export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 "$SOURCE/tests/reference/parts.py" "$SHARDSTEP" --cases "$cases" ||
    fail "samples are not the slices of h5py"
finish
