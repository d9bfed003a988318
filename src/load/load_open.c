/* Opening and closing a loader. */
#include "load.h"

#include <stdio.h>
#include <string.h>

#include "augment_callback.h"
#include "augment_mix.h"
#include "augment_operation.h"
#include "augment_table.h"
#include "core_clock.h"
#include "core_memory.h"
#include "load_command.h"
#include "load_from.h"
#include "load_options.h"

/* Says of a field that an augmentation does not find that it is constant. */
static shs_status refuse_constants(const shs_dataset *dataset, shs_status status)
{
    for (size_t c = 0; c < dataset->constants.count && status; c++) {
        char words[256];
        const char *name = dataset->what.constant[c].name;
        snprintf(words, sizeof words, "there is no field '%.200s'", name);
        if (strstr(shs_message(), words))
            return core_fail(status,
                             "%s; field %s is constant: a batch has one copy of it, which no "
                             "operator changes; leave it out of the augmentation",
                             shs_message(), name);
    }
    return status;
}

/* Refuses the operator unpack on fields that the dataset has unpacked: a scale would be applied
 * twice. */
static shs_status check_unpack(const shs_dataset *dataset, const shs_augment *augment)
{
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        for (size_t t = 0; t < operation->n_targets && operation->kind == &augment_unpack; t++) {
            size_t field = operation->targets[t].field;
            if (!data_part_is_beside(&dataset->what.part[field]) &&
                dataset->files.unpacked[dataset->what.part[field].array])
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation: unpack of field %s: the dataset's option cf has "
                                 "unpacked it by its attributes already; leave out one of the two",
                                 dataset->sample[field].name);
        }
    }
    return SHS_OK;
}

shs_status load_open_augment(const shs_dataset *dataset, shs_augment_table *operators,
                             const char *text, shs_augment **augment)
{
    bool ragged[SHS_MAX_FIELDS] = {0};
    const char *layouts[SHS_MAX_FIELDS] = {0};
    struct augment_slab slabs[SHS_MAX_FIELDS];
    shs_tensor samples[SHS_MAX_FIELDS];
    const struct augment_how how = {.table = augment_own_table(operators),
                                    .layouts = layouts,
                                    .file = dataset->files.paths.path[0],
                                    .slabs = slabs,
                                    .ragged = ragged,
                                    .own = operators};
    for (size_t f = 0; f < dataset->n_fields; f++) {
        const struct data_slab *slab = &dataset->slab[f];
        ragged[f] = dataset->what.part[f].kind == DATA_RAGGED;
        layouts[f] = dataset->layout[f].letters;
        slabs[f] = (struct augment_slab){slab->axis, slab->first, slab->count, slab->length};
        samples[f] = data_dataset_unslabbed(dataset, f);
    }
    shs_status status = refuse_constants(
        dataset, augment_open_how(&how, text, samples, dataset->n_fields, augment));
    if (!status && *augment) status = check_unpack(dataset, *augment);
    if (status) shs_augment_close(augment);
    return status;
}

/* Refuses what the members of a group could not do alike, and batches that they would not share. */
static shs_status check_group(const shs_dataset *dataset, const shs_loader_options *options)
{
    const shs_failures *failures = &options->failures;
    if (dataset->run->group < 2) return SHS_OK;
    if (!data_dataset_has_slabs(dataset))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the run has groups of %llu ranks, but no field says along which axis "
                         "they share its samples; give the axis, as in NAME(slab=y)",
                         (ull)dataset->run->group);
    if (failures->damage == SHS_DAMAGE_REPLACE || failures->nan == SHS_NAN_REPLACE)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a member of a group would replace a row that is bad in its slab, and "
                         "other members would keep it; in a run of groups let bad rows stop the "
                         "loader (failures), or list them in exclude");
    return SHS_OK;
}

static shs_status claim_stream(shs_loader *loader)
{
    uint32_t *drawn = &loader->dataset->run->streams_drawn;
    uint32_t bit = UINT32_C(1) << loader->options.stream;
    bool draws = load_order_draws(&loader->plan.order) || shs_augment_draws(loader->augment) ||
                 loader->dataset->what.n_spacings;
    if (draws && (*drawn & bit))
        return core_fail(SHS_ERROR_STATE,
                         "another open loader of this run draws from stream %u, and so would this "
                         "one: a shuffle draws, too; give it another number (option stream), or "
                         "shuffle none if it is for validation",
                         loader->options.stream);
    loader->draws = draws;
    if (draws) *drawn |= bit;
    return SHS_OK;
}

/* Makes the memory of batches. A unit holds one batch, or those of all hosted virtual ranks. */
static shs_status make_units(shs_loader *loader, uint64_t rows)
{
    const shs_loader_options *options = &loader->options;
    uint64_t hosted = loader->plan.hosted;
    uint64_t ahead = options->ahead * (options->step_batches ? 1 : hosted);
    struct load_units_how how = {.n_units = (size_t)(ahead + 1 + options->keep),
                                 .keep = options->keep,
                                 .rows = rows,
                                 .mixes = augment_mixer(loader->augment) != NULL,
                                 .memory = &options->memory};
    if (options->step_batches) {
        if (!core_multiply(rows, hosted, &how.rows)) how.rows = UINT64_MAX;
        how.parts = (size_t)hosted;
        how.weighs = options->tail == SHS_TAIL_PAD;
    }
    shs_status status = load_batch_units(loader->dataset, loader->augment, how, &loader->units);
    if (!status && options->memory.allocate)
        loader->memory.units_of_program = how.n_units * load_units_bytes(loader->units);
    return status;
}

static shs_status open_ahead(shs_loader *loader, const struct fetch_need *need, uint64_t rows)
{
    const shs_loader_options *options = &loader->options;
    const struct load_ahead_how how = {
        .lanes = {.dataset = loader->dataset,
                  .tools = &loader->tools,
                  .plan = &loader->plan,
                  .need = need,
                  .rows = rows,
                  .batches = options->ahead * loader->plan.hosted,
                  .threads = options->threads ? options->threads : 1,
                  .events = options->trace_events,
                  .account = &loader->account},
        .tools = &loader->tools,
        .units = loader->units,
        .epochs = options->epochs,
    };
    return load_ahead_open(&how, &loader->ahead);
}

/* Takes all memory that batches will need, so that none but the cache grows later. With `ahead`
 * lanes fill the batches. The first tools read only if rows must be read to find others. */
static shs_status reserve(shs_loader *loader, uint64_t rows)
{
    struct fetch_need need;
    const shs_loader_options *options = &loader->options;
    unsigned lanes = (options->threads ? options->threads : 1) + 1; /* the calling thread's, too */
    fetch_need_find(loader->dataset, rows, loader->plan.pushdown.boxed, &need);
    bool reads = !options->ahead || need.early;
    int64_t before = core_memory_balance();
    shs_status status =
        load_tools_reserve_store(&loader->tools, &need, options->ahead ? lanes + need.early : 1);
    loader->memory.store = core_memory_balance() - before;
    if (!status) status = load_tools_reserve(&loader->tools, &loader->plan, &need, reads);
    if (!status && !options->ahead) status = load_batch_reserve(&loader->batch, &need);
    return status || !options->ahead ? status : open_ahead(loader, &need, rows);
}

static shs_status make_buffers(shs_loader *loader)
{
    const shs_loader_options *options = &loader->options;
    uint64_t rows = order_most_rows(&loader->plan.order.order.shape);
    unsigned threads =
        options->ahead ? 1 : options->threads + 1; /* the calling thread counts, too */
    int64_t before = core_memory_balance();
    shs_status status = make_units(loader, rows);
    loader->memory.units = core_memory_balance() - before;
    if (!status)
        status = load_tools_open(loader->dataset, loader->augment, loader->plan.pushdown.any,
                                 threads, &loader->tools);
    loader->tools.twins = loader->twins;
    if (!status)
        status = load_batch_new(loader->dataset, loader->augment, &loader->plan.pushdown, rows,
                                &loader->batch);
    if (!status) status = reserve(loader, rows);
    loader->memory.buffers = core_memory_balance() - before - loader->memory.units;
    return status;
}

/* Takes the memory for batches, for their augmentation and for the search for twins. If it is not
 * there, says what takes less. */
static shs_status take_memory(shs_loader *loader)
{
    shs_status status = load_twins_open(loader, &loader->twins);
    if (!status) status = make_buffers(loader);
    if (status != SHS_ERROR_MEMORY || !strstr(shs_message(), " bytes") ||
        strstr(shs_message(), "; give "))
        return status;
    return core_fail(
        status, "%s; give smaller batches, a smaller ahead or keep, or smaller sizes in augment",
        shs_message());
}

static shs_status make_command(shs_loader *loader, const shs_loader_options *options)
{
    struct core_text own = {0};
    augment_own_describe(loader->augment, &own);
    shs_status status = own.status;
    bool has_own = own.length > 0;
    core_text_free(&own);
    if (status) return status;
    return load_command(loader->dataset, options, &loader->options, has_own, &loader->command);
}

static shs_status open_local(shs_loader *loader, const shs_loader_options *options)
{
    const shs_dataset *dataset = loader->dataset;
    const struct load_order_how how = {.seed = dataset->run->seed,
                                       .vranks = dataset->run->vranks,
                                       .bounds = dataset->bounds,
                                       .sources = dataset->files.paths.sources,
                                       .dataset = dataset,
                                       .chunk_rows = options->shuffle == SHS_SHUFFLE_BLOCKS
                                                         ? data_dataset_block_rows(dataset)
                                                         : 0};
    int64_t before = core_memory_balance();
    shs_status status = check_group(dataset, options);
    if (!status) status = load_order_open(&how, options, &loader->plan.order);
    if (!status)
        status = load_failures_open(&loader->plan.order, options, dataset->samples,
                                    &loader->plan.failures);
    loader->memory.order = core_memory_balance() - before;
    load_order_settle(&loader->plan.order, &loader->options);
    loader->member.counts_only = loader->plan.order.counts_only;
    if (!status)
        status = core_copy(options->augment ? options->augment : "", &loader->augment_text);
    loader->options.augment = loader->augment_text;
    if (!status)
        status =
            load_open_augment(dataset, options->operators, loader->augment_text, &loader->augment);
    if (!status) status = make_command(loader, options);
    if (!status) status = load_mix_check(loader->augment, options);
    if (!status) load_pushdown_open(dataset, loader->augment, options, &loader->plan.pushdown);
    if (!status) status = load_account_begin(&loader->account, options->trace_events);
    loader->told.cpu = core_cpu_clock();
    if (!status) status = take_memory(loader);
    if (!status) status = claim_stream(loader);
    return status;
}

static shs_status agree_on_open(shs_run *run, shs_status status, const shs_loader *loader)
{
    char call[LOAD_CALL_BYTES] = "shs_loader_open";
    /* compares the blocks of each rank's own file, because node-local copies may have other chunks
     */
    struct core_text operators = {0};
    if (!status) augment_own_describe(loader->augment, &operators);
    if (!status) status = operators.status;
    if (!status) status = load_options_call(&loader->options, operators.bytes, call);
    core_text_free(&operators);
    return mpi_agree(run, core_wrap(status, "shs_loader_open"), "%s", call);
}

/* Collective. */
static shs_status weigh(shs_loader *loader, const shs_loader_options *options)
{
    int64_t before = core_memory_balance();
    shs_status status = load_order_weigh(loader->dataset, options, &loader->plan.order);
    loader->memory.order += core_memory_balance() - before;
    return core_wrap(status, "shs_loader_open");
}

/* The caller's lists and texts are valid only while the loader is opened. */
static void forget_borrowed(shs_loader_options *options)
{
    shs_sampling *sampling = &options->sampling;
    options->failures.exclude = NULL;
    options->operators = NULL;
    sampling->mix = NULL;
    sampling->weights = NULL;
    sampling->weight_field = NULL;
    sampling->balance = NULL;
}

/* Collective. Opens a loader with an augmentation that names no file. */
static shs_status open_loader(shs_dataset *dataset, const shs_loader_options *options,
                              shs_loader **loader)
{
    shs_run *run = dataset->run;
    shs_loader *nowhere = NULL;
    uint64_t id = run->opened++;
    int64_t before = core_memory_balance();
    shs_status status;
    if (loader)
        status = core_new(1, sizeof **loader, "a loader", loader);
    else
        status =
            core_fail(SHS_ERROR_ARGUMENT, "loader is NULL; pass the address of a shs_loader *");
    if (!loader) loader = &nowhere;
    if (!status) {
        data_dataset_hold(dataset);
        **loader = (struct shs_loader){
            .dataset = dataset,
            .options = *options,
            .plan = {.augment_by = options->augment_by,
                     .stream = options->stream,
                     .what = &dataset->what,
                     .first_vrank = run->first_vrank,
                     .hosted = run->hosted},
        };
        mpi_member_begin(run, &(*loader)->member, id);
        (*loader)->ledger_whole = true;
        status = open_local(*loader, options);
    }
    status = agree_on_open(run, status, *loader);
    if (!status) status = weigh(*loader, options);
    if (!status) forget_borrowed(&(*loader)->options);
    if (!status) (*loader)->memory.all = core_memory_balance() - before;
    if (status) shs_loader_close(loader);
    return status;
}

shs_status shs_loader_open(shs_dataset *dataset, const shs_loader_options *options,
                           shs_loader **loader)
{
    shs_loader_options mine = {0};
    char *augment = NULL;
    shs_status status =
        core_require(dataset, "shs_loader_open", "dataset", "open it with shs_dataset_open()");
    if (loader) *loader = NULL;
    if (status) return status;
    if (options) mine = *options;
    status = load_from_put(dataset, mine.operators, mine.augment, &augment);
    if (augment) mine.augment = augment;
    if (!status) status = open_loader(dataset, &mine, loader);
    core_free(&augment);
    return status;
}

void shs_loader_close(shs_loader **loader)
{
    if (!loader || !*loader) return;
    shs_dataset *dataset = (*loader)->dataset;
    if ((*loader)->watch) (*loader)->watch((*loader)->watcher, NULL);
    mpi_member_end(dataset->run, &(*loader)->member);
    if ((*loader)->draws)
        dataset->run->streams_drawn &= ~(UINT32_C(1) << (*loader)->options.stream);
    load_ahead_close(&(*loader)->ahead);
    load_twins_close(&(*loader)->twins);
    load_account_end(&(*loader)->account);
    load_batch_free(&(*loader)->batch);
    load_units_close(&(*loader)->units);
    load_tools_close(&(*loader)->tools);
    core_free(&(*loader)->augment_text);
    core_free(&(*loader)->command);
    shs_augment_close(&(*loader)->augment);
    load_failures_close(&(*loader)->plan.failures);
    load_order_close(&(*loader)->plan.order);
    if ((*loader)->kept) (*loader)->release_kept((*loader)->kept);
    core_free(loader);
    data_dataset_release(dataset);
}
