/* A folder that one process at a time may use. Neither MPI nor HDF5. */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include "core_status.h"

enum {
    IO_OWNER_BYTES = 192
};

/* Names this process and this moment: "process 7 on node3 since 2026-01-31T12:00:00.123456789Z". No
 * two calls give the same text. */
void io_name_owner(char owner[IO_OWNER_BYTES]);

/* Locks a folder by the file FOLDER/.lock until io_unlock() or the end of the process, whatever
 * ends it, and writes the owner's name into that file. SHS_ERROR_FILE if another process has locked
 * the folder: the message has its owner. *lock is -1 if the folder could not be locked and that is
 * no error: if this process has another lock on it; on file systems without locks; and, unless
 * `must`, if the file cannot be made, since who cannot write there can do no harm. */
shs_status io_lock(const char *folder, const char *owner, bool must, int *lock);

/* Accepts -1. */
void io_unlock(int lock);

#endif
