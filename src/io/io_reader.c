#include "io_reader.h"

#include <string.h>

#include "core_assert.h"
#include "core_clock.h"
#include "core_memory.h"
#include "io_bytes.h"
#include "io_crc32c.h"
#include "io_file.h"
#include "io_reader_parts.h"

enum {
    SHARED_BYTES = 1 << 20 /* most bytes of neighbouring runs in one read */
};

void io_lane_free(struct io_lane *lane)
{
    io_decoder_free(&lane->decoder);
    core_free(&lane->stored);
    core_free(&lane->chunk);
    *lane = (struct io_lane){0};
}

shs_status io_lane_grow(void **memory, size_t *has, size_t bytes)
{
    if (*has >= bytes) return SHS_OK;
    core_free(memory); /* the old content is not needed */
    *has = 0;
    shs_status status = core_resize(bytes, 1, "a chunk", memory);
    if (!status) *has = bytes;
    return status;
}

shs_status io_lane_chunk(struct io_lane *lane, size_t bytes, void **chunk)
{
    shs_status status = io_lane_grow(&lane->chunk, &lane->chunk_bytes, bytes);
    *chunk = lane->chunk;
    return status;
}

static shs_status check_inside(const char *path, uint64_t address, uint64_t bytes,
                               uint64_t file_bytes, const char *what)
{
    if (address <= file_bytes && bytes <= file_bytes - address) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s has %llu bytes, but %s has %llu bytes at %llu: the file is not complete",
                     path, (ull)file_bytes, what, (ull)bytes, (ull)address);
}

static shs_status check_extents(const struct io_layout *layout, const char *path,
                                uint64_t file_bytes)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < layout->n_extents && !status; i++) {
        uint64_t rows, address = io_layout_address_of(layout, layout->extents[i].first, &rows);
        status = check_inside(path, address, rows * layout->row_bytes, file_bytes,
                              "a piece of the field");
    }
    if (layout->extents) return status;
    if (!layout->chunked)
        return check_inside(path, layout->address, layout->rows * layout->row_bytes, file_bytes,
                            "the field");
    for (uint64_t i = 0; i < layout->n_chunks && !status; i++)
        if (layout->chunks[i].address != IO_NOWHERE)
            status = check_inside(path, layout->chunks[i].address, layout->chunks[i].bytes,
                                  file_bytes, "a chunk");
    return status;
}

static shs_status open_file(struct io_reader *reader, const char *path)
{
    uint64_t bytes = 0;
    shs_status status = io_size(path, &bytes);
    if (!status) status = check_extents(&reader->layout, path, bytes);
    return status ? status : io_access_open(path, &reader->access);
}

/* Makes a reader that owns what the layout owned. On error that is released. */
static shs_status make(struct io_layout *layout, struct io_reader **reader)
{
    shs_status status = core_new(1, sizeof **reader, "a reader", reader);
    if (status) {
        io_layout_free(layout);
        return status;
    }
    (*reader)->access.file = -1;
    (*reader)->layout = *layout;
    layout->chunks = NULL;
    layout->sums = NULL;
    layout->extents = NULL;
    return SHS_OK;
}

shs_status io_reader_open(const char *path, struct io_layout *layout, struct io_reader **reader)
{
    shs_status status = make(layout, reader);
    if (status) return status;
    status = open_file(*reader, path);
    if (status) io_reader_close(reader);
    return status;
}

shs_status io_reader_prepare(const char *path, const struct io_identity *identity,
                             struct io_layout *layout, struct io_reader **reader)
{
    shs_status status = make(layout, reader);
    if (status) return status;
    status = check_extents(&(*reader)->layout, path, identity->bytes);
    if (!status) status = io_access_prepare(path, identity, &(*reader)->access);
    if (status) io_reader_close(reader);
    return status;
}

shs_status io_reader_begin(struct io_reader *reader)
{
    return io_access_begin(&reader->access);
}

/* Finds the bytes [*begin, *end) of the file in which the array lies. Fill values lie nowhere. */
static void find_extent(const struct io_layout *layout, uint64_t *begin, uint64_t *end)
{
    *begin = layout->address;
    *end = layout->address + layout->rows * layout->row_bytes;
    if (!layout->chunked && !layout->extents) return;
    *begin = UINT64_MAX;
    *end = 0;
    for (size_t i = 0; i < layout->n_extents; i++) {
        uint64_t rows, address = io_layout_address_of(layout, layout->extents[i].first, &rows);
        if (address < *begin) *begin = address;
        if (address + rows * layout->row_bytes > *end) *end = address + rows * layout->row_bytes;
    }
    for (uint64_t i = 0; layout->chunked && i < layout->n_chunks; i++) {
        const struct io_chunk *chunk = &layout->chunks[i];
        if (chunk->address == IO_NOWHERE) continue;
        if (chunk->address < *begin) *begin = chunk->address;
        if (chunk->address + chunk->bytes > *end) *end = chunk->address + chunk->bytes;
    }
}

shs_status io_reader_map(struct io_reader *reader)
{
    uint64_t begin, end;
    find_extent(&reader->layout, &begin, &end);
    return begin < end ? io_access_map(&reader->access, begin, end - begin) : SHS_OK;
}

bool io_reader_is_mapped(const struct io_reader *reader)
{
    return reader->access.map != NULL;
}

void io_reader_close(struct io_reader **reader)
{
    if (!*reader) return;
    io_access_close(&(*reader)->access);
    io_layout_free(&(*reader)->layout);
    core_free(reader);
}

const struct io_layout *io_reader_layout(const struct io_reader *reader)
{
    return &reader->layout;
}

void io_to_machine_order(const struct io_layout *layout, void *elements, size_t bytes)
{
    if (layout->swapped) io_swap(elements, bytes / layout->element_bytes, layout->element_bytes);
}

shs_status io_reader_rows(const struct io_reader *reader, struct io_lane *lane, uint64_t first,
                          const struct iovec *pieces, int count, bool *cold)
{
    const struct io_layout *layout = &reader->layout;
    core_assert(!layout->chunked);
    shs_status status = io_access_read(&reader->access, io_layout_address_of(layout, first, NULL),
                                       pieces, count, cold, &lane->bytes_read);
    if (status || (cold && *cold)) return status;
    for (int i = 0; i < count && layout->swapped; i++)
        io_to_machine_order(layout, pieces[i].iov_base, pieces[i].iov_len);
    return SHS_OK;
}

static size_t run_bytes(const struct io_layout *layout, const struct io_run *run)
{
    return run->count * (run->part ? run->part->bytes : layout->row_bytes);
}

/* Returns how many runs, from the first of the list on, one read serves: they are neighbours. */
static size_t count_neighbours(const struct io_layout *layout, const struct io_run *runs,
                               size_t count)
{
    size_t n = 1, bytes = run_bytes(layout, runs);
    uint64_t together;
    io_layout_address_of(layout, runs->first, &together);
    for (; n < count && n < IO_PIECES && !runs->part; n++) {
        bytes += run_bytes(layout, &runs[n]);
        if (runs[n].part || runs[n].first != runs[n - 1].first + runs[n - 1].count ||
            runs[n].first + runs[n].count - runs->first > together || bytes > SHARED_BYTES)
            break;
    }
    return n;
}

static shs_status read_neighbours(const struct io_reader *reader, struct io_lane *lane,
                                  const struct io_run *runs, size_t count, bool *cold)
{
    struct iovec pieces[IO_PIECES];
    if (runs->part) return io_reader_parts(reader, lane, runs, cold);
    for (size_t i = 0; i < count; i++)
        pieces[i] = (struct iovec){runs[i].to, run_bytes(&reader->layout, &runs[i])};
    return io_reader_rows(reader, lane, runs->first, pieces, (int)count, cold);
}

/* Runs that are copied out of the map together. */
struct group {
    struct io_run runs[IO_PIECES];
    struct io_copy copies[IO_PIECES];
    size_t count;
};

/* Puts a run into the group. Returns false if the run cannot be copied out of a map. */
static bool add_mapped(const struct io_reader *reader, struct group *group,
                       const struct io_run *run)
{
    const struct io_layout *layout = &reader->layout;
    struct io_copy copy = {.at = io_layout_address_of(layout, run->first, NULL),
                           .bytes = run_bytes(layout, run),
                           .to = run->to};
    if (run->part) return false;
    if (!io_access_has(&reader->access, copy.at, copy.bytes)) return false;
    group->runs[group->count] = *run;
    group->copies[group->count++] = copy;
    return true;
}

/* Copies the group's runs and empties the group. After an error *failed is the run. */
static shs_status copy_group(const struct io_reader *reader, struct io_lane *lane,
                             struct group *group, struct io_run *failed)
{
    size_t count = group->count, which;
    if (!count) return SHS_OK;
    group->count = 0;
    shs_status status =
        io_access_copy(&reader->access, group->copies, count, &which, &lane->bytes_read);
    if (status) *failed = group->runs[which];
    for (size_t i = 0; i < count && !status && reader->layout.swapped; i++)
        io_to_machine_order(&reader->layout, group->copies[i].to, group->copies[i].bytes);
    return status;
}

shs_status io_reader_scattered(const struct io_reader *reader, struct io_lane *lane,
                               struct io_run *runs, size_t count, size_t *cold)
{
    struct group group;
    size_t left = 0; /* runs that are not in memory, at the front of the list */
    group.count = 0; /* the rest is set when it is used */
    for (size_t begin = 0, n = 1; begin < count; begin += n, n = 1) {
        bool waits = false;
        shs_status status = SHS_OK;
        if (group.count == IO_PIECES) status = copy_group(reader, lane, &group, runs);
        if (status) return status;
        if (add_mapped(reader, &group, &runs[begin])) continue;
        n = count_neighbours(&reader->layout, runs + begin, count - begin);
        status = read_neighbours(reader, lane, runs + begin, n, cold ? &waits : NULL);
        if (status) {
            runs[0] = runs[begin];
            return status;
        }
        if (!waits) continue;
        memmove(runs + left, runs + begin, n * sizeof *runs);
        left += n;
    }
    if (cold) *cold = left;
    return copy_group(reader, lane, &group, runs);
}

static void fill_chunk(const struct io_layout *layout, void *to)
{
    for (size_t at = 0; at < layout->chunk_bytes; at += layout->element_bytes)
        memcpy((char *)to + at, layout->fill, layout->element_bytes);
}

/* Returns true if the chunk's elements were stored without filters. */
static bool is_raw(const struct io_layout *layout, uint64_t chunk)
{
    uint32_t all = (UINT32_C(1) << layout->pipeline.count) - 1;
    return (layout->chunks[chunk].mask & all) == all ||
           (layout->raw_edges && io_layout_is_edge(layout, chunk));
}

bool io_reader_is_raw(const struct io_reader *reader, uint64_t chunk)
{
    return reader->layout.chunks[chunk].address != IO_NOWHERE && is_raw(&reader->layout, chunk) &&
           !reader->layout.sums;
}

void io_reader_sum(struct io_reader *reader, uint32_t *sums)
{
    core_free(&reader->layout.sums);
    reader->layout.sums = sums;
}

void io_reader_sum_rows(struct io_reader *reader)
{
    reader->rows_summed = true;
}

static bool compares(const struct io_reader *reader, const struct io_lane *lane)
{
    return reader->layout.sums && !(lane->rows_only && reader->rows_summed);
}

/* Compares a chunk's stored bytes with their checksum. */
static shs_status compare_sum(const struct io_layout *layout, uint64_t chunk, const void *stored)
{
    uint32_t found = io_crc32c(stored, layout->chunks[chunk].bytes);
    if (found == layout->sums[chunk]) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "it is not what was written: its checksum is %08lx, not %08lx",
                     (unsigned long)found, (unsigned long)layout->sums[chunk]);
}

void io_reader_need(const struct io_reader *reader, bool parts, struct io_need *need)
{
    const struct io_layout *layout = &reader->layout;
    if (parts && need->stored < IO_SPAN_BYTES) need->stored = IO_SPAN_BYTES;
    if (!layout->chunked) return;
    if (need->chunk < layout->chunk_bytes) need->chunk = layout->chunk_bytes;
    for (uint64_t i = 0; i < layout->n_chunks; i++) {
        const struct io_chunk *chunk = &layout->chunks[i];
        if (chunk->address == IO_NOWHERE || is_raw(layout, i)) continue;
        need->decodes = true;
        if (need->stored < chunk->bytes) need->stored = chunk->bytes;
    }
    if (need->decodes) io_decoder_need(&layout->pipeline, layout->chunk_bytes, &need->scratch);
}

static void raise_to(size_t *bytes, size_t more)
{
    if (*bytes < more) *bytes = more;
}

void io_need_join(struct io_need *need, const struct io_need *more)
{
    raise_to(&need->stored, more->stored);
    raise_to(&need->chunk, more->chunk);
    for (size_t i = 0; i < 2; i++)
        raise_to(&need->scratch.bytes[i], more->scratch.bytes[i]);
    need->decodes |= more->decodes;
}

uint64_t io_need_bytes(const struct io_need *need)
{
    uint64_t bytes = need->decodes ? io_decoder_bytes(&need->scratch) : 0;
    if (need->stored) bytes += need->stored + CORE_MEMORY_HEAD;
    if (need->chunk) bytes += need->chunk + CORE_MEMORY_HEAD;
    return bytes;
}

shs_status io_lane_reserve(struct io_lane *lane, const struct io_need *need)
{
    shs_status status = SHS_OK;
    if (need->stored) status = io_lane_grow(&lane->stored, &lane->stored_bytes, need->stored);
    if (!status && need->chunk)
        status = io_lane_grow(&lane->chunk, &lane->chunk_bytes, need->chunk);
    if (!status && need->decodes && !lane->decoder) status = io_decoder_new(&lane->decoder);
    if (!status && need->decodes) status = io_decoder_reserve(lane->decoder, &need->scratch);
    return status;
}

bool io_reader_is_cut(const struct io_reader *reader)
{
    const struct io_layout *layout = &reader->layout;
    for (uint64_t i = 0; layout->chunked && i < layout->n_chunks; i++)
        if (layout->chunks[i].address != IO_NOWHERE && is_raw(layout, i) &&
            layout->chunks[i].bytes != layout->chunk_bytes)
            return true;
    return false;
}

static shs_status read_stored(const struct io_reader *reader, struct io_lane *lane, uint64_t chunk,
                              void *to, bool *cold)
{
    const struct io_layout *layout = &reader->layout;
    const struct io_chunk *stored = &layout->chunks[chunk];
    bool raw = is_raw(layout, chunk);
    if (!stored->bytes) return core_fail(SHS_ERROR_FORMAT, "it has no bytes");
    if (raw && stored->bytes != layout->chunk_bytes)
        return core_fail(SHS_ERROR_FORMAT, "it has %lu bytes where %zu are needed",
                         (unsigned long)stored->bytes, layout->chunk_bytes);
    shs_status status = SHS_OK;
    if (!raw) status = io_lane_grow(&lane->stored, &lane->stored_bytes, stored->bytes);
    if (!status && !raw && !lane->decoder) status = io_decoder_new(&lane->decoder);
    if (status) return status;
    struct iovec piece = {raw ? to : lane->stored, stored->bytes};
    status = io_access_read(&reader->access, stored->address, &piece, 1, cold, &lane->bytes_read);
    if (status || (cold && *cold)) return status;
    if (compares(reader, lane)) status = compare_sum(layout, chunk, piece.iov_base);
    if (status || raw) return status;
    uint64_t begin = core_clock();
    status = io_decode(lane->decoder, &layout->pipeline, stored->mask, lane->stored, stored->bytes,
                       to, layout->chunk_bytes);
    lane->decode_time += core_clock() - begin;
    return status;
}

shs_status io_reader_chunk(const struct io_reader *reader, struct io_lane *lane, uint64_t chunk,
                           void *to, bool *cold)
{
    const struct io_layout *layout = &reader->layout;
    const struct io_chunk *stored = &layout->chunks[chunk];
    core_assert(layout->chunked && chunk < layout->n_chunks);
    if (stored->address == IO_NOWHERE) {
        fill_chunk(layout, to);
        if (!compares(reader, lane) || !layout->sums[chunk]) return SHS_OK;
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: chunk %llu is not in the file, though it was written",
                         reader->access.path, (ull)chunk);
    }
    shs_status status = read_stored(reader, lane, chunk, to, cold);
    if (!status && !(cold && *cold)) io_to_machine_order(layout, to, layout->chunk_bytes);
    return core_wrap(status, "%s: chunk %llu, %lu bytes at %llu", reader->access.path, (ull)chunk,
                     (unsigned long)stored->bytes, (ull)stored->address);
}

static shs_status read_chunked(const struct io_reader *reader, struct io_lane *lane,
                               const struct io_run *run)
{
    const struct io_layout *layout = &reader->layout;
    void *decoded;
    shs_status status = io_lane_chunk(lane, layout->chunk_bytes, &decoded);
    for (uint64_t band = 0; !status; band++) {
        band = io_layout_next_band(layout, run->first, run->count, band);
        if (band == IO_NO_BAND) break;
        for (uint64_t i = 0; !status; i++) {
            i = io_layout_next_chunk(layout, run->part, i);
            if (i >= layout->chunks_a_band) break;
            uint64_t chunk = band * layout->chunks_a_band + i;
            if (run->part && io_reader_is_raw(reader, chunk)) {
                status = io_reader_raw(reader, lane, chunk, run, NULL);
                continue;
            }
            status = io_reader_chunk(reader, lane, chunk, decoded, NULL);
            if (!status)
                io_layout_copy(layout, run->part, chunk, decoded, run->first, run->count, run->to);
        }
    }
    return status;
}

shs_status io_reader_run(const struct io_reader *reader, struct io_lane *lane,
                         const struct io_run *run)
{
    if (!run->count) return SHS_OK;
    if (reader->layout.chunked) return read_chunked(reader, lane, run);
    shs_status status = SHS_OK;
    struct io_run left = *run;
    while (left.count && !status) {
        struct io_run now = left;
        uint64_t together;
        io_layout_address_of(&reader->layout, left.first, &together);
        if (now.count > together) now.count = together;
        status = read_neighbours(reader, lane, &now, 1, NULL);
        left.first += now.count;
        left.count -= now.count;
        left.to = (char *)left.to + run_bytes(&reader->layout, &now);
    }
    return status;
}

shs_status io_reader_read(const struct io_reader *reader, struct io_lane *lane, uint64_t first,
                          uint64_t count, void *rows)
{
    return io_reader_run(reader, lane, &(struct io_run){first, count, rows, NULL});
}

/* Reads rows of a list that lie in one band. */
static shs_status list_band(const struct io_reader *reader, struct io_lane *lane,
                            const struct io_part *part, const uint64_t *list, size_t count,
                            char *rows)
{
    const struct io_layout *layout = &reader->layout;
    size_t bytes = part ? part->bytes : layout->row_bytes;
    uint64_t band = io_layout_band_of(layout, list[0]);
    void *decoded;
    shs_status status = io_lane_chunk(lane, layout->chunk_bytes, &decoded);
    for (uint64_t i = 0; !status; i++) {
        i = io_layout_next_chunk(layout, part, i);
        if (i >= layout->chunks_a_band) break;
        uint64_t chunk = band * layout->chunks_a_band + i;
        status = io_reader_chunk(reader, lane, chunk, decoded, NULL);
        for (size_t row = 0; row < count && !status; row++)
            io_layout_copy(layout, part, chunk, decoded, list[row], 1, rows + row * bytes);
    }
    return status;
}

shs_status io_reader_listed(const struct io_reader *reader, struct io_lane *lane,
                            const struct io_part *part, const uint64_t *list, size_t count,
                            void *rows)
{
    const struct io_layout *layout = &reader->layout;
    size_t bytes = part ? part->bytes : layout->row_bytes;
    shs_status status = SHS_OK;
    for (size_t i = 1; i < count; i++)
        core_assert(list[i - 1] <= list[i]);
    for (size_t begin = 0, end; begin < count && !status; begin = end) {
        char *to = (char *)rows + begin * bytes;
        end = begin + 1;
        if (!layout->chunked) {
            status = io_reader_run(reader, lane, &(struct io_run){list[begin], 1, to, part});
            continue;
        }
        while (end < count &&
               io_layout_band_of(layout, list[end]) == io_layout_band_of(layout, list[begin]))
            end++;
        status = list_band(reader, lane, part, list + begin, end - begin, to);
    }
    return status;
}
