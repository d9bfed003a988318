/* Rows of sparse matrices (data_csr.h) become dense rows: first their entries are read, then the
 * entries are put into their columns. */
#ifndef FETCH_CSR_H
#define FETCH_CSR_H

#include "data_dataset.h"
#include "fetch.h"

/* The rows of one field that a batch wants. A zeroed struct is empty. */
struct fetch_csr {
    const shs_dataset *dataset;
    size_t part;  /* of the field */
    char *to;     /* the dense rows */
    size_t count; /* rows */
    struct fetch_csr_row {
        size_t file;
        uint64_t number;  /* of the row in its file */
        uint64_t at;      /* its first entry, among those of the batch */
        uint64_t entries; /* how many it has */
    } * row;
    size_t row_capacity;
    char *values, *indices;                   /* the entries of all rows, one row after the other */
    size_t values_capacity, indices_capacity; /* in bytes */
    uint64_t *seen; /* bits of each row's columns, for rows whose columns do not ascend */
    size_t seen_capacity;
};

/* Takes the memory for `samples` rows of a field, so that no more is taken later. */
shs_status fetch_csr_reserve(struct fetch_csr *csr, const shs_dataset *dataset, size_t part,
                             uint64_t samples);

/* Begins a batch of `count` rows, whose dense rows go to `to`. The caller then sets file, number
 * and entries of each row, and calls fetch_csr_place(). */
shs_status fetch_csr_begin(struct fetch_csr *csr, const shs_dataset *dataset, size_t part,
                           uint64_t count, char *to);

/* Finds the places in memory of all rows' entries. */
shs_status fetch_csr_place(struct fetch_csr *csr);

/* Return where the values and the columns of a row shall be read to. */
char *fetch_csr_values(const struct fetch_csr *csr, size_t row);
char *fetch_csr_indices(const struct fetch_csr *csr, size_t row);

/* Makes dense rows of the entries, which have been read. A column that the matrix does not have, or
 * that a row has twice, is SHS_ERROR_FORMAT. May be called in any thread. */
shs_status fetch_csr_spread(const struct fetch_means *means, struct fetch_csr *csr);

void fetch_csr_free(struct fetch_csr *csr);

#endif
