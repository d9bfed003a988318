/* What the files of the preloaded library share; nth_call.c describes it. _GNU_SOURCE must be
 * defined. */
#ifndef NTH_CALL_H
#define NTH_CALL_H

#include <dlfcn.h>
#include <stdbool.h>

/* The function of this name that the program would have called without this library. */
#define NEXT(name) (__extension__(__typeof__(&(name))) dlsym(RTLD_NEXT, #name))
#define CALLER     __builtin_return_address(0)

/* Counts a call of a kind that the program or libshardstep has made; true if it must fail. */
bool nth_call_fails(const char *call, const void *caller);

#endif
