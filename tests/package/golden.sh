#!/usr/bin/env bash
# The same numbers of every compiler, optimisation, instruction set and byte order: builds
# tests/unit/golden_random.c, src/random and order_weights.c in every way that this
# machine can, and compares what each prints with tests/unit/golden_random.txt. To make that file
# anew, when numbers may change:
#   (golden_random; golden_random "" 20000) > tests/unit/golden_random.txt
# A million numbers a line by the fastest kernels of the builds with -O3 and by all of -O3 alone, 20,000
# by the others and where a machine is emulated. With SHARDSTEP_LONG=1 a million by all but the
# emulated, and also by -O1 and -O2.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

export short=20000 long=1000000 # numbers of a line
export table=$SOURCE/tests/unit/golden_random.txt
. "$SOURCE/tests/package/golden_builds.sh"
sources="$(echo "$SOURCE"/src/core/core_{memory,status,tensor,text}.c "$SOURCE"/src/random/*.c) \
    $SOURCE/src/order/order_weights.c $SOURCE/tests/unit/golden_random.c"
includes="-I$SOURCE/include -I$SOURCE/src/core -I$SOURCE/src/random -I$SOURCE/src/order"

# Tells what came of a build on one line; the lines that differ go to stderr.
try() { # NUMBER RUNNER COUNT KERNELS COMPILER options...
    local folder=build$1 runner=$2 count=$3 all_kernels=$4 kernels code what
    shift 4
    compile "$folder" "$@" || { echo "FAILED: $* does not compile"; return; }
    for kernels in ${all_kernels//,/ }; do
        what="${*//-static/}, $kernels kernels, $count numbers" code=0
        # shellcheck disable=SC2086
        ${runner#none} "$folder/golden" "$kernels" "$count" > "$folder/$kernels.txt" || code=$?
        grep "^$count " "$table" > "$folder/expected.txt"
        if [ "$code" = 77 ]; then
            echo "skipped: $what"
        elif [ "$code" = 0 ] && cmp -s "$folder/expected.txt" "$folder/$kernels.txt"; then
            echo "same: $what"
        else
            echo "FAILED: $what, exit code $code"
            diff "$folder/expected.txt" "$folder/$kernels.txt" >&2
        fi
        [ "$code" = 77 ] || [ "$*" = "$1 -O3" ] || [ "${SHARDSTEP_LONG:-}" = 1 ] || count=$short
    done
    rm -r "$folder"
}
export -f try

kernels=plain
[ "$(uname -m)" != x86_64 ] || kernels=avx512,avx2,plain
number=0
build() { # RUNNER COUNT KERNELS COMPILER options...
    number=$((number + 1))
    echo "$number $*" >> builds.txt
}

levels=("-O0" "-O3 -march=native" "-O3")
[ "${SHARDSTEP_LONG:-}" != 1 ] || levels+=("-O2" "-O1")
for level in "${levels[@]}"; do
    count=$long
    [ "$level" != -O0 ] || [ "${SHARDSTEP_LONG:-}" = 1 ] || count=$short
    for compiler in gcc clang; do
        if has "$compiler"; then build none $count $kernels "$compiler" $level; fi
    done
done
for machine in aarch64 s390x; do
    if has $machine-linux-gnu-gcc && has qemu-$machine-static; then
        build qemu-$machine-static $short plain $machine-linux-gnu-gcc -O3 -static
        build qemu-$machine-static $short plain $machine-linux-gnu-gcc -O0 -static
    fi
done
xargs -P "$(nproc)" -L 1 bash -c 'try "$@"' try < builds.txt >> results.txt
sort -u results.txt

[ "$(grep -c "^$short " "$table")" = "$(grep -c "^$long " "$table")" ] || fail "the table's halves"
grep -q "^same: .*$long" results.txt || fail "nothing was compared"
! grep -q '^FAILED' results.txt || fail "numbers differ"
finish
