/* Files that commands make, and the end of the process in between. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "io_output.h"

/* Local. As io_output_begin(); until cli_output_end() a SIGHUP, SIGINT or SIGTERM that would end
 * the process removes the temporary file first. One at a time. `output` must stay where it is. */
shs_status cli_output_begin(const char *path, bool overwrite, struct io_output *output);

/* Local. As io_output_end(). */
void cli_output_end(struct io_output *output);

/* Local. After what was printed of a file that is committed: an error if it could not be written
 * out, which says that the file is whole all the same. */
shs_status cli_output_printed(const char *path);

#endif
