#!/usr/bin/env bash
# A long test, with SHARDSTEP_LONG=1: the streams of 64 neighbouring ranks, a block of each in turn,
# before dieharder's tests. Its verdicts: FAILED for a p-value beyond a millionth, WEAK beyond half a
# hundredth, of which less than one is expected among 74 results; over 5 have a chance of one in
# ten thousand. Takes ten minutes.
set -euo pipefail
. "$(dirname "$0")/common.sh"
[ "${SHARDSTEP_LONG:-}" = 1 ] || { echo "SKIPPED: set SHARDSTEP_LONG=1"; exit 77; }
needs dieharder

# all that dieharder itself calls good, but 204, which tests dieharder; 201 to 203 at some sizes
tests="0 1 2 3 4 8 9 10 11 12 13 15 16 17 100 101 102 205 206 207 208 209"
for size in 1 2 4 8 12; do tests="$tests 200:$size"; done
for size in 2 3 4 5; do tests="$tests 201:$size 202:$size"; done
for size in 0 1 3 7 15; do tests="$tests 203:$size"; done

examine() { # NUMBER[:SIZE]
    local size=()
    case $1 in *:*) size=(-n "${1#*:}") ;; esac
    "$SHARDSTEP" random --seed "${1//:/0}" --interleave 64 --format raw 2> /dev/null |
        dieharder -g 200 -d "${1%:*}" "${size[@]}" | grep -E 'PASSED|WEAK|FAILED' ||
        echo "$1: no result: FAILED"
}
export -f examine
export SHARDSTEP
# shellcheck disable=SC2086
printf '%s\n' $tests | xargs -P "$(nproc)" -I TEST bash -c 'examine TEST' > results.txt
sort results.txt
[ "$(wc -l < results.txt)" -ge 74 ] || fail "there are only $(wc -l < results.txt) results"
! grep FAILED results.txt >&2 || fail "dieharder refuses"
[ "$(grep -c WEAK results.txt)" -le 5 ] || fail "too many weak results"
finish
