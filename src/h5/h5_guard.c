#include "h5_guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "h5_driver.h"
#include "h5_file.h"

/* The reason of the first failed call. It is noted as soon as the call fails, because any later
 * call of HDF5 clears the stack of errors, even a call that closes what was half made. */
static _Thread_local char reason[CORE_MESSAGE_BYTES];
static _Thread_local bool out_of_memory;
static _Thread_local bool not_found; /* true if the reason is that an object does not exist */
/* Depth of guards inside one another. Only the outermost guard forgets earlier failures. */
static _Thread_local unsigned guards;

static herr_t take_innermost(unsigned depth, const H5E_error2_t *error, void *user)
{
    (void)user;
    out_of_memory |= error->maj_num == H5E_RESOURCE && error->min_num == H5E_NOSPACE;
    if (depth == 0) {
        snprintf(reason, sizeof reason, "%s", error->desc ? error->desc : "");
        not_found = error->min_num == H5E_NOTFOUND;
    }
    return 0;
}

static herr_t note_reason(hid_t stack, void *user)
{
    (void)user;
    if (*reason) return 0; /* what fails later is a consequence */
    return H5Ewalk2(stack, H5E_WALK_UPWARD, take_innermost, NULL);
}

static bool used;

void h5_end_quietly(void)
{
    if (used) H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

struct h5_guard h5_guard_begin(void)
{
    struct h5_guard guard = {0};
    used = true;
    if (guards++ == 0) {
        H5Eget_auto2(H5E_DEFAULT, &guard.print, &guard.user);
        H5Eset_auto2(H5E_DEFAULT, note_reason, NULL);
        h5_trouble_forget();
    }
    reason[0] = '\0';
    out_of_memory = not_found = false;
    return guard;
}

void h5_guard_end(const struct h5_guard *guard)
{
    if (--guards == 0) H5Eset_auto2(H5E_DEFAULT, guard->print, guard->user);
}

const char *h5_reason(void)
{
    return reason;
}

bool h5_failed_otherwise(void)
{
    return *reason && !not_found;
}

bool h5_lacked_memory(void)
{
    return out_of_memory;
}

/* Reports the driver's status and message. The text before them says what was being done: the
 * format up to its semicolon. */
static shs_status tell_trouble(const char *format, va_list arguments)
{
    char what[CORE_MESSAGE_BYTES], doing[CORE_MESSAGE_BYTES];
    const char *text;
    shs_status status = h5_trouble(&text);
    snprintf(doing, sizeof doing, "%.*s", (int)strcspn(format, ";"), format);
    vsnprintf(what, sizeof what, doing, arguments);
    return core_fail(status, "%s: %s", what, text);
}

shs_status h5_check_trouble(const char *format, ...)
{
    const char *text;
    va_list arguments;
    shs_status status = h5_trouble(&text);
    if (!status) return SHS_OK;
    va_start(arguments, format);
    status = tell_trouble(format, arguments);
    va_end(arguments);
    return status;
}

shs_status h5_fail(shs_status status, const char *format, ...)
{
    char what[CORE_MESSAGE_BYTES];
    const char *text;
    va_list arguments;
    va_start(arguments, format);
    bool troubled = !out_of_memory && h5_trouble(&text);
    if (troubled)
        status = tell_trouble(format, arguments);
    else
        vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (troubled) return status;
    return core_fail(out_of_memory ? SHS_ERROR_MEMORY : status, "%s%s%s", what,
                     *reason ? "; HDF5 says: " : "", reason);
}

shs_status h5_fail_damaged(const char *format, ...)
{
    char what[CORE_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    shs_status status = h5_check_trouble("%s", what);
    if (status) return status;
    return h5_fail(SHS_ERROR_FORMAT, "%s%s", what,
                   out_of_memory ? "" : "; the file is damaged, get it anew");
}
