/* The rows in memory that the ceilings of `bench PATH` work on, and the order in which they do. */
#include <string.h>

#include "cli_bench_file.h"
#include "cli_seconds.h"
#include "core_memory.h"
#include "load.h"

enum {
    STORED_BYTES = 128 << 20, /* memory for samples */
    MOST_ORDER = 1 << 17,     /* numbers of samples, unless a single batch has more */
    BATCH_BYTES = 4 << 20     /* samples that are loaded at a time */
};

/* ---- The order. */

static shs_status make_order(const shs_loader *loader, struct bench_memory *memory)
{
    const struct order_shape *shape = &loader->plan.order.order.shape;
    memory->batch = order_most_rows(shape);
    uint64_t own = order_steps(shape) * memory->batch * loader->plan.hosted;
    uint64_t most = own < MOST_ORDER ? own : MOST_ORDER; /* the last batch may go beyond */
    return core_new(most + memory->batch, sizeof *memory->order, "row numbers", &memory->order);
}

/* Notes the rows that the loader will load on this rank, from its cursor to the epoch's end or
 * until they are many. */
static shs_status find_order(const shs_loader *loader, struct bench_memory *memory)
{
    const struct load_plan *plan = &loader->plan;
    struct load_epoch epoch = {0};
    shs_cursor cursor = shs_tell(loader);
    shs_status status = make_order(loader, memory);
    if (!status) status = load_epoch_begin(&plan->order, cursor.epoch, &epoch);
    for (; cursor.epoch_step < shs_epoch_steps(loader) && !status; cursor.epoch_step++)
        for (uint64_t i = 0; i < plan->hosted && memory->count < MOST_ORDER && !status; i++) {
            const shs_batch batch = load_plan_batch(plan, cursor, i);
            struct order_slice slice = load_plan_slice(plan, &batch);
            slice.rows = slice.count;
            status = load_epoch_rows(&epoch, batch.vrank, slice, 1, memory->order + memory->count);
            memory->count += slice.count;
        }
    load_epoch_free(&epoch);
    return status;
}

/* ---- Samples. */

static shs_status describe_fields(const shs_dataset *dataset, const shs_loader *loader,
                                  struct bench_memory *memory)
{
    shs_status status = load_open_augment(dataset, NULL, loader->options.augment, &memory->augment);
    for (size_t f = 0; f < dataset->n_fields && !status; f++) {
        memory->sample_bytes[f] = dataset->sample_bytes[f];
        memory->ragged[f] = dataset->what.part[f].kind == DATA_RAGGED;
        memory->augments |= shs_augment_changes(memory->augment, f);
        status = shs_tensor_bytes(shs_augment_output(memory->augment, f), &memory->output_bytes[f]);
    }
    memory->n_fields = dataset->n_fields;
    memory->seed = dataset->run->seed;
    memory->stream = loader->options.stream;
    return status;
}

static uint64_t bytes_of_sample(const struct bench_memory *memory)
{
    uint64_t bytes = 0;
    for (size_t f = 0; f < memory->n_fields; f++)
        bytes += memory->sample_bytes[f];
    return bytes ? bytes : 1;
}

static shs_status make_samples(struct bench_memory *memory, uint64_t most)
{
    shs_status status = SHS_OK;
    for (size_t f = 0; f < memory->n_fields && !status; f++) {
        size_t stored = memory->sample_bytes[f], output = memory->output_bytes[f];
        status = core_new(most, stored, "samples", &memory->stored[f]);
        if (!status)
            status = core_new(memory->batch, stored > output ? stored : output, "a batch",
                              &memory->output[f]);
    }
    if (status) return status;
    return core_new(shs_augment_scratch(memory->augment), 1, "augmentation", &memory->scratch);
}

/* Copies the samples of a batch behind those that are there, up to `most` in all. */
static void take_samples(const shs_batch *batch, uint64_t most, struct bench_memory *memory)
{
    uint64_t rows = batch->count, room = most - memory->rows;
    if (rows > room) rows = room;
    for (size_t f = 0; f < memory->n_fields; f++) {
        size_t bytes = memory->sample_bytes[f];
        memcpy((char *)memory->stored[f] + memory->rows * bytes, batch->field[f].data,
               rows * bytes);
    }
    memory->rows += rows;
}

/* Local. Loads samples in the order of the files, without a change. */
static shs_status load_samples(shs_loader *plain, uint64_t most, double seconds,
                               struct bench_memory *memory)
{
    double begin = cli_seconds();
    shs_batch batch = {0};
    shs_status status = SHS_OK;
    while (!status && memory->rows < most && !batch.ends_epoch && cli_seconds() - begin < seconds) {
        status = shs_next(plain, &batch);
        if (!status) take_samples(&batch, most, memory);
    }
    return status;
}

shs_status bench_memory_fill(shs_dataset *dataset, const shs_loader *loader, double seconds,
                             struct bench_memory *memory)
{
    shs_loader *plain = NULL;
    shs_status status = describe_fields(dataset, loader, memory);
    uint64_t bytes = bytes_of_sample(memory), own = dataset->samples / dataset->run->vranks + 1;
    uint64_t most = STORED_BYTES / bytes, at_once = BATCH_BYTES / bytes;
    if (most > own * dataset->run->hosted) most = own * dataset->run->hosted;
    if (!most) most = 1;
    if (!status) status = find_order(loader, memory);
    if (!status) status = make_samples(memory, most);
    status = mpi_agree(dataset->run, status, "making room for rows");
    if (status) return status;
    /* it draws if spacings are drawn, and so does the loader that is measured */
    shs_loader_options options = {.batch = at_once ? at_once : 1,
                                  .shuffle = SHS_SHUFFLE_NONE,
                                  .stream = (memory->stream + 1) % 16};
    if (options.batch > own) options.batch = own;
    status = shs_loader_open(dataset, &options, &plain);
    if (status) return status;
    status = load_samples(plain, most, seconds, memory);
    shs_loader_close(&plain);
    return mpi_settle(dataset->run, status, "bench");
}

void bench_memory_free(struct bench_memory *memory)
{
    for (size_t f = 0; f < memory->n_fields; f++) {
        core_free(&memory->stored[f]);
        core_free(&memory->output[f]);
    }
    core_free(&memory->order);
    core_free(&memory->scratch);
    shs_augment_close(&memory->augment);
    *memory = (struct bench_memory){0};
}
