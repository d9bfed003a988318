/* The fields that a path's files have, where the command line names none. */
#ifndef CLI_ALL_FIELDS_H
#define CLI_ALL_FIELDS_H

#include "h5_about.h"

/* Local. Finds the first of the files that a path stands for, to be released by core_free(), and
 * how many files there are. */
shs_status cli_first_file(const char *path, char **first, size_t *count);

/* True if a dataset is an array of plain numbers. */
bool cli_is_field(const struct h5_about *about);

/* Local. *are: whether a dataset holds the checksums of the dataset beside it. */
shs_status cli_find_checksums(struct h5_file *file, const char *name, bool *are);

/* Local. Lists all fields of plain numbers of a file, or of the first of several, without their
 * checksums, separated by commas. The list is to be released by core_free(). */
shs_status cli_all_fields(const char *path, bool one_sample_a_file, char **fields);

#endif
