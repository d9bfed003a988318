/* Sparse matrices whose rows are read as dense rows: csr(GROUP), as fields.h describes it. The
 * group holds three arrays. The entries of row i are data[indptr[i]] to data[indptr[i + 1] - 1],
 * and `indices` has the column of each entry. */
#ifndef DATA_CSR_H
#define DATA_CSR_H

#include "data_files.h"
#include "data_offsets.h"
#include "h5_sparse.h"

/* The text csr(GROUP[, width=COLUMNS])[(VALUES)], taken apart in place. */
struct data_csr_text {
    char *group;
    char *width;  /* the text of the width; NULL: not given */
    char *values; /* the text in the parentheses behind the form; NULL: there are none */
};

/* Returns true if a text without its alias has this form. A dataset that is called csr has a key
 * before the first comma in its parentheses. */
bool data_csr_is_text(const char *text);

/* Takes a text of this form apart. SHS_ERROR_ARGUMENT says what is wrong with it. */
shs_status data_csr_split(char *text, struct data_csr_text *csr);

/* Local. Looks at the group of a DATA_CSR in an open file, before its arrays are opened: the group
 * must not be an array, and attributes that say what it holds must say csr_matrix. */
shs_status data_csr_look(struct h5_file *file, const char *path, const struct data_part *part,
                         struct h5_sparse *sparse);

/* Finds the columns that the group's attribute `shape` tells, or that the field's text gives, which
 * must agree. If neither does, the result is SHS_ERROR_ARGUMENT. */
shs_status data_csr_width(const char *path, const struct data_part *part,
                          const struct h5_sparse *sparse, uint64_t *width);

/* Refuses arrays of a DATA_CSR that do not fit one another, or not what the group says. */
shs_status data_csr_check(const struct data_part *part, const struct data_field *arrays,
                          const struct h5_sparse *sparse);

/* Refuses the offsets of the file that was added last, if they do not begin with 0 and end with the
 * number of entries. They are those of a DATA_CSR. */
shs_status data_csr_check_offsets(const struct data_part *part, const struct data_field *arrays,
                                  const struct data_offsets *offsets);

#define DATA_NO_COLUMN UINT64_MAX

/* The columns of a row that a field takes. */
struct data_columns {
    uint64_t width; /* all columns of a row */
    uint64_t taken; /* columns of a sample */
    /* For each column its place in the sample, or DATA_NO_COLUMN; NULL: all columns are taken. */
    uint64_t *place;
};

/* Finds the columns that a DATA_CSR takes of `width` columns. The caller releases them with
 * data_columns_free(). */
shs_status data_columns_find(const struct data_part *part, uint64_t width,
                             struct data_columns *columns);

void data_columns_free(struct data_columns *columns);

#endif
