/* The file of an array's statistics, and the calls normalize(from=FILE) that name it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_from.h"
#include "core_memory.h"
#include "io_figures.h"
#include "judge.h"
#include "message.h"
#include "shardstep/augment.h"
#include "unit.h"

static char name[] = "train/images";
static double means[] = {72.94035, -1e-300, 1.0 / 3}, deviations[] = {90.0, 5e-324, 1e300};

static const struct io_figures figures = {.field = name,
                                          .sample = {NULL, SHS_U8, 3, {28, 27, 3}, NULL},
                                          .channel_axis = 3,
                                          .count = 3,
                                          .mean = means,
                                          .deviation = deviations};

static const char notes[] = "file = a.h5\nmean_of = nothing\n";

/* The caller frees the text. */
static char *text_of(const struct io_figures *from)
{
    struct core_text text = {0};
    io_figures_print(from, notes, &text);
    CHECK_STATUS(text.status, SHS_OK);
    return text.bytes;
}

static void what_is_written_is_read(void)
{
    struct io_figures read;
    char *text = text_of(&figures);
    CHECK_STATUS(io_figures_parse("x.stats", text, &read), SHS_OK);
    CHECK_TEXT(read.field, name);
    CHECK_EQ(read.sample.type, SHS_U8);
    CHECK_EQ(read.sample.axes, 3);
    CHECK_EQ(read.sample.shape[1], 27);
    CHECK_EQ(read.channel_axis, 3);
    CHECK_EQ(read.count, 3);
    CHECK(!memcmp(read.mean, means, sizeof means));
    CHECK(!memcmp(read.deviation, deviations, sizeof deviations));
    io_figures_free(&read);
    core_free(&text);
}

static void a_number_without_axes_and_values_is_read(void)
{
    double none = __builtin_nan("");
    struct io_figures read, single = {.field = name,
                                      .sample = {NULL, SHS_F16, 0, {0}, NULL},
                                      .count = 1,
                                      .mean = &none,
                                      .deviation = &none};
    char *text = text_of(&single);
    CHECK_STATUS(io_figures_parse("x.stats", text, &read), SHS_OK);
    CHECK_EQ(read.sample.axes, 0);
    CHECK_EQ(read.channel_axis, 0);
    CHECK(read.mean[0] != read.mean[0]);
    io_figures_free(&read);
    core_free(&text);
}

/* Every beginning of a file is refused, and so is every file with another byte. */
static void what_is_not_whole_is_refused(void)
{
    struct io_figures read;
    char *text = text_of(&figures), *part = NULL;
    size_t length = strlen(text), wrong = 0;
    CHECK_STATUS(core_copy(text, &part), SHS_OK);
    for (size_t i = 0; i < length; i++) {
        part[i] = '\0';
        wrong += io_figures_parse("x.stats", part, &read) != SHS_ERROR_FORMAT || read.field;
        part[i] = text[i] == '1' ? '2' : '1';
        wrong += io_figures_parse("x.stats", part, &read) == SHS_OK;
        part[i] = text[i];
    }
    CHECK_EQ(wrong, 0);
    core_free(&part);
    core_free(&text);
}

/* A text with another value in a line, and with its right checksum. */
static void lines_are_checked(void)
{
    static const struct {
        const char *line, *other, *words;
    } cases[] = {{"type = u8", "type = u9", "has 'u9' as type"},
                 {"type = u8", "typ = u8", "lacks the line 'type = ...'"},
                 {"28x27x3", "28x27x", "has '28x27x' as sample"},
                 {"28x27x3", "1x1x1x1x1x1x1x1x1", "as sample"},
                 {"28x27x3", "28x27x4", "as mean"},
                 {"28x27x3", "28x27x99999999", "as channel_axis"},
                 {"channel_axis = 3", "channel_axis = 4", "has '4' as channel_axis"},
                 {"channel_axis = 3", "channel_axis = none", "as mean"},
                 {"mean = 7", "mean = x7", "as mean"},
                 {"std = 90,", "std = ", "as std"},
                 {"std = 90,", "std = 90,90,", "as std"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct io_figures read;
        struct core_text text = {0}, sealed = {0};
        char *whole = text_of(&figures), *at = strstr(whole, cases[i].line);
        CHECK(at);
        core_text_add(&text, "%.*s%s%s", (int)(at - whole), whole, cases[i].other,
                      at + strlen(cases[i].line));
        *strstr(text.bytes, "xxh3 = ") = '\0';
        io_figures_seal(text.bytes, &sealed);
        CHECK_STATUS(io_figures_parse("x.stats", sealed.bytes, &read), SHS_ERROR_FORMAT);
        if (!CHECK(message_has(cases[i].words))) printf("  of %s\n", cases[i].other);
        CHECK(!read.field && !read.mean);
        core_free(&whole);
        core_text_free(&text);
        core_text_free(&sealed);
    }
}

/* ---- calls that name a file */

static void calls_are_found(void)
{
    static const struct {
        const char *text, *file; /* NULL: there is no such call */
        size_t call, depth, statement;
    } cases[] = {{"x: normalize(from=a.stats)", "a.stats", 3, 0, 0},
                 {"x: normalize( layout = chw , from = a.stats )", "a.stats", 3, 0, 0},
                 {"x: cast(type=f32) normalize (from=/a b/c.d)", "/a b/c.d", 18, 0, 0},
                 {"x: normalize(from=\"a, (b); c\")", "a, (b); c", 3, 0, 0},
                 {"x: normalize(mean=[1,2], from=a)", "a", 3, 0, 0},
                 {"y: cast(type=f32); x: normalize(from=a)", "a", 22, 0, 18},
                 {"x: sometimes(normalize(from=a), p=0.5)", "a", 13, 1, 0},
                 {"x: cast(from=\"(\") sometimes(one_of(clip() normalize(from=a)))", "a", 42, 2, 0},
                 {"x: normalize(mean=1, std=2)", NULL, 0, 0, 0},
                 {"x: cast(from=a)", NULL, 0, 0, 0},
                 {"x: normalize(from=a", NULL, 0, 0, 0},
                 {"normalize(from=a)", NULL, 0, 0, 0},
                 {"y: sometimes;(normalize(from=a))", NULL, 0, 0, 0},
                 {"x: normalize(from)", NULL, 0, 0, 0},
                 {"x: normalize(,from=a)", NULL, 0, 0, 0},
                 {"x: denormalize(from=a)", NULL, 0, 0, 0},
                 {"x: normalize(from=\"a)", NULL, 0, 0, 0},
                 {"((((((((((((((((((((((((((((", NULL, 0, 0, 0},
                 {"", NULL, 0, 0, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct augment_from from;
        const char *text = cases[i].text, *file = cases[i].file;
        bool found = augment_from_find(text, 0, &from);
        if (!CHECK_EQ(found, file != NULL)) printf("  of %s\n", text);
        if (!found || !file) continue;
        struct augment_span span = augment_from_value(text, &from, "from")->value;
        bool good = span.length == strlen(file) && !memcmp(text + span.at, file, span.length);
        good &= from.call == cases[i].call && from.depth == cases[i].depth;
        good &= from.statement == cases[i].statement && text[from.end] == ')';
        if (!CHECK(good)) printf("  of %s\n", text);
        CHECK(!augment_from_find(text, from.end, &from));
    }
}

static void an_augmentation_by_itself_refuses_a_file(void)
{
    static const shs_tensor image = {"image", SHS_U8, 2, {4, 5}, NULL};
    shs_augment *augment;
    CHECK_STATUS(shs_augment_open("image: normalize(from=folder/of/some/long/name.stats)", &image,
                                  1, &augment),
                 SHS_ERROR_ARGUMENT);
    CHECK(
        message_has("augmentation, character 8: normalize's from is the file "
                    "folder/of/some/long/name.stats, but an augmentation by itself reads no file; "
                    "give the text to a loader (option augment), or give the numbers"));
    CHECK(!augment);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(what_is_written_is_read),
                                                TEST(a_number_without_axes_and_values_is_read),
                                                TEST(what_is_not_whole_is_refused),
                                                TEST(lines_are_checked),
                                                TEST(calls_are_found),
                                                TEST(an_augmentation_by_itself_refuses_a_file)};
    return harness_main("figures", tests, COUNT(tests), argc, argv);
}
