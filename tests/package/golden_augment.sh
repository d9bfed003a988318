#!/usr/bin/env bash
# The same results of operators from every compiler, optimisation, instruction set and byte order:
# builds tests/unit/golden_augment.c with src/random, src/grid and src/augment, and compares what
# it prints with tests/unit/golden_augment.txt. To make that file anew, when results may change:
#   build/tests/golden_augment > tests/unit/golden_augment.txt
# unit.golden_augment does so with the build's own objects. Here are the builds that no build of
# tests/run.sh is like: without optimisation, and emulated machines, one of which puts the highest
# byte first. With SHARDSTEP_LONG=1 every optimisation of every compiler.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/package/golden_builds.sh"
export table=$SOURCE/tests/unit/golden_augment.txt
sources="$(echo "$SOURCE"/src/core/core_{hash,memory,nearest,status,tensor,text}.c \
    "$SOURCE"/src/{random,grid,augment}/*.c) $SOURCE/tests/unit/golden_augment.c"
includes="-I$SOURCE/include -I$SOURCE/src/core -I$SOURCE/src/random -I$SOURCE/src/grid \
    -I$SOURCE/src/augment"

# Tells what came of a build on one line; the lines that differ go to stderr.
try() { # NUMBER RUNNER KERNELS COMPILER options...
    local folder=build$1 runner=$2 all_kernels=$3 kernels code what
    shift 3
    compile "$folder" "$@" || { echo "FAILED: $* does not compile"; return; }
    for kernels in ${all_kernels//,/ }; do
        what="${*//-static/}, $kernels kernels" code=0
        ${runner#none} "$folder/golden" "$kernels" > "$folder/$kernels.txt" || code=$?
        if [ "$code" = 77 ]; then
            echo "skipped: $what"
        elif [ "$code" = 0 ] && cmp -s "$table" "$folder/$kernels.txt"; then
            echo "same: $what"
        else
            echo "FAILED: $what, exit code $code"
            diff "$table" "$folder/$kernels.txt" >&2
        fi
    done
    rm -r "$folder"
}
export -f try

kernels=plain
[ "$(uname -m)" != x86_64 ] || kernels=avx512,avx2,plain
number=0
build() { # RUNNER KERNELS COMPILER options...
    number=$((number + 1))
    echo "$number $*" >> builds.txt
}

native="-O0" emulated="-O2"
if [ "${SHARDSTEP_LONG:-}" = 1 ]; then
    native="-O0 -O1 -O2 -O3 -O3,-march=native" emulated="-O0 -O2 -O3"
fi
for machine in s390x aarch64; do
    if has $machine-linux-gnu-gcc && has qemu-$machine-static; then
        for level in $emulated; do
            build qemu-$machine-static plain $machine-linux-gnu-gcc "$level" -static
        done
    fi
done
for compiler in clang gcc; do
    if has $compiler; then
        for level in $native; do
            build none $kernels $compiler ${level//,/ }
        done
    fi
done
xargs -P "$(nproc)" -L 1 bash -c 'try "$@"' try < builds.txt >> results.txt
sort -u results.txt

grep -q '^same: ' results.txt || fail "nothing was compared"
! grep -q '^FAILED' results.txt || fail "results differ"
finish
