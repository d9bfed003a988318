#include "load_tools.h"

#include "core_memory.h"

/* Returns how many of a chunk's samples to look at for the chunk's next use. Finding the turn of
 * one row takes as long as reading about 100 bytes, and the cache is there to save time. */
static uint64_t most_looked_at(uint64_t samples, size_t sample_bytes)
{
    enum {
        TURN_BYTES = 128,
        LEAST = 64,
        MOST = 4096
    };
    if (sample_bytes < TURN_BYTES) samples = samples * sample_bytes / TURN_BYTES;
    if (samples > MOST) return MOST;
    return samples < LEAST ? LEAST : samples;
}

/* Returns when any field next wants rows of an array. */
static uint64_t next_use(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    struct load_tools *tools = user;
    const struct load_plan *plan = tools->plan;
    const shs_dataset *dataset = tools->dataset;
    uint64_t next = ORDER_NEVER;
    for (size_t f = 0; f < dataset->n_fields; f++) {
        struct data_range samples = data_dataset_samples(dataset, f, key, first, count);
        uint64_t use = ORDER_NEVER - 1; /* at some time */
        if (!samples.count) continue;
        if (samples.count != DATA_SAMPLES_UNKNOWN)
            use = load_epoch_next_use(&tools->epoch, samples.first, samples.count,
                                      most_looked_at(samples.count, dataset->sample_bytes[f]),
                                      tools->moment, plan->first_vrank, plan->hosted);
        if (use < next) next = use;
    }
    return next;
}

/* Returns the foresight that a fetch needs. This is NULL if the order cannot tell when rows are
 * next wanted, and if the cache holds all chunks. */
static const struct fetch_foresight *foresight(const struct load_tools *tools)
{
    return tools->forgets && load_order_foresees(&tools->plan->order) ? &tools->foresight : NULL;
}

/* Returns true if `kept` bytes cannot hold all chunks, but for those of resident arrays. */
static bool forgets(const shs_dataset *dataset, size_t kept)
{
    const struct data_resident *resident = &dataset->resident;
    uint64_t bytes = data_dataset_bytes(dataset);
    for (size_t key = 0; resident->array && key < resident->keys; key++)
        bytes -= resident->array[key].rows * resident->array[key].row_bytes;
    /* chunks at the ends of a field have more bytes than its rows */
    return bytes > kept - kept / 8;
}

static bool takes_part(const struct data_view *view)
{
    return view->select || view->crop || view->slab;
}

/* Returns true if some field takes parts of rows. */
static bool takes_parts(const shs_dataset *dataset)
{
    for (size_t i = 0; i < dataset->what.n_arrays; i++)
        if (takes_part(&dataset->what.view[i])) return true;
    return false;
}

/* Opens what each lane has beside its fetcher. */
static shs_status open_own(struct load_tools *tools)
{
    if (tools->rows_only) fetcher_read_rows_only(tools->fetcher);
    tools->foresight = (struct fetch_foresight){next_use, tools};
    /* threads do not share a cache line */
    tools->scratch_bytes = (shs_augment_scratch(tools->augment) + 63) / 64 * 64;
    return core_new(tools->threads, tools->scratch_bytes, "augmentation", &tools->scratch);
}

shs_status load_tools_open(shs_dataset *dataset, const shs_augment *augment, bool boxes,
                           unsigned threads, struct load_tools *tools)
{
    size_t kept = dataset->cache_bytes;
    *tools = (struct load_tools){.first = tools,
                                 .dataset = dataset,
                                 .augment = augment,
                                 .threads = threads,
                                 .forgets = forgets(dataset, kept),
                                 .rows_only = !boxes && !takes_parts(dataset)};
    for (size_t f = 0; f < dataset->n_fields; f++)
        tools->augments |= shs_augment_changes(augment, f);
    shs_status status = fetcher_new(kept, &tools->fetcher);
    return status ? status : open_own(tools);
}

shs_status load_tools_join(const struct load_tools *first, unsigned lanes, struct load_tools *tools)
{
    *tools = (struct load_tools){.first = first,
                                 .dataset = first->dataset,
                                 .augment = first->augment,
                                 .augments = first->augments,
                                 .twins = first->twins,
                                 .threads = 1,
                                 .forgets = first->forgets,
                                 .rows_only = first->rows_only};
    shs_status status = fetcher_join(first->fetcher, lanes, &tools->fetcher);
    return status ? status : open_own(tools);
}

shs_status load_tools_reserve(struct load_tools *tools, const struct load_plan *plan,
                              const struct fetch_need *need, bool reads)
{
    int64_t before = core_memory_balance();
    shs_status status =
        load_epoch_reserve(&plan->order, plan->first_vrank, plan->hosted, &tools->epoch);
    tools->order_bytes = (uint64_t)(core_memory_balance() - before);
    if (status || !reads) return status;
    return fetcher_reserve(tools->fetcher, need, tools->threads);
}

shs_status load_tools_reserve_store(struct load_tools *tools, const struct fetch_need *need,
                                    unsigned users)
{
    tools->kept = fetch_need_kept(need, tools->dataset->cache_bytes, users);
    if (!tools->kept.chunks) return SHS_OK;
    return fetch_store_reserve(fetcher_store(tools->fetcher), (size_t)tools->kept.chunks);
}

void load_tools_close(struct load_tools *tools)
{
    fetcher_free(&tools->fetcher);
    core_free(&tools->scratch);
    load_epoch_free(&tools->epoch);
    *tools = (struct load_tools){0};
}

void load_tools_queue(struct load_tools *tools)
{
    tools->ticket = fetch_store_ticket(fetcher_store(tools->fetcher));
}

shs_status load_tools_turn_to(struct load_tools *tools, const struct load_plan *plan,
                              const shs_batch *batch)
{
    tools->plan = plan;
    tools->moment = order_moment(&plan->order.order.shape, batch->epoch_step, batch->vrank);
    shs_status status = load_epoch_begin(&plan->order, batch->epoch, &tools->epoch);
    if (!status) return SHS_OK;
    fetch_store_pass(fetcher_store(tools->fetcher), tools->ticket);
    tools->ticket = 0;
    return status;
}

void load_tools_jump(struct load_tools *tools)
{
    tools->jumps++;
}

struct fetch_means load_tools_means(const struct load_tools *tools)
{
    return (struct fetch_means){.fetcher = tools->fetcher,
                                .threads = tools->threads,
                                .foresight = foresight(tools),
                                /* an epoch's number has 32 bits */
                                .order = (uint64_t)tools->first->jumps << 32 |
                                         tools->epoch.places.number,
                                .ticket = tools->ticket};
}
