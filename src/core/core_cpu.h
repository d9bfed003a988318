/* The CPUs: how many there are, and the instruction sets for which several folders have code of
 * their own. */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <sched.h>
#include <stdbool.h>

/* Returns how many CPUs this process may use. 0 if that is not known. */
static inline unsigned core_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 0 : (unsigned)CPU_COUNT(&set);
}

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
