/* Adam and AdamW, for shardstep/optimizer.h. */
#include "core_status.h"
#include "optimize_check.h"
#include "optimize_power.h"
#include "random_math.h"
#include "shardstep/optimizer.h"

static double given_or(double value, double usual)
{
    return value == 0 ? usual : value;
}

static shs_status check_options(const char *function, const shs_adam_options *options)
{
    shs_status status =
        core_require(options, function, "options", "pass options with a learning rate");
    if (!status) status = optimize_check_option(function, "rate", options->rate, 0, 1e30);
    if (!status) status = optimize_check_part(function, "beta1", options->beta1);
    if (!status) status = optimize_check_part(function, "beta2", options->beta2);
    if (!status)
        status = optimize_check_option(function, "epsilon", given_or(options->epsilon, 1e-8), 1e-30,
                                       1e30);
    if (!status) status = optimize_check_option(function, "decay", options->decay, 0, 1e30);
    return status;
}

/* What is the same for all tensors of a step. The decay is not. */
static struct optimize_adam begin_step(const shs_adam_options *options, uint64_t step)
{
    const double beta1 = given_or(options->beta1, 0.9), beta2 = given_or(options->beta2, 0.999);
    const double correction1 = 1 - beta1 * optimize_power(beta1, step);
    const double correction2 = 1 - beta2 * optimize_power(beta2, step);
    return (struct optimize_adam){.rate = options->rate / correction1,
                                  .root = 1 / random_sqrt(correction2),
                                  .beta1 = beta1,
                                  .rest1 = 1 - beta1,
                                  .beta2 = beta2,
                                  .rest2 = 1 - beta2,
                                  .epsilon = given_or(options->epsilon, 1e-8)};
}

static shs_status update(const struct optimize_tensors *tensors, bool decoupled,
                         const shs_adam_options *options, uint64_t step)
{
    shs_status status = check_options(tensors->function, options);
    if (!status) status = optimize_check_tensors(tensors);
    if (status) return status;
    struct optimize_adam with = begin_step(options, step);
    with.decoupled = decoupled;
    for (size_t t = 0; t < tensors->count; t++) {
        const shs_tensor *parameter = &tensors->parameters[t];
        const struct optimize_arrays arrays = optimize_arrays_of(tensors, t);
        with.decay = optimize_decay_of(parameter, options->decay, options->decay_axes);
        with.keep = 1 - options->rate * with.decay;
        if (parameter->type == SHS_F32)
            optimize_adam_floats(&with, &arrays);
        else
            optimize_adam_doubles(&with, &arrays);
    }
    return SHS_OK;
}

shs_status shs_adam(const shs_adam_options *options, uint64_t step, const shs_tensor *parameters,
                    const shs_tensor *gradients, const shs_tensor *means, const shs_tensor *squares,
                    size_t count)
{
    const struct optimize_tensors tensors = {"shs_adam",       parameters,           gradients,
                                             {means, squares}, {"means", "squares"}, count};
    return update(&tensors, false, options, step);
}

shs_status shs_adamw(const shs_adam_options *options, uint64_t step, const shs_tensor *parameters,
                     const shs_tensor *gradients, const shs_tensor *means,
                     const shs_tensor *squares, size_t count)
{
    const struct optimize_tensors tensors = {"shs_adamw",      parameters,           gradients,
                                             {means, squares}, {"means", "squares"}, count};
    return update(&tensors, true, options, step);
}
