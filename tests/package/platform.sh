#!/usr/bin/env bash
# What must be the same on every platform: the digest of a dataset, and the weights of a model in
# plain C after 100 steps, on any number of ranks. Prints them for tests/platforms.sh, with the weights
# of train_fashion, which depend on the system's OpenBLAS. Then the model's weights by several
# optimisers: after 30 steps on 1 to 3 ranks, or with SHARDSTEP_LONG=1 after 300 steps on 1 to 8 ranks,
# and with 12 virtual ranks on 1, 5, 7 and 12.
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
    on $ranks "$model" fashion.h5 100 6 plain > model.$ranks || fail "the model on $ranks ranks"
done
for ranks in 2 3; do
    same "the digest on $ranks ranks" digest.1 digest.$ranks
    same "the model's weights on $ranks ranks" model.1 model.$ranks
done
digest=$(tail -n 1 digest.1 | awk '{ print $2 }')
weights=$(awk '{ print $7 }' model.1)
blas=none
if [ -x "$BUILD/examples/train_fashion" ]; then
    on 2 "$BUILD/examples/train_fashion" --data fashion.h5 --vranks 4 --steps 20 --hash > fashion.txt 2> err.txt ||
        fail "train_fashion: $(cat err.txt)"
    blas=$(tail -n 1 fashion.txt | grep -oE '[0-9a-f]{32}' || echo none)
fi
echo "values: $digest $weights $blas"
[ "$digest" = 8505cb090facfb1ebb05b2e961473f02 ] || fail "the digest is $digest"
[ "$weights" = 2de616c204136864 ] || fail "the weights' hash is $weights"

# optimise VRANKS STEPS EXPECTED RANKS...: the same lines on each number of ranks
optimise() {
    local vranks=$1 steps=$2 expected=$3 ranks
    for ranks in "${@:4}"; do
        on "$ranks" "$model" fashion.h5 "$steps" "$vranks" momentum adamw > optimised.txt < /dev/null ||
            fail "the model with $vranks virtual ranks on $ranks ranks"
        [ "$(awk '{ printf "%s %s ", $1, $7 }' optimised.txt)" = "$expected" ] ||
            fail "$vranks virtual ranks, $steps steps on $ranks ranks: $expected was expected; came $(cat optimised.txt)"
    done
}
if [ "${SHARDSTEP_LONG:-}" = 1 ]; then
    optimise 8 300 "momentum: 486dd0ac63e5ab38 adamw: d712ccb16a8a4f82 " 1 2 3 4 5 6 7 8
    optimise 12 300 "momentum: 2a0e291e369ebe4e adamw: fa0f937144212d2a " 1 5 7 12
else
    optimise 8 30 "momentum: 925223947d82422b adamw: 6431714f798a126a " 1 2 3
fi
finish
