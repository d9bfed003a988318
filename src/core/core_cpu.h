/* Instruction sets of this CPU for which several folders have code of their own. */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>

#if defined(__x86_64__)

static inline bool core_cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Returns true if this CPU has all parts of AVX-512 that files compiled for AVX-512 may use. */
static inline bool core_cpu_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#endif

#endif
