#!/usr/bin/env bash
# The job scripts of jobscripts/ on a true Slurm cluster of four nodes, which cluster.sh makes and
# takes away:
#
#     tests/cluster/run.sh BUILD [SCENARIO...]
#
# BUILD is a folder with the programs. Each scenario trains on Fashion-MNIST, and must end with the
# weights of one rank on one machine. Exit code 77 if no cluster can be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ -z "${CLUSTER:-}" ]; then
    build=$(cd "$1" && pwd)
    shift
    work=$(mktemp -d "${TMPDIR:-/tmp}/shardstep-cluster.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    export SHARDSTEP_BUILD=$build
    code=0
    "$here/cluster.sh" 4 "$work" "$here/run.sh" "$@" < /dev/null || code=$?
    exit $code
fi

# ---- In the cluster, on the host `head`.

scenarios=${*:-nodes stop node_lost link_cut array hosts staged}
scripts=$root/jobscripts
export PATH=$SHARDSTEP_BUILD:$SHARDSTEP_BUILD/examples:$PATH
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
export VRANKS=4
options=(--batch 8 --epochs 1 --hash)
failed=0

fail() {
    echo "FAILED: $1"
    failed=1
    return 1
}

# The hash that a run of so many steps must end with: that of one rank, without Slurm.
expect() { # STEPS [SEED]
    train_fashion --data fashion.h5 --vranks $VRANKS "${options[@]}" --steps "$1" --seed "${2:-42}" 2> /dev/null | tail -1
}

state() { # JOB
    scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p' | head -1
}

# Waits until a job has ended for good. A requeued job is held for a while: it is started at once.
finish() { # JOB OUTPUT
    for _ in $(seq 600); do
        case $(state "$1") in
        COMPLETED) return 0 ;;
        FAILED | CANCELLED | TIMEOUT | BOOT_FAIL | OUT_OF_MEMORY) return 0 ;;
        PENDING) scontrol update JobId="$1" StartTime=now 2> /dev/null || true ;;
        esac
        sleep 0.5
    done
    echo "job $1 does not end:"
    scontrol show job "$1"
    scancel "$1"
}

# Waits until a file has a line that matches.
wait_for() { # FILE PATTERN
    for _ in $(seq 240); do
        ! grep -qE "$2" "$1" 2> /dev/null || return 0
        sleep 0.25
    done
    fail "no line '$2' came in $1"
}

# Waits until a run has saved a checkpoint beyond its first.
wait_for_checkpoint() { # FOLDER
    for _ in $(seq 240); do
        ! ls "$1"/step-*.h5 > /dev/null 2>&1 || return 0
        sleep 0.25
    done
    fail "no checkpoint came in $1"
}

compare() { # WHAT OUTPUT EXPECTED
    local came
    came=$(grep -xE '[0-9a-f]{32}' "$2" | tail -1) || true
    [ "$came" = "$3" ] && return 0
    sed 's/^/    /' "$2" | tail -40
    fail "$1: expected the weights $3, got '${came}'"
}

submit() { # OUTPUT SBATCH OPTIONS... -- SCRIPT ARGUMENTS
    local output=$1
    shift
    sbatch --parsable --output "$output" "$@"
}

scenario_nodes() {
    local job
    job=$(CHECKPOINTS=nodes submit nodes.out "$scripts/train.sbatch" "${options[@]}" --steps 60)
    finish "$job"
    compare "2 nodes, 4 tasks" nodes.out "$(expect 60)"
}

# The limit comes before the run is done: it saves, is requeued, and goes on.
scenario_stop() {
    local job
    job=$(CHECKPOINTS=stop submit stop.out --time=1 --signal=USR1@40 "$scripts/train.sbatch" "${options[@]}" --steps 300)
    finish "$job"
    grep -q 'is requeued' stop.out || fail "stop: the job was not requeued"
    compare "stopped before the limit, requeued" stop.out "$(expect 300)"
}

# A node loses its power in mid-step. Slurm notices, and requeues the job, on the other nodes.
scenario_node_lost() {
    local job lost
    job=$(CHECKPOINTS=lost submit lost.out --nodes=1-2 "$scripts/train.sbatch" "${options[@]}" --steps 300 --checkpoint-every 50)
    wait_for_checkpoint lost || return 1
    lost=$(scontrol show hostnames "$(squeue -h -j "$job" -o %N)" | tail -1)
    "$CLUSTER/node" kill "$lost"
    finish "$job"
    compare "$lost lost its power" lost.out "$(expect 300)"
    "$CLUSTER/node" start "$lost"
}

# A link is down for some seconds: the step waits, and the run goes on.
scenario_link_cut() {
    local job cut
    job=$(CHECKPOINTS="cut" submit cut.out "$scripts/train.sbatch" "${options[@]}" --steps 200 --checkpoint-every 50)
    wait_for_checkpoint cut || return 1
    cut=$(scontrol show hostnames "$(squeue -h -j "$job" -o %N)" | tail -1)
    "$CLUSTER/node" cut "$cut"
    sleep 3
    "$CLUSTER/node" join "$cut"
    finish "$job"
    compare "$cut was cut off for 3 s" cut.out "$(expect 200)"
}

scenario_array() {
    local job
    job=$(TRAIN=$scripts/train.sbatch submit 'array-%a.out' --array=1-2 "$scripts/array.sbatch" "${options[@]}" --steps 60)
    finish "${job}_1"
    finish "${job}_2"
    compare "task 1 of an array" array-1.out "$(expect 60 1)"
    compare "task 2 of an array" array-2.out "$(expect 60 2)"
}

scenario_hosts() {
    local job
    job=$(CHECKPOINTS=hosts submit hosts.out "$scripts/train-mpirun.sbatch" "${options[@]}" --steps 60)
    finish "$job"
    compare "mpirun in a job" hosts.out "$(expect 60)"
}

scenario_staged() {
    local job
    job=$(CHECKPOINTS=staged STAGE=/tmp/staged submit staged.out "$scripts/train.sbatch" "${options[@]}" --steps 60)
    finish "$job"
    compare "data copied to each node" staged.out "$(expect 60)"
}

data=$(ls /usr/share/datasets/fashion-mnist 2> /dev/null || true)
if [ -n "${FASHION:-}" ]; then
    cp "$FASHION" fashion.h5
else
    [ -n "$data" ] || { echo "Fashion-MNIST is not there; install dataset-fashion-mnist"; exit 77; }
    d=/usr/share/datasets/fashion-mnist
    shardstep import fashion.h5 train/images=$d/train-images-idx3-ubyte.gz train/labels=$d/train-labels-idx1-ubyte.gz \
        test/images=$d/t10k-images-idx3-ubyte.gz test/labels=$d/t10k-labels-idx1-ubyte.gz > import.out
fi
for scenario in $scenarios; do
    begin=$SECONDS
    scenario_"$scenario" || true
    echo "$scenario: $((SECONDS - begin)) s"
done
[ $failed = 0 ] || exit 1
echo "$(wc -w <<< "$scenarios") scenarios passed"
