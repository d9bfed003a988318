/* The fields of a path's files, for command lines without --fields. */
#ifndef CLI_ALL_FIELDS_H
#define CLI_ALL_FIELDS_H

#include "h5_about.h"

/* Local. Finds the files of a path. Sets *first to the name of the first file, which the caller
 * frees, and *count to the number of files. */
shs_status cli_first_file(const char *path, char **first, size_t *count);

/* True if a dataset is an array of plain numbers. */
bool cli_is_field(const struct h5_about *about);

/* Local. Sets *are to true if a dataset holds the checksums of another dataset of the file. */
shs_status cli_find_checksums(struct h5_file *file, const char *name, bool *are);

/* Local. Sets *fields to a list, separated by commas, of all datasets of plain numbers in the first
 * file of a path, without datasets of checksums. The caller frees the list. SHS_ERROR_FORMAT if the
 * file has no such dataset. */
shs_status cli_all_fields(const char *path, bool one_sample_a_file, char **fields);

#endif
