#!/usr/bin/env bash
# Statistics are those of exact rational arithmetic, to the last bit, on any number of ranks and for
# any layout of the same data.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5repack h5dump h5py fashion

reference="/usr/bin/python3 $SOURCE/tests/cli/stats_reference.py"
$reference make plain.h5
names=$($reference names)
all() { # FILE: a line of JSON for each field
    for name in $names; do
        "$SHARDSTEP" stats "$1" "$name" --json || fail "stats $1 $name"
    done
}
all plain.h5 > plain.json
$reference check plain.h5 < plain.json > checked.txt || fail "statistics differ from the reference"
[ "$(wc -w < checked.txt)" = "$(echo "$names" | wc -w)" ] || fail "not all fields were compared"

# channels that are too many to count every value of: the other way to the same numbers
"$SHARDSTEP" stats plain.h5 wide --channel-axis 1 --json > wide.json
$reference check plain.h5 < wide.json > /dev/null || fail "many channels differ from the reference"

one() { # NAME: its line
    grep "\"field\": \"$1\"" plain.json > one.json
}
for layout in f32:CHUNK=7x2x4x3 f32:CHUNK=64x1x3x2 odd:CHUNK=7x2x3 rgb:CHUNK=101x6x5x1; do
    name=${layout%:*}
    h5repack -l $layout -f "$name:SHUF" -f "$name:GZIP=3" plain.h5 chunked.h5
    h5dump -H -p -d "$name" chunked.h5 | holds CHUNKED || fail "$layout is not chunked"
    "$SHARDSTEP" stats chunked.h5 "$name" --json | sed 's/chunked.h5/plain.h5/' > other.json
    one "$name"
    same "$layout" one.json other.json
done

# ranks: how the rows are shared does not depend on what is in them, so that one field has all numbers
for which in 3:odd 5:rgb 2:i64 5:none $(printf '%s:f32 ' ${RANKS:-1 2 3 5}); do
    ranks=${which%:*} name=${which#*:}
    on "$ranks" "$SHARDSTEP" stats plain.h5 "$name" --json > other.json
    one "$name"
    same "$name on $ranks ranks" one.json other.json
done

grep -q '"field": "zeros".*"min": 0, "max": 0,' plain.json || fail "a negative zero"
"$SHARDSTEP" stats plain.h5 odd > odd.txt
grep -q 'odd: f32 150x2x3, 900 elements, 16 of them NaN and 2 infinite' odd.txt || fail "$(head -n 1 odd.txt)"
"$SHARDSTEP" stats plain.h5 rgb --channel-axis none --bins 5 > rgb.txt
[ "$(grep -c '#' rgb.txt)" = 5 ] || fail "not 5 bins: $(cat rgb.txt)"
grep -qE 'rgb: normalize\(mean=0\.[0-9]+, std=0\.[0-9]+\)' rgb.txt || fail "no normalize()"

# a list of a number for each channel, ready to paste, where operators know the channels
"$SHARDSTEP" stats plain.h5 rgb > rgb.txt
/usr/bin/python3 - plain.json <<'END' > lists.txt || fail "no lists for rgb"
import json, sys
for line in open(sys.argv[1]):
    field = json.loads(line)
    if field['field'] == 'rgb':
        lists = [','.join('%.9g' % c[key] for c in field['channels']) for key in ('scaled_mean', 'scaled_std')]
        print('rgb: normalize(mean=[%s], std=[%s])' % tuple(lists))
END
tail -n 1 rgb.txt > last.txt
same "the lists of rgb" lists.txt last.txt
[ "$(tail -n 2 rgb.txt | grep -c '^rgb: normalize(mean=')" = 2 ] || fail "not one number before the lists: $(cat rgb.txt)"
"$SHARDSTEP" digest plain.h5 --fields rgb --batch 8 --augment "$(cat last.txt)" > /dev/null || fail "the lists of rgb are not taken"
/usr/bin/python3 - <<'END'
import h5py, numpy as np
x = np.random.default_rng(4).normal(size=(50, 3, 6, 5)) * np.array([1, 2, 3])[:, None, None]
with h5py.File('maps.h5', 'w') as f:
    f['maps'] = x.astype('f4')
    x[:, 1] = 0
    f['flat'] = x.astype('f4')
END
"$SHARDSTEP" stats maps.h5 maps --channel-axis 1 | tail -n 1 > last.txt
grep -qE '^maps: normalize\(mean=\[[-0-9.e]+,[-0-9.e]+,[-0-9.e]+\], std=\[[0-9.]+,[0-9.]+,[0-9.]+\], layout=chw\)$' last.txt ||
    fail "channels first: $(cat last.txt)"
"$SHARDSTEP" digest maps.h5 --fields maps --batch 8 --augment "$(cat last.txt)" > /dev/null || fail "the lists of maps are not taken"
# signals and the columns of a table, too
/usr/bin/python3 - <<'END'
import h5py, numpy as np
x = np.random.default_rng(5).normal(size=(50, 3, 20)).astype('f4')
with h5py.File('signals.h5', 'w') as f:
    f['first'], f['last'], f['table'] = x, x.transpose(0, 2, 1), x[:, 0, :9]
END
for arguments in 'first --channel-axis 1/cw' 'last/wc' 'table --channel-axis 1/c'; do
    field=${arguments%%[ /]*} layout=${arguments#*/}
    "$SHARDSTEP" stats signals.h5 ${arguments%/*} > lines.txt
    tail -n 1 lines.txt > last.txt
    grep -qE "^$field: normalize\(mean=\[.*\], std=\[.*\], layout=$layout\)$" last.txt || fail "$field: $(cat last.txt)"
    [ "$(grep -c normalize lines.txt)" = 2 ] || fail "$field: not one number before the lists"
    "$SHARDSTEP" digest signals.h5 --fields $field --batch 8 --augment "$(cat last.txt)" > /dev/null ||
        fail "the lists of $field are not taken"
done
for arguments in 'maps --channel-axis 2' 'maps --channel-axis none' 'flat --channel-axis 1'; do
    "$SHARDSTEP" stats maps.h5 $arguments > other.txt
    grep -q '\[' other.txt && fail "a list that no operator can take: stats maps.h5 $arguments: $(tail -n 1 other.txt)"
    [ "$(grep -c normalize other.txt)" = 1 ] || fail "no normalize() for all channels: stats maps.h5 $arguments"
done

import_fashion fashion.h5
"$SHARDSTEP" stats fashion.h5 train/images > fashion.txt
# the figures that are published of it everywhere
grep -q 'normalize(mean=0.28604.*, std=0.35302' fashion.txt || fail "Fashion-MNIST: $(cat fashion.txt)"

# ranks that see other files, or count otherwise, are told so and wait for nobody
seq 0 99 > numbers.csv
for type in u8 f32; do "$SHARDSTEP" import $type.h5 x=csv:$type:numbers.csv > /dev/null; done
cat > by_rank.sh << 'SH'
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
if [ "$rank" = 0 ]; then exec "$SHARDSTEP" stats $1; else exec "$SHARDSTEP" stats $2; fi
SH
refused 2 'called statistics of x, f32, .* where rank 0 called .* x, u8, ' \
    bash by_rank.sh 'u8.h5 x' 'f32.h5 x'
refused 2 'in 8 bins where rank 0 .* in 4 bins' \
    bash by_rank.sh 'f32.h5 x --bins 4' 'f32.h5 x --bins 8'

# each rank reads in a way of its own: from chunks, directly, through HDF5; all rows are counted once
/usr/bin/python3 - <<'END'
import os
import h5py, numpy as np
x = np.arange(1500, dtype='f8')
for folder, how in (('plain', {}), ('chunks', dict(chunks=(7,), compression='gzip')),
                    ('large', dict(chunks=(400,), shuffle=True)), ('through', dict(chunks=(64,), scaleoffset=3))):
    os.mkdir(folder)
    with h5py.File(folder + '/x.h5', 'w') as f:
        f.create_dataset('x', data=x, **how)
os.mkdir('other')
with h5py.File('other/x.h5', 'w') as f:
    f['x'] = x[::-1]
END
cat > each.sh <<'END'
# each.sh 'FOLDERS' command...: in the folder of the rank
cd "$(echo $1 | cut -d ' ' -f $((${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}} + 1)))"
shift
exec "$@"
END
(cd plain && "$SHARDSTEP" stats x.h5 x) > one.txt
for folders in 'chunks plain' 'plain chunks' 'large chunks plain' 'plain large' 'through plain chunks' \
    'plain chunks large through chunks'; do
    on "$(echo $folders | wc -w)" sh each.sh "$folders" "$SHARDSTEP" stats x.h5 x > other.txt || fail "stats in $folders"
    same "ranks that read in other ways: $folders" one.txt other.txt
done
refused 2 'x.h5: rank 1 on host .* has another copy than rank 0 on host .*: its hash of some rows is ' \
    sh each.sh 'plain other' "$SHARDSTEP" stats x.h5 x

# several files are one dataset, however they are named
mkdir parts
/usr/bin/python3 - <<'END'
import h5py, numpy as np
x = np.random.default_rng(3).normal(size=(230, 5, 3)).astype('f4')
with h5py.File('whole.h5', 'w') as f:
    f['x'] = x
for i, (a, b) in enumerate(((0, 1), (1, 1), (1, 150), (150, 230))):
    with h5py.File(f'parts/{i}.h5', 'w') as f:
        f.create_dataset('x', data=x[a:b], chunks=(9, 5, 3) if i == 2 else None)
with h5py.File('odd.h5', 'w') as f:
    f['x'] = x[:, :4]
END
"$SHARDSTEP" stats whole.h5 x --json | sed 's/"files": 1/"files": 4/; s/whole.h5/parts/' > one.json
for ranks in 0 ${RANKS:-1 2 3 5}; do
    on "$ranks" "$SHARDSTEP" stats parts x --json > other.json
    same "a folder on $ranks ranks" one.json other.json
done
for paths in 'parts/*.h5' parts/0.h5,parts/1.h5,parts/2.h5,parts/3.h5 'parts/0.h5 parts/1.h5 parts/2.h5 parts/3.h5'; do
    set -f
    "$SHARDSTEP" stats $paths x > other.txt || fail "stats $paths"
    set +f
    [ "$(head -n 1 other.txt)" = 'x: f32 230x5x3, 3450 elements of 4 files' ] || fail "stats $paths: $(cat other.txt)"
done
refused 3 "odd.h5: a row of dataset x is f32 4x3, but in whole.h5 f32 5x3" "$SHARDSTEP" stats whole.h5 odd.h5 x
"$BUILD/tests/plugin_file" filtered.h5
mkdir plugins
cp "$BUILD/tests/libplugin.so" plugins/
export HDF5_PLUGIN_PATH=$work/plugins
refused 0 'filter' "$SHARDSTEP" stats filtered.h5 data --probe
"$SHARDSTEP" stats filtered.h5 data --probe --plugins > other.txt || fail "stats --probe --plugins"
grep -q '^data: u8 8, 8 elements$' other.txt || fail "stats --probe --plugins: $(cat other.txt)"
unset HDF5_PLUGIN_PATH

for ranks in 0 3; do
    refused "$ranks" 'must be none or 1 to 7' "$SHARDSTEP" stats plain.h5 f32 --channel-axis 0
    refused "$ranks" 'there are 0 axes' "$SHARDSTEP" stats plain.h5 labels --channel-axis 1
    refused "$ranks" 'bins takes a whole number from 1 to 4096' "$SHARDSTEP" stats plain.h5 f32 --bins 0
    refused "$ranks" "no dataset 'f33'" "$SHARDSTEP" stats plain.h5 f33
    refused "$ranks" "stats takes the name of a dataset, as it is stored, and 'x=decode\(f32, size=9\)' is the text of a field" \
        "$SHARDSTEP" stats plain.h5 'x=decode(f32, size=9)'
done
finish
