# The Python module, installed beside the library (component `python`).

# Where Python looks for modules, below the prefix. Debian's Python looks in dist-packages: in that of
# python3 below /usr, and in that of its version below /usr/local.
find_program(SHARDSTEP_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SHARDSTEP_PYTHON python3)
mark_as_advanced(SHARDSTEP_PYTHON)
set(folder lib/python3/site-packages)
if(SHARDSTEP_PYTHON)
  execute_process(COMMAND ${SHARDSTEP_PYTHON} -c "import sys; print('%d.%d' % sys.version_info[:2])"
    OUTPUT_VARIABLE python OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(folder lib/python${python}/site-packages)
  if(EXISTS /usr/lib/python3/dist-packages)
    set(folder lib/python${python}/dist-packages)
    if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
      set(folder lib/python3/dist-packages)
    endif()
  endif()
endif()
set(SHARDSTEP_PYTHON_DIR ${folder} CACHE STRING "Where the Python module is installed, below the prefix")

# The module finds the library from its own place, also after all was moved.
get_filename_component(module "${SHARDSTEP_PYTHON_DIR}/shardstep" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH library "${module}" "${CMAKE_INSTALL_FULL_LIBDIR}/libshardstep.so.0")
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/python/_installed.py
  "\"\"\"Where the library was installed, from the folder of the module.\"\"\"\n\nLIBRARY = \"${library}\"\n")
install(DIRECTORY src/python/shardstep DESTINATION ${SHARDSTEP_PYTHON_DIR} COMPONENT python
  FILES_MATCHING PATTERN "*.py" PATTERN __pycache__ EXCLUDE PATTERN _program.py EXCLUDE)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/python/_installed.py
  DESTINATION ${SHARDSTEP_PYTHON_DIR}/shardstep COMPONENT python)
