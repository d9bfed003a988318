#!/usr/bin/env bash
# What must be the same on every platform: the digest of a dataset, and the weights of a model in
# plain C after 100 steps, on any number of ranks: 1 to 3, or 1 in a build without MPI. Prints them for
# tests/platforms.sh. Then the model's weights by several optimisers: after 30 steps on 1 to 3 ranks, or
# with SHARDSTEP_LONG=1 after 300 steps on 1 to 8 ranks, and with 12 virtual ranks on 1, 5, 7 and 12.
#
# EMULATOR, a command, runs the programs of a build for another processor.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs fashion

model=$BUILD/tests/plain_model
augment='train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
counts=(1 2 3) eight=(1 2 3) twelve=()
[ "${SHARDSTEP_LONG:-}" != 1 ] || { eight=(1 2 3 4 5 6 7 8) twelve=(1 5 7 12); }
[ "$MPI_KIND" != none ] || { counts=(0) eight=(0) twelve=(${twelve[0]:+0}); }

# Does what `on` does. A process alone runs under the emulator, if there is one.
run_on() { # RANKS command...
    local ranks=$1
    shift
    if [ "$ranks" = 0 ]; then ${EMULATOR:-} "$@"; else on "$ranks" "$@"; fi
}

run_on 0 "$SHARDSTEP" import fashion.h5 train/images=$fashion/train-images-idx3-ubyte.gz \
    train/labels=$fashion/train-labels-idx1-ubyte.gz > /dev/null || fail "import"
for ranks in "${counts[@]}"; do
    run_on "$ranks" "$SHARDSTEP" digest fashion.h5 --fields train/images,train/labels --vranks 6 --steps 5 \
        --seed 42 --augment "$augment" > "digest.$ranks" || fail "digest on $ranks ranks"
    run_on "$ranks" "$model" fashion.h5 100 6 plain > "model.$ranks" || fail "the model on $ranks ranks"
done
for ranks in "${counts[@]:1}"; do
    same "the digest on $ranks ranks" digest.1 "digest.$ranks"
    same "the model's weights on $ranks ranks" model.1 "model.$ranks"
done
digest=$(tail -n 1 "digest.${counts[0]}" | awk '{ print $2 }')
weights=$(awk '{ print $7 }' "model.${counts[0]}")
echo "values: $digest $weights"
[ "$digest" = 8505cb090facfb1ebb05b2e961473f02 ] || fail "the digest is $digest"
[ "$weights" = 2de616c204136864 ] || fail "the weights' hash is $weights"

# optimise VRANKS STEPS EXPECTED RANKS...: the same lines on each number of ranks
optimise() {
    local vranks=$1 steps=$2 expected=$3 ranks
    for ranks in "${@:4}"; do
        run_on "$ranks" "$model" fashion.h5 "$steps" "$vranks" momentum adamw > optimised.txt < /dev/null ||
            fail "the model with $vranks virtual ranks on $ranks ranks"
        [ "$(awk '{ printf "%s %s ", $1, $7 }' optimised.txt)" = "$expected" ] ||
            fail "$vranks virtual ranks, $steps steps on $ranks ranks: $expected was expected; came $(cat optimised.txt)"
    done
}
if [ "${SHARDSTEP_LONG:-}" = 1 ]; then
    optimise 8 300 "momentum: 486dd0ac63e5ab38 adamw: d712ccb16a8a4f82 " "${eight[@]}"
    optimise 12 300 "momentum: 2a0e291e369ebe4e adamw: fa0f937144212d2a " "${twelve[@]}"
else
    optimise 8 30 "momentum: 925223947d82422b adamw: 6431714f798a126a " "${eight[@]}"
fi
finish
