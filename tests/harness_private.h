#ifndef HARNESS_PRIVATE_H
#define HARNESS_PRIVATE_H

#include "harness.h"

/* How several ranks agree; a single process has none of it. */
struct harness_ranks {
    int rank;
    /* the sum over all ranks */
    unsigned (*sum)(unsigned number);
};

int harness_run_with(const char *suite, const struct harness_test *tests, size_t count,
                     const struct harness_ranks *ranks);

#endif
