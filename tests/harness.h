/* CUnit with what tests on several ranks need: the ranks agree after each test, a rank that fails
 * never leaves the others waiting, and a test that hangs ends the job with its name. */
#ifndef HARNESS_H
#define HARNESS_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>

struct harness_test {
    const char *name;
    void (*run)(void);
};

/* Notes a failure and goes on. */
#define CHECK(condition)                                                                           \
    CU_assertImplementation((condition) ? CU_TRUE : CU_FALSE, __LINE__, #condition, __FILE__, "",  \
                            CU_FALSE)

/* The same, as a value: if (!NEED(...)) return; for what a test of one process cannot do without.
 */
#define NEED(condition) CHECK(condition)

/* Collective, in tests on several ranks: true if the condition holds on every rank, so that all
 * leave together: if (!ALL(...)) return; */
#define ALL(condition) harness_all((condition), __LINE__, #condition, __FILE__)

bool harness_all(bool condition, unsigned line, const char *text, const char *file);

/* Runs the tests of one process; the exit code for main(). */
int harness_run(const char *suite, const struct harness_test *tests, size_t count);

/* Collective. The same on all ranks of MPI_COMM_WORLD, which it initialises and finalises. */
int harness_run_ranks(const char *suite, const struct harness_test *tests, size_t count);

#endif
