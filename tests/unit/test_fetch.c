/* Fetching rows: what is read and decoded, how often, and what is kept. */
#include "fetch_scene.h"
#include "fetch_sort.h"

/* ---- Reads. */

static void neighbours_are_one_read(void)
{
    struct data data;
    if (!data_open(&data, 0)) return;
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        begin_pieces();
        for (uint64_t row = 100, count = 1; row < 160; row += count, count = count % 3 + 1)
            add_piece(&data.plain, row, count);
        if (shuffled) shuffle_pieces(1);
        struct fetch_counts done = fetch(data.fetcher, 1, NULL);
        CHECK_EQ(done.reads, 1);
        CHECK_EQ(done.rows, 60);
        CHECK_EQ(done.bytes, 60 * COLUMNS * 4);
    }
    /* a gap, a row twice and a row of another field are none */
    begin_pieces();
    add_piece(&data.plain, 0, 1);
    add_piece(&data.plain, 2, 1);
    add_piece(&data.plain, 2, 1);
    add_piece(&data.plain, 3, 1);
    struct fetch_counts done = fetch(data.fetcher, 1, NULL);
    CHECK_EQ(done.reads, 3);
    CHECK_EQ(done.rows, 4);
    /* as many as the system takes at once */
    begin_pieces();
    for (uint64_t row = 0; row < 3 * IO_PIECES + 1; row++)
        add_piece(&data.plain, row, 1);
    CHECK_EQ(fetch(data.fetcher, 2, NULL).reads, 4);
    data_close(&data);
}

static void large_neighbours_are_shared_out(void)
{
    enum {
        WIDE = 100000 /* elements: 400,000 bytes */
    };
    struct h5_file *file;
    struct data_field field;
    struct fetcher *fetcher;
    hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_dataset(id, "wide", H5P_DEFAULT, 7, WIDE);
    CHECK(H5Fclose(id) >= 0);
    uint32_t *rows = malloc(7 * WIDE * sizeof *rows);
    if (CHECK_STATUS(h5_open(path, &file), SHS_OK) &&
        CHECK_STATUS(data_field_open(file, path, "wide", &(struct data_field_how){0}, &field),
                     SHS_OK))
        CHECK_STATUS(fetcher_new(0, &fetcher), SHS_OK);
    if (!NEED(rows) || !NEED(field.direct)) return;
    for (uint64_t row = 0; row < 7; row++)
        pieces[row] = (struct fetch_piece){&field, row, 1, rows + row * WIDE, FETCH_TAKEN, NULL};
    struct fetch_counts done = {0};
    n_pieces = 7;
    CHECK_STATUS(fetch_with(fetcher, 2, NULL, &done), SHS_OK);
    size_t wrong = 0;
    for (uint64_t i = 0; i < 7 * WIDE; i++)
        wrong += rows[i] != element(i / WIDE, i % WIDE);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(done.reads, 4); /* two rows are less than 1 MiB, three more */
    free(rows);
    fetcher_free(&fetcher);
    data_field_close(&field);
    h5_close(&file);
}

static void a_chunk_is_decoded_once_a_fetch(void)
{
    struct data data;
    if (!data_open(&data, 0)) return; /* nothing is kept */
    for (unsigned threads = 1; threads <= 3; threads++) {
        begin_pieces();
        for (uint64_t row = 0; row < 500; row++)
            add_piece(&data.chunked, row * 7 % 300, 1); /* many of them twice */
        add_piece(&data.chunked, 5, 290);
        add_piece(&data.compact, 3, 90);
        shuffle_pieces(threads);
        struct fetch_counts done = fetch(data.fetcher, threads, NULL);
        CHECK_EQ(done.rows, 500 + 290 + 90);
        CHECK_EQ(done.reads, 30);
        CHECK_EQ(done.chunks_decoded, 30);
        if (CHECK_EQ(done.chunk_hits, 0)) CHECK_EQ(fetch_kept_bytes(data.fetcher), 0);
    }
    data_close(&data);
}

static void nothing_is_fetched_of_nothing(void)
{
    struct data data;
    if (!data_open(&data, 1000)) return;
    begin_pieces();
    CHECK_STATUS(fetch_with(data.fetcher, 2, NULL, &all), SHS_OK);
    add_piece(&data.plain, 3, 0);
    add_piece(&data.chunked, ROWS, 0);
    add_piece(&data.compact, 0, 0);
    struct fetch_counts done = fetch(data.fetcher, 0, NULL);
    CHECK_EQ(done.reads, 0);
    CHECK_EQ(done.rows, 0);
    CHECK_EQ(done.chunks_decoded, 0);
    data_close(&data);
}

/* ---- What is kept. */

static void chunks_are_kept_within_the_budget(void)
{
    struct data data;
    if (!data_open(&data, 5 * CHUNK_BYTES + 7)) return;
    begin_pieces();
    for (uint64_t chunk = 0; chunk < 5; chunk++)
        add_piece(&data.chunked, chunk * HEIGHT + 3, 1);
    struct fetch_counts done = fetch(data.fetcher, 2, NULL);
    if (CHECK_EQ(done.chunks_decoded, 5)) CHECK_EQ(fetch_kept_bytes(data.fetcher), 5 * CHUNK_BYTES);
    begin_pieces();
    for (uint64_t chunk = 0; chunk < 5; chunk++)
        add_piece(&data.chunked, chunk * HEIGHT, HEIGHT);
    done = fetch(data.fetcher, 2, NULL);
    CHECK_EQ(done.chunks_decoded, 0);
    CHECK_EQ(done.reads, 0);
    CHECK_EQ(done.chunk_hits, 5);
    /* the one that was used least recently makes room */
    for (int i = 0; i < 2; i++) {
        fetch_rows(&data, &data.chunked, (uint64_t)(i ? 7 : 0) * HEIGHT, 1, NULL);
    }
    CHECK_EQ(fetch_rows(&data, &data.chunked, 0, 1, NULL).chunk_hits, 1);
    done = fetch_rows(&data, &data.chunked, HEIGHT, 1, NULL);
    if (CHECK_EQ(done.chunk_hits, 0)) CHECK_EQ(fetch_kept_bytes(data.fetcher), 5 * CHUNK_BYTES);
    data_close(&data);
}

/* Two fields may have chunks of the same number. */
static void fields_are_told_apart(void)
{
    struct data data;
    if (!data_open(&data, 1 << 20)) return;
    for (int i = 0; i < 2; i++) {
        begin_pieces();
        for (uint64_t row = 0; row < 140; row++) {
            add_piece(&data.chunked, row, 1);
            add_piece(&data.parts, row, 1);
        }
        struct fetch_counts done = fetch(data.fetcher, 2, NULL);
        CHECK_EQ((i ? done.chunk_hits : done.chunks_decoded), 14 + 20 * 3);
    }
    data_close(&data);
}

/* ---- Foresight: an order that is known. */

struct future {
    const uint64_t *rows;
    size_t count, now; /* the fetch of rows[now] */
};

static uint64_t find_use(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    const struct future *future = user;
    (void)key;
    for (size_t t = future->now + 1; t < future->count; t++)
        if (future->rows[t] >= first && future->rows[t] < first + count) return t;
    return UINT64_MAX;
}

/* The fewest decodes that any choice of what to keep can have, by trying all: of each set of kept
 * chunks, the fewest with which it can be had. */
static unsigned fewest_decodes(const struct future *future, int room)
{
    enum {
        STATES = 64
    };
    unsigned now[STATES], next[STATES], best = UINT32_MAX;
    for (unsigned set = 0; set < STATES; set++)
        now[set] = set ? 1000 : 0;
    for (size_t t = 0; t < future->count; t++) {
        unsigned one = 1u << future->rows[t] / HEIGHT;
        for (unsigned set = 0; set < STATES; set++)
            next[set] = now[set] + (set & one ? 0 : 1);
        for (unsigned set = 0; set < STATES; set++)
            for (unsigned out = 0; out <= 6; out++) {
                unsigned with = (out < 6 ? set & ~(1u << out) : set) | one;
                if (__builtin_popcount(with) <= room && now[set] + 1 < next[with])
                    next[with] = now[set] + 1;
            }
        memcpy(now, next, sizeof now);
    }
    for (unsigned set = 0; set < STATES; set++)
        if (now[set] < best) best = now[set];
    return best;
}

static void with_foresight_no_choice_decodes_less(void)
{
    struct data data;
    uint64_t rows[50], state = 9;
    for (int trial = 0; trial < 40; trial++) {
        int room = trial % 5;
        struct future future = {rows, COUNT(rows), 0};
        struct fetch_foresight foresight = {find_use, &future};
        if (!data_open(&data, (uint64_t)room * CHUNK_BYTES)) return;
        for (size_t t = 0; t < COUNT(rows); t++)
            rows[t] = judge_random(&state) % 60;
        for (; future.now < COUNT(rows); future.now++) {
            fetch_rows(&data, &data.chunked, rows[future.now], 1, &foresight);
        }
        CHECK_EQ(all.chunks_decoded, fewest_decodes(&future, room));
        CHECK_EQ(all.chunks_decoded + all.chunk_hits, COUNT(rows));
        data_close(&data);
    }
}

/* What is not used again in this epoch is worth keeping for the next one only if all fits. */
static void a_field_that_fits_is_decoded_once_a_run(void)
{
    struct data data;
    for (int fits = 0; fits < 2; fits++) {
        struct future future = {NULL, 0, 0};
        struct fetch_foresight foresight = {find_use, &future};
        if (!data_open(&data, fits ? CHUNKS * CHUNK_BYTES : CHUNKS * CHUNK_BYTES - 1)) return;
        for (int epoch = 0; epoch < 2; epoch++)
            for (uint64_t chunk = 0; chunk < CHUNKS; chunk++) {
                fetch_rows(&data, &data.chunked, chunk * HEIGHT, HEIGHT, &foresight);
            }
        CHECK_EQ(all.chunks_decoded, (fits ? CHUNKS : 2 * CHUNKS));
        CHECK_EQ(fetch_kept_bytes(data.fetcher), (fits ? CHUNKS * CHUNK_BYTES : 0));
        data_close(&data);
    }
}

static uint64_t use_high_chunks(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    (void)user, (void)key, (void)count;
    return ROWS - first;
}

static uint64_t use_low_chunks(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    (void)user, (void)key, (void)count;
    return first;
}

static void a_new_order_is_judged_anew(void)
{
    struct data data;
    struct fetch_foresight high = {use_high_chunks, NULL}, low = {use_low_chunks, NULL};
    if (!data_open(&data, 2 * CHUNK_BYTES)) return;
    for (uint64_t chunk = 3; chunk <= 4; chunk++) {
        fetch_rows(&data, &data.chunked, chunk * HEIGHT, 1, &high);
    }
    begin_pieces();
    add_piece(&data.chunked, 0, 1); /* in the place of chunk 4, which is used last now */
    const struct fetch_means other = {.fetcher = data.fetcher, .foresight = &low, .order = 1};
    CHECK_STATUS(fetch_pieces(&other, pieces, n_pieces, &all), SHS_OK);
    begin_pieces();
    add_piece(&data.chunked, 3 * HEIGHT, 1);
    struct fetch_counts done = {0};
    CHECK_STATUS(fetch_pieces(&other, pieces, n_pieces, &done), SHS_OK);
    CHECK_EQ(done.chunk_hits, 1);
    data_close(&data);
}

/* ---- The order of uses. */

/* Sorts uses of three fields at random places among 1 << bits. */
static void check_sorted(size_t count, unsigned bits, uint64_t *seed)
{
    enum {
        MOST = 300
    };
    static struct data_field fields[3];
    struct fetch_piece some[MOST];
    struct fetch_use uses[MOST], spare[MOST];
    bool seen[MOST] = {false};
    for (size_t i = 0; i < count; i++) {
        some[i] = (struct fetch_piece){.field = &fields[judge_random(seed) % 3]};
        uses[i] = (struct fetch_use){&some[i], judge_random(seed) >> (64 - bits)};
    }
    fetch_sort(uses, spare, count);
    for (size_t i = 0; i < count; i++) {
        const struct fetch_use *use = &uses[i], *before = &uses[i ? i - 1 : 0];
        bool same = before->piece->field == use->piece->field;
        seen[use->piece - some] = true;
        CHECK(before->piece->field <= use->piece->field);
        if (same) CHECK_IS(before->place, <=, use->place);
        if (same && i && before->place == use->place) CHECK(before->piece < use->piece);
    }
    for (size_t i = 0; i < count; i++)
        if (!CHECK(seen[i])) return;
}

static void uses_are_sorted_by_field_and_place(void)
{
    static const size_t counts[] = {0, 1, 2, 3, 20, 256, 300};
    static const unsigned bits[] = {1, 3, 8, 9, 18, 33, 64};
    uint64_t seed = 12;
    for (size_t i = 0; i < COUNT(counts); i++)
        for (size_t k = 0; k < COUNT(bits); k++)
            check_sorted(counts[i], bits[k], &seed);
}

/* ---- Threads. */

static void threads_are_woken_for_much_work_only(void)
{
    const uint64_t before = fetch_thread_work;
    fetch_thread_work = 1000;
    CHECK_EQ(fetch_worth(0, 5000), 0);
    CHECK_EQ(fetch_worth(1, 5000), 1);
    CHECK_EQ(fetch_worth(4, 0), 1);
    CHECK_EQ(fetch_worth(4, 1999), 1);
    CHECK_EQ(fetch_worth(4, 2000), 2);
    CHECK_EQ(fetch_worth(4, 1000000), 4);
    fetch_thread_work = before;
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(neighbours_are_one_read),
        TEST(large_neighbours_are_shared_out),
        TEST(a_chunk_is_decoded_once_a_fetch),
        TEST(nothing_is_fetched_of_nothing),
        TEST(chunks_are_kept_within_the_budget),
        TEST(fields_are_told_apart),
        TEST(with_foresight_no_choice_decodes_less),
        TEST(a_field_that_fits_is_decoded_once_a_run),
        TEST(a_new_order_is_judged_anew),
        TEST(uses_are_sorted_by_field_and_place),
        TEST(threads_are_woken_for_much_work_only),
    };
    return fetch_main("fetch", tests, COUNT(tests), argc, argv);
}
