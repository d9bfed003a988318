#!/usr/bin/env bash
# The same results of optimisers from every compiler, optimisation, instruction set and byte order:
# builds tests/unit/golden_optimizer.c with src/optimize in every way that this machine can, and
# compares what it prints with tests/unit/golden_optimizer.txt. To make that file anew, when results
# may change:
#   build/tests/golden_optimizer > tests/unit/golden_optimizer.txt
# unit.golden_optimizer does so with the build's own objects. With SHARDSTEP_LONG=1 every optimisation
# of every compiler.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
. "$SOURCE/tests/package/golden_builds.sh"
sources="$(echo "$SOURCE"/src/core/core_{memory,status,tensor,text}.c "$SOURCE"/src/optimize/*.c) \
    $SOURCE/tests/unit/golden_optimizer.c"
includes="-I$SOURCE/include -I$SOURCE/src/core -I$SOURCE/src/random -I$SOURCE/src/optimize"

number=0
try() { # RUNNER COMPILER options...
    local runner=$1 what="${*:2}" folder
    shift
    if ! has "$1" || { [ "$runner" != none ] && ! has "$runner"; }; then return; fi
    number=$((number + 1)) folder=build$number
    if ! compile "$folder" "$@"; then
        fail "$what does not compile"
    elif ! ${runner#none} "$folder/golden" > came.txt; then
        fail "$what: golden_optimizer fails"
    else
        same "the hashes of optimisers by $what" "$SOURCE/tests/unit/golden_optimizer.txt" came.txt
        echo "tried: $what" >> results.txt
    fi
}

native="-O0 -O3,-march=native" emulated="-O3"
if [ "${SHARDSTEP_LONG:-}" = 1 ]; then
    native="-O0 -O1 -O2 -O3 -O3,-march=native" emulated="-O0 -O2 -O3"
fi
for compiler in gcc clang; do
    for level in $native; do
        try none $compiler ${level//,/ }
    done
done
for machine in aarch64 s390x; do
    for level in $emulated; do
        try qemu-$machine-static $machine-linux-gnu-gcc "$level" -static
    done
done
cat results.txt
grep -q '^tried: ' results.txt || fail "nothing was compared"
finish
