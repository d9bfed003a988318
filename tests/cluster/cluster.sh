#!/usr/bin/env bash
# Runs a command in a Slurm cluster of several nodes on this machine, as root:
#
#     tests/cluster/cluster.sh NODES COMMAND [ARGUMENT...]
#     tests/cluster/cluster.sh --possible       exit code 77 and a line that says why not
#
# Each node is a network, a host name, a /tmp and a slurmd of its own. The cluster lives in
# namespaces of its own, and all that it writes lies in memory that belongs to them: when the
# command ends, or when this script is killed, nothing is left, neither a process, nor a mount, an
# interface or a file. The nodes are node1, node2, ...; the command runs on the host `head`, in a
# folder that all nodes see.
#
# The command finds sbatch, srun and scontrol on its PATH, and the variable CLUSTER names a folder
# with two programs: `node`, which starts, kills, cuts off and slows down nodes (see node_tool
# below), and `agent`, by which mpirun starts processes on a node, as by ssh.
#
# Exit code 77 with a line that says why if a cluster cannot be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

skip() {
    echo "SKIPPED: no cluster: $1"
    exit 77
}

possible() {
    local why
    [ "$(id -u)" = 0 ] || skip "only root may make network namespaces"
    why=$(unshare --pid --fork --net --mount --uts --ipc mount -t tmpfs none /tmp 2>&1) ||
        skip "the system does not allow namespaces ($why)"
}

if [ -z "${SHARDSTEP_IN_CLUSTER:-}" ]; then
    case ${1:-} in
    --possible)
        possible
        exit 0
        ;;
    esac
    [ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
    export PATH=$PATH:/usr/sbin:/sbin
    [ "$(id -u)" = 0 ] || skip "only root may make network namespaces"
    for tool in slurmctld slurmd sbatch srun munged ip tc nsenter unshare setpriv; do
        command -v "$tool" > /dev/null || skip "$tool is missing; tests/run.sh cluster installs it"
    done
    possible
    # A mark by which clean.sh finds processes that are left.
    export SHARDSTEP_IN_CLUSTER=$$
    # When the parent of this process is killed, this process is; then all in its namespaces are.
    exec setpriv --pdeathsig KILL unshare --pid --fork --kill-child=KILL --mount-proc --net --mount --uts \
        --ipc "$0" "$@"
fi

# ---- Inside the namespaces.

nodes=$1
shift
hostname head
mount -t tmpfs none /run
[ -d /sys/fs ] || mount -t sysfs none /sys
# slurmd looks at control groups, though it is told to use none: those of this machine are left alone.
mount -t tmpfs none /sys/fs/cgroup
export CLUSTER=/run/cluster
mkdir -p $CLUSTER/state $CLUSTER/work /run/munge /run/netns /run/lock

# /tmp of the head, and then of each node. Folders below the machine's /tmp that a node needs stay.
own_tmp() {
    local folder
    for folder in "$root" "${SHARDSTEP_BUILD:-$root}"; do
        case $folder in
        /tmp/*) echo "$folder" ;;
        esac
    done | sort -u > $CLUSTER/kept
    while read -r folder; do
        mkdir -p "$CLUSTER/keep$folder"
        mount --bind "$folder" "$CLUSTER/keep$folder"
    done < $CLUSTER/kept
    cat > $CLUSTER/own_tmp << 'END'
mount -t tmpfs none /tmp
while read -r folder; do
    mkdir -p "$folder"
    mount --bind "$CLUSTER/keep$folder" "$folder"
done < $CLUSTER/kept
END
    # shellcheck disable=SC1091
    . $CLUSTER/own_tmp
    unset TMPDIR
}

munge() {
    dd if=/dev/urandom of=$CLUSTER/munge.key bs=128 count=1 2> /dev/null
    chown munge: $CLUSTER/munge.key /run/munge
    chmod 400 $CLUSTER/munge.key
    mkdir $CLUSTER/munged
    chown munge: $CLUSTER/munged
    chmod 755 /run/munge $CLUSTER
    setpriv --reuid=munge --regid=munge --clear-groups munged --key-file=$CLUSTER/munge.key \
        --socket=/run/munge/munge.socket.2 --pid-file=$CLUSTER/munged/pid \
        --log-file=$CLUSTER/munged/log --seed-file=$CLUSTER/munged/seed
}

# A bridge joins the head and the nodes.
network() {
    ip link set lo up
    ip link add bridge0 type bridge
    ip address add 10.77.0.254/24 dev bridge0
    ip link set bridge0 up
    cp -a /etc $CLUSTER/etc # a bare system has no /etc/hosts, which another file could cover
    printf '127.0.0.1 localhost\n10.77.0.254 head\n' > $CLUSTER/etc/hosts
    for n in $(seq "$nodes"); do
        echo "10.77.0.$n node$n" >> $CLUSTER/etc/hosts
        ip netns add "node$n"
        ip link add "to$n" type veth peer name eth0 netns "node$n"
        ip link set "to$n" master bridge0 up
        ip -n "node$n" address add "10.77.0.$n/24" dev eth0
        ip -n "node$n" link set eth0 up
        ip -n "node$n" link set lo up
    done
    mount --bind $CLUSTER/etc /etc
}

configure() {
    cat > $CLUSTER/slurm.conf << END
ClusterName=shardstep
SlurmctldHost=head(10.77.0.254)
SlurmUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
StateSaveLocation=$CLUSTER/state
SlurmctldPidFile=$CLUSTER/slurmctld.pid
SlurmctldLogFile=$CLUSTER/slurmctld.log
SlurmdSpoolDir=$CLUSTER/spool-%n
SlurmdPidFile=$CLUSTER/slurmd-%n.pid
SlurmdLogFile=$CLUSTER/slurmd-%n.log
SlurmdTimeout=10
SlurmctldTimeout=30
KillWait=5
InactiveLimit=0
MinJobAge=600
ReturnToService=2
JobRequeue=1
UnkillableStepTimeout=30
END
    for n in $(seq "$nodes"); do
        echo "NodeName=node$n NodeAddr=10.77.0.$n CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN"
    done >> $CLUSTER/slurm.conf
    echo "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO" >> $CLUSTER/slurm.conf
    echo "CgroupPlugin=cgroup/v1" > $CLUSTER/cgroup.conf # this one does not look for them
    export SLURM_CONF=$CLUSTER/slurm.conf
}

# $CLUSTER/node COMMAND NODE:
#   start   starts the node's slurmd
#   kill    kills all of the node's processes, as a loss of power does
#   cut     cuts the node off the network; join joins it again
#   limit RATE   limits what the node sends, e.g. to 100mbit; RATE none: no more
#   held    prints how often that limit has held something back
node_tool() {
    cat > $CLUSTER/node << 'END'
#!/usr/bin/env bash
set -euo pipefail
export CLUSTER=/run/cluster
node=$2
case $1 in
start)
    rm -rf "$CLUSTER/spool-$node"/*pmix*
    mkdir -p "$CLUSTER/spool-$node"
    # shellcheck disable=SC2016
    nsenter --net="/run/netns/$node" unshare --uts --mount bash -c '
        hostname "$0"
        . $CLUSTER/own_tmp
        exec slurmd -N "$0"' "$node" < /dev/null
    ;;
kill)
    for process in $(ip netns pids "$node"); do
        [ "$process" = $$ ] || kill -KILL "$process" 2> /dev/null || true
    done
    ;;
cut) ip link set "to${node#node}" down ;;
join) ip link set "to${node#node}" up ;;
limit)
    if [ "$3" = none ]; then
        ip netns exec "$node" tc qdisc del dev eth0 root 2> /dev/null || true
    else
        ip netns exec "$node" tc qdisc replace dev eth0 root tbf rate "$3" burst 64kb latency 50ms
    fi
    ;;
held) ip netns exec "$node" tc -s qdisc show dev eth0 | sed -n 's/.* overlimits \([0-9]*\).*/\1/p' | head -n 1 ;;
*)
    echo "node: start, kill, cut, join, limit or held" >&2
    exit 2
    ;;
esac
END
    cat > $CLUSTER/agent << 'END'
#!/usr/bin/env bash
# agent NODE COMMAND...: runs a command on a node, as ssh would.
node=$1
shift
exec nsenter --target "$(cat "/run/cluster/slurmd-$node.pid")" --net --uts --mount --root --wd="$PWD" bash -c "$*"
END
    chmod +x $CLUSTER/node $CLUSTER/agent
}

tell() {
    tail -n 5 $CLUSTER/*.log $CLUSTER/munged/log 2> /dev/null || true
    echo "$1" >&2
    exit 1
}

own_tmp
network
munge || tell "munged does not start"
configure
node_tool
slurmctld < /dev/null || tell "slurmctld does not start"
for n in $(seq "$nodes"); do
    $CLUSTER/node start "node$n" || tell "the slurmd of node$n does not start"
done
for _ in $(seq 100); do
    [ "$(sinfo -h -t idle -o %D 2> /dev/null | head -1)" != "$nodes" ] || break
    sleep 0.2
done
[ "$(sinfo -h -t idle -o %D | head -1)" = "$nodes" ] || { sinfo -N >&2; tell "the nodes do not come up"; }
cd $CLUSTER/work
code=0
"$@" || code=$?
exit $code
