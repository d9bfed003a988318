/* Batches that are filled beside one another are those that shs_next() gives. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "two_files.h"

typedef unsigned long long ull;

enum {
    EPOCHS = 2,
    MOST_BATCHES = EPOCHS * (ROWS / BATCH + VRANKS + 1),
    SMALL_CACHE = 4 * CHUNK_ROWS * COLUMNS * 4 /* four chunks: the order says which are kept */
};

/* What shs_next() gave. */
struct given {
    shs_batch what;
    shs_cursor cursor;
    uint64_t number; /* of the step's batches */
    uint64_t index[BATCH];
    uint32_t images[BATCH][COLUMNS], numbers[BATCH];
};

static struct given all_given[MOST_BATCHES];

static uint64_t take_all(shs_loader *loader)
{
    uint64_t count = 0;
    shs_batch batch;
    shs_cursor cursor = shs_tell(loader);
    while (shs_next(loader, &batch) == SHS_OK) {
        struct given *given = &all_given[count];
        if (!NEED(count++ < MOST_BATCHES && batch.rows <= BATCH)) return 0;
        *given = (struct given){.what = batch, .cursor = cursor, .number = batch.vrank};
        memcpy(given->index, batch.index, batch.rows * sizeof *batch.index);
        memcpy(given->images, batch.field[0].data, batch.rows * sizeof *given->images);
        memcpy(given->numbers, batch.field[1].data, batch.rows * sizeof *given->numbers);
        cursor = shs_tell(loader);
    }
    return count;
}

/* Prints the first thing in which a batch differs from the given one, if it does. */
static bool is_given(const struct load_batch *batch, uint64_t number)
{
    const struct given *given = &all_given[number];
    const shs_batch *what = batch->what, *due = &given->what;
    size_t rows = due->rows;
    int index = memcmp(given->index, what->index, rows * sizeof *given->index);
    int images = memcmp(given->images, what->field[0].data, rows * sizeof *given->images);
    int numbers = memcmp(given->numbers, what->field[1].data, rows * sizeof *given->numbers);
    const struct {
        const char *name;
        uint64_t expected, came;
    } all[] = {{"status", SHS_OK, (uint64_t)batch->status},
               {"seed", due->seed, what->seed},
               {"vrank", due->vrank, what->vrank},
               {"epoch", due->epoch, what->epoch},
               {"epoch step", due->epoch_step, what->epoch_step},
               {"step", due->step, what->step},
               {"rows", due->rows, what->rows},
               {"rows of weight 1", due->count, what->count},
               {"rows of the step", due->step_rows, what->step_rows},
               {"ends_step", due->ends_step, what->ends_step},
               {"ends_epoch", due->ends_epoch, what->ends_epoch},
               {"rows of images", due->rows, what->field[0].shape[0]},
               {"rows of numbers", due->rows, what->field[1].shape[0]},
               {"other row numbers", 0, index != 0},
               {"other images", 0, images != 0},
               {"other numbers", 0, numbers != 0}};
    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].expected == all[i].came) continue;
        printf("  batch %llu, %s: expected %llu; came %llu %s\n", (ull)number, all[i].name,
               (ull)all[i].expected, (ull)all[i].came, batch->message);
        return false;
    }
    return true;
}

/* Fills two batches in turn with one set of tools or two, and looks at each when the next one has
 * been filled. */
static struct fetch_counts fill_in_turn(struct data *data, shs_loader *loader, uint64_t count,
                                        size_t n_tools)
{
    static struct load_tools tools[2];
    static struct load_batch batches[2];
    struct load_unit *units[2];
    struct fetch_counts done = {0};
    uint64_t wrong = 0;
    for (size_t i = 0; i < 2; i++)
        if (!NEED(!load_tools_open(data->dataset, loader->augment, false, 1, &tools[i]) &&
                  !load_batch_new(data->dataset, loader->augment, &loader->plan.pushdown, BATCH,
                                  &batches[i]) &&
                  (units[i] = load_units_take(loader->units))))
            return done;
    for (uint64_t i = 0; i < count; i++) {
        struct load_batch *batch = &batches[i % 2];
        load_batch_place(batch, units[i % 2], &loader->plan, all_given[i].cursor,
                         all_given[i].number);
        CHECK(load_batch_load(&tools[i % n_tools], &loader->plan, batch) == SHS_OK);
        fetch_counts_add(&done, &batch->counts);
        if (i) wrong += !is_given(&batches[(i - 1) % 2], i - 1);
    }
    if (count) wrong += !is_given(&batches[(count - 1) % 2], count - 1);
    CHECK(wrong == 0);
    for (size_t i = 0; i < 2; i++) {
        load_tools_close(&tools[i]);
        load_batch_free(&batches[i]);
        load_units_put_back(units[i]);
    }
    return done;
}

/* What the tools did for the batches is what the loader's own did. */
static void check_counts(const shs_loader_statistics *due, const struct fetch_counts *done)
{
    const struct {
        const char *name;
        uint64_t due, done;
    } all[] = {{"rows", due->rows, done->rows},
               {"reads", due->reads, done->reads},
               {"bytes", due->bytes, done->bytes},
               {"chunks decoded", due->chunks_decoded, done->chunks_decoded},
               {"chunks kept", due->chunk_hits, done->chunk_hits}};
    for (size_t i = 0; i < COUNT(all); i++) {
        bool same = all[i].due == all[i].done;
        if (!same)
            printf("  %s: expected %llu, of shs_next(); came %llu\n", all[i].name, (ull)all[i].due,
                   (ull)all[i].done);
        CHECK(same);
    }
}

static void batches_are_filled_in_turn(void)
{
    static const size_t caches[] = {0, SMALL_CACHE};
    for (size_t i = 0; i < COUNT(caches) * 3; i++) {
        const shs_loader_options options = {.batch = BATCH,
                                            .epochs = EPOCHS,
                                            .shuffle = (shs_shuffle)(i % 3),
                                            .augment = "images: random_flip(axis=w, layout=w)",
                                            .keep = 1};
        struct data data;
        shs_loader *loader;
        if (!data_open_unheld(&data, caches[i / 3])) return;
        if (!NEED(shs_loader_open(data.dataset, &options, &loader) == SHS_OK)) return;
        uint64_t count = take_all(loader);
        shs_loader_statistics due = shs_statistics(loader);
        CHECK(count >= EPOCHS * ROWS / BATCH);
        struct fetch_counts done = fill_in_turn(&data, loader, count, 1);
        check_counts(&due, &done);
        fill_in_turn(&data, loader, count, 2);
        shs_loader_close(&loader);
        data_close(&data);
    }
}

/* The batches from a cursor on are those that came there before. */
static void a_seek_goes_on_at_its_cursor(void)
{
    const shs_loader_options options = {.batch = BATCH, .epochs = EPOCHS};
    static const uint64_t steps[] = {7, 0, 17, 18, 30, 3};
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    uint64_t wrong = 0;
    if (!data_open(&data)) return;
    if (!NEED(shs_loader_open(data.dataset, &options, &loader) == SHS_OK)) return;
    if (!NEED(take_all(loader) > 31 * VRANKS)) return;
    for (size_t i = 0; i < COUNT(steps); i++) {
        uint64_t first = steps[i] * VRANKS;
        CHECK(shs_seek(loader, all_given[first].cursor) == SHS_OK);
        for (uint64_t number = first; number < first + 2; number++) {
            CHECK(shs_next(loader, &batch) == SHS_OK);
            wrong += !is_given(&loader->batch, number);
        }
    }
    CHECK(wrong == 0);
    shs_loader_close(&loader);
    data_close(&data);
}

/* ---- An error in a batch. */

static bool rows_are_right(const struct load_batch *batch, uint64_t first)
{
    const uint32_t *numbers = batch->what->field[1].data;
    if (batch->status) printf("  %s\n", batch->message);
    for (uint64_t slot = 0; slot < batch->what->rows; slot++)
        if (batch->what->index[slot] != first + slot || numbers[slot] != first + slot) {
            printf("  slot %llu: expected row %llu; came row %llu, with number %llu\n", (ull)slot,
                   (ull)(first + slot), (ull)batch->what->index[slot], (ull)numbers[slot]);
            return false;
        }
    return !batch->status && batch->what->rows == BATCH;
}

/* The first batch of a step of file order. */
static shs_status fill_step(shs_loader *loader, uint64_t step, struct load_batch *batch)
{
    struct load_unit *unit = batch->unit ? batch->unit : load_units_take(loader->units);
    if (!NEED(unit != NULL)) return SHS_ERROR_STATE;
    load_batch_place(batch, unit, &loader->plan, (shs_cursor){0, step, step}, 0);
    return load_batch_load(&loader->tools, &loader->plan, batch);
}

/* Handed out, the error is the loader's, and says of which batch. */
static void check_handed_out(shs_loader *loader, const struct load_batch *bad)
{
    char expected[CORE_MESSAGE_BYTES + 100];
    shs_batch batch;
    CHECK(shs_seek(loader, (shs_cursor){0, 10, 10}) == SHS_OK);
    CHECK(shs_next(loader, &batch) == SHS_OK);
    CHECK(batch.rows == 0 && batch.count == 0 && batch.field[0].shape[0] == 0);
    CHECK(loader->batch.status == bad->status);
    snprintf(expected, sizeof expected, "rank 0: shs_next: virtual rank 0, epoch 0, step 10: %s",
             loader->batch.message);
    CHECK(shs_agree(loader->dataset->run) == bad->status);
    bool same = !strcmp(shs_message(), expected);
    if (!same) printf("  expected %s; came %s\n", expected, shs_message());
    CHECK(same);
}

static void an_error_stays_in_its_batch(void)
{
    const shs_loader_options options = {.batch = BATCH, .shuffle = SHS_SHUFFLE_NONE, .keep = 2};
    static struct load_batch good, bad;
    struct data data;
    shs_loader *loader;
    if (!data_open_unheld(&data, 0)) return;
    if (!NEED(
            shs_loader_open(data.dataset, &options, &loader) == SHS_OK &&
            !load_batch_new(data.dataset, loader->augment, &loader->plan.pushdown, BATCH, &good) &&
            !load_batch_new(data.dataset, loader->augment, &loader->plan.pushdown, BATCH, &bad)))
        return;
    CHECK(fill_step(loader, 0, &good) == SHS_OK && fill_step(loader, 9, &bad) == SHS_OK);
    CHECK(rows_are_right(&good, 0) && rows_are_right(&bad, 9 * VRANKS * BATCH));
    CHECK(truncate(second_path, 100) == 0);
    CHECK(fill_step(loader, 10, &bad) == SHS_ERROR_FILE && bad.status == SHS_ERROR_FILE);
    CHECK(fill_step(loader, 1, &good) == SHS_OK && rows_are_right(&good, VRANKS * BATCH));
    CHECK(strstr(bad.message, second_path) && strstr(bad.message, "cut short") &&
          strstr(bad.message, "dataset images: rows "));
    CHECK(!loader->member.failed && !data.run->kept); /* nobody was told */
    check_handed_out(loader, &bad);
    load_units_put_back(good.unit);
    load_units_put_back(bad.unit);
    load_batch_free(&good);
    load_batch_free(&bad);
    shs_loader_close(&loader);
    data_close(&data);
    CHECK(write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS));
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(batches_are_filled_in_turn),
        TEST(a_seek_goes_on_at_its_cursor),
        TEST(an_error_stays_in_its_batch),
    };
    int code = make_files() ? harness_run("load", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
