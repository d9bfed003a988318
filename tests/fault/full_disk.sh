#!/usr/bin/env bash
# A full disk loses nothing: a clear message, exit code 2, and what was there is still there.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs fashion

mkdir small
if ! mount -t tmpfs -o size=4m none small 2> /dev/null; then
    echo "SKIPPED: a small file system cannot be mounted here"
    exit 77
fi
trap 'umount "$work/small"; rm -rf "$work"' EXIT
images=$fashion/t10k-images-idx3-ubyte.gz labels=$fashion/t10k-labels-idx1-ubyte.gz

refused 0 'No space left' "$SHARDSTEP" import small/images.h5 a=$images
[ -z "$(ls small)" ] || fail "a failed import left $(ls small)"
"$SHARDSTEP" import small/labels.h5 a=$labels > /dev/null || fail "a small import"

# statistics: the file of --write is whole or not there, and nothing is printed without it
"$SHARDSTEP" stats small/labels.h5 a --write small/a.stats > /dev/null || fail "statistics are not written"
cp small/a.stats whole.stats
head -c 4194304 /dev/zero > small/filler 2> /dev/null || true
for ranks in 0 2; do
    refused "$ranks" 'a.stats: No space left on device' "$SHARDSTEP" stats small/labels.h5 a --write small/a.stats --overwrite --bins 3
done
[ "$(cd small && echo *)" = 'a.stats filler labels.h5' ] || fail "statistics left $(cd small && echo *)"
same "statistics after a full disk" whole.stats small/a.stats
rm small/filler small/a.stats

# room for two checkpoints of about 1.7 MB, not for a third
import_fashion fashion.h5
rm small/labels.h5
train="$BUILD/examples/train_fashion --data fashion.h5 --vranks 4 --checkpoints small/checkpoints"
on 2 $train --steps 2 > /dev/null 2>&1 || fail "the first checkpoint"
on 2 $train --steps 4 > /dev/null 2>&1 || fail "the second checkpoint"
before=$(cksum small/checkpoints/*)
refused 2 'No space left on device: at least [0-9]+ bytes are needed and [0-9]+ free; make room' $train --steps 6
# as many bytes as the state has, as the disk says
needed=$(sed -n 's/.*at least \([0-9]*\) bytes are needed and.*/\1/p' err.txt)
free=$(sed -n 's/.*are needed and \([0-9]*\) free.*/\1/p' err.txt)
due=$(for checkpoint in small/checkpoints/*.h5; do
    "$SHARDSTEP" info "$checkpoint" | awk '/^[^ ]/ { counts = /^state\// }
        counts && / stored *contiguous, / { sum += $3 } END { print sum }'
done | sort -u)
[ "$needed" = "$due" ] || fail "a state of $due bytes needs $needed"
[ "$free" = "$(df --output=avail -B1 small | tail -n 1 | tr -d ' ')" ] || fail "not what df says is free: $free"
# room for the state, but not for its file: writing tells
mount -o remount,size=8m small
free=$(df --output=avail -B1 small | tail -n 1)
head -c $((free - needed - 4096)) /dev/zero > small/filler
refused 2 'checkpoints.*cannot .*: No space left on device; make room' $train --steps 6
rm small/filler
# in the background: the call that finishes the save returns its error, and the checkpoint before stays
save_state="$BUILD/tests/save_state fashion.h5 test/labels small/later 1500"
$save_state || fail "a checkpoint of many tensors"
later=$(cksum small/later/*)
free=$(df --output=avail -B1 small | tail -n 1)
head -c $((free - $(stat -c %s small/later/*.h5) + 100000)) /dev/zero > small/filler
refused 0 'the checkpoint of step 0, written in the background: .*cannot .*: No space left on device; make room' $save_state later
[ "$later" = "$(cksum small/later/*)" ] || fail "a failed save in the background left $(ls small/later)"
rm small/filler
$save_state later || fail "a checkpoint in the background"
rm -r small/later
mount -o remount,size=4m small
after=$(cksum small/checkpoints/*)
[ "$before" = "$after" ] || fail "checkpoints changed: $before, then $after"

# a file that all ranks write: none of them waits for the rank whose disk is full
if [ -x "$BUILD/examples/predict" ]; then
    head -c 500000 /dev/zero > small/filler
    refused 2 'rank 0: small/out.h5.part cannot be made: .*No space left on device' \
        "$BUILD/examples/predict" fashion.h5 small/checkpoints small/out.h5
    rm small/filler
    [ -z "$(ls small | grep out)" ] || fail "a failed prediction left $(ls small)"
fi

# a file to which all ranks give lines
head -c 700000 /dev/zero > small/filler
dd if=/dev/zero of=small/rest bs=4096 2> /dev/null || true
truncate -s -4096 small/rest
for ranks in 0 2; do
    # shellcheck disable=SC2086
    refused $ranks 'rank 0: bench --json-lines: .*small/lines.txt.*: No space left on device' "$SHARDSTEP" bench \
        fashion.h5 --fields test/images --batch 1000 --quick --steps 300 --json-lines small/lines.txt
done
[ -z "$(ls small | grep lines)" ] || fail "a failed bench left $(ls small)"
rm small/filler small/rest

# a folder that may only be read, which even root must respect
mount -o remount,size=8m small
mount -o remount,ro small
refused 2 'Read-only file system' $train --steps 6
refused 0 'Read-only file system' "$SHARDSTEP" import small/labels.h5 a=$labels
[ "$before" = "$(cksum small/checkpoints/*)" ] || fail "a read-only folder has changed"
finish
