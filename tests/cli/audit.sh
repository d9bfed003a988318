#!/usr/bin/env bash
# The log of a run: the same on any number of ranks, gone on with after a stop, and checked by audit,
# which names the step at fault.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs xxhsum fashion

"$SHARDSTEP" import fashion.h5 images=$fashion/t10k-images-idx3-ubyte.gz \
    labels=$fashion/t10k-labels-idx1-ubyte.gz > /dev/null
augment='images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.286, std=0.353)'
run() { # RANKS KEY=VALUE...
    local ranks=$1
    shift
    on "$ranks" "$BUILD/tests/record_run" path=fashion.h5 fields=images,labels vranks=6 batch=16 \
        augment="${augment}" "$@" < /dev/null
}
audit() { # RANKS words...: its exit code and what it says
    local ranks=$1 code=0
    shift
    on "$ranks" "$SHARDSTEP" audit "$@" > audit.txt 2> audit.err < /dev/null || code=$?
    echo "$code"
}
steps() { # LOG: its lines of steps
    sed '1,/^columns/d' "$1" | grep -v '^note'
}

# ---- The log.
run 0 log=one.log steps=12
for ranks in ${RANKS:-1 2 3}; do
    run "$ranks" log=$ranks.log steps=12
    same "the log on $ranks ranks" one.log $ranks.log
done
[ "$(steps one.log | wc -l)" = 12 ] || fail "not a line for each step"
"$SHARDSTEP" digest fashion.h5 --fields images,labels --vranks 6 --batch 16 --seed 7 \
    --augment "$augment" --steps 12 | cut -d' ' -f2 > digest.txt
steps one.log | cut -f4 > batch.txt
same "the word batch and digest" digest.txt batch.txt

# The chain, by another program.
rechain() { # LOG: the log with the chain that its lines lead to
    local chain own
    sed '/^columns/q' "$1" | tee header.txt
    chain=$(xxhsum -H2 < header.txt | cut -d' ' -f1)
    while IFS= read -r line; do
        own=${line%$'\t'*}
        chain=$(printf '%s%s' "$chain" "$own" | xxhsum -H2 | cut -d' ' -f1)
        printf '%s\t%s\n' "$own" "$chain"
    done < <(sed '1,/^columns/d' "$1")
}
rechain one.log > chained.log
same "the chain" one.log chained.log

# ---- An audit of what is right.
for ranks in ${RANKS:-0 1 2 3}; do
    [ "$(audit $ranks one.log fashion.h5 --sample all)" = 0 ] || fail "audit: $(cat audit.txt audit.err)"
    grep -q '^the chain holds$' audit.txt || fail "no word about the chain: $(cat audit.txt)"
    grep -q '^made 12 of 12 steps again: as the log says$' audit.txt || fail "audit: $(cat audit.txt)"
done
[ "$(audit 2 one.log fashion.h5 --sample 25% --sample-seed 5)" = 0 ] || fail "a sample: $(cat audit.txt)"
grep -q '^made 3 of 12 steps again, drawn with --sample-seed 5: as the log says$' audit.txt ||
    fail "a quarter: $(cat audit.txt)"
[ "$(audit 0 one.log fashion.h5 --step 4 --steps 3)" = 0 ] || fail "some steps: $(cat audit.txt)"
grep -q '^made 3 of 12 steps again' audit.txt || fail "three steps: $(cat audit.txt)"
[ "$(audit 0 one.log)" = 0 ] || fail "only the log: $(cat audit.txt)"
[ "$(audit 0 one.log fashion.h5 --sample 2 --json)" = 0 ] || fail "json: $(cat audit.txt)"
grep -q '"chain_holds": true.*"made_again": {"steps": 2, "different": 0}, "same": true}' audit.txt ||
    fail "json: $(cat audit.txt)"

# ---- Faults that are planted. The log of a run in which step 7 was another run's has a chain that
# holds: whoever wrote it believed what it did.
plant() { # LOG: one.log with step 7 as that log has it
    { sed '/^columns/q' one.log
      steps one.log | head -n 7
      steps "$1" | sed -n 8p
      steps one.log | tail -n 4; } > unchained.log
    rechain unchained.log > planted.log
}
names() { # RANKS STEP PARTS LOG
    [ "$(audit "$1" "$4" fashion.h5 --sample all)" = 1 ] || fail "not different on $1 ranks: $(cat audit.txt audit.err)"
    grep -q "^DIFFERENT at step $2: $3;" audit.txt || fail "not step $2, $3, on $1 ranks: $(cat audit.txt)"
}
run 0 log=seed.log steps=12 seed=8
plant seed.log
for ranks in 1 2 3; do names $ranks 7 'rows, draws, batch' planted.log; done
row=$("$SHARDSTEP" plan --samples 10000 --vranks 6 --batch 16 --seed 7 --step 7 --rank 3 | cut -d' ' -f9)
run 0 log=row.log steps=12 exclude="$row"
plant row.log
for ranks in 1 2 3; do names $ranks 7 'rows, batch' planted.log; done
cmp -s <(steps row.log | sed -n 7p | cut -f2) <(steps one.log | sed -n 7p | cut -f2) || fail "more than a row differs"
augment=${augment/padding=2/padding=3} run 0 log=draws.log steps=12
plant draws.log
for ranks in 1 2 3; do names $ranks 7 'draws, batch' planted.log; done
augment=${augment/0.286/0.287} run 0 log=values.log steps=12
plant values.log
for ranks in 1 2 3; do names $ranks 7 'batch' planted.log; done

# One bit of the mean: a log of the same run, made again, tells.
run 2 log=flipped.log steps=12 flip=7
[ "$(audit 0 flipped.log fashion.h5 --sample all --against one.log)" = 1 ] || fail "a flipped bit: $(cat audit.txt)"
grep -q '^DIFFERENT at step 7: mean, weights; 5 of 12 steps differ' audit.txt || fail "a flipped bit: $(cat audit.txt)"

# A log without some hashes is not taken for one in which they are the same.
{ sed '/^columns/q' one.log
  steps one.log | awk -F'\t' -v OFS='\t' '{ $5 = NR % 2 ? "-" : $5; $6 = "-"; print }'; } > unchained.log
rechain unchained.log > fewer.log
[ "$(audit 0 fewer.log --against one.log)" = 0 ] || fail "fewer hashes: $(cat audit.txt audit.err)"
for line in 'compared 12 steps with one.log: the same' \
    'mean: not compared in 6 of these 12 steps, for want of a hash' \
    'weights: not compared in 12 of these 12 steps, for want of a hash'; do
    grep -qxF "$line" audit.txt || fail "no line «$line»: $(cat audit.txt)"
done
[ "$(grep -c 'not compared' audit.txt)" = 2 ] || fail "more was not compared: $(cat audit.txt)"
[ "$(audit 0 fewer.log --against one.log --json)" = 0 ] || fail "fewer hashes: $(cat audit.txt audit.err)"
grep -q '"not_compared": {"mean": 6, "weights": 12}' audit.txt || fail "fewer hashes: $(cat audit.txt)"

# A log that was changed without its chain.
sed -E $'s/^7\t0/7\ta/; t\ns/^7\t./7\t0/' one.log > changed.log
[ "$(audit 0 changed.log)" = 1 ] || fail "a changed line: $(cat audit.txt)"
grep -q '^the chain BREAKS at line [0-9]*, step 7:' audit.txt || fail "a changed line: $(cat audit.txt)"
sed '/^5\t/d' one.log > shorter.log
[ "$(audit 0 shorter.log)" = 1 ] || fail "a line left out: $(cat audit.txt)"
grep -q '^the chain BREAKS at line [0-9]*, step 6:' audit.txt || fail "a line left out: $(cat audit.txt)"

{ cat one.log; printf '12\t0123'; } > torn.log
[ "$(audit 0 torn.log --json)" = 0 ] || fail "a last line that is not whole: $(cat audit.txt audit.err)"
grep -q '"last_line_whole": false' audit.txt || fail "a last line that is not whole: $(cat audit.txt)"

# ---- A run that goes on: from a checkpoint, on other numbers of ranks, after a kill inside a line.
run 3 log=parts.log steps=5 checkpoints=saved
cp -r saved earlier
run 2 log=parts.log steps=9 checkpoints=saved
cmp -s <(steps parts.log) <(steps one.log | head -n 9) || fail "a run in parts has other lines"
printf '9\t0123' >> parts.log
run 1 log=parts.log steps=12 checkpoints=earlier
grep -qE "^note	the run goes on at step 5; 4 lines of steps 5 to 8 were cut off, the last with the chain $(steps one.log | sed -n 9p | cut -f7); a line that was not whole was cut off	[0-9a-f]{32}$" parts.log ||
    fail "no note of what was cut: $(grep note parts.log)"
steps one.log | cut -f1-6 > expected.txt
steps parts.log | cut -f1-6 > parts.txt
same "the steps of a run that went back" expected.txt parts.txt
[ "$(audit 2 parts.log fashion.h5 --sample all)" = 0 ] || fail "a run that went back: $(cat audit.txt)"

# ---- Every option of the order goes through the log and back.
cp fashion.h5 other.h5
crops='images:
	random_crop(padding=1) normalize(mean=0.5, std=1)' # more than a line, with a tab
option_runs=(
    "path=fashion.h5 shuffle=2 block_rows=48 window=3 shard=1 tail=2 stream=3"
    "path=fashion.h5 shuffle=1 tail=1 from=20 to=70 split_seed=9 part_block=10 repeats=2 nan=2"
    "path=fashion.h5 by=1 balance=labels epoch_rows=3000 from=30"
    "path=fashion.h5 weights=labels damage=1 repeats=3"
    "path=fashion.h5,other.h5 mix=31 epoch_rows=9000 batch=7"
)
for options in "${option_runs[@]}"; do
    rm -f options.log
    # shellcheck disable=SC2086
    "$BUILD/tests/record_run" fields=images,labels vranks=3 batch=40 augment="$crops" log=options.log steps=3 $options ||
        fail "a run with $options"
    path=${options#path=}
    [ "$(audit 0 options.log "${path%% *}" --sample all)" = 0 ] || fail "with $options: $(cat audit.txt audit.err)"
done

# Groups: ranks with slabs of the samples.
on 2 "$BUILD/tests/record_run" path=fashion.h5 'fields=images(slab=1),labels' vranks=1 group=2 augment='images: random_flip(axis=w) normalize(mean=0, std=1)' \
    rows_only=1 log=groups.log steps=3 < /dev/null || fail "a run of groups"
[ "$(audit 2 groups.log fashion.h5 --sample all)" = 0 ] || fail "groups: $(cat audit.txt audit.err)"
grep -q '^made 3 of 3 steps again: as the log says$' audit.txt || fail "groups: $(cat audit.txt)"
grep -q '^batch: not compared in 3 of these 3 steps' audit.txt || fail "groups: $(cat audit.txt)"

# ---- What is refused.
echo "$row" > row.txt
seq 100 > rows.txt
refused 0 'no log of hashes' "$SHARDSTEP" audit row.txt
refused 0 'one.log has no line of these steps; give steps from 0 to 11 with --step and --steps' \
    "$SHARDSTEP" audit one.log fashion.h5 --step 12
sed '/^columns/q' one.log > empty.log
refused 0 'one.log and empty.log have no step in common, so there is nothing to compare' \
    "$SHARDSTEP" audit one.log --against empty.log
refused 0 'empty.log has no line of a step' "$SHARDSTEP" audit empty.log fashion.h5
[ "$(audit 0 empty.log)" = 0 ] || fail "a log without lines: $(cat audit.txt audit.err)"
refused 0 "--sample is '1x%'; give a number of steps such as 100" "$SHARDSTEP" audit one.log fashion.h5 --sample 1x%
refused 2 'one.log is the log of another run: it has «samples = 10000», this run has' \
    "$SHARDSTEP" audit one.log fashion.h5 --rows rows.txt
refused 0 'row.log is the log of a run with a list that it does not hold: give --exclude FILE' \
    "$SHARDSTEP" audit row.log fashion.h5
[ "$(audit 0 row.log fashion.h5 --sample all --exclude row.txt)" = 0 ] || fail "with a list: $(cat audit.txt audit.err)"
refused 7 '7 ranks for 6 virtual ranks' "$SHARDSTEP" audit one.log fashion.h5
finish
