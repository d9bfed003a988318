/* Prints names of files and datasets, which may hold any bytes, on a terminal. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdio.h>

/* Prints a text. Bytes that a terminal cannot show are escaped by core_escape(). */
void cli_print_text(FILE *to, const char *text);

#endif
