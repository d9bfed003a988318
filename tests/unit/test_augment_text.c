/* The text of an augmentation: its errors, what it may say, and memory that runs out. */
#include "augment_scene.h"
#include "counted_memory.h"

/* ---- errors in the text */

static const shs_tensor typical[] = {
    {"image", SHS_U8, 2, {4, 5}, NULL},         {"colour", SHS_U8, 3, {4, 5, 3}, NULL},
    {"signal", SHS_F32, 1, {9}, NULL},          {"number", SHS_I32, 0, {0}, NULL},
    {"volume", SHS_F64, 4, {2, 2, 2, 2}, NULL}, {"maps", SHS_F32, 3, {24, 18, 36}, NULL}};

#define LONG_WORD "abcdefghijabcdefghijabcdefghijabcdefghij"

/* `at` is the character, counted from 1, that the message must name; 0 where the text ends. */
static const struct {
    const char *text;
    unsigned at;
    const char *words[2];
} mistakes[] = {
    {"image", 0, {"ends", "':'"}},
    {"image:", 0, {"ends", "operator"}},
    {"image: ", 0, {"ends", "operator"}},
    {"image: cast", 0, {"ends", "'(' after cast, as in cast() or"}},
    {"image: cast(", 0, {"ends", "name=value"}},
    {"image: cast(type", 0, {"ends", "'='"}},
    {"image: cast(type=", 0, {"ends", "a value"}},
    {"image: cast(type=f32", 0, {"ends", "')'"}},
    {"image: cast(type=f32,", 0, {"ends", "name=value"}},
    {"image,", 0, {"ends", "field"}},
    {": cast(type=f32)", 1, {"': cast", "field"}},
    {";", 1, {"';'", "field"}},
    {"image: cast(type=f32);;", 23, {"';'", "field"}},
    {"image cast(type=f32)", 7, {"'cast(", "':'"}},
    {"image; cast(type=f32)", 6, {"';", "':'"}},
    {"image:: cast(type=f32)", 7, {"':", "operator"}},
    {"image: (type=f32)", 8, {"'(", "operator"}},
    {"image: cast type=f32)", 13, {"'type", "'('"}},
    {"image: cast((type=f32)", 13, {"'(", "name=value"}},
    {"image: cast(type f32)", 18, {"'f32", "'='"}},
    {"image: cast(type=f32 f64)", 22, {"'f64", "')'"}},
    {"image: cast(type==f32)", 18, {"'=", "a value"}},
    {"image: cast(type=f32,)", 22, {"')", "name=value"}},
    {"image: cast(,type=f32)", 13, {"',", "name=value"}},
    {"image: cast(type=f32) cast(type=f64)) ", 37, {"')", "operator"}},
    {"image: cast(type=f32), cast(type=f64)", 22, {"',", "operator"}},
    {"random_flip(axis=w)", 12, {"':' after a field's name", "as in images: random_flip(axis=w)"}},
    {"image: normalize(mean=0.3,0.4)", 30, {"'=' after a value's name", "as in mean=0.5"}},
    {"image: normalize(mean=0.5 0.4)", 27, {"')' after a value", "one number or word"}},
    {"image: normalize(mean=[0.3, std=1)", 8, {"mean is '[0.3'", "as in normalize(mean=0.5, std="}},
    {"image: normalize(mean=(0.3), std=1)", 8, {"a list of names", "as in normalize(mean=0.5"}},
    {"image: flip(axis=w)", 8, {"'flip'", "; did you mean random_flip?"}},
    {"image: normalise(mean=0, std=1)", 8, {"'normalise'", "; did you mean normalize?"}},
    {"image: random_crop(pading=2)", 20, {"'pading'", "; did you mean padding?"}},
    {"imege: random_crop(padding=2)", 1, {"'imege'", "; did you mean image?"}},
    {"maps: random_flip(axis=w)",
     7,
     {"maps", "samples are f32 24x18x36 and have 3 axes: which axes are"}},
    {"maps: random_flip(axis=w)", 7, {"such as layout=hwc (height, width, channels)", "tyx"}},
    {"maps: random_crop(padding=1)", 7, {"maps", "to random_crop(...)"}},
    {"image,,colour: cast(type=f32)", 7, {"',", "field"}},
    {"nothing: cast(type=f32)", 1, {"'nothing'", "image, colour, signal, number, volume, maps"}},
    {"image: cast(type=f32); imag: cast(type=f64)", 24, {"'imag'", "image, colour"}},
    {"image: blur(size=3)",
     8,
     {"'blur'", "did you mean gaussian_blur? 'shardstep augment' lists them"}},
    {"image: Cast(type=f32)", 8, {"'Cast'", "cast"}},
    {"image: cast(kind=f32)", 13, {"'kind'", "it takes type"}},
    {"image: random_flip(axis=w, q=1)", 28, {"'q'", "axis, p, layout"}},
    {"image: random_flip(axis=w, axis=h)", 28, {"'axis'", "twice"}},
    {"image: random_flip(p=0.5)", 8, {"random_flip", "axis=w, axis=h"}},
    {"image: random_flip(axis=z)", 8, {"random_flip along z", "layout is hw and has no z"}},
    {"image: random_flip(axis=wh)", 8, {"random_flip", "axis=w, axis=h"}},
    {"image: random_flip(axis=w, p=1.5)", 8, {"p is '1.5'", "0 to 1"}},
    {"image: random_flip(axis=w, p=-0.1)", 8, {"p is '-0.1'", "0 to 1"}},
    {"image: random_flip(axis=w, p=half)", 8, {"p is 'half'", "number"}},
    {"image: random_flip(axis=w, p=nan)", 8, {"p is 'nan'", "number"}},
    {"signal: random_flip(axis=h)", 9, {"signal", "no h"}},
    {"image: random_crop()", 8, {"random_crop", "padding"}},
    {"image: random_crop(padding=0)", 8, {"padding=... or size=...", "random_crop(padding=2)"}},
    {"image: random_crop(size=9)", 8, {"size 9 along h is more than its 4", "more padding"}},
    {"image: random_crop(size=[1,2,3])", 8, {"3 numbers for 2 axes", "layout hw"}},
    {"image: pad(padding=4, mode=reflect)", 8, {"axis h has 4", "at most 3"}},
    {"image: random_rot90()", 8, {"axis h has 4 elements and axis w has 5", "crop or resize"}},
    {"image: d4(axes=h)", 8, {"d4", "takes two axes, not 1"}},
    {"image: random_roll(axes=ww)", 8, {"axes is 'ww'", "each once"}},
    {"image: random_roll(axes=t)", 8, {"along t", "layout is hw and has no t"}},
    {"image: to_chw()", 8, {"to_chw", "layout is hw and has no c"}},
    {"image: window_crop(size=6)", 8, {"6 elements along w", "which has 5"}},
    {"image: random_crop(padding=-1)", 8, {"padding is '-1'", "from 0"}},
    {"image: random_crop(padding=1048577)", 8, {"padding is '1048577'", "number"}},
    {"image: random_crop(padding=1.5)", 8, {"padding is 1.5", "whole"}},
    {"image: random_crop(padding=two)", 8, {"padding is 'two'", "number"}},
    {"image: random_crop(padding=1, layout=hwc)", 8, {"image", "2 axes"}},
    {"image: random_crop(padding=1, layout=hh)", 8, {"image", "layout=hh; give a letter"}},
    {"colour: random_crop(padding=1, layout=cxw)",
     9,
     {"layout=cxw; give a letter", "their own, colour[layout=...]"}},
    {"colour: random_crop(padding=1, layout=hw)", 9, {"colour", "3 axes"}},
    {"signal: random_crop(padding=1, layout=hw)", 9, {"signal", "1 axes"}},
    {"number: random_crop(padding=1)", 9, {"number", "0 axes"}},
    {"volume: random_flip(axis=w)", 9, {"volume", "4 axes"}},
    {"image: normalize()", 8, {"normalize", "mean"}},
    {"image: normalize(mean=0)", 8, {"normalize", "std"}},
    {"image: normalize(std=1)", 8, {"normalize", "mean"}},
    {"image: normalize(mean=0, std=0)", 8, {"std is '0'", "number"}},
    {"image: normalize(mean=0, std=-1)", 8, {"std is '-1'", "number"}},
    {"image: normalize(mean=1e39, std=1)", 8, {"mean is '1e39'", "number"}},
    {"image: normalize(mean=inf, std=1)", 8, {"mean is 'inf'", "number"}},
    {"image: normalize(mean=0, std=1, scale=2)", 8, {"scale is '2'", "auto or none"}},
    {"image: cast()", 8, {"image", "type=f32"}},
    {"image: cast(type=i8)", 8, {"from u8 to 'i8'", "type=f32"}},
    {"image: cast(type=int)", 8, {"'int'", "type=f32"}},
    {"image: cast(type=?)", 8, {"'?'", "type=f32"}},
    {"image, colour, image: cast(type=f32)", 1, {"image", "twice"}},
    {"number: cast(type=f32); image, signal: random_flip(axis=w)",
     25,
     {"image and signal", "height"}},
    {"image: " LONG_WORD "(a=1)", 8, {"40 characters", "31"}},
    {"image: cast(" LONG_WORD "=1)", 13, {"40 characters", "31"}},
    {"image: cast(type=" LONG_WORD ")", 18, {"40 characters", "31"}},
    {"image: cast(a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1)",
     8,
     {"cast", "16 values"}},
    {"image: sometimes(p=0.5)", 8, {"sometimes needs operators", "as in sometimes("}},
    {"image: sometimes(p=0.5 cast(type=f32))", 24, {"'cast", "')'"}},
    {"image: sometimes(p=0.5, cast(type=f32))", 25, {"cast changes the type", "every sample"}},
    {"image: one_of(cast(type=f32) random_flip(axis=w))", 15, {"cast changes the type", "one_of"}},
    {"volume: sometimes(p=0.5, to_chw(layout=thwc)) random_flip(axis=h)",
     26,
     {"to_chw changes the type, the shape or the layout", "every sample"}},
    {"image: cast(type=f32, random_flip(axis=w))", 23, {"cast takes no operators", "random_flip"}},
    {"image: one_of(one_of(one_of(one_of(one_of(one_of(random_flip(axis=w)))))))",
     43,
     {"more than 4 deep", "operators"}},
    {"image[cubic]: random_flip(axis=w)", 1, {"'cubic'", "nearest, bilinear, zero"}},
    {"image[zero,edge]: random_flip(axis=w)", 1, {"image says twice", "beyond its edges"}},
    {"image[zero: random_flip(axis=w)", 11, {"': random", "']'"}},
    {"image[layout=hwc]: cast(type=f32)", 1, {"u8 4x5 and have 2 axes", "layout=hwc; give a"}},
    {"colour[zero,layout=hw]: cast(type=f32)", 1, {"field colour", "layout=hw; give a letter"}},
    {"image[layot=hw]: cast(type=f32)", 7, {"layot= stands in the brackets", "mask[layout=hw]"}},
    {"image[layout=hw,layout=hw]: cast(type=f32)", 17, {"again", "mask[layout=hw]"}},
    {"image[layout=]: cast(type=f32)", 14, {"']: cast", "a layout, as in mask[layout=hw]"}},
    {"image[layout=hw cast(type=f32)", 17, {"'cast", "']'"}},
    {"volume: random_flip(axis=w, layout=tzxc) random_flip(axis=h)", 42, {"along h", "no h"}},
    {"maps: random_flip(axis=h, layout=tcz)", 7, {"along h", "layout is tcz"}},
};

static void mistakes_are_named_with_their_place(void)
{
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        char place[40];
        shs_augment *augment = (shs_augment *)place;
        shs_status status = shs_augment_open(mistakes[i].text, typical, COUNT(typical), &augment);
        snprintf(place, sizeof place, "character %u:", mistakes[i].at);
        bool good = status == SHS_ERROR_ARGUMENT && augment == NULL &&
                    message_has(mistakes[i].words[0]) && message_has(mistakes[i].words[1]) &&
                    (mistakes[i].at ? message_has(place) : !strstr(shs_message(), "character"));
        if (!good) printf("  %s\n    gives: %s\n", mistakes[i].text, shs_message());
        CHECK(good);
    }
}

/* Channels last are taken for granted where they are few, and only there. */
static void layouts_that_can_be_told(void)
{
    for (uint64_t channels = 0; channels < 7; channels++) {
        const shs_tensor sample = {"f", SHS_U8, 3, {6, 5, channels}, NULL};
        shs_augment *augment;
        bool told = channels >= 1 && channels <= 4;
        CHECK_EQ((shs_augment_open("f: random_flip(axis=w)", &sample, 1, &augment) == SHS_OK),
                 told);
        shs_augment_close(&augment);
        CHECK(!shs_augment_open("f: random_flip(axis=w, layout=hwc)", &sample, 1, &augment));
        shs_augment_close(&augment);
        CHECK(!shs_augment_open("f: random_flip(axis=w, layout=chw)", &sample, 1, &augment));
        shs_augment_close(&augment);
    }
}

static void a_fields_name_may_be_long(void)
{
    char name[300], text[400];
    shs_augment *augment;
    memset(name, 'n', sizeof name);
    for (size_t length = 254; length < 258; length++) {
        name[length] = '\0';
        const shs_tensor sample = {name, SHS_U8, 1, {4}, NULL};
        snprintf(text, sizeof text, "%s: cast(type=f32)", name);
        CHECK_EQ((shs_augment_open(text, &sample, 1, &augment) == SHS_OK), (length < 256));
        CHECK_EQ(augment != NULL, (length < 256));
        shs_augment_close(&augment);
        name[length] = 'n';
    }
}

static void spaces_are_free(void)
{
    static const char *const texts[] = {
        "image:random_crop(padding=2)random_flip(axis=w,p=0.5)normalize(mean=0.1,std=0.2)",
        " image :\n random_crop ( padding = 2 )\n random_flip\t(axis = w , p = 0.5)\n"
        " normalize(mean=0.1, std=0.2) ; "};
    unsigned char input[20];
    struct sample samples[2];
    fill(input, sizeof input, 15);
    for (size_t i = 0; i < 2; i++) {
        shs_random stream = stream_at(10, 3);
        samples[i] = (struct sample){.tensor = {"image", SHS_U8, 2, {4, 5}, input}};
        CHECK_EQ(run(texts[i], &samples[i], 1, &stream), SHS_F32);
    }
    CHECK_BYTES(samples[0].output, samples[1].output, 80);
}

static void too_many_fields_are_refused(void)
{
    shs_tensor samples[SHS_MAX_FIELDS + 1];
    char names[SHS_MAX_FIELDS + 1][8];
    shs_augment *augment;
    for (int f = 0; f <= SHS_MAX_FIELDS; f++) {
        snprintf(names[f], sizeof names[f], "f%d", f);
        samples[f] = (shs_tensor){names[f], SHS_U8, 1, {2}, NULL};
    }
    CHECK_STATUS(shs_augment_open("f63: cast(type=f32)", samples, SHS_MAX_FIELDS, &augment),
                 SHS_OK);
    CHECK_EQ(shs_augment_output(augment, 63)->type, SHS_F32);
    shs_augment_close(&augment);
    CHECK_STATUS(shs_augment_open("", samples, SHS_MAX_FIELDS + 1, &augment), SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL);
    CHECK_HAS(shs_message(), "65");
}

static void impossible_samples_are_refused(void)
{
    const shs_tensor whale = {"whale", SHS_F64, 2, {UINT64_C(1) << 40, UINT64_C(1) << 40}, NULL};
    const shs_tensor large = {"large", SHS_U8, 1, {UINT64_C(1) << 61}, NULL};
    const shs_tensor pair[2] = {large, large};
    shs_augment *augment;
    CHECK_STATUS(shs_augment_open("", &whale, 1, &augment), SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL && message_has("whale"));
    CHECK_STATUS(shs_augment_open("large: cast(type=f64)", &large, 1, &augment),
                 SHS_ERROR_ARGUMENT);
    CHECK(augment == NULL && message_has("large"));
    CHECK_STATUS(shs_augment_open("", &large, 1, &augment), SHS_OK);
    CHECK_EQ(shs_augment_scratch(augment), (UINT64_C(1) << 62) + 64);
    shs_augment_close(&augment);
    CHECK_STATUS(shs_augment_open("", pair, 2, &augment), SHS_ERROR_MEMORY);
    CHECK(augment == NULL);
}

/* ---- memory */

/* Lets every allocation fail in turn. Returns how often shs_augment_open() ran. */
static long sweep(const char *text, shs_status without_failure)
{
    long runs = 1;
    for (;; runs++) {
        struct counted_memory counted;
        shs_augment *augment = NULL;
        counted_begin(&counted, runs);
        shs_status status = shs_augment_open(text, typical, COUNT(typical), &augment);
        bool failed = counted.failed != 0;
        CHECK_EQ(augment == NULL, (status != SHS_OK));
        if (!failed) CHECK_EQ(status, without_failure);
        if (failed) CHECK(status == SHS_ERROR_MEMORY || status == without_failure);
        if (failed && without_failure == SHS_OK) CHECK_STATUS(status, SHS_ERROR_MEMORY);
        shs_augment_close(&augment);
        CHECK_EQ(counted_end(&counted), 0);
        if (!failed || runs > 200) return runs;
    }
}

static void every_allocation_may_fail(void)
{
    long runs = sweep("image, colour: random_crop(padding=2) random_flip(axis=w);"
                      "number: cast(type=f64); image: normalize(mean=0, std=1)",
                      SHS_OK);
    CHECK(runs > 15 && runs < 200);
    CHECK_IS(sweep("colour: normalize(mean=[1,2,3], std=1)", SHS_OK), >, 5);
    CHECK_IS(sweep("colour[layout=chw]: normalize(mean=[1,2,3,4], std=1)", SHS_OK), >, 5);
    CHECK_IS(sweep("", SHS_OK), >, 5);
    CHECK_IS(sweep("nothing: cast(type=f32)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("image: blur(size=2)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("image: cast(kind=f32)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("image: cast()", SHS_ERROR_ARGUMENT), >, 5);
    CHECK_IS(sweep("colour: normalize(mean=[1,2], std=1)", SHS_ERROR_ARGUMENT), >, 5);
    CHECK(sweep("number: cast(type=f32); image, signal: random_flip(axis=w)", SHS_ERROR_ARGUMENT) >
          5);
    CHECK_IS(sweep("image: cast(type=f32); colour", SHS_ERROR_ARGUMENT), >, 5);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(mistakes_are_named_with_their_place), TEST(layouts_that_can_be_told),
        TEST(a_fields_name_may_be_long),           TEST(spaces_are_free),
        TEST(too_many_fields_are_refused),         TEST(impossible_samples_are_refused),
        TEST(every_allocation_may_fail),
    };
    return harness_main("augment_text", tests, COUNT(tests), argc, argv);
}
