#!/usr/bin/env bash
# Statistics are those of exact rational arithmetic, to the last bit, on any number of ranks and for
# any layout of the same data.
. "$(dirname "$0")/common.sh"

reference="/usr/bin/python3 $SOURCE/tests/cli/stats_reference.py"
if ! /usr/bin/python3 -c 'import h5py, numpy' 2> /dev/null; then
    echo "SKIPPED: no h5py and numpy (python3-h5py, python3-numpy)"
    exit 77
fi
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
    h5dump -H -p -d "$name" chunked.h5 | grep -q CHUNKED || fail "$layout is not chunked"
    "$SHARDSTEP" stats chunked.h5 "$name" --json | sed 's/chunked.h5/plain.h5/' > other.json
    one "$name"
    same "$layout" one.json other.json
done

# ranks
for ranks in ${RANKS:-1 2 3 5}; do
    for name in f32 odd rgb i64 none; do
        on "$ranks" "$SHARDSTEP" stats plain.h5 "$name" --json > other.json
        one "$name"
        same "$name on $ranks ranks" one.json other.json
    done
done

grep -q '"field": "zeros".*"min": 0, "max": 0,' plain.json || fail "a negative zero"
"$SHARDSTEP" stats plain.h5 odd > odd.txt
grep -q 'odd: f32 150x2x3, 900 elements, 16 of them NaN and 2 infinite' odd.txt || fail "$(head -n 1 odd.txt)"
"$SHARDSTEP" stats plain.h5 rgb --channel-axis none --bins 5 > rgb.txt
[ "$(grep -c '#' rgb.txt)" = 5 ] || fail "not 5 bins: $(cat rgb.txt)"
grep -qE 'rgb: normalize\(mean=0\.[0-9]+, std=0\.[0-9]+\)' rgb.txt || fail "no normalize()"

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

for ranks in 0 3; do
    refused "$ranks" 'must be none or 1 to 7' "$SHARDSTEP" stats plain.h5 f32 --channel-axis 0
    refused "$ranks" 'there are 0 axes' "$SHARDSTEP" stats plain.h5 labels --channel-axis 1
    refused "$ranks" 'must be 1 to 4096' "$SHARDSTEP" stats plain.h5 f32 --bins 0
    refused "$ranks" "no dataset 'f33'" "$SHARDSTEP" stats plain.h5 f33
done
finish
