/* What a group says of the sparse matrix that its arrays are, by the attributes of h5ad files:
 * `encoding-type`, or h5sparse_format as older files have it, and `shape`, or h5sparse_shape. */
#ifndef H5_SPARSE_H
#define H5_SPARSE_H

#include "h5_file.h"

enum {
    H5_SPARSE_BYTES = 64
};

struct h5_sparse {
    bool is_array; /* true if the name is that of an array, and of no group */
    /* The beginning of what the group says it is, such as csr_matrix or csc; "" if it says nothing
     * in a text. */
    char encoding[H5_SPARSE_BYTES];
    bool has_shape;
    uint64_t shape[2]; /* rows and columns */
};

/* Local. Reads this of a group, or of nothing if the file has no object of this name. An attribute
 * that cannot be read is SHS_ERROR_FORMAT. */
shs_status h5_sparse_read(struct h5_file *file, const char *group, struct h5_sparse *sparse);

#endif
