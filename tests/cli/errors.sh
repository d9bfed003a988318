#!/usr/bin/env bash
# Bad input: one message, exit code 2, at any number of ranks.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs fashion

import_fashion fashion.h5
"$BUILD/tests/odd_files" odd.h5
head -c 100000 fashion.h5 > truncated.h5
: > empty.h5
fields="--fields train/images,train/labels"
long=$(head -c 5000 /dev/zero | tr '\0' x)

for ranks in 0 ${RANKS:-3}; do
    d="digest fashion.h5 $fields --vranks 6"
    refused "$ranks" 'cannot open nothing.h5: No such file' "$SHARDSTEP" digest nothing.h5 --vranks 6
    refused "$ranks" "holds no dataset 'train/imagse'; it holds .*; did you mean train/images\?" \
        "$SHARDSTEP" digest fashion.h5 --fields train/imagse --vranks 6
    refused "$ranks" 'has 60000 rows but field test/labels has 10000' \
        "$SHARDSTEP" digest fashion.h5 --fields train/images,test/labels --vranks 6
    refused "$ranks" 'unknown option --augmnet' "$SHARDSTEP" $d --augmnet x
    refused "$ranks" "no operator 'random_flop'; did you mean random_flip" \
        "$SHARDSTEP" $d --augment 'train/images: random_flop(axis=w)'
    refused "$ranks" "no field 'train/image' among" \
        "$SHARDSTEP" $d --augment 'train/image: random_flip(axis=w)'
    refused "$ranks" "has no value 'pading'; it takes padding" \
        "$SHARDSTEP" $d --augment 'train/images: random_crop(pading=2)'
    refused "$ranks" 'truncated|not complete' "$SHARDSTEP" digest truncated.h5 $fields --vranks 6
    refused "$ranks" 'no HDF5 file' "$SHARDSTEP" digest empty.h5 $fields --vranks 6
    refused "$ranks" "batch takes a whole number from 1 to 2\^32-1, not '4294967296'" "$SHARDSTEP" $d --batch 4294967296
    refused "$ranks" 'epoch would have no steps: N = 60000' "$SHARDSTEP" $d --batch 10001 --tail drop
    refused "$ranks" "vranks takes a whole number from 1 to 2\^24, not '16777217'" "$SHARDSTEP" digest fashion.h5 $fields --vranks 16777217
    refused "$ranks" "windows of 1152921504606846976 blocks" "$SHARDSTEP" $d --shuffle blocks \
        --window-blocks 1152921504606846976
    refused "$ranks" 'must be one of' "$SHARDSTEP" $d --tail long
    refused "$ranks" 'PATH is missing; usage: shardstep digest' "$SHARDSTEP" digest
    refused "$ranks" 'needs a value' "$SHARDSTEP" digest fashion.h5 --seed
    refused "$ranks" 'there is no command' "$SHARDSTEP" digset
    refused "$ranks" 'cannot open x+' "$SHARDSTEP" digest "$long" --vranks 6
    refused "$ranks" 'dataset text is text; a field must be of plain .* NAME=h5:classes:.*:text' \
        "$SHARDSTEP" digest odd.h5 --fields text --vranks 6
    refused "$ranks" 'dataset pair is compound' "$SHARDSTEP" digest odd.h5 --fields pair --vranks 6
    refused "$ranks" 'is a single number.*ALIAS=one\(constant\)' "$SHARDSTEP" digest odd.h5 --fields one --vranks 6
    refused "$ranks" 'no steps: N = 0 samples: the dataset has no rows' "$SHARDSTEP" digest odd.h5 --fields none --vranks 6
    refused "$ranks" 'lies outside a run' "$SHARDSTEP" $d --step 999999
done
code=0
"$SHARDSTEP" > out.txt 2> err.txt || code=$?
[ "$code" = 2 ] && grep -q '^usage: shardstep COMMAND' err.txt || fail "no arguments: $code"
"$SHARDSTEP" --help | holds digest || fail "--help names no digest"
"$SHARDSTEP" digest --help | holds -- --augment || fail "digest --help names no --augment"
code=0
"$SHARDSTEP" random --count 1000000 > /dev/full 2> err.txt || code=$?
[ "$code" = 2 ] && grep -q 'No space left' err.txt || fail "/dev/full: $code $(cat err.txt)"
finish
