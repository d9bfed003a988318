/* The failure policy: what is refused, what of it is part of a run, where its search ends, and
 * files that are samples. */
#include <stdlib.h>

#include "core_memory.h"
#include "failures_scene.h"
#include "load_nan.h"

/* ---- What is refused. */

static void refuse(const shs_loader_options *options, const char *words)
{
    struct reading reading;
    CHECK_EQ(open_reading(&reading, options), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), words);
    close_reading(&reading);
}

static void what_cannot_be_is_refused(void)
{
    static const uint64_t ratio[] = {3, 1};
    static const uint64_t beyond[] = {3, ROWS}, down[] = {5, 4}, few[] = {4, 7};
    enum wrong wrong[ROWS] = {GOOD};
    uint64_t first_file[FIRST_ROWS];
    if (!scene_begin()) return;
    write_files(wrong);
    for (uint64_t row = 0; row < FIRST_ROWS; row++)
        first_file[row] = row;
    shs_loader_options options = in_file_order((shs_failures){.exclude = beyond, .n_exclude = 2});
    refuse(&options, "shs_loader_open: the rows to exclude: the list of rows has row 80, at 1");
    options.failures.exclude = down;
    refuse(&options, "the list of rows has row 4 after row 5, at 1; it must ascend");
    options.failures.exclude = NULL;
    refuse(&options, "failures.n_exclude is 2, but failures.exclude is NULL; give both or none");
    options.failures = (shs_failures){.damage = (shs_on_damage)2};
    refuse(&options, "failures.damage 2 is none of: stop, replace");
    options.failures = (shs_failures){.nan = (shs_on_nan)3};
    refuse(&options, "failures.nan 3 is none of: keep, stop, replace");
    options.failures = (shs_failures){.exclude = few, .n_exclude = 2};
    options.subset = (shs_subset){.rows = few, .n_rows = 2};
    refuse(&options, "failures.exclude has all 2 rows of the subset");
    options.subset = (shs_subset){0};
    options.failures = (shs_failures){.exclude = first_file, .n_exclude = FIRST_ROWS};
    options.sampling = (shs_sampling){.mix = ratio, .n_mix = 2};
    refuse(&options, "failures.exclude has all 37 rows of source 0");
    folder_remove(folder);
}

/* ---- The fingerprint. */

static char *fingerprint_of(shs_failures failures)
{
    const shs_loader_options options = in_file_order(failures);
    struct reading reading;
    char *text = NULL;
    if (NEED_STATUS(open_reading(&reading, &options), SHS_OK))
        CHECK_STATUS(load_fingerprint(reading.loader, &text), SHS_OK);
    close_reading(&reading);
    return text;
}

static void check_mismatch(shs_failures stored, shs_failures own, const char *words)
{
    char *before = fingerprint_of(stored), *now = fingerprint_of(own);
    bool other;
    if (!before || !now) return;
    CHECK_STATUS(load_fingerprint_check(before, now, true, &other), SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(), words);
    core_free(&before);
    core_free(&now);
}

static void the_policy_is_part_of_the_run(void)
{
    static const uint64_t one[] = {7}, other[] = {8};
    const shs_failures stop = {0}, replace = {.damage = SHS_DAMAGE_REPLACE};
    const shs_failures no_nan = {.nan = SHS_NAN_STOP}, other_nan = {.nan = SHS_NAN_REPLACE};
    const shs_failures without = {.exclude = one, .n_exclude = 1};
    const shs_failures without_other = {.exclude = other, .n_exclude = 1};
    enum wrong wrong[ROWS] = {GOOD};
    if (!scene_begin()) return;
    write_files(wrong);
    char *plain = fingerprint_of(stop);
    if (plain) CHECK(!strstr(plain, "failures"));
    core_free(&plain);
    check_mismatch(
        stop, replace,
        "this run has «failures.damage = replace», it has nothing of the kind; what becomes of "
        "bad rows cannot change within a run, because it decides which rows come; set it "
        "back, or begin a new run in another folder");
    check_mismatch(replace, stop, "it has «failures.damage = replace»");
    check_mismatch(no_nan, other_nan,
                   "was made with failures.nan stop, this run has failures.nan replace; pass "
                   "failures.nan stop");
    check_mismatch(stop, without, "this run has «failures.exclude = 1 rows, ");
    check_mismatch(without_other, without, "it has «failures.exclude = 1 rows, ");
    folder_remove(folder);
}

/* ---- A search without end. */

enum {
    MANY = 200,
    FIRST_BAD = 60, /* the chunk of rows 60 to 119 is damaged */
    CHUNK_OF_BAD = 60,
    TRIED = 50
};

static shs_status open_many(struct reading *reading, const shs_loader_options *options)
{
    static uint8_t rows[MANY];
    const struct h5_storage packed = {.chunk_rows = CHUNK_OF_BAD, .deflate = 6};
    struct h5_writer *writer;
    *reading = (struct reading){0};
    CHECK_STATUS(h5_create(paths[0], &writer), SHS_OK);
    write_rows(writer, "x", (shs_tensor){.type = SHS_U8, .axes = 1, .shape = {MANY}}, packed, rows);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    flip(paths[0], chunk_address_at(paths[0], (const hsize_t[]){FIRST_BAD}));
    shs_status status = shs_open_ranks(0, 1, NULL, NULL, NULL, &reading->run);
    if (!status) status = shs_dataset_open(reading->run, paths[0], "x", NULL, &reading->dataset);
    if (!status) status = shs_loader_open(reading->dataset, options, &reading->loader);
    if (!status) reading->loader->replace.most_tried = TRIED;
    return status;
}

/* The rows come one by one, in any order. The first row with more than 50 bad rows behind it is an
 * error, whatever was found out before it. */
static void the_search_is_bounded(void)
{
    const shs_loader_options options = {.batch = 1, .failures = {.damage = SHS_DAMAGE_REPLACE}};
    char words[64];
    if (!scene_begin()) return;
    for (int fewer = 0; fewer < 2; fewer++) {
        static const uint64_t listed_rows[] = {61, 62, 63, 64, 65, 66, 67, 68, 69, 100};
        shs_loader_options excluding = options;
        struct reading reading;
        shs_batch batch;
        if (fewer) excluding.failures.exclude = listed_rows;
        if (fewer) excluding.failures.n_exclude = COUNT(listed_rows);
        bool right = NEED_STATUS(open_many(&reading, &excluding), SHS_OK);
        uint64_t replaced = 0, row = 0;
        while (right && shs_next(reading.loader, &batch) == SHS_OK && batch.rows) {
            row = batch.replaced ? *batch.replaced : *batch.index;
            bool is_bad = row >= FIRST_BAD && row < FIRST_BAD + CHUNK_OF_BAD;
            right = CHECK_EQ(*batch.index, is_bad ? FIRST_BAD + CHUNK_OF_BAD : row) &&
                    (fewer || CHECK(!is_bad || row + TRIED >= FIRST_BAD + CHUNK_OF_BAD));
            replaced += is_bad;
            if (batch.ends_epoch) break;
        }
        CHECK_IS(replaced, >, 0);
        CHECK_EQ(shs_agree(reading.run), fewer ? SHS_OK : SHS_ERROR_FORMAT);
        if (!fewer) CHECK_HAS(shs_message(), "no row was found for the place of sample 6");
        snprintf(words, sizeof words, "the next %d rows that are not excluded are damaged", TRIED);
        if (!fewer) CHECK_HAS(shs_message(), words);
        close_reading(&reading);
    }
    folder_remove(folder);
}

/* ---- Files that are samples. */

static void write_sample(const char *path, uint64_t rows, uint32_t value)
{
    uint32_t values[8];
    struct h5_writer *writer;
    for (size_t i = 0; i < COUNT(values); i++)
        values[i] = value;
    CHECK_STATUS(h5_create(path, &writer), SHS_OK);
    write_rows(writer, "x", (shs_tensor){.type = SHS_U32, .axes = 1, .shape = {rows}},
               (struct h5_storage){0}, values);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
}

/* The third of four files is damaged: the fourth comes twice. If it is whole but of another shape,
 * it is the wrong file, which is an error. */
static void a_file_is_a_sample(void)
{
    static const char *const names[] = {"0.h5", "1.h5", "2.h5", "3.h5"};
    const shs_loader_options options = in_file_order((shs_failures){.damage = SHS_DAMAGE_REPLACE});
    const shs_dataset_options one_a_file = {.one_sample_a_file = true};
    char path[PATH_BYTES];
    if (!scene_begin()) return;
    for (int fits = 0; fits < 2; fits++) {
        struct reading reading = {0};
        const shs_run_options run = {.report = tell, .report_user = &reading.told};
        shs_batch batch;
        for (size_t i = 0; i < COUNT(names); i++)
            write_sample(folder_path(folder, names[i], path), i == 2 && !fits ? 5 : 4, (uint32_t)i);
        if (fits) flip(folder_path(folder, "2.h5", path), 0);
        shs_status status = shs_open_ranks(0, 1, NULL, NULL, &run, &reading.run);
        if (!status)
            status = shs_dataset_open(reading.run, folder, "x", &one_a_file, &reading.dataset);
        if (!status) status = shs_loader_open(reading.dataset, &options, &reading.loader);
        if (NEED_STATUS(status, SHS_OK) && CHECK_STATUS(shs_next(reading.loader, &batch), SHS_OK)) {
            CHECK_EQ(batch.rows, fits ? 4 : 0);
            CHECK_EQ(reading.told.replaced, fits);
            if (batch.rows == 4) CHECK_U64S(batch.index, ((const uint64_t[]){0, 1, 3, 3}), 4);
            if (batch.rows == 4) CHECK_EQ(((const uint32_t *)batch.field[0].data)[8], 3);
            CHECK_EQ(shs_agree(reading.run), fits ? SHS_OK : SHS_ERROR_FORMAT);
            if (!fits) CHECK_HAS(shs_message(), "sample 2: ");
            if (!fits) CHECK_HAS(shs_message(), "it must be alike in all files");
        }
        close_reading(&reading);
    }
    folder_remove(folder);
}

/* ---- NaN. */

static void nan_is_found(void)
{
    static const uint16_t halves[] = {0x7c00, 0xfc00, 0x7bff, 0, 0x8000};
    static const uint16_t half_nan[] = {0x3c00, 0xfc01};
    static const float floats[] = {INFINITY, -INFINITY, 0, -1, 1e-45F}, nan[] = {1, 2, -NAN};
    static const double doubles[] = {INFINITY, -INFINITY, 5e-324}, wide_nan[] = {NAN, 1};
    static const uint32_t ones[] = {UINT32_MAX};
    CHECK(!load_nan_in(SHS_F16, halves, COUNT(halves)));
    CHECK(load_nan_in(SHS_F16, half_nan, COUNT(half_nan)));
    CHECK(!load_nan_in(SHS_F32, floats, COUNT(floats)));
    CHECK(load_nan_in(SHS_F32, nan, COUNT(nan)));
    CHECK(!load_nan_in(SHS_F32, nan, 2));
    CHECK(!load_nan_in(SHS_F64, doubles, COUNT(doubles)));
    CHECK(load_nan_in(SHS_F64, wide_nan, COUNT(wide_nan)));
    CHECK(!load_nan_in(SHS_U32, ones, COUNT(ones)));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_cannot_be_is_refused),
        TEST(the_policy_is_part_of_the_run),
        TEST(the_search_is_bounded),
        TEST(a_file_is_a_sample),
        TEST(nan_is_found),
    };
    return harness_main("failures", tests, COUNT(tests), argc, argv);
}
