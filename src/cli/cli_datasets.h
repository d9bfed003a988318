/* The datasets of a file, printed with their types, their shapes, their storage and the way in
 * which they will be read. */
#ifndef CLI_DATASETS_H
#define CLI_DATASETS_H

#include "cli.h"

/* Local. Prints all datasets of the first file of an argument, as text or, with --json, as an
 * object. *failed counts the datasets that could not be examined; the latest message then gives the
 * first reason. Returns an error only if the file itself cannot be found or opened. */
shs_status cli_print_datasets(const struct cli_arguments *arguments, uint64_t *failed);

#endif
