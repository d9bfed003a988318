#!/usr/bin/env bash
# A rank that leaves the loop alone ends the job with one message.
. "$(dirname "$0")/../cli/common.sh"

for ranks in ${RANKS:-2 3}; do
    refused "$ranks" \
        "^rank $((ranks - 1)): called shs_close where rank 0 called shs_agree; a rank may close" \
        "$BUILD/tests/leaves"
done
finish
