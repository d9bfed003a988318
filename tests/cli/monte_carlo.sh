#!/usr/bin/env bash
# The estimate has the same bits on any number of ranks, and lies where it must.
set -euo pipefail
. "$(dirname "$0")/common.sh"

for ranks in 0 ${RANKS:-1 2 3 5}; do
    on $ranks "$BUILD/examples/monte_carlo" 8 6 > out.$ranks || fail "on $ranks ranks"
    same "the estimate on $ranks ranks" out.0 out.$ranks
done
# with 24 times more paths, as an independent judge: 5 standard errors of the smaller sample
on 2 "$BUILD/examples/monte_carlo" 64 18 > more.txt
awk '{ price[NR] = $4; variance[NR] = $9 }
     END { d = price[1] - price[2]; exit !(d * d < 25 * (variance[1] + variance[2]) && d != 0) }' \
    out.0 more.txt || fail "estimates disagree: $(cat out.0 more.txt)"
finish
