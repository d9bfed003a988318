/* A checkpoint that is being saved: its way into the folder. For rank 0. */
#ifndef TRAIN_SAVING_H
#define TRAIN_SAVING_H

#include "train_claim.h"
#include "train_job.h"

struct train_saving {
    char *folder;
    uint64_t keep;               /* checkpoints that the folder keeps */
    struct train_claims *claims; /* of the loader, held */
    struct train_claim *claim;
    struct train_latest latest; /* what the folder had at the beginning, then what it has */
    struct train_job job;
};

/* Local. Claims the folder for the loader's run, and has HDF5 lay out the file. The struct must
 * stay where it is. `state`, whose elements are little-endian, is borrowed until train_job_do() has
 * written it. After an error the caller frees the struct, too. */
shs_status train_saving_begin(struct train_saving *saving, shs_loader *loader, const char *folder,
                              const struct train_state *state, const uint64_t *ledger,
                              uint64_t keep);

/* Local. Gives the file that train_job_do() has written its name, and makes it the newest of the
 * folder. */
shs_status train_saving_end(struct train_saving *saving);

/* Local, in any thread. Removes checkpoints that the folder does not keep. A large file takes some
 * time. */
shs_status train_saving_prune(const struct train_saving *saving);

/* Local. Frees the struct. A file that has no name yet is removed. The latest message stays. */
void train_saving_free(struct train_saving *saving);

#endif
