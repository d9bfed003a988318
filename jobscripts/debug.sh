#!/bin/bash
# One rank of a run, here, without a launcher:
#
#     jobscripts/debug.sh train_fashion --data fashion.h5 --vranks 4 --steps 5
#     jobscripts/debug.sh --gdb train_fashion --data fashion.h5 --vranks 4 --steps 5
#
# Keep --vranks as it is in the large run: the one rank then computes the same steps, all virtual
# ranks' batches one after the other, with the same random numbers.
set -euo pipefail
debugger=
if [ "${1:-}" = --gdb ]; then
    debugger=yes
    shift
fi
if [ $# = 0 ]; then
    sed -n 's/^# \{0,1\}//p' "$0" | sed 1d >&2
    exit 2
fi
if [ -n "$debugger" ]; then
    exec gdb -quiet -ex 'handle SIGUSR1 nostop noprint pass' -ex run --args "$@"
fi
exec "$@"
