#include "cli_json.h"

#include <stdio.h>

/* Whether a comma must come before the next thing. */
static bool follows;

/* Bytes of the character of UTF-8 (RFC 3629, section 4) that begins here; 0 if none does. */
static size_t utf8_length(const char *text)
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

/* Names in a file may be any bytes, JSON is UTF-8: a byte that is none becomes U+FFFD. */
static void print_string(const char *text)
{
    putchar('"');
    for (size_t length; *text; text += length ? length : 1) {
        unsigned char c = (unsigned char)*text;
        length = utf8_length(text);
        if (!length)
            printf("\\ufffd");
        else if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            fwrite(text, 1, length, stdout);
    }
    putchar('"');
}

static void print_name(const char *name)
{
    if (follows) printf(", ");
    follows = true;
    if (!name) return;
    print_string(name);
    printf(": ");
}

void cli_json_begin(const char *name, char kind)
{
    print_name(name);
    putchar(kind);
    follows = false;
}

void cli_json_end(char kind)
{
    putchar(kind);
    follows = true;
}

void cli_json_finish(void)
{
    printf("}\n");
    follows = false;
}

void cli_json_text(const char *name, const char *text)
{
    print_name(name);
    print_string(text);
}

void cli_json_u64(const char *name, uint64_t number)
{
    print_name(name);
    printf("%llu", (unsigned long long)number);
}

void cli_json_bool(const char *name, bool value)
{
    print_name(name);
    printf("%s", value ? "true" : "false");
}

void cli_json_double(const char *name, double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", number);
    cli_json_number(name, number - number == 0 ? text : NULL);
}

void cli_json_number(const char *name, const char *number)
{
    print_name(name);
    printf("%s", number ? number : "null");
}
