#!/usr/bin/env bash
# The harness itself: every check says what was expected, what came and where; a failure on one rank
# is reported by all; no test hangs for ever; and arguments choose tests.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

export HARNESS_SECONDS=5
try() { # MODE [ARGUMENT]...: sets code
    code=0
    local mode=$1
    shift
    KNOWN_FAILURE=$mode on 3 timeout 60 "$BUILD/tests/known_failure" "$@" > out.txt 2>&1 || code=$?
}

try none
[ "$code" = 0 ] && grep -q 'known failure: 4 passed, 0 failed' out.txt || fail "nothing fails: $code"
try check
[ "$code" = 1 ] && grep -q 'FAILED  a check of one rank' out.txt || fail "a check: $code"
grep -q 'known_failure.c:[0-9]*: a check of one rank: expected .*; rank 2$' out.txt ||
    fail "the failing rank is not named"
grep -q 'known failure: 3 passed, 1 failed' out.txt || fail "the other tests did not run"
try all
[ "$code" = 1 ] && grep -q 'FAILED  a condition of all ranks' out.txt || fail "a condition: $code"
grep -q 'failed on another rank: .*; rank 0$' out.txt || fail "the other ranks do not say why"
grep -q 'known failure: 3 passed, 1 failed' out.txt || fail "the other tests did not run"
try equal
[ "$code" = 1 ] || fail "a number of all ranks: $code"
grep -q 'expected number == 7; came 8; step 3; rank 2$' out.txt || fail "the number is not named"
grep -q 'failed on another rank: number == 7; step 3; rank 1$' out.txt || fail "the others say nothing"
try leave
[ "$code" != 0 ] && [ "$code" != 124 ] || fail "a rank that leaves: $code"
grep -q 'a rank that leaves: this test hangs' out.txt || fail "the hanging test is not named"

# arguments
try none check others
[ "$code" = 0 ] && grep -q 'known failure: 2 passed, 0 failed' out.txt || fail "two chosen: $code"
try none --list
[ "$code" = 0 ] && grep -q '^after the others$' out.txt || fail "no names: $code: $(cat out.txt)"
try none whale
[ "$code" = 2 ] || fail "a name that no test has: exit code $code, not 2"
grep -q "no test has 'whale' in its name" out.txt || fail "the name that no test has is not told"
grep -q '^after the others$' out.txt || fail "the names that tests have are not told"

# words
code=0
"$BUILD/tests/known_words" > out.txt || code=$?
[ "$code" = 1 ] || fail "failing checks: exit code $code, not 1"
grep -q 'known words: 0 passed, 5 failed' out.txt || fail "each test should fail: $(tail -n 1 out.txt)"
sed -nE '/many failures/d; s,^.*/known_words\.c:[0-9]+: ,,p' out.txt > said.txt
cat > expected.txt << 'END'
numbers: expected rows == 7; came 5
numbers: expected rows == most, which is 18446744073709551615 (0xffffffffffffffff); came 5
numbers: expected below == most, which is 18446744073709551615 (0xffffffffffffffff); came -1
numbers: expected below + 0.5 == 0; came -0.5
numbers: expected NAN == 0; came nan
numbers: expected rows >= rows + 1, which is 6; came 5
numbers: expected rows != 5; came 5
texts: expected name = «crown\n»; came «crop», other from byte 3 on
texts: expected none = «crop»; came NULL, other from byte 0 on
texts: expected name with «flip»; came «crop»
arrays: expected byte 2 of 3 of bytes = 0x04; came 0x03
arrays: expected element 1 of 2 of words = 3 (0x00000003); came 2 (0x00000002)
arrays: expected element 0 of 2 of longs = 0 (0x0); came 1 (0x1)
arrays: expected element 0 of 1 of floats = -0 (-0x0p+0); came 0 (0x0p+0)
arrays: expected element 1 of 2 of doubles = 0.10000000000000001 (0x1.999999999999ap-4); came 2 (0x1p+1)
statuses and places: expected 1 + 1 == 3; case drop, step 3
statuses and places: expected SHS_ERROR_FILE of core_fail(SHS_ERROR_FORMAT, "chunk %d", 4); came SHS_ERROR_FORMAT, message «chunk 4»; case drop, step 3
statuses and places: row 3 of shard 1
statuses and places: expected false
END
same "the words of failing checks" expected.txt said.txt
[ "$(grep -c 'many failures: expected' out.txt)" = 20 ] || fail "more than 20 lines of one test"
grep -q '^many failures: 5 more failures on rank 0$' out.txt || fail "lines left out are not counted"
finish
