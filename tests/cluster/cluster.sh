#!/usr/bin/env bash
# Runs a command in a Slurm cluster of several nodes on this machine, as root:
#
#     tests/cluster/cluster.sh NODES FOLDER COMMAND [ARGUMENT...]
#
# Each node is a network, a host name, a /tmp and a slurmd of its own. The cluster lives in
# namespaces of its own: when the command ends, or when this script is killed, nothing is left,
# neither a process, nor a mount, nor an interface. FOLDER must exist. All nodes see it, and the
# command runs in it. The nodes are node1, node2, ...; the command runs on the host `head`.
#
# The command finds sbatch, srun and scontrol on its PATH, and the variable CLUSTER names a folder
# with the program `node`, which starts, kills, cuts off and joins nodes; see node_tool below.
#
# Exit code 77 with a line that says why if a cluster cannot be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

skip() {
    echo "no cluster: $1"
    exit 77
}

if [ -z "${SHARDSTEP_IN_CLUSTER:-}" ]; then
    [ $# -ge 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
    [ "$(id -u)" = 0 ] || skip "only root may make network namespaces"
    for tool in slurmctld slurmd sbatch srun munged ip tc nsenter unshare; do
        command -v "$tool" > /dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" > /dev/null ||
            skip "$tool is missing; tests/run.sh installs it"
    done
    unshare --pid --fork --net --mount --uts --ipc true 2> /dev/null ||
        skip "the system does not allow namespaces (unshare: $(unshare --net true 2>&1 || true))"
    export SHARDSTEP_IN_CLUSTER=yes
    exec unshare --pid --fork --kill-child=KILL --mount-proc --net --mount --uts --ipc "$0" "$@"
fi

# ---- Inside the namespaces.

nodes=$1
folder=$(cd "$2" && pwd)
shift 2
export PATH=$PATH:/usr/sbin:/sbin
hostname head
mount -t tmpfs none /run
export CLUSTER=/run/cluster
mkdir -p $CLUSTER/state $CLUSTER/keep /run/munge /run/netns /run/lock

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
    printf '127.0.0.1 localhost\n10.77.0.254 head\n' > $CLUSTER/hosts
    for n in $(seq "$nodes"); do
        echo "10.77.0.$n node$n" >> $CLUSTER/hosts
        ip netns add "node$n"
        ip link add "to$n" type veth peer name eth0 netns "node$n"
        ip link set "to$n" master bridge0 up
        ip -n "node$n" address add "10.77.0.$n/24" dev eth0
        ip -n "node$n" link set eth0 up
        ip -n "node$n" link set lo up
    done
    mount --bind $CLUSTER/hosts /etc/hosts
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
    export SLURM_CONF=$CLUSTER/slurm.conf
}

# $CLUSTER/node COMMAND NODE:
#   start   starts the node's slurmd
#   kill    kills all of the node's processes, as a loss of power does
#   cut     cuts the node off the network; join joins it again
#   limit RATE   limits what the node sends, e.g. to 100mbit
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
        while read -r kept; do
            mkdir -p "$CLUSTER/keep/$0$kept"
            mount --bind "$kept" "$CLUSTER/keep/$0$kept"
        done < $CLUSTER/kept
        mount -t tmpfs none /tmp
        while read -r kept; do
            mkdir -p "$kept"
            mount --bind "$CLUSTER/keep/$0$kept" "$kept"
        done < $CLUSTER/kept
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
    ip netns exec "$node" tc qdisc replace dev eth0 root tbf rate "$3" burst 64kb latency 50ms
    ;;
*)
    echo "node: start, kill, cut, join or limit" >&2
    exit 2
    ;;
esac
END
    chmod +x $CLUSTER/node
}

# The folders below /tmp that every node sees, though each has a /tmp of its own.
for kept in "$root" "$folder" "${SHARDSTEP_BUILD:-$root}"; do
    case $kept in
    /tmp/*) echo "$kept" ;;
    esac
done | sort -u > $CLUSTER/kept

tell() {
    tail -n 5 $CLUSTER/*.log $CLUSTER/munged/log 2> /dev/null || true
    echo "$1" >&2
    exit 1
}

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
cd "$folder"
code=0
"$@" || code=$?
exit $code
