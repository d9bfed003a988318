/* shs_save(): rank 0 writes a checkpoint of a state that every rank holds. */
#include <stdio.h>

#include "core_elements.h"
#include "core_memory.h"
#include "shardstep/checkpoint.h"
#include "train_late.h"
#include "train_saving.h"

/* ---- Before a save. */

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

/* Rows of the step that failed are in the ledger on some ranks, and were not delivered on others.
 */
static shs_status check_failed(const shs_loader *loader)
{
    if (!loader->member.failed) return SHS_OK;
    return core_fail(
        SHS_ERROR_STATE,
        "the loader has failed in epoch %llu, step %llu; call shs_seek(loader, shs_tell(loader)), "
        "which goes back to the beginning of that step, before you save. The error was: %s",
        (ull)loader->member.failed_at.epoch, (ull)loader->member.failed_at.step,
        loader->member.failure);
}

/* Local. Checks the arguments, and sets what the ranks compare: the digest of the call, and the
 * digests of the tensors' elements, if there are other ranks and they compare them now. */
static shs_status check_save(const shs_loader *loader, const char *folder,
                             const struct train_state *state, const shs_save_options *options,
                             char digest[CORE_DIGEST_TEXT], struct train_content **contents)
{
    shs_status status = train_folder_given(folder);
    if (!status) status = train_ranks_check(loader->dataset->run);
    if (!status) status = train_state_check(state);
    if (!status) status = train_layout_check(state);
    if (!status && loader->handed)
        status = core_fail(SHS_ERROR_STATE,
                           "step %llu has batches that this rank has not taken yet; save after a "
                           "batch with ends_step",
                           (ull)loader->cursor.step);
    if (!status) status = check_failed(loader);
    if (!status) status = load_check_files(loader);
    if (!status && loader->dataset->run->ranks > 1 && !options->asynchronous)
        status = train_state_digest(state, contents);
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

/* ---- A save that the program waits for. */

/* Local. Writes the checkpoint, whose elements are little-endian. */
static shs_status write_now(shs_loader *loader, const char *folder, const struct train_state *state,
                            const uint64_t *ledger, uint64_t keep)
{
    struct train_saving saving;
    shs_status status = train_saving_begin(&saving, loader, folder, state, ledger, keep);
    if (!status) status = train_job_do(&saving.job);
    if (!status) status = train_saving_end(&saving);
    if (!status) status = train_saving_prune(&saving);
    train_saving_free(&saving);
    return core_wrap(status, "shs_save");
}

/* Local. The same for elements in the machine's order of bytes. */
static shs_status write_own(shs_loader *loader, const char *folder, const struct train_state *state,
                            const uint64_t *ledger, uint64_t keep)
{
    struct train_copy copy = {0};
    if (core_is_little()) return write_now(loader, folder, state, ledger, keep);
    shs_status status = train_copy_take(&copy, state, true);
    if (!status) status = write_now(loader, folder, &copy.state, ledger, keep);
    train_copy_free(&copy);
    return status;
}

/* Collective. */
static shs_status save_now(shs_loader *loader, const char *folder, const struct train_state *state,
                           uint64_t keep, const struct train_content *contents)
{
    shs_run *run = loader->dataset->run;
    uint64_t ledger[LOAD_LEDGER_NUMBERS];
    shs_status status = contents ? train_contents_compare(run, state, contents) : SHS_OK;
    if (!status) status = load_ledger(loader, ledger);
    if (status) return status;
    if (run->rank == 0) status = write_own(loader, folder, state, ledger, keep);
    return mpi_agree(run, status, "shs_save");
}

/* ---- All saves. */

/* Collective. */
static shs_status save_later(shs_loader *loader, const char *folder,
                             const struct train_state *state, uint64_t keep)
{
    uint64_t ledger[LOAD_LEDGER_NUMBERS];
    shs_status status = load_ledger(loader, ledger);
    return status ? status : train_late_begin(loader, folder, state, ledger, keep);
}

/* Collective. Saves, after the save before has been finished. If only the save before has failed,
 * the message says so. */
static shs_status save(shs_loader *loader, const char *folder, const struct train_state *state,
                       const shs_save_options *options, const struct train_content *contents)
{
    char then[80];
    shs_run *run = loader->dataset->run;
    train_late_finish(run, true);
    shs_status status = options->asynchronous
                            ? save_later(loader, folder, state, options->keep)
                            : save_now(loader, folder, state, options->keep, contents);
    snprintf(then, sizeof then, "; the checkpoint of step %llu %s", (ull)loader->cursor.step,
             options->asynchronous ? "is being saved" : "is saved");
    return mpi_late_outcome(run, status, then);
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
    const struct train_state state = {.tensors = tensors, .count = count};
    struct train_content *contents = NULL;
    shs_save_options options;
    char digest[CORE_DIGEST_TEXT] = "";
    status = settle_options(given, &options);
    if (!status) status = check_save(loader, folder, &state, &options, digest, &contents);
    status = mpi_settle(
        run, status, "shs_save(folder %s, step %llu, keep %llu%s, %zu tensors, shapes %s)",
        train_folder_label(folder).text, (ull)loader->cursor.step, (ull)options.keep,
        options.asynchronous ? ", asynchronous" : "", count, digest);
    if (!status) status = save(loader, folder, &state, &options, contents);
    core_free(&contents);
    return status;
}

shs_status shs_save_wait(shs_loader *loader)
{
    shs_status status =
        core_require(loader, "shs_save_wait", "loader", "open it with shs_loader_open()");
    if (status) return status;
    shs_run *run = loader->dataset->run;
    status = mpi_agree(run, SHS_OK, "shs_save_wait");
    if (status) return status;
    train_late_finish(run, false);
    return mpi_late_outcome(run, SHS_OK, "");
}
