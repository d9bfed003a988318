#!/usr/bin/env bash
# A program's own operator gives the same batches on any number of ranks, and again by shs_replay().
# With rand() inside, the program is told.
set -euo pipefail
. "$(dirname "$0")/common.sh"

"$SHARDSTEP" random --count 25000 --format raw 2> /dev/null | head -c 100000 > bytes.raw
"$SHARDSTEP" import images.h5 images=raw:u8:1000x10x10:bytes.raw > /dev/null 2> err.txt ||
    fail "import: $(cat err.txt)"
for ranks in ${RANKS:-1 2 3 5}; do
    on "$ranks" "$BUILD/examples/own_operator" images.h5 images > "out.$ranks" 2> err.txt < /dev/null ||
        fail "own_operator on $ranks ranks: $(cat err.txt)"
    same "the steps on $ranks ranks" "out.${first:=$ranks}" "out.$ranks"
    [ ! -s err.txt ] || fail "something is told of a sound operator: $(cat err.txt)"
done
[ "$(wc -l < "out.$first")" = 8 ] || fail "not 8 steps: $(cat "out.$first")"
for step in 0 5 7; do
    on 1 "$BUILD/examples/own_operator" images.h5 images replay $step > replay.txt < /dev/null ||
        fail "replay of step $step"
    grep "^step $step " "out.$first" > due.txt
    same "step $step, replayed" due.txt replay.txt
done

on 2 "$BUILD/examples/own_operator" images.h5 images broken > broken.txt 2> err.txt < /dev/null ||
    fail "own_operator with rand(): $(cat err.txt)"
[ "$(grep -c 'operator salt (version 1): ' err.txt)" = 1 ] || fail "rand() is not told: $(cat err.txt)"

code=0
on 1 "$BUILD/examples/own_operator" images.h5 nothing > /dev/null 2>&1 < /dev/null || code=$?
[ $code = 2 ] || fail "a field that is not there: exit code $code"

# the commands do not know the operator, and say what to do
for command in digest 'replay --vranks 8 --rank 0 --step 0'; do
    # shellcheck disable=SC2086
    refused 0 "there is no operator 'salt'.*makes a batch again by shs_replay\(\)" \
        "$SHARDSTEP" $command images.h5 --fields images --augment 'images: salt(share=0.1)'
done
finish
