/* The table of operators: its entries, operators of the test's own, the canonical text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_print.h"
#include "augment_record.h"
#include "augment_refused.h"
#include "augment_table.h"
#include "unit.h"

enum {
    MOST = 4096 /* bytes of scratch memory in these tests */
};

/* ---- entries of the table */

static void check_parameter(const struct augment_kind *kind, const struct augment_parameter *p)
{
    bool number =
        p->form == AUGMENT_NUMBER || p->form == AUGMENT_WHOLE || p->form == AUGMENT_NUMBERS;
    bool good =
        p->help && p->help[strlen(p->help) - 1] == '.' && (p->otherwise || p->example) &&
        (!number || p->least < p->most) && (p->form != AUGMENT_WORD || p->words) &&
        (p->form == AUGMENT_LAYOUT || p->form == AUGMENT_CHANCE || p->offset < kind->setting_bytes);
    if (!good) printf("  parameter %s of %s\n", p->name, kind->name);
    CHECK(good);
}

/* Opens an augmentation of a gray image, or of a coloured image if that is refused. */
static bool opens(const char *text, shs_augment **augment)
{
    static const shs_tensor gray = {"f", SHS_U8, 2, {8, 8}, NULL},
                            coloured = {"f", SHS_U8, 3, {8, 8, 3}, NULL};
    return !shs_augment_open(text, &gray, 1, augment) ||
           !shs_augment_open(text, &coloured, 1, augment);
}

/* The example of an operator, made from its table, is taken, and its help and its draws agree. */
static void every_entry_is_complete(void)
{
    for (size_t k = 0; k < augment_operators.count; k++) {
        const struct augment_kind *kind = augment_operators.kinds[k];
        struct core_text text = {0};
        shs_augment *augment;
        size_t count = 0;
        for (; kind->parameters[count].name; count++)
            check_parameter(kind, &kind->parameters[count]);
        CHECK(count <= AUGMENT_MAX_VALUES);
        CHECK((kind->apply != NULL) + (kind->run != NULL) + (kind->move != NULL) +
                      (kind->holds != 0) ==
                  1 &&
              kind->help && kind->help[strlen(kind->help) - 1] == '.');
        CHECK(!kind->draw == !kind->tell && !kind->draw == !kind->draw_bytes);
        CHECK(kind->draws || !kind->draw);
        core_text_add(&text, kind->mix ? "f: cast(type=f32) " : "f: ");
        CHECK(!kind->mix == (kind->scope == AUGMENT_OF_SAMPLE) && !kind->mix == !kind->draw_mix);
        augment_print_example(kind, &text);
        if (!opens(text.bytes, &augment))
            WRONG("%s", text.bytes);
        else
            CHECK(shs_augment_draws(augment) == (kind->draw || kind->holds));
        shs_augment_close(&augment);
        core_text_free(&text);
    }
}

static void the_reference_has_every_value(void)
{
    struct core_text text = {0};
    char line[100];
    augment_describe(&augment_operators, &text);
    if (!NEED(text.status == SHS_OK)) return;
    for (size_t k = 0; k < augment_operators.count; k++) {
        const struct augment_kind *kind = augment_operators.kinds[k];
        snprintf(line, sizeof line, "  %s(", kind->name);
        CHECK(strstr(text.bytes, line));
        CHECK(strstr(text.bytes, kind->help));
        for (const struct augment_parameter *p = kind->parameters; p->name; p++) {
            snprintf(line, sizeof line, "\n    %s=", p->name);
            CHECK(strstr(text.bytes, line));
            CHECK(strstr(text.bytes, p->help));
        }
    }
    CHECK(strstr(text.bytes, "It takes a whole number from 0 to 1048576 (0)."));
    CHECK(strstr(text.bytes, "axis=w|h"));
    CHECK(strstr(text.bytes, "It takes one number from 0 to 1 (0.5)."));
    core_text_free(&text);
}

/* ---- operators of the test's own */

/* Adds to each byte a number of its own and one that is drawn. */
struct shift_setting {
    double least;
    uint64_t most;
    int how;
    shs_type type;
    struct augment_numbers numbers;
    uint64_t seen; /* set by bind_shift() */
};

struct shift_draw {
    uint32_t shift;
    char rest[60];
};

static shs_status bind_shift(const struct augment_call *call, void *setting,
                             struct augment_bound *bound)
{
    struct shift_setting *shift = setting;
    shift->seen = 7;
    return strcmp(call->name, "shift") || bound->after.type != SHS_U8
               ? core_fail(SHS_ERROR_ARGUMENT, "shift takes u8")
               : SHS_OK;
}

static void draw_shift(const struct augment_bound *bound, shs_random *stream, void *draw)
{
    const struct shift_setting *setting = bound->setting;
    struct shift_draw *drawn = draw;
    for (size_t i = 0; i < sizeof drawn->rest; i++)
        CHECK(drawn->rest[i] == 0);
    memset(drawn->rest, 1, sizeof drawn->rest);
    drawn->shift = shs_random_below(stream, (uint32_t)setting->most + 1);
}

static void shift(const struct augment_bound *bound, const void *draw, const void *input,
                  void *output, void *scratch)
{
    (void)scratch;
    const struct shift_setting *setting = bound->setting;
    const struct shift_draw *drawn = draw;
    const unsigned char *from = input;
    unsigned char *to = output;
    for (size_t i = 0; i < bound->elements; i++)
        to[i] = (unsigned char)(from[i] + drawn->shift + setting->seen);
}

static void tell_shift(const struct augment_bound *bound, const void *draw,
                       struct augment_told *told)
{
    const struct shift_draw *drawn = draw;
    augment_tell_words(told, "%s by %u", bound->before.name, drawn->shift);
}

static const struct augment_parameter shift_parameters[] = {
    {.name = "least",
     AUGMENT_MEMBER(struct shift_setting, least),
     .least = -1,
     .most = 1,
     .otherwise = "-0.1",
     .help = "A number."},
    {.name = "most",
     AUGMENT_MEMBER(struct shift_setting, most),
     .least = 0,
     .most = 200,
     .example = "3",
     .help = "A whole number."},
    {.name = "how",
     AUGMENT_MEMBER(struct shift_setting, how),
     .words = "one two three",
     .otherwise = "two",
     .help = "A word."},
    {.name = "type",
     AUGMENT_MEMBER(struct shift_setting, type),
     .otherwise = "i16",
     .help = "A type."},
    {.name = "numbers",
     AUGMENT_MEMBER(struct shift_setting, numbers),
     .least = 0,
     .most = 9,
     .otherwise = "1",
     .help = "Numbers."},
    AUGMENT_LAYOUT_PARAMETER,
    {0},
};

static const struct augment_parameter no_parameters[] = {{0}};

#define SHIFT(NAME, GRID, ASPECTS, PARAMETERS, BIND)                                               \
    {                                                                                              \
        .name = NAME, .help = "Shifts.", .draws = "below(most + 1).", .needs = GRID,               \
        .aspects = ASPECTS, .setting_bytes = sizeof(struct shift_setting),                         \
        .draw_bytes = sizeof(struct shift_draw), .parameters = PARAMETERS, .bind = BIND,           \
        .draw = draw_shift, .apply = shift, .tell = tell_shift                                     \
    }

static const struct augment_kind a_shift =
    SHIFT("shift", AUGMENT_NEEDS_NOTHING, 0, shift_parameters, bind_shift);
static const struct augment_kind by_nothing =
    SHIFT("any", AUGMENT_NEEDS_LAYOUT, 0, no_parameters, NULL);
static const struct augment_kind by_height =
    SHIFT("height", AUGMENT_NEEDS_LAYOUT, AUGMENT_BY_HEIGHT, no_parameters, NULL);
static const struct augment_kind by_extent = SHIFT(
    "extent", AUGMENT_NEEDS_LAYOUT, AUGMENT_BY_HEIGHT + AUGMENT_BY_EXTENT, no_parameters, NULL);
static const struct augment_kind by_channels =
    SHIFT("channels", AUGMENT_NEEDS_LAYOUT, AUGMENT_BY_CHANNELS, no_parameters, NULL);

static const struct augment_kind *const own[] = {&a_shift, &by_nothing, &by_height, &by_extent,
                                                 &by_channels};
static const struct augment_table own_table = {own, COUNT(own)};

static shs_random stream_at(uint64_t slot)
{
    shs_random stream;
    if (shs_random_at(&(shs_place){.seed = 3, .purpose = 1, .slot = slot}, &stream)) abort();
    return stream;
}

/* One operator's settings and draws are its own; each draw begins zeroed. */
static void an_operator_may_be_added(void)
{
    unsigned char input[12], output[12];
    _Alignas(16) char scratch[MOST];
    const void *from = input;
    void *to = output;
    const shs_tensor sample = {"f", SHS_U8, 2, {3, 4}, NULL};
    shs_augment *augment;
    memset(input, 10, sizeof input);
    if (!NEED(!augment_open(&own_table, "f: shift(most=5) shift(most=200)", &sample, 1, &augment)))
        return;
    CHECK(shs_augment_scratch(augment) <= sizeof scratch);
    for (uint64_t slot = 0; slot < 20; slot++) {
        shs_random stream = stream_at(slot), again = stream, third = stream;
        struct core_text text = {0};
        char expected[100];
        CHECK(!shs_augment_apply(augment, &stream, &from, &to, scratch));
        unsigned first = shs_random_below(&again, 6), second = shs_random_below(&again, 201);
        for (size_t i = 0; i < sizeof output; i++)
            CHECK(output[i] == (unsigned char)(10 + first + 7 + second + 7));
        augment_record(augment, &third, &text);
        snprintf(expected, sizeof expected, "shift(f by %u) shift(f by %u)", first, second);
        if (!NEED(text.bytes)) break;
        if (strcmp(text.bytes, expected)) printf("  expected %s, came %s\n", expected, text.bytes);
        CHECK(!strcmp(text.bytes, expected));
        core_text_free(&text);
    }
    shs_augment_close(&augment);
}

static void values_are_checked_by_the_table(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"f: shift()",
         "character 4: shift of field f needs a number most=..., as in shift(most=3)"},
        {"f: shift(most=201)",
         "character 4: shift's most is '201'; it takes a whole number from 0 to 200, as in "
         "shift(most=3)"},
        {"f: shift(most=-1)", "shift's most is '-1'; it takes a whole number from 0 to 200"},
        {"f: shift(most=1.5)", "shift's most is 1.5; it must be a whole number"},
        {"f: shift(most=1, least=1.01)",
         "shift's least is '1.01'; it takes one number from -1 to 1"},
        {"f: shift(most=1, how=four)", "shift's how is 'four'; it takes one, two or three, as in"},
        {"f: shift(most=1, how=tw)", "shift's how is 'tw'; it takes one, two or three, as in"},
        {"f: shift(most=1, how=[one])", "shift's how is a list; it takes one, two or three"},
        {"f: shift(most=[1])", "shift's most is a list; it takes a whole number from 0 to 200"},
        {"f: shift(most=1, type=u9)", "shift's type is 'u9'; it takes u8, u16"},
        {"f: shift(most=1, numbers=[1,2,10])",
         "number 3 of shift's numbers is '10'; it takes one number from 0 to 9, or in brackets a "
         "number for each channel, as in"},
        {"f: shift(most=1, numbers=10)",
         " shift's numbers is '10'; it takes one number from 0 to 9"},
        {"f: shift(mots=1)",
         "character 10: shift has no value 'mots'; it takes least, most, how, type, numbers, "
         "layout; did you mean most?"},
        {"f: any(most=1)", "any has no value 'most'; it takes none"},
        {"f: shfit(most=1)", "there is no operator 'shfit'; there are shift, any, height, extent, "
                             "channels; did you mean shift?"},
    };
    const shs_tensor sample = {"f", SHS_U8, 2, {3, 4}, NULL};
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(
            is_refused(&own_table, cases[i].text, &sample, 1, SHS_ERROR_ARGUMENT, cases[i].words));
}

/* Fields share draws only if they agree in what the draws depend on. */
static void draws_are_shared_by_rule(void)
{
    static const shs_tensor samples[] = {{"w", SHS_U8, 1, {4}, NULL},
                                         {"hw", SHS_U8, 2, {3, 4}, NULL},
                                         {"hwc", SHS_F32, 3, {3, 4, 2}, NULL},
                                         {"other", SHS_U8, 3, {3, 5, 2}, NULL}};
    static const struct {
        const char *text, *words; /* NULL: the text is taken */
    } cases[] = {
        {"w,hw,hwc,other: any()", NULL},
        {"hw,hwc,other: height()", NULL},
        {"hw,w: height()", "character 1: hw and w cannot share draws: only one has a height"},
        {"other, hwc, w: height()", "other and w cannot share draws: only one has a height"},
        {"hw,hwc: extent()", NULL},
        {"hw,w: extent()", "hw and w cannot share draws: only one has a height"},
        {"hw,hwc,other: extent()", "hw and other cannot share draws: extent draws by height and "
                                   "width, which are 3 x 4 of the "
                                   "first and 3 x 5 of the second"},
        {"w,hw: channels()", NULL},
        {"hwc,other: any() channels()", NULL},
        {"hw,hwc: any() channels()",
         "hw and hwc cannot share draws: channels draws by the channels, "
         "of which the first has 1, the second 2"},
        {"hw: channels(); hwc: channels() extent()", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        shs_augment *augment;
        if (cases[i].words) {
            CHECK(is_refused(&own_table, cases[i].text, samples, COUNT(samples), SHS_ERROR_ARGUMENT,
                             cases[i].words));
            continue;
        }
        if (augment_open(&own_table, cases[i].text, samples, COUNT(samples), &augment)) {
            printf("  %s: %s\n", cases[i].text, shs_message());
            WRONG("the text is taken");
        }
        shs_augment_close(&augment);
    }
}

/* ---- the canonical text */

static const struct {
    const char *given, *canonical;
} texts[] = {
    {"", ""},
    {"image:random_crop(padding=2.0)", "image: random_crop(padding=2, layout=hw)"},
    {"image: random_flip(p=.25,axis=h) cast(type=f64)",
     "image: random_flip(axis=h, p=0.25, layout=hw) cast(type=f64)"},
    {" image , colour : random_flip( axis = w ) ;colour:normalize(std=1e0,mean=[.1, 2e-1 ,30])",
     "image[layout=hw],colour[layout=hwc]: random_flip(axis=w, p=0.5); colour: "
     "normalize(mean=[0.1,0.2,30], std=1, "
     "scale=auto, layout=hwc)"},
    {"maps: normalize(mean=0.1000000000000000056,std=0.30000000000000004,scale=none)",
     "maps: normalize(mean=0.1, std=0.30000000000000004, scale=none)"},
    {"maps: random_flip(axis=w,layout=chw)", "maps: random_flip(axis=w, p=0.5, layout=chw)"},
    {"maps: random_flip(axis=w,layout=tyx) random_flip(axis=h)",
     "maps: random_flip(axis=w, p=0.5, layout=tyx) random_flip(axis=h, p=0.5, layout=tyx)"},
    {"maps[layout=tyx],image:random_flip(axis=w)",
     "maps[layout=tyx],image[layout=hw]: random_flip(axis=w, p=0.5)"},
    {"maps[layout=xyt],image:random_flip(axis=w)",
     "maps[layout=xyt],image[layout=hw]: random_flip(axis=w, p=0.5)"},
    {"maps[ layout = tyx ]: cast(type=f64) random_flip(axis=w)",
     "maps: cast(type=f64) random_flip(axis=w, p=0.5, layout=tyx)"},
    {"image[ edge,layout=yx ], colour[nearest]: normalize(mean=0, std=1) "
     "sometimes(random_flip(axis=w))",
     "image[edge,layout=yx],colour[nearest,layout=hwc]: normalize(mean=0, std=1, scale=auto) "
     "sometimes(random_flip(axis=w, p=0.5))"},
    {"colour, maps[layout=cyx]: to_chw() random_flip(axis=h)",
     "colour[layout=hwc],maps[layout=cyx]: to_chw() random_flip(axis=h, p=0.5)"},
    {"image[ edge,nearest ]: sometimes(p=.25 , random_flip(axis=w) random_crop(padding=1))",
     "image[nearest,edge]: sometimes(p=0.25, random_flip(axis=w, p=0.5, layout=hw) "
     "random_crop(padding=1, layout=hw))"},
    {"image:one_of(random_flip(axis=w),sometimes(random_flip(axis=h) random_crop(padding=1)))",
     "image: one_of(random_flip(axis=w, p=0.5, layout=hw) sometimes(random_flip(axis=h, p=0.5, "
     "layout=hw) random_crop(padding=1, layout=hw)))"}};

static bool print_of(const char *text, char *canonical, size_t bytes)
{
    static const shs_tensor samples[] = {{"image", SHS_U8, 2, {4, 5}, NULL},
                                         {"colour", SHS_U8, 3, {4, 5, 3}, NULL},
                                         {"maps", SHS_F32, 3, {24, 18, 36}, NULL}};
    struct core_text printed = {0};
    shs_augment *augment;
    if (shs_augment_open(text, samples, COUNT(samples), &augment)) {
        printf("  %s: %s\n", text, shs_message());
        return false;
    }
    augment_print(augment, &printed);
    snprintf(canonical, bytes, "%s", printed.bytes ? printed.bytes : "");
    core_text_free(&printed);
    shs_augment_close(&augment);
    return true;
}

/* A text in its canonical form reads back as itself. */
static void texts_have_a_canonical_form(void)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        char once[300] = "", twice[300] = "";
        CHECK(print_of(texts[i].given, once, sizeof once));
        if (strcmp(once, texts[i].canonical))
            printf("  expected %s\n      came %s\n", texts[i].canonical, once);
        CHECK(!strcmp(once, texts[i].canonical));
        CHECK(print_of(once, twice, sizeof twice) && !strcmp(once, twice));
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(every_entry_is_complete),  TEST(the_reference_has_every_value),
        TEST(an_operator_may_be_added), TEST(values_are_checked_by_the_table),
        TEST(draws_are_shared_by_rule), TEST(texts_have_a_canonical_form),
    };
    return harness_main("operators", tests, COUNT(tests), argc, argv);
}
