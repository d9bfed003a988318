#include "order_kernels.h"

#include <string.h>

#include "core_cpu.h"

/* Only tests and measurements choose kernels. No bit of an order depends on the choice. */
static const struct order_kernels *chosen;

static const struct order_kernels *const all_kernels[] = {
#if defined(__x86_64__)
    &order_kernels_avx512,
    &order_kernels_avx2,
#endif
    &order_kernels_plain,
};

enum {
    N_KERNELS = sizeof all_kernels / sizeof *all_kernels
};

static bool runs_here(const struct order_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels == &order_kernels_avx512) return core_cpu_has_avx512();
    if (kernels == &order_kernels_avx2) return core_cpu_has_avx2();
#endif
    return kernels == &order_kernels_plain;
}

const struct order_kernels *order_kernels_now(void)
{
    if (chosen) return chosen;
    for (size_t i = 0; i < N_KERNELS; i++)
        if (runs_here(all_kernels[i])) return all_kernels[i];
    return &order_kernels_plain;
}

bool order_kernels_choose(const char *name)
{
    chosen = NULL;
    for (size_t i = 0; i < N_KERNELS; i++)
        if (!strcmp(name, all_kernels[i]->name) && runs_here(all_kernels[i]))
            chosen = all_kernels[i];
    return chosen || !*name;
}
