#!/usr/bin/env bash
# An installed copy serves find_package and pkg-config, shared and static, and the examples.
. "$(dirname "$0")/../cli/common.sh"

prefix=$work/prefix
cmake --install "$BUILD" --prefix "$prefix" > /dev/null
"$prefix/bin/shardstep" --version | grep -qx 'shardstep 0.1.0' || fail "installed program"

mkdir use && cd use
cat > main.c << 'C'
#include <shardstep.h>
#include <stdio.h>

int main(void)
{
    shs_random stream;
    shs_place place = {.seed = 42, .purpose = 1, .rank = 3, .step = 7, .slot = 5};
    if (shs_random_at(&place, &stream)) return 1;
    printf("%08x\n", shs_random_u32(&stream));
    shs_run *run;
    if (shs_open(MPI_COMM_NULL, NULL, &run)) return 1;
    shs_close(&run);
    return 0;
}
C
cat > CMakeLists.txt << 'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(use C)
find_package(shardstep 0.1 REQUIRED COMPONENTS static)
add_executable(shared main.c)
target_link_libraries(shared shardstep::shardstep)
add_executable(static main.c)
target_link_libraries(static shardstep::shardstep_static)
CMAKE
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" > cmake.txt 2>&1 || { cat cmake.txt; fail "find_package"; }
cmake --build build > build.txt 2>&1 || { cat build.txt; fail "building against the package"; }
echo 93fc3429 > known.txt
for kind in shared static; do
    ./build/$kind > word.txt || fail "$kind program"
    same "$kind program" known.txt word.txt
done
ldd build/static | grep -q libshardstep && fail "the static program needs the shared library"

export PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name shardstep.pc)")
gcc main.c -o pkgconfig $(pkg-config --cflags --libs shardstep) -Wl,-rpath,"$(pkg-config --variable=libdir shardstep)"
./pkgconfig > word.txt || fail "program by pkg-config"
same "program by pkg-config" known.txt word.txt
cd ..

cmake -S "$SOURCE/examples" -B examples -DCMAKE_PREFIX_PATH="$prefix" > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "examples alone"; }
cmake --build examples > build.txt 2>&1 || { cat build.txt; fail "building the examples alone"; }
for program in worker_bug train_fashion; do
    [ -x examples/$program ] || fail "no examples/$program"
done
finish
