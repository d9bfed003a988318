/* Keeps HDF5 from printing errors around its calls, and turns its reasons into messages. */
#ifndef H5_GUARD_H
#define H5_GUARD_H

#include <hdf5.h>
#include <stdbool.h>

#include "core_status.h"

/* The user's setting for printing errors, which h5_guard_end() puts back. Guards may lie inside one
 * another. The outermost guard forgets what failed before it. */
struct h5_guard {
    H5E_auto2_t print;
    void *user;
};

/* Begins a guard, which the caller ends with h5_guard_end(). */
struct h5_guard h5_guard_begin(void);
void h5_guard_end(const struct h5_guard *guard);

/* Returns the innermost reason of the first call that failed since the guard began, "" if none
 * failed. */
const char *h5_reason(void);

/* Returns true if that first call failed because HDF5 got no memory. */
bool h5_lacked_memory(void);

/* Returns true if the first failed call failed for another reason than that an object does not
 * exist. */
bool h5_failed_otherwise(void);

/* Inside a guard. Reports a failed call with the innermost reason that HDF5 gives. Returns
 * `status`, or SHS_ERROR_MEMORY if HDF5 got no memory. If the driver could not read, its reason and
 * its status are reported instead. The part of the format behind a semicolon is then left out,
 * because it is advice for a file that is not sound. */
__attribute__((format(printf, 2, 3))) shs_status h5_fail(shs_status status, const char *format,
                                                         ...);

/* Inside a guard. Reports a failed call like h5_fail(), with SHS_ERROR_FORMAT. The message says
 * that the file is damaged, unless memory was short. */
__attribute__((format(printf, 1, 2))) shs_status h5_fail_damaged(const char *format, ...);

/* Inside a guard, after calls that seem to have succeeded. Returns SHS_OK, or the driver's error if
 * it could not read something on the way, which HDF5 does not report. The text says what was being
 * done. */
__attribute__((format(printf, 1, 2))) shs_status h5_check_trouble(const char *format, ...);

#endif
