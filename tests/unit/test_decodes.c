/* How often a loader decodes the chunks of a file, against the best that can be done. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "h5_write.h"
#include "load_order.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

#define NEVER UINT64_MAX

/* ---- files */

enum {
    ROWS = 965, /* 61 chunks of 16, the last one short */
    CHUNK_ROWS = 16,
    FILE_CHUNKS = 61,
    IMAGE_BYTES = 40,
    CHUNK_BYTES = CHUNK_ROWS * IMAGE_BYTES,
    LABEL_BYTES = 4,
    MOST_BATCHES = 3 * ROWS + 100
};

static char folder[PATH_BYTES], path[PATH_BYTES];

static unsigned char image_byte(uint64_t row, uint64_t i)
{
    return (unsigned char)(row * 7 + i * (1 + row / 256));
}

static bool write_file(void)
{
    static unsigned char images[ROWS][IMAGE_BYTES];
    static uint32_t labels[ROWS];
    const struct h5_storage storage = {.chunk_rows = CHUNK_ROWS, .deflate = 1};
    const shs_tensor image = {.type = SHS_U8, .axes = 2, .shape = {ROWS, IMAGE_BYTES}};
    const shs_tensor label = {.type = SHS_U32, .axes = 1, .shape = {ROWS}};
    struct h5_writer *writer;
    for (uint64_t row = 0; row < ROWS; row++) {
        labels[row] = (uint32_t)row;
        for (uint64_t i = 0; i < IMAGE_BYTES; i++)
            images[row][i] = image_byte(row, i);
    }
    return !h5_create(folder_path(folder, "rows.h5", path), &writer) &&
           !h5_create_array(writer, "images", &image, &storage) &&
           !h5_write_rows(writer, ROWS, images) &&
           !h5_create_array(writer, "labels", &label, &storage) &&
           !h5_write_rows(writer, ROWS, labels) && !h5_finish(&writer);
}

/* ---- what a loader decodes */

/* The chunks that each batch wants, in the order of delivery: a bit each. */
struct wants {
    uint64_t batches;
    uint64_t chunks[MOST_BATCHES];
    uint64_t vrank[MOST_BATCHES];
};

struct job {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

static bool job_open_of(struct job *job, const char *paths, const char *fields, uint64_t vranks,
                        size_t cache_bytes, const shs_loader_options *options)
{
    const shs_run_options run = {.seed = 5, .vranks = vranks};
    const shs_dataset_options data = {.cache_bytes = cache_bytes};
    *job = (struct job){0};
    return NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &run, &job->run), SHS_OK) &&
           NEED_STATUS(shs_dataset_open(job->run, paths, fields, &data, &job->data), SHS_OK) &&
           NEED_STATUS(shs_loader_open(job->data, options, &job->loader), SHS_OK);
}

/* Of the usual file. */
static bool job_open(struct job *job, uint64_t vranks, const char *fields, size_t cache_bytes,
                     const shs_loader_options *options)
{
    return job_open_of(job, path, fields, vranks, cache_bytes, options);
}

static void job_close(struct job *job)
{
    shs_loader_close(&job->loader);
    shs_dataset_close(&job->data);
    shs_close(&job->run);
}

static void seek_middle(struct job *job, uint64_t epoch)
{
    uint64_t steps = shs_epoch_steps(job->loader);
    CHECK_STATUS(shs_seek(job->loader, (shs_cursor){epoch, steps / 2, epoch * steps + steps / 2}),
                 SHS_OK);
}

static bool batch_is_right(const shs_batch *batch)
{
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        const unsigned char *image = (unsigned char *)batch->field[0].data + slot * IMAGE_BYTES;
        for (uint64_t i = 0; i < IMAGE_BYTES; i++)
            if (image[i] != image_byte(batch->index[slot], i))
                return WRONG("expected byte %llu = %u; came %u; step %llu, slot %llu, row %llu",
                             (unsigned long long)i, image_byte(batch->index[slot], i), image[i],
                             (unsigned long long)batch->step, (unsigned long long)slot,
                             (unsigned long long)batch->index[slot]);
        if (batch->fields > 1 &&
            !CHECK_EQ(((uint32_t *)batch->field[1].data)[slot], (uint32_t)batch->index[slot]))
            return false;
    }
    return true;
}

/* Takes the rest of an epoch and gives the chunks that were decoded for it. */
static uint64_t take_epoch(struct job *job, struct wants *wants)
{
    uint64_t before = shs_statistics(job->loader).chunks_decoded, wrong = 0;
    shs_batch batch = {0};
    wants->batches = 0;
    while (!batch.ends_epoch) {
        if (!NEED_STATUS(shs_next(job->loader, &batch), SHS_OK)) return 0;
        uint64_t chunks = 0;
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            chunks |= UINT64_C(1) << batch.index[slot] / CHUNK_ROWS;
        wrong += !batch_is_right(&batch);
        wants->vrank[wants->batches] = batch.vrank;
        wants->chunks[wants->batches++] = chunks;
    }
    CHECK_EQ(wrong, 0);
    return shs_statistics(job->loader).chunks_decoded - before;
}

/* When a chunk is wanted next, after a batch. */
static uint64_t wanted_next(const struct wants *wants, uint64_t chunk, uint64_t batch)
{
    for (uint64_t next = batch + 1; next < wants->batches; next++)
        if (wants->chunks[next] >> chunk & 1) return next;
    return NEVER;
}

/* The fewest that can be decoded for batches [0, end) with room for `room` chunks, if those in
 * *kept are there: after each batch those are kept, of the ones at hand, that are wanted soonest.
 */
static uint64_t fewest_from(const struct wants *wants, uint64_t end, uint64_t room, uint64_t *kept)
{
    uint64_t decoded = 0;
    for (uint64_t batch = 0; batch < end; batch++) {
        uint64_t at_hand = *kept | wants->chunks[batch];
        decoded += (uint64_t)__builtin_popcountll(wants->chunks[batch] & ~*kept);
        for (uint64_t n = (uint64_t)__builtin_popcountll(at_hand); n > room; n--) {
            uint64_t latest = 0, latest_next = 0;
            for (uint64_t chunk = 0; chunk < FILE_CHUNKS; chunk++) {
                uint64_t next = at_hand >> chunk & 1 ? wanted_next(wants, chunk, batch) : 0;
                if (next > latest_next) latest = chunk, latest_next = next;
            }
            at_hand &= ~(UINT64_C(1) << latest);
        }
        *kept = at_hand;
    }
    return decoded;
}

static uint64_t fewest(const struct wants *wants, uint64_t room)
{
    uint64_t kept = 0;
    return fewest_from(wants, wants->batches, room, &kept);
}

/* The rest of an epoch. */
static void check_fewest(struct job *job, uint64_t room)
{
    static struct wants wants;
    uint64_t decoded = take_epoch(job, &wants);
    CHECK_IS(decoded, <=, fewest(&wants, room));
}

/* In passes over all rows as well, up to three. */
static void check_full(uint64_t vranks, uint64_t batch, uint64_t room, shs_shard shard,
                       uint64_t epoch_rows)
{
    static struct wants wants;
    const shs_loader_options options = {
        .batch = batch, .shard = shard, .sampling = {.epoch_rows = epoch_rows}};
    const size_t bytes = room ? (size_t)room * CHUNK_BYTES : 1;
    struct job job;
    harness_where("V %d, batches of %d, %d rows an epoch, room for %d chunks, epoch 0", (int)vranks,
                  (int)batch, (int)epoch_rows, (int)room);
    if (!job_open(&job, vranks, "images", bytes, &options)) return;
    uint64_t decoded = take_epoch(&job, &wants);
    CHECK_EQ(decoded, fewest(&wants, room));
    CHECK_IS(shs_statistics(job.loader).cached_bytes, <=, bytes);
    /* what is kept from one epoch may help the next */
    harness_where("V %d, batches of %d, %d rows an epoch, room for %d chunks, epochs 1 and 2",
                  (int)vranks, (int)batch, (int)epoch_rows, (int)room);
    check_fewest(&job, room);
    seek_middle(&job, 2);
    check_fewest(&job, room);
    job_close(&job);
}

/* A full shuffle of 16-row chunks, with room for a third of them and for others. */
static void a_full_shuffle_decodes_as_few_chunks_as_can_be(void)
{
    static const uint64_t rooms[] = {20, 0, 1, 7, 40, FILE_CHUNKS - 1};
    static const uint64_t batches[] = {32, 1, 8, 100};
    for (size_t r = 0; r < COUNT(rooms); r++)
        for (size_t b = 0; b < COUNT(batches); b++) {
            check_full(1, batches[b], rooms[r], SHS_SHARD_GLOBAL, 0);
            check_full(3, batches[b], rooms[r], SHS_SHARD_GLOBAL, 0);
            check_full(3, batches[b], rooms[r], SHS_SHARD_GLOBAL, r % 2 ? 3 * ROWS : 700);
        }
    check_full(3, 32, 7, SHS_SHARD_FIXED, 0);
    check_full(5, 1, 3, SHS_SHARD_FIXED, 0);
}

/* After some batches of one row the loader goes back: what it has kept by then is judged anew. */
static void going_back_finds_what_was_kept(void)
{
    static struct wants wants;
    const shs_loader_options options = {.batch = 1};
    for (uint64_t room = 5; room < 50; room += 15) {
        uint64_t kept = 0;
        struct job job;
        shs_batch batch;
        if (!job_open(&job, 1, "images", (size_t)room * CHUNK_BYTES, &options)) return;
        take_epoch(&job, &wants);
        job_close(&job);
        if (!job_open(&job, 1, "images", (size_t)room * CHUNK_BYTES, &options)) return;
        for (int i = 0; i < ROWS / 2; i++)
            CHECK_STATUS(shs_next(job.loader, &batch), SHS_OK);
        CHECK_EQ(shs_statistics(job.loader).chunks_decoded,
                 fewest_from(&wants, ROWS / 2, room, &kept));
        CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0}), SHS_OK);
        CHECK_EQ(take_epoch(&job, &wants), fewest_from(&wants, ROWS, room, &kept));
        job_close(&job);
    }
}

static void file_order_decodes_each_chunk_once(void)
{
    static struct wants wants;
    for (uint64_t vranks = 1; vranks < 4; vranks++) {
        const shs_loader_options options = {.batch = 11, .shuffle = SHS_SHUFFLE_NONE};
        struct job job;
        if (!job_open(&job, vranks, "images", CHUNK_BYTES, &options)) return;
        CHECK_EQ(take_epoch(&job, &wants), FILE_CHUNKS);
        CHECK_IS(take_epoch(&job, &wants), <=, FILE_CHUNKS);
        job_close(&job);
    }
}

/* ---- chunks of many rows */

enum {
    LONG_ROWS = 20000,
    LONG_CHUNK = 10000, /* rows of a chunk of the narrow field */
    WIDE_CHUNK = 50,
    WIDE_BYTES = 64
};

static bool write_long_file(const char *name)
{
    static unsigned char wide[LONG_ROWS][WIDE_BYTES], narrow[LONG_ROWS];
    const shs_tensor wide_rows = {.type = SHS_U8, .axes = 2, .shape = {LONG_ROWS, WIDE_BYTES}};
    const shs_tensor narrow_rows = {.type = SHS_U8, .axes = 1, .shape = {LONG_ROWS}};
    struct h5_writer *writer;
    for (size_t row = 0; row < LONG_ROWS; row++)
        wide[row][row % WIDE_BYTES] = narrow[row] = (unsigned char)(row / 3);
    return NEED(!h5_create(name, &writer) &&
                !h5_create_array(writer, "wide", &wide_rows,
                                 &(struct h5_storage){.chunk_rows = WIDE_CHUNK, .deflate = 1}) &&
                !h5_write_rows(writer, LONG_ROWS, wide) &&
                !h5_create_array(writer, "narrow", &narrow_rows,
                                 &(struct h5_storage){.chunk_rows = LONG_CHUNK, .deflate = 1}) &&
                !h5_write_rows(writer, LONG_ROWS, narrow) && !h5_finish(&writer));
}

/* A chunk of very many rows stays as long as any of them is to come, with room for it and for
 * `wide` of another field. Gives the chunks that were decoded in an epoch. */
static uint64_t decode_long(const char *name, const shs_loader_options *options, size_t wide)
{
    const size_t room = LONG_CHUNK + wide * WIDE_CHUNK * WIDE_BYTES;
    struct job job;
    shs_batch batch = {0};
    bool good = job_open_of(&job, name, "wide,narrow", 1, room, options);
    while (good && !batch.ends_epoch)
        good = !shs_next(job.loader, &batch);
    uint64_t decoded = NEED(good) ? shs_statistics(job.loader).chunks_decoded : 0;
    job_close(&job);
    return decoded;
}

static void chunks_of_many_rows_are_kept(void)
{
    char name[PATH_BYTES];
    if (!write_long_file(folder_path(folder, "long.h5", name))) return;
    const uint64_t all = LONG_ROWS / WIDE_CHUNK + LONG_ROWS / LONG_CHUNK;
    const shs_loader_options ordered = {.shuffle = SHS_SHUFFLE_NONE, .batch = 32};
    for (size_t wide = 1; wide < 9; wide++)
        CHECK_EQ(decode_long(name, &ordered, wide), all);
    const shs_loader_options blocks = {
        .shuffle = SHS_SHUFFLE_BLOCKS, .batch = 32, .blocks = {.rows = LONG_CHUNK, .window = 1}};
    CHECK_EQ(decode_long(name, &blocks, LONG_CHUNK / WIDE_CHUNK), all);
}

/* ---- where all fits, and blocks */

/* Where all fits, the first epoch decodes everything and the others nothing. */
static void what_fits_is_decoded_once(void)
{
    static struct wants wants;
    for (int shuffle = 0; shuffle < 3; shuffle++)
        for (uint32_t threads = 0; threads < 6; threads += 5) {
            const shs_loader_options options = {.shuffle = (shs_shuffle)shuffle,
                                                .threads = threads};
            const size_t room = FILE_CHUNKS * CHUNK_ROWS * (size_t)(IMAGE_BYTES + LABEL_BYTES);
            struct job job;
            if (!job_open(&job, 3, "images,labels", room, &options)) return;
            CHECK_EQ(take_epoch(&job, &wants), 2 * FILE_CHUNKS);
            CHECK_EQ(take_epoch(&job, &wants), 0);
            CHECK_EQ(take_epoch(&job, &wants), 0);
            CHECK_EQ(shs_statistics(job.loader).rows, 3 * ROWS);
            job_close(&job);
        }
}

/* Chunks that each virtual rank wants, summed: what must be decoded if only chunks at cuts are
 * decoded twice. */
static uint64_t count_owned(const struct wants *wants, uint64_t vranks)
{
    uint64_t owned[16] = {0}, sum = 0;
    for (uint64_t i = 0; i < wants->batches; i++)
        owned[wants->vrank[i]] |= wants->chunks[i];
    for (uint64_t vrank = 0; vrank < vranks; vrank++)
        sum += (uint64_t)__builtin_popcountll(owned[vrank]);
    return sum;
}

/* With blocks of one chunk, or of two, and room for the window of each virtual rank and two blocks
 * more. */
static void check_blocks(uint64_t vranks, uint64_t batch, uint64_t window, uint64_t chunks,
                         shs_shard shard)
{
    static struct wants wants;
    const shs_loader_options options = {.batch = batch,
                                        .shuffle = SHS_SHUFFLE_BLOCKS,
                                        .shard = shard,
                                        .blocks = {.rows = chunks * CHUNK_ROWS, .window = window},
                                        .threads = (uint32_t)(batch % 4)};
    const size_t chunk = CHUNK_ROWS * (size_t)(IMAGE_BYTES + LABEL_BYTES);
    struct job job;
    if (!job_open(&job, vranks, "images,labels", (vranks * window + 2) * chunks * chunk, &options))
        return;
    for (int epoch = 0; epoch < 4; epoch++) {
        harness_where("%s shards, V %d, batches of %d, windows of %d, epoch %d",
                      shard ? "fixed" : "global", (int)vranks, (int)batch, (int)window, epoch);
        if (epoch > 1) seek_middle(&job, epoch == 2 ? 1 : 7);
        uint64_t decoded = take_epoch(&job, &wants), owned = count_owned(&wants, vranks);
        uint64_t least = epoch ? 0 : 2 * FILE_CHUNKS;
        CHECK_IS(owned, <, FILE_CHUNKS + 2 * vranks);
        CHECK_IS(decoded, >=, least);
        CHECK_IS(decoded, <=, 2 * owned);
    }
    job_close(&job);
}

static void blocks_decode_each_chunk_once(void)
{
    static const uint64_t batches[] = {1, 5, 16, 32, 100, 400};
    for (uint64_t vranks = 1; vranks < 9; vranks += vranks < 3 ? 1 : 2)
        for (size_t b = 0; b < COUNT(batches); b++)
            for (uint64_t window = 1; window < 8; window += 3) {
                check_blocks(vranks, batches[b], window, 1, SHS_SHARD_GLOBAL);
                check_blocks(vranks, batches[b], window, 2, SHS_SHARD_GLOBAL);
                check_blocks(vranks, batches[b], window, 1, SHS_SHARD_FIXED);
                check_blocks(vranks, batches[b], window, 2, SHS_SHARD_FIXED);
            }
}

/* ---- foresight */

/* The first batch of one row after that of number `now` that takes a row of [first, end). */
static uint64_t next_by_search(const uint64_t *rows, uint64_t places, uint64_t now, uint64_t first,
                               uint64_t end)
{
    for (uint64_t next = now + 1; next < places; next++)
        if (rows[next] >= first && rows[next] < end) return next;
    return NEVER;
}

static void check_foresight(const struct load_order_how *how, const shs_loader_options *options)
{
    static uint64_t rows[3 * ROWS];
    struct load_order order;
    struct load_epoch walked = {0}, asked = {0};
    if (!NEED(!load_order_open(how, options, &order))) return;
    uint64_t places = order.order.shape.samples;
    for (uint64_t epoch = 0; epoch < 5; epoch++) {
        if (CHECK_STATUS(load_epoch_begin(&order, epoch, &walked), SHS_OK))
            CHECK_STATUS(load_epoch_begin(&order, epoch, &asked), SHS_OK);
        for (uint64_t i = 0; i < places; i++)
            CHECK(!load_epoch_rows(&walked, 0, (struct order_slice){i, 1, 1}, 1, &rows[i]));
        for (uint64_t first = 0; first + CHUNK_ROWS < ROWS; first += CHUNK_ROWS)
            CHECK_EQ(load_epoch_next_use(&asked, first, CHUNK_ROWS, CHUNK_ROWS, 0, 0, 1),
                     next_by_search(rows, places, 0, first, first + CHUNK_ROWS));
    }
    load_epoch_free(&walked);
    load_epoch_free(&asked);
    load_order_close(&order);
}

/* When the chunks that are kept come next is known as soon as an epoch begins, before it has given
 * a row; passes go on from the epoch before. */
static void an_epoch_that_begins_knows_its_rows(void)
{
    static const uint64_t lengths[] = {0, 100, 700, 1500, 2 * ROWS, 2 * ROWS + 7},
                          whole[] = {0, ROWS}, two[] = {0, 400, ROWS}, ratio[] = {3, 1};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct load_order_how how = {.vranks = 1, .bounds = whole, .sources = 1};
        shs_loader_options options = {
            .shuffle = SHS_SHUFFLE_NONE, .batch = 1, .sampling = {.epoch_rows = lengths[i]}};
        check_foresight(&how, &options);
        how.bounds = two, how.sources = 2;
        options.sampling.mix = ratio, options.sampling.n_mix = 2;
        check_foresight(&how, &options);
    }
}

/* ---- passes over several sources */

/* Of several sources that are mixed, blocks begin within chunks: most chunks are decoded twice, if
 * there is room for twice the window. */
static void check_passes(const char *paths, const shs_loader_options *options, uint64_t vranks)
{
    const size_t room = vranks * 2 * options->blocks.window + 2;
    struct job job;
    bool good = job_open_of(&job, paths, "images", vranks, room * CHUNK_BYTES, options);
    for (uint64_t epoch = 0, before = 0; NEED(good) && epoch < 4; epoch++) {
        shs_batch batch = {0};
        uint64_t rows = 0;
        for (; good && !batch.ends_epoch; rows += batch.rows)
            good = !shs_next(job.loader, &batch);
        uint64_t decoded = shs_statistics(job.loader).chunks_decoded - before;
        harness_where("V %d, epoch %d, %d rows", (int)vranks, (int)epoch, (int)rows);
        CHECK_IS(decoded, >, 0);
        CHECK_IS(decoded, <=, 2 * (rows / CHUNK_ROWS) + vranks + 2);
        before += decoded;
    }
    job_close(&job);
}

static void passes_in_blocks_decode_each_chunk_twice(void)
{
    static const uint64_t ratio[] = {5, 2, 3}, lengths[] = {0, 700, 3000};
    char paths[3 * sizeof path];
    snprintf(paths, sizeof paths, "%s,%s,%s", path, path, path);
    for (uint64_t vranks = 1; vranks < 5; vranks++)
        for (size_t i = 0; i < COUNT(lengths); i++) {
            shs_loader_options options = {
                .shuffle = SHS_SHUFFLE_BLOCKS,
                .batch = 32,
                .blocks = {.window = 4},
                .sampling = {.epoch_rows = lengths[i], .repeats = lengths[i] ? 0 : 2}};
            check_passes(path, &options, vranks);
            options.sampling.mix = ratio, options.sampling.n_mix = 3;
            check_passes(paths, &options, vranks);
        }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_full_shuffle_decodes_as_few_chunks_as_can_be),
        TEST(going_back_finds_what_was_kept),
        TEST(file_order_decodes_each_chunk_once),
        TEST(chunks_of_many_rows_are_kept),
        TEST(what_fits_is_decoded_once),
        TEST(blocks_decode_each_chunk_once),
        TEST(an_epoch_that_begins_knows_its_rows),
        TEST(passes_in_blocks_decode_each_chunk_twice),
    };
    if (!folder_make(folder)) return 2;
    int code = write_file() ? harness_main("decodes", tests, COUNT(tests), argc, argv) : 2;
    folder_remove(folder);
    return code;
}
