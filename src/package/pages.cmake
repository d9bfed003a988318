# Man pages and the completion for bash. The program makes them when it has been built, out of the
# tables that its help prints. In a cross build CMAKE_CROSSCOMPILING_EMULATOR runs it; without one
# the pages are left out, unless SHARDSTEP_NATIVE names a shardstep of the same version for this machine.
set(SHARDSTEP_NATIVE "" CACHE FILEPATH "A cross build's shardstep for this machine, which makes the man pages")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/cli/cli.h)
file(READ src/cli/cli.h commands)
string(REGEX MATCHALL "EACH\\([a-z]+\\)" commands "${commands}")
list(TRANSFORM commands REPLACE "EACH\\((.+)\\)" "\\1")

if(SHARDSTEP_NATIVE)
  set(PAGE_MAKER ${SHARDSTEP_NATIVE})
elseif(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "The man pages and the completion for bash are left out: the program does not run on this machine (-DSHARDSTEP_NATIVE)")
  return()
else()
  set(PAGE_MAKER $<TARGET_FILE:shardstep_program>)
endif()

set(PAGES ${CMAKE_CURRENT_BINARY_DIR}/pages)
set(MAN_PAGES ${PAGES}/shardstep.1)
foreach(command IN LISTS commands)
  list(APPEND MAN_PAGES ${PAGES}/shardstep-${command}.1)
endforeach()
list(JOIN commands "," commands)
string(TIMESTAMP PAGE_DATE "%Y-%m-%d" UTC) # that of SOURCE_DATE_EPOCH, if it is set
set(SANITIZED "")
if(SHARDSTEP_SANITIZE) # what MPI and HDF5 do not give back, as in the tests
  set(SANITIZED ${CMAKE_COMMAND} -E env ASAN_OPTIONS=fast_unwind_on_malloc=0
    LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0)
endif()
add_custom_command(OUTPUT ${MAN_PAGES} ${PAGES}/shardstep.bash
  COMMAND ${SANITIZED} ${CMAKE_COMMAND} "-DPROGRAM=$<JOIN:${CMAKE_CROSSCOMPILING_EMULATOR};${PAGE_MAKER},$<SEMICOLON>>"
    -DCOMMANDS=${commands} -DDATE=${PAGE_DATE} -DFOLDER=${PAGES} -DPACKED=${SHARDSTEP_DEB}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/src/package/make_pages.cmake
  DEPENDS shardstep_program src/package/make_pages.cmake VERBATIM)
add_custom_target(shardstep_pages ALL DEPENDS ${MAN_PAGES} ${PAGES}/shardstep.bash)

if(SHARDSTEP_DEB)
  list(TRANSFORM MAN_PAGES APPEND .gz)
endif()
install(FILES ${MAN_PAGES} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
install(FILES ${PAGES}/shardstep.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME shardstep COMPONENT tools)
