/* Rows drawn with replacement, each with a probability in proportion to its weight. */
#ifndef RUN_WEIGHTS_H
#define RUN_WEIGHTS_H

#include "core_hash.h"
#include "order_subset.h"
#include "run_dataset.h"

struct run_weights;

struct run_weights_how {
    const double *values;
    const char *field;
    const char *balance;
    const struct order_subset *subset;
};

shs_status run_weights_open(shs_dataset *dataset, const struct run_weights_how *how,
                            struct run_weights **weights);
void run_weights_close(struct run_weights **weights);
shs_status run_weights_rows(struct run_weights *weights, const struct order_source *source,
                            unsigned threads, uint64_t *index, uint64_t count);
void run_weights_digest(const struct run_weights *weights, char text[CORE_DIGEST_TEXT]);

#endif
