/* A record of a run, in parts: opening and closing, the batches that it watches, its steps. */
#ifndef TRAIN_RECORD_H
#define TRAIN_RECORD_H

#include "load.h"
#include "shardstep/record.h"
#include "train_hashes.h"
#include "train_log.h"
#include "train_worst.h"

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

/* Local. Hashes a batch; NULL says that the loader is closed. The loader calls it with each batch
 * that it hands out. */
void train_record_watch(void *record, const shs_batch *batch);

/* Local. Takes the error of a batch that could not be hashed, once. */
shs_status train_record_failure(shs_record *record);

/* Errors of the log and of the list, which may both fail. A zeroed struct has none. */
struct train_record_errors {
    shs_status status;                /* of the first */
    char message[CORE_MESSAGE_BYTES]; /* of all */
    bool mine, agreed;                /* as core_tell() takes them, of the first */
};

/* Local. Adds the latest message, unless `status` is SHS_OK. */
void train_record_note(struct train_record_errors *errors, shs_status status);

/* Local. Returns the status of the first error, and sets the message of all. */
shs_status train_record_told(const struct train_record_errors *errors);

#endif
