/* Whether data keeps up with the program and, if not, what holds it up on which rank. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "core_clock.h"
#include "core_text.h"
#include "load.h"
#include "shardstep/times.h"

/* What a rank tells the others: nanoseconds, if nothing else is said. */
struct figures {
    uint64_t elapsed, waited;
    uint64_t spent[LOAD_STATES]; /* sums over the lanes that load; LOAD_PREPARING is the calling
                                    thread's */
    uint64_t lanes, ahead;       /* numbers */
    uint64_t cpus;               /* CPUs that this process may use; 0: not known */
};

enum {
    FIGURES = sizeof(struct figures) / sizeof(uint64_t),
    PARTS = 1000000000, /* a share is exchanged as a whole number of parts */
    RANK_BITS = 24
};

static uint64_t cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 0 : (uint64_t)CPU_COUNT(&set);
}

static struct figures figures_so_far(const shs_loader *loader)
{
    struct figures now = {.elapsed = core_clock() - loader->account.begun,
                          .waited = loader->waited,
                          .lanes = load_lanes(loader),
                          .ahead = loader->options.ahead,
                          .cpus = cpus()};
    for (uint32_t i = 0; i < now.lanes; i++) {
        const struct load_account account = load_account_of(loader, loader->ahead ? i + 1 : 0);
        for (int s = 0; s < LOAD_STATES; s++)
            now.spent[s] += account.spent[s];
    }
    now.spent[LOAD_PREPARING] = loader->account.spent[LOAD_PREPARING];
    return now;
}

/* Returns what came since the last report, and begins anew. */
static struct figures figures_since(shs_loader *loader)
{
    struct figures now = figures_so_far(loader), since = now;
    struct load_reported *last = &loader->reported;
    since.elapsed -= last->elapsed;
    since.waited -= last->waited;
    for (int s = 0; s < LOAD_STATES; s++)
        since.spent[s] -= last->spent[s];
    *last = (struct load_reported){.elapsed = now.elapsed, .waited = now.waited};
    memcpy(last->spent, now.spent, sizeof last->spent);
    return since;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* ---- The text. */

/* States that can hold the program up, in the order in which they are told. */
static const struct {
    enum load_state state;
    const char *name, *cure;
} held_by[] = {
    {LOAD_PREPARING, "preparing",
     "what only HDF5 reads, and opening files, happens in the calling thread; shardstep info says "
     "why"},
    {LOAD_READING, "reading", "try faster storage, or more of the file in memory"},
    {LOAD_DECODING, "decoding", "try shuffle blocks or a larger cache_bytes: see shardstep info"},
    {LOAD_CHECKING, "checking", "the checksums take the time"},
    {LOAD_AUGMENTING, "augmenting", "the operators of the augmentation take the time"},
    {LOAD_WAITING, "waiting for another lane", "lanes want the same chunks at the same time"},
    {LOAD_PLANNING, "planning and copying", "the rows are in memory, and copying takes the time"},
};

enum {
    HELD = sizeof held_by / sizeof *held_by
};

/* Returns the index in held_by of what took longest. Preparing is the work of another thread than
 * the lanes', so with `ahead` it counts only if it took longer than any lane on average. */
static int bottleneck(const struct figures *worst)
{
    int most = 1;
    uint64_t busy = 0, preparing = worst->spent[LOAD_PREPARING];
    for (int i = 1; i < HELD; i++) {
        busy += worst->spent[held_by[i].state];
        if (worst->spent[held_by[i].state] > worst->spent[held_by[most].state]) most = i;
    }
    if (!worst->ahead) return preparing > worst->spent[held_by[most].state] ? 0 : most;
    return preparing > busy / worst->lanes ? 0 : most;
}

/* Returns how many lanes could load what was loaded in the time that the program computed, at most
 * as many as there are CPUs. */
static uint64_t enough_lanes(const struct figures *worst)
{
    uint64_t busy = 0, computing = worst->elapsed - worst->waited;
    for (int i = 1; i < HELD; i++)
        busy += worst->spent[held_by[i].state];
    uint64_t most = worst->cpus && worst->cpus < 64 ? worst->cpus : 64;
    return computing && busy / computing < most ? busy / computing + 1 : most;
}

/* True if the lanes had time left, so that more of them would not help. */
static bool lanes_rest(const struct figures *worst, int held)
{
    return worst->ahead && held && worst->spent[LOAD_IDLE] > worst->elapsed * worst->lanes / 3;
}

static void tell_cure(const struct figures *worst, int held, struct core_text *text)
{
    uint64_t threads = enough_lanes(worst);
    if (!worst->ahead)
        core_text_add(text, "try ahead=2, which loads while the program computes");
    else if (lanes_rest(worst, held))
        core_text_add(text,
                      "the first batches are always waited for; if later ones are, try ahead=%llu",
                      (ull)worst->ahead * 2);
    else if (held && threads > worst->lanes)
        core_text_add(text, "try threads=%llu", (ull)threads);
    else
        core_text_add(text, "%s", held_by[held].cure);
}

static void tell_lanes(const struct figures *worst, struct core_text *text)
{
    static const double least = 0.0005; /* a smaller share is not told */
    uint64_t all = 0;
    for (int s = 0; s < LOAD_STATES; s++)
        all += s == LOAD_PREPARING && worst->ahead ? 0 : worst->spent[s];
    core_text_add(text, "its %llu lane%s: ", (ull)worst->lanes, worst->lanes == 1 ? "" : "s");
    for (int i = worst->ahead ? 1 : 0; i < HELD; i++)
        if (ratio(worst->spent[held_by[i].state], all) > least)
            core_text_add(text, "%s %.1f%%, ", held_by[i].name,
                          100 * ratio(worst->spent[held_by[i].state], all));
    core_text_add(text, worst->ahead ? "idle %.1f%%" : "the program %.1f%%",
                  100 * ratio(worst->spent[LOAD_IDLE], all));
}

static void tell(const struct figures *worst, uint64_t rank, double mean, struct core_text *text)
{
    static const double kept_up = 0.01;
    double share = ratio(worst->waited, worst->elapsed);
    int held = bottleneck(worst);
    if (share < kept_up)
        core_text_add(text, "data kept up: waited %.2f%% of %.3g s on rank %llu", 100 * share,
                      (double)worst->elapsed / 1e9, (ull)rank);
    else
        core_text_add(text, "%s is the bottleneck on rank %llu: waited %.1f%% of %.3g s",
                      lanes_rest(worst, held) ? "no lane" : held_by[held].name, (ull)rank,
                      100 * share, (double)worst->elapsed / 1e9);
    core_text_add(text, " (mean of ranks %.2f%%); ", 100 * mean);
    tell_lanes(worst, text);
    if (share < kept_up) return;
    core_text_add(text, "; ");
    tell_cure(worst, held, text);
}

/* ---- All ranks. */

/* Collective. Leaves the figures of the rank that waited for the greatest share of its time, which
 * is the highest of several such ranks. */
static shs_status find_worst(shs_run *run, struct figures *worst, uint64_t *rank, double *mean)
{
    uint64_t all[FIGURES + 1] = {0}, share, greatest;
    share = (uint64_t)(ratio(worst->waited, worst->elapsed) * PARTS);
    greatest = share << RANK_BITS | (uint64_t)run->rank;
    shs_status status = mpi_greatest(run, &greatest, 1);
    *rank = greatest & ((UINT64_C(1) << RANK_BITS) - 1);
    if (*rank == (uint64_t)run->rank) memcpy(all, worst, sizeof *worst);
    all[FIGURES] = share;
    if (!status) status = mpi_sum(run, all, FIGURES + 1);
    memcpy(worst, all, sizeof *worst);
    *mean = (double)all[FIGURES] / PARTS / (mpi_is_apart(run) ? 1 : run->ranks);
    return status;
}

shs_status shs_loader_report(shs_loader *loader, char *text, size_t bytes)
{
    shs_status status =
        core_require(loader, "shs_loader_report", "loader", "open it with shs_loader_open()");
    if (status) return status;
    status = core_require(text, "shs_loader_report", "text", "pass memory for the report");
    shs_run *run = loader->dataset->run;
    status = mpi_agree(run, status, "shs_loader_report");
    if (status) return status;
    struct core_text told = {0};
    struct figures worst = figures_since(loader);
    uint64_t rank;
    double mean;
    status = find_worst(run, &worst, &rank, &mean);
    if (!status) tell(&worst, rank, mean, &told);
    if (!status) status = told.status;
    if (bytes) snprintf(text, bytes, "%s", !status && told.bytes ? told.bytes : "");
    core_text_free(&told);
    return mpi_agree(run, status, "shs_loader_report");
}
