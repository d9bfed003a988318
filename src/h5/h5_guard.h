/* HDF5's own error printing off around each call, and its reasons as messages. */
#ifndef H5_GUARD_H
#define H5_GUARD_H

#include <hdf5.h>
#include <stdbool.h>

#include "core_status.h"

/* The user's printing of errors, put back by h5_guard_end(). Guards may lie in each other; the
 * outermost one forgets what failed before it. */
struct h5_guard {
    H5E_auto2_t print;
    void *user;
};

struct h5_guard h5_guard_begin(void);
void h5_guard_end(const struct h5_guard *guard);

/* The innermost reason of the first call that failed since the guard began, "" if none has, and
 * whether HDF5 got no memory then. */
const char *h5_reason(void);
bool h5_lacked_memory(void);

/* True if that call failed for another reason than that there is no such object. */
bool h5_failed_otherwise(void);

/* A failed call's status, SHS_ERROR_MEMORY if HDF5 got none, with the innermost reason that it
 * gives. If the driver could not read, that is the reason, and its status is returned instead: what
 * the format has behind a semicolon, advice for a file that is not sound, is then left out. Inside
 * a guard. */
__attribute__((format(printf, 2, 3))) shs_status h5_fail(shs_status status, const char *format,
                                                         ...);

/* The same for what contradicts itself: SHS_ERROR_FORMAT and, unless memory was short, that the
 * file is damaged. */
__attribute__((format(printf, 1, 2))) shs_status h5_fail_damaged(const char *format, ...);
/* Inside a guard, after calls that seem to have done their work: SHS_OK, unless the driver could
 * not read something on the way, of which HDF5 told nobody. The text says what was being done. */
__attribute__((format(printf, 1, 2))) shs_status h5_check_trouble(const char *format, ...);

#endif
