/* The field that rows are weighed by. It has one number a sample: the weight, or the sample's
 * class. It is opened as another dataset of the same files, and is read in pieces of bounded size.
 */
#ifndef LOAD_WEIGHTS_FIELD_H
#define LOAD_WEIGHTS_FIELD_H

#include "fetch_gather.h"
#include "order_subset.h"

enum {
    LOAD_WEIGHTS_CLASSES = 1 << 20 /* most values that classes may span */
};

/* A zeroed field may be closed. */
struct load_weights_field {
    const shs_dataset *of;             /* borrowed; the dataset whose rows are weighed */
    const struct order_subset *subset; /* borrowed; NULL: all rows */
    const char *name;                  /* the field's name in `data` */
    shs_dataset *data;                 /* NULL: there is no field */
    struct fetcher *fetcher;
    struct fetch_gather *gather;
    uint32_t round;   /* round of the files of `of` at the last data_files_suspect() of `data` */
    uint64_t at_once; /* most samples of a piece */
    char *raw;        /* a piece, as it was read */
    double *weights;  /* the weights of that piece */
    bool balanced;
    uint64_t least; /* key of the first class (core_elements.h) */
    uint64_t classes;
    double *class_weight; /* for each class 1 / the number of its rows; 0: it has no rows */
};

struct load_weights_field_how {
    const char *text;                  /* the text of one field, as in fields.h */
    bool balanced;                     /* true if the field holds classes */
    const struct order_subset *subset; /* rows outside the subset have weight 0 */
    uint64_t at_once;
};

/* Collective. Opens the field in the files of a dataset that stays open longer, and counts the
 * classes. To count them, all of the field is read twice. */
shs_status load_weights_field_open(const shs_dataset *of, const struct load_weights_field_how *how,
                                   struct load_weights_field *field);

void load_weights_field_close(struct load_weights_field *field);

/* Local. Reads runs of samples into `raw`. Together they have at most `at_once` samples. A file
 * that has changed is an error, as in the dataset. */
shs_status load_weights_field_read(struct load_weights_field *field, unsigned threads,
                                   const struct data_range *runs, size_t count);

/* Local. Puts the weights of samples [first, first + count) into `weights`. Their numbers are those
 * of `raw` from number `at` on. A number that is no weight, or no class that was counted, is an
 * error. */
shs_status load_weights_field_weigh(struct load_weights_field *field, uint64_t first,
                                    uint64_t count, uint64_t at);

#endif
