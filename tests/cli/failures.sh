#!/usr/bin/env bash
# Rows that are replaced or excluded: the batches against another program, on any number of ranks and
# threads, and what is told of them.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py xxhsum

# 60 rows. A NaN in row 7, a damaged chunk of rows 20 to 24, a wrong byte in row 59, the last one.
/usr/bin/python3 - <<'END'
import numpy as np
x = np.arange(240, dtype='<f4').reshape(60, 4)
x[7, 2] = np.nan
np.save('x.npy', x)
np.save('y.npy', np.arange(60, dtype='<u4') * 0x01010101)
END
"$SHARDSTEP" import bad.h5 x=x.npy --chunk 5 --deflate 6 > /dev/null
"$SHARDSTEP" import more.h5 y=y.npy > /dev/null
/usr/bin/python3 - <<'END'
import h5py
with h5py.File('more.h5') as more, h5py.File('bad.h5', 'r+') as bad:
    bad['y'] = more['y'][:]
    bad['y.crc32c'] = more['y.crc32c'][:]
    place = bad['x'].id.get_chunk_info_by_coord((20, 0)).byte_offset
    last = bad['y'].id.get_offset() + 59 * 4
with open('bad.h5', 'r+b') as file:
    for at in place, last:
        file.seek(at)
        byte = file.read(1)[0] ^ 0x55
        file.seek(at)
        file.write(bytes([byte]))
END

policy='--on-damage replace --on-nan replace'
printf '0\n25\n26\n' > list.txt
printf '26 2\n' > down.txt
printf '5\nfive\n' > words.txt
seq 0 59 > all.txt
seq 20 24 > chunk.txt

# expected OUT: the batch of all rows in file order, if the rows named behind OUT are not to come
expected() {
    /usr/bin/python3 - "$@" <<'END'
import sys, numpy as np
gone = set(map(int, sys.argv[2:]))
index = []
for row in range(60):
    while row in gone:
        row = (row + 1) % 60
    index.append(row)
x, y = np.load('x.npy'), np.load('y.npy')
with open(sys.argv[1], 'wb') as file:
    file.write(np.array([60] + index, '<u8').tobytes() + x[index].tobytes() + y[index].tobytes())
END
    xxhsum -H2 "$1" | cut -d' ' -f1 > "$1.hash"
}

# whole OUT options...: the digest of all rows in one batch, in file order
whole() {
    local to=$1
    shift
    # shellcheck disable=SC2086
    "$SHARDSTEP" digest bad.h5 --fields x,y --shuffle none --vranks 1 --batch 60 --per-rank $policy "$@" \
        2> told.txt | cut -d' ' -f3 > "$to" || fail "digest $*: $(cat told.txt)"
}

expected due 7 20 21 22 23 24 59
whole came
same 'rows in the places of bad rows' due.hash came
[ "$(wc -l < told.txt)" = 7 ] || fail "not 7 rows are told: $(cat told.txt)"
grep -qx 'shardstep: rank 0: virtual rank 0, epoch 0, step 0, slot 7: sample 8 takes the place of sample 7: bad.h5: dataset x: rows 7 to 7 have a NaN; .*' told.txt ||
    fail "a NaN is not told: $(cat told.txt)"
grep -qE 'slot 22: sample 25 takes the place of sample 22: dataset x: rows 22 to 22: bad.h5: chunk 4, .*damaged' told.txt ||
    fail "a chunk is not told: $(cat told.txt)"
grep -q 'slot 59: sample 0 takes the place of sample 59: bad.h5: dataset y: row 59 is not what was written' told.txt ||
    fail "the last row is not told: $(cat told.txt)"

# the rows that were told, as a list for --exclude: nothing else is bad
sed -n 's/.* takes the place of sample \([0-9]*\): .*/\1/p' told.txt > bad.txt
"$SHARDSTEP" digest bad.h5 --shuffle none --vranks 1 --batch 60 --per-rank --exclude bad.txt 2> told.txt |
    cut -d' ' -f3 > came || fail "digest --exclude"
same 'excluded rows' due.hash came
[ ! -s told.txt ] || fail "excluded rows are told: $(cat told.txt)"

# the same list by check, in the form that --exclude takes; it knows nothing of NaN
printf '%s\n' 20 21 22 23 24 59 > due.txt
for ranks in 0 ${RANKS:-3}; do
    rm -f listed.txt
    code=0
    on "$ranks" "$SHARDSTEP" check bad.h5 --list-bad listed.txt > told.txt 2>&1 < /dev/null || code=$?
    [ "$code" = 1 ] || fail "check --list-bad on $ranks ranks: exit code $code: $(cat told.txt)"
    same "bad rows on $ranks ranks" due.txt listed.txt
done
"$SHARDSTEP" digest bad.h5 --shuffle none --vranks 1 --batch 60 --per-rank --on-nan replace --exclude listed.txt \
    2> told.txt | cut -d' ' -f3 > came || fail "digest --exclude listed.txt"
same 'rows that check lists' due.hash came
[ "$(wc -l < told.txt)" = 1 ] || fail "not the NaN alone is told: $(cat told.txt)"

# of one field, and of several files as one dataset; a good file gives a list without numbers
"$SHARDSTEP" check bad.h5 --list-bad y.txt --list-fields y > told.txt || true
echo 59 > due.txt
same 'bad rows of y' due.txt y.txt
"$SHARDSTEP" check more.h5 bad.h5 --list-fields y --list-bad two.txt > told.txt || true
echo 119 > due.txt
same 'bad rows of the second file' due.txt two.txt
"$SHARDSTEP" digest more.h5,bad.h5 --fields y --exclude two.txt > told.txt || fail "digest of two files"
"$SHARDSTEP" check more.h5 --list-bad none.txt > told.txt || fail "check of a good file"
[ -f none.txt ] && [ ! -s none.txt ] || fail "a good file has bad rows: $(cat none.txt)"
"$SHARDSTEP" digest more.h5 --exclude none.txt > told.txt || fail "digest without rows to exclude"

# a sample a file: the numbers of bad files. A file that is no HDF5 file could not be checked
mkdir each
for number in 0 2 4; do cp more.h5 each/$number.h5; done
cp bad.h5 each/1.h5
head -c 200 more.h5 > each/3.h5
echo nothing > each/5.h5
printf '1\n3\n' > due.txt
for ranks in 0 2; do
    rm -f files.txt
    code=0
    on "$ranks" "$SHARDSTEP" check each --one-sample-a-file --list-fields y --list-bad files.txt > told.txt 2>&1 < /dev/null ||
        code=$?
    [ $code = 1 ] || fail "check of files on $ranks ranks: exit code $code: $(cat told.txt)"
    same "bad files on $ranks ranks" due.txt files.txt
    refused "$ranks" '\-\-one-sample-a-file says what --list-bad counts; give --list-bad FILE, too' \
        "$SHARDSTEP" check each --one-sample-a-file
    refused "$ranks" 'check --list-bad: each/0.h5: there is no dataset of numbers x' \
        "$SHARDSTEP" check each/0.h5 --json --one-sample-a-file --list-fields x --list-bad lacks.txt
done
rm each/5.h5
samples="each --one-sample-a-file --fields y --vranks 1"
# shellcheck disable=SC2086
{
    refused 0 'each/[13].h5' "$SHARDSTEP" digest $samples
    "$SHARDSTEP" digest $samples --exclude files.txt > told.txt 2>&1 || fail "digest without bad files: $(cat told.txt)"
}

# only where rows have numbers that all fields share
head -c 40 y.npy > short.bin
"$SHARDSTEP" import --any-rows uneven.h5 y=y.npy z=raw:u8:40:short.bin > told.txt
for ranks in 0 2; do
    list="$SHARDSTEP check uneven.h5 --json --list-bad uneven.txt"
    # shellcheck disable=SC2086
    {
        refused "$ranks" 'check --list-bad: uneven.h5: y has 60 rows and z 40; name the fields .* by --list-fields A,B' $list
        refused "$ranks" 'uneven.h5: there is no dataset of numbers y,w' $list --list-fields y,w
        refused "$ranks" 'y.txt is there already' "$SHARDSTEP" check bad.h5 --list-bad y.txt
        refused "$ranks" '\-\-list-fields says whose rows --list-bad lists' "$SHARDSTEP" check bad.h5 --list-fields y
    }
done
[ ! -e uneven.txt ] || fail "a list that cannot be made is there"

# together
expected due 7 20 21 22 23 24 59 0 25 26
whole came --exclude list.txt
same 'bad rows and excluded rows' due.hash came

# any number of ranks and threads, and alone by replay
options="--fields x,y --vranks 6 --batch 4 --seed 3"
augment='x: random_flip(axis=w, layout=w)'
for by in rank sample; do
    run() {
        local ranks=$1
        shift
        # shellcheck disable=SC2086
        on "$ranks" "$SHARDSTEP" digest bad.h5 $options $policy --exclude list.txt --steps 7 \
            --augment "$augment" --augment-by $by "$@" 2> told.txt < /dev/null
    }
    run 0 > one.txt || fail "digest: $(cat told.txt)"
    sed 's/.* \(epoch\)/\1/' told.txt | sort > one.told
    for ranks in ${RANKS:-3}; do
        run "$ranks" --threads 2 > some.txt || fail "digest on $ranks ranks: $(cat told.txt)"
        same "$ranks ranks" one.txt some.txt
        grep '^shardstep: ' told.txt | sed 's/.* \(epoch\)/\1/' | sort > some.told
        same "what is told on $ranks ranks" one.told some.told
    done
    run 0 --per-rank > ranks.txt
    for rank in 0 5; do
        # shellcheck disable=SC2086
        "$SHARDSTEP" replay bad.h5 $options $policy --exclude list.txt --augment "$augment" \
            --augment-by $by --rank $rank --step 1 --against ranks.txt > replay.txt 2> told.txt ||
            fail "replay differs: $(cat replay.txt told.txt)"
    done
done
# shellcheck disable=SC2086
"$SHARDSTEP" replay bad.h5 --shuffle none --vranks 1 --rank 0 --step 2 --batch 10 $policy > replay.txt 2> told.txt
grep -qx 'slot 1  row 25 in place of 21' replay.txt || fail "replay does not say it: $(cat replay.txt)"
grep -qx 'slot 5  row 25' replay.txt || fail "replay of a good row: $(cat replay.txt)"

for ranks in 0 ${RANKS:-3}; do
    digest="$SHARDSTEP digest bad.h5 --fields x,y --vranks 6"
    # shellcheck disable=SC2086
    {
        refused "$ranks" 'sample (2[0-4]: dataset x: rows 2|59: bad.h5: dataset y: row 59 is not what)' \
            $digest --steps 2 --batch 10
        refused "$ranks" 'sample 7: bad.h5: dataset x: rows 7 to 7 have a NaN' \
            $digest --shuffle none --batch 2 --on-damage replace --on-nan stop
        refused "$ranks" "\-\-exclude: words.txt, line 2: it has 'five' in place of row number 1" $digest --exclude words.txt
        refused "$ranks" '\-\-exclude: .*nothing.txt' $digest --exclude nothing.txt
        refused "$ranks" '\-\-exclude: down.txt, line 1: it has row 2 after row 26; .* each once' $digest --exclude down.txt
        refused "$ranks" 'failures.exclude has all 60 rows of the dataset' $digest --exclude all.txt
        refused "$ranks" 'no row can take the place of sample 2[0-4]: all 5 rows are damaged' \
            $digest --rows chunk.txt --on-damage replace
        refused "$ranks" "\-\-on-damage .*'ignore'" $digest --on-damage ignore
    } 2>&1
done
finish
