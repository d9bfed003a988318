/* The printer of --json: an object on a line of standard output. Inside a list a name is NULL. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

/* Begins an object with '{', or a list with '['. The outermost object has the name NULL. */
void cli_json_begin(const char *name, char kind);

/* Ends an object with '}', or a list with ']'. */
void cli_json_end(char kind);

/* Ends the outermost object and its line. */
void cli_json_finish(void);

/* Returns SHS_OK, or the error because of which an object was not printed to its end. */
shs_status cli_json_status(void);

void cli_json_text(const char *name, const char *text);
void cli_json_u64(const char *name, uint64_t number);
void cli_json_bool(const char *name, bool value);

/* Prints a number in the shortest form that is read back as the same number, and null for a NaN or
 * an infinity, which JSON does not have. */
void cli_json_double(const char *name, double number);

/* Prints a number that is text already, and null for NULL. */
void cli_json_number(const char *name, const char *number);

#endif
