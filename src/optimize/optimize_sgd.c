/* Stochastic gradient descent, for shardstep/optimizer.h. */
#include "core_status.h"
#include "optimize_check.h"
#include "shardstep/optimizer.h"

static shs_status check_options(const shs_sgd_options *options)
{
    shs_status status =
        core_require(options, "shs_sgd", "options", "pass options with a learning rate");
    if (!status) status = optimize_check_option("shs_sgd", "rate", options->rate, 0, 1e30);
    if (!status) status = optimize_check_part("shs_sgd", "momentum", options->momentum);
    if (!status) status = optimize_check_option("shs_sgd", "decay", options->decay, 0, 1e30);
    if (!status && options->nesterov && options->momentum == 0)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "shs_sgd: nesterov needs a momentum; set momentum, to 0.9 for example");
    return status;
}

shs_status shs_sgd(const shs_sgd_options *options, const shs_tensor *parameters,
                   const shs_tensor *gradients, const shs_tensor *velocities, size_t count)
{
    shs_status status = check_options(options);
    if (status) return status;
    const struct optimize_tensors tensors = {
        .function = "shs_sgd",
        .parameters = parameters,
        .gradients = gradients,
        .state = {velocities},
        .state_names = {options->momentum > 0 ? "velocities" : NULL},
        .count = count};
    status = optimize_check_tensors(&tensors);
    if (status) return status;
    for (size_t t = 0; t < count; t++) {
        const struct optimize_arrays arrays = optimize_arrays_of(&tensors, t);
        const struct optimize_sgd step = {
            .rate = options->rate,
            .momentum = options->momentum,
            .decay = optimize_decay_of(&parameters[t], options->decay, options->decay_axes),
            .nesterov = options->nesterov};
        if (parameters[t].type == SHS_F32)
            optimize_sgd_floats(&step, &arrays);
        else
            optimize_sgd_doubles(&step, &arrays);
    }
    return SHS_OK;
}
