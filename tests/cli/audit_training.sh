#!/usr/bin/env bash
# examples/audit_training.sh finds a true log true, and names the step whose weights are not.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs fashion xxhsum
[ -x "$BUILD/examples/train_fashion" ] || { echo "SKIPPED: train_fashion was not built"; exit 77; }

for part in train test; do
    file=$fashion/$([ $part = train ] && echo train || echo t10k)
    gunzip -c "$file-images-idx3-ubyte.gz" | tail -c +17 | first $((600 * 784)) > $part.images
    gunzip -c "$file-labels-idx1-ubyte.gz" | tail -c +9 | first 600 > $part.labels
done
"$SHARDSTEP" import tiny.h5 train/images=raw:u8:600x28x28:train.images train/labels=raw:u8:600:train.labels \
    test/images=raw:u8:600x28x28:test.images test/labels=raw:u8:600:test.labels > /dev/null
export PATH=$(dirname "$SHARDSTEP"):$BUILD/examples:$PATH
options=(--vranks 3 --batch 20 --epochs 2)
on 2 train_fashion --data tiny.h5 "${options[@]}" --checkpoints saved --checkpoint-every 4 --steps 7 \
    --record run.log --worst parts.txt > out.txt < /dev/null || fail "the run: $(cat out.txt)"
on 3 train_fashion --data tiny.h5 "${options[@]}" --checkpoints saved --checkpoint-every 4 --steps 10 \
    --record run.log --worst parts.txt --log parts.log --hash > out.txt < /dev/null ||
    fail "the run goes on: $(cat out.txt)"
[ "$(sed '1,/^columns/d' run.log | cut -f6 | tail -n 1)" = "$(tail -n 1 out.txt)" ] ||
    fail "the last weights are not those of --hash: $(tail -n 1 out.txt)"

# An undisturbed run has the same losses, to the last row.
on 1 train_fashion --data tiny.h5 "${options[@]}" --steps 10 --worst straight.txt --log straight.log \
    > straight.out < /dev/null || fail "the undisturbed run: $(cat straight.out)"
[ "$(grep -c '^0' straight.txt)" = 32 ] || fail "no list of the worst rows: $(cat straight.txt)"
same "the worst rows of a run in two parts" straight.txt parts.txt
losses() { grep -oE '"(train|test)_(loss|accuracy)": [0-9.]+' "$1" > "$1.losses"; }
losses straight.log && losses parts.log
[ "$(wc -l < straight.log.losses)" = 4 ] || fail "the log of the undisturbed run: $(cat straight.log)"
same "losses of a run in two parts" straight.log.losses parts.log.losses

audit() {
    local code=0
    SAMPLE=20% "$SOURCE/examples/audit_training.sh" "$1" saved tiny.h5 "${options[@]}" > audit.txt 2>&1 || code=$?
    echo $code
}
[ "$(audit run.log)" = 0 ] || fail "a true log: $(cat audit.txt)"
grep -q '^computing steps [1-9] to 9 again' audit.txt || fail "not from a checkpoint: $(cat audit.txt)"
[ "$(FROM=0 RANKS=2 audit run.log)" = 0 ] || fail "from the beginning, on 2 ranks: $(cat audit.txt)"
grep -q '^compared 10 steps with .*: the same$' audit.txt || fail "from the beginning: $(cat audit.txt)"

# Another hash of the weights of step 9, with a chain that holds.
chain=$(sed '/^columns/q' run.log | tee false.log | xxhsum -H2 | cut -d' ' -f1)
sed '1,/^columns/d' run.log | cut -f1-6 | sed -E '/^9\t/s/\t[0-9a-f]{4}([0-9a-f]*)$/\t0000\1/' > lines.txt
while IFS= read -r line; do
    chain=$(printf '%s%s' "$chain" "$line" | xxhsum -H2 | cut -d' ' -f1)
    printf '%s\t%s\n' "$line" "$chain" >> false.log
done < lines.txt
[ "$(audit false.log)" = 1 ] || fail "false weights: $(cat audit.txt)"
grep -q '^the chain holds$' audit.txt || fail "the chain of false weights: $(cat audit.txt)"
grep -q '^DIFFERENT at step 9: weights;' audit.txt || fail "false weights: $(cat audit.txt)"
finish
