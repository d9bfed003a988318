/* Numbers read from text, alike under every locale, text looked at and put together. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/tensor.h"

/* The whole of `text` as a decimal number. False, and *value unchanged, for anything else. */
bool core_parse_u64(const char *text, uint64_t *value);

/* The whole of `text` as a finite decimal (never hexadecimal) number with a point, correctly
 * rounded. */
bool core_parse_double(const char *text, double *value);

/* Bytes of the character of UTF-8 (RFC 3629, section 4) that begins here; 0 if none does. */
size_t core_utf8_length(const char *text);

/* Copies a text for a terminal or a log into `shown`, of `bytes` bytes: each byte of a control
 * character, and each byte that is no UTF-8, stands there as \xNN, so the text can neither end the
 * line nor move the cursor. What has no room is left out, whole characters only. Escaping a text
 * twice gives the same as once. */
void core_escape(const char *text, char *shown, size_t bytes);

/* True if a text ends like that, and is longer. */
bool core_ends_in(const char *text, const char *ending);

/* A string that grows. Zeroed it is empty; the first error stays, and further text is dropped. */
struct core_text {
    char *bytes; /* NULL while empty */
    size_t length;
    size_t capacity;
    shs_status status;
};

__attribute__((format(printf, 2, 3))) void core_text_add(struct core_text *text, const char *format,
                                                         ...);

/* Appends a finite number in the shortest form that core_parse_double() reads as the same number.
 */
void core_text_add_double(struct core_text *text, double number);

/* "u8 28x28" */
void core_text_add_shape(struct core_text *text, const shs_tensor *tensor);

/* Hands the string over, to be released by core_free(), or the first error. Leaves it empty. */
shs_status core_text_take(struct core_text *text, char **string);

void core_text_free(struct core_text *text);

enum {
    CORE_LIMIT_BYTES = 24
};

/* A limit as it is best read: 9, 2^24, 2^32-1. Returns `text`. */
const char *core_limit(uint64_t limit, char text[CORE_LIMIT_BYTES]);

/* A text behind a beginning, or all of it if it begins otherwise. */
const char *core_without(const char *text, const char *begin);

#endif
