/* Applies an augmentation to samples. */
#include "augment_apply.h"

#include <string.h>

#include "augment_operation.h"

/* The memory for a field's next result: its output after the last operator, else the buffer of its
 * two that does not hold the result so far. */
static void *next_buffer(const shs_augment *augment, const struct augment_target *target,
                         const void *now, void *const *outputs, char *scratch)
{
    if (target->last) return outputs[target->field];
    for (size_t f = 0; f < target->field; f++)
        scratch += 2 * augment->bytes[f];
    return now == scratch ? scratch + augment->bytes[target->field] : scratch;
}

/* An augmentation that draws nothing needs no stream. An augmentation without operators needs no
 * scratch memory. */
static shs_status check_apply(const shs_augment *augment, const shs_random *stream,
                              const void *const *inputs, void *const *outputs, const void *scratch)
{
    static const char function[] = "shs_augment_apply";
    shs_status status =
        core_require(augment, function, "augment", "open it with shs_augment_open()");
    if (!status && augment->fields)
        status = core_require(inputs, function, "inputs", "pass one pointer for each field");
    if (!status && augment->fields)
        status = core_require(outputs, function, "outputs", "pass one pointer for each field");
    if (!status && augment->draws)
        status = core_require(stream, function, "stream", "make it with shs_random_at()");
    if (!status && augment->n_operations)
        status = core_require(scratch, function, "scratch", "give shs_augment_scratch() bytes");
    return status;
}

/* Applies an operator to the first `rows` rows of a sample along its first axis. The rows behind
 * them become zeros. */
static void apply(const struct augment_kind *kind, const struct augment_bound *bound,
                  const void *draw, uint64_t rows, const void *input, void *output)
{
    struct augment_bound some = *bound;
    uint64_t all = bound->before.axes ? bound->before.shape[0] : 1;
    if (rows >= all) {
        kind->apply(bound, draw, input, output);
        return;
    }
    size_t row = bound->elements / (size_t)all, size = shs_type_size(bound->after.type);
    size_t *const axes[] = {[AUGMENT_OUTER] = &some.grid.outer,
                            [AUGMENT_HEIGHT] = &some.grid.height,
                            [AUGMENT_WIDTH] = &some.grid.width};
    *axes[bound->grid.first] = (size_t)rows;
    some.elements = (size_t)rows * row;
    kind->apply(&some, draw, input, output);
    memset((char *)output + some.elements * size, 0, (bound->elements - some.elements) * size);
}

static shs_status copy_unchanged(const shs_augment *augment, const void *const *now,
                                 const void *const *inputs, void *const *outputs)
{
    for (size_t f = 0; f < augment->fields; f++)
        if (now[f] == inputs[f] && outputs[f] != inputs[f]) {
            size_t bytes;
            shs_status status = shs_tensor_bytes(&augment->inputs[f], &bytes);
            if (status) return status;
            memcpy(outputs[f], inputs[f], bytes);
        }
    return SHS_OK;
}

shs_status augment_apply_rows(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                              const void *const *inputs, void *const *outputs, void *scratch)
{
    const void *now[SHS_MAX_FIELDS];
    for (size_t f = 0; f < augment->fields; f++)
        now[f] = inputs[f];
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        void *draw = (char *)scratch + augment->draw_offset;
        augment_draw(operation, stream, draw);
        for (size_t t = 0; t < operation->n_targets; t++) {
            const struct augment_target *target = &operation->targets[t];
            void *to = next_buffer(augment, target, now[target->field], outputs, scratch);
            apply(operation->kind, &target->bound, draw, rows ? rows[target->field] : UINT64_MAX,
                  now[target->field], to);
            now[target->field] = to;
        }
    }
    shs_status status = copy_unchanged(augment, now, inputs, outputs);
    return !status && augment->draws ? shs_random_status(stream) : status;
}

shs_status shs_augment_apply(const shs_augment *augment, shs_random *stream,
                             const void *const *inputs, void *const *outputs, void *scratch)
{
    shs_status status = check_apply(augment, stream, inputs, outputs, scratch);
    if (status) return status;
    return augment_apply_rows(augment, stream, NULL, inputs, outputs, scratch);
}
