/* What every optimiser asks of its arguments before it changes anything. */
#ifndef OPTIMIZE_CHECK_H
#define OPTIMIZE_CHECK_H

#include <stddef.h>

#include "optimize_update.h"
#include "shardstep/tensor.h"

/* Returns SHS_ERROR_ARGUMENT if an option is not a number of the range [least, most]. The message
 * names the function, the option, its value and the range. */
shs_status optimize_check_option(const char *function, const char *option, double value,
                                 double least, double most);

/* Returns SHS_ERROR_ARGUMENT if an option is not a number of the range [0, 1). */
shs_status optimize_check_part(const char *function, const char *option, double value);

/* The arrays of tensors that a public function got. */
struct optimize_tensors {
    const char *function;
    const shs_tensor *parameters;
    const shs_tensor *gradients;
    const shs_tensor *state[2];
    const char *state_names[2]; /* NULL: there is no such array */
    size_t count;
};

/* Returns SHS_ERROR_ARGUMENT if an array or the memory of a tensor is NULL, if tensors of one
 * number differ in type or shape, if the type is neither f32 nor f64, or if their memory overlaps.
 */
shs_status optimize_check_tensors(const struct optimize_tensors *tensors);

/* Returns the memory of the tensors of one number, which were checked. */
struct optimize_arrays optimize_arrays_of(const struct optimize_tensors *tensors, size_t tensor);

/* Returns `decay`, or 0 if the tensor has fewer axes than `axes`. */
double optimize_decay_of(const shs_tensor *parameter, double decay, uint32_t axes);

#endif
