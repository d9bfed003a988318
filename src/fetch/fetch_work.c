#include "fetch_work.h"

#include <stdio.h>

#include "core_clock.h"

void (*fetch_work_delay)(void);

/* ---- A job. */

/* Reads rows of an array that is not chunked. A cold job waits for the disk. */
static shs_status read_rows(struct fetcher *fetcher, struct fetch_job *job, struct io_lane *lane)
{
    const struct fetch_use *uses = fetcher->uses;
    struct io_run *runs = fetcher->runs;
    const struct io_reader *reader = uses[job->begin].piece->field->direct;
    if (fetcher->may_wait)
        return io_reader_scattered(reader, lane, runs + job->begin, job->end - job->begin, NULL);
    for (size_t i = job->begin; i < job->end; i++)
        runs[i] = (struct io_run){uses[i].place, uses[i].piece->count, uses[i].piece->to,
                                  fetch_part_of(uses[i].piece)};
    return io_reader_scattered(reader, lane, runs + job->begin, job->end - job->begin, &job->cold);
}

/* Decodes the job's chunk to memory. A cold job waits for the disk; another job notes that its
 * chunk is cold. */
static shs_status decode(const struct fetcher *fetcher, struct fetch_job *job, struct io_lane *lane,
                         void *to)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    bool cold = false;
    shs_status status = io_reader_chunk(use->piece->field->direct, lane, use->place, to,
                                        fetcher->may_wait ? NULL : &cold);
    job->cold = cold;
    return status;
}

/* Decodes a chunk that the store keeps, unless another lane does so. */
static shs_status read_kept_chunk(struct fetcher *fetcher, struct fetch_job *job,
                                  struct io_lane *lane)
{
    struct fetch_cached *cached = job->cached;
    enum fetch_state state = FETCH_PLANNED;
    if (!job->claimed) state = fetch_store_claim(fetcher->store, cached);
    job->waits = state == FETCH_BEING_DECODED;
    if (job->waits) return SHS_OK;
    if (state == FETCH_PLANNED) {
        job->claimed = true;
        shs_status status = decode(fetcher, job, lane, cached->memory);
        if (!status && job->cold) return SHS_OK;
        fetch_store_end_claim(fetcher->store, cached, !status);
        job->claimed = false;
        if (status) return status;
    }
    fetch_copy_chunk(fetcher, job, cached->memory);
    return SHS_OK;
}

/* Returns the chunk's place in the piece's own memory if the whole chunk goes there, and nowhere
 * else. Returns NULL otherwise. */
static void *own_place(const struct fetcher *fetcher, const struct fetch_job *job)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    const struct fetch_piece *piece = use->piece;
    const struct io_layout *layout = fetch_layout_of(use);
    if (job->end - job->begin > 1 || fetch_part_of(piece) || !io_layout_whole_rows(layout))
        return NULL;
    struct io_rows rows = io_layout_rows_of(layout, use->place);
    if (rows.count * layout->row_bytes != layout->chunk_bytes || rows.first < piece->first ||
        rows.first + rows.count > piece->first + piece->count)
        return NULL;
    return (char *)piece->to + (rows.first - piece->first) * layout->row_bytes;
}

/* Decodes a chunk that the store does not keep. */
static shs_status read_passing_chunk(const struct fetcher *fetcher, struct fetch_job *job,
                                     struct io_lane *lane)
{
    size_t bytes = fetch_layout_of(&fetcher->uses[job->begin])->chunk_bytes;
    void *direct = own_place(fetcher, job), *decoded = direct;
    shs_status status = direct ? SHS_OK : io_lane_chunk(lane, bytes, &decoded);
    if (!status) status = decode(fetcher, job, lane, decoded);
    if (!status && !job->cold && !direct) fetch_copy_chunk(fetcher, job, decoded);
    return status;
}

/* Reads the wanted bytes of a chunk that was stored without filters. */
static shs_status read_raw_chunk(struct fetcher *fetcher, struct fetch_job *job,
                                 struct io_lane *lane)
{
    bool cold = false;
    shs_status status = SHS_OK;
    for (size_t i = job->begin; i < job->end && !status && !cold; i++) {
        const struct fetch_use *use = &fetcher->uses[i];
        const struct fetch_piece *piece = use->piece;
        const struct io_run run = {piece->first, piece->count, piece->to, fetch_part_of(piece)};
        status = io_reader_raw(piece->field->direct, lane, use->place, &run,
                               fetcher->may_wait ? NULL : &cold);
    }
    job->cold = cold;
    return status;
}

static shs_status do_job(struct fetcher *fetcher, struct fetch_job *job, struct io_lane *lane)
{
    const struct fetch_piece *piece = fetcher->uses[job->begin].piece;
    bool chunked = io_reader_layout(piece->field->direct)->chunked;
    if (fetch_work_delay) fetch_work_delay();
    bool raw = fetch_is_raw_part(&fetcher->uses[job->begin]);
    shs_status status = !chunked      ? read_rows(fetcher, job, lane)
                        : raw         ? read_raw_chunk(fetcher, job, lane)
                        : job->cached ? read_kept_chunk(fetcher, job, lane)
                                      : read_passing_chunk(fetcher, job, lane);
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

/* ---- Jobs that wait for the disk. */

/* All lanes together keep the disk busy, unless chunks are so large that the threads would need too
 * much memory. */
unsigned fetch_work_width(const struct fetcher *fetcher, size_t most, unsigned threads)
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
    return fetch_work_width(fetcher, most, threads);
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
        job->claimed = cold->claimed;
    }
    return status;
}

static shs_status do_jobs(struct fetcher *fetcher, unsigned threads)
{
    fetcher->may_wait = false;
    fetcher->colds.count = 0;
    uint64_t work = 0;
    for (size_t i = 0; i < fetcher->jobs.count; i++)
        work += fetcher->jobs.job[i].work;
    shs_status status = core_pool_do(fetcher->pool, fetch_worth(threads, work), fetcher->jobs.count,
                                     do_any, fetcher);
    for (size_t i = 0; i < fetcher->jobs.count; i++) {
        fetcher->now.reads += fetcher->jobs.job[i].reads;
        if (!status) add_cold(fetcher, i);
    }
    return status || !fetcher->colds.count ? status : do_colds(fetcher, threads);
}

/* ---- Chunks that other lanes decode. */

/* Ends the claims of this lane, because its fetch has failed. Returns the first job that failed. */
static size_t give_up_jobs(struct fetcher *fetcher)
{
    size_t first = fetcher->jobs.count;
    for (size_t i = fetcher->jobs.count; i-- > 0;) {
        struct fetch_job *job = &fetcher->jobs.job[i];
        if (job->failed) first = i;
        if (job->claimed) fetch_store_end_claim(fetcher->store, job->cached, false);
        job->claimed = false;
    }
    return first;
}

/* Takes a chunk that another lane has begun to decode. If that lane failed, this lane decodes the
 * chunk: it then has the error for its own rows, or the other lane failed for another reason. */
static shs_status take_awaited(struct fetcher *fetcher, struct fetch_job *job)
{
    if (fetch_store_await(fetcher->store, job->cached)) {
        fetch_copy_chunk(fetcher, job, job->cached->memory);
        return SHS_OK;
    }
    job->claimed = true;
    fetcher->may_wait = true;
    return do_job(fetcher, job, &fetcher->lanes[0]);
}

/* Takes the chunks that other lanes decode, when all other jobs are done. `status` is that of the
 * other jobs. */
static shs_status take_all_awaited(struct fetcher *fetcher, shs_status status)
{
    char message[CORE_MESSAGE_BYTES];
    size_t end = status ? give_up_jobs(fetcher) : fetcher->jobs.count;
    if (status) snprintf(message, sizeof message, "%s", shs_message());
    for (size_t i = 0; i < end; i++) {
        if (!fetcher->jobs.job[i].waits) continue;
        shs_status own = take_awaited(fetcher, &fetcher->jobs.job[i]);
        if (own) return own;
    }
    return status ? core_tell(status, message, true, false) : SHS_OK;
}

shs_status fetch_work(struct fetcher *fetcher, unsigned threads)
{
    uint64_t time = core_clock(), now;
    shs_status status = do_jobs(fetcher, threads);
    now = core_clock();
    fetcher->now.times.reading += now - time;
    status = take_all_awaited(fetcher, status);
    fetcher->now.times.waiting += core_clock() - now;
    return status;
}
