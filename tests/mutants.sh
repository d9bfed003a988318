#!/usr/bin/env bash
# Five faults, one at a time, in a copy of the sources: a test must fail for each, and say what was
# expected and what came. Takes some minutes; not part of CI.
#
#   tests/mutants.sh               all mutants
#   tests/mutants.sh order resume  some of them: order augment reduction resume reading
#
# SHARDSTEP_WORK is a folder for the copy and its build: build/tests in this repository unless it is set.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${SHARDSTEP_WORK:-$root/build/tests}/mutants
chosen=" ${*:-order augment reduction resume reading} "
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# build TARGET...: of the copy; says why it failed
build() {
    cmake --build "$work/build" --target "$@" > "$work/build.txt" 2>&1 || {
        tail -n 40 "$work/build.txt" >&2
        return 1
    }
}

# passes TEST: runs a test of the copy, with its output in output.txt
passes() {
    (cd "$work/build" && ctest -R "^${1//./\\.}\$" --output-on-failure) > "$work/output.txt" 2>&1
}

# mutant NAME TEST FILE SED: the test passes without the fault, and fails with it
mutant() {
    local name=$1 test=$2 file=$3 change=$4 target
    target=$(cut -d . -f 2 <<< "$test")
    [[ $chosen == *" $name "* ]] || return 0
    printf '\n== %s: %s, tested by %s\n' "$name" "$file" "$test"
    build "$target" && passes "$test" || {
        fail "$name: $test does not pass without the fault"
        return 0
    }
    sed -i "$change" "$work/source/$file"
    if diff -U 0 "$root/$file" "$work/source/$file" | sed -n '4,$p'; then
        fail "$name: nothing in $file is as the fault expects it; adapt tests/mutants.sh"
    elif ! build "$target"; then
        fail "$name: the fault does not compile"
    elif passes "$test"; then
        fail "$name: the mutant survives"
    elif ! grep 'expected .*; came ' "$work/output.txt" > "$work/lines.txt"; then
        tail -n 20 "$work/output.txt" >&2
        fail "$name: no line says what was expected and what came"
    else
        head -n 3 "$work/lines.txt" | sed "s|$work/source/||"
    fi
    cp "$root/$file" "$work/source/$file"
}

# Only what has changed is copied, so that a second run builds little.
for part in CMakeLists.txt LICENSE README.md src include examples tests; do
    while IFS= read -r file; do
        cmp -s "$root/$file" "$work/source/$file" && continue
        mkdir -p "$work/source/$(dirname "$file")"
        cp -p "$root/$file" "$work/source/$file"
        touch "$work/source/$file"
    done < <(cd "$root" && find "$part" -type f)
done
launcher=
[ -z "$(type -P ccache)" ] || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSHARDSTEP_EXAMPLES=OFF \
    -DSHARDSTEP_TEST_RANKS=2 $launcher > "$work/configure.txt" 2>&1 || {
    cat "$work/configure.txt" >&2
    exit 1
}

# the positions of virtual rank v begin one too late
mutant order unit.test_order src/order/order_plan.c \
    's/first + vrank \* shape->batch)/first + vrank * shape->batch + 1)/'
# a crop is never moved by the whole padding to one side
mutant augment unit.test_augment_geometry src/augment/augment_geometry.c \
    's/- setting->sizes\[i\] + 1;/- setting->sizes[i];/'
# the left half of a node is half as large
mutant reduction unit.test_order_tree src/order/order_tree.c \
    's/63 - (uint32_t)__builtin_clzll(span)/62 - (uint32_t)__builtin_clzll(span | 2)/'
# a loader goes on one step after the cursor
mutant resume mpi.test_loader_cursor.2 src/load/load_next.c \
    's/^    loader->cursor = cursor;/&\n    loader->cursor.epoch_step++;/'
# a single row of a chunk is its neighbour
mutant reading unit.test_fetch src/fetch/fetch_plan.c \
    's/decoded, piece->first,/decoded, piece->first ^ (piece->count == 1),/'

[ "$failures" = 0 ] || { echo "$failures mutants are a fault of the tests" >&2; exit 1; }
printf '\nevery mutant was found, by a line that tells it\n'
