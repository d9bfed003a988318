/* mixup and cutmix: the texts that are refused, and the texts that tell of draws. */
#include <stdio.h>

#include "augment_mix.h"
#include "augment_record.h"
#include "augment_refused.h"
#include "mixup_scene.h"
#include "shardstep/loader.h"

/* ---- Texts that are refused. */

static void texts_are_refused(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"images: mixup(alpha=1)", "character 9: mixup of field images, which is u8; it takes f32 "
                                   "and f64: cast first, as in cast(type=f32) mixup(alpha=0.2)"},
        {"maps: mixup()", "mixup of field maps needs a number alpha=..., as in mixup(alpha=0.2)"},
        {"maps: mixup(alpha=0)", "mixup's alpha is '0'; it takes one number from 0.001 to 1000"},
        {"maps: mixup(alpha=1) mixup(alpha=1)",
         "character 22: mixup mixes the samples of a batch, but mixup before it has mixed them "
         "already; a text has one of them"},
        {"maps: mixup(alpha=1); images: cutmix(alpha=1)",
         "character 31: cutmix mixes the samples of a batch, but mixup before it"},
        {"maps: sometimes(mixup(alpha=1), p=0.5)",
         "character 17: mixup mixes the samples of a batch and cannot stand within another "
         "operator; take it out, and give it a p"},
        {"maps: one_of(random_flip(axis=w) mixup(alpha=1))", "cannot stand within another"},
        {"images,narrow: cutmix(alpha=1)", "images and narrow cannot share draws: cutmix draws by "
                                           "height and width, which are 5 x 7 of the first and 5 "
                                           "x 6 of the second"},
        {"slices: cutmix(alpha=1, layout=zc)",
         "character 9: cutmix of field slices in layout zc: it takes images, with an axis y or h "
         "and the axis x or w right behind it, and signals, with an axis t, x or w and without y "
         "and h"},
        {"slices: cutmix(alpha=1, layout=wh)", "cutmix of field slices in layout wh: it takes"},
        {"slices: cutmix(alpha=1, layout=ct)",
         "cutmix of field slices, whose samples are 1 x 0 (1 x the length of the signal)"},
        {"signal,other: cutmix(alpha=1)",
         "cutmix draws by height and width, which are 1 x 9 of the first and 1 x 8"},
        {"images,signal: cutmix(alpha=1)", "cannot share draws: only one has a height"},
        {"empty: cutmix(alpha=1)", "cutmix of field empty, whose samples are 0 x 6"},
    };
    const shs_tensor fields[] = {samples[0],
                                 samples[2],
                                 {"narrow", SHS_U8, 2, {5, 6}, NULL},
                                 {"signal", SHS_F32, 1, {9}, NULL},
                                 {"other", SHS_F32, 1, {8}, NULL},
                                 {"slices", SHS_F32, 2, {4, 0}, NULL},
                                 {"empty", SHS_F32, 2, {0, 6}, NULL}};
    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(is_refused(&augment_operators, cases[i].text, fields, COUNT(fields),
                         SHS_ERROR_ARGUMENT, cases[i].words));
}

/* A function of one sample cannot mix. */
static void one_sample_is_refused(void)
{
    shs_augment *augment;
    shs_random stream = {0};
    const void *from = maps;
    float output[HEIGHT * WIDTH];
    char scratch[4096];
    void *to = output;
    CHECK_STATUS(shs_augment_open("maps: mixup(alpha=1)", &samples[2], 1, &augment), SHS_OK);
    CHECK(shs_augment_draws(augment) && shs_augment_changes(augment, 0));
    CHECK_STATUS(shs_augment_apply(augment, &stream, &from, &to, scratch), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(),
              "mixup mixes the samples of a batch, and this function has one sample; "
              "give the text to a loader (option augment)");
    shs_augment_close(&augment);
}

static void check_loader_refused(const char *fields, shs_loader_options options, const char *words)
{
    struct data data;
    shs_loader *loader;
    if (!data_open(fields, &data)) return;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), words);
    shs_loader_close(&loader);
    data_close(&data);
}

static void loaders_are_refused(void)
{
    check_loader_refused(
        "maps",
        (shs_loader_options){.augment = "maps: mixup(alpha=1)", .augment_by = SHS_BY_SAMPLE},
        "augment_by is sample, but mixup mixes a sample with another one of its batch, which "
        "depends on rank and step; leave augment_by out, or mixup");
    check_loader_refused("maps(offsets=offsets)",
                         (shs_loader_options){.augment = "maps: mixup(alpha=1)"},
                         "character 7: mixup of field maps, whose samples have numbers of rows of "
                         "their own (offsets): samples of different lengths cannot be mixed");
}

/* ---- Texts that come out. */

static void draws_and_texts_are_told(void)
{
    shs_augment *augment;
    shs_random stream, again, weightless;
    struct core_text text = {0}, canonical = {0}, nothing = {0};
    struct augment_mix_draw draw;
    char expected[100];
    CHECK_STATUS(shs_augment_open("maps:mixup(alpha=1)", &samples[2], 1, &augment), SHS_OK);
    CHECK_STATUS(shs_random_at(&(shs_place){.purpose = 1, .slot = 3}, &stream), SHS_OK);
    again = weightless = stream;
    augment_mix_draw(augment, &again, 3, 6, &draw);
    augment_record_slot(augment, &stream, 3, 6, &text);
    augment_record_slot(augment, &weightless, 6, 6, &nothing);
    augment_print(augment, &canonical);
    snprintf(expected, sizeof expected, "mixup(partner=%u, lambda=%.6g)", (unsigned)draw.partner,
             draw.lambda);
    CHECK_TEXT(text.bytes, expected);
    CHECK_TEXT(nothing.bytes, "mixup(no)");
    CHECK_TEXT(canonical.bytes, "maps: mixup(alpha=1)");
    core_text_free(&text);
    core_text_free(&nothing);
    core_text_free(&canonical);
    shs_augment_close(&augment);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(texts_are_refused),
        TEST(one_sample_is_refused),
        TEST(loaders_are_refused),
        TEST(draws_and_texts_are_told),
    };
    return mixup_main("mixup_texts", tests, COUNT(tests), argc, argv);
}
