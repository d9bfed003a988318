#include "grid_sampling.h"

#include "grid_sample_kernels.h"

size_t grid_real_bytes(shs_type type)
{
    return grid_is_wide(type) ? sizeof(double) : sizeof(float);
}

void grid_weights_of(shs_type type, const double *weight, size_t count, void *to)
{
    float *floats = to;
    double *doubles = to, sum = weight[0];
    bool wide = grid_is_wide(type);
    for (size_t i = 1; i < count; i++)
        sum += weight[i];
    for (size_t i = 0; i < count; i++)
        if (wide)
            doubles[i] = weight[i] / sum;
        else
            floats[i] = (float)(weight[i] / sum);
}

size_t grid_taken(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

void *grid_take(char **memory, size_t bytes)
{
    void *taken = *memory;
    *memory += grid_taken(bytes);
    return taken;
}
