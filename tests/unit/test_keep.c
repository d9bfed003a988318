/* Whose batch is it: batches that the program keeps, gives back in any thread, and reads after
 * everything else was closed. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "counted_memory.h"
#include "load.h"
#include "message.h"
#include "two_files.h"

enum {
    KEEP = 3
};

static bool is_right(const shs_batch *batch)
{
    const uint32_t *numbers = batch->field[1].data;
    bool right = batch->field[0].shape[0] == batch->rows;
    for (uint64_t slot = 0; slot < batch->rows && right; slot++) {
        const uint32_t *image = (const uint32_t *)batch->field[0].data + slot * COLUMNS;
        right = numbers[slot] == batch->index[slot];
        for (uint64_t column = 0; column < COLUMNS && right; column++)
            right = image[column] == element(batch->index[slot], column);
    }
    return CHECK(right) && CHECK_TEXT(batch->field[0].name, "images") &&
           CHECK_TEXT(batch->field[1].name, "numbers");
}

static bool open_keeping(struct data *data, shs_loader **loader)
{
    const shs_loader_options options = {.batch = BATCH, .epochs = 1, .keep = KEEP};
    return data_open(data) && NEED_STATUS(shs_loader_open(data->dataset, &options, loader), SHS_OK);
}

/* Kept batches stay as they are while others come. */
static void kept_batches_stay(void)
{
    struct data data;
    shs_loader *loader;
    shs_batch kept[KEEP], batch;
    uint64_t rows = 0;
    if (!open_keeping(&data, &loader)) return;
    for (size_t i = 0; i < KEEP; i++) {
        CHECK_STATUS(shs_next(loader, &kept[i]), SHS_OK);
        CHECK_STATUS(shs_keep(&kept[i]), SHS_OK);
        rows += kept[i].rows;
    }
    while (shs_next(loader, &batch) == SHS_OK) {
        is_right(&batch);
        rows += batch.rows;
        for (size_t i = 0; i < KEEP; i++) {
            CHECK(batch.index != kept[i].index && batch.field[0].data != kept[i].field[0].data);
            is_right(&kept[i]);
        }
    }
    CHECK_EQ(rows, ROWS);
    for (size_t i = 0; i < KEEP; i++)
        CHECK_STATUS(shs_give_back(&kept[i]), SHS_OK);
    shs_loader_close(&loader);
    data_close(&data);
}

/* With nothing left SHS_NO_SLOT comes again and again, and the cursor stays. */
static void no_slot_is_not_sticky(void)
{
    struct data data;
    shs_loader *loader;
    shs_batch kept[KEEP + 1], batch;
    if (!open_keeping(&data, &loader)) return;
    for (size_t i = 0; i <= KEEP; i++) {
        CHECK_STATUS(shs_next(loader, &kept[i]), SHS_OK);
        CHECK_STATUS(shs_keep(&kept[i]), SHS_OK);
    }
    shs_cursor cursor = shs_tell(loader);
    for (int i = 0; i < 3; i++) {
        batch.slot = &batch;
        CHECK_STATUS(i % 2 ? shs_try_next(loader, &batch) : shs_next(loader, &batch), SHS_NO_SLOT);
        CHECK(batch.slot == NULL && shs_tell(loader).step == cursor.step);
    }
    CHECK_STATUS(shs_agree(data.run), SHS_OK);
    for (size_t i = 0; i <= KEEP; i++)
        is_right(&kept[i]);
    CHECK_STATUS(shs_give_back(&kept[1]), SHS_OK);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_EQ(batch.vrank, (KEEP + 1) % VRANKS);
    is_right(&batch);
    kept[1] = batch;
    CHECK_STATUS(shs_keep(&kept[1]), SHS_OK);
    CHECK_STATUS(shs_next(loader, &batch), SHS_NO_SLOT);
    for (size_t i = 0; i <= KEEP; i++)
        CHECK_STATUS(shs_give_back(&kept[i]), SHS_OK);
    for (size_t i = 0; i < KEEP + 2; i++)
        CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    shs_loader_close(&loader);
    data_close(&data);
}

/* Each shs_keep() needs its shs_give_back(). A batch that is not held any more is refused. */
static void a_batch_is_given_back_once(void)
{
    struct data data;
    shs_loader *loader;
    shs_batch batch, first, copy, late;
    if (!open_keeping(&data, &loader)) return;
    CHECK_STATUS(shs_next(loader, &first), SHS_OK);
    copy = late = first;
    CHECK_STATUS(shs_keep(&first), SHS_OK);
    CHECK_STATUS(shs_keep(&first), SHS_OK);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_STATUS(shs_give_back(&first), SHS_OK);
    CHECK(first.slot == NULL && first.rows == 0);
    CHECK_STATUS(shs_give_back(&first), SHS_OK); /* a zeroed batch */
    is_right(&copy);
    CHECK_STATUS(shs_give_back(&copy), SHS_OK);
    CHECK_STATUS(shs_keep(&late), SHS_ERROR_STATE);
    CHECK_HAS(shs_message(), "does not hold the batch of virtual rank 0, step 0 any more");
    CHECK_STATUS(shs_give_back(&late), SHS_ERROR_STATE);
    CHECK_HAS(shs_message(), "shs_give_back");
    copy = late = batch; /* the latest may be given back early, without shs_keep() */
    CHECK_STATUS(shs_give_back(&copy), SHS_OK);
    CHECK_STATUS(shs_give_back(&late), SHS_ERROR_STATE);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    is_right(&batch);
    shs_loader_close(&loader);
    data_close(&data);
}

static void *give_all_back(void *user)
{
    shs_batch *kept = user;
    for (size_t i = 0; i <= KEEP; i++) {
        is_right(&kept[i]);
        CHECK_STATUS(shs_give_back(&kept[i]), SHS_OK);
    }
    return NULL;
}

static void give_back_elsewhere(shs_batch *kept)
{
    pthread_t thread;
    if (!NEED(!pthread_create(&thread, NULL, give_all_back, kept))) return;
    pthread_join(thread, NULL);
}

/* Batches are read and given back after loader, dataset and run, in another thread. */
static void kept_batches_outlive_everything(void)
{
    struct counted_memory counted;
    struct data data;
    shs_loader *loader;
    shs_batch kept[KEEP + 1];
    counted_begin(&counted, 0);
    if (!open_keeping(&data, &loader)) return;
    for (size_t i = 0; i <= KEEP; i++) {
        CHECK_STATUS(shs_next(loader, &kept[i]), SHS_OK);
        CHECK_STATUS(shs_keep(&kept[i]), SHS_OK);
    }
    shs_loader_close(&loader);
    data_close(&data);
    CHECK(counted.live > 0);
    give_back_elsewhere(kept);
    CHECK_EQ(counted_end(&counted), 0);
}

/* ---- Memory of the program. */

struct own_memory {
    long live, calls, fail_at;
    size_t bytes, shift;
    shs_batch kept;
};

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    struct own_memory *own = user;
    void *memory;
    if (++own->calls == own->fail_at || !CHECK_EQ(alignment, 64)) return NULL;
    if (posix_memalign(&memory, alignment, bytes + own->shift)) return NULL;
    memset(memory, COUNTED_RUBBISH, bytes + own->shift);
    own->live++;
    own->bytes = bytes;
    return (char *)memory + own->shift;
}

static void release(void *user, void *memory, size_t bytes)
{
    struct own_memory *own = user;
    CHECK_EQ(bytes, own->bytes);
    free((char *)memory - own->shift);
    own->live--;
}

static shs_status open_in(const struct data *data, struct own_memory *own, shs_loader **loader)
{
    const shs_loader_options options = {.batch = BATCH,
                                        .epochs = 1,
                                        .augment = "images: cast(type=f32)",
                                        .keep = KEEP,
                                        .memory = {allocate, release, own}};
    return shs_loader_open(data->dataset, &options, loader);
}

static void batches_lie_in_memory_of_the_program(void)
{
    struct own_memory own = {0};
    struct data data;
    shs_loader *loader;
    shs_batch batch, kept;
    if (!data_open(&data) || !NEED_STATUS(open_in(&data, &own, &loader), SHS_OK)) return;
    CHECK_EQ(own.live, KEEP + 1);
    CHECK_STATUS(shs_next(loader, &kept), SHS_OK);
    CHECK_STATUS(shs_keep(&kept), SHS_OK);
    while (shs_next(loader, &batch) == SHS_OK)
        for (size_t f = 0; f < batch.fields; f++)
            CHECK_EQ((uintptr_t)batch.field[f].data % 64, 0);
    shs_loader_close(&loader);
    CHECK_EQ(own.live, 1);
    CHECK_STATUS(shs_give_back(&kept), SHS_OK);
    CHECK_EQ(own.live, 0);
    data_close(&data);
}

static void refused_memory_is_told(void)
{
    struct own_memory own = {.fail_at = KEEP}, odd = {.shift = 8};
    const shs_loader_options half = {.memory = {.allocate = allocate}};
    const shs_loader_options many = {.keep = 65537};
    struct data data;
    shs_loader *loader;
    if (!data_open(&data)) return;
    CHECK_STATUS(open_in(&data, &own, &loader), SHS_ERROR_MEMORY);
    CHECK_HAS(shs_message(), "memory.allocate gave no memory for a batch of ");
    CHECK_EQ(own.live, 0);
    CHECK_STATUS(open_in(&data, &odd, &loader), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "an address that is no multiple of 64");
    CHECK_EQ(odd.live, 0);
    CHECK_STATUS(shs_loader_open(data.dataset, &half, &loader), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "memory.allocate is given, but memory.release is NULL");
    CHECK_STATUS(shs_loader_open(data.dataset, &many, &loader), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "keep 65537; the most is 2^16");
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(kept_batches_stay),
        TEST(no_slot_is_not_sticky),
        TEST(a_batch_is_given_back_once),
        TEST(kept_batches_outlive_everything),
        TEST(batches_lie_in_memory_of_the_program),
        TEST(refused_memory_is_told),
    };
    int code = make_files() ? harness_run("keep", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
