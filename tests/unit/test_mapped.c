/* A loader over mapped files: the same batches, the same errors, and no handler left behind. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "shardstep/loader.h"
#include "two_files.h"

static bool open_mapped(struct data *data, uint32_t threads, shs_loader **loader)
{
    const shs_run_options run = {.seed = 5, .vranks = VRANKS};
    const shs_dataset_options how = {.map = true, .cache_bytes = 1};
    const shs_loader_options options = {.batch = BATCH, .epochs = 3, .threads = threads};
    *data = (struct data){0};
    bool good = !shs_open_ranks(0, 1, NULL, NULL, &run, &data->run) &&
                !shs_dataset_open(data->run, both_paths, "images,numbers", &how, &data->dataset) &&
                !shs_loader_open(data->dataset, &options, loader);
    if (!good) printf("  %s\n", shs_message());
    return NEED(good);
}

static bool is_right(const shs_batch *batch)
{
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        const uint32_t *image = (const uint32_t *)batch->field[0].data + slot * COLUMNS;
        if (!CHECK_EQ(((const uint32_t *)batch->field[1].data)[slot], batch->index[slot]))
            return false;
        for (uint64_t column = 0; column < COLUMNS; column++)
            if (!CHECK_EQ(image[column], element(batch->index[slot], column))) return false;
    }
    return true;
}

/* Takes batches until the end of an epoch, or until `most` were taken. */
static shs_status take(shs_loader *loader, uint64_t most)
{
    shs_batch batch = {0};
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < most && !status && !batch.ends_epoch; i++) {
        status = shs_next(loader, &batch);
        if (!status && !is_right(&batch)) break;
    }
    return status;
}

static bool has_handler(void)
{
    struct sigaction now;
    sigaction(SIGBUS, NULL, &now);
    return (now.sa_flags & SA_SIGINFO) != 0;
}

static void close_all(struct data *data, shs_loader **loader)
{
    shs_loader_close(loader);
    data_close(data);
}

static void batches_come_from_maps(void)
{
    for (uint32_t threads = 0; threads < 3; threads += 2) {
        struct data data;
        shs_loader *loader;
        signal(SIGBUS, SIG_DFL); /* a sanitizer has a handler of its own */
        if (!open_mapped(&data, threads, &loader)) return;
        for (int epoch = 0; epoch < 3; epoch++)
            CHECK_STATUS(take(loader, ROWS), SHS_OK);
        shs_dataset_close(&data.dataset);
        CHECK(has_handler()); /* the loader needs it */
        close_all(&data, &loader);
        CHECK(!has_handler());
    }
}

/* In the middle of the second epoch, whose rows come from the map. */
static void a_file_is_cut_short_under_the_map(void)
{
    for (uint32_t threads = 0; threads < 3; threads += 2) {
        struct data data;
        shs_loader *loader;
        if (!open_mapped(&data, threads, &loader)) return;
        CHECK_STATUS(take(loader, ROWS), SHS_OK);
        CHECK_STATUS(take(loader, 20), SHS_OK);
        CHECK_EQ(truncate(second_path, 100), 0);
        CHECK_STATUS(take(loader, ROWS), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "rank 0: shs_next: virtual rank ");
        CHECK_HAS(shs_message(), ", epoch 1, step ");
        CHECK_HAS(shs_message(), ": dataset ");
        CHECK_HAS(shs_message(), second_path);
        CHECK_HAS(shs_message(), " has 100 bytes, but byte ");
        CHECK_HAS(shs_message(), "it was cut short since it was opened; put it back");
        close_all(&data, &loader);
        CHECK(write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS));
    }
}

static void a_file_is_replaced_under_the_map(void)
{
    struct data data;
    shs_loader *loader;
    char other[PATH_BYTES];
    if (!open_mapped(&data, 0, &loader)) return;
    CHECK_STATUS(take(loader, ROWS), SHS_OK);
    CHECK_STATUS(take(loader, 20), SHS_OK);
    if (!CHECK(write_file(folder_path(folder, "other", other), FIRST_ROWS, ROWS - FIRST_ROWS)))
        return;
    CHECK_EQ(rename(other, second_path), 0);
    CHECK_STATUS(take(loader, ROWS), SHS_OK); /* the rows are those of the old file */
    CHECK_STATUS(take(loader, ROWS), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "another file of the same size has taken its place");
    close_all(&data, &loader);
    CHECK(write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS));
}

/* A failed open leaves no handler, either. */
static void an_open_that_fails_leaves_no_handler(void)
{
    const shs_run_options run = {.seed = 5};
    const shs_dataset_options how = {.map = true};
    struct data data = {0};
    signal(SIGBUS, SIG_DFL);
    if (!NEED(!shs_open_ranks(0, 1, NULL, NULL, &run, &data.run))) return;
    CHECK_IS(shs_dataset_open(data.run, "/nowhere.h5", "x", &how, &data.dataset), <, 0);
    CHECK(!has_handler());
    CHECK_IS(shs_dataset_open(data.run, first_path, "nothing", &how, &data.dataset), <, 0);
    CHECK(!has_handler());
    CHECK_IS(shs_dataset_open(data.run, NULL, "numbers", &how, &data.dataset), <, 0);
    CHECK(!has_handler());
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(batches_come_from_maps),
        TEST(a_file_is_cut_short_under_the_map),
        TEST(a_file_is_replaced_under_the_map),
        TEST(an_open_that_fails_leaves_no_handler),
    };
    int code = make_files() ? harness_run("mapped", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
