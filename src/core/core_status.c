#include "core_status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core_text.h"

static _Thread_local struct {
    char text[CORE_MESSAGE_BYTES];
    bool mine;
    bool agreed;
} latest;

static _Thread_local struct {
    char text[CORE_MESSAGE_BYTES];
    bool is_new;
} notice;

const char *shs_status_name(shs_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text)                                                             \
    case name:                                                                                     \
        return #name;
        SHS_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

const char *shs_status_text(shs_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text)                                                             \
    case name:                                                                                     \
        return text;
        SHS_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

const char *shs_message(void)
{
    return latest.text;
}

const char *shs_notice(void)
{
    if (!notice.is_new) return NULL;
    notice.is_new = false;
    return notice.text;
}

void core_notice(const char *text)
{
    core_escape(text, notice.text, sizeof notice.text);
    notice.is_new = true;
}

#define TEXT_OF(number)              TEXT_ITSELF(number)
#define TEXT_ITSELF(number)          #number
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *shs_version(void)
{
    return VERSION(SHS_VERSION_MAJOR, SHS_VERSION_MINOR, SHS_VERSION_PATCH);
}

bool shs_message_is_mine(void)
{
    return latest.mine;
}

bool shs_message_is_agreed(void)
{
    return latest.agreed;
}

/* Sets the message. Names in it come from files and command lines. Whatever they hold, the message
 * stays one line of text. */
static void set_text(const char *text)
{
    char shown[sizeof latest.text];
    core_escape(text, shown, sizeof shown);
    memcpy(latest.text, shown, strlen(shown) + 1);
}

shs_status core_tell(shs_status status, const char *message, bool mine, bool agreed)
{
    set_text(message);
    latest.mine = mine;
    latest.agreed = agreed;
    return status;
}

shs_status core_fail(shs_status status, const char *format, ...)
{
    char text[CORE_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return core_tell(status, text, true, false);
}

shs_status core_require(const void *argument, const char *function, const char *name,
                        const char *advice)
{
    if (argument) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "%s: %s is NULL; %s", function, name, advice);
}

shs_status core_wrap(shs_status status, const char *format, ...)
{
    char text[CORE_MESSAGE_BYTES];
    va_list arguments;
    if (status >= 0) return status;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (written < 0) return status;
    size_t used = (size_t)written < sizeof text ? (size_t)written : sizeof text - 1;
    snprintf(text + used, sizeof text - used, ": %.*s", (int)(sizeof text - used), latest.text);
    return core_tell(status, text, latest.mine, latest.agreed);
}
