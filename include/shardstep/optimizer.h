/** @file
 * Optimisers and learning rates: pure functions over arrays.
 *
 * They keep nothing between calls. What an optimiser remembers lies in tensors of the program, its
 * state: zeros before the first step, and saved with the parameters by shs_save(). So ranks that
 * have the same parameters, state and mean of the gradients compute the same parameters again, and
 * a run that goes on from a checkpoint does too.
 *
 * The bits are the same everywhere. Each operation of the formulas below is rounded once, in the
 * order of their parentheses and from left to right, to the type of the tensor. No operations are
 * fused. Square roots are rounded correctly, as IEEE 754 demands and as the instruction of the
 * processor does. The numbers that do not depend on an element are computed in f64 and rounded once
 * to the type of the tensor. The floating-point environment must be the usual one: rounding to the
 * nearest, with subnormal numbers. A program that is linked with -ffast-math changes it. What is
 * NaN is NaN everywhere, but which NaN depends on the machine.
 *
 *     rate    = of this step, from the options
 *     decay   = from the options; 0 for a tensor with fewer axes than `decay_axes`
 *     p, g    = an element of the parameters and of the mean of the gradients
 *     v, m, s = an element of the state; their new values stand left of the = sign
 *     power(b, n) = b^n: the product of those of b, b^2, b^4, … that n has in binary, from the
 *                   lowest on, each the square of the one before; f64
 *     b1, b2, e = `beta1`, `beta2` and `epsilon`
 *     c1 = 1 - b1 * power(b1, step), c2 = 1 - b2 * power(b2, step); f64, for steps counted from 0
 *
 *     SGD      d = g + decay * p
 *              v = momentum * v + d
 *              p = p - rate * v                        with nesterov: p - rate * (d + momentum * v)
 *     Adam     d = g + decay * p
 *     AdamW    d = g, and first p = (1 - rate * decay) * p
 *     both     m = b1 * m + (1 - b1) * d
 *              s = b2 * s + (1 - b2) * (d * d)
 *              p = p - (rate / c1) * (m / (sqrt(s) * (1 / sqrt(c2)) + e))
 *
 * These are the formulas of PyTorch's SGD (without dampening), Adam and AdamW, whose results differ
 * by roundings. */
#ifndef SHARDSTEP_OPTIMIZER_H
#define SHARDSTEP_OPTIMIZER_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Updates. All of them are Local and may be called in any thread.
 *
 * They take arrays of `count` tensors. Those of one number belong together: they must be of one
 * type, SHS_F32 or SHS_F64, and of one shape, and each needs memory of its own. This is checked for
 * all numbers before anything changes: after an error every tensor is as it was. Elements that are
 * infinite or NaN are no error: they go through the formulas. Nothing is kept of the arguments. */

/** Stochastic gradient descent. Only `rate` must be set. */
typedef struct shs_sgd_options {
    /** The learning rate of this step, from 0 to 1e30. */
    double rate;
    /** The part of the velocity that is kept, from 0 to below 1. */
    double momentum;
    /** Weight decay, from 0 to 1e30: this times the parameter is added to the gradient. */
    double decay;
    /** Only tensors with at least this many axes decay: 2 spares biases. 0: all tensors decay. */
    uint32_t decay_axes;
    /** Looks ahead, as Nesterov's method does. It needs a momentum. */
    bool nesterov;
} shs_sgd_options;

/** Local. Makes one step of stochastic gradient descent.
 *
 * @param options     borrowed for the call
 * @param parameters  what is trained; it is changed
 * @param gradients   the mean of the gradients
 * @param velocities  the state; it is changed. With momentum 0 it is not used and may be NULL
 * @param count       the number of tensors in each array
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, for an option out of range, and for tensors of
 *         another type or shape or in the same memory */
SHS_API SHS_MUST_CHECK shs_status shs_sgd(const shs_sgd_options *options,
                                          const shs_tensor *parameters, const shs_tensor *gradients,
                                          const shs_tensor *velocities, size_t count);

/** Adam and AdamW. Only `rate` must be set. */
typedef struct shs_adam_options {
    /** The learning rate of this step, from 0 to 1e30. */
    double rate;
    /** The part of the mean of the gradients that is kept, from 0 to below 1. 0: 0.9. */
    double beta1;
    /** The part of the mean of their squares that is kept, from 0 to below 1. 0: 0.999. */
    double beta2;
    /** What is added to the root that the step is divided by, from 1e-30 to 1e30. 0: 1e-8. */
    double epsilon;
    /** Weight decay, from 0 to 1e30. With Adam this times the parameter is added to the gradient.
     * With AdamW this times the rate is the part of the parameter that is taken away. */
    double decay;
    /** Only tensors with at least this many axes decay: 2 spares biases. 0: all tensors decay. */
    uint32_t decay_axes;
} shs_adam_options;

/** Local. Makes one step of Adam (Kingma, Ba: Adam: a method for stochastic optimization. ICLR
 * 2015).
 *
 * @param options     borrowed for the call
 * @param step        how many steps were made before with this state: 0 for the first, `step` of a
 * batch if the state began as zeros at step 0
 * @param parameters  what is trained; it is changed
 * @param gradients   the mean of the gradients
 * @param means       the state: means of the gradients; it is changed
 * @param squares     the state: means of their squares; it is changed
 * @param count       the number of tensors in each array
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, for an option out of range, and for tensors of
 *         another type or shape or in the same memory */
SHS_API SHS_MUST_CHECK shs_status shs_adam(const shs_adam_options *options, uint64_t step,
                                           const shs_tensor *parameters,
                                           const shs_tensor *gradients, const shs_tensor *means,
                                           const shs_tensor *squares, size_t count);

/** Local. Makes one step of AdamW, which decays the parameters apart from the gradients
 * (Loshchilov, Hutter: Decoupled weight decay regularization. ICLR 2019). Arguments and results are
 * those of shs_adam(). */
SHS_API SHS_MUST_CHECK shs_status shs_adamw(const shs_adam_options *options, uint64_t step,
                                            const shs_tensor *parameters,
                                            const shs_tensor *gradients, const shs_tensor *means,
                                            const shs_tensor *squares, size_t count);

/* ---- Learning rates */

/** How a learning rate goes on after the warm-up. */
typedef enum shs_rate_kind {
    /** The default: it stays at the peak. */
    SHS_RATE_CONSTANT = 0,
    /** It is multiplied by `factor` at each milestone. */
    SHS_RATE_STEPS,
    /** It falls in a straight line to `last`. */
    SHS_RATE_LINEAR,
    /** It falls by half a cosine to `last`. */
    SHS_RATE_COSINE,
} shs_rate_kind;

/** A learning rate as a function of the step. Only `peak` must be set, and `steps` for LINEAR and
 * COSINE. A warm-up that is followed by LINEAR or COSINE is one cycle. */
typedef struct shs_rate {
    /** How the rate goes on after the warm-up. */
    shs_rate_kind kind;
    /** The rate at the end of the warm-up, from which it goes on. Rates go from 0 to 1e30. */
    double peak;
    /** The rate at step 0, if there is a warm-up. */
    double first;
    /** The rate at step `steps` and after it; LINEAR and COSINE. */
    double last;
    /** The step at which the rate has come to the peak. 0: there is no warm-up. */
    uint64_t warm_up;
    /** True: the rate comes to the peak by half a cosine. False: in a straight line. */
    bool warm_up_cosine;
    /** The step at which the rate has come to `last`, above `warm_up`; LINEAR and COSINE. It counts
     * from step 0, not from the end of the warm-up. */
    uint64_t steps;
    /** By what the rate is multiplied, from above 0 to 1; STEPS. 0: 0.1. */
    double factor;
    /** The steps from which on the rate is multiplied once more, in ascending order; STEPS.
     * Borrowed. */
    const uint64_t *milestones;
    /** The number of milestones. */
    size_t milestone_count;
} shs_rate;

/** Local, any thread. Puts the learning rate of a step into *rate.
 *
 * It is computed in f64, and each operation is rounded once: the same bits everywhere. With the
 * fraction f of the way from the rate a to the rate b, a line is a + (b - a) * f, and half a cosine
 * is b + (a - b) * (0.5 + 0.5 * cos(pi f)). The cosine is the library's own.
 *
 * @param schedule  borrowed for the call
 * @param step      the step, counted from 0
 * @param rate      gets the rate; 0 on error
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL and for a member out of range */
SHS_API SHS_MUST_CHECK shs_status shs_rate_at(const shs_rate *schedule, uint64_t step,
                                              double *rate);

#ifdef __cplusplus
}
#endif

#endif
