#!/usr/bin/env bash
# Processes that a launcher started together and MPI did not join are refused: each would do all of
# the work. What srun and foreign launchers do is told by their variables.
set -euo pipefail
. "$(dirname "$0")/common.sh"

plan="$SHARDSTEP plan --samples 40 --vranks 4"
lone='4 processes were started together \(SLURM_STEP_NUM_TASKS\), but MPI joined only 1 of them.*--mpi=pmi2'
$plan > alone.txt
refused 0 "$lone" env SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 $plan
code=0
SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=3 $plan > out.txt 2>&1 || code=$?
[ "$code" = 2 ] && [ ! -s out.txt ] || fail "a task that is not the first: $code, $(cat out.txt)"
SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 $plan > out.txt || fail "a step of one task"
same "a step of one task" alone.txt out.txt

# Slurm's daemons of an mpirun are fewer or more than its ranks
for tasks in 1 8; do
    on 2 env SLURM_STEP_NUM_TASKS=$tasks SLURM_PROCID=0 $plan > out.txt || fail "mpirun under $tasks daemons"
    same "mpirun under $tasks daemons" alone.txt out.txt
done

# the other library's launcher
case $MPI_KIND in
openmpi)
    refused 0 '3 processes were started together \(PMI_SIZE\)' env PMI_SIZE=3 PMI_RANK=0 $plan
    ;;
mpich)
    refused 0 "$lone" env PMIX_NAMESPACE=slurm.pmix.7.0 PMIX_RANK=0 SLURM_STEP_NUM_TASKS=4 $plan
    refused 0 '3 processes were started together \(OMPI_COMM_WORLD_SIZE\)' \
        env OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK=0 $plan
    foreign=mpiexec.openmpi
    if command -v $foreign > /dev/null; then
        MPIRUN="$foreign --oversubscribe"
        refused 2 '2 processes were started together \(OMPI_COMM_WORLD_SIZE\)' $plan
    fi
    ;;
esac
finish
