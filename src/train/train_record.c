/* shs_record_open() and its relatives: what is hashed and noted of a run. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "shardstep/record.h"
#include "train_folder.h"
#include "train_hashes.h"
#include "train_log.h"
#include "train_record.h"
#include "train_state.h"
#include "train_worst.h"

#define OPEN_IT "open it with shs_record_open()"

enum {
    WORST = 32,           /* rows of a list unless the program says otherwise */
    MOST_WORST = 1 << 20, /* and at most */
};

struct shs_record {
    shs_loader *loader; /* NULL once it is closed */
    shs_run *run;
    bool without_batch;
    char *worst_path;         /* NULL: no list */
    struct train_worst worst; /* if there is a list */
    struct train_log log;     /* on rank 0, if there is a log */
    bool logs;                /* the record has a log */
    struct core_hash *hash;
    struct mpi_gathering gathering;
    struct train_hashes *own; /* of each hosted virtual rank */
    struct train_hashes *all; /* on rank 0, of each virtual rank */

    /* The step that is being handed out, or was handed out last. */
    bool begun;        /* a step has begun */
    uint64_t taken;    /* batches of it that were hashed */
    shs_cursor cursor; /* its place */
    bool ends_epoch;
    bool recorded;
    shs_status failed; /* the status of an error while batches were hashed, and its message */
    char failure[CORE_MESSAGE_BYTES];
};

/* ---- Batches, as they are handed out. */

static void fail(shs_record *record, shs_status status)
{
    if (record->failed) return;
    record->failed = status;
    snprintf(record->failure, sizeof record->failure, "%s", shs_message());
}

/* Makes the list ready for the rows of a step. A step that the record has begun before, but not
 * recorded, may come again. Otherwise a step that does not follow the latest one leaves nobody who
 * knows the losses before it: the run went back, or left steps out. */
static void begin_rows(shs_record *record, const shs_batch *batch)
{
    struct train_worst *worst = &record->worst;
    const shs_cursor *latest = &record->cursor;
    bool same_epoch = record->begun && batch->epoch == latest->epoch;
    bool again = same_epoch && batch->step == latest->step && !record->recorded;
    bool follows = record->begun && batch->step == latest->step + 1;
    bool forward = record->begun && batch->step > latest->step;
    if (again) {
        train_worst_forget_step(worst);
        return;
    }
    train_worst_keep_step(worst);
    if (forward && !same_epoch && worst->count)
        fail(record, core_fail(SHS_ERROR_STATE,
                               "the worst rows of epoch %llu were not written: call "
                               "shs_record_step() in each epoch's last step",
                               (ull)worst->epoch));
    if (!same_epoch || !follows)
        train_worst_begin(worst, batch->epoch, batch->epoch_step, shs_epoch_steps(record->loader));
}

/* A step begins that is not the step before, or comes once more after a seek. */
static void begin_step(shs_record *record, const shs_batch *batch)
{
    if (record->worst_path) begin_rows(record, batch);
    record->begun = true;
    record->recorded = false;
    record->taken = 0;
    record->cursor = (shs_cursor){batch->epoch, batch->epoch_step, batch->step};
}

static void hash_batch(shs_record *record, const shs_batch *batch)
{
    uint64_t number = batch->vrank - record->run->first_vrank;
    if (record->taken == record->run->hosted || batch->step != record->cursor.step ||
        !record->begun || number < record->taken)
        begin_step(record, batch);
    record->taken++;
    record->ends_epoch = batch->ends_epoch;
    if (!record->logs) return;
    shs_status status = train_hashes_of(record->loader, record->hash, batch, !record->without_batch,
                                        &record->own[number]);
    if (status) fail(record, status);
}

/* Called by the loader with each batch that it hands out. */
static void watch(void *watcher, const shs_batch *batch)
{
    shs_record *record = watcher;
    if (!batch) record->loader = NULL;
    if (!batch) return;
    for (size_t p = 0; p < batch->parts; p++)
        hash_batch(record, &batch->part[p]);
    if (!batch->parts) hash_batch(record, batch);
    record->ends_epoch = batch->ends_epoch;
}

/* ---- Opening. */

static void add_lines(struct core_text *text, const char *word, const char *lines)
{
    for (; *lines; lines += strcspn(lines, "\n") + 1)
        core_text_add(text, "%s%.*s\n", word, (int)strcspn(lines, "\n"), lines);
}

shs_status train_record_header(const shs_loader *loader, char **header)
{
    const struct order_origin origin = loader->origin;
    struct core_text text = {0};
    char *fingerprint = NULL;
    shs_status status = load_fingerprint(loader, &fingerprint);
    if (status) return status;
    core_text_add(&text, TRAIN_CHAIN_FIRST);
    add_lines(&text, "", loader->command);
    if (origin.epoch || origin.step)
        core_text_add(&text, "option\t--since\t%llu,%llu\n", (ull)origin.epoch, (ull)origin.step);
    add_lines(&text, "fingerprint\t", fingerprint);
    core_text_add(&text, TRAIN_CHAIN_COLUMNS);
    core_free(&fingerprint);
    return core_text_take(&text, header);
}

static shs_status open_log(const shs_loader *loader, const char *path, shs_record *record)
{
    char *header = NULL;
    shs_status status = train_record_header(loader, &header);
    if (!status) status = train_log_open(path, header, &record->log);
    core_free(&header);
    return status;
}

static shs_status check_open(const shs_loader *loader, const shs_record_options *options)
{
    if (loader->watch)
        return core_fail(SHS_ERROR_STATE,
                         "the loader has a record already; close it with shs_record_close()");
    if (loader->handed)
        return core_fail(SHS_ERROR_STATE,
                         "step %llu has batches that this rank has not taken yet; open the record "
                         "before a step",
                         (ull)loader->cursor.step);
    if (options->worst_rows > MOST_WORST)
        return core_fail(SHS_ERROR_ARGUMENT, "worst_rows is %llu; the most is 2^20",
                         (ull)options->worst_rows);
    if ((options->path && !*options->path) || (options->worst && !*options->worst))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s is an empty text; give the path of a file, or NULL for none",
                         options->path && !*options->path ? "path" : "worst");
    if (options->path && options->worst && !strcmp(options->path, options->worst))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "path and worst are both %s, and the list would take the place of the "
                         "log; give each a file of its own",
                         options->path);
    if (loader->dataset->run->group > 1 && options->path && !options->without_batch)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a rank of a group has slabs of the samples, so the batch cannot be "
                         "hashed; set without_batch");
    return train_ranks_check(loader->dataset->run);
}

static shs_status take_memory(shs_record *record, const shs_record_options *options)
{
    const shs_run *run = record->run;
    uint64_t most = options->worst_rows ? options->worst_rows : WORST;
    bool first = run->rank == 0;
    shs_status status = core_hash_new(&record->hash);
    if (!status) status = core_new(run->hosted, sizeof *record->own, "hashes", &record->own);
    if (!status)
        status = core_new(first ? run->vranks : 1, sizeof *record->all, "hashes", &record->all);
    if (!status) status = mpi_gathering_new(run, &record->gathering);
    if (!status && options->worst) status = core_copy(options->worst, &record->worst_path);
    if (!status && options->worst) status = train_worst_open(most, first, &record->worst);
    return status;
}

static shs_status open_local(shs_loader *loader, const shs_record_options *options,
                             shs_record *record)
{
    *record = (shs_record){.loader = loader,
                           .run = loader->dataset->run,
                           .without_batch = options->without_batch,
                           .logs = options->path != NULL,
                           .log = {.file = -1}};
    mpi_run_hold(record->run);
    shs_status status = check_open(loader, options);
    if (!status) status = take_memory(record, options);
    if (!status && record->logs && record->run->rank == 0)
        status = open_log(loader, options->path, record);
    return status;
}

static void release(shs_record **record)
{
    shs_run *run = (*record)->run;
    shs_loader *loader = (*record)->loader;
    if (loader && loader->watcher == *record) {
        loader->watch = NULL;
        loader->watcher = NULL;
    }
    train_log_close(&(*record)->log);
    train_worst_close(&(*record)->worst);
    mpi_gathering_free(&(*record)->gathering);
    core_hash_free(&(*record)->hash);
    core_free(&(*record)->worst_path);
    core_free(&(*record)->own);
    core_free(&(*record)->all);
    core_free(record);
    mpi_run_release(run);
}

shs_status shs_record_open(shs_loader *loader, const shs_record_options *options,
                           shs_record **record)
{
    static const char function[] = "shs_record_open";
    const shs_record_options none = {0};
    shs_record *made = NULL;
    if (record) *record = NULL;
    if (!options) options = &none;
    shs_status status = core_require(loader, function, "loader", "open it with shs_loader_open()");
    if (status) return status;
    status = core_require(record, function, "record", "pass the address of a shs_record *");
    if (!status) status = core_new(1, sizeof *made, "a record", &made);
    if (!status) status = open_local(loader, options, made);
    status = mpi_agree(loader->dataset->run, core_wrap(status, "%s", function),
                       "%s(log %s, %s, worst rows %s, %llu of them)", function,
                       train_folder_label(options->path).text,
                       options->without_batch ? "without batches" : "with batches",
                       train_folder_label(options->worst).text, (ull)options->worst_rows);
    if (status && made) release(&made);
    if (status) return status;
    loader->watch = watch;
    loader->watcher = made;
    *record = made;
    return SHS_OK;
}

/* ---- Notes. */

static shs_status check_note(const shs_loader *loader, const shs_batch *batch, const double *losses)
{
    static const char function[] = "shs_note";
    shs_status status = core_require(loader, function, "loader", "open it with shs_loader_open()");
    if (!status)
        status = core_require(batch, function, "batch", "pass the address of one of this loader");
    if (!status && batch->count)
        status = core_require(losses, function, "losses", "give the loss of each row of weight 1");
    if (status) return status;
    const shs_record *record = loader->watcher;
    if (!record)
        return core_fail(SHS_ERROR_STATE,
                         "%s: the loader has no record; open one with shs_record_open()", function);
    if (batch->parts)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s: the batch of step %llu holds %zu virtual ranks; note each of its "
                         "parts",
                         function, (ull)batch->step, batch->parts);
    if (record->begun && !record->recorded && batch->step == record->cursor.step) return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "%s: the batch of step %llu is not of the step that goes on; note a batch "
                     "before the shs_record_step() of its step",
                     function, (ull)batch->step);
}

shs_status shs_note(shs_loader *loader, const shs_batch *batch, const double *losses)
{
    shs_status status = check_note(loader, batch, losses);
    if (status) return status;
    shs_record *record = loader->watcher;
    for (uint64_t slot = 0; slot < batch->count && record->worst_path; slot++)
        train_worst_add(&record->worst, &(struct train_noted){.loss = losses[slot],
                                                              .row = batch->index[slot],
                                                              .step = batch->step,
                                                              .epoch_step = batch->epoch_step,
                                                              .vrank = batch->vrank,
                                                              .slot = slot});
    return SHS_OK;
}

/* ---- A step. */

static shs_status check_tensors(const char *what, const shs_tensor *tensors, size_t count)
{
    size_t bytes;
    if (!tensors && count)
        return core_fail(SHS_ERROR_ARGUMENT, "%s is NULL, but has %zu tensors", what, count);
    for (size_t t = 0; t < count; t++) {
        shs_status status = core_wrap(shs_tensor_bytes(&tensors[t], &bytes), "%s %zu", what, t);
        if (!status && bytes && !tensors[t].data)
            status = core_fail(SHS_ERROR_ARGUMENT, "%s %zu has no data", what, t);
        if (status) return status;
    }
    return SHS_OK;
}

/* Takes the error of a batch that could not be hashed, once. */
static shs_status take_failure(shs_record *record)
{
    shs_status status = record->failed;
    record->failed = SHS_OK;
    return status ? core_tell(status, record->failure, true, false) : SHS_OK;
}

static shs_status check_step(shs_record *record)
{
    if (!record->loader)
        return core_fail(SHS_ERROR_STATE, "the loader is closed; close the record before it");
    shs_status status = take_failure(record);
    if (status) return status;
    if (record->begun && !record->recorded && record->taken == record->run->hosted) return SHS_OK;
    if (record->recorded || !record->begun)
        return core_fail(SHS_ERROR_STATE,
                         "shs_next() has not given a batch since the last call; record each step "
                         "once, after its batch with ends_step");
    return core_fail(SHS_ERROR_STATE,
                     "%llu of the %llu batches of step %llu were taken; record a step after its "
                     "batch with ends_step",
                     (ull)record->taken, (ull)record->run->hosted, (ull)record->cursor.step);
}

static void hash_tensors(struct core_hash *hash, const shs_tensor *tensors, size_t count,
                         char text[CORE_DIGEST_TEXT])
{
    core_hash_reset(hash);
    for (size_t t = 0; t < count; t++) {
        size_t size = shs_type_size(tensors[t].type);
        core_hash_add_elements(hash, tensors[t].data, train_tensor_bytes(&tensors[t]) / size, size);
    }
    struct core_digest digest = core_hash_digest(hash);
    core_digest_text(&digest, text);
}

/* What a program gives to shs_record_step(). */
struct given {
    const shs_tensor *mean, *weights;
    size_t n_mean, n_weights;
};

/* Rank 0 writes the line. */
static shs_status write_line(shs_record *record, const struct given *given)
{
    struct train_chain_line line = {.step = record->cursor.step};
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++)
        memcpy(line.part[part], "-", sizeof "-");
    for (int part = 0; part < TRAIN_HASHES; part++)
        if (part != TRAIN_CHAIN_BATCH || !record->without_batch)
            train_hashes_join(record->hash, record->all, record->run->vranks,
                              (enum train_chain_part)part, line.part[part]);
    if (given->mean)
        hash_tensors(record->hash, given->mean, given->n_mean, line.part[TRAIN_CHAIN_MEAN]);
    if (given->weights)
        hash_tensors(record->hash, given->weights, given->n_weights,
                     line.part[TRAIN_CHAIN_WEIGHTS]);
    shs_status status = train_log_go_to(&record->log, line.step);
    if (!status) status = train_log_add(&record->log, &line);
    if (!status && record->ends_epoch) status = train_log_sync(&record->log);
    return status;
}

/* Collective, after an agreement. Only rank 0 learns of an error of its files. */
static shs_status write_step(shs_record *record, const struct given *given)
{
    shs_run *run = record->run;
    shs_status status = SHS_OK, listed = SHS_OK;
    if (record->logs)
        status = mpi_gather(run, &record->gathering, record->own, sizeof *record->own, record->all);
    if (!status && record->logs && run->rank == 0) status = write_line(record, given);
    if (record->worst_path && record->ends_epoch)
        listed = train_worst_end(&record->worst, run, record->worst_path, 0);
    return status ? status : listed;
}

shs_status shs_record_step(shs_record *record, const shs_tensor *mean, size_t n_mean,
                           const shs_tensor *weights, size_t n_weights)
{
    static const char function[] = "shs_record_step";
    const struct given given = {mean, weights, n_mean, n_weights};
    shs_status status = core_require(record, function, "record", OPEN_IT);
    if (status) return status;
    shs_run *run = record->run;
    status = check_tensors("mean", mean, n_mean);
    if (!status) status = check_tensors("weights", weights, n_weights);
    if (!status) status = check_step(record);
    status = mpi_settle(run, core_wrap(status, "%s", function), "%s(step %llu)", function,
                        (ull)record->cursor.step);
    if (status) return status;
    record->recorded = true;
    if (record->worst_path) train_worst_keep_step(&record->worst);
    status = core_wrap(write_step(record, &given), "%s", function);
    return mpi_agree(run, status, "%s", function);
}

/* ---- Closing. */

/* Returns the epoch step before which the losses of the latest epoch are known, if its list has not
 * been written, else 0. */
static uint64_t rest_of(const shs_record *record)
{
    bool ended = record->ends_epoch && record->recorded;
    if (!record->worst_path || !record->begun || ended) return 0;
    return record->cursor.epoch_step + record->recorded;
}

/* Returns the step that is to be recorded next. It is the same on all ranks, though a rank may have
 * taken batches of it and another rank none. */
static uint64_t next_step(const shs_record *record)
{
    return record->cursor.step + record->recorded;
}

static shs_status finish(shs_record *record)
{
    shs_run *run = record->run;
    shs_status status = SHS_OK, synced = SHS_OK;
    uint64_t rest = rest_of(record);
    if (rest) status = train_worst_end(&record->worst, run, record->worst_path, rest);
    if (record->logs && run->rank == 0) synced = train_log_sync(&record->log);
    return mpi_agree(run, core_wrap(status ? status : synced, "shs_record_close"),
                     "shs_record_close");
}

shs_status shs_record_close(shs_record **record)
{
    if (!record || !*record) return SHS_OK;
    shs_status status = mpi_settle((*record)->run, SHS_OK, "shs_record_close(step %llu, %llu)",
                                   (ull)next_step(*record), (ull)rest_of(*record));
    if (!status) status = finish(*record);
    release(record);
    return status;
}
