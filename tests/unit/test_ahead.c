/* The same bytes, whatever threads do: loading ahead or not, blocking or polling, batches kept or
 * not, a batch for each virtual rank or for a step. */
#include <stdio.h>
#include <string.h>

#include "ahead_scene.h"
#include "shardstep/times.h"

enum {
    EPOCHS = 2,
    MOST_BATCHES = EPOCHS * VRANKS * (ROWS / (VRANKS * BATCH) + 1),
    KEPT = 3
};

/* How batches are asked for. */
struct way {
    uint32_t ahead, threads;
    bool polls, keeps, steps;
};

struct record {
    struct core_digest digest[MOST_BATCHES];
    uint64_t count;
};

static struct core_hash *hash;

static void note(struct record *record, const shs_batch *batch)
{
    const uint64_t what[] = {batch->vrank, batch->epoch,     batch->epoch_step, batch->step,
                             batch->rows,  batch->count,     batch->step_rows,  batch->fields,
                             batch->seed,  batch->ends_step, batch->ends_epoch};
    if (!NEED(record->count < MOST_BATCHES)) return;
    core_hash_reset(hash);
    core_hash_add(hash, what, sizeof what);
    core_hash_add(hash, batch->index, batch->rows * sizeof *batch->index);
    for (size_t f = 0; f < batch->fields; f++) {
        size_t bytes = 0;
        CHECK_STATUS(shs_tensor_bytes(&batch->field[f], &bytes), SHS_OK);
        core_hash_add(hash, batch->field[f].data, bytes);
    }
    record->digest[record->count++] = core_hash_digest(hash);
}

static void note_all(struct record *record, const shs_batch *batch)
{
    if (!batch->parts) note(record, batch);
    for (size_t i = 0; i < batch->parts; i++)
        note(record, &batch->part[i]);
}

static shs_status ask(shs_loader *loader, const struct way *way, shs_batch *batch)
{
    shs_cursor cursor = shs_tell(loader);
    shs_status status = way->polls ? shs_try_next(loader, batch) : shs_next(loader, batch);
    for (; status == SHS_NOT_READY; status = shs_try_next(loader, batch)) {
        CHECK(batch->slot == NULL && shs_tell(loader).step == cursor.step);
        usleep(20);
    }
    return status;
}

/* Batches that are kept are looked at when KEPT more have come. */
static void record_loader(shs_loader *loader, const struct way *way, struct record *record)
{
    shs_batch kept[KEPT] = {{0}}, batch;
    uint64_t count = 0;
    shs_status status;
    record->count = 0;
    while ((status = ask(loader, way, &batch)) == SHS_OK) {
        if (!way->keeps) {
            note_all(record, &batch);
        } else {
            shs_batch *oldest = &kept[count++ % KEPT];
            if (oldest->slot) {
                note_all(record, oldest);
                CHECK_STATUS(shs_give_back(oldest), SHS_OK);
            }
            CHECK_STATUS(shs_keep(&batch), SHS_OK);
            *oldest = batch;
        }
        if (batch.ends_step) CHECK_STATUS(shs_agree(loader->dataset->run), SHS_OK);
    }
    CHECK_STATUS(status, SHS_END);
    for (uint64_t i = 0; i < KEPT; i++) {
        shs_batch *oldest = &kept[(count + i) % KEPT];
        if (!oldest->slot) continue;
        note_all(record, oldest);
        CHECK_STATUS(shs_give_back(oldest), SHS_OK);
    }
}

static void record_way(const struct data *data, const struct way *way, shs_shuffle shuffle,
                       struct record *record)
{
    const shs_loader_options options = {.batch = BATCH,
                                        .epochs = EPOCHS,
                                        .shuffle = shuffle,
                                        .augment = augmentation,
                                        .ahead = way->ahead,
                                        .threads = way->threads,
                                        .keep = KEPT,
                                        .step_batches = way->steps};
    shs_loader *loader;
    if (!NEED_STATUS(shs_loader_open(data->dataset, &options, &loader), SHS_OK)) return;
    record_loader(loader, way, record);
    CHECK_EQ(shs_statistics(loader).epochs_verified, EPOCHS);
    CHECK_EQ(shs_statistics(loader).rows, EPOCHS * ROWS);
    shs_loader_close(&loader);
}

static void compare(const struct record *due, const struct record *came)
{
    CHECK_EQ(came->count, due->count);
    for (uint64_t i = 0; i < due->count; i++)
        if (!CHECK_BYTES(&came->digest[i], &due->digest[i], sizeof due->digest[i])) return;
}

static void compare_ways(const char *fields, shs_shuffle shuffle, size_t cache_bytes)
{
    static const uint32_t depths[] = {0, 1, 7}, threads[] = {0, 1, 2, 5};
    static struct record due, came;
    struct data data;
    if (!open_within(&data, fields, cache_bytes)) return;
    record_way(&data, &(struct way){0}, shuffle, &due);
    CHECK_IS(due.count, >=, EPOCHS * ROWS / BATCH);
    for (size_t i = 0; i < COUNT(depths) * COUNT(threads) * 8; i++) {
        const struct way way = {.ahead = depths[i / 8 / COUNT(threads)],
                                .threads = threads[i / 8 % COUNT(threads)],
                                .polls = i & 1,
                                .keeps = i & 2,
                                .steps = i & 4};
        harness_where("%s, shuffle %d, ahead %u, threads %u%s%s%s", fields, (int)shuffle, way.ahead,
                      way.threads, way.polls ? ", polling" : "", way.keeps ? ", kept" : "",
                      way.steps ? ", step batches" : "");
        data_close(&data); /* lanes are the first to want anything of a new dataset */
        if (!open_within(&data, fields, cache_bytes)) return;
        record_way(&data, &way, shuffle, &came);
        compare(&due, &came);
    }
    harness_where(NULL);
    data_close(&data);
}

static void all_ways_give_the_same_bytes(void)
{
    delays_begin();
    compare_ways(all_fields, SHS_SHUFFLE_FULL, 4 * CHUNK_ROWS * COLUMNS * 4);
    compare_ways(direct_fields, SHS_SHUFFLE_BLOCKS, 1);
    compare_ways(all_fields, SHS_SHUFFLE_FULL, 0);
    delays_end();
}

/* With more files than may be open, batches ahead hold no more of them than one at a time does. */
static void scarce_files_give_the_same_bytes(void)
{
    static struct record due, came;
    struct data data;
    if (!open_within(&data, all_fields, 1)) return;
    record_way(&data, &(struct way){0}, SHS_SHUFFLE_FULL, &due);
    data.dataset->files.most_open = 1;
    delays_begin();
    for (uint32_t ahead = 0; ahead <= 7; ahead++) {
        harness_where("ahead %u", ahead);
        record_way(&data, &(struct way){.ahead = ahead, .threads = 3, .polls = ahead % 2},
                   SHS_SHUFFLE_FULL, &came);
        compare(&due, &came);
        CHECK_EQ(data.dataset->files.n_held, 0);
    }
    harness_where(NULL);
    delays_end();
    data_close(&data);
}

/* ---- Seeks. */

/* A full ring is dropped by a seek; the batches from its cursor on are those that came before. */
static void a_seek_empties_the_ring(void)
{
    static const struct way way = {.ahead = 7, .threads = 2};
    static struct record due, came;
    const shs_loader_options options = {
        .batch = BATCH, .epochs = EPOCHS, .augment = augmentation, .ahead = 7, .threads = 2};
    shs_loader *loader;
    struct data data;
    shs_batch batch;
    uint64_t seed = 3;
    if (!open_fields(&data, all_fields)) return;
    record_way(&data, &(struct way){0}, SHS_SHUFFLE_FULL, &due);
    delays_begin();
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    uint64_t steps = shs_epoch_steps(loader);
    for (int round = 0; round < 30; round++) {
        uint64_t step = judge_random(&seed) % (EPOCHS * steps), take = judge_random(&seed) % 9;
        harness_where("round %d, step %llu", round, (ull)step);
        CHECK_STATUS(shs_seek(loader, (shs_cursor){step / steps, step % steps, step}), SHS_OK);
        came.count = 0;
        for (uint64_t i = 0; i < take && ask(loader, &way, &batch) == SHS_OK; i++)
            note(&came, &batch);
        CHECK_BYTES(came.digest, due.digest + step * VRANKS, came.count * sizeof *came.digest);
        CHECK_EQ(shs_tell(loader).step, step + came.count / VRANKS);
    }
    harness_where(NULL);
    shs_loader_close(&loader);
    delays_end();
    data_close(&data);
}

/* One batch by itself, as the command replay makes it. */
static void a_batch_is_replayed(void)
{
    static struct record due, came;
    struct data data;
    shs_batch batch;
    if (!open_fields(&data, all_fields)) return;
    record_way(&data, &(struct way){0}, SHS_SHUFFLE_FULL, &due);
    for (int steps = 0; steps < 2; steps++) {
        const shs_loader_options options = {.batch = BATCH,
                                            .augment = augmentation,
                                            .ahead = 2,
                                            .threads = 2,
                                            .step_batches = steps};
        shs_loader *loader;
        CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
        for (uint64_t number = 0; number < 12; number++) {
            uint64_t step = number * 5 / VRANKS, vrank = number * 5 % VRANKS;
            const shs_cursor cursor = {step / shs_epoch_steps(loader),
                                       step % shs_epoch_steps(loader), step};
            came.count = 0;
            CHECK_STATUS(load_replay(loader, cursor, vrank, &batch), SHS_OK);
            note(&came, &batch);
            CHECK_BYTES(came.digest, &due.digest[number * 5], sizeof *came.digest);
        }
        shs_loader_close(&loader);
    }
    data_close(&data);
}

/* ---- Waiting. */

/* A try reads at most one piece that only HDF5 can read, and no try delivers what is not there. */
static void a_try_reads_one_piece(void)
{
    const shs_loader_options options = {.batch = BATCH, .epochs = 1, .ahead = 1, .threads = 1};
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    uint64_t tries = 1;
    if (!open_fields(&data, "odd")) return;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    for (; shs_try_next(loader, &batch) == SHS_NOT_READY && tries < 1000000; tries++)
        usleep(10);
    CHECK_EQ(batch.rows, BATCH);
    CHECK_IS(tries, >, 3); /* rows that are no neighbours are pieces of their own */
    shs_loader_close(&loader);
    data_close(&data);
}

/* NOT_READY is given back while a lane dawdles, and the ring holds no more than it may. */
static _Atomic bool held_up;

static void hold_up(void)
{
    while (atomic_load(&held_up))
        usleep(50);
}

static void not_ready_is_told(void)
{
    const shs_loader_options options = {.batch = BATCH, .epochs = 1, .ahead = 2, .threads = 2};
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    if (!open_fields(&data, direct_fields)) return;
    atomic_store(&held_up, true);
    load_lanes_delay = hold_up;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    for (int i = 0; i < 5; i++)
        CHECK_STATUS(shs_try_next(loader, &batch), SHS_NOT_READY);
    CHECK_EQ(shs_tell(loader).step, 0);
    CHECK_STATUS(shs_agree(data.run), SHS_OK);
    atomic_store(&held_up, false);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_EQ(batch.rows, BATCH);
    shs_loader_close(&loader);
    load_lanes_delay = NULL;
    data_close(&data);
}

static void hold_up_a_while(void)
{
    for (int i = 0; i < 100 && atomic_load(&held_up); i++)
        usleep(50);
}

/* Opens a loader whose thread is slow. Returns whether the calling thread filled a batch. */
static bool caller_helps(struct data *data)
{
    const shs_loader_options options = {.batch = BATCH, .augment = augmentation, .ahead = 1};
    shs_loader *loader;
    shs_batch batch;
    CHECK_STATUS(shs_loader_open(data->dataset, &options, &loader), SHS_OK);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_EQ(batch.rows, BATCH);
    bool helps = shs_times_of_lane(loader, 0).augmenting > 0;
    shs_loader_close(&loader);
    return helps;
}

/* shs_next() does the work of threads that are slow, unless they came first each time. */
static void the_caller_helps(void)
{
    struct data data;
    bool helps = false;
    if (!open_fields(&data, direct_fields)) return;
    atomic_store(&held_up, true);
    load_lanes_delay = hold_up_a_while;
    for (int i = 0; i < 100 && !helps; i++)
        helps = caller_helps(&data);
    CHECK(helps);
    atomic_store(&held_up, false);
    load_lanes_delay = NULL;
    data_close(&data);
}

static void a_stop_stops_the_ring(void)
{
    const shs_loader_options options = {.batch = BATCH, .ahead = 3, .threads = 2};
    struct data data;
    shs_loader *loader;
    shs_batch batch;
    if (!open_fields(&data, all_fields)) return;
    delays_begin();
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    for (int i = 0; i < VRANKS; i++)
        CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK_IS(data.dataset->files.n_held, >, 0);
    shs_request_stop(data.run);
    CHECK_STATUS(shs_agree(data.run), SHS_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(i % 2 ? shs_next(loader, &batch) : shs_try_next(loader, &batch), SHS_STOP);
        CHECK_EQ(data.dataset->files.n_held, 0);
    }
    CHECK_EQ(shs_tell(loader).step, 1);
    shs_loader_close(&loader);
    delays_end();
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(all_ways_give_the_same_bytes),
        TEST(scarce_files_give_the_same_bytes),
        TEST(a_seek_empties_the_ring),
        TEST(a_batch_is_replayed),
        TEST(a_try_reads_one_piece),
        TEST(not_ready_is_told),
        TEST(the_caller_helps),
        TEST(a_stop_stops_the_ring),
    };
    int code =
        make_all_files() && !core_hash_new(&hash) ? harness_run("ahead", tests, COUNT(tests)) : 1;
    core_hash_free(&hash);
    folder_remove(folder);
    return code;
}
