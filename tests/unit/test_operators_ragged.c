/* Operators that change values, on samples with fewer rows of their own: the real rows come out as
 * those of a sample that has no others, and the rows behind them are zeros. */
#include "augment_table.h"
#include "operator_scene.h"

enum {
    ALL = 9,
    REST = 6 * 3 /* elements of a row */
};

static void check_rows(const char *text, shs_type type, uint64_t rows)
{
    unsigned char input[ALL * REST * 8];
    const bool ragged = true;
    const struct augment_how how = {.table = &augment_operators, .ragged = &ragged};
    struct sample whole = {.tensor = {"f", type, 3, {ALL, 6, 3}, input}}, cut = whole;
    cut.tensor.shape[0] = rows;
    fill_elements(&whole.tensor, rows, input);
    shs_augment *augment;
    if (augment_open_how(&how, text, &whole.tensor, 1, &augment)) {
        WRONG("%s of ragged samples: %s", text, shs_message());
        return;
    }
    const void *from[1] = {input};
    void *to[1] = {whole.output}, *scratch = malloc(shs_augment_scratch(augment) + 1);
    if (!scratch) abort();
    shs_random stream = stream_at(31, rows), same = stream;
    CHECK_STATUS(augment_apply_rows(augment, &stream, &rows, from, to, scratch), SHS_OK);
    size_t bytes = bytes_of(shs_augment_output(augment, 0)), real = bytes / ALL * rows;
    if (rows) run(text, &cut, 1, &same);
    if (memcmp(whole.output, cut.output, real) != 0)
        WRONG("%s: %d rows are those of a sample without others", text, (int)rows);
    for (size_t i = real; i < bytes; i++)
        if (whole.output[i]) {
            WRONG("%s: behind %d rows there are zeros", text, (int)rows);
            break;
        }
    free(scratch);
    shs_augment_close(&augment);
}

static void operators_see_the_real_rows_only(void)
{
    static const struct {
        const char *text;
        shs_type type;
    } cases[] = {
        {"f: clip(min=5, max=50)", SHS_I16},
        {"f: log1p(scale=0.5)", SHS_U8},
        {"f: asinh()", SHS_F64},
        {"f: unpack(scale=0.5, offset=-3)", SHS_I16},
        {"f: random_scale(factor=0.5..2, by=channel)", SHS_F32},
        {"f: brightness(factor=0.5..2)", SHS_U8},
        {"f: contrast(factor=0.5..2)", SHS_U8},
        {"f: contrast(factor=0.5..2)", SHS_F32},
        {"f: color_jitter(brightness=0.5..2, contrast=0.5..2, hue=-0.5..0.5)", SHS_U16},
        {"f: grayscale()", SHS_U8},
        {"f: gamma(exponent=0.5..2)", SHS_U8},
        {"f: gaussian_noise(std=1..3)", SHS_U8},
        {"f: noise(snr=3..9)", SHS_F32},
        {"f: noise(snr=3..9, by=channel, layout=tyc)", SHS_F64},
        {"f: time_mask(size=0.2..0.9, layout=tyc)", SHS_F32},
        {"f: channel_drop(p=0.5, value=3)", SHS_I8},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (uint64_t rows = 0; rows <= ALL; rows += 3)
            check_rows(cases[i].text, cases[i].type, rows);
}

/* The rectangle is drawn by the shape of all rows, so the real rows of it are erased. */
static void erasing_stays_within_the_real_rows(void)
{
    uint8_t input[ALL * REST], output[ALL * REST], all[ALL * REST];
    const bool ragged = true;
    const struct augment_how how = {.table = &augment_operators, .ragged = &ragged};
    const shs_tensor sample = {"f", SHS_U8, 3, {ALL, 6, 3}, input};
    shs_augment *augment;
    memset(input, 7, sizeof input);
    if (augment_open_how(&how, "f: random_erasing(p=1)", &sample, 1, &augment)) {
        WRONG("%s", shs_message());
        return;
    }
    void *scratch = malloc(shs_augment_scratch(augment) + 1);
    if (!scratch) abort();
    for (uint64_t slot = 0; slot < 50; slot++) {
        shs_random stream = stream_at(32, slot), same = stream;
        const void *from[1] = {input};
        void *to[1] = {output}, *whole[1] = {all};
        uint64_t rows = slot % ALL, most = ALL;
        CHECK_STATUS(augment_apply_rows(augment, &stream, &rows, from, to, scratch), SHS_OK);
        CHECK_STATUS(augment_apply_rows(augment, &same, &most, from, whole, scratch), SHS_OK);
        memset(all + rows * REST, 0, (size_t)(ALL - rows) * REST);
        CHECK_BYTES(output, all, sizeof all);
    }
    free(scratch);
    shs_augment_close(&augment);
}

static void colours_need_all_channels(void)
{
    const bool ragged = true;
    const struct augment_how how = {.table = &augment_operators, .ragged = &ragged};
    const shs_tensor sample = {"f", SHS_U8, 3, {3, 5, 4}, NULL};
    shs_augment *augment;
    CHECK_STATUS(augment_open_how(&how, "f: hue(turns=0..0.1, layout=chw)", &sample, 1, &augment),
                 SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "hue of field f, whose samples have fewer rows of their own (offsets) "
                             "along c in layout chw; it needs all channels");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(operators_see_the_real_rows_only),
        TEST(erasing_stays_within_the_real_rows),
        TEST(colours_need_all_channels),
    };
    return harness_main("operators_ragged", tests, COUNT(tests), argc, argv);
}
