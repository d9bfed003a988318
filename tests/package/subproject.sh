#!/usr/bin/env bash
# As a part of another project both libraries link, and nothing of that project is disturbed.
. "$(dirname "$0")/../cli/common.sh"

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
CMAKE
launcher=
! command -v ccache > /dev/null || launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
export CCACHE_BASEDIR=$work
cmake -S . -B build -G Ninja $launcher > cmake.txt 2>&1 ||
    { cat cmake.txt; fail "configuring as a part of another project"; finish; }
grep -qx 'CMAKE_BUILD_TYPE:STRING=' build/CMakeCache.txt || fail "the other project's build type is changed"
ninja -C build -t targets all > targets.txt
grep -E 'test_|worker_bug' targets.txt && fail "tests or examples are built in another project"
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
