#include "train_file.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_write.h"
#include "io_file.h"

/* The name of the dataset with the digits of the content's checksum. In files of older versions it
 * is an attribute. */
static const char checksum_name[] = "checksum";

static const shs_tensor checksum_shape = {
    .type = SHS_U8, .axes = 1, .shape = {CORE_DIGEST_TEXT - 1}};

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

/* ---- Writing. */

static shs_status place_all(struct h5_writer *writer, const struct train_state *state,
                            struct train_layout *layout)
{
    shs_status status =
        h5_place_array(writer, checksum_name, &checksum_shape, &layout->checksum_place);
    for (size_t t = 0; t < state->count && !status; t++)
        status = h5_place_array(writer, array_of(&state->tensors[t]).text, &state->tensors[t],
                                &layout->place[t]);
    return status;
}

static shs_status write_labels(struct h5_writer *writer, const struct train_labels *labels)
{
    shs_status status = h5_write_u64(writer, "progress", labels->progress, TRAIN_PROGRESS_NUMBERS);
    if (!status) status = h5_write_text(writer, "fingerprint", labels->fingerprint);
    if (!status) status = h5_write_text(writer, "tensors", labels->tensors);
    return status;
}

/* Has HDF5 make the file behind a user block of a size. */
static shs_status make_file(const char *path, const struct train_state *state,
                            const struct train_labels *labels, struct train_layout *layout)
{
    struct h5_writer *writer = NULL;
    shs_status status =
        core_new(state->count, sizeof *layout->place, "places of tensors", &layout->place);
    if (!status) status = h5_create_behind(path, layout->block_bytes, &writer);
    if (!status) status = place_all(writer, state, layout);
    if (!status) status = write_labels(writer, labels);
    if (!status)
        status = h5_finish(&writer);
    else
        h5_abandon(&writer);
    return status ? status : io_size(path, &layout->bytes);
}

/* HDF5 counts its addresses from the end of the user block, so with a larger block the header stays
 * as long as it is. */
shs_status train_file_lay_out(const char *path, const struct train_state *state,
                              const struct train_labels *labels, struct train_layout *layout)
{
    shs_status status = SHS_OK;
    uint64_t needed = TRAIN_BLOCK_BYTES;
    *layout = (struct train_layout){0};
    while (!status && layout->block_bytes < needed) {
        train_layout_free(layout);
        *layout = (struct train_layout){.block_bytes = needed};
        status = make_file(path, state, labels, layout);
        if (!status) status = train_layout_complete(layout, state, labels, &needed);
    }
    return status;
}

/* ---- Reading. */

static shs_status read_checksum(struct h5_file *file, char **checksum)
{
    shs_tensor digits = checksum_shape;
    if (!h5_has(file, checksum_name)) return h5_read_text(file, checksum_name, checksum);
    shs_status status = core_new(CORE_DIGEST_TEXT, 1, "a checksum", checksum);
    digits.data = *checksum;
    return status ? status : h5_read_tensor(file, checksum_name, &digits);
}

shs_status train_file_read_labels(struct h5_file *file, struct train_labels *labels)
{
    shs_status status = h5_read_text(file, "fingerprint", &labels->fingerprint);
    if (!status) status = h5_read_text(file, "tensors", &labels->tensors);
    if (!status) status = read_checksum(file, &labels->checksum);
    if (!status) status = h5_read_u64(file, "progress", labels->progress, TRAIN_PROGRESS_NUMBERS);
    return status;
}

static shs_status check_checksum(const char *path, const struct train_state *state,
                                 void *const *contents, const struct train_labels *labels)
{
    char checksum[CORE_DIGEST_TEXT];
    shs_status status = train_labels_digest(labels, state, contents, checksum);
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
