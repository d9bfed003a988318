/* shs_save(): rank 0 writes a checkpoint of a state that every rank holds. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "io_durable.h"
#include "io_folder.h"
#include "shardstep/checkpoint.h"
#include "train_claim.h"
#include "train_job.h"
#include "train_saved.h"

/* ---- Rank 0. */

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

/* Writes the file under its temporary name, and then gives it its name. */
static shs_status write_file(struct train_job *job, const char *path)
{
    shs_status status = io_temporary_name(path, &job->path);
    if (status) return status;
    status = train_job_begin(job);
    if (!status) status = train_job_do(job);
    if (!status) status = io_move(job->path, path);
    return status ? io_discard(job->path, status) : SHS_OK;
}

/* The file is written first, then `latest`, which names it. A reader who comes between the two
 * finds the checkpoint before. */
static shs_status write_checkpoint(const char *folder, struct train_job *job, uint64_t keep,
                                   struct train_latest *latest)
{
    char *path;
    struct train_pointer saved;
    shs_status status =
        train_folder_free_name(folder, job->labels.progress[TRAIN_STEP], saved.name);
    if (!status) status = io_join(folder, saved.name, &path);
    if (status) return status;
    status = write_file(job, path);
    if (!status) {
        memcpy(saved.checksum, job->checksum, sizeof saved.checksum);
        train_latest_add(latest, &saved, keep);
        status = train_folder_point(folder, latest);
        if (status) discard(folder, path, saved.name, status);
    }
    core_free(&path);
    return status;
}

static shs_status save_in_folder(shs_loader *loader, const char *folder, struct train_job *job,
                                 uint64_t keep)
{
    struct train_claims *claims;
    struct train_claim *claim;
    struct train_latest latest;
    shs_status status = train_claims_of(loader, &claims);
    if (!status) status = train_claim_take(claims, folder, true, &claim);
    if (!status) status = train_folder_read(folder, &latest);
    if (!status) status = train_claim_check(claims, claim, folder, &latest);
    if (!status && train_claim_is_new(claim)) status = train_saved_check(loader, folder, &latest);
    if (!status) status = train_claim_begin(claims, claim, folder, &latest);
    if (status) return status;
    train_claim_leave_out(claim, &latest);
    memcpy(latest.owner, claims->owner, sizeof latest.owner);
    status = write_checkpoint(folder, job, keep, &latest);
    if (status) return status;
    train_claim_note(claim, latest.owner);
    return train_folder_prune(folder, &latest);
}

static shs_status save_local(shs_loader *loader, const char *folder,
                             const struct train_state *state, const uint64_t *ledger, uint64_t keep)
{
    struct train_job job = {.state = *state};
    train_progress_note(loader, job.labels.progress);
    memcpy(job.labels.progress + TRAIN_LEDGER, ledger, LOAD_LEDGER_NUMBERS * sizeof *ledger);
    shs_status status = train_labels_make(loader, state, &job.labels);
    if (!status) status = io_make_writable_folder(folder);
    if (!status) status = io_check_room(folder, train_state_bytes(state));
    if (!status) status = save_in_folder(loader, folder, &job, keep);
    train_job_free(&job);
    return core_wrap(status, "shs_save");
}

/* ---- All ranks. */

/* Collective. Refuses tensors whose elements differ from those on rank 0. */
static shs_status compare_contents(shs_run *run, const struct train_state *state,
                                   const struct train_content *contents)
{
    shs_status differs = SHS_OK;
    for (size_t t = 0; t < state->count; t++) {
        struct train_content first = contents[t];
        shs_status status = mpi_broadcast(run, &first, sizeof first);
        if (status) return status;
        if (!differs && memcmp(&first, &contents[t], sizeof first) != 0)
            differs = core_fail(SHS_ERROR_DISAGREE,
                                "shs_save: the tensor %s has other content here than on rank 0; "
                                "every rank must hold the same: save no time and nothing else that "
                                "a rank has for itself",
                                state->tensors[t].name);
    }
    return mpi_agree(run, differs, "shs_save");
}

/* A digest of the cursor, and of the tensors' names, types and shapes: every rank must have the
 * same digest. */
static shs_status digest_call(const shs_loader *loader, const struct train_state *state,
                              char digest[CORE_DIGEST_TEXT])
{
    uint64_t progress[TRAIN_PROGRESS_NUMBERS];
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    train_progress_note(loader, progress);
    train_state_hash(state, NULL, hash);
    core_hash_add_elements(hash, progress, TRAIN_LEDGER, sizeof *progress);
    core_hash_finish(&hash, digest);
    return SHS_OK;
}

/* Local. Checks the arguments, and sets what the ranks compare: the digest of the call, and the
 * digests of the tensors' elements. */
static shs_status check_save(const shs_loader *loader, const char *folder,
                             const struct train_state *state, char digest[CORE_DIGEST_TEXT],
                             struct train_content **contents)
{
    shs_status status = train_folder_given(folder);
    if (!status) status = train_ranks_check(loader->dataset->run);
    if (!status) status = train_state_check(state);
    if (!status && loader->handed)
        status = core_fail(SHS_ERROR_STATE,
                           "step %llu has batches that this rank has not taken yet; save after a "
                           "batch with ends_step",
                           (ull)loader->cursor.step);
    if (!status) status = load_check_files(loader);
    if (!status) status = train_state_digest(state, contents);
    if (!status) status = digest_call(loader, state, digest);
    return core_wrap(status, "shs_save");
}

/* Sets the defaults in a program's options. */
static shs_status settle_options(const shs_save_options *given, shs_save_options *options)
{
    *options = given ? *given : (shs_save_options){0};
    if (!options->keep) options->keep = TRAIN_KEEP;
    if (options->keep <= TRAIN_KEEP_MOST) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "shs_save: keep %llu; the most is %d", (ull)options->keep,
                     TRAIN_KEEP_MOST);
}

shs_status shs_save(shs_loader *loader, const char *folder, const shs_tensor *tensors, size_t count)
{
    return shs_save_with(loader, folder, tensors, count, NULL);
}

shs_status shs_save_with(shs_loader *loader, const char *folder, const shs_tensor *tensors,
                         size_t count, const shs_save_options *given)
{
    shs_status status =
        core_require(loader, "shs_save", "loader", "open it with shs_loader_open()");
    if (status) return status;
    shs_run *run = loader->dataset->run;
    const struct train_state state = {tensors, count};
    struct train_content *contents = NULL;
    shs_save_options options;
    char digest[CORE_DIGEST_TEXT] = "";
    uint64_t ledger[LOAD_LEDGER_NUMBERS];
    status = settle_options(given, &options);
    if (!status) status = check_save(loader, folder, &state, digest, &contents);
    status =
        mpi_settle(run, status, "shs_save(folder %s, step %llu, keep %llu, %zu tensors, shapes %s)",
                   train_folder_label(folder).text, (ull)loader->cursor.step, (ull)options.keep,
                   count, digest);
    if (!status) status = compare_contents(run, &state, contents);
    core_free(&contents);
    if (!status) status = load_ledger(loader, ledger);
    if (status) return status;
    if (run->rank == 0) status = save_local(loader, folder, &state, ledger, options.keep);
    return mpi_agree(run, status, "shs_save");
}
