#include "train_state.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"

static shs_status check_tensor(const struct train_state *state, size_t t)
{
    const shs_tensor *tensor = &state->tensors[t];
    size_t bytes;
    if (!tensor->name || !*tensor->name || strlen(tensor->name) >= TRAIN_TENSOR_NAME_BYTES ||
        strchr(tensor->name, '/'))
        return core_fail(
            SHS_ERROR_ARGUMENT, "tensor %zu (%.40s) needs a name of 1 to %d bytes without '/'", t,
            tensor->name && *tensor->name ? tensor->name : "no name", TRAIN_TENSOR_NAME_BYTES - 1);
    for (size_t other = 0; other < t; other++)
        if (!strcmp(state->tensors[other].name, tensor->name))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "tensors %zu and %zu are both named %s; give each a name of its own",
                             other, t, tensor->name);
    if (!tensor->data)
        return core_fail(SHS_ERROR_ARGUMENT, "tensor %zu (%s) has no data", t, tensor->name);
    return core_wrap(shs_tensor_bytes(tensor, &bytes), "tensor %zu (%s)", t, tensor->name);
}

shs_status train_state_check(const struct train_state *state)
{
    if (state->count && !state->tensors)
        return core_fail(SHS_ERROR_ARGUMENT, "state is NULL, but count is %zu; give both or none",
                         state->count);
    for (size_t t = 0; t < state->count; t++) {
        shs_status status = check_tensor(state, t);
        if (status) return status;
    }
    return SHS_OK;
}

uint64_t train_tensor_bytes(const shs_tensor *tensor)
{
    size_t bytes = 0;
    shs_status status = shs_tensor_bytes(tensor, &bytes); /* train_state_check() saw no error */
    return status ? 0 : bytes;
}

uint64_t train_state_bytes(const struct train_state *state)
{
    uint64_t bytes = 0;
    for (size_t t = 0; t < state->count; t++)
        bytes += train_tensor_bytes(&state->tensors[t]);
    return bytes;
}

shs_status train_state_list(const struct train_state *state, char **list)
{
    struct core_text text = {0};
    for (size_t t = 0; t < state->count; t++) {
        core_text_add(&text, "tensor %s = ", state->tensors[t].name);
        core_text_add_shape(&text, &state->tensors[t]);
        core_text_add(&text, "\n");
    }
    return core_text_take(&text, list);
}

static void hash_shape(struct core_hash *hash, const shs_tensor *tensor)
{
    uint64_t head[2] = {(uint64_t)tensor->type, tensor->axes};
    core_hash_add(hash, tensor->name, strlen(tensor->name) + 1);
    core_hash_add_elements(hash, head, 2, sizeof *head);
    core_hash_add_elements(hash, tensor->shape, tensor->axes, sizeof *tensor->shape);
}

static void hash_elements(struct core_hash *hash, const struct train_state *state, size_t t,
                          const void *elements)
{
    const shs_tensor *tensor = &state->tensors[t];
    size_t size = state->is_little ? 1 : shs_type_size(tensor->type);
    core_hash_add_elements(hash, elements, train_tensor_bytes(tensor) / size, size);
}

void train_state_hash(const struct train_state *state, void *const *contents,
                      struct core_hash *hash)
{
    for (size_t t = 0; t < state->count; t++) {
        hash_shape(hash, &state->tensors[t]);
        if (contents) hash_elements(hash, state, t, contents[t]);
    }
}

shs_status train_state_digest(const struct train_state *state, struct train_content **contents)
{
    shs_status status = core_new(state->count, sizeof **contents, "digests", contents);
    for (size_t t = 0; t < state->count && !status; t++) {
        struct core_hash *hash;
        status = core_hash_new(&hash);
        if (status) break;
        hash_elements(hash, state, t, state->tensors[t].data);
        core_hash_finish(&hash, (*contents)[t].digest);
    }
    return status;
}
