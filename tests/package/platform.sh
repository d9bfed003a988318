#!/usr/bin/env bash
# What must be the same on every platform: the digest of a dataset, and the weights of a model in
# plain C after 100 steps, on any number of ranks. Prints them for tests/platforms.sh, with the weights
# of train_fashion, which depend on the system's OpenBLAS.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs fashion

model=$BUILD/tests/plain_model
augment='train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
if [ ! -e $fashion ]; then
    echo "SKIPPED: no Fashion-MNIST (dataset-fashion-mnist)"
    exit 77
fi
import_fashion fashion.h5
for ranks in 1 2 3; do
    on $ranks "$SHARDSTEP" digest fashion.h5 --fields train/images,train/labels --vranks 6 --steps 5 \
        --seed 42 --augment "$augment" > digest.$ranks || fail "digest on $ranks ranks"
    on $ranks "$model" fashion.h5 100 > model.$ranks || fail "the model on $ranks ranks"
done
for ranks in 2 3; do
    same "the digest on $ranks ranks" digest.1 digest.$ranks
    same "the model's weights on $ranks ranks" model.1 model.$ranks
done
digest=$(tail -n 1 digest.1 | awk '{ print $2 }')
weights=$(awk '{ print $6 }' model.1)
blas=none
if [ -x "$BUILD/examples/train_fashion" ]; then
    on 2 "$BUILD/examples/train_fashion" --data fashion.h5 --vranks 4 --steps 20 --hash > fashion.txt 2> err.txt ||
        fail "train_fashion: $(cat err.txt)"
    blas=$(tail -n 1 fashion.txt | grep -oE '[0-9a-f]{32}' || echo none)
fi
echo "values: $digest $weights $blas"
[ "$digest" = 8505cb090facfb1ebb05b2e961473f02 ] || fail "the digest is $digest"
[ "$weights" = 2de616c204136864 ] || fail "the weights' hash is $weights"
finish
