#!/usr/bin/env bash
# Each part of bench runs to its end and prints its table. The times are no matter of this test.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# table FILE TEXT COUNT: a line of FILE is TEXT, a pattern, and then COUNT numbers
number='[0-9]+(\.[0-9]+)?'
table() {
    local file=$1 text=$2 count=$3
    grep -qE -- "^ *$text( +$number){$count}\$" "$file" ||
        fail "bench: no line '$text' with $count numbers in: $(cat "$file")"
}

# part OPTION...: bench with these options ends well, says nothing else, and its output is in out.txt
part() {
    local code=0
    "$SHARDSTEP" bench "$@" > out.txt 2> err.txt < /dev/null || code=$?
    [ "$code" = 0 ] || fail "bench $*: exit code $code: $(cat err.txt)"
    [ ! -s err.txt ] || fail "bench $* says: $(cat err.txt)"
    grep -qiE '(^|[ -])(nan|inf)' out.txt && fail "bench $*: no number in: $(cat out.txt)"
    return 0
}

part --random --quick
for numbers in u32 u64 float double 'below\(60000\)' 'normal float' 'normal double'; do
    table out.txt "plain +$numbers" 3
done
table out.txt 'libc +memset' 2
table out.txt 'libc +memcpy' 2

part --order --quick
for samples in 20000 40000; do
    for subject in 'in bulk, plain' 'one at a time' 'Fisher-Yates over a table' \
        'blocks of 64, windows of 16' 'numbers of 3 sources to rows' 'drawn by weight' 'the ledger'; do
        table out.txt "$samples +$subject" 2
    done
done

part --augment --quick
grep -qE "^ *($number +){4}u8 28x28 hw: random_crop\(padding=2\) random_flip" out.txt ||
    fail "bench --augment: no line of Fashion-MNIST in: $(cat out.txt)"
part --augment 'images: random_flip(axis=h) normalize(mean=0.5, std=0.25)' --shape 5x7x3 --type u16 --layout chw --quick
grep -qE "^ *($number +){4}u16 5x7x3 chw: images: random_flip" out.txt ||
    fail "bench --augment TEXT: no line of it in: $(cat out.txt)"
part --augment 'random_crop(padding=1)' --shape 1 --type f32 --quick --json
python3 - out.txt <<'END' || fail "bench --augment --json: $(cat out.txt)"
import json, sys
(line,) = json.load(open(sys.argv[1]))["augment"]
assert line["text"] == "random_crop(padding=1)" and line["sample"] == "f32 1", line
for key in "samples_per_s", "bytes_per_s", "of_memset", "of_one_by_one":
    assert line[key] > 0, line
END

mkdir files
part --read files --quick
for stored in 'contiguous, full' '1 row a chunk, deflated, full' '64 rows a chunk, deflated, blocks' \
    '64 rows a chunk, deflated, none'; do
    table out.txt "$stored" 7
done
for way in 'positional reads, a row each' 'memcpy from a map' 'guarded copies from a map' 'loader' \
    'loader, map'; do
    table out.txt "$way" 8
done
grep -qE "^from the disk, contiguous, full: $number us a row, $number times as fast" out.txt ||
    fail "bench --read: nothing from the disk in: $(cat out.txt)"
grep -qE "^opening a dataset of 1000 chunks: $number s\$" out.txt ||
    fail "bench --read: nothing of opening in: $(cat out.txt)"
ls -A files > left.txt
[ ! -s left.txt ] || fail "bench --read leaves $(cat left.txt)"

refused 0 'say what to measure: a PATH, --random, --order, --read or --augment' "$SHARDSTEP" bench
refused 0 "there is no operator 'radom_flip'.* did you mean random_flip" "$SHARDSTEP" bench --augment 'radom_flip(axis=w)'
refused 0 "--shape takes the sizes of a sample's axes, such as 28x28 or 32x32x3, at most 8, not '3x'" \
    "$SHARDSTEP" bench --augment 'cast(type=f32)' --shape 3x
refused 0 'bench --augment measures mixup by itself; leave the other operators out' \
    "$SHARDSTEP" bench --augment 'cast(type=f32) mixup(alpha=1)'
refused 0 "--type takes u8, .* not 'u9'" "$SHARDSTEP" bench --augment 'cast(type=f32)' --type u9
refused 0 'layout hwc has 3 letters, but the sample has 2 axes' \
    "$SHARDSTEP" bench --augment 'cast(type=f32)' --layout hwc
refused 0 'write --augment TEXT' "$SHARDSTEP" bench --augment --shape 3
refused 0 'option --augment needs a value: --augment TEXT' "$SHARDSTEP" bench x.h5 --augment
refused 0 'option --shape is for bench --augment TEXT without a PATH' "$SHARDSTEP" bench x.h5 --shape 3
refused 0 'are four subjects; choose one' "$SHARDSTEP" bench --augment --order
refused 0 'no/such/folder' "$SHARDSTEP" bench --read no/such/folder
finish
