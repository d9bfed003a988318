/* Runs the tests: which of them, a clock for each, and the count of failures that ranks agree on.
 */
#include "harness_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_SECONDS = 120,
    MOST_LINES = 20, /* printed for a test on each rank */
    WHERE_BYTES = 256
};

static const struct harness_ranks *all_ranks;
static const char *running = "(before the first test)";
static char where[WHERE_BYTES];
static unsigned failed_tests, run_tests, failures;

static int my_rank(void)
{
    return all_ranks ? all_ranks->rank : 0;
}

static unsigned sum(unsigned number)
{
    return all_ranks ? all_ranks->sum(number) : number;
}

/* ---- failures */

void harness_where(const char *format, ...)
{
    where[0] = '\0';
    if (!format) return;
    va_list list;
    va_start(list, format);
    vsnprintf(where, sizeof where, format, list);
    va_end(list);
}

void harness_fail(struct harness_place place, const char *text)
{
    if (++failures <= MOST_LINES) {
        printf("%s:%u: %s: %s", place.file, place.line, running, text);
        if (where[0]) printf("; %s", where);
        if (all_ranks) printf("; rank %d", my_rank());
        printf("\n");
        fflush(stdout);
    }
    CU_assertImplementation(CU_FALSE, place.line, text, place.file, "", CU_FALSE);
}

bool harness_together(bool mine, struct harness_place place, const char *text)
{
    unsigned failed = sum(!mine);
    if (failed && mine) harness_wrong(place, "failed on another rank: %s", text);
    return failed == 0;
}

bool harness_all(bool condition, struct harness_place place, const char *text)
{
    return harness_together(harness_check(condition, place, text), place, text);
}

/* ---- the running of tests */

/* Only what may be called in a signal handler. */
static void end_hanging_test(int number)
{
    static const char text[] = ": this test hangs\n";
    (void)number;
    (void)!write(STDERR_FILENO, running, strlen(running));
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(3);
}

static unsigned seconds_a_test(void)
{
    const char *text = getenv("HARNESS_SECONDS");
    int seconds = text ? atoi(text) : 0;
    return seconds > 0 ? (unsigned)seconds : DEFAULT_SECONDS;
}

static void begin_test(const CU_pTest test, const CU_pSuite suite)
{
    (void)suite;
    running = test->pName;
    failures = 0;
    harness_where(NULL);
    alarm(seconds_a_test());
}

static void end_test(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord records)
{
    (void)suite;
    if (failures > MOST_LINES)
        printf("%s: %u more failures on rank %d\n", running, failures - MOST_LINES, my_rank());
    fflush(stdout);
    unsigned failed = sum(records != NULL);
    alarm(0);
    run_tests++;
    failed_tests += failed != 0;
    if (my_rank() == 0) printf("%s  %s\n", failed ? "FAILED" : "passed", test->pName);
    fflush(stdout);
}

/* ---- which tests */

static bool is_chosen(const struct harness_suite *suite, const char *name)
{
    for (int i = 1; i < suite->argc; i++)
        if (strstr(name, suite->argv[i])) return true;
    return suite->argc < 2;
}

static size_t count_chosen(const struct harness_suite *suite)
{
    size_t chosen = 0;
    for (size_t i = 0; i < suite->count; i++)
        chosen += is_chosen(suite, suite->tests[i].name);
    return chosen;
}

static void print_names(const struct harness_suite *suite, FILE *to)
{
    for (size_t i = 0; i < suite->count; i++)
        fprintf(to, "%s\n", suite->tests[i].name);
}

/* True if nothing is left to do: the names were asked for, or no name is chosen. */
static bool is_answered(const struct harness_suite *suite, int *code)
{
    const bool list = suite->argc == 2 && strcmp(suite->argv[1], "--list") == 0;
    *code = list ? 0 : 2;
    if (!list && count_chosen(suite)) return false;
    if (my_rank()) return true;
    if (!list) fprintf(stderr, "%s: no test has '%s' in its name:\n", suite->name, suite->argv[1]);
    print_names(suite, list ? stdout : stderr);
    return true;
}

static bool add_tests(const struct harness_suite *suite)
{
    CU_pSuite added = CU_add_suite(suite->name, NULL, NULL);
    for (size_t i = 0; added && i < suite->count; i++)
        if (is_chosen(suite, suite->tests[i].name) &&
            !CU_add_test(added, suite->tests[i].name, suite->tests[i].run))
            return false;
    return added != NULL;
}

int harness_run_with(const struct harness_suite *suite, const struct harness_ranks *ranks)
{
    int code;
    all_ranks = ranks;
    if (is_answered(suite, &code)) return code;
    signal(SIGALRM, end_hanging_test);
    bool ready = CU_initialize_registry() == CUE_SUCCESS && add_tests(suite);
    if (sum(!ready)) {
        fprintf(stderr, "%s: CUnit cannot be prepared: %s\n", suite->name, CU_get_error_msg());
        return 2;
    }
    CU_set_test_start_handler(begin_test);
    CU_set_test_complete_handler(end_test);
    CU_run_all_tests();
    CU_cleanup_registry();
    if (my_rank() == 0)
        printf("%s: %u passed, %u failed\n", suite->name, run_tests - failed_tests, failed_tests);
    return failed_tests || run_tests != count_chosen(suite) ? 1 : 0;
}

int harness_main(const char *suite, const struct harness_test *tests, size_t count, int argc,
                 char **argv)
{
    return harness_run_with(&(struct harness_suite){suite, tests, count, argc, argv}, NULL);
}

int harness_run(const char *suite, const struct harness_test *tests, size_t count)
{
    return harness_main(suite, tests, count, 0, NULL);
}
