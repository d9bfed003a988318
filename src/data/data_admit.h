/* Whether the arrays of a file are like those of the first file: their types, shapes and axes, what
 * their numbers mean, and the columns of sparse matrices. */
#ifndef DATA_ADMIT_H
#define DATA_ADMIT_H

#include "data_open_file.h"
#include "h5_sparse.h"

/* Local. Refuses an array that is not like that of the first file, or whose rows have no elements.
 * What the first file has is taken. */
shs_status data_admit_array(struct data_files *files, const struct data_open_file *open,
                            size_t array);

/* Local. Looks at the groups of sparse matrices, whose columns must be as many in all files.
 * sparse[p] is set for each field p that is one. The second function keeps this with the arrays,
 * which are open, and refuses those that contradict it or one another. */
shs_status data_admit_look_at_csr(struct data_files *files, const struct data_open_file *open,
                                  struct h5_sparse *sparse);
shs_status data_admit_check_csr(const struct data_files *files, struct data_open_file *open,
                                const struct h5_sparse *sparse);

/* Local. The same of a file that an index describes: an array whose group it does not describe is
 * passed over. */
shs_status data_admit_indexed_csr(struct data_files *files, const struct data_open_file *open);

#endif
