/* Invariants that the code relies on. Tests' builds look after them; a release build holds nothing
 * of them, since the library never prints and never ends a program. Not for what comes from
 * outside: arguments and files are checked in every build, and refused with a message.
 *
 * CORE_ASSERTS is defined by CMake: with sanitizers, in Debug, and with -DSHARDSTEP_ASSERTS=ON. */
#ifndef CORE_ASSERT_H
#define CORE_ASSERT_H

#ifdef CORE_ASSERTS

#include <stdio.h>
#include <unistd.h>

#define core_assert(condition)                                                                     \
    ((condition) ? (void)0 : core_assert_failed(#condition, __FILE__, __LINE__, __func__))

__attribute__((cold, noreturn)) static inline void
core_assert_failed(const char *condition, const char *file, int line, const char *function)
{
    dprintf(STDERR_FILENO, "%s:%d: %s() relies on %s, which does not hold\n", file, line, function,
            condition);
    __builtin_trap();
}

#else

/* Compiled, so that it stays right, and never evaluated. */
#define core_assert(condition) ((void)sizeof((condition) ? 1 : 0))

#endif

#endif
