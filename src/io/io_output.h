/* A new file: under a name of its own until it is whole, then under the name that it is made for.
 */
#ifndef IO_OUTPUT_H
#define IO_OUTPUT_H

#include <stdbool.h>

#include "core_status.h"

/* Two processes that make a file of the same name at a time have a temporary file each: PATH, the
 * host, the process and a random number, and ".tmp" at its end. It is locked (flock) for as long as
 * its process lives. */
struct io_output {
    char *path;
    char *temporary;
    bool overwrite;
    bool committed;
    int lock; /* the temporary file, open */
};

/* Local. Whether a file may be made under a name: an error if something stands there already, but
 * for a plain file with `overwrite`. A symbolic link is not followed. */
shs_status io_output_check(const char *path, bool overwrite);

/* Local. Checks the name, removes temporary files of it that killed processes of this host have
 * left behind, and makes an empty one. io_output_end() is to be called even on error. */
shs_status io_output_begin(const char *path, bool overwrite, struct io_output *output);

/* Local. Makes the whole file durable under its name. If another process has been faster, its file
 * stays, and this is an error. After an error nothing new stands under the name; only where a file
 * was overwritten, and its folder could not be synced, the message says that the new one is there.
 */
shs_status io_output_commit(struct io_output *output);

/* Local. Removes the file if it was not committed, and frees what `output` holds; accepts a zeroed
 * one. The latest message stays. */
void io_output_end(struct io_output *output);

/* For a handler of signals: removes the temporary file, and does nothing else. */
void io_output_drop(const struct io_output *output);

#endif
