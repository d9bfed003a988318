/* Whom a rank waits for, in words: the second half of mpi_watch.h. */
#include <stdarg.h>
#include <stdio.h>

#include "mpi_run.h"
#include "mpi_shared.h"
#include "mpi_words.h"

/* A text that grows at its end, and is cut there. */
struct text {
    char *bytes;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    size_t left = text->size - text->used;
    va_start(arguments, format);
    int written = vsnprintf(text->bytes + text->used, left, format, arguments);
    va_end(arguments);
    if (written > 0) text->used += (size_t)written < left ? (size_t)written : left - 1;
}

static void add_call(struct text *text, const struct mpi_place *place)
{
    add(text, "%s", place->call);
    if (place->step != MPI_WATCH_NO_STEP) add(text, ", step %llu", (ull)place->step);
}

static void add_state(struct text *text, const struct mpi_place *place)
{
    add(text, "process %lld", (long long)place->process);
    switch (mpi_shared_state(place->process)) {
    case 'T':
        add(text, ", stopped by a signal");
        break;
    case 't':
        add(text, ", held by a debugger");
        break;
    case 'Z':
    case 'X':
        add(text, ", which has ended");
        break;
    default:
        break;
    }
}

static void add_sight(struct text *text, const shs_run *run, const struct mpi_place *place)
{
    static const char *const doing[] = {
        [MPI_DOING_CALL] = "is in ",
        [MPI_DOING_WAIT] = "waits in ",
        [MPI_DOING_OTHER] = "waits in another run; in this run it was last seen in ",
        [MPI_DOING_AFTER] = "was last seen when it left "};
    add(text, "rank %lld on %s (", (long long)place->rank, run->watch.host);
    add_state(text, place);
    if (!place->call[0] || place->doing == MPI_DOING_NOTHING || place->doing > MPI_DOING_AFTER) {
        add(text, "; it has made no call)");
        return;
    }
    add(text, "; it %s", doing[place->doing]);
    add_call(text, place);
    add(text, ")");
}

void mpi_watch_where(const shs_run *run, char bytes[MPI_WATCH_TEXT_BYTES])
{
    struct text text = {bytes, MPI_WATCH_TEXT_BYTES, 0};
    bytes[0] = '\0';
    if (run->watch.place.call[0])
        add_call(&text, &run->watch.place);
    else
        add(&text, "the opening of a run");
}

/* ---- Whom this rank waits for. */

enum {
    NAMED = 3 /* ranks that a text names; it counts the others */
};

/* A rank is missing unless it waits at the same agreement, or at a later one. */
static bool is_missing(const shs_run *run, const struct mpi_place *place)
{
    return place->rank != run->rank &&
           (place->doing != MPI_DOING_WAIT || place->calls < run->watch.place.calls);
}

static bool has_table(const shs_run *run)
{
    return run->watch.table != NULL;
}

int mpi_watch_sights(const shs_run *run, struct mpi_sight *sights, int most)
{
    int missing = 0;
    for (int i = 0; has_table(run) && i < run->windows.node_ranks; i++) {
        struct mpi_place place = mpi_watch_place(run, i);
        if (!is_missing(run, &place) || missing == most) continue;
        struct text text = {sights[missing].text, MPI_SIGHT_BYTES, 0};
        sights[missing++].rank = place.rank;
        add_sight(&text, run, &place);
    }
    return missing;
}

/* Ranks that are missing. The first of them are named. */
struct list {
    struct text text;
    int count;
};

/* Returns true if a rank is to be named: then its text follows. */
static bool next_is_named(struct list *list)
{
    if (list->count++ >= NAMED) return false;
    if (list->count > 1) add(&list->text, ", ");
    return true;
}

static void list_node(const shs_run *run, struct list *list)
{
    for (int i = 0; has_table(run) && i < run->windows.node_ranks; i++) {
        struct mpi_place place = mpi_watch_place(run, i);
        if (is_missing(run, &place) && next_is_named(list)) add_sight(&list->text, run, &place);
    }
}

static bool is_on_node(const shs_run *run, int rank)
{
    if (rank == run->rank) return true;
    for (int i = 0; has_table(run) && i < run->windows.node_ranks; i++)
        if (mpi_watch_place(run, i).rank == rank) return true;
    return false;
}

static void list_others(const shs_run *run, struct list *list)
{
    char sight[MPI_SIGHT_BYTES];
    for (int rank = 0; run->watch.words && rank < run->ranks; rank++) {
        if (mpi_words_has_come(run, rank) || is_on_node(run, rank) || !next_is_named(list))
            continue;
        mpi_words_sight(run, rank, sight);
        add(&list->text, "%s", sight);
    }
}

void mpi_watch_missing(const shs_run *run, char bytes[MPI_WATCH_TEXT_BYTES])
{
    struct list list = {.text = {bytes, MPI_WATCH_TEXT_BYTES, 0}};
    bytes[0] = '\0';
    list_node(run, &list);
    list_others(run, &list);
    if (list.count > NAMED) add(&list.text, " and %d more", list.count - NAMED);
    if (list.count) return;
    add(&list.text, has_table(run) || run->watch.words ? "other ranks, though all of them wait, too"
                                                       : "other ranks");
}
