/* Checkpoints: rank 0 writes and reads, all ranks agree. */
#include "shardstep/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "core_text.h"
#include "h5_file.h"
#include "h5_write.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_folder.h"
#include "train_claim.h"
#include "train_saved.h"

enum {
    STATE_NAME_BYTES = 256
};

#define OPEN_IT "open it with shs_loader_open()"

/* The program's tensors. */
struct state {
    const shs_tensor *tensors;
    size_t count;
};

static shs_status check_tensor(const struct state *state, size_t t)
{
    const shs_tensor *tensor = &state->tensors[t];
    size_t bytes;
    if (!tensor->name || !*tensor->name || strlen(tensor->name) >= STATE_NAME_BYTES ||
        strchr(tensor->name, '/'))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "tensor %zu of the state needs a name of 1 to %d bytes without '/'", t,
                         STATE_NAME_BYTES - 1);
    for (size_t other = 0; other < t; other++)
        if (!strcmp(state->tensors[other].name, tensor->name))
            return core_fail(SHS_ERROR_ARGUMENT, "two tensors of the state are named %s",
                             tensor->name);
    if (!tensor->data)
        return core_fail(SHS_ERROR_ARGUMENT, "tensor %s of the state has no data", tensor->name);
    return shs_tensor_bytes(tensor, &bytes);
}

static shs_status check_state(const struct state *state, const char *folder)
{
    if (!folder || !*folder) return core_fail(SHS_ERROR_ARGUMENT, "no folder is given");
    if (state->count && !state->tensors)
        return core_fail(SHS_ERROR_ARGUMENT, "state is NULL, but count is %zu; give both or none",
                         state->count);
    for (size_t t = 0; t < state->count; t++) {
        shs_status status = check_tensor(state, t);
        if (status) return status;
    }
    return SHS_OK;
}

/* A folder's path as ranks compare it. A long one is cut off behind a number that all of it went
 * into (FNV-1a of Fowler, Noll, Vo). */
struct place {
    char text[160];
};

static struct place place_of(const char *folder)
{
    struct place place = {""};
    if (folder && strlen(folder) < sizeof place.text)
        snprintf(place.text, sizeof place.text, "%s", folder);
    else if (folder)
        snprintf(place.text, sizeof place.text, "%016llx: %.130s...", (ull)core_hash_text(folder),
                 folder);
    return place;
}

static uint64_t bytes_of(const shs_tensor *tensor)
{
    size_t bytes = 0;
    shs_status status = shs_tensor_bytes(tensor, &bytes); /* checked in check_state() */
    return status ? 0 : bytes;
}

static void hash_shape(struct core_hash *hash, const shs_tensor *tensor)
{
    uint64_t head[2] = {(uint64_t)tensor->type, tensor->axes};
    core_hash_add(hash, tensor->name, strlen(tensor->name) + 1);
    core_hash_add_elements(hash, head, 2, sizeof *head);
    core_hash_add_elements(hash, tensor->shape, tensor->axes, sizeof *tensor->shape);
}

/* How far the run has come, as a checkpoint keeps it. */
enum progress {
    EPOCH,
    EPOCH_STEP,
    STEP,
    ORIGIN_EPOCH,
    ORIGIN_STEP,
    LEDGER,
    N_PROGRESS = LEDGER + LOAD_LEDGER_NUMBERS
};

static void note_progress(const shs_loader *loader, uint64_t progress[N_PROGRESS])
{
    progress[EPOCH] = loader->cursor.epoch;
    progress[EPOCH_STEP] = loader->cursor.epoch_step;
    progress[STEP] = loader->cursor.step;
    progress[ORIGIN_EPOCH] = loader->origin.epoch;
    progress[ORIGIN_STEP] = loader->origin.step;
}

static shs_cursor cursor_of(const uint64_t progress[N_PROGRESS])
{
    return (shs_cursor){progress[EPOCH], progress[EPOCH_STEP], progress[STEP]};
}

static struct order_origin origin_of(const uint64_t progress[N_PROGRESS])
{
    return (struct order_origin){progress[ORIGIN_EPOCH], progress[ORIGIN_STEP]};
}

/* A digest of names, types and shapes; of the content too where `contents` gives it, and of what
 * else a checkpoint holds where `fingerprint` is given. */
static shs_status digest_state(const struct state *state, void *const *contents,
                               const uint64_t *progress, size_t n_progress, const char *fingerprint,
                               char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t t = 0; t < state->count; t++) {
        size_t size = shs_type_size(state->tensors[t].type);
        hash_shape(hash, &state->tensors[t]);
        if (contents)
            core_hash_add_elements(hash, contents[t], bytes_of(&state->tensors[t]) / size, size);
    }
    if (fingerprint) {
        core_hash_add_elements(hash, progress, n_progress, sizeof *progress);
        core_hash_add(hash, fingerprint, strlen(fingerprint));
    }
    core_hash_finish(&hash, text);
    return SHS_OK;
}

/* One "tensor NAME = TYPE SHAPE" a line. */
static shs_status list_tensors(const struct state *state, char **list)
{
    struct core_text text = {0};
    for (size_t t = 0; t < state->count; t++) {
        core_text_add(&text, "tensor %s = ", state->tensors[t].name);
        core_text_add_shape(&text, &state->tensors[t]);
        core_text_add(&text, "\n");
    }
    return core_text_take(&text, list);
}

/* What a checkpoint says of itself beside its tensors. */
struct labels {
    char *fingerprint;
    char *tensors;
    char checksum[CORE_DIGEST_TEXT];
    uint64_t progress[N_PROGRESS];
};

static void free_labels(struct labels *labels)
{
    core_free(&labels->fingerprint);
    core_free(&labels->tensors);
}

static shs_status write_contents(struct h5_writer *writer, const struct state *state,
                                 const struct labels *labels)
{
    static const struct h5_storage contiguous = {0};
    shs_status status = h5_write_u64(writer, "progress", labels->progress, N_PROGRESS);
    if (!status) status = h5_write_text(writer, "fingerprint", labels->fingerprint);
    if (!status) status = h5_write_text(writer, "tensors", labels->tensors);
    if (!status) status = h5_write_text(writer, "checksum", labels->checksum);
    for (size_t t = 0; t < state->count && !status; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        char name[STATE_NAME_BYTES + 8];
        snprintf(name, sizeof name, "state/%s", tensor->name);
        status = h5_create_array(writer, name, tensor, &contiguous);
        if (!status && bytes_of(tensor))
            status = h5_write_rows(writer, tensor->axes ? tensor->shape[0] : 1, tensor->data);
    }
    return status;
}

static shs_status write_file(const char *path, const struct state *state,
                             const struct labels *labels)
{
    struct h5_writer *writer = NULL;
    char *temporary = NULL;
    shs_status status = io_temporary_name(path, &temporary);
    if (status) return status;
    status = h5_create(temporary, &writer);
    if (!status) status = write_contents(writer, state, labels);
    if (!status)
        status = h5_finish(&writer);
    else
        h5_abandon(&writer);
    if (!status) status = io_commit(temporary, path);
    if (status) io_discard(temporary, status);
    core_free(&temporary);
    return status;
}

static shs_status check_room(const struct state *state, const char *folder)
{
    enum {
        OVERHEAD = 1 << 16
    };
    uint64_t bytes = OVERHEAD;
    for (size_t t = 0; t < state->count; t++)
        bytes += bytes_of(&state->tensors[t]);
    return io_check_room(folder, bytes);
}

static shs_status contents_of(const struct state *state, void ***contents)
{
    shs_status status = core_new(state->count, sizeof **contents, "a state", contents);
    for (size_t t = 0; t < state->count && !status; t++)
        (*contents)[t] = state->tensors[t].data;
    return status;
}

static shs_status make_labels(const shs_loader *loader, const struct state *state,
                              struct labels *labels)
{
    void **contents = NULL;
    shs_status status = load_fingerprint(loader, &labels->fingerprint);
    if (!status) status = list_tensors(state, &labels->tensors);
    if (!status) status = contents_of(state, &contents);
    if (!status)
        status = digest_state(state, contents, labels->progress, N_PROGRESS, labels->fingerprint,
                              labels->checksum);
    core_free(&contents);
    return status;
}

/* A `latest` that was written, but could not be made durable, may name the file: it must stay. */
static shs_status discard(const char *folder, const char *path, const struct train_latest *saved,
                          shs_status status)
{
    char message[CORE_MESSAGE_BYTES];
    struct train_latest now;
    if (status != SHS_ERROR_FILE) return io_discard(path, status);
    snprintf(message, sizeof message, "%s", shs_message());
    if (!train_folder_read(folder, &now) && strcmp(now.saved.name, saved->saved.name) != 0)
        io_discard(path, status);
    return core_tell(status, message, true, false);
}

/* The file first, then the pointer to it: whoever reads in between finds the one before. */
static shs_status write_checkpoint(const shs_loader *loader, const char *folder,
                                   const struct state *state, const struct labels *labels,
                                   struct train_latest *saved)
{
    char *path;
    shs_status status = train_folder_free_name(folder, loader->cursor.step, saved->saved.name);
    if (!status) status = io_join(folder, saved->saved.name, &path);
    if (status) return status;
    status = write_file(path, state, labels);
    if (!status) status = io_checksum(path, saved->saved.checksum);
    if (!status) status = train_folder_point(folder, saved);
    if (status) discard(folder, path, saved, status);
    core_free(&path);
    return status;
}

static shs_status save_in_folder(shs_loader *loader, const char *folder, const struct state *state,
                                 const struct labels *labels)
{
    struct train_claims *claims;
    struct train_claim *claim;
    struct train_latest latest, saved = {0};
    shs_status status = train_claims_of(loader, &claims);
    if (!status) status = train_claim_take(claims, folder, true, &claim);
    if (!status) status = train_folder_read(folder, &latest);
    if (!status) status = train_claim_check(claims, claim, folder, &latest);
    if (!status && train_claim_is_new(claim)) status = train_saved_check(loader, folder, &latest);
    if (!status) status = train_claim_begin(claims, claim, folder, &latest);
    if (status) return status;
    saved.before = latest.saved;
    memcpy(saved.owner, claims->owner, sizeof saved.owner);
    status = write_checkpoint(loader, folder, state, labels, &saved);
    if (status) return status;
    train_claim_note(claim, saved.owner);
    return train_folder_prune(folder, &saved);
}

static shs_status save_local(shs_loader *loader, const char *folder, const struct state *state,
                             const uint64_t *ledger)
{
    struct labels labels = {0};
    note_progress(loader, labels.progress);
    memcpy(labels.progress + LEDGER, ledger, LOAD_LEDGER_NUMBERS * sizeof *ledger);
    shs_status status = make_labels(loader, state, &labels);
    if (!status) status = io_make_writable_folder(folder);
    if (!status) status = check_room(state, folder);
    if (!status) status = save_in_folder(loader, folder, state, &labels);
    free_labels(&labels);
    return core_wrap(status, "shs_save");
}

/* What a tensor holds, for comparing ranks. */
struct content {
    char digest[CORE_DIGEST_TEXT];
};

static shs_status digest_contents(const struct state *state, struct content **contents)
{
    shs_status status = core_new(state->count, sizeof **contents, "digests", contents);
    for (size_t t = 0; t < state->count && !status; t++) {
        struct core_hash *hash;
        const shs_tensor *tensor = &state->tensors[t];
        size_t size = shs_type_size(tensor->type);
        status = core_hash_new(&hash);
        if (status) break;
        core_hash_add_elements(hash, tensor->data, bytes_of(tensor) / size, size);
        core_hash_finish(&hash, (*contents)[t].digest);
    }
    return status;
}

/* Collective. Refuses tensors that do not hold what they hold on rank 0. */
static shs_status compare_contents(shs_run *run, const struct state *state,
                                   const struct content *contents)
{
    shs_status differs = SHS_OK;
    for (size_t t = 0; t < state->count; t++) {
        struct content first = contents[t];
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

/* What every rank must hold alike: the cursor, and the tensors' names, types and shapes; and a
 * digest of what each of them holds. */
static shs_status check_save(const shs_loader *loader, const char *folder,
                             const struct state *state, char digest[CORE_DIGEST_TEXT],
                             struct content **contents)
{
    uint64_t progress[N_PROGRESS];
    shs_status status = check_state(state, folder);
    if (!status && loader->handed)
        status = core_fail(SHS_ERROR_STATE,
                           "step %llu has batches that this rank has not taken yet; save after a "
                           "batch with ends_step",
                           (ull)loader->cursor.step);
    if (!status) status = load_check_files(loader);
    if (!status) status = digest_contents(state, contents);
    note_progress(loader, progress);
    if (!status) status = digest_state(state, NULL, progress, LEDGER, "", digest);
    return core_wrap(status, "shs_save");
}

shs_status shs_save(shs_loader *loader, const char *folder, const shs_tensor *tensors, size_t count)
{
    shs_status status = core_require(loader, "shs_save", "loader", OPEN_IT);
    if (status) return status;
    shs_run *run = loader->dataset->run;
    const struct state state = {tensors, count};
    const struct place place = place_of(folder);
    struct content *contents = NULL;
    char digest[CORE_DIGEST_TEXT] = "";
    uint64_t ledger[LOAD_LEDGER_NUMBERS];
    status = check_save(loader, folder, &state, digest, &contents);
    status = mpi_settle(run, status, "shs_save(folder %s, step %llu, %zu tensors, shapes %s)",
                        place.text, (ull)loader->cursor.step, count, digest);
    if (!status) status = compare_contents(run, &state, contents);
    core_free(&contents);
    if (!status) status = load_ledger(loader, ledger);
    if (status) return status;
    if (run->rank == 0) status = save_local(loader, folder, &state, ledger);
    return mpi_agree(run, status, "shs_save");
}

/* What rank 0 has read of a checkpoint. */
struct loaded {
    bool found;
    uint64_t progress[N_PROGRESS];
    void **contents; /* of each tensor */
};

static void free_loaded(const struct state *state, struct loaded *loaded)
{
    for (size_t t = 0; loaded->contents && t < state->count; t++)
        core_free(&loaded->contents[t]);
    core_free(&loaded->contents);
}

static shs_status read_contents(struct h5_file *file, const struct state *state,
                                struct loaded *loaded)
{
    shs_status status =
        core_new(state->count, sizeof *loaded->contents, "a state", &loaded->contents);
    for (size_t t = 0; t < state->count && !status; t++) {
        shs_tensor tensor = state->tensors[t];
        char name[STATE_NAME_BYTES + 8];
        snprintf(name, sizeof name, "state/%s", tensor.name);
        status = core_new(bytes_of(&tensor), 1, "a state", &loaded->contents[t]);
        tensor.data = loaded->contents[t];
        if (!status) status = h5_read_tensor(file, name, &tensor);
    }
    return status;
}

static shs_status check_contents(const struct state *state, const struct loaded *loaded,
                                 const struct labels *labels, const char *stored, const char *path)
{
    char checksum[CORE_DIGEST_TEXT];
    shs_status status = digest_state(state, loaded->contents, labels->progress, N_PROGRESS,
                                     labels->fingerprint, checksum);
    if (status || !strcmp(stored, checksum)) return status;
    return core_fail(SHS_ERROR_FORMAT, "%s is damaged: its content has checksum %s, not %s", path,
                     checksum, stored);
}

/* Both lists are of the run's: what the checkpoint has, and what the program has. */
static shs_status check_labels(const shs_loader *loader, const struct state *state,
                               const struct labels *labels, uint64_t progress[N_PROGRESS])
{
    char *own = NULL;
    bool other_batch = false, differs;
    shs_status status = load_fingerprint(loader, &own);
    if (!status)
        status = load_fingerprint_check(labels->fingerprint, own, progress[EPOCH_STEP] == 0,
                                        &other_batch);
    if (other_batch) { /* from here on */
        progress[ORIGIN_EPOCH] = progress[EPOCH];
        progress[ORIGIN_STEP] = progress[STEP];
    }
    core_free(&own);
    if (!status) status = list_tensors(state, &own);
    if (!status) status = load_fingerprint_check(labels->tensors, own, false, &differs);
    core_free(&own);
    return status;
}

static shs_status read_labels(struct h5_file *file, struct labels *labels, char **stored)
{
    shs_status status = h5_read_text(file, "fingerprint", &labels->fingerprint);
    if (!status) status = h5_read_text(file, "tensors", &labels->tensors);
    if (!status) status = h5_read_text(file, "checksum", stored);
    if (!status) status = h5_read_u64(file, "progress", labels->progress, N_PROGRESS);
    return status;
}

static shs_status check_progress(const shs_loader *loader, const uint64_t progress[N_PROGRESS])
{
    return order_check_cursor(&loader->plan.order.order.shape, loader->options.epochs,
                              origin_of(progress), cursor_of(progress));
}

static shs_status read_file(const shs_loader *loader, const char *path, const struct state *state,
                            struct loaded *loaded)
{
    struct h5_file *file = NULL;
    struct labels labels = {0};
    char *stored = NULL;
    shs_status status = h5_open(path, &file);
    if (!status) status = read_labels(file, &labels, &stored);
    memcpy(loaded->progress, labels.progress, sizeof loaded->progress);
    if (!status)
        status = core_wrap(check_labels(loader, state, &labels, loaded->progress), "%s", path);
    if (!status) status = read_contents(file, state, loaded);
    if (!status) status = check_contents(state, loaded, &labels, stored, path);
    if (!status) status = core_wrap(check_progress(loader, loaded->progress), "%s", path);
    core_free(&stored);
    free_labels(&labels);
    h5_close(&file);
    return status;
}

static shs_status load_named(const shs_loader *loader, const char *folder,
                             const struct train_latest *latest, const struct state *state,
                             struct loaded *loaded)
{
    char *path;
    if (!*latest->saved.name) return SHS_OK;
    loaded->found = true;
    shs_status status = io_join(folder, latest->saved.name, &path);
    if (status) return status;
    status = train_folder_check(path, &latest->saved);
    if (!status) status = read_file(loader, path, state, loaded);
    core_free(&path);
    return train_folder_advise(folder, latest, status);
}

static shs_status load_latest(shs_loader *loader, const char *folder, const struct state *state,
                              struct loaded *loaded)
{
    struct train_claims *claims;
    struct train_claim *claim;
    struct train_latest latest;
    shs_status status = train_claims_of(loader, &claims);
    if (!status) status = train_claim_take(claims, folder, false, &claim);
    if (!status) status = train_folder_read(folder, &latest);
    if (!status) status = load_named(loader, folder, &latest, state, loaded);
    /* a run that begins will save there: better told now than after its first epoch */
    if (!status && !loaded->found) status = io_make_writable_folder(folder);
    if (!status) train_claim_note(claim, latest.owner);
    return status;
}

/* Nothing but the MPI library can fail from here on. */
static shs_status share_state(shs_run *run, const struct state *state, const struct loaded *loaded)
{
    shs_status status = SHS_OK;
    for (size_t t = 0; t < state->count && !status; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        if (run->rank == 0) memcpy(tensor->data, loaded->contents[t], bytes_of(tensor));
        status = mpi_broadcast(run, tensor->data, bytes_of(tensor));
    }
    return status;
}

static shs_status share(shs_loader *loader, const struct state *state, const struct loaded *loaded)
{
    shs_run *run = loader->dataset->run;
    uint64_t found = loaded->found, progress[N_PROGRESS];
    memcpy(progress, loaded->progress, sizeof progress);
    shs_status status = mpi_broadcast(run, &found, sizeof found);
    if (status) return status;
    if (!found) return SHS_NO_CHECKPOINT;
    status = mpi_broadcast(run, progress, sizeof progress);
    if (!status) status = share_state(run, state, loaded);
    if (status) return status;
    load_go(loader, cursor_of(progress));
    load_go_on(loader, progress + LEDGER);
    loader->origin = origin_of(progress);
    return SHS_OK;
}

shs_status shs_restore(shs_loader *loader, const char *folder, const shs_tensor *tensors,
                       size_t count)
{
    shs_status status = core_require(loader, "shs_restore", "loader", OPEN_IT);
    if (status) return status;
    shs_run *run = loader->dataset->run;
    const struct state state = {tensors, count};
    const struct place place = place_of(folder);
    struct loaded loaded = {0};
    char digest[CORE_DIGEST_TEXT] = "";
    status = check_state(&state, folder);
    if (!status) status = digest_state(&state, NULL, NULL, 0, NULL, digest);
    mpi_member_settled(run, &loader->member);
    status =
        mpi_settle(run, core_wrap(status, "shs_restore"),
                   "shs_restore(folder %s, %zu tensors, shapes %s)", place.text, count, digest);
    if (status) return status;
    if (run->rank == 0) status = load_latest(loader, folder, &state, &loaded);
    status = mpi_agree(run, core_wrap(status, "shs_restore"), "shs_restore");
    if (!status) status = share(loader, &state, &loaded);
    free_loaded(&state, &loaded);
    return status;
}
