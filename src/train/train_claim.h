/* A loader's claims to its folders of checkpoints, which keep other runs out. For rank 0.
 *
 * Each folder is locked until the loader is closed. Where locks do not work, each save first
 * compares the loader that saved last in the folder with the loader known to have saved there. */
#ifndef TRAIN_CLAIM_H
#define TRAIN_CLAIM_H

#include "load.h"
#include "train_folder.h"

struct train_claim;

/* The claims of a loader. */
struct train_claims {
    struct train_claim *first;
    size_t holders;             /* the loader, and a save that goes on */
    char owner[IO_OWNER_BYTES]; /* this loader's name; "" before the first claim */
};

/* Local. Sets *claims to the claims of a loader. The first call makes them. The loader is a holder
 * until it is closed. SHS_ERROR_MEMORY. */
shs_status train_claims_of(shs_loader *loader, struct train_claims **claims);

/* Local. Adds a holder, and removes a holder. The last one gives up the claims and their locks.
 * *claims may be NULL, and is NULL afterwards. */
void train_claims_hold(struct train_claims *claims);
void train_claims_release(struct train_claims **claims);

/* Local. Sets *claim to the claim to a folder. The claim belongs to `claims`; the first call for a
 * folder makes it. A folder that does not exist yet is claimed by its path. io_lock() says what
 * `must` does. SHS_ERROR_FILE if another run has locked the folder. */
shs_status train_claim_take(struct train_claims *claims, const char *folder, bool must,
                            struct train_claim **claim);

/* Local. Notes the loader that saved last in the folder: `owner` has just been read from `latest`,
 * or written to it. No checkpoint of the folder is known to be damaged then. */
void train_claim_note(struct train_claim *claim, const char *owner);

/* Local. Notes that checkpoints newer than `name` are damaged, and that the run goes on from
 * `name`. This holds until the next train_claim_note(). */
void train_claim_go_back(struct train_claim *claim, const char *name);

/* Local. Takes the names of damaged checkpoints out of *latest, which has just been read. So a good
 * checkpoint is never removed for a damaged one. */
void train_claim_leave_out(const struct train_claim *claim, struct train_latest *latest);

/* Local. True until the first train_claim_note(): the loader has not read or written `latest`. */
bool train_claim_is_new(const struct train_claim *claim);

/* Local. SHS_ERROR_FILE if another run has saved in the folder since the last train_claim_note().
 */
shs_status train_claim_check(const struct train_claims *claims, const struct train_claim *claim,
                             const char *folder, const struct train_latest *latest);

/* Local. Writes this loader's name into a folder that has no `latest`, before the first checkpoint
 * is written. */
shs_status train_claim_begin(const struct train_claims *claims, struct train_claim *claim,
                             const char *folder, const struct train_latest *latest);

#endif
