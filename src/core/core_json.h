/* Writes JSON (RFC 8259) on one line, to a text. Inside a list a name is NULL. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core_text.h"

/* A JSON text that grows. A zeroed struct is empty. An error stays in text.status, and further
 * members are dropped. The caller releases the text with core_text_free(). */
struct core_json {
    struct core_text text;
    bool follows; /* true if a comma must come before the next value */
};

/* Begins an object with '{', or a list with '['. The outermost object has the name NULL. */
void core_json_begin(struct core_json *json, const char *name, char kind);

/* Ends an object with '}', or a list with ']'. */
void core_json_end(struct core_json *json, char kind);

/* Adds a string. JSON is UTF-8, so a byte that is not part of a UTF-8 character becomes U+FFFD. */
void core_json_text(struct core_json *json, const char *name, const char *text);
void core_json_u64(struct core_json *json, const char *name, uint64_t number);
void core_json_bool(struct core_json *json, const char *name, bool value);

/* Adds a number in the shortest form that is read back as the same number, and null for a NaN or an
 * infinity, which JSON does not have. */
void core_json_double(struct core_json *json, const char *name, double number);

/* Adds seconds, exactly. */
void core_json_seconds(struct core_json *json, const char *name, uint64_t nanoseconds);

/* Adds a number that is text already, and null for NULL. */
void core_json_number(struct core_json *json, const char *name, const char *number);

#endif
