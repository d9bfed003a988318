#include "train_file.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_write.h"
#include "io_durable.h"

void train_labels_free(struct train_labels *labels)
{
    core_free(&labels->fingerprint);
    core_free(&labels->tensors);
    core_free(&labels->checksum);
}

void train_progress_note(const shs_loader *loader, uint64_t progress[TRAIN_PROGRESS_NUMBERS])
{
    progress[TRAIN_EPOCH] = loader->cursor.epoch;
    progress[TRAIN_EPOCH_STEP] = loader->cursor.epoch_step;
    progress[TRAIN_STEP] = loader->cursor.step;
    progress[TRAIN_ORIGIN_EPOCH] = loader->origin.epoch;
    progress[TRAIN_ORIGIN_STEP] = loader->origin.step;
}

/* The checksum of a checkpoint whose tensors have these contents. */
static shs_status digest_file(const struct train_state *state, void *const *contents,
                              const struct train_labels *labels, char checksum[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    train_state_hash(state, contents, hash);
    core_hash_add_elements(hash, labels->progress, TRAIN_PROGRESS_NUMBERS,
                           sizeof *labels->progress);
    core_hash_add(hash, labels->fingerprint, strlen(labels->fingerprint));
    core_hash_finish(&hash, checksum);
    return SHS_OK;
}

static shs_status digest_program(const struct train_state *state, const struct train_labels *labels,
                                 char checksum[CORE_DIGEST_TEXT])
{
    void **contents = NULL;
    shs_status status = core_new(state->count, sizeof *contents, "a state", &contents);
    if (status) return status;
    for (size_t t = 0; t < state->count; t++)
        contents[t] = state->tensors[t].data;
    status = digest_file(state, contents, labels, checksum);
    core_free(&contents);
    return status;
}

shs_status train_labels_make(const shs_loader *loader, const struct train_state *state,
                             struct train_labels *labels)
{
    char checksum[CORE_DIGEST_TEXT];
    shs_status status = load_fingerprint(loader, &labels->fingerprint);
    if (!status) status = train_state_list(state, &labels->tensors);
    if (!status) status = digest_program(state, labels, checksum);
    if (!status) status = core_copy(checksum, &labels->checksum);
    return status;
}

/* The name of a tensor's array in the file. */
struct array_name {
    char text[TRAIN_TENSOR_NAME_BYTES + 8];
};

static struct array_name array_of(const shs_tensor *tensor)
{
    struct array_name name;
    snprintf(name.text, sizeof name.text, "state/%s", tensor->name);
    return name;
}

static shs_status write_state(struct h5_writer *writer, const struct train_state *state)
{
    static const struct h5_storage contiguous = {0};
    for (size_t t = 0; t < state->count; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        shs_status status = h5_create_array(writer, array_of(tensor).text, tensor, &contiguous);
        if (!status && train_tensor_bytes(tensor))
            status = h5_write_rows(writer, tensor->axes ? tensor->shape[0] : 1, tensor->data);
        if (status) return status;
    }
    return SHS_OK;
}

static shs_status write_contents(struct h5_writer *writer, const struct train_state *state,
                                 const struct train_labels *labels)
{
    shs_status status = h5_write_u64(writer, "progress", labels->progress, TRAIN_PROGRESS_NUMBERS);
    if (!status) status = h5_write_text(writer, "fingerprint", labels->fingerprint);
    if (!status) status = h5_write_text(writer, "tensors", labels->tensors);
    if (!status) status = h5_write_text(writer, "checksum", labels->checksum);
    return status ? status : write_state(writer, state);
}

shs_status train_file_write(const char *path, const struct train_state *state,
                            const struct train_labels *labels)
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

shs_status train_file_read_labels(struct h5_file *file, struct train_labels *labels)
{
    shs_status status = h5_read_text(file, "fingerprint", &labels->fingerprint);
    if (!status) status = h5_read_text(file, "tensors", &labels->tensors);
    if (!status) status = h5_read_text(file, "checksum", &labels->checksum);
    if (!status) status = h5_read_u64(file, "progress", labels->progress, TRAIN_PROGRESS_NUMBERS);
    return status;
}

static shs_status check_checksum(const char *path, const struct train_state *state,
                                 void *const *contents, const struct train_labels *labels)
{
    char checksum[CORE_DIGEST_TEXT];
    shs_status status = digest_file(state, contents, labels, checksum);
    if (status || !strcmp(labels->checksum, checksum)) return status;
    return core_fail(SHS_ERROR_FORMAT, "%s is damaged: its content has checksum %s, not %s", path,
                     checksum, labels->checksum);
}

shs_status train_file_read_state(struct h5_file *file, const char *path,
                                 const struct train_state *state, const struct train_labels *labels,
                                 void **contents)
{
    for (size_t t = 0; t < state->count; t++) {
        shs_tensor tensor = state->tensors[t];
        shs_status status = core_new(train_tensor_bytes(&tensor), 1, "a state", &contents[t]);
        tensor.data = contents[t];
        if (!status) status = h5_read_tensor(file, array_of(&tensor).text, &tensor);
        if (status) return status;
    }
    return check_checksum(path, state, contents, labels);
}
