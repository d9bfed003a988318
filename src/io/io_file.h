/* Bytes to and from files, whole or with a reason; files replaced durably. Neither MPI nor HDF5;
 * safe in any thread. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stdint.h>

#include "core_hash.h"

/* What a message advises where the system could not read a file. */
#define IO_READ_ADVICE "look at the disk or the network that the file is on"

/* Writes to stable storage what the system holds of a file or folder. */
shs_status io_sync(const char *path);

/* What stands under a name in place of a plain file, in words, by its stat's st_mode. */
const char *io_mode_text(uint32_t mode);

/* The name that a file has until it is whole: path and ".tmp". For files that one process at a time
 * makes, and of which the next one replaces what a killed one left; io_output.h has the others. */
shs_status io_temporary_name(const char *path, char **temporary);

/* Makes the finished file `temporary` durable under the name `path`, replacing what was there:
 * syncs it, renames it, syncs the folder. */
shs_status io_commit(const char *temporary, const char *path);

/* Makes a folder unless it is there. */
shs_status io_make_folder(const char *path);

/* The same, and refuses a folder in which this process may not make files. */
shs_status io_make_writable_folder(const char *path);

/* Removes a file; one that is not there is no error. */
shs_status io_remove(const char *path);

/* Removes a file that could not be finished; returns `status`, whose message stays. */
shs_status io_discard(const char *path, shs_status status);

/* Whether a file or folder of that name is there. */
shs_status io_exists(const char *path, bool *there);

/* Whether that name is a folder's; one that is not there is an error. */
shs_status io_is_folder(const char *path, bool *folder);

/* Refuses what is not a plain file, and a file that cannot be opened for reading, or for reading
 * and writing. */
shs_status io_check_readable(const char *path);
shs_status io_check_writable(const char *path);

/* Opens a plain file for reading. A folder, a named pipe, a socket or a device is an error that
 * says which it is; none of them is waited for. */
shs_status io_open(const char *path, int *file);

/* The same, but also accepts a pipe without a name, such as a shell makes of <(COMMAND), and
 * /dev/null. */
shs_status io_open_text(const char *path, int *file);
void io_close(int file);

/* Reads up to `bytes` bytes from `at` on; *got is less only at the file's end. */
shs_status io_read_at(int file, uint64_t at, void *to, size_t bytes, size_t *got);

/* Asks the system to forget what it holds of a file in memory: reading it is cold then, unless the
 * file system is memory itself. */
shs_status io_forget(const char *path);

/* What tells a file from another one and from itself after a change. */
struct io_identity {
    uint64_t device, inode, bytes;
    int64_t seconds, nanoseconds; /* of its last change */
};

/* Whether another open file holds a lock for writing on the whole of a file, as HDF5 does while it
 * writes. False on file systems without locks. */
bool io_is_being_written(int file);

/* For those who report errors themselves: 0, or the system's number of the error. Opens a file to
 * read and write, made anew if `create`; writes all bytes at a position; cuts or lengthens a file.
 */
int io_open_to_write(const char *path, bool create, int *file);
int io_write_at(int file, uint64_t at, const void *bytes, size_t count);
int io_set_size(int file, uint64_t bytes);

/* Of an open file; `path` is for the message. */
shs_status io_identify(int file, const char *path, struct io_identity *identity);

shs_status io_identify_path(const char *path, struct io_identity *identity);

/* Refuses a file that is not what it was: one that has another size, or that another file has taken
 * the place of. The message says what differs. If only the time of its last change is another, that
 * is no error, and *touched is true: its content may be the same or not. */
shs_status io_compare(const char *path, const struct io_identity *then,
                      const struct io_identity *now, bool *touched);

/* The name of this host, or "localhost" if it has none. */
enum {
    IO_HOST_BYTES = 65
};
void io_host_name(char name[IO_HOST_BYTES]);

/* Files that the process may have open at a time. */
size_t io_files_allowed(void);

/* Bytes of a file. */
shs_status io_size(const char *path, uint64_t *bytes);

/* The XXH3-128 of a file's bytes. */
shs_status io_checksum(const char *path, char text[CORE_DIGEST_TEXT]);

/* The text in a small file, at most `bytes` with its end; "" if there is no such file. */
shs_status io_read_text(const char *path, char *text, size_t bytes);

/* All of a text file or pipe, of less than 1 GiB, without the mark that UTF-8 may begin with. To be
 * released by core_free(). */
shs_status io_read_all(const char *path, char **text);

/* Makes a text the durable content of a file, replacing it whole or not at all. */
shs_status io_write_text(const char *path, const char *text);

/* Refuses a folder whose file system has less than `bytes` left, naming both. */
shs_status io_check_room(const char *folder, uint64_t bytes);

/* Takes the space of a file that is there, of its present size, so that a full disk shows now; does
 * nothing on file systems that cannot do that. */
shs_status io_reserve(const char *path);

/* Calls `visit` for each name in a folder, "." and ".." among them, in no particular order. */
shs_status io_list(const char *folder, void (*visit)(const char *name, void *user), void *user);

/* `folder`/`name`. */
shs_status io_join(const char *folder, const char *name, char **path);

/* A path without symbolic links. */
shs_status io_real_path(const char *path, char **real);

/* The folder part of a path, "." if it has none. */
shs_status io_folder_of(const char *path, char **folder);

#endif
