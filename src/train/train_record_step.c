/* shs_record_step(): the line of a step, and the list of an epoch that ends. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "train_header.h"
#include "train_record.h"
#include "train_state.h"

#define OPEN_IT "open it with shs_record_open()"

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

static shs_status check_step(shs_record *record)
{
    if (!record->loader)
        return core_fail(SHS_ERROR_STATE, "the loader is closed; close the record before it");
    shs_status status = train_record_failure(record);
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

/* Before the first line: compares the header of the log with the run as it goes on now. */
static shs_status begin_log(shs_record *record)
{
    char *header = NULL;
    if (record->log.known) return SHS_OK;
    shs_status status = train_header_make(record->loader, &header);
    if (!status) status = train_log_begin(&record->log, header);
    core_free(&header);
    return status;
}

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
    shs_status status = begin_log(record);
    if (!status) status = train_log_go_to(&record->log, line.step);
    if (!status) status = train_log_add(&record->log, &line);
    if (!status && record->ends_epoch) status = train_log_sync(&record->log);
    return status;
}

/* ---- Errors of the log and of the list. */

void train_record_note(struct train_record_errors *errors, shs_status status)
{
    if (!status) return;
    if (!errors->status) {
        errors->status = status;
        errors->mine = shs_message_is_mine();
        errors->agreed = shs_message_is_agreed();
        snprintf(errors->message, sizeof errors->message, "%s", shs_message());
        return;
    }
    int used = (int)strlen(errors->message), room = (int)sizeof errors->message - used;
    snprintf(errors->message + used, (size_t)room, "; and %.*s", room, shs_message());
}

shs_status train_record_told(const struct train_record_errors *errors)
{
    if (!errors->status) return SHS_OK;
    return core_tell(errors->status, errors->message, errors->mine, errors->agreed);
}

/* Collective, after an agreement. Only rank 0 learns of an error of its files. */
static shs_status write_step(shs_record *record, const struct given *given)
{
    shs_run *run = record->run;
    struct train_record_errors errors = {0};
    shs_status status = SHS_OK;
    if (record->logs)
        status = mpi_gather(run, &record->gathering, record->own, sizeof *record->own, record->all);
    if (!status && record->logs && run->rank == 0) status = write_line(record, given);
    train_record_note(&errors, status);
    if (record->worst_path && record->ends_epoch)
        train_record_note(&errors, train_worst_end(&record->worst, run, record->worst_path, 0));
    return train_record_told(&errors);
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
