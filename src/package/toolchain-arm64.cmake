# Builds for arm64 on a Debian of another architecture, with Debian's cross compiler and arm64 libraries:
#
#     cmake -S . -B build/arm64 -DCMAKE_TOOLCHAIN_FILE=src/package/toolchain-arm64.cmake
#
# src/doc/install.md names the packages. CMake cannot ask a compiler wrapper of another architecture, so
# the paths of Open MPI stand here; HDF5 comes from its file for pkg-config. For another architecture
# change the first three lines.
set(TRIPLET aarch64-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(EMULATOR qemu-aarch64-static)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${TRIPLET}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${TRIPLET})
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/${TRIPLET}/pkgconfig:/usr/share/pkgconfig)

set(MPI_ASSUME_NO_BUILTIN_MPI ON)
set(MPI_SKIP_COMPILER_WRAPPER ON)
set(MPI_C_HEADER_DIR /usr/lib/${TRIPLET}/openmpi/include CACHE PATH "")
set(MPI_C_LIB_NAMES mpi CACHE STRING "")
set(MPI_mpi_LIBRARY /usr/lib/${TRIPLET}/openmpi/lib/libmpi.so CACHE FILEPATH "")

# Where qemu-user-static is installed, programs that are built run by it: the man pages are made.
find_program(EMULATOR_PROGRAM ${EMULATOR})
if(EMULATOR_PROGRAM)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${EMULATOR_PROGRAM})
endif()
