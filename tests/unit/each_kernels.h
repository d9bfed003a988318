/* Each set of kernels that this CPU has, in turn. */
#ifndef EACH_KERNELS_H
#define EACH_KERNELS_H

#include <stdio.h>

#include "grid_kernels.h"
#include "unit.h"

static const char *const kernel_names[] = {"plain", "avx2", "avx512"};

/* Runs a check with each set of kernels that this CPU has. */
static inline void with_each_kernels(void (*check)(void))
{
    for (size_t i = 0; i < COUNT(kernel_names); i++) {
        if (!grid_kernels_choose(kernel_names[i])) {
            printf("  %s: not on this CPU\n", kernel_names[i]);
            continue;
        }
        CHECK_TEXT(grid_kernels_now()->name, kernel_names[i]);
        check();
    }
    CHECK(grid_kernels_choose(""));
}

#endif
