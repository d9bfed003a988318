# HDF5 that joins with the MPI library found before: that MPI's own HDF5, or one without MPI. Sets
# HDF5_FOUND, HDF5_C_INCLUDE_DIRS, HDF5_C_LIBRARIES, HDF5_VERSION and MPI_KIND (see
# shardstep-mpi.cmake).
#
# Debian installs several side by side, which pkg-config tells apart by name. Elsewhere FindHDF5
# takes the first in HDF5_ROOT or PATH.
include(src/package/shardstep-mpi.cmake)
set(SHARDSTEP_HDF5 auto CACHE STRING "The HDF5 to use: auto, openmpi, mpich or serial")
set_property(CACHE SHARDSTEP_HDF5 PROPERTY STRINGS auto openmpi mpich serial)
if(NOT SHARDSTEP_HDF5 MATCHES "^(auto|openmpi|mpich|serial)$")
  message(FATAL_ERROR "SHARDSTEP_HDF5 is '${SHARDSTEP_HDF5}'; it must be auto, openmpi, mpich or serial")
endif()

# Debian's HDF5 of that name; the paths of MPI that come with it are left to FindMPI.
macro(shs_hdf5_by_name name)
  pkg_check_modules(DEBIAN_HDF5 QUIET hdf5-${name})
  if(DEBIAN_HDF5_FOUND)
    set(HDF5_FOUND TRUE)
    set(HDF5_VERSION ${DEBIAN_HDF5_VERSION})
    set(HDF5_C_LIBRARIES ${DEBIAN_HDF5_LINK_LIBRARIES})
    set(HDF5_C_INCLUDE_DIRS ${DEBIAN_HDF5_INCLUDE_DIRS})
    list(FILTER HDF5_C_LIBRARIES INCLUDE REGEX hdf5)
    list(FILTER HDF5_C_INCLUDE_DIRS INCLUDE REGEX hdf5)
  endif()
endmacro()

# Which MPI libraries a program has that is linked with both: two, if HDF5 was built with another.
function(shs_joined_mpi libraries)
  set(trial ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/joined_mpi)
  file(WRITE ${trial}.c "#include <hdf5.h>
#include <mpi.h>
int main(void) { int started; return H5open() < 0 || MPI_Initialized(&started); }\n")
  try_compile(joins ${trial}.dir SOURCES ${trial}.c
    CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${HDF5_C_INCLUDE_DIRS};${MPI_C_INCLUDE_DIRS}"
    LINK_LIBRARIES ${HDF5_C_LIBRARIES} MPI::MPI_C OUTPUT_VARIABLE output COPY_FILE ${trial})
  if(NOT joins)
    message(FATAL_ERROR "a program with MPI and HDF5 (${HDF5_C_LIBRARIES}) does not link:\n${output}")
  endif()
  set(found "")
  if(NOT CMAKE_CROSSCOMPILING)
    execute_process(COMMAND ldd ${trial} OUTPUT_VARIABLE output ERROR_QUIET)
    string(REGEX MATCHALL "lib(mpi|mpich)\\.so[.0-9]*" found "${output}")
    list(REMOVE_DUPLICATES found)
  endif()
  set(${libraries} "${found}" PARENT_SCOPE)
endfunction()

shardstep_mpi_kind(MPI_KIND)
if(NOT SHARDSTEP_HDF5 STREQUAL auto)
  shs_hdf5_by_name(${SHARDSTEP_HDF5})
elseif(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT})
  shs_hdf5_by_name(${MPI_KIND})
endif()
if(NOT HDF5_FOUND)
  if(NOT SHARDSTEP_HDF5 STREQUAL serial)
    set(HDF5_PREFER_PARALLEL ON)
  endif()
  find_package(HDF5 COMPONENTS C)
endif()
if(NOT HDF5_FOUND OR NOT MPI_C_FOUND) # the caller tells of all that is missing
  return()
endif()
shs_joined_mpi(JOINED_MPI)
list(LENGTH JOINED_MPI JOINED)
if(JOINED GREATER 1 AND SHARDSTEP_HDF5 STREQUAL auto)
  list(GET HDF5_C_LIBRARIES 0 HDF5_LIBRARY)
  message(WARNING "${HDF5_LIBRARY} was built with another MPI library (${JOINED_MPI}); the HDF5 without MPI is taken instead, if there is one")
  shs_hdf5_by_name(serial)
  shs_joined_mpi(JOINED_MPI)
  list(LENGTH JOINED_MPI JOINED)
endif()
if(JOINED GREATER 1)
  message(FATAL_ERROR "HDF5 (${HDF5_C_LIBRARIES}) was built with another MPI library than the one of ${MPI_C_COMPILER}: together they need ${JOINED_MPI}. Install this MPI's HDF5 (Debian: libhdf5-openmpi-dev, libhdf5-mpich-dev), or any without MPI (libhdf5-dev) and give -DSHARDSTEP_HDF5=serial; elsewhere HDF5_ROOT names the folder of the right one")
endif()
message(STATUS "MPI is ${MPI_KIND}; HDF5 ${HDF5_VERSION}: ${HDF5_C_LIBRARIES}")
