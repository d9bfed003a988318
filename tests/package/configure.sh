#!/usr/bin/env bash
# What is missing or cannot be is said when it is configured or compiled, at once and plainly.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs gcc pkg-config

# Without CUnit there are no tests, and one line on them.
mkdir packages
for folder in $(pkg-config --variable pc_path pkg-config | tr ':' ' '); do
    [ ! -d "$folder" ] || find "$folder" -name '*.pc' ! -name cunit.pc -exec ln -sf {} packages/ \;
done
PKG_CONFIG_LIBDIR=$work/packages cmake -S "$SOURCE" -B untested > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "configuring without CUnit"; }
[ "$(grep -ci cunit cmake.txt)" = 1 ] && grep -q 'tests are left out: .*apt install libcunit1-dev' cmake.txt ||
    fail "without CUnit CMake says: $(cat cmake.txt)"

# All that is missing is told at once, by Debian's names.
PKG_CONFIG_LIBDIR=$work/nothing cmake -S "$SOURCE" -B bare -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON \
    -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON > cmake.txt 2>&1 && fail "configured with nothing"
tr -s ' \n' ' ' < cmake.txt > said.txt
for package in libopenmpi-dev zlib1g-dev libxxhash-dev libisal-dev libdeflate-dev libpng-dev; do
    grep -q "packages are missing. On Debian: apt install .*$package" said.txt ||
        fail "CMake does not say that $package is missing: $(cat cmake.txt)"
done

# A compiler that is given and is none of an MPI library: nothing else is taken in its place.
cmake -S "$SOURCE" -B other_mpicc -DMPI_C_COMPILER=/bin/true > cmake.txt 2>&1 && fail "configured with /bin/true as mpicc"
tr -s ' \n' ' ' < cmake.txt > said.txt
grep -q "MPI_C_COMPILER is '/bin/true', by which CMake cannot build an MPI program: it must be an MPI library's compiler (mpicc, mpicc_abi)" said.txt ||
    fail "with /bin/true as mpicc CMake says: $(cat cmake.txt)"

# So is an HDF5 that is given and is not there, in a folder with a space, too.
for kind in "" -DSHARDSTEP_MPI=OFF; do
    cmake -S "$SOURCE" -B "other folder$kind" -DHDF5_ROOT="$work/nothing" $kind > cmake.txt 2>&1 && fail "configured with an empty HDF5_ROOT"
    tr -s ' \n' ' ' < cmake.txt > said.txt
    grep -q "HDF5_ROOT is '$work/nothing', and CMake finds no HDF5 there" said.txt ||
        fail "with an empty HDF5_ROOT CMake says: $(cat cmake.txt)"
done

# Without MPI nothing of MPI is looked for, and an HDF5 that needs it is refused.
PKG_CONFIG_LIBDIR=$work/nothing cmake -S "$SOURCE" -B bare_alone -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON \
    -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON -DSHARDSTEP_MPI=OFF > cmake.txt 2>&1 && fail "configured with nothing"
tr -s ' \n' ' ' < cmake.txt > said.txt
grep -q 'packages are missing. On Debian: apt install .*libhdf5-dev' said.txt ||
    fail "without MPI CMake does not say that libhdf5-dev is missing: $(cat cmake.txt)"
if grep -iE 'found mpi|openmpi' said.txt; then fail "MPI is looked for in a build without it"; fi
cmake -S "$SOURCE" -B other_hdf5 -DSHARDSTEP_MPI=OFF -DSHARDSTEP_HDF5=openmpi > cmake.txt 2>&1 &&
    fail "configured without MPI, with an HDF5 with it"
tr -s ' \n' ' ' < cmake.txt > said.txt
grep -q "SHARDSTEP_HDF5 is 'openmpi', but SHARDSTEP_MPI is OFF: a build without MPI needs an HDF5 without MPI" said.txt ||
    fail "with HDF5 for Open MPI and without MPI CMake says: $(cat cmake.txt)"

# Arithmetic that hides NaN is refused, by both compilers.
for compiler in gcc clang; do
    command -v $compiler > /dev/null || continue
    for flag in -ffast-math -Ofast -ffinite-math-only; do
        $compiler $flag -I"$SOURCE/include" -D_GNU_SOURCE -c "$SOURCE/src/core/core_exact.c" \
            -o exact.o 2> said.txt && fail "$compiler $flag compiles"
        grep -q 'build Shardstep without -ffast-math and -Ofast' said.txt ||
            fail "$compiler $flag says: $(cat said.txt)"
    done
    $compiler -O3 -I"$SOURCE/include" -D_GNU_SOURCE -c "$SOURCE/src/core/core_exact.c" -o exact.o ||
        fail "$compiler -O3"
done
finish
