#include "cli_text.h"

#include <stdbool.h>

size_t cli_utf8_length(const char *text)
{
    static const struct {
        unsigned char first, last;         /* what may begin it */
        unsigned char second, last_second; /* and follow at once */
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

/* Of ASCII and, in two bytes, of Latin-1. */
static bool is_control(const unsigned char *character, size_t length)
{
    if (length == 1) return character[0] < 0x20 || character[0] == 0x7f;
    return length == 2 && character[0] == 0xc2 && character[1] < 0xa0;
}

void cli_print_text(FILE *to, const char *text)
{
    while (*text) {
        const unsigned char *at = (const unsigned char *)text;
        size_t length = cli_utf8_length(text);
        bool plain = length && !is_control(at, length);
        if (!length) length = 1;
        if (plain) fwrite(text, 1, length, to);
        for (size_t i = 0; !plain && i < length; i++)
            fprintf(to, "\\x%02x", at[i]);
        text += length;
    }
}
