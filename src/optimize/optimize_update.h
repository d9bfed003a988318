/* The loops over the elements of a tensor, for each type of number. The formulas are those of
 * shardstep/optimizer.h. */
#ifndef OPTIMIZE_UPDATE_H
#define OPTIMIZE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

/* What no element changes. The loops round these numbers to the type of the tensor. */
struct optimize_sgd {
    double rate;
    double momentum;
    double decay;
    bool nesterov;
};

struct optimize_adam {
    double rate; /* divided by the correction of the means */
    double root; /* 1 / the square root of the correction of the squares */
    double beta1;
    double rest1; /* 1 - beta1 */
    double beta2;
    double rest2; /* 1 - beta2 */
    double epsilon;
    double decay; /* Adam: what the gradient gets of the parameter */
    double keep;  /* AdamW: what the parameter is multiplied by */
    bool decoupled;
};

/* The memory of one tensor of each array. Nothing of it overlaps. */
struct optimize_arrays {
    void *parameter;
    const void *gradient;
    void *state[2]; /* velocity, or mean and square; those that an optimiser lacks are NULL */
    size_t count;
};

void optimize_sgd_floats(const struct optimize_sgd *step, const struct optimize_arrays *arrays);
void optimize_sgd_doubles(const struct optimize_sgd *step, const struct optimize_arrays *arrays);
void optimize_adam_floats(const struct optimize_adam *step, const struct optimize_arrays *arrays);
void optimize_adam_doubles(const struct optimize_adam *step, const struct optimize_arrays *arrays);

#endif
