#!/usr/bin/env bash
# Datasets of many files, windows, runs of rows and whole files, on the command line: the same digests
# on any number of ranks, for any split into files, and as another program computes them.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs xxhsum python3

# NPY files, as numpy writes them, of a series of 53 rows of 3 numbers, cut into files of 7, 11, 2, 20
# and 13 rows; offsets of runs of rows in each; and bytes of batches that are worked out here.
cat > make.py <<'PYTHON'
import array, struct

def npy(name, code, shape, numbers):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (code[0], shape)
    head += ' ' * (63 - (10 + len(head)) % 64) + '\n'
    with open(name, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode())
        file.write(array.array(code[1], numbers).tobytes())

series = [[(row * 37 + column * 11) % 251 for column in range(3)] for row in range(53)]
cuts = [0, 7, 18, 20, 40, 53]
npy('all.npy', ('<u2', 'H'), (53, 3), sum(series, []))
parts = [series[a:b] for a, b in zip(cuts, cuts[1:])]
offsets = []
for number, part in enumerate(parts):
    npy('s%d.npy' % number, ('<u2', 'H'), (len(part), 3), sum(part, []))
    own = sorted({0, len(part) // 3, len(part) // 2, len(part)})
    offsets.append(own)
    npy('o%d.npy' % number, ('<i4', 'i'), (len(own),), own)
for number in range(12):
    npy('w%02d.npy' % number, ('<u2', 'H'), (4, 3), sum(series[number:number + 4], []))

def batch(name, fields):
    """A batch of all samples in file order: count, row numbers, then each field's rows."""
    count = len(fields[0][1])
    with open(name, 'wb') as file:
        file.write(struct.pack('<Q', count) + struct.pack('<%dQ' % count, *range(count)))
        for code, samples in fields:
            for sample in samples:
                file.write(array.array(code, sample).tobytes())

def windows(length, stride, lead, most):
    found = []
    for part in parts:
        at = 0
        while at + most <= len(part):
            rows = part[at + lead:at + lead + length]
            found.append(sum(rows, []))
            at += stride
    return found

batch('windows.bin', [('H', windows(3, 2, 0, 7)), ('H', windows(1, 2, 6, 7))])
ragged, lengths = [], []
for part, own in zip(parts, offsets):
    for a, b in zip(own, own[1:]):
        rows = part[a:b][:5]
        ragged.append(sum(rows, []) + [0] * 3 * (5 - len(rows)))
        lengths.append([len(rows)])
batch('ragged.bin', [('H', ragged), ('Q', lengths)])
batch('whole.bin', [('H', [sum(series[n:n + 4], []) for n in range(12)])])
PYTHON
python3 make.py
mkdir split ones
"$SHARDSTEP" import all.h5 s=all.npy > /dev/null
for i in 0 1 2 3 4; do "$SHARDSTEP" import split/$i.h5 s=s$i.npy o=o$i.npy --any-rows > /dev/null; done
for w in w*.npy; do "$SHARDSTEP" import ones/"${w%.npy}".hdf5 s="$w" > /dev/null; done
windows='x=s(window=3, stride=2), y=s(window=1, stride=2, lead=6)'

# against another program
check() { # WHAT FILE options...: the digest of all in one batch
    local what=$1 file=$2
    shift 2
    "$SHARDSTEP" digest "$@" --shuffle none --vranks 1 --batch 1000 --per-rank |
        cut -d' ' -f3 > hash.txt
    xxhsum -H2 "$file" | cut -d' ' -f1 > xxhsum.txt
    same "$what" hash.txt xxhsum.txt
}
check windows windows.bin split --fields "$windows"
check 'runs of rows' ragged.bin split --fields 's(offsets=o, most=5)'
check 'whole files' whole.bin ones --fields s --one-sample-a-file
check 'all fields of whole files' whole.bin ones --one-sample-a-file

# on any number of ranks
digest() { # RANKS options...
    local ranks=$1
    shift
    on "$ranks" "$SHARDSTEP" digest "$@" --vranks 5 --batch 3 --seed 9
}
# which rank has which sample does not depend on what a sample is: any number of ranks for the first
numbers=${RANKS:-1 2 3 5}
for arguments in "split|$windows" 'split|s(offsets=o)' 'split|s' 'ones|s'; do
    set -- "${arguments%%|*}" --fields "${arguments#*|}"
    [ "$1" = split ] || set -- "$@" --one-sample-a-file
    digest 0 "$@" > reference.txt
    for ranks in $numbers; do
        digest "$ranks" "$@" > ranks.txt
        same "$* on $ranks ranks" reference.txt ranks.txt
    done
    numbers=3
done

# one file, or the same rows in five; a folder, a pattern or a list
digest 0 all.h5 --fields s > one.txt
seq 0 4 | sed 's|.*|split/&.h5|' > list
mkdir lists
seq 0 4 | sed 's|.*|../split/&.h5|' > lists/list
for path in split 'split/*.h5' 'split/[0-4].h5' @list @lists/list; do
    digest 2 "$path" --fields s > five.txt
    same "one file or five by $path" one.txt five.txt
done
# a file that is not there, by the line of the list that names it
printf '# files\n0.h5\n\ngone.h5\n' > split/list
for ranks in 0 2; do
    refused $ranks 'shs_dataset_open: split/list, line 4: cannot open split/gone.h5: No such file or directory' \
        "$SHARDSTEP" digest all.h5,@split/list --fields s --vranks 2
    refused $ranks 'rank 0: split/list, line 4: cannot open split/gone.h5: No such file' "$SHARDSTEP" stats all.h5 @split/list s
done
"$SHARDSTEP" check all.h5 @split/list > out.txt 2> /dev/null && fail 'check of a file that is not there'
grep -q '^  split/gone.h5: not checked: split/list, line 4: cannot open split/gone.h5: No such file' out.txt ||
    fail "check of a list: $(cat out.txt)"
rm split/list
digest 0 all.h5 --fields s --shuffle blocks --block-rows 4 > one.txt
digest 3 split --fields s --shuffle blocks --block-rows 4 > five.txt
same 'blocks of one file or five' one.txt five.txt

"$SHARDSTEP" plan split --fields "$windows" --vranks 3 --batch 4 --verify > plan.txt
grep -q '15 of 15 rows exactly once' plan.txt || fail "plan of windows: $(cat plan.txt)"
"$SHARDSTEP" plan ones --fields s --one-sample-a-file --batch 5 --verify | holds '12 of 12 rows' ||
    fail 'plan of whole files'

refused 0 'field . has . samples but field z has . samples' \
    "$SHARDSTEP" info split --fields "$windows, z=s(offsets=o)"
"$SHARDSTEP" info split --fields "$windows" --vranks 4 > info.txt
cat > expected.txt <<'TEXT'
15 samples in 5 files: split/0.h5 to split/4.h5
    a virtual rank of 4: 3 or 4 an epoch
    split/2.h5 gives no sample: it has fewer rows than a sample needs
x = s(window=3, stride=2, lead=0): u16 3x3
    layout hw, assumed
    read directly, by position, and checked
    its rows stay in memory, decoded, once they are read
y = s(window=1, stride=2, lead=6): u16 1x3
    layout hw, assumed
    read directly, by position, and checked
    its rows stay in memory, decoded, once they are read
TEXT
same 'info of windows' expected.txt info.txt
"$SHARDSTEP" info split --fields 's(offsets=o)' | holds -x 's.length: u64' || fail 'info of lengths'
"$SHARDSTEP" info ones --one-sample-a-file | holds -x 's: u16 4x3' || fail 'info of whole files'
"$SHARDSTEP" info split > info.txt
head -1 info.txt | holds -x 'split/0.h5, the first of 5 files (--fields tells of all):' || fail 'info of a folder'

# where a sample lies
"$SHARDSTEP" info split --fields "$windows" --sample 6 > place.txt
cat > expected.txt <<'TEXT'
sample 6: split/3.h5, number 2 in the file; file 3, source 0
    x: dataset s, rows 4 to 6
    y: dataset s, row 10
TEXT
same 'the place of a window' expected.txt place.txt
"$SHARDSTEP" info all.h5,split --fields 's(offsets=o)' --sample 0 2> /dev/null && fail 'all.h5 has no offsets'
"$SHARDSTEP" info ones,split/1.h5 --fields s --sample 49 --json > place.txt || fail 'the place of a row'
echo '{"sample":49,"file":"split/1.h5","number_in_file":1,"file_number":12,"source":1,"fields":[{"name":"s","dataset":"s","first":1,"count":1}]}' > expected.txt
tr -d ' \n' < place.txt > found.txt
echo >> found.txt
same 'the place of a row as JSON' expected.txt found.txt
refused 0 '^shardstep: --sample: shs_locate: sample 15 of a dataset of 15; samples are counted from 0$' \
    "$SHARDSTEP" info split --fields "$windows" --sample 15

mkdir empty
: > empty.txt
printf 'split/0.h5\nsplit/9.h5\n' > broken.txt
for ranks in 0 ${RANKS:-3}; do
    d="digest --vranks 5 --fields"
    refused "$ranks" "no file matches 'split/\*.hdf5'" "$SHARDSTEP" $d s 'split/*.hdf5'
    refused "$ranks" 'the folder empty holds no file' "$SHARDSTEP" $d s empty
    refused "$ranks" 'cannot open split/9.h5: No such file' "$SHARDSTEP" $d s @broken.txt
    refused "$ranks" 'the list empty.txt names no file' "$SHARDSTEP" $d s @empty.txt
    refused "$ranks" "there is no 'windw'" "$SHARDSTEP" $d 's(windw=2)' split
    refused "$ranks" 'no file has the rows of one window' "$SHARDSTEP" $d 's(window=21)' split
    refused "$ranks" 'leave out what stands in parentheses' \
        "$SHARDSTEP" $d 's(window=2)' ones --one-sample-a-file
    refused "$ranks" "there is no field 's' among those loaded: x, y" \
        "$SHARDSTEP" $d "$windows" split --augment 's: normalize(mean=0, std=1)'
done
digest 2 split --fields "$windows" --augment 'y: normalize(mean=3, std=2)' > /dev/null ||
    fail 'augmentation of a window by its alias'
digest 0 split --fields "$windows" --probe > probed.txt
digest 0 split --fields "$windows" > reference.txt
same 'a folder that is tried out' reference.txt probed.txt
digest 0 ones --fields s --one-sample-a-file --probe > /dev/null || fail 'a whole file that is tried out'
# ---- files that give no sample, and the same file twice, are told
if /usr/bin/python3 -c 'import h5py, numpy' 2> /dev/null; then
    /usr/bin/python3 - <<'END'
import h5py, numpy as np, os
os.mkdir('days')
for name, rows in ('a', 60), ('b', 29), ('c', 60):
    h5py.File(f'days/{name}.h5', 'w')['x'] = np.arange(rows)
os.symlink('a.h5', 'days/d.h5')
END
    "$SHARDSTEP" info days --fields 'x(window=30)' > info.txt || fail "info of days"
    grep -q '^93 samples in 4 files: ' info.txt || fail "samples of days: $(cat info.txt)"
    [ "$(grep -c 'gives no sample' info.txt)" = 1 ] &&
        grep -q '^    days/b.h5 gives no sample: it has fewer rows than a sample needs$' info.txt || fail "a short day: $(cat info.txt)"
    [ "$(grep -c 'is the same file' info.txt)" = 1 ] &&
        grep -q '^    days/d.h5 is the same file as days/a.h5: its samples occur once more$' info.txt || fail "a day twice: $(cat info.txt)"
fi

finish
