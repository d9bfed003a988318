/* The record of draws as numbers: the numbers of every operator are those of the record in words,
 * and the record of a batch is that of its rows in every kind of batch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5_write.h"
#include "load.h"
#include "load_draws.h"
#include "message.h"
#include "operator_draws.h"
#include "shardstep/context.h"
#include "temporary_folder.h"

/* ---- Each operator. */

static const struct data_sample no_windows;

static shs_random stream_of(size_t sample)
{
    shs_random stream;
    shs_place place = place_of(sample);
    CHECK_STATUS(shs_random_at(&place, &stream), SHS_OK);
    return stream;
}

/* Finds "NAME=" in a record; NULL if it is not there. */
static const char *find_words(const char *record, const char *name)
{
    char words[64];
    size_t length = (size_t)snprintf(words, sizeof words, "%s=", name);
    for (; (record = strstr(record, words)); record++)
        if (record[-1] == '(' || record[-1] == ' ') return record + length;
    return NULL;
}

/* Reads the next number of a record, and goes behind it and what stands between two numbers. */
static double next_number(const char **words)
{
    char *end;
    if (!strncmp(*words, "yes", 3)) return 1;
    if (!strncmp(*words, "no", 2)) return 0;
    double number = strtod(*words, &end);
    if (!strncmp(end - 1, "..", 2)) end--; /* a range such as 2..5 */
    *words = end + strspn(end, ".,");
    return number;
}

/* The record has few digits. */
static void check_number(const char *record, const char *name, double number, double words)
{
    if (!(fabs(number - words) <= 1e-5 * fabs(words)))
        WRONG("%s of %s: the number is %.17g, in words %.17g", name, record, number, words);
}

/* channel_drop tells the dropped channels. */
static void check_dropped(const char *record, const shs_drawn_value *value)
{
    const char *words = find_words(record, "dropped");
    for (size_t c = 0; c < value->width; c++)
        if (value->numbers[c] == 1) check_number(record, "dropped", (double)c, next_number(&words));
    CHECK(*words == ')' || !strcmp(words, "none)"));
}

static void check_value(const char *record, const shs_drawn_value *value)
{
    if (!strcmp(value->name, "dropped")) {
        check_dropped(record, value);
        return;
    }
    if (!strcmp(value->name, "order") || !strcmp(value->name, "choice")) return;
    bool is_nameless = !strcmp(value->name, "number");
    const char *words = is_nameless ? strchr(record, '(') + 1 : find_words(record, value->name);
    if (!words) {
        WRONG("%s has no %s", record, value->name);
        return;
    }
    for (size_t i = 0; i < value->width; i++)
        check_number(record, value->name, value->numbers[i], next_number(&words));
}

static void check_operator(const char *text)
{
    shs_augment *augment = open_text(text);
    if (!augment) return;
    for (size_t sample = 0; sample < 20; sample++) {
        harness_where("%s: sample %zu", text, sample);
        struct core_text record = record_at(augment, place_of(sample));
        shs_random stream = stream_of(sample);
        shs_draws *draws;
        CHECK_STATUS(load_draws_new(augment, &no_windows, 1, &draws), SHS_OK);
        CHECK_STATUS(load_draws_enter(draws, 0, &stream, 0, 1), SHS_OK);
        CHECK_EQ(draws->n_operators, 1);
        const shs_drawn *drawn = &draws->operators[0];
        CHECK_EQ(drawn->applied[0], !strstr(record.bytes, "(no)"));
        CHECK_IS(drawn->n_values, >, 0);
        CHECK_HAS(drawn->text, drawn->name);
        for (size_t v = 0; v < drawn->n_values; v++) {
            harness_where("%s: sample %zu, value %s", text, sample, drawn->values[v].name);
            CHECK(drawn->values[v].unit != NULL);
            if (drawn->applied[0])
                check_value(record.bytes, &drawn->values[v]);
            else
                CHECK_EQ(isnan(drawn->values[v].numbers[0]), 1);
            harness_where("%s: sample %zu", text, sample);
        }
        shs_draws_close(&draws);
        core_text_free(&record);
    }
    harness_where(NULL);
    shs_augment_close(&augment);
}

/* A text for every operator that draws. */
static const char *const texts[] = {
    "small: random_crop(padding=2)",
    "small: random_crop(padding=2, size=5)",
    "short: window_crop(size=5)",
    "small: random_flip(axis=w)",
    "short: time_flip(p=0.5, layout=t)",
    "small: random_rot90()",
    "small: d4(p=0.5)",
    "cube: random_symmetry(layout=zyx)",
    "small: random_roll(axes=hw)",
    "small: random_shift(most=3)",
    "colour: random_scale(factor=0.5..1.5, by=channel)",
    "small: random_scale(factor=0.5..1.5)",
    "small: brightness(factor=0.5..1.5)",
    "small: contrast(factor=0.5..1.5)",
    "colour: saturation(factor=0.5..1.5)",
    "colour: hue(turns=-0.1..0.1)",
    "colour: color_jitter(brightness=0.5..1.5, hue=-0.1..0.1, p=0.5)",
    "small: gamma(exponent=0.5..2)",
    "small: gaussian_noise(std=0.1..0.2)",
    "short: noise(snr=10..20)",
    "small: random_erasing()",
    "short: time_mask(size=0.1..0.5, layout=t)",
    "colour: channel_drop(p=0.4)",
    "small: random_resized_crop(size=4)",
    "small: gaussian_blur(size=5)",
    "small: random_rotation(degrees=-15..15)",
    "small: random_affine(degrees=-15..15, translate=-0.1..0.1, scale=0.9..1.1, shear=-5..5)",
    "small: elastic(alpha=20..40, sigma=5)",
    "small: mixup(alpha=0.3, p=0.5)",
    "small: cutmix(alpha=1)",
    "short: cutmix(alpha=1)",
    "small: one_of(random_flip(axis=w))",
};

static void numbers_are_those_of_the_words(void)
{
    for (size_t i = 0; i + 1 < COUNT(texts); i++)
        check_operator(texts[i]);
}

/* Every operator that draws has a text here. */
static void every_operator_is_recorded(void)
{
    static const struct augment_kind *const kinds[] = {
#define KIND(name) &augment_##name,
        AUGMENT_OPERATORS(KIND)};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        char words[64];
        bool found = !kinds[k]->draw;
        snprintf(words, sizeof words, ": %s(", kinds[k]->name);
        for (size_t i = 0; i < COUNT(texts); i++)
            found = found || strstr(texts[i], words);
        if (!found) WRONG("no text has %s", kinds[k]->name);
    }
}

/* Values of operators within others are NaN where these were not applied; one_of tells its choice.
 */
static void operators_within_others_are_recorded(void)
{
    shs_augment *augment =
        open_text("small: sometimes(p=0.5, random_flip(axis=h) one_of(random_flip(axis=w), clip("
                  "min=0, max=1), random_rot90())) random_flip(axis=w, p=0.3)");
    shs_draws *draws;
    uint64_t within = 0, chosen[3] = {0};
    if (!augment || !NEED_STATUS(load_draws_new(augment, &no_windows, SAMPLES / 8, &draws), SHS_OK))
        return;
    for (size_t row = 0; row < draws->rows; row++) {
        shs_random stream = stream_of(row);
        CHECK_STATUS(load_draws_enter(draws, row, &stream, 0, 1), SHS_OK);
    }
    static const struct {
        const char *name;
        size_t place;
    } expected[] = {{"sometimes", 0},   {"random_flip", 1},  {"one_of", 2},
                    {"random_flip", 3}, {"random_rot90", 5}, {"random_flip", 6}};
    CHECK_EQ(draws->n_operators, COUNT(expected));
    for (size_t o = 0; o < draws->n_operators; o++) {
        CHECK_TEXT(draws->operators[o].name, expected[o].name);
        CHECK_EQ(draws->operators[o].place, expected[o].place);
        CHECK_TEXT(draws->operators[o].field[0], "small");
        if (o & 1) CHECK_TEXT(draws->operators[o].layout[0], "hw");
    }
    const double *choice = draws->operators[2].values[0].numbers;
    for (size_t row = 0; row < draws->rows; row++) {
        int8_t applied = draws->operators[0].applied[row];
        within += (uint64_t)applied;
        CHECK_EQ(draws->operators[1].applied[row], applied);
        CHECK_EQ(draws->operators[2].applied[row], applied);
        CHECK_EQ(isnan(choice[row]), !applied);
        if (applied) chosen[(size_t)choice[row]]++;
        CHECK_EQ(draws->operators[3].applied[row], applied && choice[row] == 0);
        CHECK_EQ(draws->operators[4].applied[row], applied && choice[row] == 2);
        CHECK_EQ(isnan(draws->operators[4].values[0].numbers[row]), !(applied && choice[row] == 2));
        CHECK_EQ(draws->operators[5].applied[row], 1);
        CHECK(!isnan(draws->operators[5].values[0].numbers[row]));
    }
    CHECK(within > draws->rows / 3 && within < draws->rows && chosen[0] && chosen[1] && chosen[2]);
    shs_draws_close(&draws);
    shs_augment_close(&augment);
}

/* ---- Meanings. */

/* Element (0, 0) of a cropped sample is the one where the record says that the window begins. */
static void a_crop_tells_where_its_window_begins(void)
{
    static const char *const crops[] = {"f: random_crop(padding=2)", "f: random_crop(size=[5,3])",
                                        "f: random_crop(padding=2, size=[5,3], layout=yx)"};
    static const shs_tensor sample = {"f", SHS_U8, 2, {6, 7}, NULL};
    unsigned char input[6 * 7], output[6 * 7], scratch[4096];
    const void *from = input;
    void *to = output;
    shs_augment *augment;
    uint64_t padded = 0;
    for (unsigned char i = 0; i < sizeof input; i++)
        input[i] = (unsigned char)(1 + i);
    for (size_t i = 0; i < COUNT(crops); i++) {
        CHECK_STATUS(shs_augment_open(crops[i], &sample, 1, &augment), SHS_OK);
        CHECK(shs_augment_scratch(augment) <= sizeof scratch);
        for (size_t slot = 0; slot < 50; slot++) {
            shs_random stream = stream_of(slot), again = stream;
            double begin[MOST_NUMBERS] = {0};
            struct core_text record = {0};
            augment_record(augment, &again, &record);
            CHECK_EQ(numbers_of(record.bytes, begin), 2);
            CHECK_HAS(record.bytes, i == 2 ? "random_crop(y=" : "random_crop(h=");
            CHECK_STATUS(shs_augment_apply(augment, &stream, &from, &to, scratch), SHS_OK);
            if (begin[0] < 0 || begin[1] < 0) {
                padded++;
                CHECK_EQ(output[0], 0);
            } else {
                CHECK_EQ(output[0], input[(size_t)(7 * begin[0] + begin[1])]);
            }
            core_text_free(&record);
        }
        shs_augment_close(&augment);
    }
    CHECK(padded > 20 && padded < 100);
}

/* ---- Batches of a loader. */

enum {
    ROWS = 26,
    VRANKS = 3,
    BATCH = 4
};

static char folder[PATH_BYTES], path[PATH_BYTES];

static bool make_file(void)
{
    static const struct h5_storage plain = {0};
    static const shs_tensor array = {.type = SHS_F32, .axes = 3, .shape = {ROWS, 3, 3}};
    static float maps[ROWS][3][3];
    struct h5_writer *writer;
    return folder_make(folder) && !h5_create(folder_path(folder, "a.h5", path), &writer) &&
           !h5_create_array(writer, "maps", &array, &plain) && !h5_write_rows(writer, ROWS, maps) &&
           !h5_finish(&writer);
}

/* Checks the record of a batch, or of the part of one that begins at row `first`, beside the record
 * in words. */
static void check_rows(const shs_loader *loader, const shs_batch *batch, const shs_draws *draws,
                       uint64_t first)
{
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        struct core_text record = {0};
        shs_random stream;
        double numbers[MOST_NUMBERS];
        const shs_drawn *flip = &draws->operators[0], *mix = &draws->operators[1];
        load_plan_stream(&loader->plan, batch, slot, &stream);
        augment_record_slot(loader->augment, &stream, slot, batch->count, &record);
        numbers_of(record.bytes, numbers);
        uint64_t row = first + slot;
        CHECK_EQ(flip->applied[row], 1);
        CHECK_EQ(flip->values[0].numbers[row], numbers[0]);
        if (draws->n_operators > 1) {
            CHECK_EQ(mix->applied[row], slot < batch->count);
            const double *partner = mix->values[0].numbers;
            CHECK_TEXT(mix->values[0].name, "partner");
            CHECK_EQ(isnan(partner[row]), slot >= batch->count);
            if (slot < batch->count) CHECK_EQ(partner[row], batch->partner[slot]);
        }
        core_text_free(&record);
    }
}

static void check_batch(const shs_loader *loader, const shs_batch *batch)
{
    shs_draws *draws;
    uint64_t first = 0;
    if (!NEED_STATUS(shs_batch_draws(loader, batch, &draws), SHS_OK)) return;
    CHECK_EQ(draws->rows, batch->rows);
    if (!batch->parts) check_rows(loader, batch, draws, 0);
    for (size_t p = 0; p < batch->parts; p++) {
        check_rows(loader, &batch->part[p], draws, first);
        first += batch->part[p].rows;
    }
    shs_draws_close(&draws);
}

static void check_loader(const shs_loader_options *options)
{
    const shs_run_options how = {.seed = 5, .vranks = VRANKS};
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_batch batch;
    if (!NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &how, &run), SHS_OK) ||
        !NEED_STATUS(shs_dataset_open(run, path, "maps", NULL, &dataset), SHS_OK) ||
        !NEED_STATUS(shs_loader_open(dataset, options, &loader), SHS_OK))
        return;
    while (shs_next(loader, &batch) == SHS_OK) {
        check_batch(loader, &batch);
        for (size_t p = 0; p < batch.parts; p++)
            check_batch(loader, &batch.part[p]);
        if (batch.ends_step) CHECK_STATUS(shs_agree(run), SHS_OK);
    }
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

static void batches_have_the_record_of_their_rows(void)
{
    static const char *const both[] = {"maps: random_flip(axis=w)",
                                       "maps: random_flip(axis=w) mixup(alpha=1)"};
    for (int way = 0; way < 8; way++)
        check_loader(&(shs_loader_options){.batch = BATCH,
                                           .epochs = 2,
                                           .tail = SHS_TAIL_PAD,
                                           .step_batches = way & 1,
                                           .ahead = way & 2,
                                           .augment = both[way >> 2]});
    check_loader(&(shs_loader_options){
        .batch = BATCH, .epochs = 2, .augment_by = SHS_BY_SAMPLE, .augment = both[0]});
}

static void a_batch_of_another_loader_or_of_before_is_refused(void)
{
    const shs_run_options how = {.seed = 5, .vranks = 1};
    shs_loader_options options = {.batch = BATCH, .augment = "maps: random_flip(axis=w)"};
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader, *other;
    shs_batch batch, former;
    shs_draws *draws;
    if (!NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &how, &run), SHS_OK) ||
        !NEED_STATUS(shs_dataset_open(run, path, "maps", NULL, &dataset), SHS_OK) ||
        !NEED_STATUS(shs_loader_open(dataset, &options, &loader), SHS_OK))
        return;
    options.stream = 1;
    if (!NEED_STATUS(shs_loader_open(dataset, &options, &other), SHS_OK)) return;
    CHECK_STATUS(shs_next(loader, &former), SHS_OK);
    CHECK_STATUS(shs_batch_draws(other, &former, &draws), SHS_ERROR_ARGUMENT);
    CHECK(message_has("shs_batch_draws: the batch of virtual rank 0, step 0 is not of this loader; "
                      "pass the loader whose shs_next() gave it"));
    CHECK(!draws);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_STATUS(shs_batch_draws(loader, &former, &draws), SHS_ERROR_STATE);
    CHECK(message_has("shs_batch_draws: the program does not hold the batch of virtual rank 0, "
                      "step 0 any more"));
    CHECK(!draws);
    shs_loader_close(&other);
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    CHECK_STATUS(shs_close(&run), SHS_OK);
}

/* ---- An operator of the program's own. */

static shs_status copy(void *user, const shs_augment_call *call)
{
    (void)user;
    shs_random_u32(call->stream);
    memcpy(call->outputs[0].data, call->inputs[0].data, 64 * sizeof(float));
    return SHS_OK;
}

/* Nobody knows what it draws, and so what comes after it. */
static void draws_behind_an_operator_of_the_program_are_not_known(void)
{
    static const int8_t expected[] = {1, 1, -1};
    shs_augment_table *table;
    shs_augment *augment;
    shs_draws *draws;
    CHECK_STATUS(shs_augment_table_open(&table), SHS_OK);
    CHECK_STATUS(shs_augment_register(table, "own", 1, &(shs_augment_callback){.apply = copy}),
                 SHS_OK);
    CHECK_STATUS(shs_augment_open_table(table, "small: random_flip(axis=w) own() random_rot90()",
                                        fields, COUNT(fields), &augment),
                 SHS_OK);
    shs_random stream = stream_of(0);
    CHECK_STATUS(load_draws_new(augment, &no_windows, 1, &draws), SHS_OK);
    CHECK_STATUS(load_draws_enter(draws, 0, &stream, 0, 1), SHS_OK);
    CHECK_EQ(draws->n_operators, 3);
    for (size_t o = 0; o < 3; o++)
        CHECK_EQ(draws->operators[o].applied[0], expected[o]);
    CHECK_EQ(draws->operators[1].n_values, 0);
    CHECK(isnan(draws->operators[2].values[0].numbers[0]));
    shs_draws_close(&draws);
    shs_augment_close(&augment);
    shs_augment_table_close(&table);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(numbers_are_those_of_the_words),
        TEST(every_operator_is_recorded),
        TEST(operators_within_others_are_recorded),
        TEST(a_crop_tells_where_its_window_begins),
        TEST(batches_have_the_record_of_their_rows),
        TEST(a_batch_of_another_loader_or_of_before_is_refused),
        TEST(draws_behind_an_operator_of_the_program_are_not_known),
    };
    int code = make_file() ? harness_run("draws", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
