/* The text that says what fields are, and windows by counting. */
#include <string.h>

#include "data_sample.h"
#include "data_stand.h"
#include "judge.h"
#include "load.h"
#include "message.h"
#include "sample_scene.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- the text */

static void describe(const struct data_sample *sample, char *text, size_t bytes)
{
    struct core_text all = {0};
    for (size_t p = 0; p < sample->n_parts; p++) {
        core_text_add(&all, "%s", p ? "; " : "");
        if (data_part_is_own_row(sample, &sample->part[p]))
            core_text_add(&all, "%s", sample->part[p].name);
        else
            data_part_describe(sample, &sample->part[p], &all);
    }
    snprintf(text, bytes, "%s", all.bytes ? all.bytes : "");
    core_text_free(&all);
}

static void texts_say_what_fields_are(void)
{
    static const struct {
        const char *text, *meaning;
        size_t sources;
    } cases[] = {
        {"images", "images", 1},
        {" train/images ,labels\t", "train/images; labels", 2},
        {"x=a=b", "x = a=b", 1},
        {"two words, x = two words", "two words; x = two words", 1},
        {"x=images", "x = images", 1},
        {"images=images", "images", 1},
        {"a=x,b=x,x", "a = x; b = x; x", 1},
        {"x(window=3)", "x = x(window=3, stride=1, lead=0)", 1},
        {" x ( lead = 18446744073709551615 , window=1 ) ",
         "x = x(window=1, stride=1, lead=18446744073709551615)", 1},
        {"x=w(window=24, stride=6), y=w(window=1, stride=6, lead=29), z",
         "x = w(window=24, stride=6, lead=0); y = w(window=1, stride=6, lead=29); z", 2},
        {"x=w(every=6,window=2), y=w(window=2,every=1,axes=1)",
         "x = w(window=2, stride=1, lead=0, every=6); y = w(window=2, stride=1, lead=0)", 1},
        {"x=u(window=2, axes=2), y=u(axes=2), u",
         "x = u(axes=2, window=2, stride=1, lead=0); y = u(axes=2); u", 2},
        {"x=w(crop=y[ :45 ]  2[3:9], window=2,select=  c[70 3:6 t2m]x[::2])",
         "x = w(window=2, stride=1, lead=0, select=c[70 3:6 t2m] x[::2], crop=y[:45] 2[3:9])", 1},
        {"x=w(select=1[2]), y=w(select=1[ 2 ]), w, z=w(select=1[3])",
         "x = w(select=1[2]); y = w(select=1[2]); w; z = w(select=1[3])", 3},
        {"t(offsets=o, select=1[2])", "t = t(offsets=o, most=0, select=1[2]); t.length", 2},
        {"t(offsets=o)", "t = t(offsets=o, most=0); t.length", 2},
        {"x=t(most=5, offsets=a/b), o", "x = t(offsets=a/b, most=5); x.length; o", 3},
        {"decode(a, size=9)", "a = decode(a, size=9x9, channels=3, fit=exact, offsets=a.offsets)",
         2},
        {"x = decode( g/a , fit=cover, channels=1,size=24x32, offsets = o ), g/a",
         "x = decode(g/a, size=24x32, channels=1, fit=cover, offsets=o); g/a", 2},
        {"m=decode(a, size=5, fit=crop, classes)",
         "m = decode(a, size=5x5, fit=crop, classes, offsets=a.offsets)", 2},
        {"decode, x=decode(window=2)", "decode; x = decode(window=2, stride=1, lead=0)", 1},
        {"x=t(lead=-1, pad=edge, window=2), y=t(pad=none, window=1), "
         "z=t(pad=zero,window=3,every=2)",
         "x = t(window=2, stride=1, lead=-1, pad=edge); x.mask; y = t(window=1, stride=1, lead=0); "
         "z = t(window=3, stride=1, lead=0, every=2, pad=zero); z.mask",
         1},
        {"t(missing=mask, select=1[2]), x=t(window=2, missing=mask, pad=edge, valid=v), "
         "y=t(missing=nan)",
         "t = t(missing=mask, select=1[2]); t.valid; "
         "x = t(window=2, stride=1, lead=0, pad=edge, valid=v, missing=mask); x.mask; x.valid; "
         "y = t",
         3},
        {"x=t(series, window=2, pad=zero)",
         "x = t(window=2, stride=1, lead=0, pad=zero, series); x.mask", 1},
        {"x=t(offsets=o), y=u(offsets=o)",
         "x = t(offsets=o, most=0); x.length; y = u(offsets=o, most=0); y.length", 3},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct data_sample sample;
        char text[512];
        if (!NEED_STATUS(data_sample_parse(cases[i].text, false, &sample), SHS_OK)) {
            printf("  %s: %s\n", cases[i].text, shs_message());
            continue;
        }
        describe(&sample, text, sizeof text);
        CHECK_TEXT(text, cases[i].meaning);
        CHECK_EQ(sample.n_arrays, cases[i].sources);
        if (strcmp(text, cases[i].meaning) != 0) printf("  %s is %s\n", cases[i].text, text);
        data_sample_free(&sample);
    }
}

static void refuse_text(const char *text, bool each_a_file, const char *words)
{
    struct data_sample sample;
    CHECK_STATUS(data_sample_parse(text, each_a_file, &sample), SHS_ERROR_ARGUMENT);
    CHECK_EQ(sample.n_parts, 0);
    CHECK_EQ(sample.n_arrays, 0);
    if (!message_has(words)) CHECK(!text);
}

static void texts_that_say_nothing_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "a field's name is empty"},
        {"a,,b", "a field's name is empty"},
        {"a, ", "a field's name is empty"},
        {"=a", "no name before the '='"},
        {"x=", "no name of a dataset"},
        {"x=(window=2)", "no name of a dataset"},
        {"x y=a", "has no spaces"},
        {"x:y=a", "has no spaces and none of"},
        {"a(window=2", "must end with the ')'"},
        {"a(window=2)b", "must end with the ')'"},
        {"a(window=2)(lead=1)", "must end with the ')'"},
        {"a((window=2))", "must end with the ')'"},
        {"a)", "no '(' before the ')'"},
        {"a()", "key=value"},
        {"a(window=2,)", "key=value"},
        {"a(window)", "key=value"},
        {"a(windw=2)", "there is no 'windw'; there are axes, window, stride, lead, "
                       "every, pad, series and valid"},
        {"a(window=)", "window is ''"},
        {"a(window=-1)", "window is '-1'"},
        {"a(window=2.5)", "window is '2.5'"},
        {"a(window=18446744073709551616)", "below 2^64"},
        {"a(window=0)", "window is 0"},
        {"a(window=2, stride=0)", "stride is 0"},
        {"a(window=2, window=2)", "window is given twice"},
        {"a(stride=2)", "give window=ROWS"},
        {"a(every=2)", "give window=ROWS"},
        {"a(window=2, every=0)", "every is 0"},
        {"a(axes=0)", "axes is 1, or 2"},
        {"a(axes=3, window=2)", "axes is 1, or 2"},
        {"a(axes=2, offsets=o)", "leave out axes=2"},
        {"a(window=2), b(axes=2, window=2)", "give both axes=2, or neither"},
        {"a(lead=2)", "give window=ROWS"},
        {"a(most=2)", "give offsets=NAME"},
        {"a(pad=edge)", "stride, lead, every, pad, series and valid belong to a window"},
        {"a(window=2, pad=same)", "pad is 'same'; it is edge, zero or none"},
        {"a(window=2, lead=-1)", "reaches over the beginning: give pad=edge or pad=zero"},
        {"a(window=2, pad=none, lead=-1)", "reaches over the beginning"},
        {"a(window=2, pad=edge, lead=--1)", "lead is '--1'"},
        {"a(window=2, pad=edge, every=1..2)", "pad needs a fixed spacing of rows"},
        {"a(window=1048576, pad=edge, every=268435457)", "at most 2^48"},
        {"a(window=1, pad=edge, lead=-281474976710657)", "at most 2^48"},
        {"a(offsets=o, pad=edge)", "belong to a window"},
        {"a(series)", "give window=ROWS as well"},
        {"a(missing=zero)", "missing is 'zero'; it is mask, for a field NAME.valid"},
        {"a(missing=mask, offsets=o)", "missing=mask belongs to rows and windows"},
        {"a(missing=mask, constant)", "missing=mask belongs to rows and windows"},
        {"a(window=2, series=yes)", "series stands alone, without a value"},
        {"a(window=2, series, valid=v)", "leave out series, or valid"},
        {"a(axes=2, window=2, series)", "leave out series, or axes=2"},
        {"a(window=2, series), b", "but field b has none; give both series"},
        {"a(window=2), b(window=2, series)", "but field a has none; give both series"},
        {"g/*/a(window=2, series)", "no window of a group continues in the next one"},
        {"a(window=2, pad=edge), a.mask", "field a.mask is given twice"},
        {"a(offsets=)", "offsets is empty"},
        {"a(offsets=o, most=0)", "most is 0"},
        {"a(offsets=o, window=3)", "either a window or offsets"},
        {"a(offsets=o, lead=3)", "give window=ROWS"},
        {"decode()", "decode() begins with the name of a dataset"},
        {"decode(a)", "decode() needs the size"},
        {"decode(a, size=x4)", "size is a side in pixels"},
        {"decode(a, size=4, offsets=)", "offsets is empty"},
        {"decode(a, size=4, size=5)", "size is given twice"},
        {"decode(a, size=4), a", "field a is given twice"},
        {"a,a", "field a is given twice; give one of them another name: NAME=a"},
        {"b=a,b", "field b is given twice"},
        {"a(offsets=o), a.length", "field a.length is given twice"},
        {"a(window=2), b(window=2, stride=3)", "field a has stride 1 but field b has 3"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_text(cases[i].text, false, cases[i].words);
    refuse_text("decode(a, size=2)", true, "with one sample a file");
    refuse_text("a(window=2)", true, "with one sample a file");
    refuse_text("a,b(offsets=o)", true, "field 'b(offsets=o)'");
}

static void as_many_fields_as_allowed(void)
{
    struct data_sample sample;
    char text[2048] = "r(offsets=o)";
    for (int i = 2; i < SHS_MAX_FIELDS; i++)
        sprintf(text + strlen(text), ",f%d", i);
    CHECK_STATUS(data_sample_parse(text, false, &sample), SHS_OK);
    CHECK_EQ(sample.n_parts, SHS_MAX_FIELDS);
    data_sample_free(&sample);
    strcat(text, ",s(offsets=p)");
    refuse_text(text, false, "more than 64 fields");
}

/* ---- windows by counting */

enum {
    MOST_ROWS = 40
};

static const struct data_series one_series = {.samples = DATA_ONE_SERIES};

static void check_windows(const struct data_part *part, uint64_t rows)
{
    uint64_t samples = count_windows(part->window, part->stride, part->lead, rows);
    for (uint64_t first = 0; first < rows; first++)
        for (uint64_t count = 1; count <= rows - first; count += 3) {
            uint64_t low = samples, high = 0;
            for (uint64_t i = 0; i < samples; i++) {
                uint64_t begin = i * part->stride + part->lead;
                if (begin >= first + count || begin + part->window <= first) continue;
                if (low == samples) low = i;
                high = i + 1;
            }
            struct data_range found = data_part_samples(part, one_series, first, count, samples);
            CHECK(low == samples ? found.count == 0
                                 : found.first == low && found.count == high - low);
        }
    for (uint64_t i = 0; i < samples; i++)
        CHECK_EQ(data_part_first(part, one_series, i), i * part->stride + part->lead);
}

static void windows_are_those_that_fit(void)
{
    struct data_sample sample;
    if (!NEED_STATUS(data_sample_parse("x(window=2), y=x(window=1)", false, &sample), SHS_OK))
        return;
    struct data_part *x = &sample.part[0], *y = &sample.part[1];
    for (uint64_t rows = 0; rows < MOST_ROWS; rows += 1 + rows / 6)
        for (x->window = 1; x->window < 9; x->window += 2)
            for (x->stride = 1; x->stride < 6; x->stride++)
                for (x->lead = 0; x->lead < 12; x->lead += 3) {
                    uint64_t samples, least, other;
                    y->stride = x->stride;
                    y->lead = 20 - x->lead;
                    least = count_windows(x->window, x->stride, x->lead, rows);
                    other = count_windows(1, y->stride, y->lead, rows);
                    CHECK_STATUS(data_sample_count(&sample, &rows, NULL, &samples, NULL), SHS_OK);
                    CHECK_EQ(samples, least < other ? least : other);
                    check_windows(x, rows);
                }
    data_sample_free(&sample);
}

/* ---- windows of several series, row by row */

/* Returns true if a window has some of the rows [first, end) of the file between its first and its
 * last row. */
static bool spans(uint64_t begin, uint64_t span, uint64_t first, uint64_t end)
{
    return begin < end && begin + span > first;
}

static void check_series(const struct data_sample *sample, uint64_t series, uint64_t length)
{
    const struct data_part *part = &sample->part[0];
    const uint64_t rows = series * length;
    uint64_t samples, span = (part->window - 1) * part->every + 1, begin[MOST_ROWS * 4], all = 0;
    struct data_series of = {.rows = length};
    if (!CHECK_STATUS(data_sample_count(sample, &rows, &length, &samples, &of.samples), SHS_OK))
        return;
    for (uint64_t t = 0; t < series; t++)
        for (uint64_t at = part->lead; at + span <= length; at += part->stride)
            begin[all++] = t * length + at;
    CHECK_EQ(samples, all);
    for (uint64_t i = 0; i < all && i < samples; i++)
        CHECK_EQ(data_part_first(part, of, i), begin[i]);
    for (uint64_t first = 0; first < rows; first++)
        for (uint64_t count = 1; count <= rows - first; count += 1 + count / 3) {
            uint64_t low = all, high = 0;
            for (uint64_t i = 0; i < all; i++) {
                if (!spans(begin[i], span, first, first + count)) continue;
                if (low == all) low = i;
                high = i + 1;
            }
            struct data_range found = data_part_samples(part, of, first, count, samples);
            CHECK(low == all ? found.count == 0 : found.first == low && found.count == high - low);
        }
}

static void windows_stay_within_their_series(void)
{
    struct data_sample sample;
    if (!NEED_STATUS(data_sample_parse("x(axes=2, window=2)", false, &sample), SHS_OK)) return;
    struct data_part *x = &sample.part[0];
    for (uint64_t length = 1; length < 12; length += 3)
        for (x->window = 1; x->window < 4; x->window++)
            for (x->every = 1; x->every < 4; x->every++)
                for (x->stride = 1; x->stride < 6; x->stride += 2)
                    for (x->lead = 0; x->lead < 5; x->lead += 2)
                        check_series(&sample, 3, length);
    data_sample_free(&sample);
    if (!NEED_STATUS(data_sample_parse("x(axes=2, window=2), y(axes=2, window=1)", false, &sample),
                     SHS_OK))
        return;
    const uint64_t rows[] = {30, 40}, lengths[] = {10, 10};
    uint64_t samples;
    CHECK_STATUS(data_sample_count(&sample, rows, lengths, &samples, NULL), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "field x has 3 trajectories but field y has 4");
    data_sample_free(&sample);
}

/* Every row has a window, and all windows that use some rows are found. */
static void check_padded(const struct data_part *part, uint64_t rows, uint64_t samples)
{
    const struct data_series series = {.rows = rows, .samples = DATA_ONE_SERIES};
    uint64_t all = 0;
    for (uint64_t anchor = 0; anchor < rows; anchor += part->stride)
        all++;
    CHECK_EQ(samples, all);
    for (uint64_t i = 0; i < samples; i++) {
        const struct data_stand stand = data_stand_find(part, series, i);
        for (uint64_t k = 0; k < part->window; k++) {
            int64_t wanted = (int64_t)(i * part->stride + part->lead + k * part->every);
            int64_t row = wanted - (int64_t)part->back, last = (int64_t)rows - 1;
            bool there = row >= 0 && row <= last;
            uint64_t nearest = (uint64_t)(row < 0 ? 0 : row > last ? last : row), found;
            CHECK_EQ(data_stand_row(part, &stand, k, &found), there);
            CHECK_EQ(found, nearest);
            if (!there && part->pad != DATA_PAD_EDGE) continue;
            struct data_range users = data_part_samples(part, series, nearest, 1, samples);
            CHECK(i >= users.first && i < users.first + users.count);
        }
    }
}

static void padded_windows_are_at_every_anchor(void)
{
    struct data_sample sample;
    if (!NEED_STATUS(data_sample_parse("x(window=2, pad=edge)", false, &sample), SHS_OK)) return;
    struct data_part *x = &sample.part[0];
    for (uint64_t rows = 0; rows < MOST_ROWS; rows += 1 + rows / 4)
        for (uint64_t i = 0; i < 324; i++) {
            uint64_t samples, series_rows = rows, lead = i / 27 % 6;
            x->window = 1 + i % 3 * 2;
            x->stride = 1 + i / 3 % 3;
            x->every = 1 + i / 9 % 3;
            x->lead = lead < 3 ? 3 * lead : 0;
            x->back = lead < 3 ? 0 : 5 * lead - 14;
            x->pad = i % 2 ? DATA_PAD_EDGE : DATA_PAD_ZERO;
            CHECK_STATUS(data_sample_count(&sample, &rows, &series_rows, &samples, NULL), SHS_OK);
            check_padded(x, rows, samples);
        }
    data_sample_free(&sample);
}

static void numbers_beyond_64_bits_are_no_window(void)
{
    static const char *const texts[] = {
        "x(window=18446744073709551615)", "x(window=9223372036854775808, lead=9223372036854775808)",
        "x(window=1, lead=18446744073709551615)",
        "x(window=18446744073709551615, lead=18446744073709551615, stride=18446744073709551615)"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct data_sample sample;
        const uint64_t rows[] = {UINT64_MAX - 1};
        uint64_t samples = 1;
        if (!NEED_STATUS(data_sample_parse(texts[i], false, &sample), SHS_OK)) continue;
        if (CHECK_STATUS(data_sample_count(&sample, rows, NULL, &samples, NULL), SHS_OK))
            CHECK_EQ(samples, 0);
        data_sample_free(&sample);
    }
    struct data_sample sample;
    const uint64_t rows[] = {UINT64_MAX};
    uint64_t samples;
    if (!NEED_STATUS(
            data_sample_parse("x(window=1, stride=9223372036854775808, lead=1)", false, &sample),
            SHS_OK))
        return;
    if (CHECK_STATUS(data_sample_count(&sample, rows, NULL, &samples, NULL), SHS_OK))
        CHECK_EQ(samples, 2);
    CHECK_EQ(data_part_first(&sample.part[0], one_series, 1), (UINT64_C(1) << 63) + 1);
    struct data_range found =
        data_part_samples(&sample.part[0], one_series, UINT64_MAX - 5, 3, samples);
    CHECK_EQ(found.count, 0);
    data_sample_free(&sample);
}

static void fields_have_equally_many_samples(void)
{
    struct data_sample sample;
    uint64_t samples, rows[4] = {10, 9, 10};
    if (!NEED_STATUS(data_sample_parse("x(window=2), label, o=x", false, &sample), SHS_OK)) return;
    CHECK_STATUS(data_sample_count(&sample, rows, NULL, &samples, NULL), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "field x has 9 samples but field o has 10 rows");
    data_sample_free(&sample);
    if (!NEED_STATUS(data_sample_parse("x(window=2), label", false, &sample), SHS_OK)) return;
    if (CHECK_STATUS(data_sample_count(&sample, rows, NULL, &samples, NULL), SHS_OK))
        CHECK_EQ(samples, 9);
    data_sample_free(&sample);
    if (!NEED_STATUS(data_sample_parse("v(offsets=o), label", false, &sample), SHS_OK)) return;
    rows[1] = 4, rows[2] = 3; /* sources are v, o, label */
    CHECK(sample.part[2].array == 2 || sample.part[2].array == 1);
    rows[sample.part[0].offsets] = 4;
    rows[sample.part[2].array] = 3;
    if (CHECK_STATUS(data_sample_count(&sample, rows, NULL, &samples, NULL), SHS_OK))
        CHECK_EQ(samples, 3);
    rows[sample.part[0].offsets] = 0;
    CHECK_STATUS(data_sample_count(&sample, rows, NULL, &samples, NULL), SHS_ERROR_FORMAT);
    data_sample_free(&sample);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(texts_say_what_fields_are),
        TEST(texts_that_say_nothing_are_refused),
        TEST(as_many_fields_as_allowed),
        TEST(windows_are_those_that_fit),
        TEST(windows_stay_within_their_series),
        TEST(padded_windows_are_at_every_anchor),
        TEST(numbers_beyond_64_bits_are_no_window),
        TEST(fields_have_equally_many_samples),
    };
    return harness_main("sample_texts", tests, COUNT(tests), argc, argv);
}
