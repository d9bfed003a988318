#!/usr/bin/env bash
# The module with PyTorch: as an IterableDataset, and on the ranks of a process group. The examples run.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"
needs torch

# as torchrun starts them; Debian's torchrun of PyTorch 1.13 does not run under its Python 3.11. The code is
# that of the last process that did not return 0.
on_torch_ranks() { # RANKS program of Python...
    local ranks=$1 rank code=0
    shift
    local port
    port=$($python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    local jobs=()
    for ((rank = 0; rank < ranks; rank++)); do
        RANK=$rank WORLD_SIZE=$ranks MASTER_ADDR=127.0.0.1 MASTER_PORT=$port timeout 120 $python "$@" &
        jobs+=($!)
    done
    for rank in "${jobs[@]}"; do wait "$rank" || code=$?; done
    return $code
}

# torchrun_train.py on 2 ranks
train() { # OPTIONS...
    on_torch_ranks 2 "$SOURCE/examples/python/torchrun_train.py" fashion.h5 --epochs 2 --batch 8 "$@"
}

export OMP_NUM_THREADS=1
export USE_LIBUV=0 # Debian 13 built its PyTorch without libuv
small_fashion fashion.h5
timeout 120 $python "$SOURCE/tests/python/with_torch.py" fashion.h5 || fail "with_torch.py"
on_torch_ranks 2 "$SOURCE/tests/python/end_at_once.py" "$SOURCE/tests/python/with_torch.py" fashion.h5 ||
    fail "with_torch.py on 2 ranks"
train > whole.txt || fail "torchrun_train.py: code $?"
grep -qE '^epoch 1 .* rows 100$' whole.txt || fail "torchrun_train.py: $(cat whole.txt)"
code=0
train --checkpoints kept --stop-after 5 > out.txt || code=$?
[ $code = 75 ] || fail "torchrun_train.py that is stopped: expected code 75, got $code"
grep -qx 'stopped after step 6' out.txt || fail "torchrun_train.py does not stop: $(cat out.txt)"
train --checkpoints kept > out.txt || fail "torchrun_train.py that goes on: code $?"
grep -qx '2 processes go on from step 6' out.txt || fail "torchrun_train.py does not go on: $(cat out.txt)"
diff <(tail -n 2 whole.txt) <(tail -n 2 out.txt) || fail "torchrun_train.py: the stop has changed epoch 2 or the weights"
finish
