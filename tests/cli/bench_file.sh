#!/usr/bin/env bash
# bench PATH measures a loader of any file, and prints every key. Its times are no matter of this test.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

cat > make.py <<'PYTHON'
import h5py, numpy

numbers = numpy.random.default_rng(1)
images = (numbers.random((500, 8, 8)) * 4).astype('u1')
with h5py.File('flat.h5', 'w') as file:
    file['x'] = images
    file['y'] = numpy.arange(500, dtype='i4')
with h5py.File('packed.h5', 'w') as file:
    file.create_dataset('x', data=images, chunks=(16, 8, 8), compression='gzip', shuffle=True)
    file.create_dataset('y', data=numpy.arange(500, dtype='i4'))
for part in range(3):
    with h5py.File('part%d.h5' % part, 'w') as file:
        file['x'] = images[100 * part:100 * part + 90 - 40 * part]
        file['w'] = images[part:part + 4]
with h5py.File('ragged.h5', 'w') as file:
    file['x'] = numpy.arange(3000, dtype='f4')
    file['begin'] = numpy.arange(301, dtype='i8') * 10
with h5py.File('tiny.h5', 'w') as file:
    file['x'] = numpy.arange(3, dtype='f8')
with h5py.File('wide.h5', 'w') as file:
    file['x'] = numpy.zeros((4, 3000000), dtype='f4')
layout = h5py.VirtualLayout(shape=(500, 8, 8), dtype='u1')
for half in numpy.s_[:, :4], numpy.s_[:, 4:]: # only HDF5 reads parts of rows
    layout[half] = h5py.VirtualSource('flat.h5', 'x', shape=(500, 8, 8))[half]
with h5py.File('virtual.h5', 'w') as file:
    file.create_virtual_dataset('x', layout)
PYTHON
/usr/bin/python3 make.py

# Reads an object that bench printed: every key is there, and numbers are positive and add up. Then
# each argument is a Python expression of the object `o`, which must hold.
cat > judge.py <<'PYTHON'
import json, sys

o = json.load(open('out.txt'))
bad = []
def holds(what, true):
    if not true: bad.append(what)

def result(r, of):
    for key in ['threads', 'rounds', 'steps', 'samples_measured', 'samples_per_s', 'bytes_per_s', 'read_bytes_per_s',
                'cpu_s_per_1000', 'chunks_decoded_per_1000', 'cold_reads_share', 'waited_s', 'waited_mean_s', 'waited_share']:
        holds('%s is a number of at least 0' % key, isinstance(r.get(key), (int, float)) and r[key] >= 0)
    for key in ['samples_per_s', 'bytes_per_s', 'samples_measured', 'steps', 'rounds']:
        holds('%s is above 0' % key, r[key] > 0)
    holds('waited_share is at most 1', r['waited_share'] <= 1)
    holds('waited_mean_s is at most waited_s', r['waited_mean_s'] <= r['waited_s'] * 1.000001)
    ceilings, shares = r['ceilings'], r['of_ceilings']
    for name in ['read', 'decode', 'augment', 'memcpy', 'memset']:
        left_out = name in of['left_out']
        holds('ceiling %s' % name, ceilings[name] is None if left_out else ceilings[name] > 0)
        holds('share of %s' % name, (shares[name] is None) == left_out)
        if not left_out:
            expected = r['samples_per_s'] / ceilings[name]
            holds('share of %s is %g, not %g' % (name, shares[name], expected), abs(shares[name] / expected - 1) < 1e-6)
    steps = r['steps'] / of['epoch_steps']
    if steps == int(steps):
        holds('%g samples in %g epochs of %g' % (r['samples_measured'], steps, of['epoch_samples']),
              r['samples_measured'] == steps * of['epoch_samples'])
    for key in ['cold', 'steps', 'samples', 'samples_per_s', 'reads', 'cold_reads']:
        holds('first_pass.%s' % key, key in r['first_pass'])
    holds('report', 'waited' in r.get('report', '') and ' lane' in r['report'])
    holds('cold_reads', r['first_pass']['cold_reads'] <= r['first_pass']['reads'])
    memory = r['memory']
    counted = sum(memory[part] for part in ['batches', 'staging', 'order', 'cache', 'reading', 'other'])
    holds('counted memory', memory['counted'] == counted > 0)
    holds('memory', memory['total'] == counted + memory['resident'] + memory['hdf5'] + memory['threads'])
    holds('memory of threads that wait', (memory['waiting'] > 0) == (of['file'] != 'virtual.h5'))
    if 'compute' in r:
        holds('utilisation', 0 < r['compute']['accelerator_utilisation'] <= 1)

for key in ['file', 'samples', 'sample_bytes', 'epoch_samples', 'epoch_steps', 'shuffle', 'batch', 'vranks', 'ranks',
            'ahead', 'left_out']:
    holds(key, key in o)
for r in [o] + o.get('sweep', []):
    result(r, o)
for text in sys.argv[1:]:
    try:
        holds('%s does not hold' % text, eval(text))
    except (KeyError, TypeError) as error:
        holds('%s: %r' % (text, error), False)
for what in bad: print(what)
sys.exit(len(bad) > 0)
PYTHON

# measured RANKS "WORDS" EXPRESSION...: bench with these words ends well, and what it prints holds
measured() {
    local ranks=$1 words=$2 code=0
    shift 2
    set -f # a pattern is a word of bench
    # shellcheck disable=SC2086
    on "$ranks" timeout 100 "$SHARDSTEP" bench $words --seconds 0.1 --json > out.txt 2> err.txt < /dev/null || code=$?
    set +f
    [ "$code" = 0 ] || { fail "bench $words on $ranks ranks: exit code $code: $(cat err.txt)"; return 0; }
    [ -z "$(what_is_said err.txt)" ] || fail "bench $words on $ranks ranks says: $(cat err.txt)"
    /usr/bin/python3 judge.py "$@" > wrong.txt || fail "bench $words on $ranks ranks: $(cat wrong.txt) in: $(cat out.txt)"
}

normalize='--augment x:normalize(mean=1,std=2)'
measured 0 "flat.h5 --batch 20" "o['samples'] == 500 and o['epoch_steps'] == 25 and o['sample_bytes'] == 68" \
    "o['ranks'] == 1 and o['threads'] == 0" "set(o['left_out']) == {'decode', 'augment'}"
measured 0 "flat.h5 --batch 20 --steps 50 $normalize" "o['steps'] == 50 * o['rounds']" "o['sample_bytes'] == 260" \
    "o['samples_measured'] == 1000 * o['rounds']" "set(o['left_out']) == {'decode'}"
measured 0 "packed.h5 --shuffle blocks --threads 2" "o['threads'] == 2" "set(o['left_out']) == {'augment'}" \
    "o['shuffle'] == 'blocks'"
# a chunk is kept in no case: each row of a batch decodes its chunk, which has 16 of the 500 rows
measured 0 "packed.h5 --batch 1 --cache-bytes 1 --steps 500" "abs(o['chunks_decoded_per_1000'] - 1000) < 1e-6"
measured 0 "packed.h5 --threads 1..3" "[r['threads'] for r in o['sweep']] == [1, 2, 3]" \
    "o['samples_per_s'] == max(r['samples_per_s'] for r in o['sweep'])"
measured 0 "part0.h5,part1.h5,part2.h5 --fields x --shuffle none --batch 7" "o['samples'] == 150"
measured 0 "part*.h5 --fields x --part 0,0.5" "o['epoch_samples'] < 150"
measured 0 "part*.h5 --one-sample-a-file --fields w --batch 1" "o['samples'] == 3 and o['sample_bytes'] == 256"
measured 0 "flat.h5 --fields y(window=5,stride=2),x(window=1,stride=2,lead=4)" "o['samples'] == 248"
measured 0 "ragged.h5 --fields x(offsets=begin,most=8)" "o['samples'] == 300 and o['sample_bytes'] == 40"
measured 0 "tiny.h5 --batch 2" "o['samples'] == 3 and o['epoch_steps'] == 2"
measured 0 "tiny.h5 --vranks 8 --tail short" "o['vranks'] == 8"
measured 0 "wide.h5 --batch 2" "o['sample_bytes'] == 12000000"
measured 0 "virtual.h5" "o['left_out']['read'] == 'a field is read through HDF5'" "'decode' in o['left_out']"
measured 0 "flat.h5 --weights y --batch 10" "o['samples'] == 500"
measured 0 "flat.h5 --epoch 2 --step 3 --batch 20 --quick" "o['rounds'] == 1" "o['first_pass']['steps'] <= 22"

echo 1 > row.txt
# A step of the simulated computation takes at least its time.
measured 0 "flat.h5 --batch 100 --compute 2" "o['compute']['ms'] == 2 and not o['compute']['busy']" \
    "o['compute']['samples_per_s'] < 50000"
measured 0 "flat.h5 --batch 100 --compute 1.5 --busy --cold" "o['compute']['busy'] and o['first_pass']['cold']" \
    "0 <= o['first_pass']['accelerator_utilisation'] <= 1"
for ranks in ${RANKS:-2 3}; do
    measured "$ranks" "flat.h5 --vranks 6 --batch 5 --compute 1" "o['ranks'] == $ranks and o['vranks'] == 6"
    measured "$ranks" "packed.h5 --vranks 6 --batch 5 --steps 17 --cold" "o['steps'] == 17 * o['rounds']" \
        "o['epoch_steps'] == 17 and o['samples_measured'] == 500 * o['rounds']"
    measured "$ranks" "tiny.h5 --vranks 6 --rows row.txt" "o['left_out']['memcpy'] == 'a rank loads no row'" \
        "o['epoch_samples'] == 1"
done

# As text.
"$SHARDSTEP" bench packed.h5 --seconds 0.1 --cold --compute 1 $normalize > out.txt
for line in 'packed.h5: 500 samples of 260 bytes' '1 rank, 1 virtual rank, an epoch of 500 samples in 16 steps' \
    'threads 0, (one round|medians of [0-9] rounds) of the loader' 'loader +[0-9]+ +[0-9.]+ +[0-9.]+$' 'positional read +[0-9]+ +[0-9.]+$' '^chunk decoding +[0-9]+ ' \
    'augmentation +[0-9]+ ' 'memcpy +[0-9]+ ' 'memset +[0-9]+ ' 'first pass, cold, with computing: [0-9]+ samples/s' \
    '^the rounds: [0-9.]+ chunks decoded for 1000 samples, 0\.0% of the reads' \
    'beside 1 ms of computing a step' 'memory announced for rank 0: [0-9.]+ MiB.*; up to [0-9.]+ more where the disk is waited for' ' first pass, cold +accelerator utilisation' ' warm +accelerator utilisation 0\.[0-9]+'; do
    grep -qE -- "$line" out.txt || fail "bench: no line '$line' in: $(cat out.txt)"
done
"$SHARDSTEP" bench flat.h5 --seconds 0.1 --threads 0..1 --compute 1 > out.txt
for line in 'threads +samples/s .*of read .*utilisation +waited' '^0 +[0-9]' '^1 +[0-9]' '^no chunk decoding: no field is stored'; do
    grep -qE -- "$line" out.txt || fail "bench --threads 0..1: no line '$line' in: $(cat out.txt)"
done

# Chunks that are decoded again and again: bench, info and plan say how often, and the cure. With room
# for no chunk, a batch of one row decodes a chunk of 16 rows, which is 16 times a chunk.
measured 0 "packed.h5 --batch 1 --cache-bytes 1 --shuffle blocks" "o['advice']['dataset'] == 'x'" \
    "abs(o['advice']['decodings'] / 16 - 1) < 0.1"
measured 0 "packed.h5 --cache-bytes 50000" "o['advice'] is None"
# 32 of 500 rows are in most of the 16 batches, and the chunk of each is decoded anew
measured 0 "packed.h5 --cache-bytes 1" "o['advice']['chunk_rows'] == 16 and 8 < o['advice']['decodings'] < 11" \
    "500 * 64 <= o['advice']['enough_cache_bytes'] < 500 * 64 + 6000" \
    "abs(o['chunks_decoded_per_1000'] / 2 / 32 / o['advice']['decodings'] - 1) < 0.25"
advice='a rank decodes each chunk of 16 rows about (9|10) times an epoch, because the decoded chunks do not fit in'
advice="$advice cache_bytes \\(1\\); take shuffle blocks, or cache_bytes of [0-9]+"
"$SHARDSTEP" info packed.h5 --cache-bytes 1 > info.txt
grep -qE "^ +order +shuffle full: $advice\$" info.txt || fail "info gives no advice: $(cat info.txt)"
"$SHARDSTEP" info packed.h5 --fields x,y --cache-bytes 1 > info.txt
grep -qE "^with shuffle full, x: $advice\$" info.txt || fail "info --fields gives no advice: $(cat info.txt)"
"$SHARDSTEP" plan packed.h5 --fields x,y --cache-bytes 1 > out.txt 2> err.txt
grep -qE "^shardstep plan: x: $advice\$" err.txt || fail "plan gives no advice: $(cat err.txt)"
"$SHARDSTEP" bench packed.h5 --seconds 0.1 --cache-bytes 1 > out.txt
grep -qE "^x: $advice\$" out.txt || fail "bench gives no advice: $(cat out.txt)"
for words in "info packed.h5" "info packed.h5 --fields x" "plan packed.h5 --fields x"; do
    # shellcheck disable=SC2086
    "$SHARDSTEP" $words > out.txt 2>&1
    grep -q 'a rank decodes' out.txt && fail "$words gives advice without a reason: $(cat out.txt)"
    # shellcheck disable=SC2086
    "$SHARDSTEP" $words --cache-bytes 1 --json > out.txt 2> err.txt
    [ ! -s err.txt ] || fail "$words --json says: $(cat err.txt)"
    grep -qE '"advice": \{"dataset": "x", "chunk_rows": 16, "decodings": (9|10)\.' out.txt ||
        fail "$words --json gives no advice: $(cat out.txt)"
done

refused 2 "no-such-file.h5" "$SHARDSTEP" bench no-such-file.h5
refused 0 "option --batch is for bench PATH, not for bench --random" "$SHARDSTEP" bench --random --batch 5
refused 0 "leave out --random and --order" "$SHARDSTEP" bench flat.h5 --random
refused 2 "[-]-compute takes a number above 0 and up to 1e\+07, not '-3'" "$SHARDSTEP" bench flat.h5 --compute=-3
refused 0 "[-]-seconds takes a number above 0 and up to 1e\+06, not 'soon'" "$SHARDSTEP" bench flat.h5 --seconds soon
refused 0 "give --compute, too" "$SHARDSTEP" bench flat.h5 --busy
refused 0 "[-]-steps is 0: nothing would be measured" "$SHARDSTEP" bench flat.h5 --steps 0
for range in 3..1 1..65 1.. ..2 1...2; do
    refused 0 "[-]-threads takes .*, not '$range'" "$SHARDSTEP" bench flat.h5 --threads $range
done
refused 0 "[-]-threads takes .*, not '1..2'" "$SHARDSTEP" digest flat.h5 --threads 1..2
refused 2 "augment" "$SHARDSTEP" bench flat.h5 --augment 'x: no_such(p=1)'

# An error of a row ends the command on every rank, with one message.
cp packed.h5 damaged.h5
/usr/bin/python3 - <<'PYTHON'
import h5py
with h5py.File('packed.h5') as file:
    chunk = file['x'].id.get_chunk_info(7)
with open('damaged.h5', 'r+b') as file:
    file.seek(chunk.byte_offset + chunk.size // 2)
    file.write(b'\xff' * 20)
PYTHON
for ranks in 0 2; do
    refused "$ranks" "damaged" "$SHARDSTEP" bench damaged.h5 --fields x --seconds 0.1
done
finish
