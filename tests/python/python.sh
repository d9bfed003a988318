# shellcheck shell=bash
# Sourced by the scripts here, after ../cli/common.sh: the module of the sources over the library of the build.
needs numpy
export PYTHONPATH=$SOURCE/src/python:$SOURCE/tests/python SHARDSTEP_LIBRARY=$BUILD/libshardstep.so.0
export PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3

# 100 images in the place of 60,000, the same in each run of a test
small_fashion() { # FILE [IMAGES]
    local images=${2:-100}
    $python - "$images" << 'PY'
import sys, numpy as np
n = int(sys.argv[1])
random = np.random.RandomState(1)
random.randint(0, 256, (n, 28, 28), dtype=np.uint8).tofile("images.bin")
random.randint(0, 10, n, dtype=np.uint8).tofile("labels.bin")
PY
    "$SHARDSTEP" import "$1" "train/images=raw:u8:${images}x28x28:images.bin" \
        "train/labels=raw:u8:$images:labels.bin" > /dev/null
}
