/* io_layout_measure(), io_reader_open() and reads of any layout over any file. An input is
 *
 *     axes - 1, plus 8: other byte order, 16: chunked, 32: raw edges, 64: long numbers    1 byte
 *     logarithm of an element's size                                                      1
 *     shape                                      a byte an axis, or 8 if numbers are long
 *   chunked:
 *     shape of a chunk                                                                    likewise
 *     count of filters, each one, size of a shuffle's elements, fill value                a byte
 * each count of places, and for each: address, size, mask                                  1; 2, 2,
 * 1 contiguous: address 2 the file the rest
 *
 * little-endian. Chunk i lies at place i modulo their count. What is read must be the same in one
 * piece and in many, and without filters what a slow look-up of each element finds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core_memory.h"
#include "fenced.h"
#include "io_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum {
    MOST_MEMORY = 1 << 18, /* in one block: more there is none */
    MOST_CHUNKS = 4096,
    MOST_WORK = 1 << 18, /* bytes of all chunks */
    MOST_PLACES = 32,
    MOST_READ = 1 << 14, /* bytes of rows */
    MOST_ROWS = 16
};

static int file; /* in memory */
static char path[64];

struct input {
    const uint8_t *at;
    size_t left;
};

/* A number of `bytes` bytes; zeros follow the end. */
static uint64_t take(struct input *input, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes && input->left; i++, input->left--)
        number |= (uint64_t)*input->at++ << 8 * i;
    return number;
}

static void need(bool condition)
{
    if (!condition) abort();
}

/* ---- Memory that ends. */

static void *reallocate(void *memory, size_t bytes, void *user)
{
    (void)user;
    return bytes > MOST_MEMORY ? NULL : realloc(memory, bytes);
}

static void release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

/* ---- A layout. */

static void take_filters(struct input *input, struct io_layout *layout)
{
    static const uint32_t ids[] = {1, 2, 3, 32000, 32001, 32004, 32015, 4};
    layout->pipeline.count = (uint32_t)take(input, 1) % (IO_MAX_FILTERS + 1);
    for (uint32_t i = 0; i < layout->pipeline.count; i++)
        layout->pipeline.filter[i].id = ids[take(input, 1) % (sizeof ids / sizeof *ids)];
    uint32_t element = (uint32_t)take(input, 1);
    for (uint32_t i = 0; i < layout->pipeline.count; i++) {
        layout->pipeline.filter[i].n_values = 1;
        layout->pipeline.filter[i].values[0] = element;
    }
    memset(layout->fill, (int)take(input, 1), sizeof layout->fill);
}

static uint64_t take_address(struct input *input)
{
    uint64_t address = take(input, 2);
    return address == 0xFFFF ? IO_NOWHERE : address == 0xFFFE ? UINT64_MAX - 5 : address;
}

static struct io_layout take_layout(struct input *input)
{
    struct io_layout layout = {0};
    uint64_t kind = take(input, 1);
    size_t long_bytes = kind & 64 ? 8 : 1;
    layout.axes = (uint32_t)kind % 8 + 1;
    layout.swapped = kind & 8;
    layout.chunked = kind & 16;
    layout.raw_edges = kind & 32;
    layout.element_bytes = (size_t)1 << take(input, 1) % 4;
    for (uint32_t axis = 0; axis < layout.axes; axis++)
        layout.shape[axis] = take(input, long_bytes);
    for (uint32_t axis = 0; axis < layout.axes && layout.chunked; axis++)
        layout.chunk[axis] = take(input, long_bytes);
    if (layout.chunked) take_filters(input, &layout);
    return layout;
}

/* Whether all chunks can be decoded many times in no time, or fail at once. */
static bool is_quick(const struct io_layout *layout)
{
    return layout->n_chunks <= MOST_CHUNKS && (layout->chunk_bytes > MOST_MEMORY ||
                                               layout->n_chunks * layout->chunk_bytes <= MOST_WORK);
}

/* Where the chunks lie; false if there are too many. */
static bool take_places(struct input *input, struct io_layout *layout)
{
    struct io_chunk places[MOST_PLACES] = {{.address = IO_NOWHERE}};
    size_t count = take(input, 1) % (MOST_PLACES + 1);
    for (size_t i = 0; i < count; i++) {
        places[i].address = take_address(input);
        places[i].bytes = (uint32_t)take(input, 2);
        places[i].mask = (uint32_t)take(input, 1);
    }
    if (!is_quick(layout) || core_new(layout->n_chunks, sizeof *places, "places", &layout->chunks))
        return false;
    for (uint64_t i = 0; i < layout->n_chunks; i++)
        layout->chunks[i] = places[count ? i % count : 0];
    return true;
}

/* ---- What each element is, if nothing is filtered. */

/* The place of an element, by its number, in the file; IO_NOWHERE if it is a fill value. */
static uint64_t find_element(const struct io_layout *layout, uint64_t number)
{
    uint64_t chunk = 0, inside = 0, index[SHS_MAX_AXES];
    if (!layout->chunked) return layout->address + number * layout->element_bytes;
    for (uint32_t axis = layout->axes; axis-- > 0; number /= layout->shape[axis])
        index[axis] = number % layout->shape[axis];
    for (uint32_t axis = 0; axis < layout->axes; axis++) {
        uint64_t across = (layout->shape[axis] + layout->chunk[axis] - 1) / layout->chunk[axis];
        chunk = chunk * across + index[axis] / layout->chunk[axis];
        inside = inside * layout->chunk[axis] + index[axis] % layout->chunk[axis];
    }
    if (layout->chunks[chunk].address == IO_NOWHERE) return IO_NOWHERE;
    return layout->chunks[chunk].address + inside * layout->element_bytes;
}

static void check_elements(const struct io_layout *layout, const struct input *image,
                           const unsigned char *rows, uint64_t count)
{
    size_t size = layout->element_bytes;
    for (uint64_t number = 0; number < count; number++) {
        uint64_t at = find_element(layout, number);
        const unsigned char *found = rows + number * size;
        need(at == IO_NOWHERE || (at < image->left && size <= image->left - at));
        for (size_t i = 0; i < size; i++)
            need(found[i] == (at == IO_NOWHERE  ? layout->fill[i]
                              : layout->swapped ? image->at[at + size - 1 - i]
                                                : image->at[at + i]));
    }
}

/* ---- Reads. */

static bool is_expected(shs_status status)
{
    return status == SHS_OK || status == SHS_ERROR_FORMAT || status == SHS_ERROR_UNSUPPORTED ||
           status == SHS_ERROR_MEMORY;
}

/* Rows to memory that ends at a fence. */
static shs_status read_rows(const struct io_reader *reader, uint64_t first, uint64_t count,
                            unsigned char *rows)
{
    static struct io_lane lane; /* kept, as a loader does */
    size_t bytes = (size_t)count * io_reader_layout(reader)->row_bytes;
    memset(rows - GUARD_BYTES, GUARD, GUARD_BYTES + bytes);
    shs_status status = io_reader_read(reader, &lane, first, count, rows);
    need(fenced_is_all(rows - GUARD_BYTES, GUARD_BYTES, GUARD));
    need(is_expected(status));
    return status;
}

/* Some rows are what they are among all; true if they could be read. */
static bool check_part(const struct io_reader *reader, uint64_t first, uint64_t count,
                       const unsigned char *all)
{
    static struct fenced fenced;
    if (!fenced.end) need(fenced_make(&fenced));
    size_t row_bytes = io_reader_layout(reader)->row_bytes, bytes = (size_t)count * row_bytes;
    bool done = read_rows(reader, first, count, fenced.end - bytes) == SHS_OK;
    need(!done || !all || !memcmp(fenced.end - bytes, all + first * row_bytes, bytes));
    return done;
}

static void check_chunks_that_must_not_wait(const struct io_reader *reader)
{
    static struct io_lane lane;
    const struct io_layout *layout = io_reader_layout(reader);
    for (uint64_t chunk = 0; chunk < layout->n_chunks && chunk < MOST_PLACES; chunk++) {
        void *to;
        bool cold = false;
        if (io_lane_chunk(&lane, layout->chunk_bytes, &to)) return;
        need(is_expected(io_reader_chunk(reader, &lane, chunk, to, &cold)));
        io_layout_is_edge(layout, chunk);
    }
}

static void check_reader(const struct io_reader *reader, const struct input *image)
{
    static struct fenced fenced;
    if (!fenced.end) need(fenced_make(&fenced));
    const struct io_layout *layout = io_reader_layout(reader);
    uint64_t rows = layout->shape[0], some = rows < MOST_ROWS ? rows : MOST_ROWS;
    if (rows > MOST_READ || layout->row_bytes > MOST_READ / rows) {
        if (layout->row_bytes <= MOST_READ) check_part(reader, rows - 1, 1, NULL);
        return;
    }
    unsigned char *all = fenced.end - rows * layout->row_bytes;
    bool done = read_rows(reader, 0, rows, all) == SHS_OK, parts = true;
    for (uint64_t row = 0; row < some; row++)
        parts &= check_part(reader, row, 1, done ? all : NULL);
    check_part(reader, rows / 3, rows - rows / 3, done ? all : NULL);
    need(parts == done || some < rows);
    if (done && !layout->pipeline.count)
        check_elements(layout, image, all, rows * layout->row_bytes / layout->element_bytes);
    if (layout->chunked) check_chunks_that_must_not_wait(reader);
}

static void start(void)
{
    static const shs_memory memory = {reallocate, release, NULL};
    shs_memory_use(&memory);
    file = memfd_create("fuzz", 0);
    need(file >= 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct input input = {data, bytes};
    struct io_reader *reader;
    if (!file) start();
    struct io_layout layout = take_layout(&input);
    shs_status status = io_layout_measure(&layout);
    need(status == SHS_OK || status == SHS_ERROR_FORMAT);
    if (status) return 0;
    if (!layout.chunked)
        layout.address = take_address(&input);
    else if (!take_places(&input, &layout))
        return 0;
    need(ftruncate(file, 0) == 0);
    need(pwrite(file, input.at, input.left, 0) == (ssize_t)input.left);
    status = io_reader_open(path, &layout, &reader);
    need(layout.chunks == NULL && (reader == NULL) == (status != SHS_OK) && is_expected(status));
    if (status) return 0;
    check_reader(reader, &input);
    io_reader_close(&reader);
    return 0;
}
