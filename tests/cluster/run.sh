#!/usr/bin/env bash
# The job scripts of jobscripts/ on a true Slurm cluster of four nodes, which cluster.sh makes and
# takes away:
#
#     tests/cluster/run.sh BUILD [SCENARIO...]
#     tests/cluster/run.sh --list                the names of the scenarios
#
# BUILD is a folder with the programs. Each scenario trains on Fashion-MNIST, and must end with the
# weights of one rank on one machine; with PyTorch, with those of a job without a stop. Exit code 77 if
# no cluster can be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
all_scenarios=$(sed -n 's/^scenario_\([a-z_]*\)() {.*/\1/p' "$0" | grep -vx endless)

if [ -z "${CLUSTER:-}" ]; then
    case ${1:-} in
    --list)
        echo "$all_scenarios"
        exit 0
        ;;
    -* | '')
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
        exit 2
        ;;
    esac
    SHARDSTEP_BUILD=$(cd "$1" && pwd)
    export SHARDSTEP_BUILD
    shift
    for scenario in "$@"; do
        grep -qx "scenario_$scenario() {" "$0" || {
            echo "there is no scenario '$scenario': $all_scenarios" | tr '\n' ' ' >&2
            exit 2
        }
    done
    # In the background, so that a signal is obeyed at once. With cluster.sh ends all that it made.
    env --default-signal=INT,QUIT setpriv --pdeathsig KILL "$here/cluster.sh" 4 "$here/run.sh" "$@" < /dev/null &
    cluster=$!
    stop() { # CODE
        kill -KILL $cluster 2> /dev/null || true
        wait $cluster 2> /dev/null || true
        exit "$1"
    }
    trap 'stop 129' HUP
    trap 'stop 130' INT
    trap 'stop 143' TERM
    code=0
    wait $cluster || code=$?
    exit $code
fi

# ---- In the cluster, on the host `head`.

scripts=$root/jobscripts
export PATH=$SHARDSTEP_BUILD:$SHARDSTEP_BUILD/examples:$SHARDSTEP_BUILD/tests:$PATH
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
export VRANKS=4
fashion=/usr/share/datasets/fashion-mnist
options=(--batch 8 --epochs 1 --hash)
failed=0

fail() {
    echo "FAILED: $1"
    echo "    the last lines on jobs in slurmctld.log:"
    grep -E 'JobId=|job ' $CLUSTER/slurmctld.log | tail -n 12 | sed 's/^/    /' || true
    failed=1
    return 1
}

# The hash that a run of so many steps must end with: that of one rank, without Slurm.
expect() { # STEPS [SEED]
    local kept=expected-$1-${2:-42}
    [ -s "$kept" ] ||
        train_fashion --data fashion.h5 --vranks $VRANKS "${options[@]}" --steps "$1" --seed "${2:-42}" 2> /dev/null |
        tail -1 > "$kept"
    cat "$kept"
}

state() { # JOB
    scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p' | head -1
}

nodes_of() { # JOB
    scontrol show job "$1" | sed -n 's/^ *NodeList=\([^ ]*\).*/\1/p' | head -1
}

# True if the state of a job stays as it is for so long. A job that is being requeued looks as if it had
# ended, on a busy machine for seconds.
stays() { # JOB SECONDS
    local now end=$((SECONDS + $2))
    now=$(state "$1")
    while [ $SECONDS -le $end ]; do
        [ "$(state "$1")" = "$now" ] || return 1
        sleep 0.5
    done
}

# Waits until a job has ended for good. Slurm holds a requeued job for minutes. This starts it after two
# seconds: a node refuses a job that is dated in the second in which it was requeued.
finish() { # JOB
    for _ in $(seq 600); do
        case $(state "$1") in
        COMPLETED) ! stays "$1" 1 || return 0 ;;
        FAILED | CANCELLED | TIMEOUT | BOOT_FAIL | OUT_OF_MEMORY) ! stays "$1" 20 || return 0 ;;
        PENDING)
            sleep 2
            scontrol update JobId="$1" StartTime=now 2> /dev/null || true
            ;;
        esac
        sleep 0.5
    done
    echo "job $1 does not end:"
    scontrol show job "$1"
    scancel "$1"
}

# Waits until a file has a line that matches.
wait_for() { # FILE PATTERN
    for _ in $(seq 480); do
        ! grep -qE "$2" "$1" 2> /dev/null || return 0
        sleep 0.25
    done
    sed 's/^/    /' "$1" | tail -40
    fail "no line '$2' came in $1"
}

# Waits until a run has saved a checkpoint.
wait_for_checkpoint() { # FOLDER
    for _ in $(seq 480); do
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

# What the nodes send is limited, so that a run lasts as long as a scenario needs it to, however fast
# this machine is; `limit_nodes none` lets it go on.
limit_nodes() { # RATE
    local n
    for n in 1 2 3 4; do "$CLUSTER/node" limit node$n "$1"; done
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
    limit_nodes 20mbit
    job=$(CHECKPOINTS="stop" submit stop.out --time=1 --signal=USR1@40 "$scripts/train.sbatch" "${options[@]}" --steps 200)
    wait_for stop.out 'is requeued' || true
    limit_nodes none
    finish "$job"
    compare "stopped before the limit, requeued" stop.out "$(expect 200)"
}

# A node loses its power in mid-step. Slurm notices, and requeues the job, on the nodes that are left.
scenario_node_lost() {
    local job lost
    limit_nodes 100mbit
    job=$(CHECKPOINTS=lost submit lost.out --nodes=2-4 "$scripts/train.sbatch" "${options[@]}" --steps 200 --checkpoint-every 5)
    wait_for_checkpoint lost || { limit_nodes none; return 1; }
    [ "$(nodes_of "$job")" = 'node[1-4]' ] || fail "node_lost: the job began on $(nodes_of "$job")"
    lost=node4
    "$CLUSTER/node" kill $lost
    limit_nodes none
    finish "$job"
    [ "$(nodes_of "$job")" = 'node[1-3]' ] || fail "node_lost: the job ended on $(nodes_of "$job")"
    compare "$lost lost its power" lost.out "$(expect 200)"
    "$CLUSTER/node" start $lost
}

# A link is down for some seconds: the step waits, and the run goes on.
scenario_link_cut() {
    local job
    limit_nodes 100mbit
    job=$(CHECKPOINTS="cut" submit cut.out "$scripts/train.sbatch" "${options[@]}" --steps 60 --checkpoint-every 5)
    wait_for_checkpoint "cut" || { limit_nodes none; return 1; }
    [ "$(nodes_of "$job")" = 'node[1-2]' ] || fail "link_cut: the job runs on $(nodes_of "$job")"
    "$CLUSTER/node" cut node2
    sleep 3
    "$CLUSTER/node" join node2
    limit_nodes none
    finish "$job"
    compare "node2 was cut off for 3 s" cut.out "$(expect 60)"
    ! grep -q 'ended with code' cut.out || fail "link_cut: the run was started again"
}

scenario_array() {
    local job
    job=$(submit 'array-%a.out' --array=1-2 "$scripts/array.sbatch" "${options[@]}" --steps 60)
    finish "${job}_1"
    finish "${job}_2"
    compare "task 1 of an array" array-1.out "$(expect 60 1)"
    compare "task 2 of an array" array-2.out "$(expect 60 2)"
}

# The signal comes to the script, which hands it to mpirun. `scancel --batch` sends it at once.
scenario_mpirun() {
    local job
    limit_nodes 20mbit
    job=$(CHECKPOINTS=mpirun submit mpirun.out "$scripts/train-mpirun.sbatch" "${options[@]}" --steps 60 --checkpoint-every 5)
    wait_for_checkpoint mpirun || { limit_nodes none; return 1; }
    scancel --batch --signal=USR1 "$job"
    wait_for mpirun.out 'is requeued' || true
    limit_nodes none
    finish "$job"
    compare "mpirun in a job, stopped and requeued" mpirun.out "$(expect 60)"
}

# mpirun over a file of hosts, as on machines without Slurm. The settings are those of train-mpirun.sbatch.
over_hosts() { # HOSTS RANKS OUTPUT OPTIONS...
    local keepalive=() name
    for name in time intvl probes; do
        keepalive+=(--mca "oob_tcp_keepalive_$name" "$(sed -n "s/.*oob_tcp_keepalive_$name=\([0-9]*\).*/\1/p" "$scripts/train-mpirun.sbatch")")
    done
    mpirun --hostfile "$1" -n "$2" --mca plm rsh --mca plm_rsh_agent "$CLUSTER/agent" --mca ras ^slurm \
        "${keepalive[@]}" train_fashion --data fashion.h5 --vranks $VRANKS "${options[@]}" "${@:4}" > "$3" 2>&1 < /dev/null
}

scenario_hosts() {
    printf 'node%d slots=1\n' 1 2 3 4 > hosts.txt
    limit_nodes 200mbit
    over_hosts hosts.txt 4 hosts.out --steps 60 || fail "mpirun over hosts ends with code $?"
    [ "$("$CLUSTER/node" held node1)" -gt 0 ] || fail "hosts: the limit on what a node sends has held nothing back"
    limit_nodes none
    compare "mpirun over four hosts at 200 Mbit/s" hosts.out "$(expect 60)"
}

# A host loses its power under mpirun: mpirun notices by the keepalive, ends, and the run goes on on
# the other hosts.
scenario_host_lost() {
    local launcher code=0
    printf 'node%d slots=1\n' 1 2 3 4 > hosts.txt
    limit_nodes 100mbit
    over_hosts hosts.txt 4 host_lost.out --steps 60 --checkpoints host_lost --checkpoint-every 5 &
    launcher=$!
    wait_for_checkpoint host_lost || { limit_nodes none; kill $launcher; return 1; }
    "$CLUSTER/node" cut node4
    wait $launcher || code=$?
    "$CLUSTER/node" join node4
    limit_nodes none
    [ $code != 0 ] || fail "host_lost: mpirun ended with code 0 though a host was gone"
    printf 'node%d slots=1\n' 1 2 3 > hosts.txt
    over_hosts hosts.txt 3 host_lost.out --steps 60 --checkpoints host_lost || fail "host_lost: the second start ends with code $?"
    compare "a host lost under mpirun, three left" host_lost.out "$(expect 60)"
}

scenario_staged() {
    local job
    job=$(CHECKPOINTS=staged STAGE=/tmp/staged submit staged.out "$scripts/train.sbatch" "${options[@]}" --steps 60)
    finish "$job"
    compare "data copied to each node" staged.out "$(expect 60)"
    # on one node the copy comes to nothing
    srun --nodes=1 --ntasks=1 --nodelist=node2 bash -c 'mkdir /tmp/other && ln -s /dev/null /tmp/other/fashion.h5'
    job=$(CHECKPOINTS=other STAGE=/tmp/other submit other.out --nodelist=node1,node2 "$scripts/train.sbatch" "${options[@]}" --steps 60)
    finish "$job"
    grep -q '^the copies of fashion.h5 in /tmp/other differ between nodes' other.out ||
        { sed 's/^/    /' other.out; fail "copies that differ are not refused"; }
    ! grep -qxE '[0-9a-f]{32}' other.out || fail "a run goes on with copies that differ"
}

scenario_import() {
    local job
    job=$(submit import.out --ntasks=2 "$scripts/import.sbatch" test.h5 images=$fashion/t10k-images-idx3-ubyte.gz \
        labels=$fashion/t10k-labels-idx1-ubyte.gz)
    finish "$job"
    shardstep import one.h5 images=$fashion/t10k-images-idx3-ubyte.gz labels=$fashion/t10k-labels-idx1-ubyte.gz > import.one
    cmp one.h5 test.h5 || { sed 's/^/    /' import.out; fail "import by two tasks wrote another file"; }
    [ "$(state "$job")" = COMPLETED ] || { sed 's/^/    /' import.out; fail "import.sbatch: $(state "$job")"; }
}

# Ranks without MPI: stopped, requeued, and gone on with. The state at the end is that of one rank.
scenario_torchrun() {
    local job expected
    local with=(--batch 8 --steps 40)
    expected=$(RANK=0 WORLD_SIZE=1 MASTER_ADDR=127.0.0.1 MASTER_PORT=20000 plain_train --data fashion.h5 \
        --vranks $VRANKS --checkpoints plain_one "${with[@]}" 2> plain_one.err | tail -n 1)
    job=$(CHECKPOINTS=torchrun submit torchrun.out "$scripts/torchrun.sbatch" plain_train --data fashion.h5 \
        --vranks $VRANKS --checkpoints torchrun "${with[@]}" --pause 0.5)
    wait_for torchrun.out '^4 ranks go on from step 0$' || return 1
    sleep 1
    scancel --signal=USR1 "$job"
    wait_for torchrun.out 'is requeued' || return 1
    finish "$job"
    grep -qE '^4 ranks go on from step [1-9]' torchrun.out || fail "torchrun: the second start does not go on"
    compare "ranks without MPI, stopped and requeued" torchrun.out "$expected"
}

# PyTorch's ranks, joined by gloo: stopped, requeued, and gone on with, to the weights of a run without a stop.
scenario_pytorch() {
    local job expected
    local with=(/usr/bin/python3 "$root/examples/python/torchrun_train.py" fashion.h5 --vranks "$VRANKS" --batch 250 --epochs 2)
    local -x PYTHONPATH=$root/src/python SHARDSTEP_LIBRARY=$SHARDSTEP_BUILD/libshardstep.so.0 PYTHONDONTWRITEBYTECODE=1
    job=$(CHECKPOINTS=pytorch_whole submit pytorch_whole.out "$scripts/torchrun.sbatch" "${with[@]}")
    finish "$job"
    expected=$(grep -x 'weights [0-9a-f]*' pytorch_whole.out) || { cat pytorch_whole.out; fail "torchrun_train.py"; return 1; }
    job=$(CHECKPOINTS=pytorch submit pytorch.out "$scripts/torchrun.sbatch" "${with[@]}")
    wait_for pytorch.out '^epoch 1 ' || return 1
    scancel --signal=USR1 "$job"
    wait_for pytorch.out 'is requeued' || return 1
    finish "$job"
    grep -qE '^4 processes go on from step [1-9]' pytorch.out || fail "torchrun_train.py: the second start does not go on"
    grep -qx "$expected" pytorch.out || { cat pytorch.out; fail "PyTorch, stopped and requeued: expected $expected"; }
}

# One rank in the shell of a job, as many sites give it, and a batch of the run above again.
scenario_debug() {
    srun --mpi=none --ntasks=1 "$scripts/debug.sh" train_fashion --data fashion.h5 --vranks $VRANKS "${options[@]}" \
        --steps 60 --record debug.record > debug.out 2>&1 || fail "debug.sh in a job's shell ends with code $?"
    compare "one rank in a job's shell" debug.out "$(expect 60)"
    srun --mpi=none --ntasks=1 "$scripts/debug.sh" --replay debug.record fashion.h5 2 17 > replay.out 2>&1 || true
    grep -q '^step 17 .* virtual rank 2 of 4' replay.out || { cat replay.out; fail "debug.sh --replay in a job's shell"; }
}

# For clean.sh, which interrupts it.
scenario_endless() {
    limit_nodes 20mbit
    CHECKPOINTS=endless submit endless.out "$scripts/train.sbatch" "${options[@]}" --steps 5000 --checkpoint-every 5 > job
    wait_for_checkpoint endless
    echo "running"
    sleep 600
}

[ -d $fashion ] || { echo "SKIPPED: Fashion-MNIST is not there; install dataset-fashion-mnist"; exit 77; }
shardstep import fashion.h5 train/images=$fashion/train-images-idx3-ubyte.gz train/labels=$fashion/train-labels-idx1-ubyte.gz \
    test/images=$fashion/t10k-images-idx3-ubyte.gz test/labels=$fashion/t10k-labels-idx1-ubyte.gz > import.out
scenarios=${*:-$all_scenarios}
for scenario in $scenarios; do
    begin=$SECONDS
    scenario_"$scenario" || true
    echo "$scenario: $((SECONDS - begin)) s"
done
[ $failed = 0 ] || { echo "some scenarios failed" >&2; exit 1; }
echo "$(wc -w <<< "$scenarios") scenarios passed"
