/* Messages about errors of the system with a file. Safe in any thread. */
#ifndef IO_FAIL_H
#define IO_FAIL_H

#include "core_status.h"

/* The advice of a message about a file that the system could not read. */
#define IO_READ_ADVICE "look at the disk or the network that the file is on"

/* Returns SHS_ERROR_FILE with the message "WHAT PATH: CAUSE; ADVICE". The cause is the text of the
 * errno value `error`. If `advice` is NULL, the advice is the usual advice for that error. */
shs_status io_fail(const char *what, const char *path, int error, const char *advice);

#endif
