#include "cli_json.h"

#include <stdio.h>

#include "core_text.h"

/* True if a comma must come before the next value. */
static bool follows;

/* Prints a string. A name in a file may have any bytes, but JSON is UTF-8, so a byte that is not
 * part of a UTF-8 character becomes U+FFFD. */
static void print_string(const char *text)
{
    putchar('"');
    for (size_t length; *text; text += length ? length : 1) {
        unsigned char c = (unsigned char)*text;
        length = core_utf8_length(text);
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
    printf("%llu", (ull)number);
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
