/* Fields in every layout that can be read directly and some that cannot: the rows are those that
 * H5Dread gives in this test, and the way chosen is the one that the file allows. */
#include <unistd.h>

#include "core_sanitized.h"
#include "fetch.h"
#include "matrix.h"
#include "temporary_folder.h"

static char folder[PATH_BYTES], path[PATH_BYTES];

/* A file of the matrix, and what is known of it without the library. */
struct sample {
    struct kind kind;
    struct plan plan;
    H5D_chunk_index_t index;
    bool readable;                           /* for HDF5 at all */
    unsigned char expected[MOST_FILE_BYTES]; /* rows, in the machine's order */
    bool gap[64];                            /* rows of which HDF5 leaves out some */
    bool gaps;                               /* any */
};

static struct sample sample;

static size_t row_bytes(void)
{
    return sample.plan.bytes / sample.plan.shape[0];
}

/* Nothing to read, and no fill value: an error of HDF5 too. */
static bool is_nothing(void)
{
    const unsigned *of = sample.kind.of;
    return of[WRITTEN] == NOTHING && of[FILL] == UNDEFINED && of[ALLOCATION] == USUAL;
}

/* Reads twice: what HDF5 leaves out is what differs. */
static bool read_expected(void)
{
    static unsigned char other[MOST_FILE_BYTES];
    memset(sample.expected, 0, sizeof sample.expected);
    memset(other, 0xFF, sizeof other);
    sample.readable = read_file(&sample.kind, path, sample.expected);
    sample.gaps = false;
    if (!CHECK_EQ(read_file(&sample.kind, path, other), sample.readable)) return false;
    if (!sample.readable && !CHECK(is_nothing())) return false;
    for (uint64_t row = 0; row < sample.plan.shape[0]; row++) {
        size_t at = row * row_bytes();
        sample.gap[row] = memcmp(sample.expected + at, other + at, row_bytes()) != 0;
        sample.gaps |= sample.gap[row];
    }
    return true;
}

static bool has_gap(uint64_t first, uint64_t count)
{
    for (uint64_t row = first; row < first + count; row++)
        if (sample.gap[row] || !sample.readable) return true;
    return false;
}

/* The words with which a field is refused to be read directly; NULL if it may be. */
static const char *expected_reason(void)
{
    const unsigned *of = sample.kind.of;
    const H5Z_filter_t *filters = pipelines[of[FILTERS]];
    if (of[LAYOUT] == COMPACT) return "compact";
    if (of[LAYOUT] == EXTERNAL) return "external";
    if (of[LAYOUT] == CONTIGUOUS)
        return of[WRITTEN] == NOTHING && of[ALLOCATION] == USUAL ? "not written" : NULL;
    for (int i = 0; i < 4; i++)
        if (filters[i] == UNKNOWN || filters[i] == H5Z_FILTER_NBIT ||
            filters[i] == H5Z_FILTER_SCALEOFFSET || filters[i] == H5Z_FILTER_SZIP)
            return "filter";
    if (filters[1] == H5Z_FILTER_DEFLATE && filters[0] == H5Z_FILTER_DEFLATE)
        return "compresses again";
    return sample.gaps || !sample.readable ? "fill value" : NULL;
}

static void check_way(const struct data_field *field)
{
    const char *reason = expected_reason();
    CHECK_EQ(field->direct != NULL, reason == NULL);
    CHECK_EQ(field->through != NULL, reason != NULL);
    CHECK(!field->uncompared);
    CHECK(reason ? strstr(field->reason, reason) != NULL : *field->reason == 0);
    if (CHECK_EQ(field->rows, sample.plan.shape[0])) CHECK_EQ(field->row_bytes, row_bytes());
}

/* Rows [first, first + count), and no byte more. */
static bool rows_are_right(struct data_field *field, uint64_t first, uint64_t count)
{
    static unsigned char rows[MOST_FILE_BYTES + 1];
    size_t bytes = (size_t)count * row_bytes();
    memset(rows, 0xEE, bytes + 1);
    shs_status status = data_field_read(field, first, count, rows);
    harness_where("%llu rows from %llu on", (unsigned long long)count, (unsigned long long)first);
    if (!CHECK_EQ(rows[bytes], 0xEE)) return false;
    if (has_gap(first, count)) return CHECK_IS(status, !=, SHS_OK);
    return CHECK_STATUS(status, SHS_OK) &&
           CHECK_BYTES(rows, sample.expected + first * row_bytes(), bytes);
}

static void check_rows(struct data_field *field)
{
    uint64_t state = 5, all = field->rows;
    size_t wrong = 0;
    for (uint64_t first = 0; first < all; first += CORE_SANITIZED ? 4 : 1) {
        wrong += !rows_are_right(field, first, 1);
        wrong += !rows_are_right(field, first, 1 + judge_random(&state) % (all - first));
    }
    wrong += !rows_are_right(field, 0, all);
    CHECK_EQ(wrong, 0);
}

/* ---- The same in pieces. */

enum {
    MOST_PIECES = 40
};

struct future {
    const struct data_field *field;
    uint64_t order;
};

/* A time that is a function of the chunk and nothing else: a bad foresight, of a kind that never
 * says the same of two chunks. */
static uint64_t some_use(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    const struct future *future = user;
    uint64_t state = first + future->order, time = judge_random(&state);
    CHECK_EQ(key, future->field->key);
    CHECK_IS(first + count, <=, future->field->rows);
    CHECK_IS(count, >, 0);
    return time % 5 ? time >> 8 : UINT64_MAX;
}

/* Random pieces, of one row mostly, some the same and some overlapping. */
static size_t make_pieces(uint64_t *state, struct data_field *field, unsigned char *memory,
                          struct fetch_piece *pieces)
{
    size_t count = 1 + judge_random(state) % MOST_PIECES, used = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t first = judge_random(state) % field->rows, most = field->rows - first;
        uint64_t rows =
            judge_random(state) % 3 ? 1 : judge_random(state) % (most + 1); /* or none */
        if (i && judge_random(state) % 8 == 0)
            first = pieces[i - 1].first, rows = pieces[i - 1].count;
        pieces[i] = (struct fetch_piece){field, first, rows, memory + used, FETCH_TAKEN, NULL};
        used += (size_t)rows * field->row_bytes + 1;
    }
    memset(memory, 0xEE, used);
    return count;
}

static bool pieces_are_right(const struct fetch_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t bytes = (size_t)pieces[i].count * row_bytes();
        const unsigned char *rows = pieces[i].to;
        harness_where("piece %zu of %zu: %llu rows from %llu on", i, count,
                      (unsigned long long)pieces[i].count, (unsigned long long)pieces[i].first);
        if (!CHECK_BYTES(rows, sample.expected + pieces[i].first * row_bytes(), bytes) ||
            !CHECK_EQ(rows[bytes], 0xEE))
            return false;
    }
    return true;
}

static void check_pieces(struct data_field *field, unsigned threads, uint64_t cache_bytes,
                         bool foresight)
{
    static unsigned char memory[MOST_PIECES * (MOST_FILE_BYTES + 1)];
    struct fetch_piece pieces[MOST_PIECES];
    uint64_t state = threads + cache_bytes;
    struct future order = {.field = field};
    struct fetch_foresight future = {some_use, &order};
    struct fetch_counts counts = {0};
    struct fetcher *fetcher;
    if (!NEED_STATUS(fetcher_new(cache_bytes, &fetcher), SHS_OK)) return;
    field->key = 1000 + threads;
    for (uint64_t fetch = 0; fetch < 3; fetch++) {
        size_t count = make_pieces(&state, field, memory, pieces);
        order.order = judge_random(&state);
        const struct fetch_means means = {.fetcher = fetcher,
                                          .threads = threads,
                                          .foresight = foresight ? &future : NULL,
                                          .order = fetch};
        CHECK_STATUS(fetch_pieces(&means, pieces, count, &counts), SHS_OK);
        CHECK(pieces_are_right(pieces, count));
        CHECK_IS(fetch_kept_bytes(fetcher), <=, cache_bytes);
    }
    fetcher_free(&fetcher);
}

static void check_fetch(struct data_field *field)
{
    const struct io_layout *layout = field->direct ? io_reader_layout(field->direct) : NULL;
    uint64_t chunk = layout && layout->chunked ? layout->chunk_bytes : 64;
    check_pieces(field, 1, 0, false);
    check_pieces(field, 3, 2 * chunk + chunk / 2, true);
    check_pieces(field, 1, chunk, true);
    check_pieces(field, 3, 64 << 20, false);
}

/* ---- The matrix. */

static size_t indexes[H5D_CHUNK_IDX_NTYPES], direct, through;

static void check_kind(void)
{
    struct h5_file *file;
    struct data_field field;
    plan_begin(&sample.kind, &sample.plan);
    bool written = write_file(&sample.kind, &sample.plan, path, &sample.index);
    plan_end(&sample.plan);
    if (!NEED(written) || !NEED(read_expected())) return;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (NEED_STATUS(data_field_open(file, path, "data", &(struct data_field_how){0}, &field),
                    SHS_OK)) {
        check_way(&field);
        check_rows(&field);
        if (!sample.gaps && sample.readable) check_fetch(&field);
        direct += field.direct != NULL;
        through += field.direct == NULL;
        if (is_chunked(&sample.kind) && field.direct) indexes[sample.index]++;
        data_field_close(&field);
    }
    h5_close(&file);
}

static void check_drawn(const struct kind *kind)
{
    unsigned failures = CU_get_number_of_failures();
    sample.kind = *kind;
    check_kind();
    if (CU_get_number_of_failures() != failures)
        WRONG("these failures are of %s", kind_text(&sample.kind));
}

static void rows_are_those_of_hdf5(void)
{
    static struct met possible, met;
    uint64_t state = 2024, scan = 1;
    size_t files = 0, least = CORE_SANITIZED ? 120 : 700;
    for (int i = 0; i < 100000; i++) {
        struct kind kind = draw_kind(&scan);
        meet(&possible, &kind, true);
    }
    for (; files < least || (met.count < possible.count && !CORE_SANITIZED && files < 2000);
         files++) {
        struct kind kind = choose_kind(&state, &met);
        check_drawn(&kind);
    }
    CHECK(met.count >= possible.count || CORE_SANITIZED);
    CHECK_IS(direct, >, files / 2);
    CHECK_IS(through, >, files / 8);
}

/* Chunks that lie one after the other have no index; many conditions must meet for it. */
static void every_kind_of_index_is_read(void)
{
    uint64_t state = 77;
    for (unsigned axes = 0; axes < choices_of[AXES]; axes++)
        for (unsigned layout = WHOLE_ROWS; layout <= ONE_CHUNK; layout++) {
            struct kind kind = draw_kind(&state);
            kind.of[AXES] = axes;
            kind.of[LAYOUT] = layout;
            kind.of[FORMAT] = LATEST;
            kind.of[GROWTH] = FIXED;
            kind.of[ALLOCATION] = EARLY;
            kind.of[FILTERS] = kind.of[EDGES] = 0;
            make_possible(&kind);
            check_drawn(&kind);
        }
    for (int index = 0; index < H5D_CHUNK_IDX_NTYPES; index++)
        CHECK_IS(indexes[index], >, 2);
}

/* ---- Corners. */

static const struct kind plain = {
    {[TYPE] = 5, [AXES] = 1, [LAYOUT] = WHOLE_ROWS, [EDGES] = RAGGED}};

/* Makes a file of a kind; opens its dataset. */
static bool open_kind(const struct kind *kind, const char *name, struct h5_file **file,
                      struct data_field *field)
{
    sample.kind = *kind;
    plan_begin(kind, &sample.plan);
    bool done = write_file(kind, &sample.plan, path, &sample.index);
    plan_end(&sample.plan);
    if (!NEED(done) || !NEED(read_expected()) || !NEED_STATUS(h5_open(path, file), SHS_OK))
        return false;
    if (NEED_STATUS(data_field_open(*file, path, name, &(struct data_field_how){0}, field), SHS_OK))
        return true;
    h5_close(file);
    return false;
}

static void a_file_cut_short_after_opening_is_an_error(void)
{
    struct kind kind = plain;
    unsigned char rows[10 * 5 * 8];
    struct h5_file *file;
    struct data_field field;
    kind.of[LAYOUT] = CONTIGUOUS;
    if (!open_kind(&kind, "data", &file, &field)) return;
    CHECK(field.direct != NULL);
    CHECK_EQ(truncate(path, 100), 0);
    CHECK_STATUS(data_field_read(&field, 20, 10, rows), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "rows 20 to 29");
    CHECK_HAS(shs_message(), path);
    data_field_close(&field);
    h5_close(&file);
}

/* Addresses in the other file are none in this one. */
static void what_a_link_finds_in_another_file_is_read_through_hdf5(void)
{
    char linking[PATH_BYTES];
    struct h5_file *file;
    struct data_field field;
    for (unsigned layout = CONTIGUOUS; layout <= WHOLE_ROWS; layout++) {
        sample.kind = plain;
        sample.kind.of[LAYOUT] = layout;
        plan_begin(&sample.kind, &sample.plan);
        if (CHECK(write_file(&sample.kind, &sample.plan, path, &sample.index)))
            CHECK(read_expected());
        plan_end(&sample.plan);
        hid_t link = H5Fcreate(folder_path(folder, "link.h5", linking), H5F_ACC_TRUNC, H5P_DEFAULT,
                               H5P_DEFAULT);
        CHECK(H5Lcreate_external(path, "data", link, "far", H5P_DEFAULT, H5P_DEFAULT) >= 0);
        CHECK(H5Fclose(link) >= 0);
        if (!NEED_STATUS(h5_open(linking, &file), SHS_OK)) return;
        if (NEED_STATUS(data_field_open(file, linking, "far", &(struct data_field_how){0}, &field),
                        SHS_OK)) {
            if (CHECK(field.through)) CHECK_HAS(field.reason, "another file");
            check_rows(&field);
            data_field_close(&field);
        }
        h5_close(&file);
    }
}

/* Their chunks and buffers are the same to HDF5. */
static void a_dataset_may_be_open_twice(void)
{
    struct h5_file *file;
    struct data_field first, second;
    for (unsigned layout = CONTIGUOUS; layout <= EXTERNAL; layout++) {
        struct kind kind = plain;
        kind.of[LAYOUT] = layout;
        kind.of[GROWTH] = layout == LARGER ? FIRST_GROWS : FIXED;
        if (!open_kind(&kind, "data", &file, &first)) return;
        check_rows(&first);
        if (NEED_STATUS(data_field_open(file, path, "data", &(struct data_field_how){0}, &second),
                        SHS_OK)) {
            check_way(&second);
            check_rows(&second);
            check_rows(&first);
            data_field_close(&second);
        }
        data_field_close(&first);
        h5_close(&file);
    }
}

/* They are those that were written: HDF5 cannot tell. */
static void filters_that_hdf5_lacks_are_undone(void)
{
    struct h5_file *file;
    struct data_field field;
    for (unsigned i = 0; i < COUNT(pipelines); i++) {
        H5Z_filter_t filter = pipelines[i][0];
        if (filter < LZF) continue;
        sample.kind = plain;
        sample.kind.of[FILTERS] = i;
        plan_begin(&sample.kind, &sample.plan);
        if (CHECK(write_file(&sample.kind, &sample.plan, path, &sample.index)))
            CHECK(read_expected());
        plan_end(&sample.plan);
        if (CHECK(H5Zunregister(filter) >= 0)) CHECK_STATUS(h5_open(path, &file), SHS_OK);
        if (NEED_STATUS(data_field_open(file, path, "data", &(struct data_field_how){0}, &field),
                        SHS_OK)) {
            if (CHECK(field.direct) && CHECK(field.uncompared)) CHECK(!*field.reason);
            check_rows(&field);
            check_fetch(&field);
            data_field_close(&field);
        }
        h5_close(&file);
        CHECK(register_filters());
    }
}

/* A dataset of bytes in a file of its own, after `edit` has been at its creation list. */
static bool make_bytes(hsize_t rows, hsize_t chunk, void (*edit)(hid_t list), hsize_t written)
{
    const hsize_t zero = 0;
    unsigned char *bytes = malloc(written + 1);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &rows, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk) H5Pset_chunk(list, 1, &chunk);
    if (edit) edit(list);
    hid_t data = H5Dcreate2(file, "data", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    hid_t memory = H5Screate_simple(1, &written, NULL);
    bool done = data >= 0 && bytes;
    if (done && written) {
        memset(bytes, 0x77, written);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &zero, NULL, &written, NULL);
        done = H5Dwrite(data, H5T_STD_U8LE, memory, space, H5P_DEFAULT, bytes) >= 0;
    }
    free(bytes);
    H5Sclose(memory);
    if (data >= 0) H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    return H5Fclose(file) >= 0 && done;
}

static shs_status open_bytes(struct h5_file **file, struct data_field *field)
{
    shs_status status = h5_open(path, file);
    return status ? status
                  : data_field_open(*file, path, "data", &(struct data_field_how){0}, field);
}

static void a_dataset_of_few_chunks_takes_no_memory_for_all(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char row;
    CHECK(make_bytes(UINT64_C(1) << 40, 2, NULL, 5));
    if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
    if (CHECK(field.through)) CHECK_HAS(field.reason, "mostly not written");
    if (CHECK_STATUS(data_field_read(&field, 4, 1, &row), SHS_OK)) CHECK_EQ(row, 0x77);
    if (CHECK_STATUS(data_field_read(&field, (UINT64_C(1) << 40) - 1, 1, &row), SHS_OK))
        CHECK_EQ(row, 0);
    data_field_close(&field);
    h5_close(&file);
}

static void without_fill(hid_t list)
{
    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER);
}

/* HDF5 leaves memory as it was where nothing was written and nothing is to be filled in. */
static void rows_that_were_never_written_are_an_error(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char rows[100];
    for (hsize_t chunk = 0; chunk <= 10; chunk += 10)
        for (hsize_t written = 0; written <= 40 && !(written && !chunk); written += 40) {
            CHECK(make_bytes(100, chunk, without_fill, written));
            if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
            CHECK(field.through != NULL);
            CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_ERROR_FORMAT);
            CHECK_STATUS(data_field_read(&field, 99, 1, rows), SHS_ERROR_FORMAT);
            CHECK_HAS(shs_message(), "never written");
            CHECK_HAS(shs_message(), "data");
            CHECK_HAS(shs_message(), "99");
            for (hsize_t row = 0; row < written; row++)
                CHECK(data_field_read(&field, row, 1, rows) == SHS_OK && rows[0] == 0x77);
            data_field_close(&field);
            h5_close(&file);
        }
    /* all written, and so read directly */
    CHECK(make_bytes(100, 10, without_fill, 100));
    if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
    if (CHECK(field.direct) && CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_OK))
        CHECK_EQ(rows[99], 0x77);
    data_field_close(&field);
    h5_close(&file);
}

static void deflated(hid_t list)
{
    H5Pset_deflate(list, 6);
}

/* Stores a chunk anew. */
static void store_chunk(hsize_t row, uint32_t mask, const void *bytes, size_t count)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "data", H5P_DEFAULT);
    CHECK(H5Dwrite_chunk(data, H5P_DEFAULT, mask, &row, count, bytes) >= 0);
    if (CHECK(H5Dclose(data) >= 0)) CHECK(H5Fclose(file) >= 0);
}

/* HDF5 hands out what its memory holds behind a chunk that is too short. */
static void a_chunk_without_all_its_bytes_is_an_error(void)
{
    /* ten bytes, as they are and by zlib, where a hundred are due */
    static const struct {
        uint32_t mask;
        size_t count;
        const char *bytes;
    } stored[] = {{1, 10, "0123456789"},
                  {0, 18,
                   "\x78\x9c\x33\x30\x34\x32\x36\x31\x35\x33\xb7\xb0\x04\x00"
                   "\x0a\xff\x02\x0e"}};
    struct h5_file *file;
    struct data_field field;
    unsigned char rows[400];
    for (size_t i = 0; i < COUNT(stored); i++)
        for (hsize_t chunks = i ? 4 : 1; chunks <= 4; chunks += 3) {
            hsize_t bad = chunks > 1 ? 200 : 0;
            CHECK(make_bytes(100 * chunks, 100, deflated, 100 * chunks));
            store_chunk(bad, stored[i].mask, stored[i].bytes, stored[i].count);
            if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
            CHECK(field.direct != NULL);
            for (hsize_t row = 0; row < 100 * chunks; row++)
                CHECK_STATUS(data_field_read(&field, row, 1, rows),
                             row / 100 == bad / 100 ? SHS_ERROR_FORMAT : SHS_OK);
            CHECK_STATUS(data_field_read(&field, 0, 100 * chunks, rows), SHS_ERROR_FORMAT);
            data_field_close(&field);
            h5_close(&file);
        }
}

#if IO_HAS_ZSTD
/* Bitshuffle as plug-ins were that did not know Zstandard: no error, but other bytes. */
static size_t outdated_filter(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                              size_t *buffer_bytes, void **buffer)
{
    (void)flags, (void)n_values, (void)values, (void)buffer_bytes, (void)buffer;
    return bytes;
}

static void bitshuffled_by_zstd(hid_t list)
{
    H5Pset_filter(list, BITSHUFFLE, H5Z_FLAG_MANDATORY, BITSHUFFLE_VALUES,
                  (unsigned[]){0, 4, 1, 8, BITSHUFFLE_ZSTD});
}

/* What HDF5 reads through such a plug-in is wrong, and is not compared. */
static void an_outdated_plugin_is_not_asked(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char elements[100], stored[1000], rows[100];
    for (size_t i = 0; i < sizeof elements; i++)
        elements[i] = (unsigned char)(i * i % 23);
    size_t bytes = bitshuffle_encode(elements, sizeof elements, 1, 8, BITSHUFFLE_ZSTD, stored);
    CHECK(H5Zunregister(BITSHUFFLE) >= 0 && register_filter(BITSHUFFLE, outdated_filter));
    CHECK(make_bytes(100, 100, bitshuffled_by_zstd, 100));
    store_chunk(0, 0, stored, bytes);
    if (NEED_STATUS(open_bytes(&file, &field), SHS_OK)) {
        if (CHECK(field.direct)) CHECK(field.uncompared);
        if (CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_OK))
            CHECK_BYTES(rows, elements, sizeof rows);
        data_field_close(&field);
        h5_close(&file);
    }
    CHECK(H5Zunregister(BITSHUFFLE) >= 0 && register_filters());
}
#endif

static void many_filters(hid_t list)
{
    for (int i = 0; i < IO_MAX_FILTERS + 1; i++)
        H5Pset_fletcher32(list);
}

static void more_filters_than_are_known_go_through_hdf5(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char rows[100];
    CHECK(make_bytes(100, 10, many_filters, 100));
    if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
    if (CHECK(field.through)) CHECK_HAS(field.reason, "9 filters");
    if (CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_OK) && CHECK_EQ(rows[0], 0x77))
        CHECK_EQ(rows[99], 0x77);
    data_field_close(&field);
    h5_close(&file);
}

static void a_field_may_have_no_rows(void)
{
    struct h5_file *file;
    struct data_field field;
    for (hsize_t chunk = 0; chunk < 2; chunk++) {
        hsize_t none = 0;
        hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &none, NULL);
        hid_t data = H5Dcreate2(id, "data", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
        if (CHECK_IS(data, >=, 0) && CHECK(H5Dclose(data) >= 0) && CHECK(H5Sclose(space) >= 0))
            CHECK(H5Pclose(list) >= 0);
        CHECK(H5Fclose(id) >= 0);
        if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
        if (CHECK_EQ(field.rows, 0) && CHECK(field.through)) CHECK_HAS(field.reason, "empty");
        data_field_close(&field);
        h5_close(&file);
    }
}

/* Whether two bytes a row, four rows, from `address` on, can be opened in a file of ten bytes. */
static shs_status open_rows(uint64_t address, uint64_t rows)
{
    struct io_layout layout = {
        .axes = 2, .shape = {rows, 2}, .element_bytes = 1, .address = address};
    struct io_reader *reader = NULL;
    shs_status status = io_layout_measure(&layout);
    if (!status) status = io_reader_open(path, &layout, &reader);
    CHECK_EQ(reader == NULL, status != SHS_OK);
    io_reader_close(&reader);
    return status;
}

static void rows_beyond_the_file_are_refused(void)
{
    FILE *file = fopen(path, "wb");
    if (CHECK_EQ(fwrite("0123456789", 1, 10, file), 10)) CHECK_EQ(fclose(file), 0);
    CHECK_STATUS(open_rows(2, 4), SHS_OK);
    CHECK_STATUS(open_rows(3, 4), SHS_ERROR_FORMAT);
    CHECK_STATUS(open_rows(UINT64_MAX, 4), SHS_ERROR_FORMAT);
    CHECK_STATUS(open_rows(0, UINT64_MAX / 2), SHS_ERROR_FORMAT);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_are_those_of_hdf5),
        TEST(every_kind_of_index_is_read),
        TEST(a_file_cut_short_after_opening_is_an_error),
        TEST(what_a_link_finds_in_another_file_is_read_through_hdf5),
        TEST(a_dataset_may_be_open_twice),
        TEST(filters_that_hdf5_lacks_are_undone),
        TEST(a_dataset_of_few_chunks_takes_no_memory_for_all),
        TEST(rows_that_were_never_written_are_an_error),
        TEST(a_chunk_without_all_its_bytes_is_an_error),
#if IO_HAS_ZSTD
        TEST(an_outdated_plugin_is_not_asked),
#endif
        TEST(more_filters_than_are_known_go_through_hdf5),
        TEST(a_field_may_have_no_rows),
        TEST(rows_beyond_the_file_are_refused),
    };
    if (!folder_make(folder) || !register_filters()) return 2;
    folder_path(folder, "field.h5", path);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    int code = harness_main("field", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
