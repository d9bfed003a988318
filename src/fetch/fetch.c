#include "fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"

enum {
    /* Most bytes of neighbouring rows in one read, so that threads share a long run of rows. */
    MERGED_BYTES = 1 << 20,
    /* Reads at a time that keep a disk busy. */
    OUTSTANDING = 16,
    /* Most bytes of chunks in all lanes, if more threads than were asked for wait for the disk. */
    LANES_BYTES = 64 << 20
};

/* What a piece wants of one place: rows from row `place` on, or elements of chunk `place`. */
struct use {
    const struct fetch_piece *piece;
    uint64_t place;
};

/* Uses [begin, end) that are served by one read. */
struct job {
    size_t begin, end;
    struct fetch_cached *cached; /* where the chunk is decoded to; NULL: the chunk is not kept */
    bool cold;
};

struct fetcher {
    struct core_pool *pool;
    struct fetch_cache *cache;
    uint64_t cache_bytes;
    struct io_lane lanes[CORE_POOL_MOST];
    struct use *uses;
    struct job *jobs;
    size_t n_uses, uses_capacity, n_jobs, jobs_capacity;
    size_t *cold_jobs; /* indices of jobs; room for all jobs */
    bool may_wait;     /* true if the jobs of now may wait for the disk */
    uint64_t clock;
    struct fetch_counts now; /* what the present fetch did */
};

shs_status fetcher_new(uint64_t cache_bytes, struct fetcher **fetcher)
{
    shs_status status = core_new(1, sizeof **fetcher, "reading", fetcher);
    if (!status) status = core_pool_new(&(*fetcher)->pool);
    if (!status) status = fetch_cache_new(cache_bytes, &(*fetcher)->cache);
    if (!status) (*fetcher)->cache_bytes = cache_bytes;
    if (status) fetcher_free(fetcher);
    return status;
}

void fetcher_free(struct fetcher **fetcher)
{
    if (!*fetcher) return;
    core_pool_free(&(*fetcher)->pool);
    fetch_cache_free(&(*fetcher)->cache);
    for (size_t i = 0; i < CORE_POOL_MOST; i++)
        io_lane_free(&(*fetcher)->lanes[i]);
    core_free(&(*fetcher)->uses);
    core_free(&(*fetcher)->jobs);
    core_free(&(*fetcher)->cold_jobs);
    core_free(fetcher);
}

uint64_t fetch_kept_bytes(const struct fetcher *fetcher)
{
    return fetch_cache_bytes(fetcher->cache);
}

void fetch_counts_add(struct fetch_counts *sum, const struct fetch_counts *more)
{
    sum->rows += more->rows;
    sum->reads += more->reads;
    sum->bytes += more->bytes;
    sum->cold_reads += more->cold_reads;
    sum->chunks_decoded += more->chunks_decoded;
    sum->chunk_hits += more->chunk_hits;
}

/* ---- Which places the pieces want. */

static const struct io_layout *layout_of(const struct use *use)
{
    return io_reader_layout(use->piece->field->direct);
}

static shs_status add_use(struct fetcher *fetcher, const struct fetch_piece *piece, uint64_t place)
{
    if (fetcher->n_uses == fetcher->uses_capacity) {
        size_t capacity = fetcher->uses_capacity ? 2 * fetcher->uses_capacity : 256;
        shs_status status = core_resize(capacity, sizeof *fetcher->uses, "reads", &fetcher->uses);
        if (status) return status;
        fetcher->uses_capacity = capacity;
    }
    fetcher->uses[fetcher->n_uses++] = (struct use){piece, place};
    return SHS_OK;
}

static shs_status add_uses(struct fetcher *fetcher, const struct fetch_piece *piece)
{
    const struct io_layout *layout = io_reader_layout(piece->field->direct);
    shs_status status = SHS_OK;
    if (!layout->chunked) return add_use(fetcher, piece, piece->first);
    uint64_t first = piece->first / layout->chunk[0] * layout->chunks_a_band;
    uint64_t end =
        ((piece->first + piece->count - 1) / layout->chunk[0] + 1) * layout->chunks_a_band;
    for (uint64_t chunk = first; chunk < end && !status; chunk++)
        status = add_use(fetcher, piece, chunk);
    return status;
}

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    if (a->piece->field != b->piece->field) return a->piece->field < b->piece->field ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static bool is_sorted(const struct fetcher *fetcher)
{
    for (size_t i = 1; i < fetcher->n_uses; i++)
        if (compare_uses(&fetcher->uses[i - 1], &fetcher->uses[i]) > 0) return false;
    return true;
}

static shs_status find_uses(struct fetcher *fetcher, const struct fetch_piece *pieces, size_t count)
{
    shs_status status = SHS_OK;
    fetcher->n_uses = 0;
    for (size_t i = 0; i < count && !status; i++) {
        if (!pieces[i].count || !pieces[i].field->direct) continue;
        fetcher->now.rows += pieces[i].count;
        status = add_uses(fetcher, &pieces[i]);
    }
    if (!status && !is_sorted(fetcher))
        qsort(fetcher->uses, fetcher->n_uses, sizeof *fetcher->uses, compare_uses);
    return status;
}

/* ---- Jobs. */

static size_t piece_bytes(const struct fetch_piece *piece)
{
    return piece->count * piece->field->row_bytes;
}

/* Returns the end of the uses that one read serves: of the same chunk, or of neighbouring rows. */
static size_t end_of_job(const struct fetcher *fetcher, size_t begin)
{
    const struct use *uses = fetcher->uses;
    size_t end = begin + 1, bytes = piece_bytes(uses[begin].piece);
    bool chunked = layout_of(&uses[begin])->chunked;
    for (; end < fetcher->n_uses && uses[end].piece->field == uses[begin].piece->field; end++) {
        if (chunked) {
            if (uses[end].place != uses[begin].place) break;
            continue;
        }
        bytes += piece_bytes(uses[end].piece);
        if (uses[end].place != uses[end - 1].place + uses[end - 1].piece->count ||
            bytes > MERGED_BYTES || end - begin == IO_PIECES)
            break;
    }
    return end;
}

/* Copies what the uses of a job want out of a decoded chunk. */
static void copy_chunk(const struct fetcher *fetcher, const struct job *job, const void *decoded)
{
    const struct io_layout *layout = layout_of(&fetcher->uses[job->begin]);
    for (size_t i = job->begin; i < job->end; i++) {
        const struct fetch_piece *piece = fetcher->uses[i].piece;
        uint64_t chunk = fetcher->uses[i].place,
                 low = chunk / layout->chunks_a_band * layout->chunk[0];
        uint64_t high = low + layout->chunk[0], end = piece->first + piece->count;
        if (low < piece->first) low = piece->first;
        if (high > end) high = end;
        io_layout_copy(layout, chunk, decoded, low, high - low,
                       (char *)piece->to + (low - piece->first) * layout->row_bytes);
    }
}

/* Finds the rows of which a chunk has elements. */
static void rows_of_chunk(const struct io_layout *layout, uint64_t chunk, uint64_t *first,
                          uint64_t *count)
{
    *first = chunk / layout->chunks_a_band * layout->chunk[0];
    *count = layout->shape[0] - *first;
    if (*count > layout->chunk[0]) *count = layout->chunk[0];
}

static uint64_t next_use(struct fetcher *fetcher, const struct data_field *field, uint64_t chunk,
                         const struct fetch_foresight *foresight)
{
    uint64_t first, count;
    if (!foresight) return UINT64_MAX - 1 - fetcher->clock++;
    rows_of_chunk(io_reader_layout(field->direct), chunk, &first, &count);
    return foresight->next_use(foresight->user, field->key, first, count);
}

/* Copies what the uses of a job want out of a kept chunk. Returns false if the chunk is not kept.
 */
static bool take_kept(struct fetcher *fetcher, const struct job *job,
                      const struct fetch_foresight *foresight)
{
    const struct use *use = &fetcher->uses[job->begin];
    const struct data_field *field = use->piece->field;
    struct fetch_cached *kept = fetch_cache_find(fetcher->cache, field->key, use->place);
    if (!kept) return false;
    copy_chunk(fetcher, job, kept->memory);
    fetch_cache_use_next(fetcher->cache, kept, next_use(fetcher, field, use->place, foresight));
    fetcher->now.chunk_hits++;
    return true;
}

/* Makes room in the cache for a chunk that will be decoded, unless the kept chunks are used sooner.
 * A chunk that is not used again in this epoch is kept for the next epoch only if the cache has
 * room for the whole field. */
static void keep(struct fetcher *fetcher, struct job *job, const struct fetch_foresight *foresight)
{
    const struct use *use = &fetcher->uses[job->begin];
    const struct data_field *field = use->piece->field;
    const struct io_layout *layout = io_reader_layout(field->direct);
    uint64_t next = next_use(fetcher, field, use->place, foresight);
    fetcher->now.chunks_decoded++;
    if (next == UINT64_MAX && fetcher->cache_bytes / field->row_bytes < field->all_rows) return;
    job->cached =
        fetch_cache_add(fetcher->cache, field->key, use->place, layout->chunk_bytes, next);
    if (!job->cached) return;
    job->cached->holder = &job->cached;
    rows_of_chunk(layout, use->place, &job->cached->first, &job->cached->rows);
}

static shs_status make_jobs(struct fetcher *fetcher, const struct fetch_foresight *foresight)
{
    fetcher->n_jobs = 0;
    if (fetcher->jobs_capacity < fetcher->n_uses) {
        size_t capacity = fetcher->uses_capacity;
        shs_status status = core_resize(capacity, sizeof *fetcher->jobs, "reads", &fetcher->jobs);
        if (!status)
            status =
                core_resize(capacity, sizeof *fetcher->cold_jobs, "reads", &fetcher->cold_jobs);
        if (status) return status;
        fetcher->jobs_capacity = capacity;
    }
    for (size_t begin = 0, end; begin < fetcher->n_uses; begin = end) {
        struct job *job = &fetcher->jobs[fetcher->n_jobs];
        end = end_of_job(fetcher, begin);
        *job = (struct job){.begin = begin, .end = end};
        if (!layout_of(&fetcher->uses[begin])->chunked || !take_kept(fetcher, job, foresight))
            fetcher->n_jobs++;
    }
    /* only now, when the next use of every kept chunk is known */
    for (size_t i = 0; i < fetcher->n_jobs; i++)
        if (layout_of(&fetcher->uses[fetcher->jobs[i].begin])->chunked)
            keep(fetcher, &fetcher->jobs[i], foresight);
    return SHS_OK;
}

/* ---- Work, in any thread. */

static shs_status read_neighbours(struct fetcher *fetcher, const struct job *job,
                                  struct io_lane *lane, bool *cold)
{
    struct iovec memory[IO_PIECES];
    const struct use *use = &fetcher->uses[job->begin];
    int count = 0;
    for (size_t i = job->begin; i < job->end; i++, count++)
        memory[count] =
            (struct iovec){fetcher->uses[i].piece->to, piece_bytes(fetcher->uses[i].piece)};
    return io_reader_rows(use->piece->field->direct, lane, use->place, memory, count, cold);
}

/* Returns the chunk's place in the piece's own memory if the whole chunk goes there, and nowhere
 * else. Returns NULL otherwise. */
static void *own_place(const struct fetcher *fetcher, const struct job *job)
{
    const struct use *use = &fetcher->uses[job->begin];
    const struct fetch_piece *piece = use->piece;
    const struct io_layout *layout = layout_of(use);
    if (job->end - job->begin > 1 || !io_layout_whole_rows(layout)) return NULL;
    uint64_t low = use->place * layout->chunk[0];
    if (low < piece->first || low + layout->chunk[0] > piece->first + piece->count) return NULL;
    return (char *)piece->to + (low - piece->first) * layout->row_bytes;
}

static shs_status read_chunk(struct fetcher *fetcher, const struct job *job, struct io_lane *lane,
                             bool *cold)
{
    const struct use *use = &fetcher->uses[job->begin];
    void *direct = job->cached ? NULL : own_place(fetcher, job);
    void *decoded = job->cached ? job->cached->memory : direct;
    shs_status status = SHS_OK;
    if (!decoded) status = io_lane_chunk(lane, layout_of(use)->chunk_bytes, &decoded);
    if (!status)
        status = io_reader_chunk(use->piece->field->direct, lane, use->place, decoded, cold);
    if (!status && !direct && !(cold && *cold)) copy_chunk(fetcher, job, decoded);
    return status;
}

static shs_status do_job(struct fetcher *fetcher, struct job *job, struct io_lane *lane)
{
    const struct fetch_piece *piece = fetcher->uses[job->begin].piece;
    bool *cold = fetcher->may_wait ? NULL : &job->cold;
    shs_status status = io_reader_layout(piece->field->direct)->chunked
                            ? read_chunk(fetcher, job, lane, cold)
                            : read_neighbours(fetcher, job, lane, cold);
    /* the code that finds damaged bytes does not know that they belong to a file of the user */
    if (status == SHS_ERROR_FORMAT)
        core_fail(status, "%s; the file is damaged, get it anew", shs_message());
    return core_wrap(status, "dataset %s: rows %llu to %llu", piece->field->sample.name,
                     (ull)piece->first, (ull)(piece->first + piece->count - 1));
}

static shs_status do_any(void *user, size_t job, unsigned lane)
{
    struct fetcher *fetcher = user;
    return do_job(fetcher, &fetcher->jobs[job], &fetcher->lanes[lane]);
}

static shs_status do_cold(void *user, size_t job, unsigned lane)
{
    struct fetcher *fetcher = user;
    return do_job(fetcher, &fetcher->jobs[fetcher->cold_jobs[job]], &fetcher->lanes[lane]);
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
    if (status) fetch_cache_clear(fetcher->cache);
    return status;
}

/* ---- A fetch. */

/* Returns how many threads wait for the disk. They keep it busy, unless chunks are so large that
 * the threads would need too much memory. */
static unsigned cold_width(const struct fetcher *fetcher, size_t n_cold, unsigned threads)
{
    size_t most = 1;
    for (size_t i = 0; i < n_cold; i++) {
        const struct job *job = &fetcher->jobs[fetcher->cold_jobs[i]];
        const struct io_layout *layout = layout_of(&fetcher->uses[job->begin]);
        if (layout->chunked && layout->chunk_bytes > most) most = layout->chunk_bytes;
    }
    size_t width = LANES_BYTES / 2 / most;
    if (width > OUTSTANDING) width = OUTSTANDING;
    return width > threads ? (unsigned)width : threads;
}

static shs_status do_jobs(struct fetcher *fetcher, unsigned threads)
{
    size_t n_cold = 0;
    fetcher->may_wait = false;
    shs_status status = core_pool_do(fetcher->pool, threads, fetcher->n_jobs, do_any, fetcher);
    for (size_t i = 0; i < fetcher->n_jobs && !status; i++)
        if (fetcher->jobs[i].cold) fetcher->cold_jobs[n_cold++] = i;
    if (status || !n_cold) return status;
    fetcher->may_wait = true;
    fetcher->now.cold_reads += n_cold;
    return core_pool_do(fetcher->pool, cold_width(fetcher, n_cold, threads), n_cold, do_cold,
                        fetcher);
}

/* Settles the chunks that were to be kept: they stay if they are there, and are dropped if not. */
static void settle_kept(struct fetcher *fetcher, bool there)
{
    for (size_t i = 0; i < fetcher->n_jobs; i++) {
        struct fetch_cached *cached = fetcher->jobs[i].cached;
        if (!cached) continue;
        cached->holder = NULL;
        if (!there) fetch_cache_drop(fetcher->cache, cached);
    }
}

static shs_status fetch(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks)
{
    struct fetcher *fetcher = means->fetcher;
    unsigned threads = means->threads ? means->threads : 1;
    shs_status status = find_uses(fetcher, pieces, count);
    if (!status) status = make_jobs(fetcher, means->foresight);
    if (status) return status;
    status = do_jobs(fetcher, threads);
    fetcher->now.reads += fetcher->n_jobs;
    settle_kept(fetcher, !status);
    return status ? status : check(fetcher, threads, pieces, count, checks);
}

shs_status fetch_direct(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks,
                        struct fetch_counts *counts)
{
    struct fetcher *fetcher = means->fetcher;
    fetcher->now = (struct fetch_counts){0};
    for (size_t i = 0; i < CORE_POOL_MOST; i++)
        fetcher->lanes[i].bytes_read = 0;
    shs_status status = fetch(means, pieces, count, checks);
    for (size_t i = 0; i < CORE_POOL_MOST; i++)
        fetcher->now.bytes += fetcher->lanes[i].bytes_read;
    fetch_counts_add(counts, &fetcher->now);
    return status;
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

static uint64_t revised_use(void *user, const struct fetch_cached *cached)
{
    const struct fetch_foresight *foresight = user;
    return foresight->next_use(foresight->user, cached->field, cached->first, cached->rows);
}

void fetch_revise(struct fetcher *fetcher, const struct fetch_foresight *foresight)
{
    struct fetch_foresight own;
    if (!foresight) return;
    own = *foresight;
    fetch_cache_revise(fetcher->cache, revised_use, &own);
}
