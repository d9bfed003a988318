#!/bin/bash
# One rank of a run, here, without a launcher:
#
#     debug.sh PROGRAM [OPTION...]               as it is
#     debug.sh --gdb PROGRAM [OPTION...]         in gdb
#     debug.sh --valgrind PROGRAM [OPTION...]    under valgrind; code 99 if it finds an error
#     debug.sh --replay RECORD DATA RANK STEP [OPTION...]
#
# The first three: keep --vranks as it is in the large run, e.g. `train_fashion --data fashion.h5
# --vranks 4 --steps 5`. The one rank then computes the same steps, all virtual ranks' batches one
# after the other, with the same random numbers.
#
# --replay makes the batch again that virtual rank RANK of a run had at step STEP, and tells every
# draw. RECORD is the file that the run wrote (`train_fashion --record RECORD`): it has the run's
# options. OPTION is one of `shardstep replay`, e.g. -o BATCH.h5.
set -euo pipefail

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
    exit 2
}

# The variables of a job's shell make an MPI library look for a launcher that did not start this
# process: Open MPI then ends it.
for name in $(compgen -e); do
    case $name in
    SLURM_* | PMI_* | PMIX_* | OMPI_COMM_WORLD_*) unset "$name" ;;
    esac
done

# The lines "option NAME VALUE" of a record, with tabs between: fills `options`.
read_options() { # RECORD
    local word name value
    options=()
    while IFS=$'\t' read -r word name value; do
        case $word in
        columns) return 0 ;;
        needs) echo "debug.sh: the record does not hold $name: give it as an option" >&2 ;;
        option)
            options+=("$name")
            [ -z "$value" ] || options+=("$(printf '%b' "$value")")
            ;;
        esac
    done < "$1"
    echo "debug.sh: $1 is no record of a run, such as train_fashion --record writes" >&2
    exit 2
}

case ${1:-} in
--gdb)
    [ $# -ge 2 ] || usage
    exec gdb -quiet -ex 'handle SIGUSR1 nostop noprint pass' -ex run --args "${@:2}"
    ;;
--valgrind)
    [ $# -ge 2 ] || usage
    known=() # what is not the program's fault: Open MPI's own list
    for list in /usr/share/openmpi/openmpi-valgrind.supp "${MPI_HOME:-}"/share/openmpi/openmpi-valgrind.supp; do
        [ ! -e "$list" ] || known+=("--suppressions=$list")
    done
    exec valgrind --quiet --error-exitcode=99 "${known[@]}" "${@:2}"
    ;;
--replay)
    [ $# -ge 5 ] || usage
    read_options "$2"
    exec shardstep replay "$3" "${options[@]}" --rank "$4" --step "$5" "${@:6}"
    ;;
-* | '') usage ;;
esac
exec "$@"
