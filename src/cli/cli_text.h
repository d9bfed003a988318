/* Names of files and datasets, which may hold any bytes, as text for a terminal. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Bytes of the character of UTF-8 (RFC 3629, section 4) that begins here; 0 if none does. */
size_t cli_utf8_length(const char *text);

/* Prints a text in which each byte of a control character, and each byte that is no UTF-8, stands
 * as \xNN: it can neither move the cursor nor end the line. */
void cli_print_text(FILE *to, const char *text);

#endif
