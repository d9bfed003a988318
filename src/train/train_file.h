/* The file of a checkpoint: its labels, the program's tensors, and a checksum of both. For rank 0.
 * shardstep/checkpoint.h describes the file. */
#ifndef TRAIN_FILE_H
#define TRAIN_FILE_H

#include "h5_file.h"
#include "load.h"
#include "train_state.h"

/* The numbers that say how far the run has come, in the order in which the file keeps them. */
enum train_progress {
    TRAIN_EPOCH,
    TRAIN_EPOCH_STEP, /* steps of this epoch that are done */
    TRAIN_STEP,       /* steps of the run that are done */
    TRAIN_ORIGIN_EPOCH,
    TRAIN_ORIGIN_STEP,
    TRAIN_LEDGER,
    TRAIN_PROGRESS_NUMBERS = TRAIN_LEDGER + LOAD_LEDGER_NUMBERS
};

/* The labels of a checkpoint describe its tensors and its run. They own their texts. */
struct train_labels {
    char *fingerprint; /* see load_fingerprint() */
    char *tensors;     /* see train_state_list() */
    char *checksum;    /* hexadecimal digits of the digest of tensors, progress and fingerprint */
    uint64_t progress[TRAIN_PROGRESS_NUMBERS];
};

void train_labels_free(struct train_labels *labels);

/* Local. Sets the loader's cursor and origin in `progress`. The ledger's numbers stay. */
void train_progress_note(const shs_loader *loader, uint64_t progress[TRAIN_PROGRESS_NUMBERS]);

/* Local. Completes labels whose progress is set, for a state that the program holds. After an error
 * the caller frees the labels, too. */
shs_status train_labels_make(const shs_loader *loader, const struct train_state *state,
                             struct train_labels *labels);

/* Local. Writes a checkpoint's file durably: the file is whole or not there. */
shs_status train_file_write(const char *path, const struct train_state *state,
                            const struct train_labels *labels);

/* Local. Reads the labels from an open file. After an error the caller frees the labels, too. */
shs_status train_file_read_labels(struct h5_file *file, struct train_labels *labels);

/* Local. Reads the elements of each tensor into contents[t], memory that the caller frees, also
 * after an error. The caller provides `contents` with NULL for each tensor. SHS_ERROR_FORMAT if
 * tensors and labels do not have the checksum in the labels; `path` is for that message. */
shs_status train_file_read_state(struct h5_file *file, const char *path,
                                 const struct train_state *state, const struct train_labels *labels,
                                 void **contents);

#endif
