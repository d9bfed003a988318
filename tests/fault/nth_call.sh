#!/usr/bin/env bash
# The n-th call that fails, in each command, ends in the right output or in one message. A fixed sample of
# calls, with SHARDSTEP_LONG=1 a larger one; all of the first 100, with --ranks 0 alone and with --ranks 2 on 2 ranks:
#     tests/fault/nth_call.py build/shardstep build/examples/train_fashion build/tests/libnth_call.so
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs h5py

sweep() {
    "$SOURCE/tests/fault/nth_call.py" "$SHARDSTEP" "$BUILD/examples/train_fashion" \
        "$BUILD/tests/libnth_call.so" "$@" || fail "nth_call.py $*"
}
every=67
[ -z "${SHARDSTEP_LONG:-}" ] || every=13
sweep --ranks 0 --every $every
sweep --ranks 0 --commands info --calls malloc # without memory for a name it once listed other datasets
sweep --ranks 2 --every 99 --commands digest,import,train --calls pread,rename,malloc
finish
