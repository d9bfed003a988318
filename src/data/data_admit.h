/* Whether the arrays of a file are like those of the first file: their types, shapes and axes, what
 * their numbers mean, and the columns of sparse matrices. */
#ifndef DATA_ADMIT_H
#define DATA_ADMIT_H

#include "data_open_file.h"

/* Local. Refuses an array that is not like that of the first file, or whose rows have no elements.
 * What the first file has is taken. */
shs_status data_admit_array(struct data_files *files, const struct data_open_file *open,
                            size_t array);

/* Local. Looks at the groups of sparse matrices, whose columns must be as many in all files.
 * rows[p] is set for each field p that is one. The second function refuses one whose arrays, which
 * are open, contradict these rows or one another. */
shs_status data_admit_look_at_csr(struct data_files *files, const struct data_open_file *open,
                                  uint64_t *rows);
shs_status data_admit_check_csr(const struct data_files *files, const struct data_open_file *open,
                                const uint64_t *rows);

#endif
