#include "train_claim.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "io_file.h"
#include "io_folder.h"

struct train_claim {
    struct train_claim *next;
    char *folder;                     /* the path that the program gave */
    bool there;                       /* the folder exists: device and inode are known */
    uint64_t device, inode;           /* the folder's identity */
    int lock;                         /* the lock's file descriptor; -1 without a lock */
    bool noted;                       /* `owner` is set */
    char owner[IO_OWNER_BYTES];       /* the loader that saved last, as this loader knows it */
    char good[TRAIN_FILE_NAME_BYTES]; /* newer checkpoints are damaged; "": none is known to be */
};

/* The claim to a folder; NULL without one. A folder is found by its identity, because it may have
 * several paths. A folder that does not exist has no identity, and is found by its path. */
static struct train_claim *find(const struct train_claims *claims, const char *folder,
                                const struct io_identity *identity)
{
    for (struct train_claim *claim = claims->first; claim; claim = claim->next) {
        bool same_inode = claim->there && identity && claim->device == identity->device &&
                          claim->inode == identity->inode;
        bool same_path = !claim->there && !strcmp(claim->folder, folder);
        if (same_inode || same_path) return claim;
    }
    return NULL;
}

static shs_status add(struct train_claims *claims, const char *folder, struct train_claim **claim)
{
    if (!*claims->owner) io_name_owner(claims->owner);
    shs_status status = core_new(1, sizeof **claim, "a folder's lock", claim);
    if (status) return status;
    (*claim)->lock = -1;
    status = core_copy(folder, &(*claim)->folder);
    if (status) {
        core_free(claim);
        return status;
    }
    (*claim)->next = claims->first;
    claims->first = *claim;
    return SHS_OK;
}

shs_status train_claim_take(struct train_claims *claims, const char *folder, bool must,
                            struct train_claim **claim)
{
    struct io_identity identity;
    bool there;
    shs_status status = io_exists(folder, &there);
    if (!status && there) status = io_identify_path(folder, &identity);
    if (status) return status;
    *claim = find(claims, folder, there ? &identity : NULL);
    if (!*claim) status = add(claims, folder, claim);
    if (status || !there) return status;
    if (!(*claim)->there || (must && (*claim)->lock < 0))
        status = io_lock(folder, claims->owner, must, &(*claim)->lock);
    if (status) return status;
    (*claim)->there = true;
    (*claim)->device = identity.device;
    (*claim)->inode = identity.inode;
    return SHS_OK;
}

void train_claim_note(struct train_claim *claim, const char *owner)
{
    claim->noted = true;
    *claim->good = '\0'; /* the names in `latest` are known anew */
    snprintf(claim->owner, sizeof claim->owner, "%s", owner);
}

void train_claim_go_back(struct train_claim *claim, const char *name)
{
    snprintf(claim->good, sizeof claim->good, "%s", name);
}

void train_claim_leave_out(const struct train_claim *claim, struct train_latest *latest)
{
    if (*claim->good) train_latest_go_back(latest, claim->good);
}

bool train_claim_is_new(const struct train_claim *claim)
{
    return !claim->noted;
}

/* After a save that failed late, `latest` may hold this loader's own name, though the claim does
 * not. The folder is still this run's. */
shs_status train_claim_check(const struct train_claims *claims, const struct train_claim *claim,
                             const char *folder, const struct train_latest *latest)
{
    if (!claim->noted || !latest->there || !strcmp(latest->owner, claim->owner) ||
        !strcmp(latest->owner, claims->owner))
        return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "the folder %s is not this run's alone: %s has written %s/latest since this "
                     "run last read or wrote it; give each run a folder of its own, each task of a "
                     "job array too",
                     folder, *latest->owner ? latest->owner : "someone else", folder);
}

shs_status train_claim_begin(const struct train_claims *claims, struct train_claim *claim,
                             const char *folder, const struct train_latest *latest)
{
    struct train_latest none;
    if (latest->there) return SHS_OK;
    memset(&none, 0, sizeof none);
    memcpy(none.owner, claims->owner, sizeof none.owner);
    shs_status status = train_folder_point(folder, &none);
    if (!status) train_claim_note(claim, none.owner);
    return status;
}

void train_claims_hold(struct train_claims *claims)
{
    claims->holders++;
}

void train_claims_release(struct train_claims **claims)
{
    if (!*claims) return;
    if (--(*claims)->holders) {
        *claims = NULL;
        return;
    }
    while ((*claims)->first) {
        struct train_claim *claim = (*claims)->first;
        (*claims)->first = claim->next;
        io_unlock(claim->lock);
        core_free(&claim->folder);
        core_free(&claim);
    }
    core_free(claims);
}

static void release_kept(void *kept)
{
    struct train_claims *claims = kept;
    train_claims_release(&claims);
}

shs_status train_claims_of(shs_loader *loader, struct train_claims **claims)
{
    shs_status status = SHS_OK;
    if (!loader->kept) {
        status = core_new(1, sizeof **claims, "claims to folders", &loader->kept);
        *claims = loader->kept;
        if (!status) train_claims_hold(*claims);
    }
    loader->release_kept = release_kept;
    *claims = loader->kept;
    return status;
}
