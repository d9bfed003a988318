/* Statuses and messages: how every layer says what went wrong. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include "shardstep/status.h"

/* What %llu prints: a number of 64 bits is cast to it where it is printed. */
typedef unsigned long long ull;

enum {
    CORE_MESSAGE_BYTES = 1024
};

/* Sets the calling thread's message to a cause and what to do about it, and returns `status`. */
__attribute__((format(printf, 2, 3))) shs_status core_fail(shs_status status, const char *format,
                                                           ...);

/* Puts what was going on, and ": ", before the message of a failing status; leaves one that is no
 * error alone. Returns `status`. */
__attribute__((format(printf, 2, 3))) shs_status core_wrap(shs_status status, const char *format,
                                                           ...);

/* SHS_ERROR_ARGUMENT if an argument that a public function needs is NULL: the message names both
 * and says what to pass. SHS_OK otherwise. */
shs_status core_require(const void *argument, const char *function, const char *name,
                        const char *advice);

/* Sets the message as it is, with its origin: an error kept or received earlier. */
shs_status core_tell(shs_status status, const char *message, bool mine, bool agreed);

#endif
