/* shs_restore(): every rank goes on from a checkpoint. Rank 0 reads it and hands it to the others.
 * In a run that moves small data only, every rank reads it. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "io_folder.h"
#include "shardstep/checkpoint.h"
#include "train_claim.h"
#include "train_file.h"

/* ---- The ranks that read. */

/* What ranks that read the same checkpoint have alike. */
struct identity {
    char name[TRAIN_FILE_NAME_BYTES]; /* "" if the folder has no checkpoint */
    char checksum[CORE_DIGEST_TEXT];  /* of tensors, progress and fingerprint */
};

/* The parts of a checkpoint that a rank has read. */
struct loaded {
    bool found;
    struct identity identity;
    uint64_t progress[TRAIN_PROGRESS_NUMBERS];
    void **contents; /* the elements of each tensor */
};

static void free_loaded(const struct train_state *state, struct loaded *loaded)
{
    if (!loaded->contents) return;
    for (size_t t = 0; t < state->count; t++)
        core_free(&loaded->contents[t]);
    core_free(&loaded->contents);
}

static shs_cursor cursor_of(const uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    return (shs_cursor){progress[TRAIN_EPOCH], progress[TRAIN_EPOCH_STEP], progress[TRAIN_STEP]};
}

static struct order_origin origin_of(const uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    return (struct order_origin){progress[TRAIN_ORIGIN_EPOCH], progress[TRAIN_ORIGIN_STEP]};
}

/* SHS_ERROR_MISMATCH if the checkpoint is of another run or of other tensors. If the batch differs
 * at an epoch's end, the epochs of the new batch begin here: `progress` then says so. */
static shs_status check_labels(const shs_loader *loader, const struct train_state *state,
                               const struct train_labels *labels,
                               uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    char *own = NULL;
    bool other_batch = false, differs;
    shs_status status = load_fingerprint(loader, &own);
    if (!status)
        status = load_fingerprint_check(labels->fingerprint, own, progress[TRAIN_EPOCH_STEP] == 0,
                                        &other_batch);
    if (other_batch) {
        progress[TRAIN_ORIGIN_EPOCH] = progress[TRAIN_EPOCH];
        progress[TRAIN_ORIGIN_STEP] = progress[TRAIN_STEP];
    }
    core_free(&own);
    if (!status) status = train_state_list(state, &own);
    if (!status) status = load_fingerprint_check(labels->tensors, own, false, &differs);
    core_free(&own);
    return status;
}

static shs_status check_progress(const shs_loader *loader,
                                 const uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    return order_check_cursor(&loader->plan.order.order.shape, loader->options.epochs,
                              origin_of(progress), cursor_of(progress));
}

static shs_status read_file(const shs_loader *loader, const char *path,
                            const struct train_state *state, struct loaded *loaded)
{
    struct h5_file *file = NULL;
    struct train_labels labels = {0};
    shs_status status = h5_open(path, &file);
    if (!status) status = train_file_read_labels(file, &labels);
    memcpy(loaded->progress, labels.progress, sizeof loaded->progress);
    if (!status)
        status = core_wrap(check_labels(loader, state, &labels, loaded->progress), "%s", path);
    if (!status)
        status = core_new(state->count, sizeof *loaded->contents, "a state", &loaded->contents);
    if (!status) status = train_file_read_state(file, path, state, &labels, loaded->contents);
    if (!status)
        snprintf(loaded->identity.checksum, sizeof loaded->identity.checksum, "%s",
                 labels.checksum);
    if (!status) status = core_wrap(check_progress(loader, loaded->progress), "%s", path);
    train_labels_free(&labels);
    h5_close(&file);
    return status;
}

static shs_status load_named(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest, const struct train_state *state,
                             struct loaded *loaded)
{
    char *path;
    if (!*latest->saved.name) return SHS_OK;
    loaded->found = true;
    memcpy(loaded->identity.name, latest->saved.name, sizeof loaded->identity.name);
    shs_status status = io_join(folder, latest->saved.name, &path);
    if (status) return status;
    status = train_folder_check(path, &latest->saved);
    if (!status) status = read_file(loader, path, state, loaded);
    core_free(&path);
    return train_folder_advise(folder, latest, status);
}

/* Rank 0 also claims the folder for the run, and makes it. */
static shs_status load_and_claim(shs_loader *loader, const char *folder,
                                 const struct train_state *state, struct loaded *loaded)
{
    struct train_claims *claims;
    struct train_claim *claim;
    struct train_latest latest;
    shs_status status = train_claims_of(loader, &claims);
    if (!status) status = train_claim_take(claims, folder, false, &claim);
    if (!status) status = train_folder_read(folder, &latest);
    if (!status) status = load_named(loader, folder, &latest, state, loaded);
    /* A run that begins will save in this folder. An error now is better than an error after its
     * first epoch. */
    if (!status && !loaded->found) status = io_make_writable_folder(folder);
    if (!status) train_claim_note(claim, latest.owner);
    return status;
}

/* The other ranks leave the folder alone. */
static shs_status load_only(const shs_loader *loader, const char *folder,
                            const struct train_state *state, struct loaded *loaded)
{
    struct train_latest latest;
    shs_status status = train_folder_read(folder, &latest);
    return status ? status : load_named(loader, folder, &latest, state, loaded);
}

static shs_status load_latest(shs_loader *loader, const char *folder,
                              const struct train_state *state, struct loaded *loaded)
{
    const shs_run *run = loader->dataset->run;
    if (run->rank == 0) return load_and_claim(loader, folder, state, loaded);
    return mpi_moves_large_data(run) ? SHS_OK : load_only(loader, folder, state, loaded);
}

/* ---- All ranks. */

/* Collective. Compares the checkpoints that the ranks have read, each by itself. */
static shs_status compare_loaded(shs_run *run, const char *folder, const struct loaded *loaded)
{
    const struct identity *own = &loaded->identity;
    struct identity first = *own;
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
                              const struct loaded *loaded)
{
    shs_status status = SHS_OK;
    for (size_t t = 0; t < state->count && !status; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        if (loaded->contents) memcpy(tensor->data, loaded->contents[t], train_tensor_bytes(tensor));
        if (mpi_moves_large_data(run))
            status = mpi_broadcast(run, tensor->data, train_tensor_bytes(tensor));
    }
    return status;
}

/* Collective. Brings what rank 0 has read to every rank. */
static shs_status share(shs_loader *loader, const struct train_state *state,
                        const struct loaded *loaded)
{
    shs_run *run = loader->dataset->run;
    uint64_t found = loaded->found, progress[TRAIN_PROGRESS_NUMBERS];
    memcpy(progress, loaded->progress, sizeof progress);
    shs_status status = mpi_broadcast(run, &found, sizeof found);
    if (status) return status;
    if (!found) return SHS_NO_CHECKPOINT;
    status = mpi_broadcast(run, progress, sizeof progress);
    if (!status) status = share_state(run, state, loaded);
    if (status) return status;
    load_go(loader, cursor_of(progress));
    load_go_on(loader, progress + TRAIN_LEDGER);
    loader->origin = origin_of(progress);
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
    const struct train_state state = {tensors, count};
    struct loaded loaded = {0};
    char digest[CORE_DIGEST_TEXT] = "";
    status = check_restore(run, folder, &state, digest);
    mpi_member_settled(run, &loader->member);
    status = mpi_settle(run, status, "shs_restore(folder %s, %zu tensors, shapes %s)",
                        train_folder_label(folder).text, count, digest);
    if (status) return status;
    status = load_latest(loader, folder, &state, &loaded);
    status = mpi_agree(run, core_wrap(status, "shs_restore"), "shs_restore");
    if (!status) status = compare_loaded(run, folder, &loaded);
    if (!status) status = share(loader, &state, &loaded);
    free_loaded(&state, &loaded);
    return status;
}
