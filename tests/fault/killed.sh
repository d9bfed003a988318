#!/usr/bin/env bash
# A killed rank ends the job at once; the run goes on from its last checkpoint to the same weights.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs pgrep fashion

import_fashion fashion.h5
train="$BUILD/examples/train_fashion --data fashion.h5 --vranks 3"
on 2 $train --steps 30 --hash 2> /dev/null | tail -n 1 > straight.txt
on 3 $train --steps 30 --checkpoints checkpoints --checkpoint-every 5 > /dev/null 2> job.txt &
job=$!
await_checkpoint checkpoints
victim=$(pgrep -f -n "train_fashion --data fashion.h5 --vranks 3 --steps 30 --checkpoints" || true)
[ -n "$victim" ] && kill -9 "$victim" || fail "no rank to kill"
code=0
wait $job || code=$?
[ "$code" != 0 ] || fail "a job with a killed rank ended well"
[ "$(ls checkpoints | grep -c '^step-[0-9]*.h5$')" -ge 1 ] || fail "no checkpoint is left"
on 1 $train --steps 30 --checkpoints checkpoints --hash 2> /dev/null | tail -n 1 > resumed.txt
same "weights after a killed rank" straight.txt resumed.txt
finish
