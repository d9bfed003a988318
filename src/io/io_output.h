/* A new file. It has a temporary name until it is whole, and then its final name. */
#ifndef IO_OUTPUT_H
#define IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core_status.h"

/* A file that is being made. The temporary name is PATH, the host, the process, a random number and
 * ".tmp", so processes that make the same file at the same time do not meet. The temporary file is
 * locked (flock) as long as its process lives. */
struct io_output {
    char *path;
    char *temporary;
    bool overwrite;
    bool committed;
    int lock; /* descriptor of the temporary file, which holds the lock */
};

/* Local. Checks whether a file may be made under a name. Anything that stands there already is an
 * error, unless it is a plain file and `overwrite` is true. A symbolic link is not followed. */
shs_status io_output_check(const char *path, bool overwrite);

/* Local. Checks the name, removes temporary files that killed processes of this host have left for
 * it, and makes an empty temporary file. The caller must call io_output_end() even after an error.
 */
shs_status io_output_begin(const char *path, bool overwrite, struct io_output *output);

/* Local. Writes the next bytes of the temporary file. The message of an error has the final name.
 */
shs_status io_output_write(struct io_output *output, const void *bytes, size_t count);

/* Local. Makes the whole file durable under its final name. If another process has made the file
 * first, its file stays, and the result is an error. After an error nothing new stands under the
 * name, with one exception: if a file was overwritten and its folder could not be synced, the
 * message says that the new file is there. */
shs_status io_output_commit(struct io_output *output);

/* Local. Removes the file if it was not committed, and frees what `output` holds. A zeroed `output`
 * is accepted. The latest message stays. */
void io_output_end(struct io_output *output);

/* Removes the temporary file of an output that was not committed, and does nothing else. A signal
 * handler may call it. */
void io_output_drop(const struct io_output *output);

#endif
