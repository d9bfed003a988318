# Sets a variable to the kind of MPI that FindMPI has found, by its mpi.h: openmpi, mpich (also what
# shares its binary interface, such as Intel MPI) or other. A program and the libraries that it is
# linked with must be built with the same kind: each has its own numbers for types and operations.
function(shardstep_mpi_kind kind)
  set(text "")
  foreach(folder IN LISTS MPI_C_INCLUDE_DIRS MPI_C_HEADER_DIR)
    if(NOT text AND EXISTS ${folder}/mpi.h)
      file(READ ${folder}/mpi.h text)
    endif()
  endforeach()
  set(name other)
  if(text MATCHES "OMPI_MAJOR_VERSION")
    set(name openmpi)
  elseif(text MATCHES "MPICH_VERSION|I_MPI_VERSION")
    set(name mpich)
  endif()
  set(${kind} ${name} PARENT_SCOPE)
endfunction()
