/* Which folders of checkpoints a loader uses, so that no other run writes there: each is locked
 * until the loader is closed and, where locks do not work, whoever saved there last is compared
 * before each save. For rank 0. */
#ifndef RUN_CLAIM_H
#define RUN_CLAIM_H

#include "run_folder.h"

struct run_claim;

/* Zeroed it has none. */
struct run_claims {
    struct run_claim *first;
    char owner[IO_OWNER_BYTES]; /* this loader; "" before the first */
};

/* The claim to a folder, made at the first call; it lasts until run_claims_free(). An error if
 * another run has locked the folder. `must`: see io_lock(). A folder that is not there yet is
 * claimed by its path. */
shs_status run_claim_take(struct run_claims *claims, const char *folder, bool must,
                          struct run_claim **claim);

/* Notes who saved last, as the loader has now found it or written it. */
void run_claim_note(struct run_claim *claim, const char *owner);

/* True if nothing was noted: the loader does not know whose the folder is. */
bool run_claim_is_new(const struct run_claim *claim);

/* Refuses a folder in which another run has saved since this one last looked. */
shs_status run_claim_check(const struct run_claims *claims, const struct run_claim *claim,
                           const char *folder, const struct run_latest *latest);

/* Makes a folder without `latest` this loader's, before the first checkpoint is written. */
shs_status run_claim_begin(const struct run_claims *claims, struct run_claim *claim,
                           const char *folder, const struct run_latest *latest);

void run_claims_free(struct run_claims *claims);

#endif
