#include "harness_private.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_SECONDS = 120
};

static const struct harness_ranks *all_ranks;
static const char *running = "(before the first test)";
static unsigned failed_tests, run_tests;

static int my_rank(void)
{
    return all_ranks ? all_ranks->rank : 0;
}

static unsigned sum(unsigned number)
{
    return all_ranks ? all_ranks->sum(number) : number;
}

bool harness_all(bool condition, unsigned line, const char *text, const char *file)
{
    unsigned failed = sum(!condition);
    CU_assertImplementation(failed ? CU_FALSE : CU_TRUE, line,
                            condition && failed ? "the condition failed on another rank" : text,
                            file, "", CU_FALSE);
    return failed == 0;
}

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
    alarm(seconds_a_test());
}

static void end_test(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failures)
{
    (void)suite;
    for (CU_pFailureRecord failure = failures; failure; failure = failure->pNext)
        printf("  rank %d: %s:%u: %s\n", my_rank(), failure->strFileName, failure->uiLineNumber,
               failure->strCondition);
    fflush(stdout);
    unsigned failed = sum(failures != NULL);
    alarm(0);
    run_tests++;
    failed_tests += failed != 0;
    if (my_rank() == 0) printf("%s  %s\n", failed ? "FAILED" : "passed", test->pName);
    fflush(stdout);
}

static bool add_tests(const char *suite, const struct harness_test *tests, size_t count)
{
    CU_pSuite added = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; added && i < count; i++)
        if (!CU_add_test(added, tests[i].name, tests[i].run)) return false;
    return added != NULL;
}

int harness_run_with(const char *suite, const struct harness_test *tests, size_t count,
                     const struct harness_ranks *ranks)
{
    all_ranks = ranks;
    signal(SIGALRM, end_hanging_test);
    bool ready = CU_initialize_registry() == CUE_SUCCESS && add_tests(suite, tests, count);
    if (sum(!ready)) {
        fprintf(stderr, "%s: CUnit cannot be prepared: %s\n", suite, CU_get_error_msg());
        return 2;
    }
    CU_set_test_start_handler(begin_test);
    CU_set_test_complete_handler(end_test);
    CU_run_all_tests();
    CU_cleanup_registry();
    if (my_rank() == 0)
        printf("%s: %u passed, %u failed\n", suite, run_tests - failed_tests, failed_tests);
    return failed_tests || run_tests != count ? 1 : 0;
}

int harness_run(const char *suite, const struct harness_test *tests, size_t count)
{
    return harness_run_with(suite, tests, count, NULL);
}
