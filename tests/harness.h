/* CUnit with what tests on several ranks need, and checks that speak: a failed check prints one
 * line with its place, the test, what was expected, what came and where. The ranks agree after each
 * test, a rank that fails never leaves the others waiting, and a test that hangs ends the job with
 * its name. */
#ifndef HARNESS_H
#define HARNESS_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/status.h"

struct harness_test {
    const char *name;
    void (*run)(void);
};

/* ---- checks
 *
 * A check notes a failure and goes on. Each is also a value, false if it failed:
 * if (!CHECK_STATUS(...)) return; */

#define CHECK(condition) harness_check((condition), HARNESS_HERE, #condition)

/* Numbers of any type but those of 128 bits. CHECK_IS takes the operator: <, <=, >, >= or
 * !=. */
#define CHECK_EQ(a, b)           HARNESS_COMPARE(a, #a, ==, b, #b)
#define CHECK_IS(a, relation, b) HARNESS_COMPARE(a, #a, relation, b, #b)

/* Texts. NULL is equal to NULL only, and has no part. */
#define CHECK_TEXT(a, b)      harness_text(HARNESS_HERE, #a, (a), (b))
#define CHECK_HAS(text, part) harness_has(HARNESS_HERE, #text, (text), (part))

/* Arrays of n elements, compared bit by bit. */
#define CHECK_BYTES(a, b, n)   harness_bytes(HARNESS_HERE, #a, (a), (b), (n))
#define CHECK_U32S(a, b, n)    harness_u32s(HARNESS_HERE, #a, (a), (b), (n))
#define CHECK_U64S(a, b, n)    harness_u64s(HARNESS_HERE, #a, (a), (b), (n))
#define CHECK_FLOATS(a, b, n)  harness_floats(HARNESS_HERE, #a, (a), (b), (n))
#define CHECK_DOUBLES(a, b, n) harness_doubles(HARNESS_HERE, #a, (a), (b), (n))

/* The failure line has the names of both statuses and the library's message. */
#define CHECK_STATUS(call, expected) harness_status(HARNESS_HERE, #call, (call), (expected))

/* Notes a failure in words, like printf(); the value is false: return WRONG("row %d", row); */
#define WRONG(...) harness_wrong(HARNESS_HERE, __VA_ARGS__)

/* Says where the checks that follow are, like printf(): every later failure line of this test has
 * the words, until other words or NULL replace them. */
__attribute__((format(printf, 1, 2))) void harness_where(const char *format, ...);

/* The same checks, named for what a test of one process cannot do without:
 * if (!NEED(...)) return; */
#define NEED(condition)             harness_check((condition), HARNESS_HERE, #condition)
#define NEED_EQ(a, b)               HARNESS_COMPARE(a, #a, ==, b, #b)
#define NEED_STATUS(call, expected) harness_status(HARNESS_HERE, #call, (call), (expected))

/* Collective, in tests on several ranks: true if the check holds on every rank, so that all leave
 * together: if (!ALL(...)) return; */
#define ALL(condition) harness_all((condition), HARNESS_HERE, #condition)
#define ALL_EQ(a, b)   harness_together(HARNESS_COMPARE(a, #a, ==, b, #b), HARNESS_HERE, #a " == " #b)
#define ALL_STATUS(call, expected)                                                                 \
    harness_together(harness_status(HARNESS_HERE, #call, (call), (expected)), HARNESS_HERE, #call)

/* ---- running */

/* Runs the tests of one process; the exit code for main(). Each argument of the program chooses the
 * tests whose names contain it; --list prints the names. No test chosen: exit code 2. */
int harness_main(const char *suite, const struct harness_test *tests, size_t count, int argc,
                 char **argv);

/* Collective. The same on all ranks of MPI_COMM_WORLD, which it initialises and finalises. */
int harness_main_ranks(const char *suite, const struct harness_test *tests, size_t count, int argc,
                       char **argv);

/* The same without arguments. */
int harness_run(const char *suite, const struct harness_test *tests, size_t count);
int harness_run_ranks(const char *suite, const struct harness_test *tests, size_t count);

/* ---- what the macros are made of */

struct harness_place {
    const char *file;
    unsigned line;
};

#define HARNESS_HERE ((struct harness_place){__FILE__, __LINE__})

struct harness_number {
    enum harness_kind {
        HARNESS_SIGNED,
        HARNESS_UNSIGNED,
        HARNESS_REAL
    } kind;
    union {
        int64_t is_signed;
        uint64_t is_unsigned;
        long double is_real;
    } value;
};

static inline struct harness_number harness_signed(int64_t value)
{
    return (struct harness_number){HARNESS_SIGNED, {.is_signed = value}};
}

static inline struct harness_number harness_unsigned(uint64_t value)
{
    return (struct harness_number){HARNESS_UNSIGNED, {.is_unsigned = value}};
}

static inline struct harness_number harness_real(long double value)
{
    return (struct harness_number){HARNESS_REAL, {.is_real = value}};
}

/* The sum with 0 makes an int of all that is smaller. */
#define HARNESS_NUMBER(x)                                                                          \
    _Generic((x) + 0, int                                                                          \
             : harness_signed, long                                                                \
             : harness_signed, long long                                                           \
             : harness_signed, unsigned                                                            \
             : harness_unsigned, unsigned long                                                     \
             : harness_unsigned, unsigned long long                                                \
             : harness_unsigned, float                                                             \
             : harness_real, double                                                                \
             : harness_real, long double                                                           \
             : harness_real)(x)

/* The texts are made where the caller wrote them, before their macros are replaced. */
#define HARNESS_COMPARE(a, text_a, relation, b, text_b)                                            \
    harness_compare(HARNESS_HERE, text_a, HARNESS_NUMBER(a), #relation, text_b, HARNESS_NUMBER(b))

bool harness_check(bool condition, struct harness_place place, const char *text);
bool harness_all(bool condition, struct harness_place place, const char *text);
bool harness_together(bool mine, struct harness_place place, const char *text);
bool harness_compare(struct harness_place place, const char *text_a, struct harness_number a,
                     const char *relation, const char *text_b, struct harness_number b);
bool harness_text(struct harness_place place, const char *name, const char *came,
                  const char *expected);
bool harness_has(struct harness_place place, const char *name, const char *came, const char *part);
bool harness_bytes(struct harness_place place, const char *name, const void *came,
                   const void *expected, size_t n);
bool harness_u32s(struct harness_place place, const char *name, const uint32_t *came,
                  const uint32_t *expected, size_t n);
bool harness_u64s(struct harness_place place, const char *name, const uint64_t *came,
                  const uint64_t *expected, size_t n);
bool harness_floats(struct harness_place place, const char *name, const float *came,
                    const float *expected, size_t n);
bool harness_doubles(struct harness_place place, const char *name, const double *came,
                     const double *expected, size_t n);
__attribute__((format(printf, 2, 3))) bool harness_wrong(struct harness_place place,
                                                         const char *format, ...);

/* Here, so that the harness itself needs nothing of the library. */
static inline bool harness_status(struct harness_place place, const char *call, shs_status came,
                                  shs_status expected)
{
    if (came == expected) return true;
    return harness_wrong(place, "expected %s of %s; came %s, message «%s»",
                         shs_status_name(expected), call, shs_status_name(came), shs_message());
}

#endif
