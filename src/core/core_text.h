/* Reads numbers from text under every locale alike, examines texts and puts them together. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/tensor.h"

/* Reads the whole of `text` as a decimal number. Returns false, and leaves *value unchanged, for
 * anything else. */
bool core_parse_u64(const char *text, uint64_t *value);

/* Reads the whole of `text` as a finite decimal number with a point, correctly rounded. Hexadecimal
 * is refused. Returns false, and leaves *value unchanged, for anything else. */
bool core_parse_double(const char *text, double *value);

/* Returns the bytes of the UTF-8 character (RFC 3629, section 4) that begins here, 0 if none
 * begins. */
size_t core_utf8_length(const char *text);

/* Copies a text for a terminal or a log into `shown`, of `bytes` bytes. Each byte of a control
 * character, and each byte that is not UTF-8, is written as \xNN. So the text can neither end the
 * line nor move the cursor. Whole characters at the end are left out if there is no room. Escaping
 * a text twice gives the same as once. */
void core_escape(const char *text, char *shown, size_t bytes);

/* Returns the text without the white space at its beginning. That at its end is cut off. */
char *core_trim(char *text);

/* Returns true if a text ends in `ending` and is longer. */
bool core_ends_in(const char *text, const char *ending);

/* A string that grows. A zeroed string is empty. After an error its status stays, and further text
 * is dropped. */
struct core_text {
    char *bytes; /* NULL if empty */
    size_t length;
    size_t capacity;
    shs_status status;
};

__attribute__((format(printf, 2, 3))) void core_text_add(struct core_text *text, const char *format,
                                                         ...);

/* Appends a finite number in the shortest form that core_parse_double() reads as the same number.
 */
void core_text_add_double(struct core_text *text, double number);

/* Appends a tensor's type and shape, as in "u8 28x28". */
void core_text_add_shape(struct core_text *text, const shs_tensor *tensor);

/* Hands the string over, or returns the first error. Leaves the string empty. The caller releases
 * *string with core_free(). */
shs_status core_text_take(struct core_text *text, char **string);

void core_text_free(struct core_text *text);

enum {
    CORE_LIMIT_BYTES = 24
};

/* Writes a limit in the form that is read best, such as 9, 2^24 or 2^32-1. Returns `text`. */
const char *core_limit(uint64_t limit, char text[CORE_LIMIT_BYTES]);

/* Returns the text behind `begin`, or the whole text if it begins otherwise. */
const char *core_without(const char *text, const char *begin);

#endif
