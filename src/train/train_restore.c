/* shs_restore(): every rank goes on from a checkpoint. Rank 0 reads it and hands it to the others.
 * In a run that moves small data only, every rank reads it. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "io_folder.h"
#include "shardstep/checkpoint.h"
#include "train_claim.h"
#include "train_late.h"
#include "train_newest.h"

/* ---- The ranks that read. */

/* Rank 0 also claims the folder for the run, and makes it. */
static shs_status load_and_claim(shs_loader *loader, const char *folder,
                                 const struct train_state *state, struct train_newest *newest)
{
    struct train_claims *claims;
    struct train_claim *claim;
    struct train_latest latest;
    shs_status status = train_claims_of(loader, &claims);
    if (!status) status = train_claim_take(claims, folder, false, &claim);
    if (!status) status = train_folder_read(folder, &latest);
    if (!status) status = train_newest_read(loader, folder, &latest, state, newest);
    /* A run that begins will save in this folder. An error now is better than an error after its
     * first epoch. */
    if (!status && !newest->found) status = io_make_writable_folder(folder);
    if (status) return status;
    train_claim_note(claim, latest.owner);
    if (newest->damage) train_claim_go_back(claim, newest->identity.name);
    return SHS_OK;
}

/* The other ranks leave the folder alone. */
static shs_status load_only(const shs_loader *loader, const char *folder,
                            const struct train_state *state, struct train_newest *newest)
{
    struct train_latest latest;
    shs_status status = train_folder_read(folder, &latest);
    return status ? status : train_newest_read(loader, folder, &latest, state, newest);
}

static shs_status load_latest(shs_loader *loader, const char *folder,
                              const struct train_state *state, struct train_newest *newest)
{
    const shs_run *run = loader->dataset->run;
    if (run->rank == 0) return load_and_claim(loader, folder, state, newest);
    return mpi_moves_large_data(run) ? SHS_OK : load_only(loader, folder, state, newest);
}

/* ---- All ranks. */

/* Collective. Compares the checkpoints that the ranks have read, each by itself. */
static shs_status compare_loaded(shs_run *run, const char *folder,
                                 const struct train_newest *newest)
{
    const struct train_identity *own = &newest->identity;
    struct train_identity first = *own;
    if (mpi_moves_large_data(run)) return SHS_OK;
    shs_status status = mpi_broadcast(run, &first, sizeof first);
    if (!status && memcmp(&first, own, sizeof first) != 0)
        status =
            core_fail(SHS_ERROR_DISAGREE,
                      "shs_restore: the checkpoint saved last in %s is %s with content %s "
                      "here, and %s with content %s on rank 0; without MPI every rank reads "
                      "the file itself, so give all ranks the same folder",
                      folder, *own->name ? own->name : "none", *own->name ? own->checksum : "none",
                      *first.name ? first.name : "none", *first.name ? first.checksum : "none");
    return mpi_agree(run, status, "shs_restore");
}

/* Collective. Fills the tensors on every rank. From here on only the transport
 * can fail. */
static shs_status share_state(shs_run *run, const struct train_state *state,
                              const struct train_newest *newest)
{
    shs_status status = SHS_OK;
    for (size_t t = 0; t < state->count && !status; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        if (newest->contents) memcpy(tensor->data, newest->contents[t], train_tensor_bytes(tensor));
        if (mpi_moves_large_data(run))
            status = mpi_broadcast(run, tensor->data, train_tensor_bytes(tensor));
    }
    return status;
}

/* Local. Tells the program once, on rank 0, that newer checkpoints are damaged. */
static void tell_damage(const shs_run *run, const char *folder, const struct train_newest *newest)
{
    static const char words[] =
        "shs_restore: the run goes on from %s of %s, because what was saved later is damaged: %s";
    if (!newest->damage || run->rank) return;
    mpi_notice(run, SHS_REPORT_CHECKPOINT, words, newest->identity.name, folder, newest->damage);
}

/* Collective. Brings what rank 0 has read to every rank. */
static shs_status share(shs_loader *loader, const struct train_state *state,
                        const struct train_newest *newest)
{
    shs_run *run = loader->dataset->run;
    uint64_t found = newest->found, progress[TRAIN_PROGRESS_NUMBERS];
    memcpy(progress, newest->progress, sizeof progress);
    shs_status status = mpi_broadcast(run, &found, sizeof found);
    if (status) return status;
    if (!found) return SHS_NO_CHECKPOINT;
    status = mpi_broadcast(run, progress, sizeof progress);
    if (!status) status = share_state(run, state, newest);
    if (status) return status;
    load_go(loader, train_progress_cursor(progress));
    load_go_on(loader, progress + TRAIN_LEDGER);
    loader->origin = train_progress_origin(progress);
    return SHS_OK;
}

/* Local. Checks the arguments. Sets a digest of the tensors' names, types and shapes, which every
 * rank must have alike. */
static shs_status check_restore(const shs_run *run, const char *folder,
                                const struct train_state *state, char digest[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = train_folder_given(folder);
    if (!status) status = train_ranks_check(run);
    if (!status) status = train_state_check(state);
    if (!status) status = core_hash_new(&hash);
    if (status) return core_wrap(status, "shs_restore");
    train_state_hash(state, NULL, hash);
    core_hash_finish(&hash, digest);
    return SHS_OK;
}

shs_status shs_restore(shs_loader *loader, const char *folder, const shs_tensor *tensors,
                       size_t count)
{
    shs_status status =
        core_require(loader, "shs_restore", "loader", "open it with shs_loader_open()");
    if (status) return status;
    shs_run *run = loader->dataset->run;
    const struct train_state state = {.tensors = tensors, .count = count};
    struct train_newest newest = {0};
    char digest[CORE_DIGEST_TEXT] = "";
    status = check_restore(run, folder, &state, digest);
    mpi_member_settled(run, &loader->member);
    status = mpi_settle(run, status, "shs_restore(folder %s, %zu tensors, shapes %s)",
                        train_folder_label(folder).text, count, digest);
    if (status) return status;
    train_late_finish(run, false);
    status = load_latest(loader, folder, &state, &newest);
    status = mpi_agree(run, core_wrap(status, "shs_restore"), "shs_restore");
    if (!status) status = compare_loaded(run, folder, &newest);
    if (!status) status = share(loader, &state, &newest);
    if (!status) tell_damage(run, folder, &newest);
    train_newest_free(&state, &newest);
    return status;
}
