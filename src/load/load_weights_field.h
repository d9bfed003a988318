/* The field that rows are weighed by: one number a sample, the weight itself or the class whose
 * rows share one. Read in bounded pieces, as a dataset of its own of the same files. */
#ifndef LOAD_WEIGHTS_FIELD_H
#define LOAD_WEIGHTS_FIELD_H

#include "fetch_gather.h"
#include "order_subset.h"

enum {
    LOAD_WEIGHTS_CLASSES = 1 << 20 /* values that classes may span */
};

/* Zeroed it may be closed. */
struct load_weights_field {
    const shs_dataset *of;             /* borrowed: whose rows they are */
    const struct order_subset *subset; /* borrowed; NULL: all rows */
    const char *name;                  /* of the field in `data` */
    shs_dataset *data;                 /* NULL: there is no field */
    struct fetcher *fetcher;
    struct fetch_gather *gather;
    uint32_t round;   /* of the files of `of`, when those of `data` were last suspected */
    uint64_t at_once; /* samples of a piece */
    char *raw;        /* a piece, as it was read */
    double *weights;  /* and what it weighs */
    bool balanced;
    uint64_t least; /* key of the first class (core_elements.h) */
    uint64_t classes;
    double *class_weight; /* of each, 1 over the number of its rows; 0: it has none */
};

struct load_weights_field_how {
    const char *text;                  /* as in dataset.h, of one field */
    bool balanced;                     /* it holds classes */
    const struct order_subset *subset; /* rows outside weigh 0, whatever they hold */
    uint64_t at_once;
};

/* Collective. Opens the field in the files of a dataset that stays open longer, and counts the
 * classes. All of it is read twice for that. */
shs_status load_weights_field_open(const shs_dataset *of, const struct load_weights_field_how *how,
                                   struct load_weights_field *field);

void load_weights_field_close(struct load_weights_field *field);

/* Local. Reads runs of samples, of `at_once` samples together at most, into `raw`. A file that has
 * changed is an error, as it is to the dataset. */
shs_status load_weights_field_read(struct load_weights_field *field, unsigned threads,
                                   const struct data_range *runs, size_t count);

/* Local. The weights of samples [first, first + count), whose numbers begin with number `at` of
 * `raw`, into `weights`. A number that is no weight, or no class that was counted, is an error. */
shs_status load_weights_field_weigh(struct load_weights_field *field, uint64_t first,
                                    uint64_t count, uint64_t at);

#endif
