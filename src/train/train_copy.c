/* Copies of a state, for train_state.h. */
#include <string.h>

#include "core_elements.h"
#include "core_memory.h"
#include "core_stream.h"
#include "train_state.h"

enum {
    ALIGNMENT = CORE_STREAM_ALIGNMENT
};

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The room of a tensor's elements in the copy. */
static uint64_t room_for(const shs_tensor *tensor)
{
    return round_up(train_tensor_bytes(tensor));
}

/* Takes memory that is large enough. Memory that is too small is released first, since its content
 * is not needed. */
static shs_status take_memory(struct train_copy *copy, uint64_t bytes)
{
    if (copy->bytes >= bytes) return SHS_OK;
    core_free(&copy->elements);
    copy->bytes = 0;
    shs_status status = core_resize(bytes, 1, "the copy of a state", &copy->elements);
    if (status) return status;
    copy->bytes = bytes;
    return SHS_OK;
}

static shs_status copy_elements(struct train_copy *copy, const struct train_state *state)
{
    uint64_t bytes = ALIGNMENT;
    for (size_t t = 0; t < state->count; t++)
        bytes += room_for(&state->tensors[t]);
    shs_status status = take_memory(copy, bytes);
    uint64_t at = round_up((uintptr_t)copy->elements) - (uintptr_t)copy->elements;
    for (size_t t = 0; t < state->count && !status; t++) {
        const shs_tensor *tensor = &state->tensors[t];
        size_t size = shs_type_size(tensor->type);
        copy->tensors[t].data = copy->elements + at;
        core_copy_little(copy->elements + at, tensor->data, train_tensor_bytes(tensor) / size,
                         size);
        at += room_for(tensor);
    }
    copy->state.is_little = true;
    return status;
}

static shs_status copy_names(struct train_copy *copy, const struct train_state *state)
{
    size_t bytes = 0;
    for (size_t t = 0; t < state->count; t++)
        bytes += strlen(state->tensors[t].name) + 1;
    shs_status status = core_new(bytes, 1, "names", &copy->names);
    char *at = copy->names;
    for (size_t t = 0; t < state->count && !status; t++) {
        size_t length = strlen(state->tensors[t].name) + 1;
        copy->tensors[t].name = memcpy(at, state->tensors[t].name, length);
        at += length;
    }
    return status;
}

shs_status train_copy_take(struct train_copy *copy, const struct train_state *state, bool elements)
{
    train_copy_drop(copy);
    shs_status status = core_new(state->count, sizeof *copy->tensors, "a state", &copy->tensors);
    if (status) return status;
    for (size_t t = 0; t < state->count; t++) {
        copy->tensors[t] = state->tensors[t];
        copy->tensors[t].data = NULL;
    }
    copy->state = (struct train_state){.tensors = copy->tensors, .count = state->count};
    status = copy_names(copy, state);
    return status || !elements ? status : copy_elements(copy, state);
}

void train_copy_drop(struct train_copy *copy)
{
    core_free(&copy->tensors);
    core_free(&copy->names);
    copy->state = (struct train_state){0};
}

void train_copy_free(struct train_copy *copy)
{
    train_copy_drop(copy);
    core_free(&copy->elements);
    copy->bytes = 0;
}
