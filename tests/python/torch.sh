#!/usr/bin/env bash
# The module with PyTorch: as an IterableDataset, and on the ranks of a process group. The examples run.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/python/python.sh"
needs torch

# as torchrun starts them; Debian's torchrun of PyTorch 1.13 does not run under its Python 3.11
on_torch_ranks() { # RANKS program of Python...
    local ranks=$1 rank code=0
    shift
    local port
    port=$($python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    local jobs=()
    for ((rank = 0; rank < ranks; rank++)); do
        RANK=$rank WORLD_SIZE=$ranks MASTER_ADDR=127.0.0.1 MASTER_PORT=$port timeout 120 $python "$SOURCE/tests/python/end_at_once.py" "$@" &
        jobs+=($!)
    done
    for rank in "${jobs[@]}"; do wait "$rank" || code=1; done
    return $code
}

export OMP_NUM_THREADS=1
small_fashion fashion.h5
timeout 120 $python "$SOURCE/tests/python/with_torch.py" fashion.h5 || fail "with_torch.py"
on_torch_ranks 2 "$SOURCE/tests/python/with_torch.py" fashion.h5 || fail "with_torch.py on 2 ranks"
on_torch_ranks 2 "$SOURCE/examples/python/torchrun_train.py" fashion.h5 --epochs 2 --batch 8 --steps 5 > out.txt ||
    fail "torchrun_train.py"
grep -qE '^epoch 1 .* rows 100$' out.txt || fail "torchrun_train.py: $(cat out.txt)"
grep -qx 'stopped after step 6' out.txt || fail "torchrun_train.py does not stop: $(cat out.txt)"
finish
