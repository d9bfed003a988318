#!/usr/bin/env bash
# Make builds the static library in parallel, in folders with spaces in their names, hides what is
# not public though link-time optimisation is asked for, and is never content with a stale archive.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs nm make

mkdir "a source"
cp -r "$SOURCE"/{CMakeLists.txt,src,include} "a source"
launcher=
! command -v ccache > /dev/null || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
export CCACHE_BASEDIR=$work
cmake -S "a source" -B "a build" -G "Unix Makefiles" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0 $launcher \
    -DCMAKE_C_FLAGS=-flto -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "configuring for Make"; finish; }
grep -q 'without link-time optimisation' cmake.txt || fail "CMake does not say that LTO is left out"
cmake --build "a build" -j8 --target shardstep_static > build.txt 2>&1 ||
    { cat build.txt; fail "make -j8"; finish; }

# only public names, and the same of them as the build under test has
names() { nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort; }
names "$BUILD/libshardstep.a" > expected.txt
names "a build/libshardstep.a" > names.txt
same "the names of the static library with LTO" expected.txt names.txt

# a change in any layer gets into the archive
for file in core/core_text data/data_field; do
    echo "int shs_added_to_${file#*/}; /* a change */" >> "a source/src/$file.c"
    cmake --build "a build" -j8 --target shardstep_static > build.txt 2>&1 ||
        { cat build.txt; fail "make -j8 after a change"; }
    nm "a build/libshardstep.a" | holds "shs_added_to_${file#*/}" || fail "a stale archive: src/$file.c"
done
finish
