#!/usr/bin/env bash
# A rank that does not come to where the others wait: they say whom they wait for and where that rank
# was last seen, and the job ends with one message and exit code 2. With SHARDSTEP_LONG=1 on more ranks.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

host=$(uname -n)
many=3
[ "${SHARDSTEP_LONG:-0}" = 0 ] || many="2 3 5"

# watched RANKS WHAT SEEN: the last rank does WHAT, and the others have SEEN that
watched() {
    local ranks=$1 what=$2 seen=$3 code=0 missing
    missing="rank $((ranks - 1)) on $host \(process [0-9]+$seen\)"
    on "$ranks" timeout -s KILL 60 "$BUILD/tests/watch" "$what" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" = 2 ] || fail "$what on $ranks ranks: exit code $code, not 2: $(cat err.txt)"
    [ "$(grep -cE '^rank [0-9]+: ' err.txt)" = 1 ] || fail "$what on $ranks ranks: not one message: $(cat err.txt)"
    grep -qE "^rank [0-9]+: shs_agree \(.*: waited 1 s, its limit_seconds, for $missing; the run is over" err.txt ||
        fail "$what on $ranks ranks: the message does not say '$missing': $(cat err.txt)"
    grep -qE "^report: rank [0-9]+: shs_agree \(.*: has waited 0.5.* s for $missing" err.txt ||
        fail "$what on $ranks ranks: no report says '$missing': $(cat err.txt)"
}

# ends RANKS WHAT: the job ends, and not well; the launcher or the rank that has left says why
ends() {
    local ranks=$1 what=$2 code=0
    on "$ranks" timeout -s KILL 60 "$BUILD/tests/watch" "$what" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" != 0 ] && [ "$code" != 137 ] || [ "$what" = kill ] || fail "$what on $ranks ranks: exit code $code"
    [ "$code" != 0 ] || fail "$what on $ranks ranks ends well"
    [ "$(grep -cE '^rank [0-9]+: ' err.txt)" -le 1 ] || fail "$what on $ranks ranks: several messages: $(cat err.txt)"
}

for ranks in $many; do
    watched "$ranks" sleep '; it was last seen when it left shs_agree'
    watched "$ranks" stop ', stopped by a signal; it was last seen when it left shs_agree'
    watched "$ranks" open '; it waits in another run; in this run it was last seen in shs_agree'
    ends "$ranks" return
    ends "$ranks" absent
    if [ "${SHARDSTEP_LONG:-0}" != 0 ]; then
        watched "$ranks" late '; it was last seen when it left shs_agree'
        watched "$ranks" barrier '; it was last seen when it left shs_agree'
        ends "$ranks" finalize
        ends "$ranks" kill
    fi
done
finish
