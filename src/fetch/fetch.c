#include "fetch.h"

#include <string.h>

#include "core_clock.h"
#include "core_memory.h"
#include "fetch_sources.h"
#include "fetch_stage.h"
#include "fetch_work.h"

static shs_status new_fetcher(uint64_t cache_bytes, struct fetch_store *store,
                              struct fetcher **fetcher)
{
    shs_status status = core_new(1, sizeof **fetcher, "reading", fetcher);
    if (status) return status;
    (*fetcher)->cache_bytes = cache_bytes;
    (*fetcher)->shares = 1;
    (*fetcher)->store = store;
    (*fetcher)->owns_store = !store;
    status = core_pool_new(&(*fetcher)->pool);
    if (!status && !store) status = fetch_store_new(cache_bytes, &(*fetcher)->store);
    if (status) fetcher_free(fetcher);
    return status;
}

shs_status fetcher_new(uint64_t cache_bytes, struct fetcher **fetcher)
{
    return new_fetcher(cache_bytes, NULL, fetcher);
}

shs_status fetcher_join(const struct fetcher *first, unsigned lanes, struct fetcher **fetcher)
{
    shs_status status = new_fetcher(first->cache_bytes, first->store, fetcher);
    if (!status && lanes) (*fetcher)->shares = lanes;
    return status;
}

void fetcher_free(struct fetcher **fetcher)
{
    if (!*fetcher) return;
    core_pool_free(&(*fetcher)->pool);
    if ((*fetcher)->owns_store) fetch_store_free(&(*fetcher)->store);
    for (size_t i = 0; i < CORE_POOL_MOST; i++)
        io_lane_free(&(*fetcher)->lanes[i]);
    core_free(&(*fetcher)->uses);
    core_free(&(*fetcher)->spare_uses);
    core_free(&(*fetcher)->jobs.job);
    core_free(&(*fetcher)->hits.job);
    core_free(&(*fetcher)->colds.job);
    core_free(&(*fetcher)->runs);
    core_free(&(*fetcher)->whole.piece);
    core_free(&(*fetcher)->whole.rows);
    core_free(&(*fetcher)->resolved.piece);
    core_free(fetcher);
}

shs_status fetcher_do(const struct fetch_means *means, size_t jobs, core_work work, void *user)
{
    unsigned threads = means->threads ? means->threads : 1;
    return core_pool_do(means->fetcher->pool, threads, jobs, work, user);
}

void fetcher_read_rows_only(struct fetcher *fetcher)
{
    for (size_t i = 0; i < CORE_POOL_MOST; i++)
        fetcher->lanes[i].rows_only = true;
}

struct fetch_store *fetcher_store(const struct fetcher *fetcher)
{
    return fetcher->store;
}

uint64_t fetch_kept_bytes(const struct fetcher *fetcher)
{
    return fetch_store_bytes(fetcher->store);
}

void fetch_counts_add(struct fetch_counts *sum, const struct fetch_counts *more)
{
    sum->rows += more->rows;
    sum->reads += more->reads;
    sum->bytes += more->bytes;
    sum->cold_reads += more->cold_reads;
    sum->chunks_decoded += more->chunks_decoded;
    sum->chunk_hits += more->chunk_hits;
    sum->times.planning += more->times.planning;
    sum->times.reading += more->times.reading;
    sum->times.decoding += more->times.decoding;
    sum->times.waiting += more->times.waiting;
    sum->times.checking += more->times.checking;
}

/* The pieces of a fetch and their checksums. */
struct checking {
    const struct fetch_piece *pieces;
    const struct fetch_checks *checks;
};

static shs_status check_piece(void *user, size_t i, unsigned lane)
{
    const struct checking *checking = user;
    (void)lane;
    return fetch_checks_compare(checking->checks, checking->pieces, i);
}

/* Compares rows with their checksums. After an error no chunk is kept, since a kept chunk may hold
 * the wrong row. */
static shs_status check(struct fetcher *fetcher, unsigned threads, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks)
{
    struct checking checking = {pieces, checks};
    if (!checks->any) return SHS_OK;
    uint64_t bytes = 0;
    for (size_t i = 0; i < count && threads > 1; i++)
        bytes += fetch_piece_bytes(&pieces[i]);
    shs_status status =
        core_pool_do(fetcher->pool, fetch_worth(threads, bytes), count, check_piece, &checking);
    if (status) fetch_store_clear(fetcher->store);
    return status;
}

/* ---- A fetch. */

/* Finds what a lane needs to decode any chunk. Where chunks are large, fewer lanes decode. */
static struct io_need need_of_lane(const struct fetcher *fetcher, const struct fetch_need *need,
                                   unsigned lane, unsigned threads)
{
    struct io_need own = {0};
    for (size_t i = 0; i < need->n_arrays; i++)
        if (lane < fetch_work_width(fetcher, need->array[i].chunk, threads))
            io_need_join(&own, &need->array[i]);
    return own;
}

shs_status fetcher_reserve(struct fetcher *fetcher, const struct fetch_need *need, unsigned threads)
{
    if (!threads) threads = 1;
    shs_status status = fetch_plan_reserve(fetcher, need->uses);
    if (!status) status = fetch_sources_reserve(fetcher, need->resolved);
    if (!status && need->whole_bytes)
        status = fetch_stage_reserve(
            &fetcher->whole, (size_t)(need->places > need->spots ? need->places : need->spots),
            (size_t)need->whole_bytes);
    fetcher->waiting_bytes = 0;
    for (unsigned lane = 0; lane < CORE_POOL_MOST && !status; lane++) {
        const struct io_need own = need_of_lane(fetcher, need, lane, threads);
        if (lane < threads)
            status = io_lane_reserve(&fetcher->lanes[lane], &own);
        else
            fetcher->waiting_bytes += io_need_bytes(&own);
    }
    return status;
}

uint64_t fetcher_waiting_bytes(const struct fetcher *fetcher)
{
    return fetcher->waiting_bytes;
}

unsigned fetcher_width(const struct fetcher *fetcher, const struct fetch_need *need,
                       unsigned threads)
{
    size_t smallest = 0;
    for (size_t i = 0; i < need->n_arrays; i++)
        if (!smallest || need->array[i].chunk < smallest) smallest = need->array[i].chunk;
    return need->uses ? fetch_work_width(fetcher, smallest, threads ? threads : 1) : 1;
}

/* Copies what the hits want whose chunks were ready when the fetch planned. */
static void copy_hits(const struct fetcher *fetcher)
{
    for (size_t i = 0; i < fetcher->hits.count; i++) {
        const struct fetch_job *hit = &fetcher->hits.job[i];
        if (hit->cached) fetch_copy_chunk(fetcher, hit, hit->cached->memory);
    }
}

/* Adds the time since `begin` to *time. Returns the time now. */
static uint64_t spend(uint64_t *time, uint64_t begin)
{
    uint64_t now = core_clock();
    *time += now - begin;
    return now;
}

/* Moves the time that threads have decoded out of the time of reading. */
static void tell_decoding(struct fetch_times *times, uint64_t decoded, unsigned threads)
{
    decoded /= threads;
    if (decoded > times->reading) decoded = times->reading;
    times->reading -= decoded;
    times->decoding += decoded;
}

static shs_status fetch_taken(const struct fetch_means *means, const struct fetch_piece *pieces,
                              size_t count, const struct fetch_checks *checks)
{
    struct fetcher *fetcher = means->fetcher;
    unsigned threads = means->threads ? means->threads : 1;
    struct fetch_times *times = &fetcher->now.times;
    uint64_t time = core_clock();
    const struct fetch_piece *read = pieces;
    size_t n_read = count;
    for (size_t i = 0; i < count; i++)
        if (data_field_is_direct(pieces[i].field)) fetcher->now.rows += pieces[i].count;
    shs_status status = fetch_sources(fetcher, &read, &n_read);
    if (status) {
        fetch_store_pass(fetcher->store, means->ticket);
        return status;
    }
    status = fetch_plan(means, read, n_read);
    if (status) return status;
    copy_hits(fetcher);
    spend(&times->planning, time);
    status = fetch_work(fetcher, threads);
    time = core_clock();
    fetch_plan_end(fetcher, status != SHS_OK);
    time = spend(&times->planning, time);
    if (!status) status = check(fetcher, threads, pieces, count, checks);
    spend(&times->checking, time);
    return status;
}

/* ---- Rows that are cut or unpacked. */

/* Fetches pieces of which some are read as they are stored, and then cut or unpacked. */
static shs_status fetch(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks)
{
    struct fetcher *fetcher = means->fetcher;
    size_t bytes = fetch_stage_bytes(pieces, count);
    if (!bytes) return fetch_taken(means, pieces, count, checks);
    shs_status status = fetch_stage_make(&fetcher->whole, pieces, count, bytes);
    if (status) {
        fetch_store_pass(fetcher->store, means->ticket);
        return status;
    }
    status = fetch_taken(means, fetcher->whole.piece, count, checks);
    if (status) return status;
    uint64_t time = core_clock();
    status = fetch_stage_finish(fetcher, means->threads ? means->threads : 1, pieces, count, bytes);
    spend(&fetcher->now.times.reading, time);
    return status;
}

shs_status fetch_direct(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks,
                        struct fetch_counts *counts)
{
    struct fetcher *fetcher = means->fetcher;
    fetcher->now = (struct fetch_counts){0};
    fetcher->done = 0;
    for (size_t i = 0; i < CORE_POOL_MOST; i++)
        fetcher->lanes[i].bytes_read = fetcher->lanes[i].decode_time =
            fetcher->lanes[i].part_reads = 0;
    shs_status status = fetch(means, pieces, count, checks);
    uint64_t decoded = 0;
    for (size_t i = 0; i < CORE_POOL_MOST; i++) {
        fetcher->now.bytes += fetcher->lanes[i].bytes_read;
        fetcher->now.reads += fetcher->lanes[i].part_reads;
        decoded += fetcher->lanes[i].decode_time;
    }
    tell_decoding(&fetcher->now.times, decoded, means->threads ? means->threads : 1);
    fetch_counts_add(counts, &fetcher->now);
    return status;
}

/* Returns true if a use reads some of these rows. */
static bool reads_rows(const struct fetch_use *use, const struct fetch_piece *wanted)
{
    const struct io_layout *layout = fetch_layout_of(use);
    uint64_t first = use->piece->first, end = first + use->piece->count;
    if (use->piece->field != wanted->field) return false;
    if (layout->chunked) {
        struct io_rows rows = io_layout_rows_of(layout, use->place);
        first = rows.first;
        end = first + rows.count;
    }
    return wanted->first < end && first < wanted->first + wanted->count;
}

bool fetch_failed_for(const struct fetcher *fetcher, const struct fetch_piece *wanted)
{
    for (size_t i = 0; i < fetcher->done; i++) {
        const struct fetch_job *job = &fetcher->jobs.job[i];
        for (size_t u = job->begin; job->firm && u < job->end; u++)
            if (reads_rows(&fetcher->uses[u], wanted)) return true;
    }
    return false;
}

bool fetch_needs_hdf5(const struct fetch_piece *piece)
{
    return piece->count && !data_field_is_direct(piece->field);
}

shs_status fetch_through_hdf5(const struct fetch_piece *piece, struct fetch_counts *counts)
{
    counts->rows += piece->count;
    if (fetch_stage_is_needed(piece)) return fetch_stage_read(piece);
    return data_field_read_part(piece->field, fetch_part_of(piece), piece->first, piece->count,
                                piece->to);
}

shs_status fetch_pieces(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, struct fetch_counts *counts)
{
    struct fetch_checks checks = {0};
    shs_status status = fetch_checks_read(&checks, pieces, count);
    for (size_t i = 0; i < count && !status; i++)
        if (fetch_needs_hdf5(&pieces[i])) status = fetch_through_hdf5(&pieces[i], counts);
    if (!status) status = fetch_direct(means, pieces, count, &checks, counts);
    fetch_checks_free(&checks);
    return status;
}
