#!/usr/bin/env bash
# Batches are those of the reference in tests/reference, which is written from the words alone: order,
# reading and augmentation of random cases, byte for byte. 30 cases, or 200 with SHARDSTEP_LONG=1, which
# must have every operator and every way to read, to order and to augment between them. Each failing
# case names its number.
#
#   tests/cli/reference.sh BUILD --case 17 --keep FOLDER     one case alone, whose files stay
set -euo pipefail
from=$PWD
. "$(dirname "$0")/common.sh"
needs python3 h5py xxhsum

cases=30
[ "${SHARDSTEP_LONG:-}" != 1 ] || cases=200
choice=(--cases "$cases")
while [ $# -gt 0 ]; do
    case $1 in
    --case) choice=(--case "$2") ;;
    --keep) choice+=(--keep "$(cd "$from" && realpath -m "$2")") ;;
    *) echo "usage: $0 BUILD [--case K [--keep FOLDER]]" >&2 && exit 2 ;;
    esac
    shift 2
done

export PYTHONDONTWRITEBYTECODE=1
reference=$SOURCE/tests/reference
"$BUILD/tests/reference_draws" > draws.txt
/usr/bin/python3 "$reference/draws.py" > expected.txt
same "draws of each kind" expected.txt draws.txt
/usr/bin/python3 "$reference/check.py" "$SHARDSTEP" --own "$BUILD/tests/reference_batch" "${choice[@]}" ||
    fail "batches are not the reference's"
finish
