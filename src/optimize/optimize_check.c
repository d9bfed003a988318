#include "optimize_check.h"

#include "core_status.h"

shs_status optimize_check_option(const char *function, const char *option, double value,
                                 double least, double most)
{
    if (value >= least && value <= most) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "%s: %s is %.9g; pass a number from %g to %g", function,
                     option, value, least, most);
}

shs_status optimize_check_part(const char *function, const char *option, double value)
{
    if (value >= 0 && value < 1) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "%s: %s is %.9g; pass a number from 0 to below 1",
                     function, option, value);
}

/* One tensor and what it is called in messages. */
struct part {
    const char *role;
    const shs_tensor *tensor;
};

enum {
    PARTS = 4
};

static size_t parts_of(const struct optimize_tensors *tensors, size_t tensor,
                       struct part parts[PARTS])
{
    size_t count = 2;
    parts[0] = (struct part){"parameters", &tensors->parameters[tensor]};
    parts[1] = (struct part){"gradients", &tensors->gradients[tensor]};
    for (int i = 0; i < 2; i++)
        if (tensors->state_names[i])
            parts[count++] = (struct part){tensors->state_names[i], &tensors->state[i][tensor]};
    return count;
}

static const char *name_of(const shs_tensor *tensor)
{
    return tensor->name ? tensor->name : "(no name)";
}

static bool alike(const shs_tensor *a, const shs_tensor *b)
{
    if (a->type != b->type || a->axes != b->axes) return false;
    for (uint32_t axis = 0; axis < a->axes; axis++)
        if (a->shape[axis] != b->shape[axis]) return false;
    return true;
}

static bool overlap(const void *a, const void *b, size_t bytes)
{
    const uintptr_t first = (uintptr_t)a, second = (uintptr_t)b;
    return first < second ? second - first < bytes : first - second < bytes;
}

/* Checks the tensors of one number. */
static shs_status check_parts(const char *function, const struct part *parts, size_t count,
                              size_t number)
{
    const shs_tensor *parameter = parts[0].tensor;
    size_t bytes;
    shs_status status = shs_tensor_bytes(parameter, &bytes);
    if (status) return core_wrap(status, "%s: tensor %zu of the parameters", function, number);
    if (parameter->type != SHS_F32 && parameter->type != SHS_F64)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "%s: tensor %s of the parameters has type %s; only f32 and f64 are trained", function,
            name_of(parameter), shs_type_name(parameter->type));
    for (size_t i = 0; i < count; i++) {
        if (!alike(parameter, parts[i].tensor))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "%s: tensor %zu of the %s (%s) has another type or shape than that of "
                             "the parameters (%s); tensors of one number belong together",
                             function, number, parts[i].role, name_of(parts[i].tensor),
                             name_of(parameter));
        if (bytes && !parts[i].tensor->data)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "%s: data of tensor %s of the %s is NULL; give it memory", function,
                             name_of(parts[i].tensor), parts[i].role);
        for (size_t j = 0; j < i; j++)
            if (overlap(parts[i].tensor->data, parts[j].tensor->data, bytes))
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "%s: tensor %s of the %s lies in the memory of tensor %s of the "
                                 "%s; give each memory of its own",
                                 function, name_of(parts[i].tensor), parts[i].role,
                                 name_of(parts[j].tensor), parts[j].role);
    }
    return SHS_OK;
}

shs_status optimize_check_tensors(const struct optimize_tensors *tensors)
{
    static const char advice[] = "pass an array of tensors";
    struct part parts[PARTS];
    const char *function = tensors->function;
    shs_status status = core_require(tensors->parameters, function, "parameters", advice);
    if (!status) status = core_require(tensors->gradients, function, "gradients", advice);
    for (int i = 0; i < 2 && !status; i++)
        if (tensors->state_names[i])
            status = core_require(tensors->state[i], function, tensors->state_names[i], advice);
    for (size_t t = 0; t < tensors->count && !status; t++)
        status = check_parts(function, parts, parts_of(tensors, t, parts), t);
    return status;
}

struct optimize_arrays optimize_arrays_of(const struct optimize_tensors *tensors, size_t tensor)
{
    const shs_tensor *parameter = &tensors->parameters[tensor];
    struct optimize_arrays arrays = {.parameter = parameter->data,
                                     .gradient = tensors->gradients[tensor].data};
    for (int i = 0; i < 2; i++)
        if (tensors->state_names[i]) arrays.state[i] = tensors->state[i][tensor].data;
    arrays.count = 1;
    for (uint32_t axis = 0; axis < parameter->axes; axis++)
        arrays.count *= (size_t)parameter->shape[axis];
    return arrays;
}

double optimize_decay_of(const shs_tensor *parameter, double decay, uint32_t axes)
{
    return parameter->axes < axes ? 0 : decay;
}
