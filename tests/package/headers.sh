#!/usr/bin/env bash
# Each public header compiles alone, strictly, as C and as C++, without MPI's old C++ bindings. Only
# three of them need MPI, and without MPI two of these do without.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"

compiles() { # HEADER FLAGS
    local name=$1 flags=$2
    printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" > one.c
    cp one.c one.cpp
    for compiler in gcc clang; do
        command -v $compiler > /dev/null || continue
        $compiler -std=c11 -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror \
            -I"$SOURCE/include" $flags -c one.c -o one.o || fail "$name with $compiler"
    done
    if command -v g++ > /dev/null; then
        g++ -std=c++17 -Wall -Wextra -Werror \
            -I"$SOURCE/include" $flags -c one.cpp -o one.o || fail "$name with g++"
        if nm --undefined-only one.o | holds _ZN3MPI; then fail "$name needs MPI's C++ library"; fi
    fi
}

mpi=
if [ "$MPI_KIND" != none ]; then
    mpi=$(sed -n 's/^MPI_C_HEADER_DIR:PATH=/-I/p' "$BUILD/CMakeCache.txt")
    [ -n "$mpi" ] || fail "no folder of mpi.h in CMakeCache.txt"
fi
for header in "$SOURCE"/include/shardstep.h "$SOURCE"/include/shardstep/*.h; do
    name=${header#"$SOURCE"/include/}
    case $name in
    shardstep.h | */must.h)
        [ -z "$mpi" ] || compiles "$name" "$mpi"
        compiles "$name" -DSHARDSTEP_NO_MPI
        ;;
    */mpi.h) [ -z "$mpi" ] || compiles "$name" "$mpi" ;;
    *) compiles "$name" "" ;;
    esac
done
finish
