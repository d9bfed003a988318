#include "mpi_watch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core_memory.h"
#include "mpi_run.h"
#include "mpi_shared.h"
#include "mpi_transport.h"
#include "mpi_words.h"
#include "shardstep/context.h"

/* ---- The table. */

enum {
    WORDS = sizeof(struct mpi_place) / sizeof(uint64_t),
    TRIES = 100 /* a writer that was stopped while it wrote never ends */
};
_Static_assert(sizeof(struct mpi_place) % sizeof(uint64_t) == 0, "a place is whole words");

/* A rank's row of the table. The number is odd while the rank writes. */
struct row {
    _Alignas(64) _Atomic uint64_t number;
    _Atomic uint64_t words[WORDS];
};

struct mpi_table {
    _Atomic uint64_t ended; /* 1 + the rank that has ended the run; 0 while the run goes on */
    struct row rows[];      /* one for each rank of the node */
};

/* The runs of this process that have several ranks. MPI is called in one thread only, and so are
 * these runs. */
static shs_run *runs;
static bool has_ended_any;

/* Each word is stored after the odd number and before the even number, because a store with
 * `release` stays behind the stores before it. */
static void write_row(const shs_run *run)
{
    const struct mpi_watch *watch = &run->watch;
    uint64_t words[WORDS];
    if (!watch->table) return;
    struct row *row = &watch->table->rows[run->windows.node_rank];
    uint64_t number = atomic_load_explicit(&row->number, memory_order_relaxed);
    memcpy(words, &watch->place, sizeof words);
    atomic_store_explicit(&row->number, number + 1, memory_order_relaxed);
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&row->words[i], words[i], memory_order_release);
    atomic_store_explicit(&row->number, number + 2, memory_order_release);
}

struct mpi_place mpi_watch_place(const shs_run *run, int number)
{
    struct row *row = &run->watch.table->rows[number];
    uint64_t words[WORDS];
    struct mpi_place place;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = atomic_load_explicit(&row->number, memory_order_acquire);
        for (size_t k = 0; k < WORDS; k++)
            words[k] = atomic_load_explicit(&row->words[k], memory_order_acquire);
        uint64_t after = atomic_load_explicit(&row->number, memory_order_relaxed);
        if (before == after && before % 2 == 0) break;
    }
    memcpy(&place, words, sizeof place);
    place.call[sizeof place.call - 1] = '\0';
    return place;
}

static size_t table_bytes(const shs_run *run)
{
    return sizeof(struct mpi_table) + (size_t)run->windows.node_ranks * sizeof(struct row);
}

shs_status mpi_watch_options(shs_run *run, const shs_run_options *options)
{
    run->watch.place.step = MPI_WATCH_NO_STEP;
    run->watch.warn_seconds = options->warn_seconds;
    run->watch.limit_seconds = options->limit_seconds;
    if (options->warn_seconds >= 0 && options->limit_seconds >= 0) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "warn_seconds %g, limit_seconds %g; both must be 0 or more",
                     options->warn_seconds, options->limit_seconds);
}

shs_status mpi_watch_open(shs_run *run)
{
    struct mpi_watch *watch = &run->watch;
    void *memory = NULL;
    gethostname(watch->host, sizeof watch->host - 1);
    if (run->ranks == 1 || !run->transport || !run->transport->node) return SHS_OK;
    shs_status status = mpi_windows_find_node(run);
    if (!status && run->windows.node_ranks > 1)
        status = mpi_windows_make(run, table_bytes(run), &memory);
    if (status) return status;
    watch->place.rank = run->rank;
    watch->place.process = (int64_t)getpid();
    watch->table = memory;
    watch->next_run = runs;
    runs = run;
    write_row(run);
    return mpi_words_open(run);
}

void mpi_watch_close(shs_run *run)
{
    shs_run **at = &runs;
    void *memory = run->watch.table;
    mpi_words_close(run);
    while (*at && *at != run)
        at = &(*at)->watch.next_run;
    if (*at) *at = run->watch.next_run;
    mpi_shared_leave(&memory, table_bytes(run));
    run->watch.table = NULL;
}

/* ---- What this rank does. */

static void name_call(struct mpi_place *place, const char *call)
{
    size_t length = strcspn(call, "(");
    if (length >= sizeof place->call) length = sizeof place->call - 1;
    memset(place->call, 0, sizeof place->call);
    memcpy(place->call, call, length);
}

void mpi_watch_begin(shs_run *run, const char *call)
{
    run->watch.place.calls++;
    run->watch.place.doing = MPI_DOING_CALL;
    name_call(&run->watch.place, call);
    write_row(run);
}

void mpi_watch_end(shs_run *run)
{
    run->watch.place.doing = MPI_DOING_AFTER;
    memcpy(run->watch.met, run->watch.place.call, sizeof run->watch.met);
    run->watch.met_step = run->watch.place.step;
    write_row(run);
}

void mpi_watch_next(shs_run *run, uint64_t step, bool begins)
{
    run->watch.place.doing = begins ? MPI_DOING_CALL : MPI_DOING_AFTER;
    run->watch.place.step = step;
    if (begins) name_call(&run->watch.place, "shs_next");
    write_row(run);
}

/* The runs of a process whose ranks wait in another run of it say so. */
void mpi_watch_wait(shs_run *run, bool waits)
{
    for (shs_run *other = runs; other; other = other->watch.next_run) {
        struct mpi_place *place = &other->watch.place;
        uint64_t before = place->doing;
        place->doing = waits ? (other == run ? MPI_DOING_WAIT : MPI_DOING_OTHER) : before;
        write_row(other);
        place->doing = before;
    }
}

/* ---- The end of a run that has waited too long. */

int mpi_watch_ended_by(const shs_run *run)
{
    if (!run->watch.table) return run->watch.ended - 1;
    return (int)atomic_load_explicit(&run->watch.table->ended, memory_order_relaxed) - 1;
}

bool mpi_watch_end_run(shs_run *run, int by)
{
    uint64_t none = 0;
    if (run->watch.table)
        return atomic_compare_exchange_strong(&run->watch.table->ended, &none, (uint64_t)by + 1);
    if (run->watch.ended) return false;
    run->watch.ended = by + 1;
    return true;
}

bool mpi_watch_has_ended_any(void)
{
    return has_ended_any;
}

/* Ends the run on this rank. */
static shs_status end_here(shs_run *run, shs_status status, bool is_mine, const char *cause)
{
    struct mpi_watch *watch = &run->watch;
    snprintf(watch->late_message, sizeof watch->late_message,
             "rank %d: %.*s; the run is over: end the job by MPI_Abort, since MPI_Finalize would "
             "wait for all ranks, too",
             run->rank, CORE_MESSAGE_BYTES - 160, cause);
    watch->late = status;
    watch->late_is_mine = is_mine;
    has_ended_any = true;
    return core_tell(watch->late, watch->late_message, is_mine, false);
}

shs_status mpi_watch_late(shs_run *run, bool is_mine, const char *cause)
{
    return end_here(run, SHS_ERROR_TIMEOUT, is_mine, cause);
}

shs_status mpi_watch_broken(shs_run *run, shs_status status)
{
    char where[MPI_WATCH_TEXT_BYTES], cause[CORE_MESSAGE_BYTES];
    if (status != SHS_ERROR_MPI || run->watch.late) return status;
    mpi_watch_where(run, where);
    snprintf(cause, sizeof cause, "%.160s: %.700s", where, shs_message());
    return end_here(run, status, true, cause);
}

shs_status mpi_watch_check(shs_run *run)
{
    struct mpi_watch *watch = &run->watch;
    char where[MPI_WATCH_TEXT_BYTES], cause[MPI_WATCH_TEXT_BYTES + 128];
    if (watch->late) return core_tell(watch->late, watch->late_message, watch->late_is_mine, false);
    int by = mpi_watch_ended_by(run);
    if (by < 0) return SHS_OK;
    /* A program may end the job at once. The other rank needs time to print its message. */
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    mpi_watch_where(run, where);
    snprintf(cause, sizeof cause, "%s: rank %d has waited for other ranks beyond its limit_seconds",
             where, by);
    return mpi_watch_late(run, false, cause);
}
