# Installation: cmake --install, find_package(shardstep), pkg-config. Components, for --component: runtime,
# development, tools, python, doc, examples, jobscripts.
set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/shardstep)
install(TARGETS shardstep EXPORT shardstep
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS shardstep_static EXPORT shardstep_static
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(TARGETS shardstep_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT shardstep FILE shardstep-targets.cmake NAMESPACE shardstep::
  DESTINATION ${PACKAGE_DIR} COMPONENT development)
install(EXPORT shardstep_static FILE shardstep-static-targets.cmake NAMESPACE shardstep::
  DESTINATION ${PACKAGE_DIR} COMPONENT development)
configure_package_config_file(src/package/shardstep-config.cmake.in shardstep-config.cmake
  INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(shardstep-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/shardstep-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/shardstep-config-version.cmake src/package/shardstep-mpi.cmake
  DESTINATION ${PACKAGE_DIR} COMPONENT development)

# shardstep.pc: MPI by its own package where that is the MPI of this build, otherwise by its paths.
# What only the static library needs is given by its paths: a program that is linked with the shared
# one shall not need the development packages.
set(PC_MPI_PACKAGE "")
set(PC_MPI_FLAGS "")
set(PC_MPI_LIBS "")
if(SHARDSTEP_MPI)
  foreach(package ompi-c mpich)
    pkg_check_modules(SHARDSTEP_MPI_${package} QUIET ${package})
    list(FIND SHARDSTEP_MPI_${package}_INCLUDE_DIRS "${MPI_C_HEADER_DIR}" at)
    if(SHARDSTEP_MPI_${package}_FOUND AND NOT at EQUAL -1 AND NOT MPI_KIND STREQUAL abi)
      set(PC_MPI_PACKAGE ${package})
    endif()
  endforeach()
  if(NOT PC_MPI_PACKAGE)
    foreach(folder IN LISTS MPI_C_INCLUDE_DIRS)
      string(APPEND PC_MPI_FLAGS " \"-I${folder}\"")
    endforeach()
    foreach(definition IN LISTS MPI_C_COMPILE_DEFINITIONS)
      string(APPEND PC_MPI_FLAGS " -D${definition}")
    endforeach()
    foreach(library IN LISTS MPI_C_LIBRARIES)
      string(APPEND PC_MPI_LIBS " \"${library}\"")
    endforeach()
  endif()
else()
  set(PC_MPI_FLAGS " -D${WITHOUT_MPI}")
endif()
set(MPI_WORDS "with ${MPI_KIND}")
if(NOT SHARDSTEP_MPI)
  set(MPI_WORDS "without MPI")
endif()
set(PC_PRIVATE_LIBS "")
foreach(library IN LISTS HDF5_C_LIBRARIES SHARDSTEP_PACKAGES_LINK_LIBRARIES
    CMAKE_THREAD_LIBS_INIT CMAKE_DL_LIBS)
  if(library MATCHES "^[^/-]")
    set(library -l${library})
  endif()
  string(APPEND PC_PRIVATE_LIBS " \"${library}\"")
endforeach()
file(RELATIVE_PATH PREFIX_FROM_PKGCONFIG /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(src/package/shardstep.pc.in shardstep.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/shardstep.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

include(src/package/pages.cmake)
include(src/package/components.cmake)
