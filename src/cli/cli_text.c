#include "cli_text.h"

#include <string.h>

#include "core_text.h"

void cli_print_text(FILE *to, const char *text)
{
    enum {
        BYTES = 4,              /* bytes of the longest character */
        ESCAPED = 4 * BYTES + 1 /* bytes of its escaped form */
    };
    char character[BYTES + 1], shown[ESCAPED];
    while (*text) {
        size_t length = core_utf8_length(text);
        if (!length) length = 1;
        memcpy(character, text, length);
        character[length] = '\0';
        core_escape(character, shown, sizeof shown);
        fputs(shown, to);
        text += length;
    }
}
