#!/usr/bin/env bash
# The comparison with PyTorch prints a table for each file, and stops if a way does not do the same work.
set -euo pipefail
. "$(dirname "$0")/common.sh"
needs h5py torch fashion

export SHARDSTEP SHARDSTEP_WORK=$work MPIRUN
cores=2
[ "$(nproc)" -ge 2 ] || cores=1
"$SOURCE/examples/compare_python.sh" --quick --cores $cores > out.txt 2> err.txt ||
    fail "compare_python.sh --quick: $(cat err.txt)"
[ -z "$(what_is_said err.txt)" ] || fail "compare_python.sh --quick says: $(cat err.txt)"

# lines EXPECTED PATTERN: so many lines of the output match
lines() {
    local found
    found=$(grep -cE -- "$2" out.txt || true)
    [ "$found" = "$1" ] || fail "$1 lines '$2' were expected, $found found in: $(cat out.txt)"
}
number='[0-9]+ +[0-9.]+ +[0-9.]+ times as fast$'
sum=$(od -An -v -tu1 labels.bin | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum }')
lines 1 ', [0-9]+ cores; Python 3.*, PyTorch [0-9].*, h5py [0-9].*, HDF5 [0-9]'
lines 1 '^quick-fashion.h5, train/images: uint8 600x28x28, chunks of 64 rows, not compressed$'
lines 1 '^quick-deflated.h5, train/images: uint8 600x28x28, chunks of 64 rows, gzip$'
lines 1 '^quick-floats.h5, images: float32 300x3x64x64, contiguous, not compressed$'
lines 2 "^each way gave 600 rows an epoch, with the file's labels \(sum $sum\), in batches of 128 x 28x28 float32,$"
lines 1 "^each way gave 300 rows an epoch, with the file's labels \(sum 44850\), in batches of 128 x 3x64x64 float32,$"
lines 3 "^mean -?0\.0[0-9]+ to -?0\.0[0-9]+; .*PyTorch's pixels differ by at most [0-9]e-0[678]$"
lines 3 "^$cores cores?, median of 1 round$"
for workers in "0 workers" "$cores workers?"; do
    lines 3 "^PyTorch, plain, h5py, $workers +full +$number"
    lines 3 "^PyTorch, expert, h5py, $workers +full +$number"
    lines 1 "^PyTorch, expert, h5py, $workers +blocks +$number"
    lines 3 "^PyTorch, expert, array in RAM, $workers +full +$number"
done
lines 3 "^PyTorch, tensors in RAM, no DataLoader +full +$number"
for ranks in "1 rank of $cores threads?" "$cores ranks? of 1 thread"; do
    for ahead in '' ', ahead'; do
        lines 3 "^Shardstep, $ranks$ahead +full +$number"
        lines 1 "^Shardstep, $ranks$ahead +blocks +$number"
    done
done
lines $((23 + 8 * cores)) "$number" # and no others

# stops WORDS PATTERN: the Python program stops with this message
stops() {
    local code=0
    # shellcheck disable=SC2086
    /usr/bin/python3 "$SOURCE/examples/compare_python.py" $1 --shardstep "$SHARDSTEP" --mpirun "$MPIRUN" \
        > out.txt 2> err.txt || code=$?
    [ "$code" != 0 ] || fail "exit code 0: compare_python.py $1"
    grep -qE -- "$2" err.txt || fail "no '$2' from compare_python.py $1: $(cat err.txt)"
}
fields="--images train/images --labels train/labels --std 0.353 --cores 1"
stops "quick-fashion.h5 $fields --mean 0.7" 'PyTorch, plain.*the mean of the pixels is -1\.[0-9]+ after normalization'
stops "quick-floats.h5 --images images --labels labels --mean 0.5 --std 0.3 --blocks" 'images has no chunks'
finish
