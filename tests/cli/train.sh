#!/usr/bin/env bash
# Weights are bit-identical on any number of ranks, and after any stop and resume.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs pgrep h5repack fashion

import_fashion fashion.h5
train="$BUILD/examples/train_fashion --data fashion.h5 --vranks 4"
weights() { # RANKS options...: the hash alone
    local ranks=$1
    shift
    on "$ranks" $train --hash "$@" 2> err.txt | tail -n 1
}

weights 2 --steps 20 > reference.txt
grep -qxE '[0-9a-f]{32}' reference.txt || fail "the last line is no hash: $(cat reference.txt)"
for ranks in ${RANKS:-0 1 3 4}; do
    weights "$ranks" --steps 20 > ranks.txt
    same "weights after 20 steps on $ranks ranks" reference.txt ranks.txt
done
# a log that is not complete: the run's results are there, and the exit code tells
"$SHARDSTEP" import tiny.h5 {train,test}/images=$fashion/t10k-images-idx3-ubyte.gz \
    {train,test}/labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
for ranks in 0 2; do
    code=0
    on "$ranks" "$BUILD/examples/train_fashion" --data tiny.h5 --vranks 2 --batch 256 --epochs 1 --log /dev/full \
        > log.txt 2> err.txt < /dev/null || code=$?
    [ $code = 2 ] || fail "a full log on $ranks ranks: exit code $code: $(cat err.txt)"
    [ "$(grep -c '^train_fashion: the log /dev/full is not complete: No space left on device$' err.txt)" = 1 ] ||
        fail "a full log on $ranks ranks said: $(cat err.txt)"
    grep -q 'test accuracy 0\.[0-9]* after epoch 1' log.txt || fail "a full log ends the run: $(cat log.txt)"
done
weights 2 --steps 20 --seed 1 > seed.txt
cmp -s reference.txt seed.txt && fail "another seed gives the same weights"

# stopped at step 8 on 3 ranks, gone on with on 1, to the end on 4; then nothing is left to do
weights 3 --steps 8 --checkpoints checkpoints > eight.txt
cmp -s reference.txt eight.txt && fail "8 steps give the weights of 20"
weights 1 --steps 14 --checkpoints checkpoints > /dev/null
weights 4 --steps 20 --checkpoints checkpoints > resumed.txt
same "weights after two resumes" reference.txt resumed.txt
weights 2 --steps 20 --checkpoints checkpoints > again.txt
same "a run that is already there" reference.txt again.txt

# a signal: saves and exits 75; the same command then finishes
code=0
$MPIRUN -n 2 $train --checkpoint-every 2 --checkpoints stopped > /dev/null 2> err.txt &
job=$!
await_checkpoint stopped
kill -USR1 $job
wait $job || code=$?
[ "$code" = 75 ] || fail "exit code $code, not 75, after a signal: $(cat err.txt)"
ls stopped/step-*.h5 > /dev/null || fail "no checkpoint after a signal"
step=$(ls stopped | tail -n 1 | sed 's/^step-0*//; s/[-.].*//')
weights 3 --steps $((step + 5)) --checkpoints stopped > resumed.txt
weights 2 --steps $((step + 5)) > straight.txt
same "weights after a signal at step $step" straight.txt resumed.txt

# SIGTERM to one rank stops all ranks, and so does the end of the job's time
code=0
$MPIRUN -n 3 $train --checkpoint-every 2 --checkpoints termed > /dev/null 2> err.txt &
job=$!
await_checkpoint termed
kill -TERM "$(pgrep -n -f 'train_fashion .*--checkpoints termed')"
wait $job || code=$?
[ "$code" = 75 ] || fail "exit code $code, not 75, after SIGTERM to one rank: $(cat err.txt)"
code=0
SHARDSTEP_END_TIME=$(($(date +%s) + 50)) on 0 $train --checkpoints ended > /dev/null 2> err.txt || code=$?
[ "$code" = 75 ] || fail "exit code $code, not 75, at the end of the job's time: $(cat err.txt)"
ls ended/step-*00000.h5 > /dev/null || fail "no checkpoint at the end of the job's time: $(ls ended)"

# what a checkpoint belongs to
refused 2 'made with V = 4 virtual ranks.*pass vranks 4' "$BUILD/examples/train_fashion" \
    --data fashion.h5 --vranks 5 --checkpoints checkpoints --steps 60
refused 2 'seed = ' $train --seed 9 --checkpoints checkpoints --steps 60
refused 2 'batch = ' $train --batch 8 --checkpoints checkpoints --steps 60
refused 5 '5 ranks for 4 virtual ranks' $train --steps 1
refused 2 'unknown option|no option' $train --stpes 1
refused 2 'nothing.h5: No such file' "$BUILD/examples/train_fashion" --data nothing.h5 --vranks 4
h5repack -l CONTI fashion.h5 contiguous.h5
on 2 "$BUILD/examples/train_fashion" --data contiguous.h5 --vranks 4 --steps 20 --hash \
    --checkpoints checkpoints 2> err.txt | tail -n 1 > moved.txt
same "the same data, elsewhere and laid out differently" reference.txt moved.txt

# killed on 1 rank, stopped on 3, ended on 2, by the example that shows it
BUILD=$BUILD DATA=fashion.h5 SHARDSTEP_WORK=$work/resize STEPS=20 MPIRUN=$MPIRUN "$SOURCE/examples/resize.sh" \
    > resize.txt 2> err.txt || fail "examples/resize.sh: $(cat resize.txt err.txt)"
grep -q '^killed by SIGKILL; the newest checkpoint is of step [1-9]' resize.txt || fail "no kill: $(cat resize.txt)"
grep -qx 'the same, bit for bit' resize.txt || fail "examples/resize.sh says: $(cat resize.txt)"
finish
