#!/usr/bin/env bash
# An installed copy serves find_package and pkg-config, shared and static, and the examples.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs gcc g++ pkg-config

prefix=$work/prefix
cmake --install "$BUILD" --prefix "$prefix" > /dev/null
"$prefix/bin/shardstep" --version | holds -x 'shardstep 0.1.0' || fail "installed program"

mkdir use && cd use
cat > main.c << 'C'
#include <shardstep.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    shs_random stream;
    shs_place place = {.seed = 42, .purpose = 1, .rank = 3, .step = 7, .slot = 5};
    if (argc > 1 && !strcmp(argv[1], "--version")) return puts(shs_version()) < 0;
    if (shs_random_at(&place, &stream)) return 1;
    printf("%08x\n", shs_random_u32(&stream));
    shs_run *run;
    shs_dataset *data;
    shs_dataset_options careful = {.probe = true};
    if (shs_open(MPI_COMM_NULL, NULL, &run)) return 1;
    if (argc > 1 && shs_dataset_open(run, argv[1], "x", &careful, &data)) {
        fprintf(stderr, "%s\n", shs_message());
        return 1;
    }
    if (argc > 1) shs_dataset_close(&data);
    shs_close(&run);
    return 0;
}
C
cat > main.cpp << 'CPP'
#include <shardstep.h>
#include <shardstep/must.h>

int main()
{
    shs_random stream;
    shs_place place = {};
    place.seed = 42, place.purpose = 1, place.rank = 3, place.step = 7, place.slot = 5;
    shs_must(shs_random_at(&place, &stream));
    printf("%08x\n", shs_random_u32(&stream));
    shs_run *run;
    shs_must(shs_open(MPI_COMM_NULL, nullptr, &run));
    shs_close(&run);
    return 0;
}
CPP
cat > CMakeLists.txt << 'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(use C CXX)
find_package(shardstep 0.1 REQUIRED COMPONENTS static)
file(WRITE version.txt "${shardstep_VERSION}\n")
foreach(language c cpp)
  add_executable(shared_${language} main.${language})
  target_link_libraries(shared_${language} shardstep::shardstep)
  add_executable(static_${language} main.${language})
  target_link_libraries(static_${language} shardstep::shardstep_static)
endforeach()
CMAKE
mpicc=$(sed -n 's/^MPI_C_COMPILER:FILEPATH=//p' "$BUILD/CMakeCache.txt")
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DMPI_C_COMPILER="$mpicc" > cmake.txt 2>&1 || { cat cmake.txt; fail "find_package"; }
cmake --build build -j 2 > build.txt 2>&1 || { cat build.txt; fail "building against the package"; }

export PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name shardstep.pc)")
shared="$(pkg-config --cflags --libs shardstep) -Wl,-rpath,$(pkg-config --variable=libdir shardstep)"
static=$(pkg-config --cflags --libs --static shardstep | sed 's/ -lshardstep / -l:libshardstep.a /')
gcc main.c -o build/shared_pc $shared || fail "shared by pkg-config"
gcc main.c -o build/static_pc $static || fail "static by pkg-config"
g++ main.cpp -o build/shared_pc_cpp $shared || fail "C++, shared by pkg-config"
g++ main.cpp -o build/static_pc_cpp $static || fail "C++, static by pkg-config"
[ "$(pkg-config --variable=mpi shardstep)" = "$MPI_KIND" ] || fail "shardstep.pc names $(pkg-config --variable=mpi shardstep)"
grep -qx "Description: .*; built with $MPI_KIND" "$PKG_CONFIG_PATH/shardstep.pc" || fail "shardstep.pc does not say what it was built with"
echo 93fc3429 > known.txt
for program in {shared,static}_{c,cpp,pc,pc_cpp}; do
    ./build/$program > word.txt || fail "the program $program"
    same "the program $program" known.txt word.txt
    ldd build/$program > needs.txt
    case $program in
    shared*) grep -q libshardstep needs.txt || fail "$program is not linked with the shared library" ;;
    static*) grep -q libshardstep needs.txt && fail "$program needs the shared library" ;;
    esac
done

# the version is the same wherever one asks
version=$("$SHARDSTEP" -V | sed 's/^shardstep //')
for said in "shs_version: $(build/shared_c --version)" "the static shs_version: $(build/static_c --version)" \
    "the CMake package: $(cat version.txt)" "pkg-config: $(pkg-config --modversion shardstep)"; do
    [ "${said##*: }" = "$version" ] || fail "shardstep -V says '$version', but $said"
done

# CC may be the MPI library's own compiler
CC=$mpicc cmake -S . -B by_cc -DCMAKE_PREFIX_PATH="$prefix" > cmake.txt 2>&1 ||
    fail "find_package by CC=$mpicc: CMake says: $(cat cmake.txt)"

# a program with the other MPI is refused by the package
mpi=$(pkg-config --variable=mpi shardstep)
[ "$mpi" = mpich ] && other=openmpi || other=mpich
if command -v "mpicc.$other" > /dev/null; then
    cmake -S . -B other -DCMAKE_PREFIX_PATH="$prefix" -DMPI_C_COMPILER="mpicc.$other" > cmake.txt 2>&1 &&
        fail "a program with $other is configured against a library with $mpi"
    tr -s ' \n' ' ' < cmake.txt > said.txt
    grep -q "was built with the MPI library $mpi, but CMake has found $other" said.txt ||
        fail "a program with $other: CMake says: $(cat cmake.txt)"
    CC=mpicc.$other cmake -S . -B other_cc -DCMAKE_PREFIX_PATH="$prefix" > cmake.txt 2>&1 &&
        fail "a program by CC=mpicc.$other is configured against a library with $mpi"
    tr -s ' \n' ' ' < cmake.txt > said.txt
    grep -q "but CMake has found $other (the C compiler .*mpicc.$other): give the compiler of $mpi by CC=" said.txt ||
        fail "a program by CC=mpicc.$other: CMake says: $(cat cmake.txt)"
else
    echo "skipped: no mpicc.$other to try the wrong MPI library with"
fi

# The probe's program is found after all was moved, and its absence is told with all places.
printf 'abcdefghijkl' > values.bin
"$SHARDSTEP" import x.h5 x=raw:u8:4x3:values.bin > /dev/null
moved="$work/moved here"
mv "$prefix" "$moved"
library=$(dirname "$(find "$moved" -name libshardstep.so)")
export LD_LIBRARY_PATH=$library
./build/shared_c x.h5 > word.txt || fail "a program that is found in the folder of programs"
cp "$moved/bin/shardstep" build/
./build/static_c x.h5 > word.txt || fail "a program that is found beside the running program"
rm build/shardstep
mv "$moved/bin/shardstep" "$library/"
./build/shared_c x.h5 > word.txt || fail "a program that is found beside the library"
mv "$library/shardstep" "$moved/bin/"
mkdir build/shardstep
bin=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$BUILD/CMakeCache.txt")/bin/shardstep
if [ -e "$bin" ]; then
    echo "skipped: a Shardstep is installed, in $bin"
else
    mv "$moved/bin/shardstep" "$moved/bin/another"
    ./build/shared_c x.h5 > word.txt 2> err.txt && fail "a probe without its program"
    for words in 'x.h5 cannot be tried out (install shardstep, or name it by probe_program)' \
        "$library/shardstep (No such file or directory), $library/../" \
        "bin/shardstep (No such file or directory), $PWD/build/shardstep (Is a directory)" \
        ", $bin (No such file or directory)"; do
        grep -qF -- "$words" err.txt || fail "a probe without its program: no '$words' in: $(cat err.txt)"
    done
    mv "$moved/bin/another" "$moved/bin/shardstep"
fi
unset LD_LIBRARY_PATH
mv "$moved" "$prefix"
cd ..

cmake -S "$SOURCE/examples" -B examples -DCMAKE_PREFIX_PATH="$prefix" -DMPI_C_COMPILER="$mpicc" > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "examples alone"; }
cmake --build examples -j 2 > build.txt 2>&1 || { cat build.txt; fail "building the examples alone"; }
for program in worker_bug train_fashion; do
    [ -x examples/$program ] || fail "no examples/$program"
done
[ ! -x "$BUILD/examples/predict" ] || [ -x examples/predict ] || fail "no examples/predict"
finish
