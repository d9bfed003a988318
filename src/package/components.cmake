# The components beside the library and the program: doc, examples, jobscripts. And the target `uninstall`.

# What is linked with the library is found from where it lies, so that the prefix can be moved. Under
# /usr the system's loader finds it.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL /usr AND NOT CMAKE_SKIP_INSTALL_RPATH)
  file(RELATIVE_PATH RUNTIME_FROM_PROGRAMS ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set(PROGRAMS_RPATH "$ORIGIN/${RUNTIME_FROM_PROGRAMS}")
endif()

set(SHARED_FOLDER ${CMAKE_INSTALL_DATADIR}/shardstep)
install(FILES README.md LICENSE .github/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc)
install(DIRECTORY src/doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/guides COMPONENT doc
  FILES_MATCHING PATTERN "*.md")
# Without those that need the source tree.
install(DIRECTORY examples/ DESTINATION ${SHARED_FOLDER}/examples COMPONENT examples
  USE_SOURCE_PERMISSIONS
  PATTERN ".*" EXCLUDE PATTERN "__pycache__" EXCLUDE PATTERN "quickstart.sh" EXCLUDE
  PATTERN "install_debian.sh" EXCLUDE PATTERN "resize.sh" EXCLUDE PATTERN "compare_*" EXCLUDE)
install(DIRECTORY jobscripts/ DESTINATION ${SHARED_FOLDER}/jobscripts COMPONENT jobscripts
  USE_SOURCE_PERMISSIONS)

include(src/python/python.cmake)

# Removes what `cmake --install` has written, by the lists that it keeps in the build folder.
if(ALONE)
  add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_CURRENT_BINARY_DIR}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/src/package/uninstall.cmake VERBATIM)
endif()
