# The Python module: installed beside the library (component `python`), and as a wheel with the library in it
# (target `wheel`, in a build with -DSHARDSTEP_MPI=OFF).

# Where Python looks for modules, below the prefix. Debian's Python looks in dist-packages: in that of
# python3 below /usr, and in that of its version below /usr/local.
set(SHARDSTEP_PYTHON_DIR "" CACHE STRING
  "Where the Python module is installed, below the prefix; empty: as CMAKE_INSTALL_PREFIX says")
find_program(SHARDSTEP_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SHARDSTEP_PYTHON python3)
mark_as_advanced(SHARDSTEP_PYTHON)
set(folder "${SHARDSTEP_PYTHON_DIR}")
set(packages site-packages)
if(EXISTS /etc/debian_version)
  set(packages dist-packages)
endif()
if(NOT folder AND CMAKE_INSTALL_PREFIX STREQUAL /usr AND EXISTS /etc/debian_version)
  set(folder lib/python3/dist-packages)
elseif(NOT folder AND SHARDSTEP_PYTHON)
  execute_process(COMMAND ${SHARDSTEP_PYTHON} -c "import sys; print('%d.%d' % sys.version_info[:2])"
    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(folder lib/python${version}/${packages})
elseif(NOT folder)
  message(STATUS "The Python module is not installed: there is no Python 3, and SHARDSTEP_PYTHON_DIR is empty")
  return()
endif()
install(DIRECTORY src/python/shardstep DESTINATION ${folder} COMPONENT python
  FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN __pycache__ EXCLUDE PATTERN _program.py EXCLUDE)

# The module finds the library from its own place, also after all was moved. Under /usr the system's loader
# finds it, so that Debian's package is one for all architectures.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL /usr)
  get_filename_component(module "${folder}/shardstep" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
  file(RELATIVE_PATH library "${module}" "${CMAKE_INSTALL_FULL_LIBDIR}/libshardstep.so.0")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/python/_installed.py
    "\"\"\"Where the library was installed, from the folder of the module.\"\"\"\n\nLIBRARY = \"${library}\"\n")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/python/_installed.py DESTINATION ${folder}/shardstep
    COMPONENT python)
endif()

# ---- The wheel. HDF5 is linked statically and stays hidden, so that h5py may have another one in the same
# ---- process. The static library is the one beside the HDF5 that this build uses.
if(SHARDSTEP_MPI OR NOT SHARDSTEP_PYTHON)
  return()
endif()
list(GET HDF5_C_LIBRARIES 0 library)
get_filename_component(folder "${library}" DIRECTORY)
set(SHARDSTEP_HDF5_STATIC ${folder}/libhdf5.a CACHE FILEPATH
  "For the target wheel: the static HDF5, of the same version as the HDF5 of this build")
find_program(SHARDSTEP_PATCHELF patchelf)
find_library(SHARDSTEP_SZ libsz.a)
find_library(SHARDSTEP_AEC libaec.a)
mark_as_advanced(SHARDSTEP_HDF5_STATIC SHARDSTEP_PATCHELF SHARDSTEP_SZ SHARDSTEP_AEC)
if(NOT EXISTS "${SHARDSTEP_HDF5_STATIC}" OR NOT SHARDSTEP_PATCHELF)
  message(STATUS "No target wheel: it needs patchelf (Debian: apt install patchelf) and a static HDF5 "
    "(-DSHARDSTEP_HDF5_STATIC=FILE), which is not ${SHARDSTEP_HDF5_STATIC}")
  return()
endif()
set(szip "")
if(SHARDSTEP_SZ AND SHARDSTEP_AEC)
  set(szip ${SHARDSTEP_SZ} ${SHARDSTEP_AEC})
endif()

# All of HDF5 in one object, without its access to S3, which would need curl and OpenSSL.
set(work ${CMAKE_CURRENT_BINARY_DIR}/python)
add_custom_command(OUTPUT python/hdf5.o
  COMMAND ${CMAKE_COMMAND} -E copy ${SHARDSTEP_HDF5_STATIC} ${work}/hdf5.a
  COMMAND ${CMAKE_AR} d ${work}/hdf5.a H5FDros3.o H5FDs3comms.o
  COMMAND ${CMAKE_LINKER} -r -o ${work}/hdf5.o --whole-archive ${work}/hdf5.a ${szip}
  COMMAND ${CMAKE_OBJCOPY} --redefine-sym stderr=shs_hdf5_stderr --redefine-sym stdout=shs_hdf5_stdout
    --redefine-sym H5FD_ros3_init=shs_hdf5_no_s3 ${work}/hdf5.o
  DEPENDS ${SHARDSTEP_HDF5_STATIC} VERBATIM)
set_source_files_properties(${work}/hdf5.o PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
# Two targets link the object. Without a target of its own Make would write it for both at once.
add_custom_target(wheel_hdf5 DEPENDS ${work}/hdf5.o)

set(stage ${work}/stage)
set(inside src/python/hdf5_inside.c ${work}/hdf5.o)
add_library(wheel_library SHARED EXCLUDE_FROM_ALL ${OBJECTS} ${inside})
set_target_properties(wheel_library PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${work})
target_link_options(wheel_library PRIVATE -Wl,--no-undefined -Wl,-z,text
  -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/src/python/symbols.map)
add_executable(wheel_program EXCLUDE_FROM_ALL $<TARGET_OBJECTS:shs_cli> ${PROGRAM_OBJECTS} ${inside})
set_target_properties(wheel_program PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${work})
foreach(target wheel_library wheel_program)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C BUILD_RPATH $ORIGIN
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH $ORIGIN)
  add_dependencies(${target} wheel_hdf5)
  target_link_libraries(${target} PRIVATE shs_flags PkgConfig::SHARDSTEP_PACKAGES ZLIB::ZLIB
    Threads::Threads ${CMAKE_DL_LIBS} m)
endforeach()
add_custom_target(wheel
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${stage}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${stage}/lib ${stage}/licenses
  COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:wheel_library> ${stage}/lib/libshardstep.so.0
  COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:wheel_program> ${stage}/lib/shardstep
  COMMAND ${CMAKE_STRIP} --strip-unneeded ${stage}/lib/libshardstep.so.0 ${stage}/lib/shardstep
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/src/python/bundle.sh ${stage} ${SHARDSTEP_HDF5_STATIC} ${szip}
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE ${stage}/licenses/shardstep.txt
  COMMAND ${SHARDSTEP_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/src/python/backend.py --stage ${stage}
    --out ${CMAKE_CURRENT_BINARY_DIR}
  DEPENDS wheel_library wheel_program VERBATIM)
