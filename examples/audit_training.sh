#!/usr/bin/env bash
# Checks a run of train_fashion by its log of hashes, --record LOG: the loader's part of some steps, and
# the mean of the gradients and the weights of all steps between two checkpoints, which are computed
# again.
#
#     examples/audit_training.sh LOG CHECKPOINTS DATA [OPTION of the run]...
#
# LOG, CHECKPOINTS and DATA are those of the run, and are only read. The options are the run's other
# options, such as --vranks 8 --epochs 20. The steps are those from the last checkpoint but one to the
# last checkpoint. Without a last checkpoint but one they begin with step 0.
#
# Settings, as environment variables: RANKS (1), SAMPLE (1%), FROM (the step of a checkpoint to begin
# with, or 0). Exit code: 0 the log is true, 1 it is not, 2 error.
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi
log=$1 checkpoints=$2 data=$3
shift 3
ranks=${RANKS:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ "$(id -u)" = 0 ]; then # mpirun refuses root unless told twice
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
on_ranks() {
    if [ "$ranks" = 1 ]; then "$@"; else mpirun --oversubscribe -n "$ranks" "$@" < /dev/null; fi
}
step_of() { sed -nE 's/^step-0*([0-9]+)(-[0-9]+)?\.h5.*/\1/p'; }

result=0
on_ranks shardstep audit "$log" "$data" --sample "${SAMPLE:-1%}" || result=$?
[ $result -le 1 ] || exit 2

# A copy of the folder, whose `latest` does not name the checkpoints after the first step to compute.
cp -r "$checkpoints" "$work/saved"
last=$(step_of < "$checkpoints/latest" | head -n 1)
from=${FROM:-$(step_of < "$checkpoints/latest" | sed -n 2p)}
if [ "${from:-0}" = 0 ]; then
    rm -r "$work/saved"
else
    sed -nE "/^step-0*$from(-[0-9]+)?\.h5/,\$p" "$checkpoints/latest" > "$work/saved/latest"
    [ -s "$work/saved/latest" ] || { echo "$checkpoints/latest names no checkpoint of step $from" >&2; exit 2; }
fi
echo "computing steps ${from:-0} to $((last - 1)) again, on $ranks ranks"
on_ranks train_fashion --data "$data" "$@" --checkpoints "$work/saved" --steps "$last" \
    --record "$work/again.log" > "$work/out.txt" 2> "$work/err.txt" ||
    { cat "$work/err.txt" >&2; exit 2; }
code=0
shardstep audit "$log" --against "$work/again.log" || code=$?
[ $code -le 1 ] || exit 2
exit $((result | code))
