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

# Sums over ranks. Without MPI there is no MPI_Allreduce to compare with, and a line says so.
part --reduce 1,2 --quick
grep -qx '1 rank, 1 virtual rank, f32, in place; medians of 3, 3 rounds of all ways in turn' out.txt ||
    fail "bench --reduce: another heading in: $(cat out.txt)"
for way in 'reproducible mean' 'reproducible mean, tensors borrowed' 'reproducible mean, tensors copied' 'fast mean' 'memcpy, huge pages'; do
    table out.txt "$way" 2
done
grep -qE '^MPI_Allreduce, huge pages +- +-$' out.txt || fail "bench --reduce measures MPI: $(cat out.txt)"
grep -qx 'MPI_Allreduce was not measured: MPI does not run; start the command by mpirun' out.txt ||
    fail "bench --reduce does not say what is missing: $(cat out.txt)"
on 2 "$SHARDSTEP" bench --reduce 1 --quick --vranks 5 > out.txt < /dev/null || fail "bench --reduce on 2 ranks"
for way in 'reproducible mean' 'reproducible mean, tensors borrowed' 'reproducible mean, tensors copied' 'fast mean' MPI_Allreduce 'MPI_Allreduce, 4 MiB at a time' \
    'MPI_Allreduce, huge pages' 'MPI_Allreduce, huge pages, 4 MiB at a time' 'memcpy, huge pages'; do
    table out.txt "$way" 1
done
on 3 "$SHARDSTEP" bench --reduce 1 --quick --json > out.txt < /dev/null || fail "bench --reduce on 3 ranks"
python3 - out.txt <<'END' || fail "bench --reduce --json: $(cat out.txt)"
import json, sys
found = json.load(open(sys.argv[1]))
assert (found["ranks"], found["vranks"], found["not_measured"]) == (3, 3, None), found
(size,) = found["sizes"]
assert (size["mebibytes"], size["rounds"]) == (1, 3), size
others = ["reproducible_borrowed", "reproducible_copied", "fast", "allreduce", "allreduce_pieces", "allreduce_huge", "allreduce_huge_pieces", "memcpy"]
assert list(size["ms"]) == ["reproducible"] + others and min(size["ms"].values()) > 0, size
ratios = size["reproducible_times_as_fast_as"]
assert list(ratios) == others, size
for way in others:
    assert abs(ratios[way] * size["ms"]["reproducible"] / size["ms"][way] - 1) < 1e-9, size
END

# A mean beside a computation.
on 2 "$SHARDSTEP" bench --reduce 1 --overlap --quick --vranks 3 > out.txt < /dev/null || fail "bench --reduce --overlap"
grep -qx '2 ranks, 3 virtual ranks, f32, 32 tensors; medians of 3 rounds' out.txt ||
    fail "bench --reduce --overlap: another heading in: $(cat out.txt)"
for line in 'reproducible mean alone' 'computation alone' 'both together'; do
    table out.txt "$line" 1
done
grep -qE '^hidden part of the mean, in percent +-?[0-9.]+$' out.txt || fail "bench --reduce --overlap: $(cat out.txt)"
part --reduce 1 --overlap --quick --json
python3 - out.txt <<'END' || fail "bench --reduce --overlap --json: $(cat out.txt)"
import json, sys
found = json.load(open(sys.argv[1]))
(size,) = found["sizes"]
ms = size["ms"]
assert (found["ranks"], found["tensors"], size["mebibytes"], size["rounds"]) == (1, 32, 1, 3), found
assert min(ms.values()) > 0, ms
hidden = (ms["mean"] + ms["computation"] - ms["together"]) / min(ms["mean"], ms["computation"])
assert abs(hidden - size["hidden"]) < 1e-9, size
END

# Beside PyTorch's gloo, or a line that says that it is missing.
MPIRUN=$MPIRUN /usr/bin/python3 "$SOURCE/examples/compare_reduce.py" "$SHARDSTEP" 1 --quick --turns 1 > out.txt 2> err.txt ||
    fail "compare_reduce.py: $(cat out.txt err.txt)"
table out.txt reproducible 1
grep -qE "^gloo( +$number| was not measured: PyTorch is missing)" out.txt || fail "compare_reduce.py says: $(cat out.txt)"

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

# What a checkpoint costs the step. Nothing is left behind.
part --save --quick files
for way in memcpy 'save in the background, the step waits' 'save in the background, until it is stored' \
    'save that the step waits for'; do
    table out.txt "$way" 2
done
on 2 "$SHARDSTEP" bench --save files --quick --json > out.txt < /dev/null || fail "bench --save on 2 ranks"
python3 - out.txt <<'END' || fail "bench --save --json: $(cat out.txt)"
import json, sys
found = json.load(open(sys.argv[1]))
assert found["ranks"] == 2 and found["mebibytes"] == 4, found
assert set(found["ms"]) == {"memcpy", "step_waits", "stored", "save"} and min(found["ms"].values()) > 0, found
assert found["ms"]["stored"] > found["ms"]["step_waits"] and found["step_waits_of_memcpy"] > 0, found
END
ls -A files > left.txt
[ ! -s left.txt ] || fail "bench --save leaves $(cat left.txt)"
refused 0 'no/such/folder' "$SHARDSTEP" bench --save no/such/folder --quick

refused 0 'say what to measure: a PATH, --random, --order, --read, --reduce, --save or --augment' "$SHARDSTEP" bench
refused 0 "of 'sample: radom_flip\(axis=w\)': augmentation, character 9: there is no operator 'radom_flip'; did you mean random_flip\? 'shardstep augment' lists them" "$SHARDSTEP" bench --augment 'radom_flip(axis=w)'
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
refused 0 'are six subjects; choose one' "$SHARDSTEP" bench --augment --order
refused 3 'are six subjects; choose one' "$SHARDSTEP" bench --reduce --order
refused 0 '--reduce takes up to 16 sizes of 1 to 2048 MiB, such as 1,4,16,64, not .1,0.' "$SHARDSTEP" bench --reduce 1,0
refused 3 'rank 0: --reduce takes up to 16 sizes .* not .x.h5.' "$SHARDSTEP" bench --reduce x.h5
refused 0 'option --overlap is for bench --reduce' "$SHARDSTEP" bench --overlap
refused 2 'option --overlap is for bench --reduce' "$SHARDSTEP" bench --order --overlap
refused 0 'option --overlap is for bench --reduce' "$SHARDSTEP" bench x.h5 --overlap
refused 3 '3 ranks for 2 virtual ranks' "$SHARDSTEP" bench --reduce --vranks 2
refused 0 'option --vranks is for bench PATH, not for bench --random' "$SHARDSTEP" bench --order --vranks 2
refused 0 'no/such/folder' "$SHARDSTEP" bench --read no/such/folder
finish
