#!/usr/bin/env bash
# Statistics of some rows, without missing values: those of exact rational arithmetic, to the last bit,
# on any number of ranks. The file of --write holds them, whole or not at all.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py

reference="/usr/bin/python3 $SOURCE/tests/cli/stats_reference.py"
mkdir parts
/usr/bin/python3 - <<'END'
import h5py, numpy as np
draw = np.random.default_rng(11)
sizes = (70, 1, 120, 40)
gap = {'f32': np.float32(1e20), 'f16': np.float16(-999), 'f64': -9999.9, 'i16': np.int16(-32768),
       'u8': np.uint8(255), 'i64': np.int64(-2**63), 'rgb': np.uint8(0)}
for i, rows in enumerate(sizes):
    fields = {'f32': draw.normal(3, 20, (rows, 2, 4, 3)).astype('f4'),
              'f16': draw.normal(size=(rows, 7)).astype('f2'),
              'f64': draw.lognormal(0, 30, (rows, 5)),
              'i16': draw.integers(-32768, 32768, (rows, 3)).astype('i2'),
              'u8': draw.integers(0, 256, (rows, 4, 5)).astype('u1'),
              'i64': draw.integers(-2**40, 2**40, (rows, 3)).astype('i8'),
              'rgb': draw.integers(0, 30, (rows, 6, 5, 3)).astype('u1')}
    with h5py.File(f'parts/{i}.h5', 'w') as f:
        for name, values in fields.items():
            values[draw.random(values.shape) < 0.1] = gap[name]
            if values.dtype.kind == 'f':
                values[draw.random(values.shape) < 0.05] = np.nan
            how = dict(chunks=(7,) + values.shape[1:], compression='gzip') if i == 2 else {}
            f.create_dataset(name, data=values, **how).attrs['_FillValue'] = gap[name]
        f['plain'] = fields['f32'][:, 0]
    if i == 0:
        with h5py.File('zeros.h5', 'w') as f:
            f['x'] = np.zeros((9, 3), 'i4')
            f['x'].attrs['missing_value'] = np.int32([0, 7])
        with h5py.File('text.h5', 'w') as f:
            f['x'] = np.zeros(9, 'f4')
            f['x'].attrs['_FillValue'] = 'NaN'
        with h5py.File('never.h5', 'w') as f:
            f['x'] = np.arange(9, dtype='u1')
            f['x'].attrs['_FillValue'] = -999.0
with h5py.File('parts/2.h5', 'a') as f:
    f.copy('f32', 'other')
for i in (0, 1, 3):
    with h5py.File(f'parts/{i}.h5', 'a') as f:
        f['other'] = f['f32'][...]
END
files='parts/0.h5 parts/1.h5 parts/2.h5 parts/3.h5'

# ---- a part, a list and all rows
$reference part 5 0 0.8 231 > part.txt
seq 0 230 > all.txt
printf '0\n3 4 5\n69 70 71\n100 190 191 230\n' > list.txt
for field in f32 f16 f64 i16 u8 i64 rgb plain; do
    for which in part list all; do
        case $which in
        part) how='--part 0,0.8 --split-seed 5' ;;
        list) how='--rows list.txt' ;;
        all) how= ;;
        esac
        "$SHARDSTEP" stats parts "$field" --json $how > one.json || fail "stats of $field, $which"
        $reference chosen $which.txt $files < one.json > told.txt || fail "$field, $which: not the reference's"
        case "$field $which $(cat told.txt)" in
        plain*' 0') ;;
        plain* | *' all '*' 0') fail "$field, $which: missing values: $(cat told.txt)" ;;
        esac
    done
done
# how the rows are shared does not depend on their type, so that one field has all numbers of ranks
for which in 3:u8 5:i64 $(printf '%s:f32 ' ${RANKS:-1 2 3 5}); do
    ranks=${which%:*} field=${which#*:}
    "$SHARDSTEP" stats parts "$field" --part 0.3,1 --channel-axis 1 > one.txt
    on "$ranks" "$SHARDSTEP" stats parts "$field" --part 0.3,1 --channel-axis 1 > other.txt
    same "a part of $field on $ranks ranks" one.txt other.txt
    "$SHARDSTEP" stats parts "$field" --rows list.txt --json > one.txt
    on "$ranks" "$SHARDSTEP" stats parts "$field" --rows list.txt --json > other.txt
    same "a list of $field on $ranks ranks" one.txt other.txt
done
"$SHARDSTEP" stats parts f32 --part 0,0.8 --split-seed 5 > told.txt
grep -q "^$(wc -l < part.txt) of 231 rows: the part 0,0.8 by --split-seed 5\$" told.txt || fail "the rows: $(cat told.txt)"
grep -q '^missing values, which are left out: 1e+20 (attribute _FillValue)$' told.txt || fail "the fill value: $(cat told.txt)"
grep -q '^ channel .* left out$' told.txt || fail "no column of what is left out: $(cat told.txt)"
grep -qE '^f32: .* [0-9]+ of them NaN, 0 infinite and [0-9]+ missing, which are left out$' told.txt || fail "the counts: $(cat told.txt)"

# the rows of the loader's part are the same
"$SHARDSTEP" replay parts --fields f32 --part 0,0.8 --split-seed 5 --shuffle none --batch 500 --rank 0 --step 0 \
    --vranks 1 > batch.txt
sed -n 's/^slot [0-9]* *row //p' batch.txt > rows.txt
same "the part and the loader's part" part.txt rows.txt

# ---- fill values
echo 231 > wrong.txt
[ "$("$SHARDSTEP" stats parts f32 --fill none | grep -c 'missing')" = 0 ] || fail "--fill none"
"$SHARDSTEP" stats parts plain --fill 1e20 --json > one.json
$reference chosen all.txt $files < one.json > told.txt || fail "--fill 1e20"
holds -vq ' 0$' < told.txt || fail "--fill 1e20 left nothing out: $(cat told.txt)"
"$SHARDSTEP" stats zeros.h5 x > told.txt
grep -q 'x: i32 9x3, 27 elements, 0 of them NaN, 0 infinite and 27 missing' told.txt || fail "all missing: $(cat told.txt)"
grep -q 'missing values, which are left out: 0,7 (attribute missing_value)' told.txt || fail "all missing: $(cat told.txt)"
grep -q 'normalize' told.txt && fail "normalize() of nothing: $(cat told.txt)"
"$SHARDSTEP" stats never.h5 x | holds 'missing' && fail "a u8 of -999"
for ranks in 0 3; do
    refused "$ranks" 'parts/2.h5: the missing values of dataset other are 1e[+]20 .attribute _FillValue., but in parts/0.h5 none; give --fill' \
        "$SHARDSTEP" stats parts other
    refused "$ranks" 'text.h5: dataset x: its attribute _FillValue is text and no number.*--fill' "$SHARDSTEP" stats text.h5 x
    refused "$ranks" "fill is '-1', but the elements are u8; give none, or up to 8 numbers" "$SHARDSTEP" stats parts u8 --fill -1
    refused "$ranks" 'the list of rows has row 231, at 0; the dataset has 231' "$SHARDSTEP" stats parts f32 --rows wrong.txt
    refused "$ranks" 'part is .0.5,0.2.|a part from 0.5 to 0.2' "$SHARDSTEP" stats parts f32 --part 0.5,0.2
    refused "$ranks" 'both a part .from, to. and a list' "$SHARDSTEP" stats parts f32 --part 0.5,1 --rows list.txt
done
cat > by_rank.sh << 'SH'
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
if [ "$rank" = 0 ]; then exec "$SHARDSTEP" stats $1; else exec "$SHARDSTEP" stats $2; fi
SH
refused 2 'called statistics of f32, .* rows with hash .* where rank 0 called' \
    bash by_rank.sh 'parts f32 --part 0,0.5' 'parts f32 --part 0,0.5 --split-seed 1'

# ---- --write
for ranks in 0 ${RANKS:-1 2 3 5}; do
    on "$ranks" "$SHARDSTEP" stats parts rgb --part 0,0.8 --split-seed 5 --write rgb.stats --overwrite > told.txt ||
        fail "--write on $ranks ranks"
    [ "$ranks" = 0 ] && cp rgb.stats one.stats && cp told.txt one.txt
    same "what is written on $ranks ranks" one.stats rgb.stats
    same "what is printed on $ranks ranks" one.txt told.txt
done
[ "$(head -n 1 rgb.stats)" = 'shardstep stats 1' ] || fail "first line: $(cat rgb.stats)"
[ "xxh3 = $(head -n -1 rgb.stats | xxhsum -H128 | cut -d ' ' -f 1)" = "$(tail -n 1 rgb.stats)" ] || fail "checksum: $(cat rgb.stats)"
for line in 'field = rgb' 'type = u8' 'sample = 6x5x3' 'channel_axis = 3' 'file = parts/3.h5' \
    "rows = $(wc -l < part.txt) of 231" 'part = 0,0.8' 'split_seed = 5' 'missing = 0 (attribute _FillValue)' 'left_out_nan = 0,0,0'; do
    grep -qxF "$line" rgb.stats || fail "no line '$line': $(cat rgb.stats)"
done
"$SHARDSTEP" stats parts rgb --part 0,0.8 --split-seed 5 --json > rgb.json
/usr/bin/python3 - <<'END' || fail "other figures than --json"
import json
lines = dict(line.rstrip('\n').split(' = ', 1) for line in open('rgb.stats') if ' = ' in line)
told = json.load(open('rgb.json'))['channels']
for name, key in (('mean', 'mean'), ('std', 'std'), ('min', 'min'), ('max', 'max'), ('count', 'finite'), ('left_out_missing', 'filled')):
    got = [float(x) for x in lines[name].split(',')]
    assert got == [c[key] for c in told], (name, got)
END
refused 3 'rgb.stats exists already|rgb.stats is there already|rgb.stats.* --overwrite' "$SHARDSTEP" stats parts rgb --write rgb.stats
refused 0 'parts/0.h5 is a file of the data' "$SHARDSTEP" stats parts rgb --write parts/0.h5 --overwrite
refused 0 'cannot create nowhere/x: the folder nowhere does not exist' "$SHARDSTEP" stats parts rgb --write nowhere/x
ls | holds '\.tmp$' && fail "a temporary file is left"
finish
