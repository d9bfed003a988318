#include "mpi_window.h"

#include <string.h>
#include <sys/mman.h>

#include "core_assert.h"
#include "core_memory.h"
#include "mpi_shared.h"
#include "mpi_transport.h"

enum {
    HUGE_PAGE = 2 << 20
};

/* ---- What the ranks of a node agree on. */

/* The numbers that the ranks of a node compare before they share. The greatest of a number and of
 * its complement tell whether all ranks have the same number. */
enum {
    KEY,
    KEY_COMPLEMENT,
    BYTES,
    BYTES_COMPLEMENT,
    ZEROED,
    TAKEN, /* for each window of the pool: 1 if a rank has not given it back */
    NUMBERS = TAKEN + MPI_WINDOWS
};

shs_status mpi_windows_find_node(shs_run *run)
{
    struct mpi_windows *windows = &run->windows;
    if (windows->node_ranks) return SHS_OK;
    if (run->transport && run->transport->node)
        return run->transport->node->find(run->transport, &windows->node_rank,
                                          &windows->node_ranks);
    windows->node_ranks = 1;
    return SHS_OK;
}

/* Collective over the node. Replaces each number by the greatest on the node. */
static shs_status node_greatest(shs_run *run, uint64_t *numbers, size_t count)
{
    return run->transport->node->greatest(run->transport, numbers, count);
}

/* Collective over the node. Sets *all to true if `mine` is true on every rank of the node. */
static shs_status node_all(shs_run *run, bool mine, bool *all)
{
    uint64_t missing = !mine;
    shs_status status = node_greatest(run, &missing, 1);
    *all = !status && !missing;
    return status;
}

/* Collective over the node. Compares what the ranks ask for, and finds the windows that every rank
 * has given back. */
static shs_status survey(shs_run *run, const struct mpi_window_wish *wish,
                         uint64_t numbers[NUMBERS], bool *alike)
{
    const struct mpi_windows *windows = &run->windows;
    numbers[KEY] = wish->key;
    numbers[KEY_COMPLEMENT] = ~wish->key;
    numbers[BYTES] = wish->bytes;
    numbers[BYTES_COMPLEMENT] = ~(uint64_t)wish->bytes;
    numbers[ZEROED] = wish->zeroed;
    for (size_t i = 0; i < windows->count; i++)
        numbers[TAKEN + i] = windows->pool[i].taken;
    shs_status status = node_greatest(run, numbers, TAKEN + windows->count);
    *alike =
        numbers[KEY] == ~numbers[KEY_COMPLEMENT] && numbers[BYTES] == ~numbers[BYTES_COMPLEMENT];
    return status;
}

/* ---- The pool. */

/* Returns the number of the smallest window that is large enough and that no rank of the node has
 * taken, or `count` if there is none. */
static size_t choose(const struct mpi_windows *windows, const uint64_t *taken, size_t bytes)
{
    size_t best = windows->count;
    for (size_t i = 0; i < windows->count; i++) {
        const struct mpi_pooled *pooled = &windows->pool[i];
        if (taken[i] || pooled->bytes < bytes) continue;
        if (best == windows->count || pooled->bytes < windows->pool[best].bytes) best = i;
    }
    return best;
}

shs_status mpi_windows_make(shs_run *run, size_t bytes, void **memory)
{
    const struct mpi_node_way *node = run->transport->node;
    struct mpi_shared shared = {.file = -1};
    bool maker = run->windows.node_rank == 0, all = false;
    *memory = maker ? mpi_shared_make(bytes, &shared) : NULL;
    shs_status status = node->broadcast(run->transport, &shared, sizeof shared);
    if (!status && !maker) *memory = mpi_shared_join(&shared, bytes);
    if (!status) status = node_all(run, *memory != NULL, &all);
    if (maker) mpi_shared_made(&shared);
    if (!all) mpi_shared_leave(memory, bytes);
    return status;
}

static void take_pooled(shs_run *run, size_t number, size_t bytes, struct mpi_window *window)
{
    struct mpi_pooled *pooled = &run->windows.pool[number];
    pooled->taken = true;
    *window = (struct mpi_window){
        .memory = pooled->memory, .bytes = bytes, .shared = true, .run = run, .number = number};
}

/* Collective over the node. Adds a window to the pool, unless the system does not allow it. */
static shs_status add_pooled(shs_run *run, size_t bytes, bool *added)
{
    struct mpi_windows *windows = &run->windows;
    void *memory = NULL;
    *added = false;
    if (windows->count == MPI_WINDOWS) return SHS_OK;
    shs_status status = mpi_windows_make(run, bytes, &memory);
    if (!memory) return status;
    windows->pool[windows->count++] = (struct mpi_pooled){.memory = memory, .bytes = bytes};
    *added = true;
    return status;
}

/* Collective over the node. Takes a window of the pool, or a new window. The window stays zeroed if
 * the ranks do not share. */
static shs_status take_shared(shs_run *run, const struct mpi_window_wish *wish,
                              struct mpi_window *window)
{
    const struct mpi_windows *windows = &run->windows;
    uint64_t numbers[NUMBERS];
    bool alike = false, there = true;
    shs_status status = survey(run, wish, numbers, &alike);
    if (status || !alike || !wish->bytes) return status;
    size_t number = choose(windows, numbers + TAKEN, wish->bytes);
    if (number == windows->count) {
        status = add_pooled(run, wish->bytes, &there); /* is zero already */
    } else {
        if (windows->node_rank == 0)
            memset(windows->pool[number].memory, 0, (size_t)numbers[ZEROED]);
        status = node_all(run, true, &there);
    }
    if (!status && there) take_pooled(run, number, wish->bytes, window);
    return status;
}

/* Memory in huge pages is read and written faster, by MPI above all. The system may decline. */
shs_status mpi_window_take_own(shs_run *run, const struct mpi_window_wish *wish,
                               struct mpi_window *window)
{
    void *own = NULL;
    bool huge = wish->huge && wish->bytes >= HUGE_PAGE / 2;
    size_t alignment = huge ? HUGE_PAGE : MPI_WINDOW_ALIGNMENT;
    *window = (struct mpi_window){0};
    shs_status status =
        core_resize((wish->bytes + alignment) / MPI_WINDOW_ALIGNMENT + 1, MPI_WINDOW_ALIGNMENT,
                    wish->huge ? "sums" : "rows that are held decoded", &own);
    if (status) return status;
    size_t beyond = (uintptr_t)own % alignment;
    window->memory = (char *)own + (beyond ? alignment - beyond : 0);
    window->bytes = wish->bytes;
    window->run = run;
    window->own = own;
    if (huge) madvise(window->memory, wish->bytes, MADV_HUGEPAGE);
    memset(window->memory, 0, wish->zeroed);
    return SHS_OK;
}

shs_status mpi_window_take(shs_run *run, const struct mpi_window_wish *wish,
                           struct mpi_window *window)
{
    core_assert(wish->zeroed <= wish->bytes);
    *window = (struct mpi_window){0};
    shs_status status = mpi_windows_find_node(run);
    if (!status && run->windows.node_ranks > 1) status = take_shared(run, wish, window);
    if (!status && !window->memory && wish->bytes && !wish->shared_only)
        status = mpi_window_take_own(run, wish, window);
    return status;
}

void mpi_window_give_back(struct mpi_window *window)
{
    if (!window->memory) return;
    if (window->shared) {
        struct mpi_pooled *pooled = &window->run->windows.pool[window->number];
        pooled->taken = false;
        if (window->run->closed && !window->run->watch.late)
            mpi_shared_leave(&pooled->memory, pooled->bytes);
    }
    core_free(&window->own);
    *window = (struct mpi_window){0};
}

void mpi_windows_free(struct mpi_windows *windows, bool all)
{
    for (size_t i = 0; i < windows->count; i++)
        if (all || !windows->pool[i].taken)
            mpi_shared_leave(&windows->pool[i].memory, windows->pool[i].bytes);
}
