/* Files that commands make. A signal that ends the process does not leave half a file. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "io_output.h"
#include "io_paths.h"

/* Local. Refuses to make a file under the name of one of `inputs`, and under the name of another
 * file without `overwrite`. `what` is what the file would hold, for the message. */
shs_status cli_output_check(const char *path, bool overwrite, const struct io_paths *inputs,
                            const char *what);

/* Local. Does what io_output_begin() does. Until cli_output_end() SIGHUP, SIGINT and SIGTERM remove
 * the temporary file before they end the process. A process can have one unfinished output at a
 * time. *output must not move until cli_output_end(). */
shs_status cli_output_begin(const char *path, bool overwrite, struct io_output *output);

/* Local. Does what io_output_end() does, and puts the handlers of the signals back. */
void cli_output_end(struct io_output *output);

/* Local. Flushes what was printed about a file that is complete. SHS_ERROR_FILE if standard output
 * failed; the message says that the file is complete all the same. */
shs_status cli_output_printed(const char *path);

#endif
