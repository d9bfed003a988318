/* Applies an augmentation to samples. */
#include "augment_apply.h"

#include <string.h>

#include "augment_grid.h"
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

/* ---- An operator on a sample. */

static void compute(const struct augment_kind *kind, const struct augment_bound *bound,
                    const void *draw, const void *input, void *output, void *own)
{
    struct augment_view view;
    if (kind->run) {
        kind->run(bound, draw, 0, bound->elements, input, output);
    } else if (kind->move) {
        augment_view_begin(&bound->before, own, augment_numbers(bound), &view);
        kind->move(bound, draw, &view);
        augment_view_copy(&view, shs_type_size(bound->before.type), input, output);
    } else {
        kind->apply(bound, draw, input, output, own);
    }
}

/* Applies an operator to the first `rows` rows of a sample along its first axis. The rows behind
 * them become zeros. */
static void apply(const struct augment_kind *kind, const struct augment_bound *bound,
                  const void *draw, uint64_t rows, const void *input, void *output, void *own)
{
    uint64_t all = bound->before.axes ? bound->before.shape[0] : 1;
    if (rows >= all) {
        compute(kind, bound, draw, input, output, own);
        return;
    }
    struct augment_bound some = *bound;
    size_t bytes = shs_type_size(bound->after.type);
    for (uint32_t axis = 1; axis < bound->after.axes; axis++)
        bytes *= (size_t)bound->after.shape[axis];
    some.before.shape[0] = some.after.shape[0] = rows;
    some.elements = bound->elements / (size_t)all * (size_t)rows;
    if (some.grid.is_bound) augment_measure_grid(&some.before, &some.grid);
    compute(kind, &some, draw, input, output, own);
    memset((char *)output + (size_t)rows * bytes, 0, (size_t)(all - rows) * bytes);
}

/* ---- All operators on a sample. */

struct applying {
    const shs_augment *augment;
    shs_random *stream;
    const uint64_t *rows;
    const void *now[SHS_MAX_FIELDS]; /* the results so far */
    void *const *outputs;
    char *scratch;
};

static void apply_to_fields(struct applying *applying, const struct augment_operation *operation,
                            const void *draw)
{
    const shs_augment *augment = applying->augment;
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_target *target = &operation->targets[t];
        size_t f = target->field;
        void *to =
            next_buffer(augment, target, applying->now[f], applying->outputs, applying->scratch);
        apply(operation->kind, &target->bound, draw,
              applying->rows ? applying->rows[f] : UINT64_MAX, applying->now[f], to,
              applying->scratch + augment->own_offset);
        applying->now[f] = to;
    }
}

static void apply_range(struct applying *applying, const struct augment_operation *operation,
                        const struct augment_operation *end)
{
    for (; operation < end; operation += 1 + operation->inner) {
        if (!augment_chosen(operation, applying->stream)) continue;
        if (operation->kind->holds == AUGMENT_HOLDS_ALL) {
            apply_range(applying, operation + 1, operation + 1 + operation->inner);
        } else if (operation->kind->holds == AUGMENT_HOLDS_ONE) {
            const struct augment_operation *one = augment_choose(operation, applying->stream);
            apply_range(applying, one, one + 1 + one->inner);
        } else {
            void *draw = applying->scratch + applying->augment->draw_offset;
            augment_draw(operation, applying->stream, draw);
            apply_to_fields(applying, operation, draw);
        }
    }
}

/* Copies the results that do not lie in the outputs: those of fields that no operator changes, and
 * those of operators that are not applied to every sample. */
static shs_status copy_results(const struct applying *applying)
{
    const shs_augment *augment = applying->augment;
    for (size_t f = 0; f < augment->fields; f++) {
        size_t bytes;
        if (applying->now[f] == applying->outputs[f]) continue;
        shs_status status = shs_tensor_bytes(&augment->outputs[f], &bytes);
        if (status) return status;
        memcpy(applying->outputs[f], applying->now[f], bytes);
    }
    return SHS_OK;
}

shs_status augment_apply_rows(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                              const void *const *inputs, void *const *outputs, void *scratch)
{
    struct applying applying = {
        .augment = augment, .stream = stream, .rows = rows, .outputs = outputs, .scratch = scratch};
    if (augment->fields) memcpy(applying.now, inputs, augment->fields * sizeof *inputs);
    apply_range(&applying, augment->operations, augment->operations + augment->n_operations);
    shs_status status = copy_results(&applying);
    return !status && augment->draws ? shs_random_status(stream) : status;
}

shs_status shs_augment_apply(const shs_augment *augment, shs_random *stream,
                             const void *const *inputs, void *const *outputs, void *scratch)
{
    shs_status status = check_apply(augment, stream, inputs, outputs, scratch);
    if (status) return status;
    return augment_apply_rows(augment, stream, NULL, inputs, outputs, scratch);
}
