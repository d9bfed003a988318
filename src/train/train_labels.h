/* The labels of a checkpoint: what describes its tensors and its run. */
#ifndef TRAIN_LABELS_H
#define TRAIN_LABELS_H

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

/* The labels own their texts. */
struct train_labels {
    char *fingerprint; /* see load_fingerprint() */
    char *tensors;     /* see train_state_list() */
    char *checksum;    /* the digits of train_labels_digest(); NULL before a file has been read */
    uint64_t progress[TRAIN_PROGRESS_NUMBERS];
};

void train_labels_free(struct train_labels *labels);

/* Local. Sets the loader's cursor and origin in `progress`. The ledger's numbers stay. */
void train_progress_note(const shs_loader *loader, uint64_t progress[TRAIN_PROGRESS_NUMBERS]);

/* The cursor and the origin that a progress has. */
shs_cursor train_progress_cursor(const uint64_t progress[TRAIN_PROGRESS_NUMBERS]);
struct order_origin train_progress_origin(const uint64_t progress[TRAIN_PROGRESS_NUMBERS]);

/* Local. Completes labels whose progress is set. After an error the caller frees the labels, too.
 */
shs_status train_labels_make(const shs_loader *loader, const struct train_state *state,
                             struct train_labels *labels);

/* Local, in any thread. Sets `checksum` to a digest of the content of a checkpoint: of its tensors,
 * whose elements are contents[t], of the progress and the fingerprint. */
shs_status train_labels_digest(const struct train_labels *labels, const struct train_state *state,
                               void *const *contents, char checksum[CORE_DIGEST_TEXT]);

#endif
