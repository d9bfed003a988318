#include "io_reader_parts.h"

#include <string.h>

enum {
    PAGE_BYTES = 4096,
    WANTED_A_GAP = 20, /* wanted bytes for one byte of a gap */
    MOST_RUNS = 1024   /* most runs of bytes in one read */
};

/* Runs of bytes that share a read. What they bring is dense in memory. */
struct span {
    const struct io_reader *reader;
    struct io_lane *lane;
    bool *cold;
    uint64_t row; /* the offset of the row that is being added */
    char *to;     /* where the first run's bytes go */
    uint64_t at, end;
    size_t runs, wanted; /* bytes that are wanted of [at, end) */
    uint64_t run_at[MOST_RUNS];
    size_t run_bytes[MOST_RUNS];
};

/* Reads the bytes [at, end) to the lane's memory, and copies the runs out. */
static shs_status read_with_gaps(struct span *span)
{
    struct io_lane *lane = span->lane;
    size_t bytes = (size_t)(span->end - span->at);
    shs_status status = io_lane_grow(&lane->stored, &lane->stored_bytes, IO_SPAN_BYTES);
    if (status) return status;
    const struct iovec piece = {lane->stored, bytes};
    status =
        io_access_read(&span->reader->access, span->at, &piece, 1, span->cold, &lane->bytes_read);
    if (status || (span->cold && *span->cold)) return status;
    char *to = span->to;
    for (size_t i = 0; i < span->runs; to += span->run_bytes[i++])
        memcpy(to, (char *)lane->stored + (span->run_at[i] - span->at), span->run_bytes[i]);
    return SHS_OK;
}

/* Reads the span, and begins another behind it in memory. */
static shs_status read_span(struct span *span)
{
    shs_status status = SHS_OK;
    if (!span->runs) return SHS_OK;
    if (span->runs > 1) {
        status = read_with_gaps(span);
    } else {
        const struct iovec piece = {span->to, span->wanted};
        status = io_access_read(&span->reader->access, span->at, &piece, 1, span->cold,
                                &span->lane->bytes_read);
    }
    if (status || (span->cold && *span->cold)) return status;
    io_to_machine_order(&span->reader->layout, span->to, span->wanted);
    span->lane->part_reads++;
    span->to += span->wanted;
    span->runs = span->wanted = 0;
    return SHS_OK;
}

/* Returns true if bytes behind the span are worth being read with it. */
static bool joins(const struct span *span, uint64_t at, size_t bytes)
{
    if (!span->runs || at < span->end) return false;
    if (at == span->end && span->runs == 1) return true;
    uint64_t all = at + bytes - span->at, wanted = span->wanted + bytes;
    if (all > IO_SPAN_BYTES || (at > span->end && span->runs == MOST_RUNS)) return false;
    return all <= PAGE_BYTES || (all - wanted) * WANTED_A_GAP <= wanted;
}

static shs_status add_run(void *user, uint64_t at, size_t bytes)
{
    struct span *span = user;
    shs_status status = SHS_OK;
    if (span->cold && *span->cold) return SHS_OK;
    at += span->row;
    if (!joins(span, at, bytes)) {
        status = read_span(span);
        if (status || (span->cold && *span->cold)) return status;
        span->at = span->end = at;
    }
    if (span->runs && at == span->end) {
        span->run_bytes[span->runs - 1] += bytes;
    } else {
        span->run_at[span->runs] = at;
        span->run_bytes[span->runs++] = bytes;
    }
    span->end = at + bytes;
    span->wanted += bytes;
    return SHS_OK;
}

/* A run of rows of which some bytes are cold is read anew as a whole, and counted then. */
shs_status io_reader_parts(const struct io_reader *reader, struct io_lane *lane,
                           const struct io_run *run, bool *cold)
{
    const struct io_layout *layout = &reader->layout;
    uint64_t read = lane->bytes_read, reads = lane->part_reads;
    struct span span;
    span.reader = reader;
    span.lane = lane;
    span.cold = cold;
    span.row = layout->address + run->first * layout->row_bytes;
    span.to = run->to;
    span.runs = span.wanted = 0; /* the rest is set when it is used */
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < run->count && !status && !(cold && *cold); i++) {
        status = io_part_walk(run->part, add_run, &span);
        span.row += layout->row_bytes;
    }
    if (!status && !(cold && *cold)) status = read_span(&span);
    if (!cold || !*cold) return status;
    lane->bytes_read = read;
    lane->part_reads = reads;
    return status;
}
