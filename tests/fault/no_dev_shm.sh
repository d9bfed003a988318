#!/usr/bin/env bash
# Containers often have a small /dev/shm, or one that cannot be written to. Ranks share windows all the same.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs unshare
unshare -m mount -t tmpfs tmpfs /dev/shm 2> /dev/null || {
    echo "SKIPPED: this user may not mount a /dev/shm of its own"
    exit 77
}

for options in ro size=64k,mode=1777; do
    unshare -m bash -c 'mount -t tmpfs -o "$0" tmpfs /dev/shm && exec "$@"' "$options" \
        $MPIRUN -n 2 "$BUILD/tests/test_window" < /dev/null > out.txt 2>&1 || fail "/dev/shm with $options: $(cat out.txt)"
    holds 'passed  ranks share a window' < out.txt || fail "/dev/shm with $options: no rank shared: $(cat out.txt)"
done
finish
