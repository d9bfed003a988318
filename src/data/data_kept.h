/* Which windows of a dataset are samples, where fields say by `valid` which rows may be in one. The
 * windows of all files are numbered through; the samples are those that are kept, in their order.
 */
#ifndef DATA_KEPT_H
#define DATA_KEPT_H

#include "core_hash.h"
#include "data_field.h"

/* Windows [window, window + count) are the samples [sample, sample + count). */
struct data_kept_run {
    uint64_t window, sample, count;
};

/* A zeroed struct keeps all windows, which then have the numbers of samples. */
struct data_kept {
    struct data_kept_run *run; /* in order */
    size_t runs, capacity;
    uint64_t *first_window; /* of each file, and last the number of windows; NULL: all are kept */
};

/* Takes the memory for so many files, if some field has `valid`. */
shs_status data_kept_open(const struct data_sample *sample, size_t files, struct data_kept *kept);

void data_kept_free(struct data_kept *kept);

/* Adds a file, in order. It has so many windows, `a_series` in each series. Reads which of its rows
 * are valid: `arrays` are its open arrays. *samples becomes the number of windows that are kept.
 * `first` is the number of its first sample. */
shs_status data_kept_add(const struct data_sample *sample, size_t file, struct data_field *arrays,
                         uint64_t windows, uint64_t a_series, uint64_t first,
                         struct data_kept *kept, uint64_t *samples);

/* The first function returns the window of a sample. The second returns how many samples are
 * windows before `window`. */
uint64_t data_kept_window(const struct data_kept *kept, uint64_t sample);
uint64_t data_kept_below(const struct data_kept *kept, uint64_t window);

/* Adds the windows that are kept to a hash. */
void data_kept_hash(const struct data_kept *kept, struct core_hash *hash);

#endif
