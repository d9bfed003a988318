#include "h5_runs.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"

enum {
    MOST_SOURCES = 4096,
    MOST_RUNS = 1 << 20
};

/* Blocks of neighbouring elements, which begin `stride` elements apart. */
struct blocks {
    uint64_t start, stride, block, count;
};

void h5_runs_free(struct h5_runs *runs)
{
    for (size_t i = 0; i < runs->n_sources; i++) {
        core_free(&runs->source[i].path);
        core_free(&runs->source[i].name);
    }
    core_free(&runs->source);
    core_free(&runs->run);
    *runs = (struct h5_runs){0};
}

static shs_status give_up(struct h5_runs *runs, const char *reason)
{
    h5_runs_free(runs);
    runs->reason = reason;
    return SHS_OK;
}

/* ---- selections */

/* Counts the elements of an index of the first axis. */
static bool elements_of(int axes, const hsize_t *shape, uint64_t *elements)
{
    *elements = 1;
    for (int axis = 1; axis < axes; axis++)
        if (!core_multiply(*elements, shape[axis], elements)) return false;
    return true;
}

/* Finds the blocks of a selection in an array. Returns false if it does not take whole indices of
 * the first axis, or if they are too far away for 64 bits. */
static bool find_blocks(const struct h5_slab *selected, int axes, const hsize_t *shape,
                        struct blocks *blocks)
{
    struct h5_slab slab = *selected;
    uint64_t each;
    if (axes < 1 || !elements_of(axes, shape, &each)) return false;
    *blocks = (struct blocks){0, 0, 0, 1};
    if (slab.all) return core_multiply(shape[0], each, &blocks->block);
    if (!slab.regular || slab.axes != axes) return false;
    h5_slab_clip(&slab, shape);
    if (!h5_slab_takes_whole(&slab, shape)) return false;
    if (!core_multiply(slab.start[0], each, &blocks->start)) return false;
    if (h5_slab_is_one_piece(&slab, 0))
        return core_multiply(slab.block[0], slab.count[0], &blocks->block) &&
               core_multiply(blocks->block, each, &blocks->block);
    blocks->count = slab.count[0];
    return core_multiply(slab.stride[0], each, &blocks->stride) &&
           core_multiply(slab.block[0], each, &blocks->block);
}

/* ---- sources and runs */

static bool is_source(const struct h5_source *source, const struct h5_runs_mapping *mapping)
{
    if (strcmp(source->name, mapping->name) != 0 || !source->path != !mapping->path) return false;
    return !source->path || !strcmp(source->path, mapping->path);
}

/* Finds the number of a mapping's source, or gives it one. */
static shs_status number_source(struct h5_runs *runs, const struct h5_runs_mapping *mapping,
                                size_t *number)
{
    for (*number = runs->n_sources; (*number)-- > 0;)
        if (is_source(&runs->source[*number], mapping)) return SHS_OK;
    *number = runs->n_sources;
    if (runs->n_sources == MOST_SOURCES) return give_up(runs, "virtual, with too many sources");
    shs_status status = SHS_OK;
    if (!(runs->n_sources & (runs->n_sources - 1))) /* a power of two, or 0: the list is full */
        status = core_resize(runs->n_sources ? 2 * runs->n_sources : 1, sizeof *runs->source,
                             "sources", &runs->source);
    if (status) return status;
    struct h5_source *source = &runs->source[runs->n_sources];
    *source = (struct h5_source){.axes = (uint32_t)mapping->source_axes};
    if (mapping->path) status = core_copy(mapping->path, &source->path);
    if (!status) status = core_copy(mapping->name, &source->name);
    if (status)
        core_free(&source->path);
    else
        runs->n_sources++;
    return status;
}

static bool continues(const struct h5_run *run, const struct h5_run *next)
{
    return run->source == next->source && run->first + run->count == next->first &&
           run->from + run->count == next->from;
}

static shs_status add_run(struct h5_runs *runs, const struct h5_run *run)
{
    if (runs->n_runs && continues(&runs->run[runs->n_runs - 1], run)) {
        runs->run[runs->n_runs - 1].count += run->count;
        return SHS_OK;
    }
    if (runs->n_runs == MOST_RUNS) return give_up(runs, "virtual, with too many pieces");
    shs_status status = SHS_OK;
    if (!(runs->n_runs & (runs->n_runs - 1))) /* a power of two, or 0: the list is full */
        status = core_resize(runs->n_runs ? 2 * runs->n_runs : 1, sizeof *runs->run, "runs of rows",
                             &runs->run);
    if (!status) runs->run[runs->n_runs++] = *run;
    return status;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Adds the runs that both the array's blocks and the source's blocks make, up to the array's end.
 */
static shs_status add_runs(struct h5_runs *runs, size_t source, struct blocks to,
                           struct blocks from, uint64_t end)
{
    uint64_t done = 0, taken = 0; /* elements of the present blocks */
    shs_status status = SHS_OK;
    while (to.count && from.count && to.start < end && !status && !runs->reason) {
        struct h5_run run = {to.start + done, from.start + taken,
                             least(to.block - done, from.block - taken), source};
        if (run.first >= end) break;
        run.count = least(run.count, end - run.first);
        status = add_run(runs, &run);
        done += run.count;
        taken += run.count;
        if (done == to.block) {
            done = 0;
            if (__builtin_add_overflow(to.start, to.stride, &to.start) || !--to.count) break;
        }
        if (taken == from.block) {
            taken = 0;
            if (__builtin_add_overflow(from.start, from.stride, &from.start)) break;
            from.count--;
        }
    }
    return status;
}

shs_status h5_runs_add(struct h5_runs *runs, const struct h5_runs_mapping *mapping)
{
    struct blocks to, from;
    uint64_t elements;
    size_t source;
    if (runs->reason) return SHS_OK;
    if (!find_blocks(mapping->slab, mapping->axes, mapping->shape, &to) ||
        !find_blocks(mapping->source_slab, mapping->source_axes, mapping->source_shape, &from) ||
        !elements_of(mapping->axes, mapping->shape, &elements) ||
        !core_multiply(elements, mapping->shape[0], &elements))
        return give_up(runs, "virtual, and its sources do not have whole rows");
    if (!to.block || !from.block) return SHS_OK;
    shs_status status = number_source(runs, mapping, &source);
    return status || runs->reason ? status : add_runs(runs, source, to, from, elements);
}

/* ---- all runs */

static int compare_runs(const void *left, const void *right)
{
    const struct h5_run *a = left, *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

static void join_runs(struct h5_runs *runs)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs->n_runs; i++)
        if (kept && continues(&runs->run[kept - 1], &runs->run[i]))
            runs->run[kept - 1].count += runs->run[i].count;
        else
            runs->run[kept++] = runs->run[i];
    runs->n_runs = kept;
}

void h5_runs_end(struct h5_runs *runs, int axes, const hsize_t *shape)
{
    uint64_t end = 0, all;
    if (runs->reason) return;
    if (runs->n_runs) qsort(runs->run, runs->n_runs, sizeof *runs->run, compare_runs);
    join_runs(runs);
    for (size_t i = 0; i < runs->n_runs; i++) {
        if (runs->run[i].first != end) {
            give_up(runs, "virtual, and some rows are mapped twice");
            return;
        }
        end += runs->run[i].count;
    }
    if (!elements_of(axes, shape, &all) || !core_multiply(all, shape[0], &all) || end != all)
        give_up(runs, "virtual, and some rows are mapped twice");
}
