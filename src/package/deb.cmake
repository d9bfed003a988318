# Debian packages by cpack, with -DSHARDSTEP_DEB=ON: `cmake --build BUILD --target package` writes
#
#     libshardstep0        the library
#     libshardstep-dev     headers, the static library, CMake package, pkg-config
#     shardstep-tools      the program, man pages, completion
#     shardstep-examples   programs to read and to build, job scripts, and the program that these start
#     python3-shardstep    the module of Python
#
# into BUILD/packages. What each depends on is found by dpkg-shlibdeps, so they belong to the Debian
# release and to the MPI library that they were built with.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL /usr)
  message(FATAL_ERROR "SHARDSTEP_DEB is ON, but the prefix is ${CMAKE_INSTALL_PREFIX}: packages have the prefix /usr; begin in an empty build folder without CMAKE_INSTALL_PREFIX")
endif()
set(DEB_MISSING "")
foreach(tool dpkg-shlibdeps:dpkg-dev file:file readelf:binutils)
  string(REGEX REPLACE ":.*" "" program ${tool})
  string(REGEX REPLACE ".*:" "" package ${tool})
  find_program(SHARDSTEP_TOOL_${program} ${program})
  mark_as_advanced(SHARDSTEP_TOOL_${program})
  if(NOT SHARDSTEP_TOOL_${program})
    list(APPEND DEB_MISSING ${package})
  endif()
endforeach()
if(DEB_MISSING)
  list(JOIN DEB_MISSING " " DEB_MISSING)
  message(FATAL_ERROR "SHARDSTEP_DEB is ON, but packages are missing that make packages. On Debian:\n  apt install ${DEB_MISSING}")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shardstep)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGE_VENDOR "The Shardstep authors")
set(CPACK_PACKAGE_CONTACT "The Shardstep authors <shardstep@localhost>" CACHE STRING "Maintainer of the packages: NAME <ADDRESS>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(DEB_VERSION ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

# What a program needs to be built and started with this build's MPI and HDF5.
set(DEB_MPI_DEV_openmpi libopenmpi-dev)
set(DEB_MPI_DEV_mpich libmpich-dev)
set(DEB_MPI_RUN_openmpi openmpi-bin)
set(DEB_MPI_RUN_mpich mpich)
set(DEB_MPI_DEV ${DEB_MPI_DEV_${MPI_KIND}})
set(DEB_MPI_RUN ${DEB_MPI_RUN_${MPI_KIND}})
set(DEB_HDF5_DEV libhdf5-dev)
if("${HDF5_C_LIBRARIES}" MATCHES "openmpi|mpich")
  set(DEB_HDF5_DEV libhdf5-${CMAKE_MATCH_0}-dev)
endif()
set(DEB_STATIC ${DEB_HDF5_DEV})
foreach(package IN LISTS PACKAGES)
  string(REGEX REPLACE "^lib" "" package ${package})
  list(APPEND DEB_STATIC lib${package}-dev)
endforeach()
list(JOIN DEB_STATIC ", " DEB_STATIC)

set(DEB_DOC_FOLDER ${CMAKE_CURRENT_BINARY_DIR}/deb)
# What other packages of the library's users depend on, and the loader's notice of a new library.
file(WRITE ${DEB_DOC_FOLDER}/shlibs "libshardstep 0 libshardstep0 (>= ${PROJECT_VERSION})\n")
file(WRITE ${DEB_DOC_FOLDER}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBSHARDSTEP0_PACKAGE_CONTROL_EXTRA "${DEB_DOC_FOLDER}/shlibs;${DEB_DOC_FOLDER}/triggers")

# Breaks a text into lines of less than 80 characters.
function(shardstep_wrap result text)
  set(lines "")
  set(line "")
  string(REPLACE " " ";" words "${text}")
  foreach(word IN LISTS words)
    string(LENGTH "${line} ${word}" length)
    if(line AND length GREATER 75)
      string(APPEND lines "${line}\n")
      set(line "${word}")
    elseif(line)
      string(APPEND line " ${word}")
    else()
      set(line "${word}")
    endif()
  endforeach()
  set(${result} "${lines}${line}" PARENT_SCOPE)
endfunction()

# A package: its name, section, components and, for its control file, the fields that follow. It
# gets a copyright and a changelog.
set(CPACK_COMPONENTS_ALL "")
string(TIMESTAMP DEB_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC) # that of SOURCE_DATE_EPOCH, if it is set
function(shardstep_deb name section)
  cmake_parse_arguments(DEB "" "ARCHITECTURE;SUMMARY;TEXT" "COMPONENTS;FIELDS" ${ARGN})
  string(TOUPPER ${name} NAME)
  configure_file(src/package/deb/copyright.in ${DEB_DOC_FOLDER}/${name}/copyright @ONLY)
  configure_file(src/package/deb/changelog.in ${DEB_DOC_FOLDER}/${name}/changelog @ONLY)
  execute_process(COMMAND gzip -9nf ${DEB_DOC_FOLDER}/${name}/changelog)
  list(GET DEB_COMPONENTS 0 first)
  install(FILES ${DEB_DOC_FOLDER}/${name}/copyright DESTINATION share/doc/${name} COMPONENT ${first})
  install(FILES ${DEB_DOC_FOLDER}/${name}/changelog.gz DESTINATION share/doc/${name} COMPONENT ${first}
    RENAME changelog.Debian.gz)
  foreach(component IN LISTS DEB_COMPONENTS)
    string(TOUPPER ${component} COMPONENT)
    set(CPACK_COMPONENT_${COMPONENT}_GROUP ${name} PARENT_SCOPE)
  endforeach()
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${DEB_COMPONENTS} PARENT_SCOPE)
  set(CPACK_DEBIAN_${NAME}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${NAME}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  shardstep_wrap(about "${DEB_ABOUT}")
  shardstep_wrap(text "${DEB_TEXT}")
  set(CPACK_DEBIAN_${NAME}_DESCRIPTION "${DEB_SUMMARY}\n${about}\n.\n${text}" PARENT_SCOPE)
  if(DEB_ARCHITECTURE)
    set(CPACK_DEBIAN_${NAME}_PACKAGE_ARCHITECTURE ${DEB_ARCHITECTURE} PARENT_SCOPE)
  endif()
  while(DEB_FIELDS)
    list(POP_FRONT DEB_FIELDS field value)
    set(CPACK_DEBIAN_${NAME}_PACKAGE_${field} "${value}" PARENT_SCOPE)
  endwhile()
endfunction()

set(DEB_ABOUT "Shardstep loads data for parallel training and sampling in C, on MPI and HDF5. Every rank reads its shard of a dataset, and every random number is a function of a place in the run, so augmentation is the same on any number of ranks and can be made again by one.")
shardstep_deb(libshardstep0 libs COMPONENTS runtime
  SUMMARY "parallel data loading with reproducible augmentation: library"
  TEXT "This package has the shared library, built ${MPI_WORDS}.")
set(DEB_DEV_NEEDS "libshardstep0 (= ${DEB_VERSION})")
if(DEB_MPI_DEV)
  string(APPEND DEB_DEV_NEEDS ", ${DEB_MPI_DEV}")
endif()
shardstep_deb(libshardstep-dev libdevel COMPONENTS development doc
  FIELDS DEPENDS "${DEB_DEV_NEEDS}" SUGGESTS "${DEB_STATIC}"
  SUMMARY "parallel data loading with reproducible augmentation: headers"
  TEXT "This package has what programs are built with: headers, the static library (which also needs the suggested packages), the CMake package and the file of pkg-config. It also has the guides.")
shardstep_deb(shardstep-tools science COMPONENTS tools
  FIELDS RECOMMENDS "${DEB_MPI_RUN}" SUGGESTS "shardstep-examples"
  SUMMARY "parallel data loading with reproducible augmentation: program"
  TEXT "This package has the program shardstep, which makes HDF5 files of other formats, checks them, tells what a run takes from them, and makes any batch of a run again.")
shardstep_deb(shardstep-examples science COMPONENTS examples jobscripts
  FIELDS DEPENDS "libshardstep0 (>= ${PROJECT_VERSION}), python3:any" RECOMMENDS "shardstep-tools"
    SUGGESTS "libshardstep-dev, dataset-fashion-mnist"
  SUMMARY "parallel data loading with reproducible augmentation: examples"
  TEXT "This package has programs to read and to build, job scripts for Slurm, and the training program that these start.")
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/src/python/shardstep)
  shardstep_deb(python3-shardstep python COMPONENTS python ARCHITECTURE all
    FIELDS DEPENDS "python3, python3-numpy, libshardstep0 (>= ${PROJECT_VERSION})"
    SUMMARY "parallel data loading with reproducible augmentation: Python module"
    TEXT "This package has the module shardstep for Python 3.")
endif()
include(CPack)
