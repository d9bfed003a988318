/* Instruction sets that the kernels of several layers are made for. */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>

#if defined(__x86_64__)

static inline bool core_cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

/* What files compiled for AVX-512 here may use of it. */
static inline bool core_cpu_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#endif

#endif
