#include "io_reader_parts.h"

#include <string.h>

enum {
    PAGE_BYTES = 4096,
    WANTED_A_GAP = 20, /* wanted bytes for one byte of a gap */
    MOST_RUNS = 1024   /* most runs of bytes in one read */
};

/* Runs of bytes that share a read. */
struct span {
    const struct io_reader *reader;
    struct io_lane *lane;
    bool *cold;
    uint64_t origin; /* the offset in the file that runs are counted from */
    uint64_t at, end;
    size_t runs, wanted; /* bytes that are wanted of [at, end) */
    struct io_copy run[MOST_RUNS];
};

static void begin(struct span *span, const struct io_reader *reader, struct io_lane *lane,
                  bool *cold)
{
    span->reader = reader;
    span->lane = lane;
    span->cold = cold;
    span->runs = span->wanted = 0; /* the rest is set when it is used */
}

static bool is_cold(const struct span *span)
{
    return span->cold && *span->cold;
}

/* Reads the bytes [at, end) to the lane's memory, and copies the runs out. */
static shs_status read_with_gaps(struct span *span)
{
    struct io_lane *lane = span->lane;
    shs_status status = io_lane_grow(&lane->stored, &lane->stored_bytes, IO_SPAN_BYTES);
    if (status) return status;
    const struct iovec piece = {lane->stored, (size_t)(span->end - span->at)};
    status =
        io_access_read(&span->reader->access, span->at, &piece, 1, span->cold, &lane->bytes_read);
    if (status || is_cold(span)) return status;
    for (size_t i = 0; i < span->runs; i++)
        memcpy(span->run[i].to, (char *)lane->stored + (span->run[i].at - span->at),
               span->run[i].bytes);
    return SHS_OK;
}

/* Reads the span, and empties it. */
static shs_status read_span(struct span *span)
{
    shs_status status = SHS_OK;
    if (!span->runs) return SHS_OK;
    if (span->runs > 1) {
        status = read_with_gaps(span);
    } else {
        const struct iovec piece = {span->run->to, span->run->bytes};
        status = io_access_read(&span->reader->access, span->at, &piece, 1, span->cold,
                                &span->lane->bytes_read);
    }
    if (status || is_cold(span)) return status;
    for (size_t i = 0; i < span->runs && span->reader->layout.swapped; i++)
        io_to_machine_order(&span->reader->layout, span->run[i].to, span->run[i].bytes);
    span->lane->part_reads++;
    span->runs = span->wanted = 0;
    return SHS_OK;
}

/* Returns true if bytes before, in or behind the span are worth being read with it. */
static bool joins(const struct span *span, uint64_t at, size_t bytes)
{
    if (!span->runs || span->runs == MOST_RUNS) return false;
    uint64_t begin = at < span->at ? at : span->at;
    uint64_t end = at + bytes > span->end ? at + bytes : span->end;
    uint64_t all = end - begin, wanted = span->wanted + bytes;
    return all <= PAGE_BYTES ||
           (all <= IO_SPAN_BYTES && all * WANTED_A_GAP <= wanted * (WANTED_A_GAP + 1));
}

static shs_status add_run(void *user, uint64_t at, size_t bytes, char *to)
{
    struct span *span = user;
    struct io_copy *last = span->runs ? &span->run[span->runs - 1] : NULL;
    shs_status status = SHS_OK;
    if (is_cold(span)) return SHS_OK;
    at += span->origin;
    bool follows = last && at == last->at + last->bytes && (char *)last->to + last->bytes == to;
    bool grows = follows && span->runs == 1; /* one run may have any length */
    if (!grows && !joins(span, at, bytes)) {
        status = read_span(span);
        if (status || is_cold(span)) return status;
        span->at = span->end = at;
    }
    if (follows && span->runs)
        last->bytes += bytes;
    else
        span->run[span->runs++] = (struct io_copy){.at = at, .bytes = bytes, .to = to};
    if (at < span->at) span->at = at;
    if (at + bytes > span->end) span->end = at + bytes;
    span->wanted += bytes;
    return SHS_OK;
}

/* Reads what is left, after runs were added with a status. What is cold is read anew as a whole,
 * and counted then. */
static shs_status finish(struct span *span, shs_status status, uint64_t read, uint64_t reads)
{
    if (!status && !is_cold(span)) status = read_span(span);
    if (!is_cold(span)) return status;
    span->lane->bytes_read = read;
    span->lane->part_reads = reads;
    return status;
}

/* Rows whose parts go to memory one after the other. */
struct rows {
    struct span span;
    char *to;
};

static shs_status add_dense(void *user, uint64_t at, size_t bytes)
{
    struct rows *rows = user;
    char *to = rows->to;
    rows->to += bytes;
    return add_run(&rows->span, at, bytes, to);
}

shs_status io_reader_parts(const struct io_reader *reader, struct io_lane *lane,
                           const struct io_run *run, bool *cold)
{
    const struct io_layout *layout = &reader->layout;
    uint64_t read = lane->bytes_read, reads = lane->part_reads;
    struct rows rows;
    shs_status status = SHS_OK;
    rows.to = run->to;
    begin(&rows.span, reader, lane, cold);
    rows.span.origin = io_layout_address_of(layout, run->first, NULL);
    for (uint64_t i = 0; i < run->count && !status && !is_cold(&rows.span); i++) {
        status = io_part_walk(run->part, add_dense, &rows);
        rows.span.origin += layout->row_bytes;
    }
    return finish(&rows.span, status, read, reads);
}

shs_status io_reader_raw(const struct io_reader *reader, struct io_lane *lane, uint64_t chunk,
                         const struct io_run *run, bool *cold)
{
    const struct io_layout *layout = &reader->layout;
    const struct io_chunk *stored = &layout->chunks[chunk];
    uint64_t read = lane->bytes_read, reads = lane->part_reads;
    const struct io_run_rows wanted = {run->first, run->count, run->to};
    struct span span;
    shs_status status = SHS_OK;
    begin(&span, reader, lane, cold);
    span.origin = stored->address;
    if (stored->bytes != layout->chunk_bytes)
        status = core_fail(SHS_ERROR_FORMAT, "it has %lu bytes where %zu are needed",
                           (unsigned long)stored->bytes, layout->chunk_bytes);
    if (!status) status = io_layout_walk(layout, run->part, chunk, &wanted, add_run, &span);
    return core_wrap(finish(&span, status, read, reads), "%s: chunk %llu, %lu bytes at %llu",
                     reader->access.path, (ull)chunk, (unsigned long)stored->bytes,
                     (ull)stored->address);
}
