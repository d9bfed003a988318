/* A file of a kind of the matrix, what HDF5 reads of it, and checks that a field gives the same
 * rows. */
#ifndef FIELD_SCENE_H
#define FIELD_SCENE_H

#include "core_sanitized.h"
#include "fetch.h"
#include "matrix_files.h"
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

static inline size_t row_bytes(void)
{
    return sample.plan.bytes / sample.plan.shape[0];
}

/* Nothing to read, and no fill value: an error of HDF5 too. */
static inline bool is_nothing(void)
{
    const unsigned *of = sample.kind.of;
    return of[WRITTEN] == NOTHING && of[FILL] == UNDEFINED && of[ALLOCATION] == USUAL;
}

/* Reads twice: what HDF5 leaves out is what differs. */
static inline bool read_expected(void)
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

/* Writes the file of sample.kind. */
static inline bool write_sample(void)
{
    plan_begin(&sample.kind, &sample.plan);
    bool written = write_file(&sample.kind, &sample.plan, path, &sample.index);
    plan_end(&sample.plan);
    return CHECK(written) && CHECK(read_expected());
}

static inline shs_status open_field(struct h5_file *file, const char *of, const char *name,
                                    struct data_field *field)
{
    return data_field_open(file, of, name, &(struct data_field_how){0}, field);
}

static inline void close_field(struct data_field *field, struct h5_file **file)
{
    data_field_close(field);
    h5_close(file);
}

static inline bool has_gap(uint64_t first, uint64_t count)
{
    for (uint64_t row = first; row < first + count; row++)
        if (sample.gap[row] || !sample.readable) return true;
    return false;
}

/* The words with which a field is refused to be read directly; NULL if it may be. */
static inline const char *expected_reason(void)
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

static inline void check_way(const struct data_field *field)
{
    const char *reason = expected_reason();
    CHECK_EQ(field->direct != NULL, reason == NULL);
    CHECK_EQ(field->through != NULL, reason != NULL);
    CHECK(!field->uncompared);
    if (reason)
        CHECK_HAS(field->reason, reason);
    else
        CHECK_TEXT(field->reason, "");
    if (CHECK_EQ(field->rows, sample.plan.shape[0])) CHECK_EQ(field->row_bytes, row_bytes());
}

/* Rows [first, first + count), and no byte more. */
static inline bool rows_are_right(struct data_field *field, uint64_t first, uint64_t count)
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

static inline void check_rows(struct data_field *field)
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
static inline uint64_t some_use(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    const struct future *future = user;
    uint64_t state = first + future->order, time = judge_random(&state);
    CHECK_EQ(key, future->field->key);
    CHECK_IS(first + count, <=, future->field->rows);
    CHECK_IS(count, >, 0);
    return time % 5 ? time >> 8 : UINT64_MAX;
}

/* Random pieces, of one row mostly, some the same and some overlapping. */
static inline size_t make_pieces(uint64_t *state, struct data_field *field, unsigned char *memory,
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

static inline bool pieces_are_right(const struct fetch_piece *pieces, size_t count)
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

static inline void check_pieces(struct data_field *field, unsigned threads, uint64_t cache_bytes,
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

static inline void check_fetch(struct data_field *field)
{
    const struct io_layout *layout = field->direct ? io_reader_layout(field->direct) : NULL;
    uint64_t chunk = layout && layout->chunked ? layout->chunk_bytes : 64;
    check_pieces(field, 1, 0, false);
    check_pieces(field, 3, 2 * chunk + chunk / 2, true);
    check_pieces(field, 1, chunk, true);
    check_pieces(field, 3, 64 << 20, false);
}

/* ---- Running. */

static inline int field_main(const char *suite, const struct harness_test *tests, size_t count,
                             int argc, char **argv)
{
    if (!folder_make(folder) || !register_filters()) return 2;
    folder_path(folder, "field.h5", path);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    int code = harness_main(suite, tests, count, argc, argv);
    folder_remove(folder);
    return code;
}

#endif
