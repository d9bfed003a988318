#!/usr/bin/env bash
# A test cluster leaves nothing behind when it is interrupted, as root:
#
#     tests/cluster/clean.sh BUILD
#
# run.sh is interrupted in the middle of a job by SIGINT, SIGTERM and SIGKILL, to itself alone, and
# once ends by itself. Processes, mounts, interfaces, namespaces, control groups, /run/munge and the
# folder for temporary files must be as they were. Exit code 77 if no cluster can be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
build=$(cd "$1" && pwd)
export PATH=$PATH:/usr/sbin:/sbin
code=0
"$here/cluster.sh" --possible || code=$?
[ $code = 0 ] || exit $code

work=$(mktemp -d)
runner=
trap '[ -z "$runner" ] || kill -TERM "$runner" 2> /dev/null || true; rm -rf "$work"' EXIT
trap 'exit 143' INT TERM HUP
mkdir "$work/tmp" # for run.sh, so that the files of others are not counted
failures=0

fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}

# Processes of clusters: their environment has the mark of cluster.sh.
processes() {
    local file
    for file in /proc/[0-9]*/environ; do
        ! grep -qz '^SHARDSTEP_IN_CLUSTER=' "$file" || echo "${file%/environ}"
    done 2> /dev/null | sort
}

# All that a cluster could leave. A line of ip link has counters behind it, and mounts have an order.
state() {
    echo "processes of clusters: $(processes | tr '\n' ' ')"
    sort /proc/mounts | sed 's/^/mount: /'
    ip -o link | sed 's/^[0-9]*: \([^:]*\):.*/interface: \1/' | sort
    ip netns list | sed 's/^/namespace: /'
    ls -lnd /run/munge /run/netns /run/cluster 2> /dev/null | sed 's/^/folder: /' || true
    ls -ln /run/munge 2> /dev/null | sed 's/^/in munge: /' || true
    hostname | sed 's/^/host name: /'
    find /sys/fs/cgroup -type d -name '*slurm*' 2> /dev/null | sed 's/^/control group: /' || true
    find "$work/tmp" -mindepth 1 | sed 's/^/temporary: /'
}

begin() { # SCENARIO
    : > "$work/out" # what the last run printed must not be taken for what this one prints
    TMPDIR=$work/tmp setsid env --default-signal=INT "$here/run.sh" "$build" "$1" > "$work/out" 2>&1 < /dev/null &
    runner=$!
}

compare() { # WHAT
    for _ in $(seq 20); do # the system takes a moment
        state > "$work/after"
        ! cmp -s "$work/before" "$work/after" || break
        sleep 0.5
    done
    cmp -s "$work/before" "$work/after" ||
        fail "after $1 there is left (+) or gone (-):
$(diff "$work/before" "$work/after" | sed -n 's/^>/+/p; s/^</-/p')"
}

state > "$work/before"
for signal in INT TERM KILL; do
    begin endless
    for _ in $(seq 1200); do
        ! grep -q '^running$' "$work/out" || break
        kill -0 $runner 2> /dev/null || break
        sleep 0.1
    done
    grep -q '^running$' "$work/out" || {
        cat "$work/out"
        fail "no job runs that SIG$signal could interrupt"
        kill -TERM $runner 2> /dev/null || true
        wait $runner 2> /dev/null || true
        break
    }
    [ "$(processes | wc -l)" -ge 10 ] || fail "only $(processes | wc -l) processes of the cluster are found: the test sees nothing"
    kill -$signal $runner
    code=0
    wait $runner 2> /dev/null || code=$?
    case $signal in
    INT) expected=130 ;;
    TERM) expected=143 ;;
    KILL) expected=137 ;;
    esac
    [ $code = $expected ] || fail "run.sh returns $code after SIG$signal, not $expected"
    compare "SIG$signal"
    echo "SIG$signal: compared"
done
begin debug
code=0
wait $runner || code=$?
[ $code = 0 ] || { cat "$work/out"; fail "run.sh returns $code"; }
compare "a run that ended by itself"
runner=
[ $failures = 0 ] || exit 1
echo "nothing is left"
