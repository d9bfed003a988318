#include "fetch_plan.h"

#include "core_memory.h"
#include "fetch_sort.h"
#include "fetch_sources.h"

enum {
    /* Most bytes of neighbouring rows in one read, so that threads share a long run of rows. */
    MERGED_BYTES = 1 << 20,
    /* Bytes that are copied in about the time of a read of bytes in memory, and in that of decoding
     * a byte. */
    READ_WORK = 4 << 10,
    DECODE_WORK = 16
};

uint64_t fetch_thread_work = 256 << 10;

unsigned fetch_worth(unsigned threads, uint64_t work)
{
    uint64_t most = work / fetch_thread_work;
    return most >= threads ? threads : most ? (unsigned)most : 1;
}

/* ---- Which places the pieces want. */

const struct io_layout *fetch_layout_of(const struct fetch_use *use)
{
    return io_reader_layout(use->piece->field->direct);
}

bool fetch_is_raw_part(const struct fetch_use *use)
{
    return fetch_part_of(use->piece) && fetch_layout_of(use)->chunked &&
           io_reader_is_raw(use->piece->field->direct, use->place);
}

static shs_status reserve_uses(struct fetcher *fetcher, size_t capacity)
{
    shs_status status = core_resize(capacity, sizeof *fetcher->uses, "reads", &fetcher->uses);
    if (!status)
        status = core_resize(capacity, sizeof *fetcher->uses, "reads", &fetcher->spare_uses);
    if (!status) fetcher->uses_capacity = capacity;
    return status;
}

static shs_status add_use(struct fetcher *fetcher, const struct fetch_piece *piece, uint64_t place)
{
    if (fetcher->n_uses == fetcher->uses_capacity) {
        shs_status status =
            reserve_uses(fetcher, fetcher->uses_capacity ? 2 * fetcher->uses_capacity : 256);
        if (status) return status;
    }
    fetcher->uses[fetcher->n_uses++] = (struct fetch_use){piece, place};
    return SHS_OK;
}

static shs_status add_uses(struct fetcher *fetcher, const struct fetch_piece *piece)
{
    const struct io_layout *layout = io_reader_layout(piece->field->direct);
    shs_status status = SHS_OK;
    if (!layout->chunked) return add_use(fetcher, piece, piece->first);
    for (uint64_t band = 0; !status; band++) {
        band = io_layout_next_band(layout, piece->first, piece->count, band);
        if (band == IO_NO_BAND) break;
        for (uint64_t i = 0; !status; i++) {
            i = io_layout_next_chunk(layout, fetch_part_of(piece), i);
            if (i >= layout->chunks_a_band) break;
            status = add_use(fetcher, piece, band * layout->chunks_a_band + i);
        }
    }
    return status;
}

static shs_status find_uses(struct fetcher *fetcher, const struct fetch_piece *pieces, size_t count)
{
    shs_status status = SHS_OK;
    fetcher->n_uses = 0;
    for (size_t i = 0; i < count && !status; i++) {
        if (!pieces[i].count || !pieces[i].field->direct) continue;
        status = add_uses(fetcher, &pieces[i]);
    }
    if (!status) fetch_sort(fetcher->uses, fetcher->spare_uses, fetcher->n_uses);
    return status;
}

/* ---- Jobs. */

/* Returns the end of the uses of the chunk of use `begin`. */
static size_t end_of_chunk(const struct fetcher *fetcher, size_t begin)
{
    const struct fetch_use *uses = fetcher->uses;
    size_t end = begin + 1;
    while (end < fetcher->n_uses &&
           data_field_chunks(uses[end].piece->field) ==
               data_field_chunks(uses[begin].piece->field) &&
           uses[end].place == uses[begin].place)
        end++;
    return end;
}

/* Returns true if neighbouring rows share a read with the rows of a use. */
static bool shares(const struct fetch_use *use, const struct fetch_use *next, size_t uses,
                   size_t bytes)
{
    if (fetch_part_of(use->piece) || fetch_part_of(next->piece)) return false;
    uint64_t together;
    io_layout_address_of(fetch_layout_of(use), use->place, &together);
    return next->place == use->place + use->piece->count && use->piece->count < together &&
           uses < IO_PIECES && bytes + fetch_piece_bytes(next->piece) <= MERGED_BYTES;
}

static uint64_t work_of_chunk(const struct io_layout *layout)
{
    return READ_WORK + layout->chunk_bytes * (layout->pipeline.count ? DECODE_WORK : 1);
}

/* Returns the work of rows that are not chunked. */
static uint64_t work_of_rows(const struct fetch_use *use, size_t bytes, size_t reads)
{
    return bytes + (io_reader_is_mapped(use->piece->field->direct) ? 0 : reads * READ_WORK);
}

/* Returns the work of all rows of the fetch that are not chunked, if each is read by itself. */
static uint64_t work_of_all_rows(const struct fetcher *fetcher)
{
    uint64_t work = 0;
    for (size_t i = 0; i < fetcher->n_uses; i++) {
        const struct fetch_use *use = &fetcher->uses[i];
        if (!fetch_layout_of(use)->chunked)
            work += work_of_rows(use, fetch_piece_bytes(use->piece), 1);
    }
    return work;
}

/* Returns the end of the uses of an array that is not chunked which one job reads: up to `most`
 * uses and MERGED_BYTES bytes, and then what shares the last read. Sets the job's reads and work.
 * Reads of parts of rows are counted as they are made. */
static size_t end_of_rows(const struct fetcher *fetcher, size_t begin, size_t most,
                          struct fetch_job *job)
{
    const struct fetch_use *uses = fetcher->uses;
    size_t end = begin + 1, bytes = fetch_piece_bytes(uses[begin].piece), all = bytes, together = 1;
    size_t reads = 1;
    job->reads = !fetch_part_of(uses[begin].piece);
    for (; end < fetcher->n_uses && uses[end].piece->field == uses[begin].piece->field; end++) {
        size_t more = fetch_piece_bytes(uses[end].piece);
        if (!shares(&uses[end - 1], &uses[end], together, bytes)) {
            if (end - begin >= most || all + more > MERGED_BYTES) break;
            reads++;
            job->reads += !fetch_part_of(uses[end].piece);
            bytes = together = 0;
        }
        bytes += more;
        all += more;
        together++;
    }
    job->work = work_of_rows(&uses[begin], all, reads);
    return end;
}

static shs_status reserve_jobs(struct fetcher *fetcher, size_t uses)
{
    size_t capacity = fetcher->uses_capacity;
    if (fetcher->jobs_capacity >= uses) return SHS_OK;
    shs_status status =
        core_resize(capacity, sizeof *fetcher->jobs.job, "reads", &fetcher->jobs.job);
    if (!status)
        status = core_resize(capacity, sizeof *fetcher->hits.job, "reads", &fetcher->hits.job);
    if (!status)
        status = core_resize(capacity, sizeof *fetcher->colds.job, "reads", &fetcher->colds.job);
    if (!status) status = core_resize(capacity, sizeof *fetcher->runs, "reads", &fetcher->runs);
    if (!status) fetcher->jobs_capacity = capacity;
    return status;
}

shs_status fetch_plan_reserve(struct fetcher *fetcher, uint64_t uses)
{
    shs_status status = uses ? reserve_uses(fetcher, uses) : SHS_OK;
    return status ? status : reserve_jobs(fetcher, uses);
}

/* Returns how many scattered rows a job has: few enough for all threads to have jobs that are worth
 * being woken. */
static size_t rows_a_job(const struct fetcher *fetcher, unsigned threads)
{
    enum {
        LEAST = 8,
        JOBS_A_THREAD = 4
    };
    if (threads > 1) threads = fetch_worth(threads, work_of_all_rows(fetcher));
    size_t most = fetcher->n_uses / JOBS_A_THREAD / (threads ? threads : 1);
    return threads <= 1 ? IO_PIECES : most < LEAST ? LEAST : most;
}

/* Makes jobs of all uses, and asks foresight. The store is not locked yet, because foresight may
 * take long. */
static shs_status find_jobs(struct fetcher *fetcher, const struct fetch_means *means)
{
    shs_status status = reserve_jobs(fetcher, fetcher->n_uses);
    size_t most = rows_a_job(fetcher, means->threads);
    for (size_t begin = 0; begin < fetcher->n_uses && !status;) {
        const struct fetch_use *use = &fetcher->uses[begin];
        struct fetch_job *job = &fetcher->jobs.job[fetcher->jobs.count++];
        *job = (struct fetch_job){.begin = begin, .reads = 1};
        if (fetch_layout_of(use)->chunked) {
            job->end = end_of_chunk(fetcher, begin);
            job->work = work_of_chunk(fetch_layout_of(use));
            if (fetch_is_raw_part(use))
                job->reads = 0;
            else if (means->foresight)
                job->next = fetch_sources_next_use(use->piece->field, use->place, means->foresight);
        } else {
            job->end = end_of_rows(fetcher, begin, most, job);
        }
        begin = job->end;
    }
    return status;
}

/* ---- The share of the store, which is locked. */

void fetch_copy_chunk(const struct fetcher *fetcher, const struct fetch_job *job,
                      const void *decoded)
{
    const struct io_layout *layout = fetch_layout_of(&fetcher->uses[job->begin]);
    for (size_t i = job->begin; i < job->end; i++) {
        const struct fetch_piece *piece = fetcher->uses[i].piece;
        io_layout_copy(layout, fetch_part_of(piece), fetcher->uses[i].place, decoded, piece->first,
                       piece->count, piece->to);
    }
}

/* Copies what a hit of this fetch wants, if its chunk is about to be dropped, so that the chunk's
 * memory becomes free. Only hits of the fetch that plans have a holder. */
static void give_up_hit(void *user, struct fetch_cached *cached)
{
    if (!cached->holder || cached->pins != 1 || cached->state != FETCH_READY) return;
    fetch_copy_chunk(user, (const struct fetch_job *)(void *)cached->holder, cached->memory);
    fetch_cache_unpin(fetch_store_cache(((struct fetcher *)user)->store), cached);
}

/* Finds the chunk of a job in the store. Returns NULL if it is not kept. */
static struct fetch_cached *find_kept(const struct fetcher *fetcher, const struct fetch_job *job)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    if (!fetch_layout_of(use)->chunked || fetch_is_raw_part(use)) return NULL;
    return fetch_cache_find(fetch_store_cache(fetcher->store), use->piece->field->key, use->place);
}

/* Enters a job among the hits if its chunk is ready, and among the jobs otherwise. */
static void sort_out(struct fetcher *fetcher, const struct fetch_job *job, bool foresees)
{
    struct fetch_cache *cache = fetch_store_cache(fetcher->store);
    struct fetch_cached *cached = find_kept(fetcher, job);
    bool ready = cached && cached->state == FETCH_READY;
    struct fetch_jobs *list = ready ? &fetcher->hits : &fetcher->jobs;
    struct fetch_job *entry = &list->job[list->count++];
    *entry = *job;
    if (!cached) return;
    entry->cached = cached;
    entry->joined = !ready;
    entry->reads = 0;
    cached->holder = &entry->cached;
    fetch_cache_pin(cached);
    fetch_cache_use_next(cache, cached, foresees ? job->next : fetch_store_time(fetcher->store));
    fetcher->now.chunk_hits++;
}

/* Makes room in the store for a chunk that will be decoded, unless the kept chunks are used sooner.
 * A chunk that is not used again in this epoch is kept for the next epoch only if the store has
 * room for the whole field. */
static void keep(struct fetcher *fetcher, struct fetch_job *job, const struct fetch_means *means)
{
    const struct fetch_use *use = &fetcher->uses[job->begin];
    const struct data_field *field = use->piece->field;
    const struct io_layout *layout = io_reader_layout(field->direct);
    if (!layout->chunked || job->joined || fetch_is_raw_part(use)) return;
    fetcher->now.chunks_decoded++;
    if (means->passing) return;
    uint64_t next = means->foresight ? job->next : fetch_store_time(fetcher->store);
    if (next == UINT64_MAX && fetcher->cache_bytes / field->whole_bytes < field->all_rows) return;
    job->cached = fetch_cache_add(fetch_store_cache(fetcher->store), field->key, use->place,
                                  layout->chunk_bytes, next, give_up_hit, fetcher);
    if (!job->cached) return;
    job->cached->holder = &job->cached;
    struct io_rows rows = fetch_sources_rows_of(field, use->place);
    job->cached->first = rows.first;
    job->cached->rows = rows.count;
}

/* The chunks of this fetch were found or entered. Other fetches may plan now, and drop them. */
static void let_others_plan(struct fetcher *fetcher)
{
    for (size_t i = 0; i < fetcher->hits.count; i++)
        if (fetcher->hits.job[i].cached) fetcher->hits.job[i].cached->holder = NULL;
    for (size_t i = 0; i < fetcher->jobs.count; i++) {
        struct fetch_cached *cached = fetcher->jobs.job[i].cached;
        if (!cached) continue;
        cached->holder = NULL;
        if (!fetcher->jobs.job[i].joined) fetch_cache_pin(cached);
    }
}

/* Tells hits from jobs, and then keeps what the jobs will decode: only now, when the next use of
 * every kept chunk is known. */
static void share(const struct fetch_means *means)
{
    struct fetcher *fetcher = means->fetcher;
    size_t all = fetcher->jobs.count;
    fetcher->jobs.count = 0;
    for (size_t i = 0; i < all; i++)
        sort_out(fetcher, &fetcher->jobs.job[i], means->foresight != NULL);
    for (size_t i = 0; i < fetcher->jobs.count; i++)
        keep(fetcher, &fetcher->jobs.job[i], means);
    let_others_plan(fetcher);
}

static uint64_t revised_use(void *user, const struct fetch_cached *cached)
{
    const struct fetch_foresight *foresight = user;
    return foresight->next_use(foresight->user, cached->field, cached->first, cached->rows);
}

shs_status fetch_plan(const struct fetch_means *means, const struct fetch_piece *pieces,
                      size_t count)
{
    struct fetcher *fetcher = means->fetcher;
    struct fetch_store *store = fetcher->store;
    const struct fetch_foresight *foresight = means->foresight;
    fetcher->jobs.count = fetcher->hits.count = 0;
    shs_status status = find_uses(fetcher, pieces, count);
    if (!status) status = find_jobs(fetcher, means);
    if (status) {
        fetcher->jobs.count = 0;
        fetch_store_pass(store, means->ticket);
        return status;
    }
    fetch_store_lock(store, means->ticket);
    if (foresight && fetch_store_turns_to(store, means->order)) {
        struct fetch_foresight own = *foresight;
        fetch_cache_revise(fetch_store_cache(store), revised_use, &own);
    }
    share(means);
    fetch_store_unlock(store, means->ticket);
    return SHS_OK;
}

/* ---- The end. */

/* Takes a job's pin away. A chunk that no lane has decoded goes with the last pin. */
static void end_job(struct fetch_cache *cache, struct fetch_cached *cached, bool drops)
{
    if (!cached) return;
    if (cached->state != FETCH_READY) drops = true;
    if (drops && !cached->dropped && cached->pins == 1) fetch_cache_drop(cache, cached);
    fetch_cache_unpin(cache, cached);
}

void fetch_plan_end(struct fetcher *fetcher, bool failed)
{
    struct fetch_cache *cache = fetch_store_cache(fetcher->store);
    fetch_store_lock(fetcher->store, 0);
    for (size_t i = 0; i < fetcher->hits.count; i++)
        end_job(cache, fetcher->hits.job[i].cached, false);
    for (size_t i = 0; i < fetcher->jobs.count; i++)
        end_job(cache, fetcher->jobs.job[i].cached, failed && !fetcher->jobs.job[i].joined);
    fetch_store_unlock(fetcher->store, 0);
    fetcher->done = fetcher->jobs.count;
    fetcher->jobs.count = fetcher->hits.count = 0;
}
