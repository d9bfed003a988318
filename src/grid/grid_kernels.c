#include "grid_kernels.h"

#include <stdatomic.h>
#include <string.h>

#include "core_cpu.h"

/* Only tests and measurements choose kernels. The choice changes no byte. */
static const struct grid_kernels *chosen;

static const struct grid_kernels *const all_kernels[] = {
#if defined(__x86_64__)
    &grid_kernels_avx512,
    &grid_kernels_avx2,
#endif
    &grid_kernels_plain,
};

enum {
    N_KERNELS = sizeof all_kernels / sizeof *all_kernels
};

static bool runs_here(const struct grid_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &grid_kernels_avx512) return core_cpu_has_avx512();
    if (kernels == &grid_kernels_avx2) return core_cpu_has_avx2();
#endif
    return kernels == &grid_kernels_plain;
}

static const struct grid_kernels *fastest(void)
{
    for (size_t i = 0; i < N_KERNELS; i++)
        if (runs_here(all_kernels[i])) return all_kernels[i];
    return &grid_kernels_plain;
}

/* All threads find the same kernels, so it does not matter which of them keeps them. */
const struct grid_kernels *grid_kernels_now(void)
{
    static const struct grid_kernels *_Atomic found;
    if (chosen) return chosen;
    const struct grid_kernels *kernels = atomic_load_explicit(&found, memory_order_relaxed);
    if (kernels) return kernels;
    kernels = fastest();
    atomic_store_explicit(&found, kernels, memory_order_relaxed);
    return kernels;
}

bool grid_kernels_choose(const char *name)
{
    chosen = NULL;
    for (size_t i = 0; i < N_KERNELS; i++)
        if (!strcmp(name, all_kernels[i]->name) && runs_here(all_kernels[i]))
            chosen = all_kernels[i];
    return chosen || !*name;
}
