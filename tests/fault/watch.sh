#!/usr/bin/env bash
# A rank that does not come to where the others wait: they say whom they wait for and where that rank
# was last seen, and the job ends with one message and exit code 2. With SHARDSTEP_LONG=1 on more ranks.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

host=$(uname -n)
many=3
[ "${SHARDSTEP_LONG:-0}" = 0 ] || many="2 3 5"

# watched RANKS WHAT SEEN [HOW]: the last rank does WHAT, and the others have SEEN that
watched() {
    local ranks=$1 what=$2 seen=$3 how=${4:-} code=0 missing
    missing="rank $((ranks - 1)) on $host \($seen\)"
    # shellcheck disable=SC2086
    on "$ranks" timeout -s KILL 60 "$BUILD/tests/watch" "$what" 1 $how > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" = 2 ] || fail "$what $how on $ranks ranks: exit code $code, not 2: $(cat err.txt)"
    [ "$(grep -cE '^rank [0-9]+: ' err.txt)" = 1 ] ||
        fail "$what $how on $ranks ranks: not one message: $(cat err.txt)"
    grep -qE "^rank [0-9]+: shs_agree \(.*: waited 1 s, its limit_seconds, for (rank .*, )?$missing; the run is over" err.txt ||
        fail "$what $how on $ranks ranks: the message does not say '$missing': $(cat err.txt)"
    grep -qE "^report: rank [0-9]+: shs_agree \(.*: has waited [0-9.]+ s for (rank .*, )?$missing" err.txt ||
        fail "$what $how on $ranks ranks: no report says '$missing': $(cat err.txt)"
}

# ends RANKS WHAT: the job ends, and not well; the launcher or the rank that has left says why
ends() {
    local ranks=$1 what=$2 code=0
    on "$ranks" timeout -s KILL 60 "$BUILD/tests/watch" "$what" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" != 0 ] && [ "$code" != 137 ] || [ "$what" = kill ] || fail "$what on $ranks ranks: exit code $code"
    [ "$code" != 0 ] || fail "$what on $ranks ranks ends well"
    [ "$(grep -cE '^rank [0-9]+: ' err.txt)" -le 1 ] || fail "$what on $ranks ranks: several messages: $(cat err.txt)"
}

left='process [0-9]+; it was last seen when it left shs_agree'
stopped='process [0-9]+, stopped by a signal; it was last seen when it left shs_agree'
elsewhere='process [0-9]+; it waits in another run; in this run it was last seen in shs_agree'
silent='silent; all ranks last met in shs_agree'
for ranks in $many; do
    watched "$ranks" stop "$stopped"
    watched "$ranks" open "$elsewhere"
    watched "$ranks" sleep "$silent" apart
    ends "$ranks" return
    if [ "${SHARDSTEP_LONG:-0}" != 0 ]; then
        watched "$ranks" sleep "$left"
        watched "$ranks" late "$left"
        watched "$ranks" barrier "$left"
        watched "$ranks" stop "$silent" apart
        ends "$ranks" absent
        ends "$ranks" finalize
        ends "$ranks" kill
    fi
done
# nodes of two ranks: what rank 2 sees of rank 3 is known on the other node, too
watched 4 stop "$stopped" nodes

# a rank that is slow, and told so by the others, is waited for, and all end well
on 4 timeout -s KILL 60 "$BUILD/tests/watch" slow 30 nodes > out.txt 2> err.txt < /dev/null ||
    fail "a slow rank ends the job: $(cat err.txt)"

# a command: rank 0 tries a file out whose opening never ends, and rank 1 waits for it
printf '1\n2\n3\n' > n.csv
"$SHARDSTEP" import slow.h5 a=n.csv > /dev/null || fail "a small import"
export SHARDSTEP_LIMIT_SECONDS=1
cat > on_rank_0.sh << 'END'
[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" != 0 ] || export LD_PRELOAD=$1
shift
exec "$@"
END
refused 2 'shardstep: rank 1: .*waited 1 s, its limit_seconds, for rank 0 on ' bash on_rank_0.sh \
    "$BUILD/tests/libslow_open.so" "$SHARDSTEP" digest slow.h5 --vranks 2 --probe
SHARDSTEP_LIMIT_SECONDS=soon
refused 2 "SHARDSTEP_LIMIT_SECONDS is 'soon'; give whole seconds, 0 for no limit" \
    "$SHARDSTEP" digest slow.h5 --vranks 2
finish
