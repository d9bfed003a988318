/* shs_record_open() and its relatives: what is hashed and noted of a run. */
#include <string.h>

#include "core_memory.h"
#include "train_folder.h"
#include "train_header.h"
#include "train_record.h"

enum {
    WORST = 32,           /* rows of a list unless the program says otherwise */
    MOST_WORST = 1 << 20, /* and at most */
};

/* ---- Opening. */

static shs_status open_log(const shs_loader *loader, const char *path, shs_record *record)
{
    char *header = NULL;
    shs_status status = train_header_make(loader, &header);
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
    if (status || record->run->rank) return status;
    if (record->worst_path) status = train_worst_try(record->worst_path);
    if (!status && record->logs) status = open_log(loader, options->path, record);
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
    loader->watch = train_record_watch;
    loader->watcher = made;
    *record = made;
    return SHS_OK;
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
    struct train_record_errors errors = {0};
    uint64_t rest = rest_of(record);
    if (rest)
        train_record_note(&errors, train_worst_end(&record->worst, run, record->worst_path, rest));
    if (record->logs && run->rank == 0) train_record_note(&errors, train_log_sync(&record->log));
    return mpi_agree(run, core_wrap(train_record_told(&errors), "shs_record_close"),
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
