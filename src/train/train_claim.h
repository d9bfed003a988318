/* Which folders of checkpoints a loader uses, so that no other run writes there: each is locked
 * until the loader is closed and, where locks do not work, whoever saved there last is compared
 * before each save. For rank 0. */
#ifndef TRAIN_CLAIM_H
#define TRAIN_CLAIM_H

#include "load.h"
#include "train_folder.h"

struct train_claim;

/* The claims of one loader. */
struct train_claims {
    struct train_claim *first;
    char owner[IO_OWNER_BYTES]; /* this loader; "" before the first */
};

/* Local. The claims of a loader, made by the first call. They are given up, with their locks, when
 * the loader is closed. */
shs_status train_claims_of(shs_loader *loader, struct train_claims **claims);

/* Local. Sets *claim to the claim to a folder, which belongs to `claims`. The first call for a
 * folder makes the claim. SHS_ERROR_FILE if another run has locked the folder. `must`: see
 * io_lock(). A folder that is not there yet is claimed by its path. */
shs_status train_claim_take(struct train_claims *claims, const char *folder, bool must,
                            struct train_claim **claim);

/* Local. Notes who saved last in the folder, as the loader has now read or written it. */
void train_claim_note(struct train_claim *claim, const char *owner);

/* Local. True if nothing was noted: the loader does not know who saved in the folder. */
bool train_claim_is_new(const struct train_claim *claim);

/* Local. Refuses a folder in which another run has saved since this run last looked. */
shs_status train_claim_check(const struct train_claims *claims, const struct train_claim *claim,
                             const char *folder, const struct train_latest *latest);

/* Local. Writes this loader's name into a folder that has no `latest`, before the first checkpoint
 * is written. */
shs_status train_claim_begin(const struct train_claims *claims, struct train_claim *claim,
                             const char *folder, const struct train_latest *latest);

#endif
