/* What --json prints: one object on one line of standard output. A name is NULL inside a list. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Begins and ends an object '{' or a list '['; the outermost one has no name. */
void cli_json_begin(const char *name, char kind);
void cli_json_end(char kind);

/* The end of the whole, with its line's. */
void cli_json_finish(void);

void cli_json_text(const char *name, const char *text);
void cli_json_u64(const char *name, uint64_t number);
void cli_json_bool(const char *name, bool value);

/* With all its digits; null for a NaN or an infinity, for which JSON has no word. */
void cli_json_double(const char *name, double number);

/* A number as it is written, or null for NULL. */
void cli_json_number(const char *name, const char *number);

#endif
