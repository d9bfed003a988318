/* Fetching rows: what is read and decoded, how often, what is kept, and what errors leave behind.
 */
#include <fcntl.h>
#include <hdf5.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core_memory.h"
#include "counted_memory.h"
#include "fetch.h"
#include "fetch_sort.h"
#include "judge.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES], path[PATH_BYTES];

/* ---- A file of two fields: rows of u32, each known by its place. */

enum {
    ROWS = 1000,
    COLUMNS = 6,
    HEIGHT = 10, /* rows in a chunk of "chunked" */
    CHUNKS = ROWS / HEIGHT,
    CHUNK_BYTES = HEIGHT * COLUMNS * 4
};

static uint32_t element(uint64_t row, uint64_t column)
{
    uint64_t state = row * COLUMNS + column;
    return (uint32_t)(judge_random(&state) % 1000 << 16 | row); /* something to compress */
}

static void write_dataset(hid_t file, const char *name, hid_t list, hsize_t rows, hsize_t columns)
{
    const hsize_t shape[2] = {rows, columns};
    uint32_t *elements = malloc(rows * columns * sizeof *elements);
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t data = H5Dcreate2(file, name, H5T_STD_U32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    for (hsize_t i = 0; elements && i < rows * columns; i++)
        elements[i] = element(i / columns, i % columns);
    if (CHECK(elements))
        CHECK(H5Dwrite(data, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0);
    free(elements);
    if (CHECK(H5Dclose(data) >= 0)) CHECK(H5Sclose(space) >= 0);
}

static hid_t chunks_of(hsize_t rows, hsize_t columns)
{
    const hsize_t chunk[2] = {rows, columns};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    return list;
}

/* "plain" is contiguous, "chunked" deflated and with checksums, "parts" in chunks of parts of
 * rows, "compact" for HDF5 alone. */
static void make_file(void)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t list = chunks_of(HEIGHT, COLUMNS), parts = chunks_of(7, 2);
    hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_deflate(list, 3);
    H5Pset_fletcher32(list);
    H5Pset_layout(compact, H5D_COMPACT);
    write_dataset(file, "plain", H5P_DEFAULT, ROWS, COLUMNS);
    write_dataset(file, "chunked", list, ROWS, COLUMNS);
    write_dataset(file, "parts", parts, ROWS, COLUMNS);
    write_dataset(file, "compact", compact, 100, COLUMNS);
    if (CHECK(H5Pclose(list) >= 0) && CHECK(H5Pclose(parts) >= 0)) CHECK(H5Pclose(compact) >= 0);
    CHECK(H5Fclose(file) >= 0);
}

struct data {
    struct h5_file *file;
    struct data_field plain, chunked, parts, compact;
    struct fetcher *fetcher;
};

/* What all fetches with the data's fetcher did. */
static struct fetch_counts all;

static bool data_open(struct data *data, uint64_t cache_bytes)
{
    make_file();
    *data = (struct data){0};
    all = (struct fetch_counts){0};
    bool done =
        h5_open(path, &data->file) == SHS_OK &&
        data_field_open(data->file, path, "plain", &(struct data_field_how){0}, &data->plain) ==
            SHS_OK &&
        data_field_open(data->file, path, "chunked", &(struct data_field_how){0}, &data->chunked) ==
            SHS_OK &&
        data_field_open(data->file, path, "parts", &(struct data_field_how){0}, &data->parts) ==
            SHS_OK &&
        data_field_open(data->file, path, "compact", &(struct data_field_how){0}, &data->compact) ==
            SHS_OK &&
        fetcher_new(cache_bytes, &data->fetcher) == SHS_OK;
    data->chunked.key = 1;
    data->parts.key = 2;
    data->compact.key = 3;
    if (CHECK(data->plain.direct) && CHECK(data->chunked.direct)) CHECK(data->parts.direct);
    CHECK(data->compact.through != NULL);
    return NEED(done);
}

static void data_close(struct data *data)
{
    fetcher_free(&data->fetcher);
    data_field_close(&data->plain);
    data_field_close(&data->chunked);
    data_field_close(&data->parts);
    data_field_close(&data->compact);
    h5_close(&data->file);
}

/* ---- Pieces of it. */

enum {
    MOST_PIECES = 600
};

static struct fetch_piece pieces[MOST_PIECES];
static size_t n_pieces;
static uint32_t memory[400 * ROWS * COLUMNS / 10], *unused = memory;

static void begin_pieces(void)
{
    n_pieces = 0;
    unused = memory;
}

static void add_piece(struct data_field *field, uint64_t first, uint64_t count)
{
    pieces[n_pieces++] = (struct fetch_piece){field, first, count, unused, FETCH_TAKEN, NULL};
    memset(unused, 0xEE, count * field->row_bytes + 4);
    unused += count * field->row_bytes / 4 + 1; /* one stays as it is */
}

static bool piece_is_right(const struct fetch_piece *piece)
{
    const uint32_t *at = piece->to;
    uint64_t columns = piece->field->row_bytes / 4;
    for (uint64_t row = piece->first; row < piece->first + piece->count; row++)
        for (uint64_t column = 0; column < columns; column++)
            if (*at++ != element(row, column))
                return WRONG("expected element %u; came %u; row %llu, column %llu",
                             element(row, column), at[-1], (unsigned long long)row,
                             (unsigned long long)column);
    return CHECK_EQ(*at, 0xEEEEEEEE);
}

static bool pieces_are_right(void)
{
    for (size_t i = 0; i < n_pieces; i++)
        if (!piece_is_right(&pieces[i])) return false;
    return true;
}

static shs_status fetch_with(struct fetcher *fetcher, unsigned threads,
                             const struct fetch_foresight *foresight, struct fetch_counts *done)
{
    const struct fetch_means means = {
        .fetcher = fetcher, .threads = threads, .foresight = foresight};
    return fetch_pieces(&means, pieces, n_pieces, done);
}

/* What one fetch of the pieces did. */
static struct fetch_counts fetch(struct fetcher *fetcher, unsigned threads,
                                 const struct fetch_foresight *foresight)
{
    struct fetch_counts done = {0};
    CHECK_STATUS(fetch_with(fetcher, threads, foresight, &done), SHS_OK);
    CHECK(pieces_are_right());
    fetch_counts_add(&all, &done);
    return done;
}

static void shuffle_pieces(uint64_t seed)
{
    for (size_t i = n_pieces; i > 1; i--) {
        size_t other = judge_random(&seed) % i;
        struct fetch_piece piece = pieces[i - 1];
        pieces[i - 1] = pieces[other];
        pieces[other] = piece;
    }
}

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
        begin_pieces();
        add_piece(&data.chunked, (uint64_t)(i ? 7 : 0) * HEIGHT, 1);
        fetch(data.fetcher, 1, NULL);
    }
    begin_pieces();
    add_piece(&data.chunked, 0, 1);
    CHECK_EQ(fetch(data.fetcher, 1, NULL).chunk_hits, 1);
    begin_pieces();
    add_piece(&data.chunked, HEIGHT, 1);
    done = fetch(data.fetcher, 1, NULL);
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
            begin_pieces();
            add_piece(&data.chunked, rows[future.now], 1);
            fetch(data.fetcher, 1, &foresight);
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
                begin_pieces();
                add_piece(&data.chunked, chunk * HEIGHT, HEIGHT);
                fetch(data.fetcher, 1, &foresight);
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
        begin_pieces();
        add_piece(&data.chunked, chunk * HEIGHT, 1);
        fetch(data.fetcher, 1, &high);
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

/* ---- The disk. */

static bool is_in_memory(int file, off_t at)
{
    char byte;
    struct iovec piece = {&byte, 1};
    return preadv2(file, &piece, 1, at, RWF_NOWAIT) == 1;
}

/* Puts the file's pages out of memory; false where that cannot be done. */
static bool make_cold(void)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    bool cold = fsync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 &&
                !is_in_memory(file, 4096);
    close(file);
    return cold;
}

static void what_comes_from_the_disk_is_the_same(void)
{
    struct data data;
    for (unsigned threads = 1; threads <= 3; threads += 2)
        for (uint64_t cache = 0; cache <= 1 << 20; cache += 1 << 20) {
            if (!data_open(&data, cache)) return;
            begin_pieces();
            for (uint64_t i = 0; i < 90; i++) {
                add_piece(&data.plain, i * 11, 1);
                add_piece(&data.chunked, i * 11, 2);
            }
            if (make_cold()) {
                CHECK_IS(fetch(data.fetcher, threads, NULL).cold_reads, >, 0);
                CHECK_EQ(fetch(data.fetcher, threads, NULL).cold_reads, 0);
            } else {
                printf("  (not tried: this file system keeps what it has in memory)\n");
            }
            data_close(&data);
        }
}

/* ---- Errors. */

/* Where a chunk of "chunked" lies. */
static haddr_t address_of(uint64_t chunk, hsize_t *bytes)
{
    hsize_t corner[2] = {chunk * HEIGHT, 0};
    unsigned mask;
    haddr_t address = HADDR_UNDEF;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "chunked", H5P_DEFAULT);
    CHECK(H5Dget_chunk_info_by_coord(data, corner, &mask, &address, bytes) >= 0);
    H5Dclose(data);
    H5Fclose(file);
    return address;
}

static void flip_byte(haddr_t at)
{
    unsigned char byte = 0;
    int file = open(path, O_RDWR | O_CLOEXEC);
    CHECK_EQ(pread(file, &byte, 1, (off_t)at), 1);
    byte ^= 0x10;
    if (CHECK_EQ(pwrite(file, &byte, 1, (off_t)at), 1)) CHECK_EQ(close(file), 0);
}

static void check_message(haddr_t address, hsize_t bytes)
{
    char place[64];
    snprintf(place, sizeof place, "%llu bytes at %llu", (unsigned long long)bytes,
             (unsigned long long)address);
    CHECK_HAS(shs_message(), "dataset chunked");
    CHECK_HAS(shs_message(), "rows 503 to 504");
    CHECK_HAS(shs_message(), "chunk 50");
    CHECK_HAS(shs_message(), place);
    CHECK_HAS(shs_message(), path);
    CHECK_HAS(shs_message(), "; the file is damaged, get it anew");
}

/* Of a chunk that is damaged nothing is kept: once the file is whole, so are its rows. */
static void a_damaged_chunk_is_named_and_not_kept(void)
{
    struct data data;
    hsize_t bytes;
    for (unsigned threads = 1; threads <= 3; threads += 2)
        for (hsize_t where = 0; where < 4; where++) {
            if (!data_open(&data, 1 << 20)) return;
            haddr_t address = address_of(50, &bytes), at = address + where * (bytes - 1) / 3;
            begin_pieces();
            for (uint64_t row = 403; row < 603; row += 100)
                add_piece(&data.chunked, row, 2);
            flip_byte(at);
            for (int i = 0; i < 2; i++) {
                CHECK_STATUS(fetch_with(data.fetcher, threads, NULL, &all), SHS_ERROR_FORMAT);
                check_message(address, bytes);
                CHECK_EQ(fetch_kept_bytes(data.fetcher), 0);
            }
            flip_byte(at);
            CHECK_EQ(fetch(data.fetcher, threads, NULL).chunks_decoded, 2);
            CHECK_EQ(fetch(data.fetcher, threads, NULL).chunk_hits, 2);
            /* what is kept does not need the file */
            flip_byte(at);
            CHECK_EQ(fetch(data.fetcher, threads, NULL).chunk_hits, 2);
            data_close(&data);
        }
}

static void a_file_cut_short_is_an_error_on_every_way(void)
{
    struct data data;
    struct data_field *fields[] = {&data.plain, &data.chunked};
    for (size_t i = 0; i < COUNT(fields); i++)
        for (unsigned threads = 1; threads <= 3; threads += 2) {
            if (!data_open(&data, 1 << 20)) return;
            CHECK_EQ(truncate(path, 100), 0);
            begin_pieces();
            for (uint64_t row = 0; row < 100; row += 9)
                add_piece(fields[i], row, 1);
            CHECK_STATUS(fetch_with(data.fetcher, threads, NULL, &all), SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "rows 0 to 0");
            CHECK_HAS(shs_message(), "has 100 bytes, but byte ");
            CHECK_HAS(shs_message(), "cut short since it was opened");
            CHECK_EQ(fetch_kept_bytes(data.fetcher), 0);
            data_close(&data);
        }
}

/* ---- Memory that fails, at every place once. */

/* A fetcher, three fetches with it and its end; the fields' memory is not counted. */
static void fetch_without_memory(struct data *data, long fail_at, long *failed)
{
    struct counted_memory counted;
    struct fetcher *fetcher = NULL;
    struct fetch_counts done = {0};
    counted_begin(&counted, fail_at);
    shs_status status = fetcher_new(3 * CHUNK_BYTES, &fetcher);
    CHECK_STATUS(status, fetcher ? SHS_OK : SHS_ERROR_MEMORY);
    for (int i = 0; fetcher && i < 3; i++) {
        begin_pieces();
        for (uint64_t row = 0; row < 300; row++)
            add_piece(row % 2 ? &data->chunked : &data->plain, row * 97 % ROWS, 1);
        long before = counted.failed;
        status = fetch_with(fetcher, 1, NULL, &done);
        CHECK(status == SHS_OK ? pieces_are_right()
                               : status == SHS_ERROR_MEMORY && counted.failed > before);
        CHECK(status == SHS_OK || *shs_message());
    }
    fetcher_free(&fetcher);
    *failed = counted.failed;
    CHECK_EQ(counted_end(&counted), 0);
}

static void without_memory_a_fetch_fails_or_is_right(void)
{
    struct data data;
    long failed = 1;
    if (!data_open(&data, 0)) return;
    for (long fail_at = 1; failed; fail_at++)
        fetch_without_memory(&data, fail_at, &failed);
    data_close(&data);
}

static void without_memory_a_field_is_not_opened(void)
{
    static const char *const names[] = {"plain", "chunked", "compact"};
    struct h5_file *file;
    make_file();
    CHECK_STATUS(h5_open(path, &file), SHS_OK);
    for (size_t i = 0; i < COUNT(names); i++) {
        long failed = 1;
        for (long fail_at = 1; failed; fail_at++) {
            struct counted_memory counted;
            struct data_field field;
            uint32_t row[COLUMNS];
            counted_begin(&counted, fail_at);
            shs_status status =
                data_field_open(file, path, names[i], &(struct data_field_how){0}, &field);
            failed = counted.failed;
            CHECK(status == SHS_OK || (status == SHS_ERROR_MEMORY && failed));
            CHECK(status || failed || (field.direct != NULL) == (i < 2));
            if (!status)
                CHECK(data_field_read(&field, 9, 1, row) == SHS_OK && row[1] == element(9, 1));
            data_field_close(&field);
            CHECK_EQ(counted_end(&counted), 0);
        }
    }
    h5_close(&file);
}

/* What is announced for a thread that waits for the disk is what it takes. */
static void the_need_of_a_lane_is_known(void)
{
    struct data data;
    struct io_lane lane = {0};
    struct io_need need = {0}, all_needs = {0};
    if (!data_open(&data, 0)) return;
    io_need_join(&all_needs, &need);
    CHECK_EQ(io_need_bytes(&all_needs), 0);
    io_reader_need(data.parts.direct, false, &need);
    io_need_join(&all_needs, &need);
    io_reader_need(data.chunked.direct, false, &need);
    io_need_join(&all_needs, &need);
    int64_t before = core_memory_balance();
    CHECK_STATUS(io_lane_reserve(&lane, &all_needs), SHS_OK);
    CHECK_EQ((uint64_t)(core_memory_balance() - before), io_need_bytes(&all_needs));
    CHECK_IS(io_need_bytes(&all_needs), >, 2 * CHUNK_BYTES);
    io_lane_free(&lane);
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
        TEST(what_comes_from_the_disk_is_the_same),
        TEST(a_damaged_chunk_is_named_and_not_kept),
        TEST(a_file_cut_short_is_an_error_on_every_way),
        TEST(without_memory_a_fetch_fails_or_is_right),
        TEST(without_memory_a_field_is_not_opened),
        TEST(the_need_of_a_lane_is_known),
        TEST(uses_are_sorted_by_field_and_place),
        TEST(threads_are_woken_for_much_work_only),
    };
    if (!folder_make(folder)) return 2;
    folder_path(folder, "fetch.h5", path);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    fetch_thread_work = 1;
    int code = harness_main("fetch", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
