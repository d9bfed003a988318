#!/usr/bin/env bash
# As a part of another project both libraries link, and nothing of that project is disturbed.
set -euo pipefail
. "$(dirname "$0")/../cli/common.sh"
needs ninja

cat > main.cpp << 'CPP'
#include <shardstep.h>
#include <shardstep/must.h>

int main()
{
    shs_run *run;
    shs_must(shs_open(MPI_COMM_NULL, nullptr, &run));
    shs_close(&run);
    return 0;
}
CPP
cat > CMakeLists.txt << CMAKE
cmake_minimum_required(VERSION 3.18)
project(parent CXX)
include(FetchContent)
FetchContent_Declare(shardstep SOURCE_DIR "$SOURCE")
FetchContent_MakeAvailable(shardstep)
foreach(kind shardstep shardstep_static)
  add_executable(with_\${kind} main.cpp)
  target_link_libraries(with_\${kind} shardstep::\${kind})
endforeach()
install(TARGETS with_shardstep)
get_property(targets DIRECTORY "$SOURCE" PROPERTY BUILDSYSTEM_TARGETS)
list(JOIN targets "\n" targets)
file(WRITE "\${CMAKE_BINARY_DIR}/ours.txt" "\${targets}\n")
CMAKE
launcher=
! command -v ccache > /dev/null || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
export CCACHE_BASEDIR=$work
cmake -S . -B build -G Ninja $launcher > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "configuring as a part of another project"; finish; }
grep -qx 'CMAKE_BUILD_TYPE:STRING=' build/CMakeCache.txt || fail "the other project's build type is changed"
ninja -C build -t targets all > targets.txt
grep -E 'test_|worker_bug' targets.txt && fail "tests or examples are built in another project"
[ ! -e build/CTestTestfile.cmake ] || fail "tests are switched on in another project"

# Targets, cache variables, functions and macros bear the project's name, so that none meets another.
[ -s build/ours.txt ] || fail "no targets were listed"
grep -vE '^(shardstep|shardstep_(static|program)|shs_[a-z0-9_]+)$' build/ours.txt &&
    fail "targets without the project's name"
sed -nE 's/^([A-Za-z_][A-Za-z0-9_-]*):[A-Z]+=.*/\1/p' build/CMakeCache.txt > variables.txt
grep -q '^SHARDSTEP_TESTS$' variables.txt || fail "no cache variables were read"
finders='MPI|MPIEXEC|HDF5|ZLIB|Threads|PKG_CONFIG|FIND_PACKAGE_MESSAGE|FETCHCONTENT'
grep -vE "^(SHARDSTEP|shardstep|parent|_?CMAKE|_*pkg_?c(on)?f(i)?g|_GNUInstallDirs|$finders)_|^prefix_result\$" variables.txt &&
    fail "cache variables without the project's name"
(cd "$SOURCE" && sed -nE 's/^ *(function|macro)\(([A-Za-z0-9_]+).*/\2/p' CMakeLists.txt src/package/*.cmake) > functions.txt
[ -s functions.txt ] || fail "no functions were found"
grep -vE '^(shs|shardstep)_' functions.txt && fail "functions or macros without the project's name"

# The same by add_subdirectory, with a build type and flags that are the other project's.
mkdir beside
cat > beside/CMakeLists.txt << CMAKE
cmake_minimum_required(VERSION 3.18)
project(beside C)
set(before "\${CMAKE_C_FLAGS} \${CMAKE_C_STANDARD} \${BUILD_SHARED_LIBS} \${CMAKE_BUILD_TYPE}")
add_subdirectory("$SOURCE" shardstep)
set(after "\${CMAKE_C_FLAGS} \${CMAKE_C_STANDARD} \${BUILD_SHARED_LIBS} \${CMAKE_BUILD_TYPE}")
if(NOT before STREQUAL after OR TARGET test_core_status OR TARGET worker_bug OR NOT TARGET shardstep::shardstep)
  message(FATAL_ERROR "flags and build type were '\${before}' and are '\${after}', or there are targets of tests")
endif()
CMAKE
cmake -S beside -B beside/build -G Ninja -DCMAKE_BUILD_TYPE=Debug > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "configuring by add_subdirectory"; }
grep -qx 'CMAKE_BUILD_TYPE:STRING=Debug' beside/build/CMakeCache.txt || fail "the build type Debug is changed"
ninja -C build with_shardstep with_shardstep_static > build.txt 2>&1 ||
    { cat build.txt; fail "building as a part of another project"; finish; }
for kind in shardstep shardstep_static; do
    build/with_$kind || fail "the program with $kind"
done
cmake --install build --prefix prefix > install.txt
find prefix -type f > installed.txt
echo prefix/bin/with_shardstep > expected.txt
same "what another project installs" expected.txt installed.txt
finish
