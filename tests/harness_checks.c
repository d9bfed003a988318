/* What a check compares, and the words of its failure: what was expected, and what came. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness_private.h"

enum {
    TEXT_BYTES = 2048,
    NUMBER_BYTES = 64,
    QUOTE_BYTES = 700
};

bool harness_wrong(struct harness_place place, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    harness_fail(place, text);
    return false;
}

bool harness_check(bool condition, struct harness_place place, const char *text)
{
    return condition || harness_wrong(place, "expected %s", text);
}

/* ---- numbers */

/* As C converts: to a real number if either number is real. A negative number is below every
 * unsigned one.
 */
static long double as_real(struct harness_number number)
{
    switch (number.kind) {
    case HARNESS_SIGNED:
        return (long double)number.value.is_signed;
    case HARNESS_UNSIGNED:
        return (long double)number.value.is_unsigned;
    default:
        return number.value.is_real;
    }
}

static bool is_negative(struct harness_number number)
{
    return number.kind == HARNESS_SIGNED && number.value.is_signed < 0;
}

static bool is_less(struct harness_number a, struct harness_number b)
{
    if (a.kind == HARNESS_REAL || b.kind == HARNESS_REAL) return as_real(a) < as_real(b);
    if (is_negative(a) != is_negative(b)) return is_negative(a);
    return is_negative(a) ? a.value.is_signed < b.value.is_signed
                          : a.value.is_unsigned < b.value.is_unsigned;
}

static bool is_equal(struct harness_number a, struct harness_number b)
{
    if (a.kind == HARNESS_REAL || b.kind == HARNESS_REAL) return as_real(a) == as_real(b);
    return !is_less(a, b) && !is_less(b, a);
}

static bool holds(struct harness_number a, const char *relation, struct harness_number b)
{
    if (strcmp(relation, "==") == 0) return is_equal(a, b);
    if (strcmp(relation, "!=") == 0) return !is_equal(a, b);
    const struct harness_number left = relation[0] == '<' ? a : b;
    const struct harness_number right = relation[0] == '<' ? b : a;
    return is_less(left, right) || (relation[1] == '=' && is_equal(left, right));
}

static const char *number_text(struct harness_number number, char text[NUMBER_BYTES])
{
    const uint64_t bits = number.value.is_unsigned;
    if (number.kind == HARNESS_REAL)
        snprintf(text, NUMBER_BYTES, "%.17Lg", number.value.is_real);
    else if (number.kind == HARNESS_SIGNED)
        snprintf(text, NUMBER_BYTES, "%" PRId64, number.value.is_signed);
    else if (bits <= UINT32_MAX)
        snprintf(text, NUMBER_BYTES, "%" PRIu64, bits);
    else
        snprintf(text, NUMBER_BYTES, "%" PRIu64 " (0x%" PRIx64 ")", bits, bits);
    return text;
}

bool harness_compare(struct harness_place place, const char *text_a, struct harness_number a,
                     const char *relation, const char *text_b, struct harness_number b)
{
    char came[NUMBER_BYTES], expected[NUMBER_BYTES];
    if (holds(a, relation, b)) return true;
    number_text(a, came);
    number_text(b, expected);
    if (strcmp(text_b, expected) == 0)
        return harness_wrong(place, "expected %s %s %s; came %s", text_a, relation, text_b, came);
    return harness_wrong(place, "expected %s %s %s, which is %s; came %s", text_a, relation, text_b,
                         expected, came);
}

/* ---- texts */

/* On one line, in quotes; a long text ends in dots. */
static const char *quote(const char *text, char quoted[QUOTE_BYTES])
{
    const size_t most = QUOTE_BYTES - 16; /* room for one more character and the end */
    size_t n = (size_t)snprintf(quoted, QUOTE_BYTES, "«");
    if (!text) return "NULL";
    for (; *text && n < most; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte >= ' ')
            quoted[n++] = *text;
        else if (byte == '\n')
            n += (size_t)snprintf(quoted + n, QUOTE_BYTES - n, "\\n");
        else
            n += (size_t)snprintf(quoted + n, QUOTE_BYTES - n, "\\x%02x", byte);
    }
    snprintf(quoted + n, QUOTE_BYTES - n, *text ? "…»" : "»");
    return quoted;
}

/* Where two different texts part. */
static size_t first_difference(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] == b[i])
        i++;
    return i;
}

bool harness_text(struct harness_place place, const char *name, const char *came,
                  const char *expected)
{
    char quoted_came[QUOTE_BYTES], quoted_expected[QUOTE_BYTES];
    if (came == expected || (came && expected && strcmp(came, expected) == 0)) return true;
    size_t at = came && expected ? first_difference(came, expected) : 0;
    return harness_wrong(place, "expected %s = %s; came %s, other from byte %zu on", name,
                         quote(expected, quoted_expected), quote(came, quoted_came), at);
}

bool harness_has(struct harness_place place, const char *name, const char *came, const char *part)
{
    char quoted_came[QUOTE_BYTES], quoted_part[QUOTE_BYTES];
    if (came && part && strstr(came, part)) return true;
    return harness_wrong(place, "expected %s with %s; came %s", name, quote(part, quoted_part),
                         quote(came, quoted_came));
}

/* ---- arrays */

/* The first element that differs; n if none does. */
static size_t first_other(const void *a, const void *b, size_t n, size_t size)
{
    size_t i = 0;
    if (n == 0 || memcmp(a, b, n * size) == 0) return n;
    while (memcmp((const char *)a + i * size, (const char *)b + i * size, size) == 0)
        i++;
    return i;
}

bool harness_bytes(struct harness_place place, const char *name, const void *came,
                   const void *expected, size_t n)
{
    const unsigned char *bytes = came, *right = expected;
    if (n && (!came || !expected)) return harness_wrong(place, "expected bytes of %s; NULL", name);
    size_t i = first_other(came, expected, n, 1);
    return i == n || harness_wrong(place, "expected byte %zu of %zu of %s = 0x%02x; came 0x%02x", i,
                                   n, name, right[i], bytes[i]);
}

bool harness_u32s(struct harness_place place, const char *name, const uint32_t *came,
                  const uint32_t *expected, size_t n)
{
    size_t i = first_other(came, expected, n, sizeof *came);
    return i == n || harness_wrong(place,
                                   "expected element %zu of %zu of %s = %" PRIu32 " (0x%08" PRIx32
                                   "); came %" PRIu32 " (0x%08" PRIx32 ")",
                                   i, n, name, expected[i], expected[i], came[i], came[i]);
}

bool harness_u64s(struct harness_place place, const char *name, const uint64_t *came,
                  const uint64_t *expected, size_t n)
{
    size_t i = first_other(came, expected, n, sizeof *came);
    return i == n || harness_wrong(place,
                                   "expected element %zu of %zu of %s = %" PRIu64 " (0x%" PRIx64
                                   "); came %" PRIu64 " (0x%" PRIx64 ")",
                                   i, n, name, expected[i], expected[i], came[i], came[i]);
}

bool harness_floats(struct harness_place place, const char *name, const float *came,
                    const float *expected, size_t n)
{
    size_t i = first_other(came, expected, n, sizeof *came);
    return i == n ||
           harness_wrong(place, "expected element %zu of %zu of %s = %.9g (%a); came %.9g (%a)", i,
                         n, name, (double)expected[i], (double)expected[i], (double)came[i],
                         (double)came[i]);
}

bool harness_doubles(struct harness_place place, const char *name, const double *came,
                     const double *expected, size_t n)
{
    size_t i = first_other(came, expected, n, sizeof *came);
    return i == n ||
           harness_wrong(place, "expected element %zu of %zu of %s = %.17g (%a); came %.17g (%a)",
                         i, n, name, expected[i], expected[i], came[i], came[i]);
}
