/* Lanes that share decoded chunks: what they read, decode, keep and report, compared with what one
 * lane alone does. */
#include <fcntl.h>
#include <hdf5.h>
#include <pthread.h>
#include <unistd.h>

#include "core_memory.h"
#include "fetch.h"
#include "fetch_work.h"
#include "io_crc32c.h"
#include "judge.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES], path[PATH_BYTES];

/* ---- A file: rows of u32, each known by its place, in deflated chunks and contiguous. */

enum {
    ROWS = 1200,
    COLUMNS = 50,
    HEIGHT = 10, /* rows of a chunk */
    CHUNKS = ROWS / HEIGHT,
    CHUNK_BYTES = HEIGHT * COLUMNS * 4
};

static uint32_t element(uint64_t row, uint64_t column)
{
    uint64_t state = row * COLUMNS + column;
    return (uint32_t)(judge_random(&state) % 1000 << 16 | row);
}

static void write_dataset(hid_t file, const char *name, hid_t list)
{
    static uint32_t elements[ROWS][COLUMNS];
    const hsize_t shape[2] = {ROWS, COLUMNS};
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t data = H5Dcreate2(file, name, H5T_STD_U32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    for (uint64_t row = 0; row < ROWS; row++)
        for (uint64_t column = 0; column < COLUMNS; column++)
            elements[row][column] = element(row, column);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0);
    if (CHECK(H5Dclose(data) >= 0)) CHECK(H5Sclose(space) >= 0);
}

static void make_file(void)
{
    const hsize_t chunk[2] = {HEIGHT, COLUMNS};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Pset_deflate(list, 3);
    H5Pset_fletcher32(list);
    write_dataset(file, "chunked", list);
    write_dataset(file, "plain", H5P_DEFAULT);
    if (CHECK(H5Pclose(list) >= 0)) CHECK(H5Fclose(file) >= 0);
}

/* Changes a byte of a chunk, so that its checksum is wrong. */
static void damage(uint64_t chunk)
{
    hsize_t corner[2] = {chunk * HEIGHT, 0}, bytes;
    unsigned mask;
    haddr_t address = HADDR_UNDEF;
    unsigned char byte = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "chunked", H5P_DEFAULT);
    CHECK(H5Dget_chunk_info_by_coord(data, corner, &mask, &address, &bytes) >= 0);
    if (CHECK(H5Dclose(data) >= 0)) CHECK(H5Fclose(file) >= 0);
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    CHECK_EQ(pread(descriptor, &byte, 1, (off_t)(address + bytes / 2)), 1);
    byte ^= 0x10;
    CHECK_EQ(pwrite(descriptor, &byte, 1, (off_t)(address + bytes / 2)), 1);
    CHECK_EQ(close(descriptor), 0);
}

/* ---- Batches: random rows of both fields. */

enum {
    BATCHES = 150,
    BATCH = 12,
    MOST_LANES = 5
};

struct batch {
    uint64_t row[BATCH];
    uint32_t chunked[BATCH][COLUMNS], plain[BATCH][COLUMNS];
    shs_status status;
    char message[CORE_MESSAGE_BYTES];
};

static struct batch batches[BATCHES];

/* What the lanes work at. */
static struct {
    struct data_field chunked, plain;
    uint64_t cache_bytes, most_bytes; /* most bytes seen in the store */
    bool foresees;
    pthread_mutex_t lock;
    size_t next; /* the batch that is taken next */
    struct fetch_counts counts;
} work = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool open_fields(void)
{
    struct h5_file *file;
    const struct data_field_how how = {0};
    bool good = NEED_STATUS(h5_open(path, &file), SHS_OK) &&
                NEED_STATUS(data_field_open(file, path, "chunked", &how, &work.chunked), SHS_OK) &&
                NEED_STATUS(data_field_open(file, path, "plain", &how, &work.plain), SHS_OK) &&
                NEED(work.chunked.direct && work.plain.direct);
    work.chunked.key = 1;
    h5_close(&file);
    return good;
}

static void close_fields(void)
{
    data_field_close(&work.chunked);
    data_field_close(&work.plain);
}

/* Draws rows among the first `rows`. */
static void draw_batches(uint64_t seed, uint64_t rows)
{
    for (size_t b = 0; b < BATCHES; b++)
        for (size_t i = 0; i < BATCH; i++)
            batches[b].row[i] = judge_random(&seed) % rows;
}

static bool batch_is_right(const struct batch *batch)
{
    for (size_t i = 0; i < BATCH; i++)
        for (uint64_t column = 0; column < COLUMNS; column++)
            if (batch->chunked[i][column] != element(batch->row[i], column) ||
                batch->plain[i][column] != element(batch->row[i], column))
                return WRONG("expected element %u; came %u and %u; row %llu, column %llu",
                             element(batch->row[i], column), batch->chunked[i][column],
                             batch->plain[i][column], (ull)batch->row[i], (ull)column);
    return true;
}

/* Returns the next batch, after batch *user, that wants a row. */
static uint64_t find_use(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    const size_t *now = user;
    (void)key;
    for (size_t b = *now + 1; b < BATCHES; b++)
        for (size_t i = 0; i < BATCH; i++)
            if (batches[b].row[i] >= first && batches[b].row[i] < first + count) return b;
    return UINT64_MAX;
}

/* ---- Lanes. */

struct lane {
    struct fetcher *fetcher;
    pthread_t thread;
};

static void fetch_batch(struct fetcher *fetcher, size_t b, uint64_t ticket,
                        struct fetch_counts *counts)
{
    struct batch *batch = &batches[b];
    struct fetch_piece pieces[2 * BATCH];
    const struct fetch_foresight foresight = {find_use, &b};
    const struct fetch_means means = {.fetcher = fetcher,
                                      .threads = 1 + b % 2,
                                      .foresight = work.foresees ? &foresight : NULL,
                                      .order = b / (BATCHES / 2),
                                      .ticket = ticket};
    memset(batch->chunked, 0xEE, sizeof batch->chunked);
    for (size_t i = 0; i < BATCH; i++) {
        pieces[i] = (struct fetch_piece){&work.chunked,     batch->row[i], 1,
                                         batch->chunked[i], FETCH_TAKEN,   NULL};
        pieces[BATCH + i] =
            (struct fetch_piece){&work.plain, batch->row[i], 1, batch->plain[i], FETCH_TAKEN, NULL};
    }
    batch->status = fetch_pieces(&means, pieces, COUNT(pieces), counts);
    snprintf(batch->message, sizeof batch->message, "%s", batch->status ? shs_message() : "");
}

static void *serve(void *argument)
{
    struct lane *lane = argument;
    struct fetch_counts counts = {0};
    uint64_t most = 0;
    for (;;) {
        pthread_mutex_lock(&work.lock);
        size_t b = work.next++;
        uint64_t ticket = b < BATCHES ? fetch_store_ticket(fetcher_store(lane->fetcher)) : 0;
        pthread_mutex_unlock(&work.lock);
        if (b >= BATCHES) break;
        if (b % 7 == 3) usleep(100); /* the other lanes get ahead */
        fetch_batch(lane->fetcher, b, ticket, &counts);
        uint64_t bytes = fetch_kept_bytes(lane->fetcher);
        if (bytes > most) most = bytes;
    }
    pthread_mutex_lock(&work.lock);
    fetch_counts_add(&work.counts, &counts);
    if (most > work.most_bytes) work.most_bytes = most;
    pthread_mutex_unlock(&work.lock);
    return NULL;
}

/* Fetches all batches by lanes. Returns what they did. */
static struct fetch_counts fetch_all(unsigned lanes)
{
    struct lane lane[MOST_LANES] = {{0}};
    struct fetcher *first;
    work.next = 0;
    work.most_bytes = 0;
    work.counts = (struct fetch_counts){0};
    if (!NEED_STATUS(fetcher_new(work.cache_bytes, &first), SHS_OK)) return work.counts;
    for (unsigned i = 0; i < lanes; i++)
        if (NEED_STATUS(fetcher_join(first, lanes, &lane[i].fetcher), SHS_OK))
            NEED_EQ(pthread_create(&lane[i].thread, NULL, serve, &lane[i]), 0);
    for (unsigned i = 0; i < lanes; i++) {
        pthread_join(lane[i].thread, NULL);
        fetcher_free(&lane[i].fetcher);
    }
    CHECK_IS(fetch_kept_bytes(first), <=, work.cache_bytes);
    fetcher_free(&first);
    return work.counts;
}

static void check_batches(void)
{
    for (size_t b = 0; b < BATCHES; b++) {
        harness_where("batch %zu", b);
        if (!CHECK_STATUS(batches[b].status, SHS_OK) || !batch_is_right(&batches[b])) break;
    }
    harness_where(NULL);
}

/* ---- What is decoded. */

static void lanes_decode_each_chunk_once(void)
{
    make_file();
    if (!open_fields()) return;
    work.cache_bytes = (uint64_t)CHUNKS * CHUNK_BYTES;
    draw_batches(1, ROWS);
    for (int foresees = 0; foresees < 2; foresees++) {
        work.foresees = foresees;
        struct fetch_counts alone = fetch_all(1);
        for (unsigned lanes = 2; lanes <= MOST_LANES; lanes++) {
            struct fetch_counts done = fetch_all(lanes);
            check_batches();
            CHECK_EQ(done.chunks_decoded, CHUNKS);
            CHECK_EQ(done.chunk_hits, alone.chunk_hits);
            CHECK_EQ(done.reads, alone.reads);
            CHECK_EQ(done.bytes, alone.bytes);
            CHECK_EQ(done.rows, alone.rows);
        }
    }
    close_fields();
}

/* Chunks that lanes use may be dropped for others; what they use stays, within an eighth more. */
static void tight_stores_give_the_same_rows(void)
{
    static const unsigned rooms[] = {0, 1, 2, 5, 16, 40, CHUNKS - 1};
    make_file();
    if (!open_fields()) return;
    draw_batches(2, ROWS);
    for (size_t i = 0; i < 2 * COUNT(rooms); i++) {
        work.foresees = i % 2;
        work.cache_bytes = (uint64_t)rooms[i / 2] * CHUNK_BYTES + 7;
        struct fetch_counts alone = fetch_all(1);
        CHECK_IS(work.most_bytes, <=, work.cache_bytes);
        for (unsigned lanes = 2; lanes <= MOST_LANES; lanes += 3) {
            harness_where("room for %u chunks, %u lanes", rooms[i / 2], lanes);
            struct fetch_counts done = fetch_all(lanes);
            check_batches();
            CHECK_EQ(done.chunks_decoded + done.chunk_hits,
                     alone.chunks_decoded + alone.chunk_hits);
            CHECK_IS(work.most_bytes, <=, work.cache_bytes + work.cache_bytes / 8);
        }
    }
    close_fields();
}

/* ---- Errors. */

/* Every batch has the status and the message that it has with one lane. */
static void compare_errors(unsigned lanes, const struct batch *alone)
{
    fetch_all(lanes);
    for (size_t b = 0; b < BATCHES; b++) {
        harness_where("%u lanes, batch %zu", lanes, b);
        CHECK_STATUS(batches[b].status, alone[b].status);
        CHECK_TEXT(batches[b].message, alone[b].message);
        if (!batches[b].status) CHECK(batch_is_right(&batches[b]));
    }
    harness_where(NULL);
}

static size_t count_failed(void)
{
    size_t failed = 0;
    for (size_t b = 0; b < BATCHES; b++)
        failed += batches[b].status == SHS_ERROR_FORMAT;
    return failed;
}

static bool wants(const struct batch *batch, uint64_t chunk)
{
    for (size_t i = 0; i < BATCH; i++)
        if (batch->row[i] / HEIGHT == chunk) return true;
    return false;
}

static void every_lane_has_the_error_of_a_damaged_chunk(void)
{
    static struct batch alone[BATCHES];
    make_file();
    if (!open_fields()) return;
    damage(3);
    damage(5);
    draw_batches(3, 100); /* of ten chunks: most batches want one of the two */
    for (unsigned room = 0; room <= 10; room += 5) {
        work.cache_bytes = (uint64_t)room * CHUNK_BYTES;
        work.foresees = room == 10;
        fetch_all(1);
        for (size_t b = 0; b < BATCHES; b++) {
            bool damaged = wants(&batches[b], 3) || wants(&batches[b], 5);
            CHECK_STATUS(batches[b].status, damaged ? SHS_ERROR_FORMAT : SHS_OK);
        }
        CHECK_IS(count_failed(), <, BATCHES);
        CHECK_HAS(batches[0].message, "the file is damaged");
        memcpy(alone, batches, sizeof alone);
        for (unsigned lanes = 2; lanes <= MOST_LANES; lanes++)
            compare_errors(lanes, alone);
    }
    close_fields();
}

/* A row that is not what was written empties the store, while other lanes use what was in it. */
static void every_lane_has_the_error_of_a_wrong_row(void)
{
    static struct batch alone[BATCHES];
    make_file();
    if (!open_fields()) return;
    bool good = NEED_STATUS(core_new(ROWS, 4, "checksums", &work.plain.checksums), SHS_OK);
    for (uint64_t row = 0; row < ROWS && good; row++) {
        uint32_t elements[COLUMNS];
        for (uint64_t column = 0; column < COLUMNS; column++)
            elements[column] = element(row, column);
        work.plain.checksums[row] = io_crc32c(elements, sizeof elements) ^ (row == 77);
    }
    draw_batches(4, 300);
    work.cache_bytes = 15 * CHUNK_BYTES;
    work.foresees = false;
    fetch_all(1);
    CHECK_IS(count_failed(), >, 0);
    memcpy(alone, batches, sizeof alone);
    for (unsigned lanes = 2; lanes <= MOST_LANES; lanes++)
        compare_errors(lanes, alone);
    close_fields();
}

/* ---- Waiting: this thread plays a lane that has planned chunk 0, or decodes it. */

static struct fetch_cached *plan_chunk(struct fetcher *fetcher)
{
    struct fetch_store *store = fetcher_store(fetcher);
    fetch_store_lock(store, 0);
    struct fetch_cached *cached =
        fetch_cache_add(fetch_store_cache(store), 1, 0, CHUNK_BYTES, 5, NULL, NULL);
    if (NEED(cached)) fetch_cache_pin(cached);
    fetch_store_unlock(store, 0);
    return cached;
}

static struct fetch_cached *begin_to_decode(struct fetcher *fetcher)
{
    struct fetch_cached *cached = plan_chunk(fetcher);
    CHECK_EQ(fetch_store_claim(fetcher_store(fetcher), cached), FETCH_PLANNED);
    return cached;
}

static void unpin(struct fetcher *fetcher, struct fetch_cached *cached)
{
    struct fetch_store *store = fetcher_store(fetcher);
    fetch_store_lock(store, 0);
    fetch_cache_unpin(fetch_store_cache(store), cached);
    fetch_store_unlock(store, 0);
}

static void end_decoding(struct fetcher *fetcher, struct fetch_cached *cached, bool ready)
{
    struct fetch_store *store = fetcher_store(fetcher);
    uint32_t(*rows)[COLUMNS] = cached->memory;
    for (uint64_t row = 0; row < HEIGHT; row++)
        for (uint64_t column = 0; column < COLUMNS; column++)
            rows[row][column] = element(row, column);
    fetch_store_end_claim(store, cached, ready);
    unpin(fetcher, cached);
}

/* How often a chunk is pinned. */
static unsigned pins_of(struct fetcher *fetcher, const struct fetch_cached *cached)
{
    fetch_store_lock(fetcher_store(fetcher), 0);
    unsigned pins = cached->pins;
    fetch_store_unlock(fetcher_store(fetcher), 0);
    return pins;
}

static void a_chunk_that_is_being_decoded_is_waited_for(void)
{
    struct fetcher *first;
    struct lane lane = {0};
    make_file();
    if (!open_fields()) return;
    draw_batches(5, HEIGHT); /* of chunk 0 */
    for (int how = 0; how < 4; how++) {
        bool ready = how % 2, dropped = how / 2;
        work.next = BATCHES - 1; /* the last batch */
        work.counts = (struct fetch_counts){0};
        if (!NEED_STATUS(fetcher_new(4 * CHUNK_BYTES, &first), SHS_OK)) return;
        if (!NEED_STATUS(fetcher_join(first, 1, &lane.fetcher), SHS_OK)) return;
        struct fetch_cached *cached = begin_to_decode(first);
        NEED_EQ(pthread_create(&lane.thread, NULL, serve, &lane), 0);
        while (pins_of(first, cached) < 2)
            usleep(100);
        if (dropped) fetch_store_clear(fetcher_store(first));
        CHECK_EQ(fetch_kept_bytes(first), CHUNK_BYTES);
        end_decoding(first, cached, ready);
        pthread_join(lane.thread, NULL);
        CHECK_STATUS(batches[BATCHES - 1].status, SHS_OK);
        CHECK(batch_is_right(&batches[BATCHES - 1]));
        CHECK_EQ(work.counts.chunk_hits, 1);
        CHECK_EQ(fetch_kept_bytes(first), (dropped ? 0 : CHUNK_BYTES));
        fetcher_free(&lane.fetcher);
        fetcher_free(&first);
    }
    close_fields();
}

/* The lane that planned the chunk never comes to it. */
static void a_planned_chunk_is_decoded_by_the_lane_that_wants_it(void)
{
    struct fetcher *first, *second;
    make_file();
    if (!open_fields()) return;
    draw_batches(5, HEIGHT); /* of chunk 0 */
    for (int damaged = 0; damaged < 2; damaged++) {
        struct fetch_counts counts = {0};
        if (damaged) damage(0);
        if (!NEED_STATUS(fetcher_new(4 * CHUNK_BYTES, &first), SHS_OK)) return;
        if (!NEED_STATUS(fetcher_join(first, 2, &second), SHS_OK)) return;
        struct fetch_cached *cached = plan_chunk(first);
        fetch_batch(second, 0, 0, &counts);
        CHECK_STATUS(batches[0].status, damaged ? SHS_ERROR_FORMAT : SHS_OK);
        if (!damaged) CHECK(batch_is_right(&batches[0]));
        if (damaged) CHECK_HAS(batches[0].message, "the file is damaged");
        CHECK_EQ(cached->state, (damaged ? FETCH_PLANNED : FETCH_READY));
        CHECK_EQ(cached->pins, 1);
        CHECK_EQ(counts.chunk_hits, 1);
        CHECK_EQ(fetch_kept_bytes(first), CHUNK_BYTES);
        unpin(first, cached);
        fetcher_free(&second);
        fetcher_free(&first);
    }
    close_fields();
}

/* ---- A lane whose planned chunks another lane decodes. */

/* The lane that this thread plays beside the lane that fetches. */
static struct {
    struct fetcher *fetcher;
    struct fetch_cached *cached;
    uint64_t chunk; /* is claimed when the first job is about to be done */
    unsigned jobs;  /* that were about to be done */
} rival;

static void claim_as_rival(void)
{
    struct fetch_store *store = fetcher_store(rival.fetcher);
    unsigned job = rival.jobs++;
    /* the job of the chunk has found it claimed */
    if (job == rival.chunk + 1) fetch_store_end_claim(store, rival.cached, false);
    if (job > 0) return;
    fetch_store_lock(store, 0);
    rival.cached = fetch_cache_find(fetch_store_cache(store), 1, rival.chunk);
    if (NEED(rival.cached)) fetch_cache_pin(rival.cached);
    fetch_store_unlock(store, 0);
    CHECK_EQ(fetch_store_claim(store, rival.cached), FETCH_PLANNED);
}

/* The batch wants chunk 0 and then chunk 1. The rival claims one of them, and cannot decode it. */
static void fetch_beside_rival(uint64_t claimed)
{
    struct fetch_counts counts = {0};
    struct fetcher *first;
    rival.jobs = 0;
    rival.chunk = claimed;
    if (!NEED_STATUS(fetcher_new(4 * CHUNK_BYTES, &first), SHS_OK)) return;
    if (!NEED_STATUS(fetcher_join(first, 2, &rival.fetcher), SHS_OK)) return;
    for (size_t i = 0; i < BATCH; i++)
        batches[0].row[i] = i % 2 * HEIGHT + i / 2;
    fetch_work_delay = claim_as_rival;
    fetch_batch(first, 0, 0, &counts);
    fetch_work_delay = NULL;
    unpin(first, rival.cached);
    CHECK_EQ(counts.chunks_decoded, 2);
    fetcher_free(&rival.fetcher);
    fetcher_free(&first);
}

static void a_lane_decodes_its_chunk_if_another_lane_could_not(void)
{
    char message[CORE_MESSAGE_BYTES];
    make_file();
    if (!open_fields()) return;
    for (uint64_t claimed = 0; claimed < 2; claimed++) {
        fetch_beside_rival(claimed);
        if (CHECK_STATUS(batches[0].status, SHS_OK)) CHECK(batch_is_right(&batches[0]));
    }
    /* both chunks are damaged: the error is that of the first, whoever claims which of them */
    damage(0);
    damage(1);
    struct fetch_counts counts = {0};
    struct fetcher *alone;
    if (!NEED_STATUS(fetcher_new(4 * CHUNK_BYTES, &alone), SHS_OK)) return;
    fetch_batch(alone, 0, 0, &counts);
    snprintf(message, sizeof message, "%s", batches[0].message);
    CHECK_HAS(message, "chunk 0");
    fetcher_free(&alone);
    for (uint64_t claimed = 0; claimed < 2; claimed++) {
        fetch_beside_rival(claimed);
        CHECK_STATUS(batches[0].status, SHS_ERROR_FORMAT);
        CHECK_TEXT(batches[0].message, message);
    }
    close_fields();
}

/* ---- Tickets. */

static void *pass(void *argument)
{
    fetch_store_pass(argument, 2);
    return NULL;
}

static void tickets_are_used_in_order(void)
{
    struct fetcher *fetcher;
    struct fetch_counts counts = {0};
    pthread_t thread;
    make_file();
    if (!open_fields() || !NEED_STATUS(fetcher_new(1 << 20, &fetcher), SHS_OK)) return;
    struct fetch_store *store = fetcher_store(fetcher);
    draw_batches(6, ROWS);
    for (uint64_t ticket = 1; ticket <= 3; ticket++)
        CHECK_EQ(fetch_store_ticket(store), ticket);
    NEED_EQ(pthread_create(&thread, NULL, pass, store), 0);
    fetch_batch(fetcher, 0, 0, &counts); /* is in no order */
    CHECK_STATUS(batches[0].status, SHS_OK);
    fetch_batch(fetcher, 1, 1, &counts);
    pthread_join(thread, NULL);
    fetch_store_pass(store, 0);
    fetch_batch(fetcher, 2, 3, &counts);
    CHECK_STATUS(batches[2].status, SHS_OK);
    fetcher_free(&fetcher);
    close_fields();
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(lanes_decode_each_chunk_once),
        TEST(tight_stores_give_the_same_rows),
        TEST(every_lane_has_the_error_of_a_damaged_chunk),
        TEST(every_lane_has_the_error_of_a_wrong_row),
        TEST(a_chunk_that_is_being_decoded_is_waited_for),
        TEST(a_planned_chunk_is_decoded_by_the_lane_that_wants_it),
        TEST(a_lane_decodes_its_chunk_if_another_lane_could_not),
        TEST(tickets_are_used_in_order),
    };
    if (!folder_make(folder)) return 2;
    folder_path(folder, "store.h5", path);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    fetch_thread_work = 1;
    int code = harness_main("store", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
