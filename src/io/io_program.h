/* Finds the program shardstep, also if the library has been moved since it was installed. */
#ifndef IO_PROGRAM_H
#define IO_PROGRAM_H

#include "core_status.h"

/* Finds the program. It is looked for in the shared library's folder, then in the folder of
 * programs of the same installation, then in the running program's folder, and last in the folder
 * where the build was configured to install it. The caller releases *path with core_free(). If no
 * folder has it, the result is SHS_ERROR_FILE, and the message names each path with the system's
 * reason. */
shs_status io_program_find(char **path);

#endif
