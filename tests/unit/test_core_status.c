/* What the library says: its version, its statuses, its messages and notices, one for each thread,
 * and what it says when an invariant does not hold. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_assert.h"
#include "core_later.h"
#include "core_status.h"
#include "core_text.h"
#include "unit.h"

enum {
    MESSAGE_MOST = 1023 /* bytes of a message, by status.h */
};

/* ---- the version */

static void the_version_is_that_of_the_headers(void)
{
    char text[48];
    snprintf(text, sizeof text, "%d.%d.%d", SHS_VERSION_MAJOR, SHS_VERSION_MINOR,
             SHS_VERSION_PATCH);
    CHECK_TEXT(shs_version(), text);
}

/* ---- invariants */

/* What a process says, and whether it comes to its end, that relies on what does not hold. */
static bool ends_well(char *said, size_t bytes)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0) return false;
    pid_t process = fork();
    if (process == 0) {
        volatile int one = 1;
        dup2(ends[1], STDERR_FILENO);
        signal(SIGILL, SIG_DFL); /* a sanitizer would look into it, slowly */
        signal(SIGTRAP, SIG_DFL);
        core_assert(one == 1);
        core_assert(one == 2);
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], said, bytes - 1);
    said[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    waitpid(process, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void invariants_are_looked_after_in_tests_alone(void)
{
    char said[512];
    bool well = ends_well(said, sizeof said);
#ifdef CORE_ASSERTS
    CHECK(!well);
    CHECK_HAS(said, "test_core_status.c:");
    CHECK_HAS(said, "ends_well() relies on one == 2, which does not hold\n");
#else
    CHECK(well);
    CHECK_TEXT(said, "");
#endif
}

/* ---- statuses */

/* Written down once more: programs are compiled with these numbers. */
static const struct {
    const char *name;
    int value;
} statuses[] = {{"SHS_OK", 0},
                {"SHS_END", 1},
                {"SHS_STOP", 2},
                {"SHS_NO_CHECKPOINT", 3},
                {"SHS_NOT_READY", 4},
                {"SHS_NO_SLOT", 5},
                {"SHS_ERROR_ARGUMENT", -1},
                {"SHS_ERROR_MEMORY", -2},
                {"SHS_ERROR_FILE", -3},
                {"SHS_ERROR_FORMAT", -4},
                {"SHS_ERROR_UNSUPPORTED", -5},
                {"SHS_ERROR_STATE", -6},
                {"SHS_ERROR_DISAGREE", -7},
                {"SHS_ERROR_MISMATCH", -8},
                {"SHS_ERROR_EXHAUSTED", -9},
                {"SHS_ERROR_MPI", -10},
                {"SHS_ERROR_ORDER", -11},
                {"SHS_ERROR_GATHER", -12},
                {"SHS_ERROR_TIMEOUT", -13}};

static void statuses_have_names(void)
{
    for (int value = -20; value <= 20; value++) {
        const char *name = "unknown status";
        for (size_t i = 0; i < COUNT(statuses); i++)
            if (statuses[i].value == value) name = statuses[i].name;
        CHECK_TEXT(shs_status_name((shs_status)value), name);
    }
}

static void statuses_have_texts_of_their_own(void)
{
    for (size_t i = 0; i < COUNT(statuses); i++) {
        const char *text = shs_status_text((shs_status)statuses[i].value);
        CHECK_IS(strlen(text), >, 3);
        CHECK(strcmp(text, "unknown status") != 0);
        for (size_t other = 0; other < i; other++)
            CHECK(strcmp(text, shs_status_text((shs_status)statuses[other].value)) != 0);
    }
    CHECK_TEXT(shs_status_text(SHS_OK), "done");
    CHECK_TEXT(shs_status_text(SHS_ERROR_MEMORY), "memory ran out");
    CHECK_TEXT(shs_status_text((shs_status)-14), "unknown status");
    CHECK_TEXT(shs_status_text((shs_status)6), "unknown status");
}

/* ---- messages */

static void a_failure_leaves_a_message(void)
{
    CHECK_STATUS(core_fail(SHS_ERROR_FILE, "cannot open %s: %d", "a.h5", 13), SHS_ERROR_FILE);
    CHECK_TEXT(shs_message(), "cannot open a.h5: 13");
    CHECK(shs_message_is_mine());
    CHECK(!shs_message_is_agreed());
}

static void wrapping_goes_from_the_outside_in(void)
{
    core_fail(SHS_ERROR_FORMAT, "it is damaged");
    CHECK_STATUS(core_wrap(SHS_ERROR_FORMAT, "row %d", 7), SHS_ERROR_FORMAT);
    CHECK_STATUS(core_wrap(SHS_ERROR_FORMAT, "dataset %s", "x"), SHS_ERROR_FORMAT);
    CHECK_TEXT(shs_message(), "dataset x: row 7: it is damaged");
}

static void wrapping_leaves_expected_outcomes_alone(void)
{
    core_fail(SHS_ERROR_FILE, "an older error");
    CHECK_STATUS(core_wrap(SHS_OK, "opening"), SHS_OK);
    CHECK_STATUS(core_wrap(SHS_END, "reading"), SHS_END);
    CHECK_TEXT(shs_message(), "an older error");
}

static void wrapping_keeps_the_origin(void)
{
    core_tell(SHS_ERROR_MPI, "from rank 3", false, true);
    core_wrap(SHS_ERROR_MPI, "step 9");
    CHECK_TEXT(shs_message(), "step 9: from rank 3");
    CHECK(!shs_message_is_mine());
    CHECK(shs_message_is_agreed());
    core_fail(SHS_ERROR_FILE, "a new one");
    CHECK(shs_message_is_mine());
    CHECK(!shs_message_is_agreed());
}

static void a_message_is_told_as_it_is(void)
{
    CHECK_STATUS(core_tell(SHS_ERROR_STATE, "100%s %d %n", true, false), SHS_ERROR_STATE);
    CHECK_TEXT(shs_message(), "100%s %d %n");
    core_tell(SHS_ERROR_STATE, shs_message() + 5, true, false);
    CHECK_TEXT(shs_message(), " %d %n");
}

static void long_messages_are_cut(void)
{
    char text[3000];
    for (size_t length = 1020; length < 1027; length++) {
        memset(text, 'a', length);
        text[length] = '\0';
        core_fail(SHS_ERROR_FILE, "%s", text);
        CHECK_EQ(strlen(shs_message()), length < MESSAGE_MOST ? length : MESSAGE_MOST);
        core_tell(SHS_ERROR_FILE, text, true, false);
        CHECK_EQ(strlen(shs_message()), length < MESSAGE_MOST ? length : MESSAGE_MOST);
        CHECK_EQ(strspn(shs_message(), "a"), strlen(shs_message()));
    }
}

/* What was going on stands first, so that the cut falls on the end. */
static void wrapped_messages_are_cut_at_their_end(void)
{
    char context[2000], expected[4096];
    for (size_t length = 1000; length < 1100; length++) {
        memset(context, 'c', length);
        context[length] = '\0';
        core_fail(SHS_ERROR_FILE, "0123456789");
        core_wrap(SHS_ERROR_FILE, "%s", context);
        snprintf(expected, sizeof expected, "%s: 0123456789", context);
        expected[MESSAGE_MOST] = '\0';
        CHECK_TEXT(shs_message(), expected);
    }
}

static void a_message_is_one_line(void)
{
    core_fail(SHS_ERROR_FILE, "a\nb\r\tc\x1b[31m\x7f\x01 é");
    CHECK_TEXT(shs_message(), "a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f\\x01 é");
    core_wrap(SHS_ERROR_FILE, "line\n2");
    CHECK_TEXT(shs_message(), "line\\x0a2: a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f\\x01 é");
}

static void what_no_terminal_may_get_is_escaped(void)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"plain, é, 漢, 😀", "plain, é, 漢, 😀"},
        {"\\x1b is four letters", "\\x1b is four letters"},
        {"\x1b]0;title\a", "\\x1b]0;title\\x07"},
        {"a\xff\xfe", "a\\xff\\xfe"}, /* no UTF-8 */
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},                                    /* a control character of Latin-1 */
        {"\xc2\xa0\xe2\x82", "\xc2\xa0\\xe2\\x82"},           /* cut within a character */
        {"\xc0\x80\xed\xa0\x80", "\\xc0\\x80\\xed\\xa0\\x80"} /* too long; a surrogate */
    };
    char shown[64], again[64];
    for (size_t i = 0; i < COUNT(cases); i++) {
        harness_where("case %zu", i);
        core_escape(cases[i][0], shown, sizeof shown);
        core_escape(shown, again, sizeof again);
        CHECK_TEXT(shown, cases[i][1]);
        CHECK_TEXT(again, shown);
    }
    harness_where("in little room");
    core_escape("12345", shown, 5);
    CHECK_TEXT(shown, "1234");
    core_escape("123é", shown, 5);
    CHECK_TEXT(shown, "123");
    core_escape("1\n", shown, 5);
    CHECK_TEXT(shown, "1");
    core_escape("1", shown, 1);
    CHECK_TEXT(shown, "");
}

static void *in_a_thread(void *result)
{
    bool *good = result;
    good[0] = *shs_message() == '\0' && !shs_message_is_mine() && !shs_message_is_agreed();
    core_tell(SHS_ERROR_FILE, "the thread's", false, true);
    good[1] = strcmp(shs_message(), "the thread's") == 0;
    return NULL;
}

static void each_thread_has_its_message(void)
{
    pthread_t thread;
    bool good[2] = {false, false};
    core_fail(SHS_ERROR_ARGUMENT, "the first thread's");
    if (!NEED_EQ(pthread_create(&thread, NULL, in_a_thread, good), 0)) return;
    pthread_join(thread, NULL);
    CHECK(good[0]);
    CHECK(good[1]);
    CHECK_TEXT(shs_message(), "the first thread's");
    CHECK(shs_message_is_mine());
    CHECK(!shs_message_is_agreed());
}

/* ---- notices, and the work of a thread */

static void a_notice_is_told_once(void)
{
    CHECK(shs_notice() == NULL);
    core_notice("first");
    core_notice("second\nline");
    const char *notice = shs_notice();
    if (CHECK(notice != NULL)) CHECK_HAS(notice, "second\\x0aline");
    CHECK(shs_notice() == NULL);
}

static shs_status fail_elsewhere(void *user)
{
    *(pthread_t *)user = pthread_self();
    return core_fail(SHS_ERROR_FILE, "the disk is gone");
}

static void work_is_done_by_a_thread(void)
{
    struct core_later *later;
    pthread_t other = pthread_self();
    if (!CHECK_STATUS(core_later_begin(fail_elsewhere, &other, &later), SHS_OK)) return;
    CHECK_STATUS(core_later_end(&later), SHS_ERROR_FILE);
    CHECK(later == NULL);
    CHECK(!pthread_equal(other, pthread_self()));
    CHECK_HAS(shs_message(), "the disk is gone");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(the_version_is_that_of_the_headers),
        TEST(invariants_are_looked_after_in_tests_alone),
        TEST(statuses_have_names),
        TEST(statuses_have_texts_of_their_own),
        TEST(a_failure_leaves_a_message),
        TEST(wrapping_goes_from_the_outside_in),
        TEST(wrapping_leaves_expected_outcomes_alone),
        TEST(wrapping_keeps_the_origin),
        TEST(a_message_is_told_as_it_is),
        TEST(long_messages_are_cut),
        TEST(wrapped_messages_are_cut_at_their_end),
        TEST(a_message_is_one_line),
        TEST(what_no_terminal_may_get_is_escaped),
        TEST(each_thread_has_its_message),
        TEST(work_is_done_by_a_thread),
        TEST(a_notice_is_told_once),
    };
    return harness_main("core_status", tests, COUNT(tests), argc, argv);
}
