#!/usr/bin/env bash
# The order of the layers, where the compiler cannot see it, and the library's symbols.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs nm

src=$SOURCE/src
calls() { # PATTERN: files with such a call or include, outside comments
    grep -rnE --include='*.[ch]' "$1" "$src" | grep -vE ':[0-9]+: *(/?\*|//)' || true
}
only_in() { # FOLDERS_OR_FILES PATTERN
    calls "$2" | grep -vE "^$src/($1)[/:]" > breach.txt || true
    [ ! -s breach.txt ] || fail "outside $1: $(cat breach.txt)"
    [ -n "$(calls "$2")" ] || fail "nothing matches $2: the check checks nothing"
}

only_in mpi '\bMPI_[A-Z][a-z_]+\(|<mpi\.h>'
only_in h5 '\bH5[A-Z]{1,2}[a-z_0-9]+\(|<hdf5\.h>'
only_in random '<Random123/'
only_in cli '\b(printf|fprintf|puts|putchar)\('
only_in 'mpi|cli|io' '\b(sigaction|signal)\('
# mpi_shared.c opens no file that has a name: only memory of another process
only_in 'io|import|mpi/mpi_shared\.c' '\b(open|fopen|opendir|stat|unlink|rename|gzopen|fsync)\('
for word in 'exit\(' 'abort\(' 'assert\(' 'MPI_COMM_WORLD'; do
    calls "\\b$word" | grep -vE "^$src/(cli/|import/|mpi/mpi_job)" > breach.txt || true
    [ ! -s breach.txt ] || fail "the library has $word: $(cat breach.txt)"
done
grep -rnE '<(math|fenv|tgmath)\.h>' "$src/random" "$src/order" "$src/grid" "$src/augment" "$src/optimize" && fail "libm"
grep -rnE '\b(core|grid|h5|mpi|data|fetch|load|train|scan|io|order|optimize|import)_[a-z]' "$SOURCE/include" --include='*.h' && fail "internals in public headers"

# A room calls only rooms that it may use: what its objects need is defined by these, or by nobody here.
rooms=$BUILD/rooms.txt
for room in $(sed 's/:.*//' "$rooms" | grep -v library); do
    objects=$(find "$BUILD/CMakeFiles/shs_$room.dir" -name '*.o')
    nm --defined-only $objects | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' | sort -u > "defines.$room"
    nm --undefined-only $objects | awk 'NF == 2 { print $2 }' | sort -u > "needs.$room"
    [ -s "defines.$room" ] || fail "no names were read of the room $room"
done
sort -u defines.* > defined.all
while IFS=: read -r room below; do
    [ "$room" != library ] || continue
    cat "defines.$room" $(printf ' defines.%s' $below | sed 's/ defines\.$//') | sort -u > may.txt
    comm -12 "needs.$room" defined.all | comm -23 - may.txt > breach.txt
    [ ! -s breach.txt ] || fail "the room $room calls what it may not: $(tr '\n' ' ' < breach.txt)"
done < "$rooms"

# No room of the library is so large that nobody oversees it. Files that only the program holds do not count.
library_rooms=$(sed -n 's/^library: //p' "$rooms")
for room in $library_rooms; do
    printf '%s %s\n' "$(cat $(ls "$src/$room"/*.[ch] | grep -vE '/(h5_about|io_png_write)\.') | wc -l)" "$room"
done > sizes.txt
awk '{ all += $1; if ($1 > most) { most = $1; room = $2 } }
     END { printf "the largest room of the library is %s, with %.1f%% of it\n", room, 100 * most / all
           exit most >= 0.2 * all }' sizes.txt || fail "a room of the library has 20% of it or more"

# core_free() takes the address of a pointer
frees() { # ARGUMENT: whether core_free(ARGUMENT) compiles
    printf '#include "core_memory.h"\nvoid give_up(char *text);\nvoid give_up(char *text) { core_free(%s); }\n' "$1" > free.c
    cc -fsyntax-only -I"$SOURCE/include" -I"$src/core" free.c 2> free.txt
}
frees '&text' || fail "core_free(&text) does not compile: $(cat free.txt)"
frees text && fail "core_free(text) compiles"
grep -q 'takes the address of a pointer' free.txt || fail "core_free(text) fails otherwise: $(cat free.txt)"

library=$BUILD/libshardstep.so
nm -D --undefined-only "$library" | awk '{ print $2 }' | sed 's/@.*//' > undefined.txt
grep -xE '_?exit|_Exit|quick_exit|abort|MPI_Abort|(__)?v?f?printf(_chk)?|puts|putchar|perror|fputs|__assert_fail|exp|log|sin|cos|pow|sqrt|fmaf?' \
    undefined.txt && fail "the library may not call these"
if [ "$MPI_KIND" = none ]; then
    grep -E '^P?MPI_' undefined.txt && fail "a library without MPI may not call these"
    grep -qx 'H5Fopen' undefined.txt || fail "no undefined symbols were read"
else
    grep -qx 'MPI_Allreduce' undefined.txt || fail "no undefined symbols were read"
fi
# invariants are looked after in tests' builds, and nowhere else: their words would be in the library
if grep -q '^SHARDSTEP_ASSERTS:BOOL=OFF$' "$BUILD/CMakeCache.txt" && grep -q '^CMAKE_BUILD_TYPE:STRING=Release$' "$BUILD/CMakeCache.txt"; then
    grep -rqE '\bcore_assert\(' "$src"/*/*.c || fail "no invariant is looked after"
    grep -c 'which does not hold' "$library" "$BUILD/libshardstep.a" | grep -v ':0$' && fail "a release build looks after invariants"
fi
nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' > defined.txt
grep -vE '^shs_' defined.txt && fail "the shared library exports more than shs_ names"
nm -g --defined-only "$BUILD/libshardstep.a" | awk 'NF == 3 { print $3 }' | sort > static.txt
sort defined.txt > shared.txt
same "names of both libraries" shared.txt static.txt

# memory of threads that must be there when a thread begins is scarce: dlopen() would fail
if readelf -d "$library" | grep STATIC_TLS; then fail "the library cannot be loaded by dlopen() in every program"; fi

# what only the program needs, the library does not: import's formats
readelf -d "$library" | grep -E 'NEEDED.*libz\.' && fail "the library needs what only import needs"
readelf -d "$SHARDSTEP" | holds 'NEEDED.*libz\.' || fail "the program needs no zlib: the check checks nothing"

# every function of the headers is there, and none is there that the headers do not have
grep -ohE '\bshs_[a-z0-9_]+\(' "$SOURCE"/include/shardstep/*.h | tr -d '(' | sort -u > declared.txt
comm -23 shared.txt declared.txt > undeclared.txt
[ ! -s undeclared.txt ] || fail "exported but in no header: $(cat undeclared.txt)"

cd "$SOURCE"
if clang-format --version | holds 'version 14\.'; then # others format otherwise
    clang-format --dry-run --Werror $(find include src tests examples -name '*.[ch]') || fail "clang-format"
fi
ls -A "$SOURCE" | grep -vxE 'CMakeLists.txt|src|include|examples|tests|jobscripts|README.md|LICENSE|build.*|\..*' &&
    fail "more at the top level than agreed"
cd "$work"
finish
