/* Statuses, messages, memory, texts, hashes and tensors. */
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core_assert.h"
#include "core_elements.h"
#include "core_hash.h"
#include "core_later.h"
#include "core_memory.h"
#include "core_nearest.h"
#include "core_status.h"
#include "core_stream.h"
#include "core_text.h"
#include "counted_memory.h"
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
    CHECK(strcmp(shs_version(), text) == 0);
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
    CHECK(strstr(said, "test_core.c:") != NULL);
    CHECK(strstr(said, "ends_well() relies on one == 2, which does not hold\n") != NULL);
#else
    CHECK(well);
    CHECK(strcmp(said, "") == 0);
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
    CHECK(!strcmp(shs_message(), "a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f\\x01 é"));
    core_wrap(SHS_ERROR_FILE, "line\n2");
    CHECK(!strcmp(shs_message(), "line\\x0a2: a\\x0ab\\x0d\\x09c\\x1b[31m\\x7f\\x01 é"));
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
        core_escape(cases[i][0], shown, sizeof shown);
        core_escape(shown, again, sizeof again);
        if (strcmp(shown, cases[i][1]) || strcmp(again, shown))
            printf("  expected %s, came %s and, from that, %s\n", cases[i][1], shown, again);
        CHECK(!strcmp(shown, cases[i][1]));
        CHECK(!strcmp(again, shown));
    }
    core_escape("12345", shown, 5);
    CHECK(!strcmp(shown, "1234"));
    core_escape("123é", shown, 5);
    CHECK(!strcmp(shown, "123"));
    core_escape("1\n", shown, 5);
    CHECK(!strcmp(shown, "1"));
    core_escape("1", shown, 1);
    CHECK(!strcmp(shown, ""));
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

/* ---- memory */

static void sizes_that_overflow_are_refused(void)
{
    static const size_t sizes[][2] = {{SIZE_MAX, 2},
                                      {2, SIZE_MAX},
                                      {(size_t)1 << 32, (size_t)1 << 32},
                                      {((size_t)1 << 32) + 1, (size_t)1 << 32},
                                      {(size_t)PTRDIFF_MAX + 1, 1},
                                      {SIZE_MAX, 1}};
    struct counted_memory counted;
    counted_begin(&counted, 0);
    char here, *memory = &here;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK_STATUS(core_resize(sizes[i][0], sizes[i][1], "a whale", &memory), SHS_ERROR_MEMORY);
        CHECK(memory == &here);
        CHECK_HAS(shs_message(), "a whale");
        char *fresh = &here;
        CHECK_STATUS(core_new(sizes[i][0], sizes[i][1], "a whale", &fresh), SHS_ERROR_MEMORY);
        CHECK(fresh == NULL);
    }
    CHECK_EQ(counted.calls, 0);
    CHECK_EQ(counted_end(&counted), 0);
}

static void new_memory_is_zeroed(void)
{
    struct counted_memory counted;
    counted_begin(&counted, 0);
    uint64_t *memory;
    unsigned char *nothing;
    if (NEED_STATUS(core_new(100, sizeof *memory, "numbers", &memory), SHS_OK))
        for (size_t i = 0; i < 100; i++)
            CHECK_EQ(memory[i], 0);
    CHECK_STATUS(core_new(0, 8, "nothing", &nothing), SHS_OK);
    CHECK(nothing != NULL);
    CHECK_EQ(counted.live, 2);
    core_free(&memory);
    core_free(&nothing);
    if (CHECK(memory == NULL)) CHECK(nothing == NULL);
    core_free(&memory);
    CHECK_EQ(counted_end(&counted), 0);
}

static void resizing_keeps_the_content(void)
{
    struct counted_memory counted;
    uint32_t *memory = NULL, sum = 0;
    counted_begin(&counted, 0);
    for (uint32_t count = 1; count <= 50; count++) {
        if (!NEED_STATUS(core_resize(count, sizeof *memory, "numbers", &memory), SHS_OK)) break;
        memory[count - 1] = count;
    }
    for (uint32_t i = 0; i < 50; i++)
        sum += memory[i];
    CHECK_EQ(sum, 1275);
    counted.fail_at = counted.calls + 1;
    uint32_t *before = memory;
    CHECK_STATUS(core_resize(51, sizeof *memory, "numbers", &memory), SHS_ERROR_MEMORY);
    CHECK(memory == before);
    CHECK_EQ(memory[49], 50);
    CHECK_HAS(shs_message(), "numbers");
    core_free(&memory);
    CHECK_EQ(counted_end(&counted), 0);
}

static void a_copy_stands_alone(void)
{
    char text[] = "train/images", *copy, *empty;
    if (!NEED_STATUS(core_copy(text, &copy), SHS_OK)) return;
    text[0] = 'X';
    CHECK_TEXT(copy, "train/images");
    if (CHECK_STATUS(core_copy("", &empty), SHS_OK)) CHECK_EQ(*empty, '\0');
    core_free(&copy);
    core_free(&empty);
}

/* A thread's balance has what blocks ask for, and is what it was when all are released. */
static void the_balance_of_memory_is_kept(void)
{
    const int64_t before = core_memory_balance();
    char *bytes, *text;
    CHECK_STATUS(core_new(10, 10, "bytes", &bytes), SHS_OK);
    CHECK_EQ(core_memory_balance() - before, 100 + CORE_MEMORY_HEAD);
    CHECK_STATUS(core_resize(0, 0, "bytes", &bytes), SHS_OK);
    CHECK_EQ(core_memory_balance() - before, 1 + CORE_MEMORY_HEAD);
    CHECK_STATUS(core_copy("four", &text), SHS_OK);
    CHECK_EQ(core_memory_balance() - before, 1 + 5 + 2 * CORE_MEMORY_HEAD);
    core_free(&bytes);
    core_free(&text);
    CHECK_EQ(core_memory_balance(), before);
}

static void products_are_checked(void)
{
    uint64_t product = 1;
    CHECK(core_multiply(UINT64_C(0xffffffff), UINT64_C(0x100000001), &product));
    CHECK_EQ(product, UINT64_MAX);
    CHECK(!core_multiply(UINT64_C(1) << 32, UINT64_C(1) << 32, &product));
    if (CHECK(core_multiply(0, UINT64_MAX, &product))) CHECK_EQ(product, 0);
    if (CHECK(core_multiply(UINT64_MAX, 1, &product))) CHECK_EQ(product, UINT64_MAX);
    CHECK(!core_multiply(UINT64_MAX, 2, &product));
}

/* ---- numbers from text */

static void endings_are_told(void)
{
    if (CHECK(core_ends_in("a.gz", ".gz")) && CHECK(core_ends_in("a.gz.gz", ".gz")))
        CHECK(core_ends_in("a", ""));
    if (CHECK(!core_ends_in(".gz", ".gz")) && CHECK(!core_ends_in("a.gz ", ".gz")))
        CHECK(!core_ends_in("", ""));
    if (CHECK(!core_ends_in("gz", ".gz"))) CHECK(!core_ends_in("a.GZ", ".gz"));
}

static void whole_numbers_are_parsed(void)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0},
                {"7", 7},
                {"007", 7},
                {"4294967296", UINT64_C(1) << 32},
                {"18446744073709551615", UINT64_MAX}};
    for (size_t i = 0; i < COUNT(good); i++) {
        uint64_t value = 99;
        if (CHECK(core_parse_u64(good[i].text, &value))) CHECK_EQ(value, good[i].value);
    }
}

static void an_older_error_of_the_system_is_no_matter(void)
{
    uint64_t whole = 99;
    double decimal = 99;
    errno = ERANGE;
    if (CHECK(core_parse_u64("5", &whole))) CHECK_EQ(whole, 5);
    errno = ERANGE;
    if (CHECK(core_parse_double("0.5", &decimal))) CHECK_EQ(decimal, 0.5);
}

static void other_texts_are_no_whole_numbers(void)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1e3",
                                      "0x10",
                                      "1.0",
                                      "1,0",
                                      "x",
                                      "18446744073709551616",
                                      "nan",
                                      "1\n2",
                                      "--1",
                                      "1-2",
                                      "- 1",
                                      "\t1",
                                      "99999999999999999999999"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t value = 99;
        CHECK(!core_parse_u64(bad[i], &value));
        CHECK_EQ(value, 99);
    }
}

static void decimal_numbers_are_parsed(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"-0.5", -0.5},
        {".25", 0.25},
        {"5.", 5},
        {"1e3", 1000},
        {"1E-3", 0.001},
        {"0.1", 0.1},
        {"-.5e1", -5},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.00000000000000000001", 9007199254740994.0},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"18446744073709551616", 0x1p64},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        double value = 99;
        if (CHECK(core_parse_double(good[i].text, &value))) CHECK_EQ(value, good[i].value);
    }
}

static void other_texts_are_no_decimal_numbers(void)
{
    static const char *const bad[] = {
        "",   "-",   ".",   "nan",  "inf", "-inf",  "-nan",   "infinity", "1e400", "-1e400",
        " 1", "1 ",  "+1",  "1,5",  "0,5", "1.5.2", "1e",     "--1",      "- 1",   "e3",
        "1f", "1_0", ".e1", "1e3x", "\t1", "1\n",   "nan(1)", "1d3",      "½"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        double value = 99;
        CHECK(!core_parse_double(bad[i], &value));
        CHECK_EQ(value, 99);
    }
}

static void hexadecimal_numbers_are_refused(void)
{
    static const char *const bad[] = {"0x10", "-0x1p3", "0X.8p1", "0x", "-0X1"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        double value = 99;
        CHECK(!core_parse_double(bad[i], &value));
        CHECK_EQ(value, 99);
    }
}

/* Some machines have no locale with a comma; there this holds trivially. */
static void numbers_do_not_depend_on_the_locale(void)
{
    static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    for (size_t i = 0; i < COUNT(with_comma); i++)
        if (setlocale(LC_ALL, with_comma[i])) break;
    double value = 99;
    if (CHECK(core_parse_double("0.5", &value))) CHECK_EQ(value, 0.5);
    CHECK(!core_parse_double("0,5", &value));
    struct core_text text = {0};
    core_text_add(&text, "%.2f", 0.25);
    CHECK(!text.status);
    CHECK_TEXT(text.bytes, "0.25");
    core_text_free(&text);
    core_text_add_double(&text, -1.5);
    CHECK(!text.status && strcmp(text.bytes, "-1.5") == 0);
    core_text_free(&text);
    setlocale(LC_ALL, "C");
}

static void numbers_are_as_short_as_they_can_be(void)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0, "0"},
                 {0.5, "0.5"},
                 {30, "30"},
                 {-1e6, "-1e+06"},
                 {0.1, "0.1"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3, "0.3333333333333333"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct core_text text = {0};
        core_text_add_double(&text, cases[i].number);
        if (!NEED(text.bytes)) return;
        if (strcmp(text.bytes, cases[i].text))
            printf("  expected %s, came %s\n", cases[i].text, text.bytes);
        CHECK(!strcmp(text.bytes, cases[i].text));
        core_text_free(&text);
    }
}

/* ---- texts put together */

static shs_status add_squares(struct core_text *text, char *expected)
{
    size_t length = 0;
    for (int i = 0; i < 300; i++) {
        core_text_add(text, "%d,", i * i);
        length += (size_t)sprintf(expected + length, "%d,", i * i);
    }
    return text->status;
}

static void a_text_grows(void)
{
    char expected[4096], whale[10000];
    struct core_text text = {0};
    core_text_add(&text, "%s", "");
    CHECK(!text.status);
    CHECK_EQ(text.length, 0);
    CHECK_STATUS(add_squares(&text, expected), SHS_OK);
    CHECK_EQ(text.length, strlen(expected));
    CHECK_TEXT(text.bytes, expected);
    memset(whale, 'w', sizeof whale);
    whale[sizeof whale - 1] = '\0';
    core_text_add(&text, "%s", whale);
    CHECK_EQ(text.length, strlen(expected) + strlen(whale));
    CHECK_TEXT(text.bytes + strlen(expected), whale);
    core_text_free(&text);
    if (CHECK(text.bytes == NULL) && CHECK_EQ(text.length, 0) && CHECK_EQ(text.capacity, 0))
        CHECK(!text.status);
}

/* A piece as long as the room that is left, a byte shorter and a byte longer. */
static void a_text_ends_where_it_must(void)
{
    char piece[400];
    size_t wrong = 0;
    for (size_t first = 0; first < 20; first++)
        for (size_t second = 100; second < 400; second++) {
            struct core_text text = {0};
            memset(piece, 'p', sizeof piece);
            core_text_add(&text, "%.*s", (int)first, piece);
            core_text_add(&text, "%.*s", (int)second, piece);
            wrong += text.length != first + second || strlen(text.bytes) != first + second;
            core_text_free(&text);
        }
    CHECK_EQ(wrong, 0);
}

static void a_text_keeps_its_first_error(void)
{
    char expected[4096];
    long calls = 0;
    for (long fail_at = 1; fail_at < 100; fail_at++) {
        struct counted_memory counted;
        struct core_text text = {0};
        counted_begin(&counted, fail_at);
        shs_status status = add_squares(&text, expected);
        calls = counted.calls;
        CHECK_STATUS(status, counted.failed ? SHS_ERROR_MEMORY : SHS_OK);
        if (status) CHECK_EQ(strncmp(text.bytes ? text.bytes : "", expected, text.length), 0);
        if (status) CHECK_EQ(calls, fail_at);
        core_text_free(&text);
        CHECK_EQ(counted_end(&counted), 0);
        if (!status) break;
    }
    CHECK_IS(calls, >, 2);
    CHECK_IS(calls, <, 99);
}

/* ---- hashes */

/* By the xxHash authors' library through Python, of bytes 31i + i/256 + 7. */
static const struct {
    size_t count;
    const char *text;
} digests[] = {
    {0, "99aa06d3014798d86001c324468d497f"},    {1, "495b62073ef70ca44c5cca45d0f4811f"},
    {3, "46f66cb93538156515f7093b173d005c"},    {4, "7fefeeffb4d0eab3b987ca5d9241572a"},
    {8, "803c675a846cc6c256bb836ceb6d4baa"},    {9, "d46556872d230f224376673580310154"},
    {16, "650fe308c566747df853dd94614dfa07"},   {17, "18217300b5132d5a78c349fe81b2f26c"},
    {128, "b4f87b99d2db8a511e04fad9f0cacb4d"},  {129, "6881633650cd8924c51bc887976aef63"},
    {240, "de57aab31e77a2ff93e173833f75ab66"},  {241, "92b991a7192f3f080b3b630948ce4a00"},
    {1024, "e697787d9642d5c3802a7b75d723b480"}, {1025, "8fb11f8185e8aa7443bd4cafe515b9da"},
    {4096, "08f59afd280021890d8c6a22f49cd045"}, {100000, "0695c6e3ddcfb8e00d217f471e936c8c"}};

static bool digest_is(const struct core_hash *hash, const char *expected)
{
    char text[CORE_DIGEST_TEXT];
    struct core_digest digest = core_hash_digest(hash);
    core_digest_text(&digest, text);
    return strcmp(text, expected) == 0;
}

static void add_in_pieces(struct core_hash *hash, const unsigned char *bytes, size_t count,
                          size_t piece)
{
    for (size_t now; count; bytes += now, count -= now) {
        now = count < piece ? count : piece;
        core_hash_add(hash, bytes, now);
    }
}

static void digests_are_those_published(void)
{
    static unsigned char bytes[100000];
    struct core_hash *hash;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(31 * i + (i >> 8) + 7);
    if (!NEED_STATUS(core_hash_new(&hash), SHS_OK)) return;
    for (size_t i = 0; i < COUNT(digests); i++)
        for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
            core_hash_reset(hash);
            add_in_pieces(hash, bytes, digests[i].count, piece);
            CHECK(digest_is(hash, digests[i].text));
        }
    core_hash_free(&hash);
    CHECK(hash == NULL);
    core_hash_free(&hash);
}

static void elements_are_hashed_little_endian(void)
{
    const uint16_t halves[] = {1, 0x0203, 0xfffe, 7};
    const uint32_t words[] = {1, 0x02030405, 0xfffffffe};
    const uint64_t longs[] = {UINT64_C(0x0102030405060708), UINT64_C(0xfffffffffffffffe)};
    struct core_hash *hash;
    if (!NEED_STATUS(core_hash_new(&hash), SHS_OK)) return;
    core_hash_add_elements(hash, halves, 4, 2);
    CHECK(digest_is(hash, "ab6542602772e9ea53072c5512f03e9c"));
    core_hash_reset(hash);
    core_hash_add_elements(hash, words, 3, 4);
    CHECK(digest_is(hash, "2a42b67ed45d30b1e76c3d9a8ac2fa28"));
    core_hash_reset(hash);
    core_hash_add_elements(hash, longs, 2, 8);
    CHECK(digest_is(hash, "3860efd4149bb13619010caa6687b335"));
    core_hash_reset(hash);
    core_hash_add_elements(hash, "abc", 3, 1);
    CHECK(digest_is(hash, "06b05ab6733a618578af5f94892f3950"));
    core_hash_free(&hash);
}

static void a_hash_without_memory_is_an_error(void)
{
    struct counted_memory counted;
    struct core_hash *hash;
    counted_begin(&counted, 1);
    CHECK_STATUS(core_hash_new(&hash), SHS_ERROR_MEMORY);
    CHECK(hash == NULL);
    CHECK_EQ(counted_end(&counted), 0);
}

/* ---- tensors */

static void types_have_sizes_and_names(void)
{
    static const struct {
        int value;
        const char *name;
        size_t size;
    } types[] = {{1, "u8", 1},  {2, "u16", 2},  {3, "u32", 4}, {4, "u64", 8},
                 {5, "i8", 1},  {6, "i16", 2},  {7, "i32", 4}, {8, "i64", 8},
                 {9, "f16", 2}, {10, "f32", 4}, {11, "f64", 8}};
    for (size_t i = 0; i < COUNT(types); i++) {
        CHECK_EQ(shs_type_size((shs_type)types[i].value), types[i].size);
        CHECK_TEXT(shs_type_name((shs_type)types[i].value), types[i].name);
    }
    for (int value = 12; value < 20; value++) {
        CHECK_EQ(shs_type_size((shs_type)value), 0);
        CHECK_TEXT(shs_type_name((shs_type)value), "?");
    }
    CHECK_EQ(shs_type_size((shs_type)0), 0);
    CHECK_TEXT(shs_type_name((shs_type)0), "?");
}

static void tensors_have_sizes(void)
{
    size_t bytes = 7;
    shs_tensor tensor = {"t", SHS_F64, 3, {3, 5, 7}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 840);
    tensor.axes = 0;
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 8);
    tensor = (shs_tensor){"t", SHS_U8, 8, {2, 2, 2, 2, 2, 2, 2, 2}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 256);
    tensor.shape[7] = 0;
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 0);
    tensor = (shs_tensor){"t", SHS_U8, 1, {PTRDIFF_MAX}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, PTRDIFF_MAX);
}

static void impossible_tensors_are_refused(void)
{
    const uint64_t top = UINT64_C(1) << 63;
    const shs_tensor bad[] = {
        {"whale", SHS_U8, 1, {top}, NULL},
        {"whale", SHS_F64, 1, {UINT64_C(1) << 60}, NULL},
        {"whale", SHS_F64, 1, {UINT64_C(1) << 61}, NULL},
        {"whale", SHS_U8, 2, {UINT64_C(1) << 32, UINT64_C(1) << 32}, NULL},
        {"whale", SHS_U8, 2, {UINT64_MAX, UINT64_MAX}, NULL},
        {"whale", SHS_U8, 9, {1, 1, 1, 1, 1, 1, 1, 1}, NULL},
        {"whale", SHS_U8, UINT32_MAX, {1}, NULL},
        {"whale", (shs_type)0, 1, {1}, NULL},
        {"whale", (shs_type)12, 1, {1}, NULL},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        size_t bytes = 7;
        CHECK_STATUS(shs_tensor_bytes(&bad[i], &bytes), SHS_ERROR_ARGUMENT);
        CHECK_EQ(bytes, 0);
        CHECK_HAS(shs_message(), "whale");
    }
    size_t bytes;
    shs_tensor nameless = {NULL, SHS_U8, 1, {top}, NULL};
    CHECK_STATUS(shs_tensor_bytes(&nameless, &bytes), SHS_ERROR_ARGUMENT);
}

/* A product with a factor of zero is zero, wherever the zero stands. */
static void a_tensor_with_an_empty_axis_is_empty(void)
{
    size_t bytes = 7;
    shs_tensor tensor = {"t", SHS_F64, 3, {0, UINT64_C(1) << 40, UINT64_C(1) << 40}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 0);
    tensor = (shs_tensor){"t", SHS_F64, 3, {UINT64_C(1) << 40, UINT64_C(1) << 40, 0}, NULL};
    if (CHECK_STATUS(shs_tensor_bytes(&tensor, &bytes), SHS_OK)) CHECK_EQ(bytes, 0);
}

/* ---- words that are meant */

static void the_nearest_word_is_found(void)
{
    static const char *const words[] = {"random_crop", "random_flip", "normalize",    "cast", "p",
                                        "axis",        "layout",      "train/images", "clip"};
    static const char *const cases[][2] = {{"random_flp", "random_flip"},
                                           {"random_fliip", "random_flip"},
                                           {"random_filp", "random_flip"},
                                           {"randomflip", "random_flip"},
                                           {"RANDOM_FLIP", "random_flip"},
                                           {"randon_clip", "random_flip"}, /* two, and not three */
                                           {"normalise", "normalize"},
                                           {"flip", "random_flip"},
                                           {"Cast", "cast"},
                                           {"cats", "cast"},
                                           {"images", "train/images"},
                                           {"train/image", "train/images"},
                                           {"axes", "axis"},
                                           {"P", "p"},
                                           {"q", NULL},
                                           {"", NULL},
                                           {"xy", NULL},
                                           {"blur", NULL},
                                           {"rotation", NULL}};
    char long_word[200];
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = core_nearest(cases[i][0], words, COUNT(words)), *wanted = cases[i][1];
        bool good = found && wanted ? !strcmp(found, wanted) : found == wanted;
        if (!good)
            printf("  %s: expected %s, came %s\n", cases[i][0], wanted ? wanted : "none",
                   found ? found : "none");
        CHECK(good);
    }
    CHECK(core_nearest("cast", words, 0) == NULL);
    memset(long_word, 'a', sizeof long_word);
    long_word[sizeof long_word - 1] = '\0';
    CHECK(core_nearest(long_word, words, COUNT(words)) == NULL);
}

static void a_guess_ends_a_message(void)
{
    char guess[CORE_GUESS_BYTES], name[1000];
    CHECK(core_guess(NULL, guess) == guess && !*guess);
    CHECK(!strcmp(core_guess("cast", guess), "; did you mean cast?"));
    memset(name, 'n', sizeof name);
    name[280] = '\0';
    CHECK(strlen(core_guess(name, guess)) == 280 + strlen("; did you mean ?"));
    name[280] = 'n', name[999] = '\0';
    CHECK(strlen(core_guess(name, guess)) == 280 + strlen("; did you mean ...?"));
}

/* Vectors of the authors: Fowler, Noll, Vo, Eastlake: The FNV Non-Cryptographic Hash Algorithm. */
static void texts_have_fnv_hashes(void)
{
    CHECK_EQ(core_hash_text(""), UINT64_C(0xcbf29ce484222325));
    CHECK_EQ(core_hash_text("a"), UINT64_C(0xaf63dc4c8601ec8c));
    CHECK_EQ(core_hash_text("foobar"), UINT64_C(0x85944171f73967e8));
}

/* ---- copies of large memory */

static void streams_copy_every_byte(void)
{
    enum {
        MOST = 200000
    };
    static const size_t counts[] = {0, 1, 63, 4096, 32767, 32768, 32769, 65536, 131072 + 77};
    static _Alignas(64) unsigned char from[MOST], to[MOST];
    for (size_t i = 0; i < MOST; i++)
        from[i] = (unsigned char)(i * 7 + i / 251);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t shift = 0; shift < 4; shift++) {
            size_t target = shift % 2 * 13 + 64, source = shift / 2 * 5 + 1;
            memset(to, 0xee, sizeof to);
            harness_where("%zu bytes from %zu to %zu", counts[c], source, target);
            core_stream(to + target, from + source, counts[c]);
            CHECK_BYTES(to + target, from + source, counts[c]);
            CHECK_EQ(to[target - 1], 0xee);
            CHECK_EQ(to[target + counts[c]], 0xee);
        }
    harness_where(NULL);
}

static void elements_become_little_endian(void)
{
    static const uint32_t number = 0x01020304;
    static const unsigned char little[] = {4, 3, 2, 1};
    unsigned char bytes[4];
    core_copy_little(bytes, &number, 1, 4);
    CHECK_BYTES(bytes, little, 4);
}

/* ---- work of a thread */

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

static void a_notice_is_told_once(void)
{
    CHECK(shs_notice() == NULL);
    core_notice("first");
    core_notice("second\nline");
    const char *notice = shs_notice();
    if (CHECK(notice != NULL)) CHECK_HAS(notice, "second\\x0aline");
    CHECK(shs_notice() == NULL);
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
        TEST(sizes_that_overflow_are_refused),
        TEST(new_memory_is_zeroed),
        TEST(resizing_keeps_the_content),
        TEST(a_copy_stands_alone),
        TEST(the_balance_of_memory_is_kept),
        TEST(products_are_checked),
        TEST(endings_are_told),
        TEST(the_nearest_word_is_found),
        TEST(a_guess_ends_a_message),
        TEST(whole_numbers_are_parsed),
        TEST(an_older_error_of_the_system_is_no_matter),
        TEST(other_texts_are_no_whole_numbers),
        TEST(decimal_numbers_are_parsed),
        TEST(other_texts_are_no_decimal_numbers),
        TEST(hexadecimal_numbers_are_refused),
        TEST(numbers_do_not_depend_on_the_locale),
        TEST(numbers_are_as_short_as_they_can_be),
        TEST(a_text_grows),
        TEST(a_text_ends_where_it_must),
        TEST(a_text_keeps_its_first_error),
        TEST(streams_copy_every_byte),
        TEST(elements_become_little_endian),
        TEST(work_is_done_by_a_thread),
        TEST(a_notice_is_told_once),
        TEST(digests_are_those_published),
        TEST(elements_are_hashed_little_endian),
        TEST(a_hash_without_memory_is_an_error),
        TEST(types_have_sizes_and_names),
        TEST(texts_have_fnv_hashes),
        TEST(tensors_have_sizes),
        TEST(impossible_tensors_are_refused),
        TEST(a_tensor_with_an_empty_axis_is_empty),
    };
    return harness_main("core", tests, COUNT(tests), argc, argv);
}
