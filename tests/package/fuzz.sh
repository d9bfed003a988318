#!/usr/bin/env bash
# Every fuzz target, from its committed corpus on, for 20,000 inputs, which are the same every time:
# no crash, no leak, no wait. SHARDSTEP_LONG=1 for 200,000, RUNS=N for another number; SEED=N for
# other inputs.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs clang ninja

runs=20000
[ -z "${SHARDSTEP_LONG:-}" ] || runs=200000

echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long bytes) { return !data && bytes; }' > try.c
clang -fsanitize=fuzzer,address,undefined try.c -o try 2> err.txt ||
    { echo "skipped: clang has no fuzzer here: $(cat err.txt)"; exit 77; }

cmake -S "$SOURCE" -B build -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -DNDEBUG" -DSHARDSTEP_WERROR=ON -DSHARDSTEP_SANITIZE=address,undefined -DSHARDSTEP_FUZZ=ON \
    -DSHARDSTEP_EXAMPLES=OFF > build.txt 2>&1 && cmake --build build --target fuzz >> build.txt 2>&1 ||
    { cat build.txt >&2; fail "the fuzz targets do not build"; finish; }

for source in "$SOURCE"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c) name=${name#fuzz_}
    [ -n "$(ls "$SOURCE/tests/fuzz/$name")" ] || fail "$name has no corpus"
    cp -r "$SOURCE/tests/fuzz/$name" "corpus_$name" # what it finds goes there
    "build/tests/fuzz_$name" -runs="${RUNS:-$runs}" -seed="${SEED:-1}" -max_len=4096 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 "corpus_$name" > "$name.txt" 2>&1 || {
        tail -40 "$name.txt" >&2
        for input in crash-* leak-* timeout-* oom-*; do
            [ ! -s "$input" ] || echo "$input: $(base64 -w 0 "$input")" >&2
        done
        fail "$name"
    }
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$name.txt") inputs," \
        "$(grep -c . <(ls "corpus_$name")) of interest"
done
finish
