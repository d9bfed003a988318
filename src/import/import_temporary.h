/* Temporary files without a name, in $TMPDIR or /tmp, which vanish when they are closed. */
#ifndef IMPORT_TEMPORARY_H
#define IMPORT_TEMPORARY_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

/* Makes a temporary file, open for reading and writing. */
shs_status import_temporary_open(int *file);

/* Appends bytes. */
shs_status import_temporary_write(int file, const void *bytes, size_t count);

/* Reads exactly `count` bytes from the position `at` on. */
shs_status import_temporary_read(int file, uint64_t at, void *to, size_t count);

#endif
