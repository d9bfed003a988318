#!/usr/bin/env bash
# bench PATH --json-lines writes what each epoch cost each rank. Python reads the lines, and compares them with --json.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'PYTHON'
import h5py, numpy
with h5py.File('packed.h5', 'w') as file:
    file.create_dataset('x', data=numpy.arange(40000, dtype='i4').reshape(1000, 40), chunks=(16, 40), compression='gzip')
PYTHON

cat > judge.py <<'PYTHON'
import json, sys

ranks, lanes, steps = map(int, sys.argv[1:])
whole = json.load(open('out.txt'))
lines = [json.loads(line) for line in open('lines.txt')]
bad = []
def same(what, came, expected):
    if came != expected: bad.append('%s: expected %s, came %s' % (what, expected, came))
def about(what, came, expected):
    if abs(came - expected) > 1e-6 + 1e-6 * expected: bad.append('%s: expected %s, came %s' % (what, expected, came))
def total(key, name):
    return sum(line[key] for line in lines if line['pass'] == name)

states = ['idle_s', 'preparing_s', 'reading_s', 'decoding_s', 'checking_s', 'augmenting_s', 'waiting_s', 'other_s']
for line in lines:
    same('keys', list(line), ['pass', 'round', 'epoch', 'step', 'rank', 'ranks', 'ahead', 'threads', 'samples',
        'rows_replaced', 'bytes', 'reads', 'cold_reads', 'chunks_decoded', 'chunk_hits', 'elapsed_s', 'waited_s',
        'waited_share', 'cpu_s', 'cpu_s_per_1000', 'bottleneck', 'message', 'lanes'])
    same('lanes', [lane['lane'] for lane in line['lanes']], list(range(lanes + 1)))
    for lane in line['lanes']:
        same('keys of a lane', list(lane), ['lane', 'elapsed_s'] + states)
        if not lane['lane']: about('states of lane 0', sum(lane[state] for state in states), lane['elapsed_s'])
    if min([line['elapsed_s'] - line['waited_s'], line['cpu_s']] + [lane[state] for lane in line['lanes'] for state in states]) < 0:
        bad.append('a time is below 0, or more was waited than there was: %s' % line)
    about('waited_share', line['waited_share'], line['waited_s'] / line['elapsed_s'])
    about('cpu_s_per_1000', line['cpu_s_per_1000'], line['cpu_s'] * 1000 / line['samples'])
    message = line['message']
    if ' on rank %d' % line['rank'] not in message or 'waited ' not in message or '\n' in message: bad.append(message)
    if line['bottleneck'] not in [None] + [state[:-2] for state in states[1:]]: bad.append(line['bottleneck'])
    if line['bottleneck'] and 'is the bottleneck' not in line['message']: bad.append('%(bottleneck)s: %(message)s' % line)
    same('ranks, options and rows', [line['ranks'], line['ahead'] > 0, line['rows_replaced']], [ranks, lanes > 0, 0])

# In the order of ranks, and of passes; each rank has the same epochs.
same('order', [line['rank'] for line in lines], sorted(line['rank'] for line in lines))
what = [[(line['pass'], line['round'], line['epoch'], line['step']) for line in lines if line['rank'] == r] for r in range(ranks)]
same('lines of the ranks', what, [what[0]] * ranks)
steps_done = [at[3] for at in what[0]]
same('steps', steps_done, sorted(set(steps_done)))
same('rounds', {at[:2] for at in what[0]}, {('first', 0), ('alone', 1), ('computing', 1)})
# An epoch that has ended has a line, and so has the rest of a pass.
for (name, _, epoch, step) in what[0]:
    if (epoch + 1) * whole['epoch_steps'] < step: bad.append('epoch %d has step %d' % (epoch, step))
ends = {at[3] for at in what[0]}
for step in range(whole['epoch_steps'], max(ends) + 1, whole['epoch_steps']):
    if step not in ends: bad.append('the epoch that ends at step %d has no line' % step)

# --json of the same run: all is counted, and nothing twice.
same('samples of the first pass', total('samples', 'first'), whole['first_pass']['samples'])
same('reads of the first pass', total('reads', 'first'), whole['first_pass']['reads'])
same('cold reads', total('cold_reads', 'first'), whole['first_pass']['cold_reads'])
same('samples', total('samples', 'alone'), whole['samples_measured'])
if steps: same('steps', whole['steps'], steps)
about('chunks', total('chunks_decoded', 'alone') * 1000 / total('samples', 'alone'), whole['chunks_decoded_per_1000'])
print('\n'.join(map(str, bad)))
sys.exit(len(bad) > 0)
PYTHON

options="packed.h5 --quick --json --json-lines lines.txt --compute 0.1 --shuffle blocks --cache-bytes 4000"
all=("0 0 0 --batch 100 --threads 1" "0 2 23 --batch 50 --threads 2 --ahead 3 --steps 23")
[ "$MPI_KIND" = none ] || all+=("3 1 7 --vranks 6 --batch 20 --ahead 2 --steps 7")
for ways in "${all[@]}"; do
    read -r ranks lanes steps way <<< "$ways"
    rm -f lines.txt
    # shellcheck disable=SC2086
    on "$ranks" "$SHARDSTEP" bench $options $way > out.txt < /dev/null || fail "$way: bench failed"
    [ "$ranks" != 0 ] || ranks=1
    /usr/bin/python3 judge.py "$ranks" "$lanes" "$steps" > wrong.txt || fail "$way: $(cat wrong.txt)"
done

before=$(cksum < lines.txt)
for ranks in 0 2; do
    # shellcheck disable=SC2086
    refused "$ranks" 'rank 0: lines.txt is there already; remove it, or choose another name' "$SHARDSTEP" bench $options
done
[ "$before" = "$(cksum < lines.txt)" ] || fail "the file that was there has changed"
refused 0 'cannot create nowhere/lines.txt: the folder nowhere does not exist' \
    "$SHARDSTEP" bench packed.h5 --quick --json-lines nowhere/lines.txt
finish
