#include "core_text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"

bool core_parse_u64(const char *text, uint64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)*text)) return false;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (errno || *end) return false;
    *value = parsed;
    return true;
}

bool core_parse_double(const char *text, double *value)
{
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '-' && *text != '.') return false;
    if (strpbrk(text, "xX")) return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) return false;
    double parsed = strtod_l(text, &end, plain);
    freelocale(plain);
    if (end == text || *end || parsed - parsed != 0) return false;
    *value = parsed;
    return true;
}

bool core_ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), bytes = strlen(ending);
    return length > bytes && !strcmp(text + length - bytes, ending);
}

void core_text_add(struct core_text *text, const char *format, ...)
{
    va_list arguments;
    if (text->status) return;
    for (;;) {
        size_t room = text->capacity - text->length;
        va_start(arguments, format);
        int written =
            vsnprintf(text->bytes ? text->bytes + text->length : NULL, room, format, arguments);
        va_end(arguments);
        if (written < 0) {
            text->status = core_fail(SHS_ERROR_ARGUMENT, "a text could not be put together");
            return;
        }
        if ((size_t)written < room) {
            text->length += (size_t)written;
            return;
        }
        size_t capacity = text->length + 2 * ((size_t)written + 64);
        text->status = core_resize(capacity, 1, "a text", &text->bytes);
        if (text->status) return;
        text->capacity = capacity;
    }
}

void core_text_free(struct core_text *text)
{
    core_free(&text->bytes);
    *text = (struct core_text){0};
}

void core_text_add_shape(struct core_text *text, const shs_tensor *tensor)
{
    core_text_add(text, "%s", shs_type_name(tensor->type));
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        core_text_add(text, "%s%llu", axis ? "x" : " ", (unsigned long long)tensor->shape[axis]);
}

shs_status core_text_take(struct core_text *text, char **string)
{
    shs_status status = text->status;
    *string = NULL;
    if (!status && !text->bytes)
        status = core_copy("", string);
    else if (!status)
        *string = text->bytes;
    if (status) core_free(&text->bytes);
    *text = (struct core_text){0};
    return status;
}

const char *core_without(const char *text, const char *begin)
{
    size_t length = strlen(begin);
    return strncmp(text, begin, length) ? text : text + length;
}
