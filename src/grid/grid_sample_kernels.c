#include "grid_sample_kernels.h"

#include <string.h>

#include "core_cpu.h"

/* Only tests and measurements choose kernels. The choice changes no bit of a result. */
static const struct grid_sample_kernels *chosen;

static const struct grid_sample_kernels *const all_kernels[] = {
#if defined(__x86_64__)
    &grid_sample_kernels_avx512,
    &grid_sample_kernels_avx2,
#endif
    &grid_sample_kernels_plain,
};

enum {
    N_KERNELS = sizeof all_kernels / sizeof *all_kernels
};

static bool runs_here(const struct grid_sample_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &grid_sample_kernels_avx512) return core_cpu_has_avx512();
    if (kernels == &grid_sample_kernels_avx2) return core_cpu_has_avx2();
#endif
    return kernels == &grid_sample_kernels_plain;
}

const struct grid_sample_kernels *grid_sample_kernels_now(void)
{
    if (chosen) return chosen;
    for (size_t i = 0; i < N_KERNELS; i++)
        if (runs_here(all_kernels[i])) return all_kernels[i];
    return &grid_sample_kernels_plain;
}

bool grid_sample_kernels_choose(const char *name)
{
    chosen = NULL;
    for (size_t i = 0; i < N_KERNELS; i++)
        if (!strcmp(name, all_kernels[i]->name) && runs_here(all_kernels[i]))
            chosen = all_kernels[i];
    return chosen || !*name;
}
