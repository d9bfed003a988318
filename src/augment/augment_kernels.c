#include "augment_kernels.h"

#include <stdatomic.h>
#include <string.h>

#include "core_cpu.h"

/* Only tests and measurements choose kernels. The choice changes no byte. */
static const struct augment_kernels *chosen;

static const struct augment_kernels *const all_kernels[] = {
#if defined(__x86_64__)
    &augment_kernels_avx512,
    &augment_kernels_avx2,
#endif
    &augment_kernels_plain,
};

enum {
    N_KERNELS = sizeof all_kernels / sizeof *all_kernels
};

static bool runs_here(const struct augment_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &augment_kernels_avx512) return core_cpu_has_avx512();
    if (kernels == &augment_kernels_avx2) return core_cpu_has_avx2();
#endif
    return kernels == &augment_kernels_plain;
}

static const struct augment_kernels *fastest(void)
{
    for (size_t i = 0; i < N_KERNELS; i++)
        if (runs_here(all_kernels[i])) return all_kernels[i];
    return &augment_kernels_plain;
}

/* All threads find the same kernels, so it does not matter which of them keeps them. */
const struct augment_kernels *augment_kernels_now(void)
{
    static const struct augment_kernels *_Atomic found;
    if (chosen) return chosen;
    const struct augment_kernels *kernels = atomic_load_explicit(&found, memory_order_relaxed);
    if (kernels) return kernels;
    kernels = fastest();
    atomic_store_explicit(&found, kernels, memory_order_relaxed);
    return kernels;
}

bool augment_kernels_choose(const char *name)
{
    chosen = NULL;
    for (size_t i = 0; i < N_KERNELS; i++)
        if (!strcmp(name, all_kernels[i]->name) && runs_here(all_kernels[i]))
            chosen = all_kernels[i];
    return chosen || !*name;
}
