#include "train_saving.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "io_durable.h"
#include "io_folder.h"
#include "train_saved.h"

/* ---- The beginning. */

/* Claims the folder. A folder of another run is refused. */
static shs_status claim_folder(struct train_saving *saving, shs_loader *loader)
{
    struct train_latest *latest = &saving->latest;
    shs_status status = train_claims_of(loader, &saving->claims);
    if (status) {
        saving->claims = NULL;
        return status;
    }
    train_claims_hold(saving->claims);
    status = train_claim_take(saving->claims, saving->folder, true, &saving->claim);
    if (!status) status = train_folder_read(saving->folder, latest);
    if (!status) status = train_claim_check(saving->claims, saving->claim, saving->folder, latest);
    if (!status && train_claim_is_new(saving->claim))
        status = train_saved_check(loader, saving->folder, latest);
    if (!status) status = train_claim_begin(saving->claims, saving->claim, saving->folder, latest);
    return status;
}

/* Sets the path of the file, and the name that it will get. No file has this name. */
static shs_status find_path(const struct train_saving *saving, char name[TRAIN_FILE_NAME_BYTES],
                            char **path)
{
    shs_status status =
        train_folder_free_name(saving->folder, saving->job.labels.progress[TRAIN_STEP], name);
    return status ? status : io_join(saving->folder, name, path);
}

static shs_status lay_out(struct train_saving *saving)
{
    char name[TRAIN_FILE_NAME_BYTES], *path = NULL;
    shs_status status = find_path(saving, name, &path);
    if (!status) status = io_temporary_name(path, &saving->job.path);
    core_free(&path);
    return status ? status : train_job_begin(&saving->job);
}

shs_status train_saving_begin(struct train_saving *saving, shs_loader *loader, const char *folder,
                              const struct train_state *state, const uint64_t *ledger,
                              uint64_t keep)
{
    memset(saving, 0, sizeof *saving);
    saving->keep = keep;
    saving->job.state = *state;
    uint64_t *progress = saving->job.labels.progress;
    train_progress_note(loader, progress);
    memcpy(progress + TRAIN_LEDGER, ledger, LOAD_LEDGER_NUMBERS * sizeof *ledger);
    shs_status status = core_copy(folder, &saving->folder);
    if (!status) status = train_labels_make(loader, state, &saving->job.labels);
    if (!status) status = io_make_writable_folder(folder);
    if (!status) status = io_check_room(folder, train_state_bytes(state));
    if (!status) status = claim_folder(saving, loader);
    return status ? status : lay_out(saving);
}

/* ---- The end. */

/* Removes the file of a checkpoint that failed. If `latest` was written, but could not be made
 * durable, it may name the file. The file then stays. */
static shs_status discard(const char *folder, const char *path, const char *name, shs_status status)
{
    char message[CORE_MESSAGE_BYTES];
    struct train_latest now;
    if (status != SHS_ERROR_FILE) return io_discard(path, status);
    snprintf(message, sizeof message, "%s", shs_message());
    if (!train_folder_read(folder, &now) && (!now.count || strcmp(now.kept[0].name, name) != 0))
        io_discard(path, status);
    return core_tell(status, message, true, false);
}

/* The file gets its name first, then `latest` names it. A reader who comes between the two finds
 * the checkpoint before. */
static shs_status move_and_point(struct train_saving *saving)
{
    char *path = NULL;
    struct train_pointer saved;
    shs_status status = find_path(saving, saved.name, &path);
    if (!status) status = io_move(saving->job.path, path);
    if (!status) {
        memcpy(saved.checksum, saving->job.checksum, sizeof saved.checksum);
        train_latest_add(&saving->latest, &saved, saving->keep);
        status = train_folder_point(saving->folder, &saving->latest);
    }
    if (status && path) discard(saving->folder, path, saved.name, status);
    core_free(&path);
    return status;
}

shs_status train_saving_end(struct train_saving *saving)
{
    struct train_latest *latest = &saving->latest;
    shs_status status = train_folder_read(saving->folder, latest);
    if (!status) status = train_claim_check(saving->claims, saving->claim, saving->folder, latest);
    if (status) return status;
    train_claim_leave_out(saving->claim, latest);
    memcpy(latest->owner, saving->claims->owner, sizeof latest->owner);
    status = move_and_point(saving);
    if (status) return status;
    core_free(&saving->job.path);
    train_claim_note(saving->claim, latest->owner);
    return SHS_OK;
}

shs_status train_saving_prune(const struct train_saving *saving)
{
    return train_folder_prune(saving->folder, &saving->latest);
}

void train_saving_free(struct train_saving *saving)
{
    if (saving->job.path) io_discard(saving->job.path, SHS_OK);
    train_job_free(&saving->job);
    train_claims_release(&saving->claims);
    core_free(&saving->folder);
}
