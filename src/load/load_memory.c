#include "load.h"

#include "core_memory.h"

enum {
    THREAD_BYTES = 48 << 10 /* about what a thread's stack and the state of a decoder touch */
};

/* Returns the bytes that HDF5 may keep of the chunks of the arrays that only HDF5 reads. */
static uint64_t hdf5_bytes(const shs_dataset *dataset)
{
    const struct data_files *files = &dataset->files;
    uint64_t sum = 0;
    for (size_t i = 0; i < files->paths.count; i++) {
        if (!files->file[i].open) continue;
        for (size_t array = 0; array < dataset->what.n_arrays; array++) {
            const struct data_field *field = data_files_array(files->file[i].open, array);
            uint64_t most = files->cache_bytes / files->most_open;
            if (data_field_is_direct(field) || !field->chunk_rows) continue;
            if (field->row_bytes && field->rows < most / field->row_bytes)
                most = field->rows * field->row_bytes;
            sum += most;
        }
    }
    return sum;
}

/* Returns the bytes of the rows that an augmentation changes, of all batches. */
static uint64_t staging_bytes(const shs_loader *loader)
{
    uint64_t rows = order_most_rows(&loader->plan.order.order.shape), bytes = 0;
    for (size_t f = 0; f < loader->dataset->n_fields; f++)
        if (shs_augment_changes(loader->augment, f))
            bytes += rows * loader->batch.read_bytes[f] + CORE_MEMORY_HEAD;
    if (loader->dataset->what.n_spacings)
        bytes += rows * loader->dataset->what.n_spacings * sizeof(uint64_t) + CORE_MEMORY_HEAD;
    bytes += load_mix_bytes(loader->augment, rows);
    return bytes * (loader->options.ahead * loader->plan.hosted + 1);
}

static uint64_t cache_bytes(const shs_loader *loader)
{
    const struct fetch_kept *kept = &loader->tools.kept;
    return kept->bytes + kept->pinned + kept->chunks * CORE_MEMORY_HEAD +
           (uint64_t)loader->memory.store;
}

/* Tells what threads take: those that work at any time, and those that only wait for the disk. */
static void share_threads(const shs_loader *loader, const struct fetch_need *need,
                          const struct load_lanes_have *lanes, shs_loader_memory_use *use)
{
    const struct load_tools *tools = &loader->tools;
    unsigned working = lanes->lanes, all = lanes->threads;
    if (!loader->ahead || need->early) {
        all += fetcher_width(tools->fetcher, need, tools->threads) - 1;
        working += tools->threads > 1 ? tools->threads - 1 : 0;
    }
    if (working > all) working = all;
    use->threads = (uint64_t)working * THREAD_BYTES;
    use->waiting = fetcher_waiting_bytes(tools->fetcher) + lanes->waiting_bytes +
                   (uint64_t)(all - working) * THREAD_BYTES;
}

/* Shares out what was taken for buffers. Tables of permutations belong to the order. */
static void share_buffers(const shs_loader *loader, shs_loader_memory_use *use)
{
    struct fetch_need need;
    struct load_lanes_have lanes = {0};
    const struct load_tools *tools = &loader->tools;
    fetch_need_find(loader->dataset, order_most_rows(&loader->plan.order.order.shape),
                    loader->plan.pushdown.boxed, &need);
    if (loader->ahead) lanes = load_lanes_measure(load_ahead_lanes(loader->ahead), &need);
    uint64_t tables = tools->order_bytes + lanes.order_bytes;
    use->staging = staging_bytes(loader);
    use->order = (uint64_t)loader->memory.order + tables;
    use->reading =
        (uint64_t)loader->memory.buffers - (uint64_t)loader->memory.store - use->staging - tables;
    share_threads(loader, &need, &lanes, use);
}

shs_loader_memory_use shs_loader_memory(const shs_loader *loader)
{
    shs_loader_memory_use use = {0};
    if (!loader) return use;
    const struct load_memory *taken = &loader->memory;
    share_buffers(loader, &use);
    use.batches = (uint64_t)taken->units + taken->units_of_program;
    use.cache = cache_bytes(loader);
    use.other = (uint64_t)(taken->all - taken->units - taken->buffers - taken->order);
    use.counted = use.batches - taken->units_of_program + use.staging + use.order + use.cache +
                  use.reading + use.other;
    use.resident = data_resident_bytes(&loader->dataset->resident);
    use.resident_shared = use.resident && loader->dataset->resident.window.shared;
    use.hdf5 = hdf5_bytes(loader->dataset);
    use.total = use.counted + taken->units_of_program + use.resident + use.hdf5 + use.threads;
    return use;
}
