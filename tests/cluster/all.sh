#!/usr/bin/env bash
# What tests/run.sh runs of this folder: the scenarios of run.sh, and what an interrupt leaves.
#
#     tests/cluster/all.sh BUILD
#
# Exit code 77 if no cluster can be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/cluster.sh" --possible
for test in run clean; do
    # When this script is killed, the test is told, and takes its cluster down.
    setpriv --pdeathsig TERM "$here/$test.sh" "$1"
done
