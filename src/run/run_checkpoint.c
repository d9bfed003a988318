/* Checkpoints: rank 0 writes and reads, all ranks agree. */
#include "shardstep/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "core_text.h"
#include "h5_file.h"
#include "h5_write.h"
#include "io_file.h"
#include "run_loader.h"

enum {
    KEPT = 2,
    STATE_NAME_BYTES = 256
};

typedef unsigned long long ull;

/* The program's tensors. */
struct state {
    const shs_tensor *tensors;
    size_t count;
};

static const char prefix[] = "step-", suffix[] = ".h5";

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
    for (size_t t = 0; t < state->count; t++) {
        shs_status status = check_tensor(state, t);
        if (status) return status;
    }
    return SHS_OK;
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

/* A digest of names, types and shapes; of the content too where `contents` gives it, and of what
 * else a checkpoint holds where `fingerprint` is given. */
static shs_status digest_state(const struct state *state, void *const *contents,
                               const shs_cursor *cursor, const char *fingerprint,
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
        uint64_t values[3] = {cursor->epoch, cursor->epoch_step, cursor->step};
        core_hash_add_elements(hash, values, 3, sizeof *values);
        core_hash_add(hash, fingerprint, strlen(fingerprint));
    }
    struct core_digest digest = core_hash_digest(hash);
    core_digest_text(&digest, text);
    core_hash_free(&hash);
    return SHS_OK;
}

static shs_status path_of_step(const char *folder, uint64_t step, char **path)
{
    struct core_text text = {0};
    core_text_add(&text, "%s/%s%010llu%s", folder, prefix, (ull)step, suffix);
    *path = text.bytes;
    if (text.status) core_text_free(&text);
    return text.status;
}

/* The step in a checkpoint's file name; false for a name that shs_save() does not give. */
static bool step_of_name(const char *name, uint64_t *step)
{
    char digits[24], canonical[48];
    if (strncmp(name, prefix, sizeof prefix - 1)) return false;
    size_t length = strspn(name + sizeof prefix - 1, "0123456789");
    if (length == 0 || length >= sizeof digits) return false;
    memcpy(digits, name + sizeof prefix - 1, length);
    digits[length] = '\0';
    if (!core_parse_u64(digits, step)) return false;
    snprintf(canonical, sizeof canonical, "%s%010llu%s", prefix, (ull)*step, suffix);
    return strcmp(name, canonical) == 0;
}

/* The newest steps of a folder, newest first. */
struct newest {
    uint64_t steps[KEPT];
    size_t count;
    uint64_t below; /* only steps below this one, if not 0 */
};

static void note_step(const char *name, void *user)
{
    struct newest *newest = user;
    uint64_t step;
    if (!step_of_name(name, &step) || (newest->below && step >= newest->below)) return;
    for (size_t i = 0; i < KEPT; i++)
        if (i >= newest->count || step > newest->steps[i]) {
            uint64_t moved = newest->steps[i];
            bool more = i < newest->count;
            newest->steps[i] = step;
            if (!more) {
                newest->count = i + 1;
                return;
            }
            step = moved;
        }
}

/* Removes all but the newest checkpoints. */
static shs_status prune(const char *folder)
{
    for (;;) {
        struct newest newest = {0}, older = {0};
        char *path;
        shs_status status = io_list(folder, note_step, &newest);
        if (status || newest.count < KEPT) return status;
        older.below = newest.steps[KEPT - 1];
        if (!older.below) return SHS_OK;
        status = io_list(folder, note_step, &older);
        if (status || !older.count) return status;
        status = path_of_step(folder, older.steps[0], &path);
        if (!status) status = io_remove(path);
        core_free(&path);
        if (status) return status;
    }
}

static shs_status write_contents(struct h5_writer *writer, const struct state *state,
                                 const shs_cursor *cursor, const char *fingerprint,
                                 const char *checksum)
{
    static const struct h5_storage contiguous = {0};
    uint64_t values[3] = {cursor->epoch, cursor->epoch_step, cursor->step};
    shs_status status = h5_write_u64(writer, "cursor", values, 3);
    if (!status) status = h5_write_text(writer, "fingerprint", fingerprint);
    if (!status) status = h5_write_text(writer, "checksum", checksum);
    for (size_t t = 0; t < state->count && !status; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        char name[STATE_NAME_BYTES + 8];
        snprintf(name, sizeof name, "state/%s", tensor->name);
        status = h5_create_field(writer, name, tensor, &contiguous);
        if (!status && bytes_of(tensor))
            status = h5_write_rows(writer, tensor->axes ? tensor->shape[0] : 1, tensor->data);
    }
    return status;
}

static shs_status write_file(const char *path, const struct state *state, const shs_cursor *cursor,
                             const char *fingerprint, const char *checksum)
{
    struct h5_writer *writer = NULL;
    char *temporary = NULL;
    shs_status status = io_temporary_name(path, &temporary);
    if (status) return status;
    status = h5_create(temporary, &writer);
    if (!status) status = write_contents(writer, state, cursor, fingerprint, checksum);
    if (!status)
        status = h5_finish(&writer);
    else
        h5_abandon(&writer);
    if (!status) status = io_commit(temporary, path);
    if (status) {
        char reason[CORE_MESSAGE_BYTES]; /* a failure to clean up must not hide the first one */
        memcpy(reason, shs_message(), strlen(shs_message()) + 1);
        if (io_remove(temporary)) core_tell(status, reason, true, false);
    }
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

static shs_status save_local(const shs_loader *loader, const char *folder,
                             const struct state *state)
{
    char *fingerprint = NULL, *path = NULL, checksum[CORE_DIGEST_TEXT];
    void **contents = NULL;
    shs_status status = run_fingerprint(loader, &fingerprint);
    if (!status) status = contents_of(state, &contents);
    if (!status) status = digest_state(state, contents, &loader->cursor, fingerprint, checksum);
    if (!status) status = io_make_folder(folder);
    if (!status) status = check_room(state, folder);
    if (!status) status = path_of_step(folder, loader->cursor.step, &path);
    if (!status) status = write_file(path, state, &loader->cursor, fingerprint, checksum);
    if (!status) status = prune(folder);
    core_free(&contents);
    core_free(&fingerprint);
    core_free(&path);
    return core_wrap(status, "shs_save");
}

/* What every rank must hold alike: the cursor and the whole content. */
static shs_status check_save(const shs_loader *loader, const char *folder,
                             const struct state *state, char digest[CORE_DIGEST_TEXT])
{
    void **contents = NULL;
    shs_status status = check_state(state, folder);
    if (!status && loader->handed)
        status = core_fail(SHS_ERROR_STATE,
                           "step %llu has batches that this rank has not taken yet; save after a "
                           "batch with ends_step",
                           (ull)loader->cursor.step);
    if (!status) status = contents_of(state, &contents);
    if (!status) status = digest_state(state, contents, &loader->cursor, "", digest);
    core_free(&contents);
    return core_wrap(status, "shs_save");
}

shs_status shs_save(shs_loader *loader, const char *folder, const shs_tensor *tensors, size_t count)
{
    shs_run *run = loader->dataset->run;
    const struct state state = {tensors, count};
    char digest[CORE_DIGEST_TEXT] = "", call[128];
    shs_status status = check_save(loader, folder, &state, digest);
    snprintf(call, sizeof call, "shs_save(step %llu, %zu tensors with content %s)",
             (ull)loader->cursor.step, count, digest);
    status = mpi_settle(run, call, status);
    if (status) return status;
    if (run->rank == 0) status = save_local(loader, folder, &state);
    return mpi_agree(run, status, "shs_save");
}

/* What rank 0 has read of a checkpoint. */
struct loaded {
    bool found;
    shs_cursor cursor;
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
                                 const char *fingerprint, const char *stored, const char *path)
{
    char checksum[CORE_DIGEST_TEXT];
    shs_status status =
        digest_state(state, loaded->contents, &loaded->cursor, fingerprint, checksum);
    if (status || !strcmp(stored, checksum)) return status;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is damaged: its content has checksum %s, not %s; remove it to go on from "
                     "the checkpoint before it",
                     path, checksum, stored);
}

static shs_status read_file(const shs_loader *loader, const char *path, const struct state *state,
                            struct loaded *loaded)
{
    struct h5_file *file = NULL;
    char *fingerprint = NULL, *stored = NULL;
    uint64_t values[3] = {0};
    shs_status status = h5_open(path, &file);
    if (!status) status = h5_read_text(file, "fingerprint", &fingerprint);
    if (!status) status = h5_read_text(file, "checksum", &stored);
    if (!status) status = h5_read_u64(file, "cursor", values, 3);
    loaded->cursor = (shs_cursor){values[0], values[1], values[2]};
    if (!status) status = core_wrap(run_fingerprint_check(loader, fingerprint), "%s", path);
    if (!status) status = read_contents(file, state, loaded);
    if (!status) status = check_contents(state, loaded, fingerprint, stored, path);
    if (!status)
        status = core_wrap(order_check_cursor(&loader->shape, loader->epochs, loaded->cursor), "%s",
                           path);
    core_free(&fingerprint);
    core_free(&stored);
    h5_close(&file);
    return status;
}

static shs_status load_newest(const shs_loader *loader, const char *folder,
                              const struct state *state, struct loaded *loaded)
{
    struct newest newest = {0};
    char *path;
    if (!io_exists(folder)) return SHS_OK;
    shs_status status = io_list(folder, note_step, &newest);
    if (status || !newest.count) return status;
    loaded->found = true;
    status = path_of_step(folder, newest.steps[0], &path);
    if (!status) status = read_file(loader, path, state, loaded);
    core_free(&path);
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
    uint64_t head[4] = {loaded->found, loaded->cursor.epoch, loaded->cursor.epoch_step,
                        loaded->cursor.step};
    shs_status status = mpi_broadcast(run, head, sizeof head);
    if (status) return status;
    if (!head[0]) return SHS_NO_CHECKPOINT;
    status = share_state(run, state, loaded);
    if (!status) run_loader_go(loader, (shs_cursor){head[1], head[2], head[3]});
    return status;
}

shs_status shs_restore(shs_loader *loader, const char *folder, const shs_tensor *tensors,
                       size_t count)
{
    shs_run *run = loader->dataset->run;
    const struct state state = {tensors, count};
    struct loaded loaded = {0};
    char digest[CORE_DIGEST_TEXT] = "";
    shs_status status = check_state(&state, folder);
    if (!status) status = digest_state(&state, NULL, NULL, NULL, digest);
    status = mpi_agree(run, core_wrap(status, "shs_restore"), "shs_restore(%zu tensors, shapes %s)",
                       count, digest);
    if (status) return status;
    if (run->rank == 0) status = load_newest(loader, folder, &state, &loaded);
    status = mpi_agree(run, core_wrap(status, "shs_restore"), "shs_restore");
    if (!status) status = share(loader, &state, &loaded);
    free_loaded(&state, &loaded);
    return status;
}
