/* Which folders of checkpoints a loader uses, so that no other run writes there: each is locked
 * until the loader is closed and, where locks do not work, whoever saved there last is compared
 * before each save. For rank 0. */
#ifndef RUN_CLAIM_H
#define RUN_CLAIM_H

#include "run_folder.h"

struct run_claim;

/* The claims of one loader. A zeroed struct holds none. */
struct run_claims {
    struct run_claim *first;
    char owner[IO_OWNER_BYTES]; /* this loader; "" before the first */
};

/* Local. Sets *claim to the claim to a folder, which belongs to `claims`. The first call for a
 * folder makes the claim. SHS_ERROR_FILE if another run has locked the folder. `must`: see
 * io_lock(). A folder that is not there yet is claimed by its path. */
shs_status run_claim_take(struct run_claims *claims, const char *folder, bool must,
                          struct run_claim **claim);

/* Local. Notes who saved last in the folder, as the loader has now read or written it. */
void run_claim_note(struct run_claim *claim, const char *owner);

/* Local. True if nothing was noted: the loader does not know who saved in the folder. */
bool run_claim_is_new(const struct run_claim *claim);

/* Local. Refuses a folder in which another run has saved since this run last looked. */
shs_status run_claim_check(const struct run_claims *claims, const struct run_claim *claim,
                           const char *folder, const struct run_latest *latest);

/* Local. Writes this loader's name into a folder that has no `latest`, before the first checkpoint
 * is written. */
shs_status run_claim_begin(const struct run_claims *claims, struct run_claim *claim,
                           const char *folder, const struct run_latest *latest);

/* Local. Gives up all claims, and their locks; leaves a struct that holds none. */
void run_claims_free(struct run_claims *claims);

#endif
