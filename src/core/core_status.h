/* Statuses and messages: how every folder reports errors. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include "shardstep/status.h"

/* The type that %llu prints. A number of 64 bits is cast to it where it is printed. */
typedef unsigned long long ull;

enum {
    CORE_MESSAGE_BYTES = 1024
};

/* Sets the calling thread's message to a cause and what to do about it. Returns `status`. */
__attribute__((format(printf, 2, 3))) shs_status core_fail(shs_status status, const char *format,
                                                           ...);

/* Puts what was being done, and ": ", before the message of an error. Does nothing if `status` is
 * no error. Returns `status`. */
__attribute__((format(printf, 2, 3))) shs_status core_wrap(shs_status status, const char *format,
                                                           ...);

/* Sets the calling thread's text for shs_notice(). */
void core_notice(const char *text);

/* Returns SHS_ERROR_ARGUMENT if an argument that a public function needs is NULL, else SHS_OK. The
 * message names the function and the argument and says what to pass. */
shs_status core_require(const void *argument, const char *function, const char *name,
                        const char *advice);

/* Sets the message and its origin unchanged: it was kept or received earlier. */
shs_status core_tell(shs_status status, const char *message, bool mine, bool agreed);

#endif
