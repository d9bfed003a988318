#!/usr/bin/env bash
# Every function that the library exports is called with NULL in unit/null_*.c.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs nm

"$BUILD/tests/test_null" --functions | sort > tested.txt
nm -D --defined-only "$BUILD/libshardstep.so" | awk '$2 == "T" { print $3 }' | grep '^shs_' |
    sort > exported.txt
diff tested.txt exported.txt > differ.txt ||
    fail "these are tested (<) or exported (>), but not both: $(cat differ.txt)"
[ -s exported.txt ] || fail "the library exports nothing"
finish
