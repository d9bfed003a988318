/* Files replaced durably: on stable storage and whole, or not at all. Safe in any thread. */
#ifndef IO_DURABLE_H
#define IO_DURABLE_H

#include <stdint.h>

#include "core_status.h"

/* Writes to stable storage what the system holds of a file or folder in memory. */
shs_status io_sync(const char *path);

/* Makes the name that a file has until it is whole: the path and ".tmp". Only one process at a time
 * may make such a file; it replaces what a killed process left. Where several processes may make
 * the same file, io_output.h has names that differ. The caller releases *temporary with
 * core_free(). */
shs_status io_temporary_name(const char *path, char **temporary);

/* Makes the finished file `temporary` durable under the name `path` and replaces what was there:
 * syncs the file, renames it and syncs the folder. */
shs_status io_commit(const char *temporary, const char *path);

/* Does what io_commit() does, for a file that is on stable storage already. */
shs_status io_move(const char *temporary, const char *path);

/* Makes a text the durable content of a file. The file is replaced whole or stays as it was. */
shs_status io_write_text(const char *path, const char *text);

/* Tries whether io_write_text() could make a file of this name: makes its temporary file in the
 * folder and removes it. A file that is there stays as it is. */
shs_status io_try_to_write(const char *path);

/* Removes a file. A file that does not exist is no error. */
shs_status io_remove(const char *path);

/* Removes a file that could not be finished. Returns `status`; the latest message stays. */
shs_status io_discard(const char *path, shs_status status);

/* Refuses a folder whose file system has fewer than `bytes` bytes free. The message names both
 * numbers. */
shs_status io_check_room(const char *folder, uint64_t bytes);

/* Takes disk space for all bytes of a file of its present size, so that a full disk is noticed now.
 * Does nothing on file systems that cannot reserve space. */
shs_status io_reserve(const char *path);

#endif
