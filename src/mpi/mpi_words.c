#include "mpi_words.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "mpi_run.h"
#include "mpi_transport.h"
#include "mpi_wait.h"

struct mpi_words {
    struct mpi_word *heard;              /* the latest word of each rank */
    char (*hosts)[MPI_WATCH_HOST_BYTES]; /* the nodes of all ranks */
    int *counts, *starts;                /* of the gather of their names */
    bool waits;                          /* the others have been told that this rank waits */
    bool silent;                         /* the run ends: this rank tells no more */
    bool called;                         /* a rank that waits has spoken since this rank last did */
    uint64_t told;                       /* words */
    uint64_t taken;                      /* words of other ranks */
};

/* ---- The life of the words. */

static void free_words(struct mpi_words **words)
{
    if (!*words) return;
    core_free(&(*words)->heard);
    core_free(&(*words)->hosts);
    core_free(&(*words)->counts);
    core_free(&(*words)->starts);
    core_free(words);
}

static shs_status make_words(const shs_run *run, struct mpi_words **words)
{
    uint64_t ranks = (uint64_t)run->ranks;
    shs_status status = core_new(1, sizeof **words, "words", words);
    if (!status)
        status = core_new(ranks, sizeof *(*words)->heard, "words of ranks", &(*words)->heard);
    if (!status)
        status = core_new(ranks, sizeof *(*words)->hosts, "names of nodes", &(*words)->hosts);
    if (!status) status = core_new(ranks, sizeof(int), "names of nodes", &(*words)->counts);
    if (!status) status = core_new(ranks, sizeof(int), "names of nodes", &(*words)->starts);
    if (status && *words) free_words(words);
    return status;
}

/* Collective. Gives every rank the names of all nodes. */
static shs_status exchange_hosts(shs_run *run)
{
    const struct mpi_words *words = run->watch.words;
    size_t bytes = sizeof *words->hosts, all = (size_t)run->ranks * bytes;
    for (int rank = 0; rank < run->ranks; rank++) {
        words->counts[rank] = 1;
        words->starts[rank] = rank;
    }
    const struct mpi_layout layout = {words->counts, words->starts, bytes};
    shs_status status =
        run->transport->gather(run->transport, run->watch.host, words->hosts, &layout);
    return status ? status : run->transport->broadcast(run->transport, 0, words->hosts, all);
}

shs_status mpi_words_open(shs_run *run)
{
    struct mpi_words *words = NULL;
    if (run->watch.table && run->windows.node_ranks == run->ranks) return SHS_OK;
    uint64_t lacks = make_words(run, &words) != SHS_OK;
    shs_status status = run->transport->greatest(run->transport, &lacks, 1);
    if (status || lacks) {
        free_words(&words);
        return status;
    }
    run->watch.words = words;
    return exchange_hosts(run);
}

void mpi_words_close(shs_run *run)
{
    free_words(&run->watch.words);
}

/* ---- Telling and hearing. */

static void tell(shs_run *run, bool waits, bool ended)
{
    struct mpi_words *words = run->watch.words;
    struct mpi_word word = {.calls = run->watch.place.calls, .waits = waits, .ended = ended};
    if (waits) word.count = (uint64_t)mpi_watch_sights(run, word.sights, MPI_SIGHTS);
    words->told += run->transport->words->tell(run->transport, &word);
    words->waits = waits;
    words->called = false;
}

void mpi_words_hear(shs_run *run)
{
    struct mpi_words *words = run->watch.words;
    struct mpi_word word;
    int from;
    while (words && run->transport->words->hear(run->transport, &word, &from)) {
        words->taken++;
        words->heard[from] = word;
        words->called = words->called || word.waits;
        if (word.ended) mpi_watch_end_run(run, from);
    }
}

void mpi_words_wait(shs_run *run, bool now)
{
    struct mpi_words *words = run->watch.words;
    if (words && !words->waits && !words->silent && (now || words->called)) tell(run, true, false);
}

void mpi_words_go_on(shs_run *run)
{
    struct mpi_words *words = run->watch.words;
    if (words && words->waits) tell(run, false, false);
}

void mpi_words_end_run(shs_run *run)
{
    if (run->watch.words) tell(run, true, true);
}

/* ---- The end of a run. */

uint64_t mpi_words_told(const shs_run *run)
{
    return run->watch.words ? run->watch.words->told : 0;
}

struct drain {
    shs_run *run;
    uint64_t due;
};

static bool is_drained(void *user, shs_status *status)
{
    const struct drain *drain = user;
    mpi_words_hear(drain->run);
    *status = SHS_OK;
    return drain->run->watch.words->taken >= drain->due &&
           drain->run->transport->words->are_gone(drain->run->transport);
}

shs_status mpi_words_drain(shs_run *run, uint64_t all)
{
    struct drain drain = {run, all - mpi_words_told(run)};
    if (!run->watch.words) return SHS_OK;
    run->watch.words->silent = true;
    return mpi_wait(run, "the last words", is_drained, &drain);
}

/* ---- What is known of other ranks. */

bool mpi_words_has_come(const shs_run *run, int rank)
{
    const struct mpi_word *word = &run->watch.words->heard[rank];
    return word->waits && word->calls >= run->watch.place.calls;
}

/* Looks for a rank among what other ranks of its node have told of it. */
static const struct mpi_sight *find_sight(const shs_run *run, int rank)
{
    const struct mpi_words *words = run->watch.words;
    for (int from = 0; from < run->ranks; from++) {
        const struct mpi_word *word = &words->heard[from];
        for (uint64_t i = 0; i < word->count && mpi_words_has_come(run, from); i++)
            if (word->sights[i].rank == rank) return &word->sights[i];
    }
    return NULL;
}

void mpi_words_sight(const shs_run *run, int rank, char text[MPI_SIGHT_BYTES])
{
    const struct mpi_sight *sight = find_sight(run, rank);
    const struct mpi_watch *watch = &run->watch;
    char step[40] = "";
    if (sight) {
        memcpy(text, sight->text, MPI_SIGHT_BYTES);
        return;
    }
    if (watch->met_step != MPI_WATCH_NO_STEP)
        snprintf(step, sizeof step, ", step %llu", (ull)watch->met_step);
    snprintf(text, MPI_SIGHT_BYTES, "rank %d on %.*s (silent; all ranks last met in %s%s)", rank,
             MPI_WATCH_HOST_BYTES, watch->words->hosts[rank], watch->met, step);
}
