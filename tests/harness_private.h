#ifndef HARNESS_PRIVATE_H
#define HARNESS_PRIVATE_H

#include <stdarg.h>

#include "harness.h"

/* How several ranks agree; a single process has none of it. */
struct harness_ranks {
    int rank;
    /* the sum over all ranks */
    unsigned (*sum)(unsigned number);
};

struct harness_suite {
    const char *name;
    const struct harness_test *tests;
    size_t count;
    int argc;
    char **argv;
};

int harness_run_with(const struct harness_suite *suite, const struct harness_ranks *ranks);

/* Prints the line of a failure, and tells CUnit. */
void harness_fail(struct harness_place place, const char *text);

#endif
