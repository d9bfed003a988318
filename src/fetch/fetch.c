#include "fetch.h"

#include <stdio.h>

#include "core_clock.h"
#include "core_memory.h"
#include "fetch_plan.h"

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
    core_free(&(*fetcher)->jobs.job);
    core_free(&(*fetcher)->hits.job);
    core_free(&(*fetcher)->colds.job);
    core_free(&(*fetcher)->runs);
    core_free(fetcher);
}

shs_status fetcher_do(const struct fetch_means *means, size_t jobs, core_work work, void *user)
{
    unsigned threads = means->threads ? means->threads : 1;
    return core_pool_do(means->fetcher->pool, threads, jobs, work, user);
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

/* ---- Work, in any thread. */

/* Reads rows of an array that is not chunked. A cold job waits for the disk. */
static shs_status read_rows(struct fetcher *fetcher, struct fetch_job *job, struct io_lane *lane)
{
    const struct fetch_use *uses = fetcher->uses;
    struct io_run *runs = fetcher->runs;
    const struct io_reader *reader = uses[job->begin].piece->field->direct;
    if (fetcher->may_wait)
        return io_reader_scattered(reader, lane, runs + job->begin, job->end - job->begin, NULL);
    for (size_t i = job->begin; i < job->end; i++)
        runs[i] = (struct io_run){uses[i].place, uses[i].piece->count, uses[i].piece->to};
    return io_reader_scattered(reader, lane, runs + job->begin, job->end - job->begin, &job->cold);
}

/* Returns the chunk's place in the piece's own memory if the whole chunk goes there, and nowhere
 * else. Returns NULL otherwise. */
static void *own_place(const struct fetcher *fetcher, const struct fetch_job *job)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    const struct fetch_piece *piece = use->piece;
    const struct io_layout *layout = fetch_layout_of(use);
    if (job->end - job->begin > 1 || !io_layout_whole_rows(layout)) return NULL;
    uint64_t low = use->place * layout->chunk[0];
    if (low < piece->first || low + layout->chunk[0] > piece->first + piece->count) return NULL;
    return (char *)piece->to + (low - piece->first) * layout->row_bytes;
}

static shs_status read_chunk(struct fetcher *fetcher, struct fetch_job *job, struct io_lane *lane)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    void *direct = job->cached ? NULL : own_place(fetcher, job);
    void *decoded = job->cached ? job->cached->memory : direct;
    bool cold = false;
    shs_status status = SHS_OK;
    if (!decoded) status = io_lane_chunk(lane, fetch_layout_of(use)->chunk_bytes, &decoded);
    if (!status)
        status = io_reader_chunk(use->piece->field->direct, lane, use->place, decoded,
                                 fetcher->may_wait ? NULL : &cold);
    job->cold = cold;
    if (status || cold) return status;
    if (job->cached) fetch_store_is_ready(fetcher->store, job->cached);
    if (!direct) fetch_copy_chunk(fetcher, job, decoded);
    return SHS_OK;
}

static shs_status do_job(struct fetcher *fetcher, struct fetch_job *job, struct io_lane *lane)
{
    const struct fetch_piece *piece = fetcher->uses[job->begin].piece;
    bool chunked = io_reader_layout(piece->field->direct)->chunked;
    shs_status status = chunked ? read_chunk(fetcher, job, lane) : read_rows(fetcher, job, lane);
    if (!status) return SHS_OK;
    /* after an error, the first run is one that the failed read was for */
    uint64_t first = chunked ? piece->first : fetcher->runs[job->begin].first;
    uint64_t count = chunked ? piece->count : fetcher->runs[job->begin].count;
    job->failed = true;
    /* neighbours of a row that the system cannot read may well be read by themselves */
    job->firm = chunked || status == SHS_ERROR_FORMAT;
    /* the code that finds damaged bytes does not know that they belong to a file of the user */
    if (status == SHS_ERROR_FORMAT)
        core_fail(status, "%s; the file is damaged, get it anew", shs_message());
    return core_wrap(status, "dataset %s: rows %llu to %llu", piece->field->sample.name, (ull)first,
                     (ull)(first + count - 1));
}

static shs_status do_any(void *user, size_t job, unsigned lane)
{
    struct fetcher *fetcher = user;
    return do_job(fetcher, &fetcher->jobs.job[job], &fetcher->lanes[lane]);
}

static shs_status do_cold(void *user, size_t job, unsigned lane)
{
    struct fetcher *fetcher = user;
    return do_job(fetcher, &fetcher->colds.job[job], &fetcher->lanes[lane]);
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
    shs_status status = core_pool_do(fetcher->pool, threads, count, check_piece, &checking);
    if (status) fetch_store_clear(fetcher->store);
    return status;
}

/* ---- A fetch. */

/* Returns how many threads wait for the disk, for chunks of up to `most` bytes. All lanes together
 * keep it busy, unless chunks are so large that the threads would need too much memory. */
static unsigned width_for(const struct fetcher *fetcher, size_t most, unsigned threads)
{
    size_t width = FETCH_THREADS_BYTES / 2 / (most ? most : 1);
    if (width > FETCH_OUTSTANDING) width = FETCH_OUTSTANDING;
    width /= fetcher->shares;
    return width > threads ? (unsigned)width : threads;
}

static unsigned cold_width(const struct fetcher *fetcher, unsigned threads)
{
    size_t most = 0;
    for (size_t i = 0; i < fetcher->colds.count; i++) {
        const struct fetch_job *job = &fetcher->colds.job[i];
        const struct io_layout *layout = fetch_layout_of(&fetcher->uses[job->begin]);
        if (layout->chunked && layout->chunk_bytes > most) most = layout->chunk_bytes;
    }
    return width_for(fetcher, most, threads);
}

/* Takes the memory that lanes [first, end) decode with. Where chunks are large, fewer lanes decode.
 */
static shs_status reserve_lanes(struct fetcher *fetcher, const struct fetch_need *need,
                                unsigned first, unsigned end, unsigned threads)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < need->n_arrays; i++) {
        unsigned width = width_for(fetcher, need->array[i].chunk, threads);
        for (unsigned lane = first; lane < width && lane < end && !status; lane++)
            status = io_lane_reserve(&fetcher->lanes[lane], &need->array[i]);
    }
    return status;
}

shs_status fetcher_reserve(struct fetcher *fetcher, const struct fetch_need *need, unsigned threads)
{
    if (!threads) threads = 1;
    shs_status status = fetch_plan_reserve(fetcher, need->uses);
    if (!status) status = reserve_lanes(fetcher, need, 0, threads, threads);
    int64_t before = core_memory_balance();
    if (!status) status = reserve_lanes(fetcher, need, threads, CORE_POOL_MOST, threads);
    fetcher->waiting_bytes = (uint64_t)(core_memory_balance() - before);
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
    return need->uses ? width_for(fetcher, smallest, threads ? threads : 1) : 1;
}

/* Makes jobs of what the job with an index has found cold: of neighbouring rows, so that many
 * threads wait for scattered rows. */
static void add_cold(struct fetcher *fetcher, size_t parent)
{
    const struct fetch_job *job = &fetcher->jobs.job[parent];
    const struct io_run *runs = fetcher->runs;
    size_t end = job->begin + job->cold;
    bool chunked = fetch_layout_of(&fetcher->uses[job->begin])->chunked;
    for (size_t i = job->begin, next; i < end; i = next) {
        struct fetch_job *cold = &fetcher->colds.job[fetcher->colds.count++];
        for (next = i + 1; next < end && !chunked; next++)
            if (runs[next].first != runs[next - 1].first + runs[next - 1].count) break;
        *cold = *job;
        cold->parent = parent;
        if (chunked) continue;
        cold->begin = i;
        cold->end = next;
    }
}

/* Does the cold jobs. Their failures are those of the jobs that found them. */
static shs_status do_colds(struct fetcher *fetcher, unsigned threads)
{
    fetcher->may_wait = true;
    fetcher->now.cold_reads += fetcher->colds.count;
    shs_status status = core_pool_do(fetcher->pool, cold_width(fetcher, threads),
                                     fetcher->colds.count, do_cold, fetcher);
    for (size_t i = 0; i < fetcher->colds.count; i++) {
        const struct fetch_job *cold = &fetcher->colds.job[i];
        struct fetch_job *job = &fetcher->jobs.job[cold->parent];
        job->failed = job->failed || cold->failed;
        job->firm = job->firm || cold->firm;
    }
    return status;
}

static shs_status do_jobs(struct fetcher *fetcher, unsigned threads)
{
    fetcher->may_wait = false;
    fetcher->colds.count = 0;
    shs_status status = core_pool_do(fetcher->pool, threads, fetcher->jobs.count, do_any, fetcher);
    for (size_t i = 0; i < fetcher->jobs.count; i++) {
        fetcher->now.reads += fetcher->jobs.job[i].reads;
        if (!status) add_cold(fetcher, i);
    }
    return status || !fetcher->colds.count ? status : do_colds(fetcher, threads);
}

/* Copies what the hits want whose chunks were ready when the fetch planned. */
static void copy_hits(const struct fetcher *fetcher)
{
    for (size_t i = 0; i < fetcher->hits.count; i++) {
        const struct fetch_job *hit = &fetcher->hits.job[i];
        if (hit->cached && !hit->waits) fetch_copy_chunk(fetcher, hit, hit->cached->memory);
    }
}

/* Tells other lanes which chunks this lane will not decode, because its fetch has failed. Returns
 * the first use of the first job that failed. */
static size_t give_up_jobs(struct fetcher *fetcher)
{
    size_t first = SIZE_MAX;
    fetch_store_lock(fetcher->store, 0);
    for (size_t i = fetcher->jobs.count; i-- > 0;) {
        const struct fetch_job *job = &fetcher->jobs.job[i];
        if (job->failed) first = job->begin;
        if (job->cached && job->cached->state == FETCH_BEING_DECODED)
            fetch_store_has_failed(fetcher->store, job->cached);
    }
    fetch_store_unlock(fetcher->store, 0);
    return first;
}

/* Copies what a hit wants of a chunk that another lane decodes. If that lane failed, this lane
 * decodes the chunk itself: it then has the error for its own rows, or the other lane failed for
 * another reason. */
static shs_status take_awaited(struct fetcher *fetcher, const struct fetch_job *hit)
{
    struct fetch_job own = {.begin = hit->begin, .end = hit->end};
    if (fetch_store_wait(fetcher->store, hit->cached)) {
        fetch_copy_chunk(fetcher, hit, hit->cached->memory);
        return SHS_OK;
    }
    fetcher->may_wait = true;
    fetcher->now.chunk_hits--;
    fetcher->now.chunks_decoded++;
    fetcher->now.reads++;
    return do_job(fetcher, &own, &fetcher->lanes[0]);
}

/* Takes the hits that other lanes decode, when the jobs are done. `status` is that of the jobs, and
 * the error of the first use is returned, as if no other lane had been there. */
static shs_status take_hits(struct fetcher *fetcher, shs_status status)
{
    char message[CORE_MESSAGE_BYTES];
    size_t end = status ? give_up_jobs(fetcher) : SIZE_MAX;
    if (status) snprintf(message, sizeof message, "%s", shs_message());
    for (size_t i = 0; i < fetcher->hits.count; i++) {
        const struct fetch_job *hit = &fetcher->hits.job[i];
        if (!hit->waits || !hit->cached || hit->begin > end) continue;
        shs_status own = take_awaited(fetcher, hit);
        if (own) return own;
    }
    return status ? core_tell(status, message, true, false) : SHS_OK;
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

static shs_status fetch(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks)
{
    struct fetcher *fetcher = means->fetcher;
    unsigned threads = means->threads ? means->threads : 1;
    struct fetch_times *times = &fetcher->now.times;
    uint64_t time = core_clock();
    shs_status status = fetch_plan(means, pieces, count);
    if (status) return status;
    copy_hits(fetcher);
    time = spend(&times->planning, time);
    status = do_jobs(fetcher, threads);
    time = spend(&times->reading, time);
    status = take_hits(fetcher, status);
    fetch_plan_end(fetcher, status != SHS_OK);
    time = spend(&times->waiting, time);
    if (!status) status = check(fetcher, threads, pieces, count, checks);
    spend(&times->checking, time);
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
        fetcher->lanes[i].bytes_read = fetcher->lanes[i].decode_time = 0;
    shs_status status = fetch(means, pieces, count, checks);
    uint64_t decoded = 0;
    for (size_t i = 0; i < CORE_POOL_MOST; i++) {
        fetcher->now.bytes += fetcher->lanes[i].bytes_read;
        decoded += fetcher->lanes[i].decode_time;
    }
    tell_decoding(&fetcher->now.times, decoded, means->threads ? means->threads : 1);
    fetch_counts_add(counts, &fetcher->now);
    return status;
}

/* Returns true if a job read some of these rows. */
static bool reads_rows(const struct fetcher *fetcher, const struct fetch_job *job,
                       const struct fetch_piece *wanted)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    const struct io_layout *layout = fetch_layout_of(use);
    uint64_t first = use->piece->first, end = first + use->piece->count;
    if (use->piece->field != wanted->field) return false;
    if (layout->chunked) {
        first = use->place / layout->chunks_a_band * layout->chunk[0];
        end = first + layout->chunk[0];
    }
    return wanted->first < end && first < wanted->first + wanted->count;
}

bool fetch_failed_for(const struct fetcher *fetcher, const struct fetch_piece *wanted)
{
    for (size_t i = 0; i < fetcher->done; i++) {
        const struct fetch_job *job = &fetcher->jobs.job[i];
        if (job->firm && reads_rows(fetcher, job, wanted)) return true;
    }
    return false;
}

bool fetch_needs_hdf5(const struct fetch_piece *piece)
{
    return piece->count && !piece->field->direct;
}

shs_status fetch_through_hdf5(const struct fetch_piece *piece, struct fetch_counts *counts)
{
    counts->rows += piece->count;
    return data_field_read(piece->field, piece->first, piece->count, piece->to);
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
