/* The letters of axes by their names, and the layouts of samples that are made of them. */
#include <string.h>

#include "augment_axes.h"
#include "augment_record.h"
#include "augment_table.h"
#include "data_axes.h"
#include "judge.h"
#include "message.h"
#include "unit.h"

/* ---- names */

static void names_have_letters(void)
{
    static const struct {
        const char *names; /* with a space between */
        char letter;
    } cases[] = {
        {"time Time TIME", 't'},
        {"level lev plev pressure height_level depth z Z LEV Height_Level", 'z'},
        {"lat latitude y row rlat LAT Latitude Y", 'y'},
        {"lon longitude x column rlon LON Longitude X", 'x'},
        {"channel channels band bands c variable CHANNEL C", 'c'},
        {"times tim t h w lati lat2 latitudes xx member phony_dim_0 _ [z Lat\xC0", '_'},
    };
    CHECK_EQ(data_axis_letter(""), '_');
    for (size_t i = 0; i < COUNT(cases); i++) {
        char names[200], *rest = names;
        snprintf(names, sizeof names, "%s", cases[i].names);
        for (char *name; (name = strsep(&rest, " ")) != NULL;) {
            char letter = data_axis_letter(name);
            if (letter != cases[i].letter)
                printf("  %s: expected %c, came %c\n", name, cases[i].letter, letter);
            CHECK_EQ(letter, cases[i].letter);
        }
    }
}

/* ---- layouts */

static void samples_have_layouts(void)
{
    static const struct {
        enum data_kind kind;
        const char *axes, *layout;
        bool disputed;
    } cases[] = {
        {DATA_ROW, "t", "", false},         {DATA_WINDOW, "t", "t", false},
        {DATA_WINDOW, "x", "", false},      {DATA_WINDOW, "_", "", false},
        {DATA_WHOLE, "x", "x", false},      {DATA_RAGGED, "t", "t", false},
        {DATA_ROW, "tx", "x", false},       {DATA_ROW, "tyx", "yx", false},
        {DATA_WINDOW, "tyx", "tyx", false}, {DATA_WINDOW, "_yx", "_yx", false},
        {DATA_WINDOW, "zyx", "_yx", false}, {DATA_RAGGED, "zyx", "_yx", false},
        {DATA_WHOLE, "zyx", "zyx", false},  {DATA_WINDOW, "t__", "t__", false},
        {DATA_ROW, "t__", "", false},       {DATA_ROW, "yxy", "xy", false},
        {DATA_WHOLE, "yxy", "", true},      {DATA_ROW, "tyy", "", true},
        {DATA_WINDOW, "tty", "", true},     {DATA_ROW, "t?x", "", true},
        {DATA_ROW, "?yx", "yx", false},     {DATA_WINDOW, "?yx", "", true},
        {DATA_LENGTH, "tyx", "", false},    {DATA_WHOLE, "", "", false},
        {DATA_ROW, "tczyx", "czyx", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct data_layout layout;
        const struct data_part part = {.kind = cases[i].kind};
        data_axes_layout(&part, 1, cases[i].axes, &layout);
        if (strcmp(layout.letters, cases[i].layout) || layout.disputed != cases[i].disputed)
            printf("  case %zu: expected '%s', came '%s'\n", i, cases[i].layout, layout.letters);
        CHECK_TEXT(layout.letters, cases[i].layout);
        CHECK_EQ(layout.disputed, cases[i].disputed);
    }
}

static void files_must_agree(void)
{
    char all[SHS_MAX_AXES + 1];
    data_axes_join("tyx", true, all);
    data_axes_join("tyx", false, all);
    CHECK_TEXT(all, "tyx");
    data_axes_join("_yx", false, all);
    CHECK_TEXT(all, "?yx");
    data_axes_join("txy", false, all);
    data_axes_join("tyx", false, all);
    CHECK_TEXT(all, "???");
}

/* ---- operators */

static shs_status open_named(const char *text, uint32_t axes, const char *layout,
                             shs_augment **augment)
{
    const shs_tensor sample = {"f", SHS_F32, axes, {6, 5, 7}, NULL};
    const char *layouts[] = {layout};
    const struct augment_how how = {
        .table = &augment_operators, .layouts = layouts, .file = "a file.nc"};
    return augment_open_how(&how, text, &sample, 1, augment);
}

/* The canonical text has the letters of the file where they tell more than the shape, and else
 * those that it has without names. */
static void operators_know_the_names(void)
{
    static const struct {
        const char *text;
        uint32_t axes;
        const char *layout, *printed, *before;
        enum augment_origin origin;
    } cases[] = {
        {"f: random_flip(axis=w)", 3, "tyx", "f: random_flip(axis=w, p=0.5, layout=tyx)", "tyx",
         AUGMENT_OF_FILE},
        {"f: random_flip(axis=w)", 2, "yx", "f: random_flip(axis=w, p=0.5, layout=hw)", "yx",
         AUGMENT_OF_FILE},
        {"f: random_flip(axis=w)", 2, "xy", "f: random_flip(axis=w, p=0.5, layout=xy)", "xy",
         AUGMENT_OF_FILE},
        {"f: random_flip(axis=w)", 1, "x", "f: random_flip(axis=w, p=0.5, layout=w)", "x",
         AUGMENT_OF_FILE},
        {"f: random_flip(axis=w, layout=yx)", 2, "xy", "f: random_flip(axis=w, p=0.5, layout=yx)",
         "yx", AUGMENT_GIVEN},
        {"f[layout=yx]: random_flip(axis=w)", 2, "xy", "f: random_flip(axis=w, p=0.5, layout=yx)",
         "yx", AUGMENT_GIVEN},
        {"f: random_flip(axis=w)", 2, "", "f: random_flip(axis=w, p=0.5, layout=hw)", "hw",
         AUGMENT_ASSUMED},
        {"", 3, "tyx", "", "tyx", AUGMENT_OF_FILE},
        {"", 3, "", "", "", AUGMENT_NO_LAYOUT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct core_text text = {0};
        shs_augment *augment;
        if (!NEED_STATUS(open_named(cases[i].text, cases[i].axes, cases[i].layout, &augment),
                         SHS_OK)) {
            printf("  case %zu: %s\n", i, shs_message());
            continue;
        }
        augment_print(augment, &text);
        CHECK_TEXT(text.bytes ? text.bytes : "", cases[i].printed);
        CHECK_TEXT(augment_layouts(augment, 0).before, cases[i].before);
        CHECK_EQ(augment_layouts(augment, 0).origin, cases[i].origin);
        core_text_free(&text);
        shs_augment_close(&augment);
    }
}

static void what_names_lack_is_told(void)
{
    static const struct {
        const char *text;
        uint32_t axes;
        const char *layout, *words;
    } cases[] = {
        {"f: random_flip(axis=w)", 1, "y",
         "random_flip along w of field f, whose layout is y and has no w (the layout y is by the "
         "names of the axes in a file.nc)"},
        {"f: random_flip(axis=w)", 2, "tc",
         "(the layout tc is by the names of the axes in a file.nc)"},
        {"f: random_crop(padding=1)", 3, "t_c",
         "(the layout t_c is by the names of the axes in a file.nc)"},
        {"f: normalize(mean=[1,2], std=1)", 3, "zyx", "layout zyx, has 1 channel"},
        {"f: random_flip(axis=z)", 2, "", "has no z (the layout hw is assumed)"},
        {"f: random_flip(axis=w)", 3, "", "which axes are height and width cannot be told"},
        {"f: random_roll()", 2, "", "random_roll of field f needs axes=..., as in random_roll"},
        {"f: random_flip(axis=w)", 0, "",
         "whose samples are single numbers (f32) of 0 axes: the operator needs axes; leave it out"},
        {"f: random_flip(axis=w, layout=hwc)", 0, "",
         "single numbers (f32) of 0 axes: the operator"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_augment *augment;
        CHECK_STATUS(open_named(cases[i].text, cases[i].axes, cases[i].layout, &augment),
                     SHS_ERROR_ARGUMENT);
        CHECK_HAS(shs_message(), cases[i].words);
        shs_augment_close(&augment);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(names_have_letters),       TEST(samples_have_layouts),    TEST(files_must_agree),
        TEST(operators_know_the_names), TEST(what_names_lack_is_told),
    };
    return harness_main("axes", tests, COUNT(tests), argc, argv);
}
