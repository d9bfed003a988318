/* Texts: which of them are numbers, how they are put together, and which word is meant. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "core_nearest.h"
#include "core_text.h"
#include "counted_memory.h"
#include "unit.h"

/* ---- numbers from text */

/* The text is refused, and the number is left as it was. */
static void is_no_whole_number(const char *text)
{
    uint64_t value = 99;
    harness_where("the text «%s»", text);
    CHECK(!core_parse_u64(text, &value));
    CHECK_EQ(value, 99);
}

static void is_no_decimal_number(const char *text)
{
    double value = 99;
    harness_where("the text «%s»", text);
    CHECK(!core_parse_double(text, &value));
    CHECK_EQ(value, 99);
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
        harness_where("the text «%s»", good[i].text);
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
    for (size_t i = 0; i < COUNT(bad); i++)
        is_no_whole_number(bad[i]);
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
        harness_where("the text «%s»", good[i].text);
        if (CHECK(core_parse_double(good[i].text, &value))) CHECK_EQ(value, good[i].value);
    }
}

static void other_texts_are_no_decimal_numbers(void)
{
    static const char *const bad[] = {
        "",   "-",   ".",   "nan",  "inf", "-inf",  "-nan",   "infinity", "1e400", "-1e400",
        " 1", "1 ",  "+1",  "1,5",  "0,5", "1.5.2", "1e",     "--1",      "- 1",   "e3",
        "1f", "1_0", ".e1", "1e3x", "\t1", "1\n",   "nan(1)", "1d3",      "½"};
    for (size_t i = 0; i < COUNT(bad); i++)
        is_no_decimal_number(bad[i]);
}

static void hexadecimal_numbers_are_refused(void)
{
    static const char *const bad[] = {"0x10", "-0x1p3", "0X.8p1", "0x", "-0X1"};
    for (size_t i = 0; i < COUNT(bad); i++)
        is_no_decimal_number(bad[i]);
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
    CHECK(!text.status);
    CHECK_TEXT(text.bytes, "-1.5");
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
        CHECK_TEXT(text.bytes, cases[i].text);
        core_text_free(&text);
    }
}

/* ---- texts put together */

static void endings_are_told(void)
{
    if (CHECK(core_ends_in("a.gz", ".gz")) && CHECK(core_ends_in("a.gz.gz", ".gz")))
        CHECK(core_ends_in("a", ""));
    if (CHECK(!core_ends_in(".gz", ".gz")) && CHECK(!core_ends_in("a.gz ", ".gz")))
        CHECK(!core_ends_in("", ""));
    if (CHECK(!core_ends_in("gz", ".gz"))) CHECK(!core_ends_in("a.GZ", ".gz"));
}

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
        harness_where("the word %s", cases[i][0]);
        CHECK_TEXT(core_nearest(cases[i][0], words, COUNT(words)), cases[i][1]);
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
    CHECK_EQ(strlen(core_guess(name, guess)), 280 + strlen("; did you mean ?"));
    name[280] = 'n', name[999] = '\0';
    CHECK_EQ(strlen(core_guess(name, guess)), 280 + strlen("; did you mean ...?"));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
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
    };
    return harness_main("core_text", tests, COUNT(tests), argc, argv);
}
