/* The newest checkpoint of a folder that is not damaged, read whole. For the ranks that read. */
#ifndef TRAIN_NEWEST_H
#define TRAIN_NEWEST_H

#include "train_folder.h"
#include "train_labels.h"

/* What ranks that read the same checkpoint have alike. */
struct train_identity {
    char name[TRAIN_FILE_NAME_BYTES]; /* "" if the folder has no checkpoint */
    char checksum[CORE_DIGEST_TEXT];  /* of tensors, progress and fingerprint */
};

/* The parts of a checkpoint that a rank has read. */
struct train_newest {
    bool found;
    struct train_identity identity;
    uint64_t progress[TRAIN_PROGRESS_NUMBERS];
    void **contents; /* the elements of each tensor */
    char *damage;    /* what is wrong with newer checkpoints; NULL: nothing */
};

void train_newest_free(const struct train_state *state, struct train_newest *newest);

/* Local. Reads the newest checkpoint of `latest` whose bytes do not contradict themselves. Other
 * errors end the search: of a checkpoint that is gone or cannot be read, nobody knows whether it is
 * damaged. The message of an error names each checkpoint that was tried, and says how to go on.
 * After an error the caller frees *newest, too. */
shs_status train_newest_read(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest, const struct train_state *state,
                             struct train_newest *newest);

#endif
