#!/usr/bin/env bash
# The founding bug shows with a stateful generator and cannot with places, on any number of ranks.
set -euo pipefail
. "$(dirname "$0")/common.sh"

for ranks in 0 1 2 3 4; do
    on $ranks "$BUILD/examples/worker_bug" > out.$ranks || fail "on $ranks ranks"
    same "rows on $ranks ranks" out.0 out.$ranks
done
[ "$(grep -c 'rows repeat an earlier one' out.0)" = 2 ] || fail "not two counts of repeated rows"
grep -q '^ *14 of 16 rows repeat' out.0 || fail "the bug does not show"
grep -q '^ *0 of 16 rows repeat' out.0 || fail "places repeat a row"
finish
