#!/usr/bin/env bash
# bench PATH --trace writes what each thread of each rank did, as JSON that Perfetto opens. No time is judged.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

/usr/bin/python3 - <<'PYTHON'
import h5py, numpy
with h5py.File('packed.h5', 'w') as file:
    file.create_dataset('x', data=numpy.arange(40000, dtype='i4').reshape(1000, 40), chunks=(16, 40), compression='gzip')
PYTHON

# Reads a trace: the events of a thread have names of the fixed set, and follow one another.
cat > judge.py <<'PYTHON'
import json, sys

ranks, lanes = int(sys.argv[1]), int(sys.argv[2])
states = {'idle', 'in the program', 'preparing', 'planning', 'reading', 'decoding', 'waiting for another lane',
          'waiting for data', 'checking', 'augmenting', 'handing out'}
events = json.load(open('trace.json'))['traceEvents']
threads = {}
for event in events:
    if event['ph'] == 'M': continue
    if event['ph'] != 'X' or event['name'] not in states or event['dur'] <= 0 or event['ts'] < 0:
        sys.exit('this event is wrong: %s' % event)
    threads.setdefault((event['pid'], event['tid']), []).append(event)
for thread, of in threads.items():
    for one, next in zip(of, of[1:]):
        if abs(one['ts'] + one['dur'] - next['ts']) > 0.01:
            sys.exit('thread %s: %s ends before or after %s begins' % (thread, one, next))
came = sorted(threads)
expected = [(rank, lane) for rank in range(ranks) for lane in range(lanes + 1)]
if came != expected: sys.exit('expected the threads %s; came %s' % (expected, came))
named = sorted((e['pid'], e['tid']) for e in events if e['name'] == 'thread_name')
if named != expected: sys.exit('these threads have names: %s' % named)
if 'in the program' not in {e['name'] for e in threads[0, 0]}: sys.exit('rank 0 has no program')
PYTHON

options="packed.h5 --batch 20 --quick --trace trace.json"
all=("1 0 --threads 1" "1 2 --threads 2 --ahead 3")
[ "$MPI_KIND" = none ] || all+=("3 1 --ahead 2")
for ways in "${all[@]}"; do
    read -r ranks lanes way <<< "$ways"
    rm -f trace.json
    if [ "$ranks" = 1 ]; then on=0; else on=$ranks; fi
    # shellcheck disable=SC2086
    on "$on" "$SHARDSTEP" bench $options $way > out.txt || fail "$way: bench failed"
    /usr/bin/python3 judge.py "$ranks" "$lanes" || fail "$way: the trace is wrong"
done

before=$(cksum < trace.json)
# shellcheck disable=SC2086
if "$SHARDSTEP" bench $options > out.txt 2> error.txt; then fail "a file that was there is overwritten"; fi
holds 'trace.json is there already; remove it, or choose another name' < error.txt || fail "told: $(cat error.txt)"
[ "$(grep -o 'rank 0: ' error.txt | wc -l)" -le 1 ] || fail "the rank is named twice: $(cat error.txt)"
[ "$before" = "$(cksum < trace.json)" ] || fail "the file that was there has changed"
finish
