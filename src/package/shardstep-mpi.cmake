# Sets a variable to the kind of MPI that FindMPI has found: abi (the ABI of the MPI-5 standard, which
# several MPI libraries have: their mpicc_abi), or by its mpi.h openmpi, mpich (also what shares its
# binary interface, such as Intel MPI) or other. A program and the libraries that it is linked with must
# be built with the same kind: each has its own numbers for types and operations.
# If CMAKE_C_COMPILER is itself an MPI library's compiler (CC=mpicc), FindMPI tells no folder of mpi.h,
# and the compiler is asked. The kind is none if no mpi.h is found.
function(shardstep_mpi_kind kind)
  set(text "")
  foreach(folder IN LISTS MPI_C_INCLUDE_DIRS MPI_C_HEADER_DIR)
    if(NOT text AND EXISTS ${folder}/mpi.h)
      file(READ ${folder}/mpi.h text)
    endif()
  endforeach()
  set(abi FALSE)
  if(NOT text)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -E -dM -include mpi.h -x c /dev/null
      OUTPUT_VARIABLE text ERROR_QUIET)
    if(NOT text MATCHES "MPI_COMM_WORLD")
      set(${kind} none PARENT_SCOPE)
      return()
    endif()
    if(text MATCHES "#define MPI_ABI ")
      set(abi TRUE)
    endif()
  endif()
  set(name other)
  # MPICH's mpi.h has the standard's ABI and its own, and a definition chooses.
  if(abi OR "MPI_ABI" IN_LIST MPI_C_COMPILE_DEFINITIONS OR "${MPI_C_LIBRARIES}" MATCHES "libmpi_abi\\.")
    set(name abi)
  elseif(text MATCHES "OMPI_MAJOR_VERSION")
    set(name openmpi)
  elseif(text MATCHES "MPICH_VERSION|I_MPI_VERSION")
    set(name mpich)
  endif()
  set(${kind} ${name} PARENT_SCOPE)
endfunction()
