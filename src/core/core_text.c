#include "core_text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_assert.h"
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

size_t core_utf8_length(const char *text)
{
    static const struct {
        unsigned char first, last;         /* range of a character's first byte */
        unsigned char second, last_second; /* range of its second byte */
        size_t length;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    const unsigned char *byte = (const unsigned char *)text;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t length = 1;
        if (*byte < forms[i].first || *byte > forms[i].last) continue;
        if (forms[i].length > 1 && byte[1] >= forms[i].second && byte[1] <= forms[i].last_second)
            length = 2;
        while (length >= 2 && length < forms[i].length && (byte[length] & 0xc0) == 0x80)
            length++;
        return length == forms[i].length ? length : 0;
    }
    return 0;
}

/* Returns true for control characters of ASCII and, in two bytes, of Latin-1. */
static bool is_control(const char *character, size_t length)
{
    const unsigned char *byte = (const unsigned char *)character;
    if (length == 1) return byte[0] < ' ' || byte[0] == 0x7f;
    return length == 2 && byte[0] == 0xc2 && byte[1] < 0xa0;
}

void core_escape(const char *text, char *shown, size_t bytes)
{
    enum {
        ESCAPED = 4 /* bytes of \xNN */
    };
    while (*text) {
        size_t length = core_utf8_length(text);
        bool plain = length && !is_control(text, length);
        if (!length) length = 1;
        size_t room = plain ? length : length * ESCAPED;
        if (room >= bytes) break;
        if (plain) memcpy(shown, text, length);
        for (size_t i = 0; !plain && i < length; i++)
            snprintf(shown + i * ESCAPED, bytes - i * ESCAPED, "\\x%02x", (unsigned char)text[i]);
        text += length;
        shown += room;
        bytes -= room;
    }
    *shown = '\0';
}

char *core_trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t length = strlen(text); length && isspace((unsigned char)text[length - 1]); length--)
        text[length - 1] = '\0';
    return text;
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
        core_assert(text->length <= text->capacity);
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

void core_text_add_double(struct core_text *text, double number)
{
    enum {
        MOST_DIGITS = 17,
        BYTES = 32
    };
    char shown[BYTES], shortest[BYTES] = "";
    double read = 0;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain && !text->status)
        text->status = core_fail(SHS_ERROR_MEMORY, "no memory for a number as text");
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    for (int digits = 1; digits <= MOST_DIGITS && plain; digits++) {
        snprintf(shown, sizeof shown, "%.*g", digits, number);
        bool same = core_parse_double(shown, &read) && read == number;
        if (same && (!*shortest || strlen(shown) < strlen(shortest)))
            memcpy(shortest, shown, sizeof shown);
    }
    if (plain) uselocale(before);
    if (plain) freelocale(plain);
    core_text_add(text, "%s", shortest);
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
        core_text_add(text, "%s%llu", axis ? "x" : " ", (ull)tensor->shape[axis]);
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

const char *core_limit(uint64_t limit, char text[CORE_LIMIT_BYTES])
{
    unsigned bits = 0;
    while (bits < 64 && limit >> bits)
        bits++;
    bool power = !(limit & (limit - 1)), before = !(limit & (limit + 1));
    if (bits <= 16 || (!power && !before))
        snprintf(text, CORE_LIMIT_BYTES, "%llu", (ull)limit);
    else
        snprintf(text, CORE_LIMIT_BYTES, "2^%u%s", power ? bits - 1 : bits, power ? "" : "-1");
    return text;
}
