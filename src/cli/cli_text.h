/* Names of files and datasets, which may hold any bytes, as text for a terminal. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdio.h>

/* Prints a text as core_escape() makes it. */
void cli_print_text(FILE *to, const char *text);

#endif
