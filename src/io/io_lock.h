/* Locks a folder, so that only one process at a time uses it. Safe in any thread. */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include "core_status.h"

enum {
    IO_OWNER_BYTES = 192
};

/* Writes a name for this process and this moment, as in "process 7 on node3 since
 * 2026-01-31T12:00:00.123456789Z". Each call gives a different name. */
void io_name_owner(char owner[IO_OWNER_BYTES]);

/* Locks a folder by the file FOLDER/.lock, and writes the owner's name into that file. The lock
 * ends with io_unlock() or with the process. If another process has locked the folder, the result
 * is SHS_ERROR_FILE, and the message names the owner.
 *
 * In three cases the folder cannot be locked and the result is still SHS_OK, with *lock = -1. This
 * process holds another lock on the folder. The file system has no locks. The lock's file cannot be
 * made and `must` is false; a process that cannot write in the folder can do no harm there. */
shs_status io_lock(const char *folder, const char *owner, bool must, int *lock);

/* Gives a lock back. -1 is accepted. */
void io_unlock(int lock);

#endif
