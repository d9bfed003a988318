#!/usr/bin/env bash
# A rank that leaves the loop alone ends the job with one message, whether it closes the run or not.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

for ranks in ${RANKS:-2 3}; do
    refused "$ranks" \
        "^rank $((ranks - 1)): called shs_close where rank 0 called shs_agree; a rank may close" \
        "$BUILD/tests/leaves"
    refused "$ranks" \
        "^rank $((ranks - 1)): called MPI_Finalize without shs_close where rank 0 called shs_agree" \
        "$BUILD/tests/leaves" unclosed
    on "$ranks" timeout 60 "$BUILD/tests/leaves" forgetful > out.txt 2>&1 < /dev/null ||
        fail "runs that nobody closes end the job on $ranks ranks: $(cat out.txt)"
    [ -z "$(what_is_said out.txt)" ] || fail "runs that nobody closes: $(cat out.txt)"
    on "$ranks" timeout 60 "$BUILD/tests/leaves" uninitialised > out.txt 2>&1 < /dev/null &&
        fail "a program that does not start MPI ends well on $ranks ranks"
    [ "$(grep -c 'MPI is not running; call MPI_Init_thread first' out.txt)" = 1 ] ||
        fail "not one message that MPI is not running on $ranks ranks: $(cat out.txt)"
done
finish
