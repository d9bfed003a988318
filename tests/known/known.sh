#!/usr/bin/env bash
# The harness itself: a failure on one rank is reported by all, and no test hangs for ever.
. "$(dirname "$0")/../cli/common.sh"

export HARNESS_SECONDS=5
try() { # MODE: sets code
    code=0
    on 3 timeout 60 "$BUILD/tests/known_failure" "$1" > out.txt 2>&1 || code=$?
}

try none
[ "$code" = 0 ] && grep -q 'known failure: 4 passed, 0 failed' out.txt || fail "nothing fails: $code"
try check
[ "$code" = 1 ] && grep -q 'FAILED  a check of one rank' out.txt || fail "a check: $code"
grep -q 'rank 2: .*known_failure.c' out.txt || fail "the failing rank is not named"
grep -q 'known failure: 3 passed, 1 failed' out.txt || fail "the other tests did not run"
try all
[ "$code" = 1 ] && grep -q 'FAILED  a condition of all ranks' out.txt || fail "a condition: $code"
grep -q 'rank 0: .*failed on another rank' out.txt || fail "the other ranks do not say why"
grep -q 'known failure: 3 passed, 1 failed' out.txt || fail "the other tests did not run"
try leave
[ "$code" != 0 ] && [ "$code" != 124 ] || fail "a rank that leaves: $code"
grep -q 'a rank that leaves: this test hangs' out.txt || fail "the hanging test is not named"
finish
