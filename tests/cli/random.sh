#!/usr/bin/env bash
# The words of a place, known from an independent program; formats; refusals.
set -euo pipefail
. "$(dirname "$0")/common.sh"

place="--seed 42 --purpose 1 --rank 3 --step 7 --slot 5"
printf '%s\n' 93fc3429 292ea43e de7d84c5 9e52ec62 c14948e5 e22424d9 > known.txt
"$SHARDSTEP" random $place --count 6 --format hex > hex.txt
same "known words" known.txt hex.txt
on 3 "$SHARDSTEP" random $place --count 6 > hex3.txt
same "known words, once, under mpirun" known.txt hex3.txt

"$SHARDSTEP" random $place --count 6 --format u32 | while read -r word; do
    printf '%08x\n' "$word"
done > u32.txt
same "u32 against hex" known.txt u32.txt
"$SHARDSTEP" random $place --count 6 --format raw | od -An -v -tx4 --endian=little -w4 | tr -d ' ' > raw.txt
same "raw against hex" known.txt raw.txt
"$SHARDSTEP" random $place --count 6 --format float > float.txt
while read -r word; do
    awk -v n=$((0x$word >> 8)) 'BEGIN { printf "%.9g\n", n / 16777216 }'
done < known.txt > float_reference.txt
same "float against hex" float_reference.txt float.txt

refused 0 'rank takes a whole number from 0 to 2\^24-1, not .16777216.' "$SHARDSTEP" random --rank 16777216
refused 0 'slot takes a whole number from 0 to 2\^32-1, not .4294967296.' "$SHARDSTEP" random --slot 4294967296
refused 0 'step takes a whole number from 0 to 2\^32-1, not .4294967296.' "$SHARDSTEP" random --step 4294967296
refused 0 'purpose takes a whole number from 0 to 255, not .256.' "$SHARDSTEP" random --purpose 256
refused 0 'role 3 belongs' "$SHARDSTEP" random --purpose 3
refused 0 "must be one of" "$SHARDSTEP" random --format octal
refused 2 "seed takes a whole number from 0 to 2\^64-1, not .1x." "$SHARDSTEP" random --seed 1x
finish
