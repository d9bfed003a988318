#include "load_figures.h"

#include <string.h>

#include "core_clock.h"
#include "core_cpu.h"

/* Adds the time in which the calling thread filled batches of a ring. */
static void add_help(const shs_loader *loader, struct load_figures *figures)
{
    static const enum load_state filling[] = {LOAD_PLANNING, LOAD_READING, LOAD_DECODING,
                                              LOAD_CHECKING, LOAD_AUGMENTING};
    for (size_t i = 0; i < sizeof filling / sizeof *filling; i++) {
        figures->spent[filling[i]] += loader->account.spent[filling[i]];
        figures->helped += loader->account.spent[filling[i]];
    }
}

static struct load_figures so_far(const shs_loader *loader)
{
    struct load_figures now = {.elapsed = core_clock() - loader->account.begun,
                               .waited = loader->waited,
                               .lanes = load_lanes(loader),
                               .ahead = loader->options.ahead,
                               .cpus = core_cpus()};
    for (uint32_t i = 0; i < now.lanes; i++) {
        const struct load_account account = load_account_of(loader, loader->ahead ? i + 1 : 0);
        for (int s = 0; s < LOAD_STATES; s++)
            now.spent[s] += account.spent[s];
    }
    now.spent[LOAD_PREPARING] = loader->account.spent[LOAD_PREPARING];
    if (loader->ahead) add_help(loader, &now);
    return now;
}

struct load_figures load_figures_since(const shs_loader *loader, struct load_reported *last)
{
    struct load_figures now = so_far(loader), since = now;
    since.elapsed -= last->elapsed;
    since.waited -= last->waited;
    since.helped -= last->helped;
    for (int s = 0; s < LOAD_STATES; s++)
        since.spent[s] -= last->spent[s];
    *last =
        (struct load_reported){.elapsed = now.elapsed, .waited = now.waited, .helped = now.helped};
    memcpy(last->spent, now.spent, sizeof last->spent);
    return since;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

double load_figures_share(const struct load_figures *figures)
{
    return ratio(figures->waited, figures->elapsed);
}

/* ---- The bottleneck. */

/* A program that waits for less of its time has data that keep up. */
static const double kept_up = 0.01;

/* States that can hold the program up, in the order in which they are told. `word` is the key of
 * the state's time in shs_loader_report_json(). */
static const struct {
    enum load_state state;
    const char *word, *name, *cure;
} held_by[] = {
    {LOAD_PREPARING, "preparing", "preparing",
     "what only HDF5 reads, and opening files, happens in the calling thread; shardstep info says "
     "why"},
    {LOAD_READING, "reading", "reading", "try faster storage, or more of the file in memory"},
    {LOAD_DECODING, "decoding", "decoding",
     "try shuffle blocks or a larger cache_bytes: see shardstep info"},
    {LOAD_CHECKING, "checking", "checking", "the checksums take the time"},
    {LOAD_AUGMENTING, "augmenting", "augmenting",
     "the operators of the augmentation take the time"},
    {LOAD_WAITING, "waiting", "waiting for another lane",
     "lanes want the same chunks at the same time"},
    {LOAD_PLANNING, "other", "planning and copying",
     "the rows are in memory, and copying takes the time"},
};

enum {
    HELD = sizeof held_by / sizeof *held_by
};

/* Returns the index in held_by of what took longest. Preparing is the work of another thread than
 * the lanes', so with `ahead` it counts only if it took longer than any lane on average. */
static int bottleneck(const struct load_figures *figures)
{
    int most = 1;
    uint64_t busy = 0, preparing = figures->spent[LOAD_PREPARING];
    for (int i = 1; i < HELD; i++) {
        busy += figures->spent[held_by[i].state];
        if (figures->spent[held_by[i].state] > figures->spent[held_by[most].state]) most = i;
    }
    if (!figures->ahead) return preparing > figures->spent[held_by[most].state] ? 0 : most;
    return preparing > busy / figures->lanes ? 0 : most;
}

/* Returns how many lanes could load what was loaded in the time that the program computed, at most
 * as many as there are CPUs. */
static uint64_t enough_lanes(const struct load_figures *figures)
{
    uint64_t busy = 0, computing = figures->elapsed - figures->waited;
    for (int i = 1; i < HELD; i++)
        busy += figures->spent[held_by[i].state];
    uint64_t most = figures->cpus && figures->cpus < 64 ? figures->cpus : 64;
    return computing && busy / computing < most ? busy / computing + 1 : most;
}

/* True if the lanes had time left, so that more of them would not help. Where all CPUs are busy,
 * the calling thread fills batches in place of a lane, which is then idle. */
static bool lanes_rest(const struct load_figures *figures, int held)
{
    return figures->ahead && held &&
           figures->spent[LOAD_IDLE] > figures->helped + figures->elapsed * figures->lanes / 3;
}

const char *load_figures_bottleneck(const struct load_figures *figures)
{
    int held = bottleneck(figures);
    bool none = load_figures_share(figures) < kept_up || lanes_rest(figures, held);
    return none ? NULL : held_by[held].word;
}

/* ---- The text. */

static void tell_cure(const struct load_figures *figures, int held, struct core_text *text)
{
    uint64_t threads = enough_lanes(figures);
    if (!figures->ahead)
        core_text_add(text, "try ahead=2, which loads while the program computes");
    else if (lanes_rest(figures, held))
        core_text_add(text,
                      "the first batches are always waited for; if later ones are, try ahead=%llu",
                      (ull)figures->ahead * 2);
    else if (held && threads > figures->lanes)
        core_text_add(text, "try threads=%llu", (ull)threads);
    else
        core_text_add(text, "%s", held_by[held].cure);
}

static void tell_lanes(const struct load_figures *figures, struct core_text *text)
{
    static const double least = 0.0005; /* a smaller share is not told */
    uint64_t all = 0;
    for (int s = 0; s < LOAD_STATES; s++)
        all += s == LOAD_PREPARING && figures->ahead ? 0 : figures->spent[s];
    core_text_add(text, "its %llu lane%s%s: ", (ull)figures->lanes, figures->lanes == 1 ? "" : "s",
                  figures->ahead ? " and the caller" : "");
    for (int i = figures->ahead ? 1 : 0; i < HELD; i++)
        if (ratio(figures->spent[held_by[i].state], all) > least)
            core_text_add(text, "%s %.1f%%, ", held_by[i].name,
                          100 * ratio(figures->spent[held_by[i].state], all));
    core_text_add(text, figures->ahead ? "idle %.1f%%" : "the program %.1f%%",
                  100 * ratio(figures->spent[LOAD_IDLE], all));
}

void load_figures_tell(const struct load_figures *figures, uint64_t rank, const double *mean,
                       struct core_text *text)
{
    double share = load_figures_share(figures);
    int held = bottleneck(figures);
    if (share < kept_up)
        core_text_add(text, "data kept up: waited %.2f%% of %.3g s on rank %llu", 100 * share,
                      (double)figures->elapsed / 1e9, (ull)rank);
    else
        core_text_add(text, "%s is the bottleneck on rank %llu: waited %.1f%% of %.3g s",
                      lanes_rest(figures, held) ? "no lane" : held_by[held].name, (ull)rank,
                      100 * share, (double)figures->elapsed / 1e9);
    if (mean) core_text_add(text, " (mean of ranks %.2f%%)", 100 * *mean);
    core_text_add(text, "; ");
    tell_lanes(figures, text);
    if (share < kept_up) return;
    core_text_add(text, "; ");
    tell_cure(figures, held, text);
}
