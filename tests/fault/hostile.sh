#!/usr/bin/env bash
# Damaged files in many forms: shardstep works or refuses, whatever HDF5 does on them.
#
#   hostile.sh [BUILD_FOLDER [FIRST END]]    damages FIRST to END - 1 to each sound file (40 80)
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs h5ls

first=${1:-40} end=${2:-80}
hostile=$BUILD/tests/hostile

"$hostile" run "$SHARDSTEP" "$first" "$end" 2 > even.txt 2>&1 &
"$hostile" run "$SHARDSTEP" $((first + 1)) "$end" 2 > odd.txt 2>&1 || fail "run: $(cat odd.txt)"
wait $! || fail "run: $(cat even.txt)"
cat even.txt odd.txt
grep -q FAILED even.txt odd.txt && fail "commands that neither worked nor refused"
[ "$(cat even.txt odd.txt | grep -cE '^[1-9][0-9]* commands done, [1-9][0-9]* refused')" = 2 ] ||
    fail "not all was run"

# HDF5 loses memory over some by itself, which it must not tell of behind the message
for damage in "5 45" "7 44" "11 53"; do
    "$hostile" damage $damage lost.h5
    for ranks in 0 2; do
        refused "$ranks" 'lost.h5: its datasets cannot be listed' "$SHARDSTEP" digest lost.h5 --vranks 2
        ! grep -q '^HDF5' err.txt || fail "damage $damage on $ranks ranks: HDF5 speaks: $(cat err.txt)"
    done
done

# among them is one that kills HDF5's own tools, unless theirs is a later version
"$hostile" damage 8 68 crash.h5
code=0
{ h5ls -r crash.h5; } > /dev/null 2>&1 || code=$?
[ "$code" != 139 ] || [ -n "${1:-}" ] || grep -qE '[1-9][0-9]* of these crashed' even.txt odd.txt ||
    fail "no file crashed HDF5: nothing is shown"
finish
