/* A file of four fields, pieces of it, and what a fetch of these pieces did. */
#ifndef FETCH_SCENE_H
#define FETCH_SCENE_H

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "fetch_plan.h"
#include "judge.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES], path[PATH_BYTES];

/* ---- A file of four fields: rows of u32, each known by its place. */

enum {
    ROWS = 1000,
    COLUMNS = 6,
    HEIGHT = 10, /* rows in a chunk of "chunked" */
    CHUNKS = ROWS / HEIGHT,
    CHUNK_BYTES = HEIGHT * COLUMNS * 4
};

static inline uint32_t element(uint64_t row, uint64_t column)
{
    uint64_t state = row * COLUMNS + column;
    return (uint32_t)(judge_random(&state) % 1000 << 16 | row); /* something to compress */
}

static inline void write_dataset(hid_t file, const char *name, hid_t list, hsize_t rows,
                                 hsize_t columns)
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

static inline hid_t chunks_of(hsize_t rows, hsize_t columns)
{
    const hsize_t chunk[2] = {rows, columns};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    return list;
}

/* "plain" is contiguous, "chunked" deflated and with checksums, "parts" in chunks of parts of
 * rows, "compact" for HDF5 alone. */
static inline void make_file(void)
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

static inline bool open_field(struct data *data, const char *name, struct data_field *field)
{
    const struct data_field_how how = {0};
    return data_field_open(data->file, path, name, &how, field) == SHS_OK;
}

static inline bool data_open(struct data *data, uint64_t cache_bytes)
{
    make_file();
    *data = (struct data){0};
    all = (struct fetch_counts){0};
    bool done = h5_open(path, &data->file) == SHS_OK && open_field(data, "plain", &data->plain) &&
                open_field(data, "chunked", &data->chunked) &&
                open_field(data, "parts", &data->parts) &&
                open_field(data, "compact", &data->compact) &&
                fetcher_new(cache_bytes, &data->fetcher) == SHS_OK;
    data->chunked.key = 1;
    data->parts.key = 2;
    data->compact.key = 3;
    if (CHECK(data->plain.direct) && CHECK(data->chunked.direct)) CHECK(data->parts.direct);
    CHECK(data->compact.through != NULL);
    return NEED(done);
}

static inline void data_close(struct data *data)
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

static inline void begin_pieces(void)
{
    n_pieces = 0;
    unused = memory;
}

static inline void add_piece(struct data_field *field, uint64_t first, uint64_t count)
{
    pieces[n_pieces++] = (struct fetch_piece){field, first, count, unused, FETCH_TAKEN, NULL};
    memset(unused, 0xEE, count * field->row_bytes + 4);
    unused += count * field->row_bytes / 4 + 1; /* one stays as it is */
}

static inline bool piece_is_right(const struct fetch_piece *piece)
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

static inline bool pieces_are_right(void)
{
    for (size_t i = 0; i < n_pieces; i++)
        if (!piece_is_right(&pieces[i])) return false;
    return true;
}

static inline shs_status fetch_with(struct fetcher *fetcher, unsigned threads,
                                    const struct fetch_foresight *foresight,
                                    struct fetch_counts *done)
{
    const struct fetch_means means = {
        .fetcher = fetcher, .threads = threads, .foresight = foresight};
    return fetch_pieces(&means, pieces, n_pieces, done);
}

/* What one fetch of the pieces did. */
static inline struct fetch_counts fetch(struct fetcher *fetcher, unsigned threads,
                                        const struct fetch_foresight *foresight)
{
    struct fetch_counts done = {0};
    CHECK_STATUS(fetch_with(fetcher, threads, foresight, &done), SHS_OK);
    CHECK(pieces_are_right());
    fetch_counts_add(&all, &done);
    return done;
}

/* What a fetch of one piece did. */
static inline struct fetch_counts fetch_rows(struct data *data, struct data_field *field,
                                             uint64_t first, uint64_t count,
                                             const struct fetch_foresight *foresight)
{
    begin_pieces();
    add_piece(field, first, count);
    return fetch(data->fetcher, 1, foresight);
}

static inline void shuffle_pieces(uint64_t seed)
{
    for (size_t i = n_pieces; i > 1; i--) {
        size_t other = judge_random(&seed) % i;
        struct fetch_piece piece = pieces[i - 1];
        pieces[i - 1] = pieces[other];
        pieces[other] = piece;
    }
}

/* ---- Running. */

/* In a folder of its own; threads help with any work, however little. */
static inline int fetch_main(const char *suite, const struct harness_test *tests, size_t count,
                             int argc, char **argv)
{
    if (!folder_make(folder)) return 2;
    folder_path(folder, "fetch.h5", path);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    fetch_thread_work = 1;
    int code = harness_main(suite, tests, count, argc, argv);
    folder_remove(folder);
    return code;
}

#endif
