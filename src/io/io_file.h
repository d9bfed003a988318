/* Opens files, tells what they are, and whether they have changed. Safe in any thread. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

/* Opens a plain file for reading. A folder, a named pipe, a socket or a device is an error whose
 * message says which it is. The function never waits for the other end of a pipe. */
shs_status io_open(const char *path, int *file);

/* Opens what io_open() opens, and also /dev/null and a pipe without a name, such as a shell makes
 * of <(COMMAND). */
shs_status io_open_text(const char *path, int *file);

void io_close(int file);

/* Refuses what is not a plain file, and a file that cannot be opened for reading. */
shs_status io_check_readable(const char *path);

/* Refuses what is not a plain file, and a file that cannot be opened for reading and writing. */
shs_status io_check_writable(const char *path);

/* Describes a file that is not a plain file, as in "it is a folder". `mode` is its st_mode. */
const char *io_mode_text(uint32_t mode);

/* Finds the size of a file in bytes. */
shs_status io_size(const char *path, uint64_t *bytes);

/* Returns true if another open file holds a lock for writing on the whole file, as HDF5 does while
 * it writes. Returns false on file systems without locks. */
bool io_is_being_written(int file);

/* What distinguishes a file from other files, and from itself before a change. */
struct io_identity {
    uint64_t device, inode, bytes;
    int64_t seconds, nanoseconds; /* time of the last change */
};

/* Finds the identity of an open file. `path` is for the message. */
shs_status io_identify(int file, const char *path, struct io_identity *identity);

/* Finds the identity of the file at a path. */
shs_status io_identify_path(const char *path, struct io_identity *identity);

/* Refuses a file whose size has changed, and a path where another file stands now. The message says
 * what differs. A difference in the time of the last change alone is no error: *touched is then
 * true, and the content may be the same or not. */
shs_status io_compare(const char *path, const struct io_identity *then,
                      const struct io_identity *now, bool *touched);

#endif
