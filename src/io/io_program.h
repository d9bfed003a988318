/* Where the program shardstep lies: the library may have been moved since it was installed. */
#ifndef IO_PROGRAM_H
#define IO_PROGRAM_H

#include "core_status.h"

/* Finds the program: in the shared library's folder, in the folder of programs of the same
 * installation, in the running program's folder, and last where the build was configured to install
 * it. *path is released by core_free(). SHS_ERROR_FILE if none of these places has it: the message
 * names each place with the system's reason. */
shs_status io_program_find(char **path);

#endif
