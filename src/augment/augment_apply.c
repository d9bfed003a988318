/* Applies an augmentation to samples. */
#include "augment_apply.h"

#include <string.h>

#include "augment_axes.h"
#include "augment_callback.h"
#include "augment_mix.h"
#include "augment_pass.h"
#include "augment_vectors.h"
#include "augment_warp.h"
#include "core_assert.h"
#include "core_hash.h"

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

/* ---- A sample of each field. */

struct applying {
    const shs_augment *augment;
    shs_random *stream;
    const uint64_t *rows;
    const void *now[SHS_MAX_FIELDS]; /* the results so far, before the fields' passes */
    /* Only set if `boxed` is true. The first has the boxes that are in memory of samples that have
     * not come to their crop yet. When the crop is put off, the box moves on to the second, until
     * the pass is done. */
    const struct core_box *held[SHS_MAX_FIELDS], *due[SHS_MAX_FIELDS];
    bool boxed;
    void *const *outputs;
    struct augment_pass *passes; /* of each field: the operators that are put off */
    char *scratch;
    shs_status status; /* of the program's own operators */
};

static uint64_t rows_of(const struct applying *applying, size_t f)
{
    return applying->rows ? applying->rows[f] : UINT64_MAX;
}

/* The buffer of a field's two that does not hold the result so far. */
static void *next_buffer(const struct applying *applying, size_t f)
{
    const shs_augment *augment = applying->augment;
    char *buffer = applying->scratch + augment->rooms[f].buffers;
    return applying->now[f] == buffer ? buffer + augment->bytes[f] : buffer;
}

/* Does what was put off for a field, into `to`. */
static void do_pass(struct applying *applying, size_t f, void *to)
{
    struct augment_pass *pass = &applying->passes[f];
    if (!pass->n_moves && !pass->n_runs) return;
    if (applying->boxed && applying->due[f]) grid_view_hold(&pass->view, applying->due[f]);
    if (applying->boxed) applying->due[f] = NULL;
    augment_pass_do(pass, rows_of(applying, f), applying->now[f], to);
    applying->now[f] = to;
}

/* A field comes to its crop. */
static void begin_crop(struct applying *applying, size_t f)
{
    applying->due[f] = applying->held[f];
    applying->held[f] = NULL;
}

/* Puts an operator off, and does those before it if one pass cannot do both. */
static void put_off(struct applying *applying, const struct augment_kind *kind,
                    const struct augment_target *target, const void *draw)
{
    size_t f = target->field;
    const struct augment_room *room = &applying->augment->rooms[f];
    struct augment_pass *pass = &applying->passes[f];
    int64_t *numbers = (int64_t *)(void *)(applying->scratch + room->numbers);
    uint64_t rows = rows_of(applying, f);
    if (!augment_pass_add(pass, kind, &target->bound, draw, rows, numbers, room->n_numbers)) {
        do_pass(applying, f, next_buffer(applying, f));
        bool added =
            augment_pass_add(pass, kind, &target->bound, draw, rows, numbers, room->n_numbers);
        core_assert(added);
        (void)added;
    }
    if (applying->boxed && kind->extent && applying->held[f]) begin_crop(applying, f);
    if (applying->augment->apart) do_pass(applying, f, next_buffer(applying, f));
}

/* Applies an operator with reach() to the box of a sample that is in memory. Moves before it are
 * done for what it needs only. */
static void apply_to_box(struct applying *applying, const struct augment_kind *kind,
                         const struct augment_target *target, const void *draw)
{
    _Alignas(16) unsigned char own[AUGMENT_MOST_DRAW];
    struct augment_bound box = target->bound;
    size_t f = target->field;
    struct core_box reach;
    augment_begin_reach(&target->bound, &reach);
    kind->reach(&target->bound, draw, &reach, own);
    begin_crop(applying, f);
    if (applying->passes[f].n_moves) augment_cut_view(&applying->passes[f].view, &reach);
    do_pass(applying, f, next_buffer(applying, f));
    applying->due[f] = NULL;
    box.elements = 1;
    for (uint32_t axis = 0; axis < box.before.axes; axis++)
        box.elements *= (size_t)(box.before.shape[axis] = reach.size[axis]);
    augment_measure_grid(&box.before, &box.grid);
    void *to = target->last ? applying->outputs[f] : next_buffer(applying, f);
    kind->apply(&box, own, applying->now[f], to, applying->scratch + applying->augment->own_offset);
    applying->now[f] = to;
}

/* Applies an operator that sees whole samples. */
static void apply_now(struct applying *applying, const struct augment_kind *kind,
                      const struct augment_target *target, const void *draw)
{
    struct augment_bound room;
    size_t f = target->field;
    uint64_t rows = rows_of(applying, f);
    if (applying->boxed && kind->reach && applying->held[f]) {
        apply_to_box(applying, kind, target, draw);
        return;
    }
    do_pass(applying, f, next_buffer(applying, f));
    void *to = target->last ? applying->outputs[f] : next_buffer(applying, f);
    kind->apply(augment_shorten(&target->bound, rows, &room), draw, applying->now[f], to,
                applying->scratch + applying->augment->own_offset);
    augment_clear_rest(&target->bound, rows, to);
    applying->now[f] = to;
}

/* Applies an operator that turns the components of a field. `before` has the results so far of the
 * fields that are components of each other. */
static void turn_now(struct applying *applying, const struct augment_operation *operation,
                     const struct augment_target *target, const void *draw,
                     const void *const *before)
{
    const struct augment_vectors *vectors = &target->bound.vectors;
    const struct augment_room *room = &applying->augment->rooms[target->field];
    const void *inputs[AUGMENT_MOST_COMPONENTS];
    struct augment_bound shorter;
    size_t f = target->field;
    uint64_t rows = rows_of(applying, f);
    do_pass(applying, f, next_buffer(applying, f));
    inputs[0] = applying->now[f];
    for (uint32_t c = 0; vectors->is_field && c < vectors->count; c++)
        inputs[c] = before[operation->targets[vectors->target[c]].field];
    void *to = target->last ? applying->outputs[f] : next_buffer(applying, f);
    augment_vectors_move(operation->kind, augment_shorten(&target->bound, rows, &shorter), draw,
                         inputs, to, (int64_t *)(void *)(applying->scratch + room->numbers),
                         room->n_numbers);
    augment_clear_rest(&target->bound, rows, to);
    applying->now[f] = to;
}

/* The memory of a result that an operator has just computed. */
static void *result_of(const struct applying *applying, size_t f)
{
    const shs_augment *augment = applying->augment;
    char *buffer = applying->scratch + augment->rooms[f].buffers;
    if (applying->now[f] == applying->outputs[f]) return applying->outputs[f];
    return applying->now[f] == buffer ? buffer : buffer + augment->bytes[f];
}

/* Turns the components of fields whose elements have their new places. */
static void turn_results(const struct applying *applying, const struct augment_operation *operation,
                         const void *draw)
{
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_target *target = &operation->targets[t];
        const struct augment_vectors *vectors = &target->bound.vectors;
        void *samples[AUGMENT_MOST_COMPONENTS] = {result_of(applying, target->field)};
        struct augment_bound room;
        if (!vectors->is_turned || vectors->own) continue;
        for (uint32_t c = 0; vectors->is_field && c < vectors->count; c++)
            samples[c] = result_of(applying, operation->targets[vectors->target[c]].field);
        const struct augment_bound *bound =
            augment_shorten(&target->bound, rows_of(applying, target->field), &room);
        operation->kind->turn_components(bound, draw, samples);
    }
}

static void apply_to_fields(struct applying *applying, const struct augment_operation *operation,
                            const void *draw)
{
    const struct augment_kind *kind = operation->kind;
    const void *before[SHS_MAX_FIELDS];
    for (size_t t = 0; operation->joins && t < operation->n_targets; t++) {
        size_t f = operation->targets[t].field;
        do_pass(applying, f, next_buffer(applying, f));
        before[f] = applying->now[f];
    }
    for (size_t t = 0; t < operation->n_targets; t++)
        if (kind->apply)
            apply_now(applying, kind, &operation->targets[t], draw);
        else if (operation->targets[t].bound.vectors.is_turned)
            turn_now(applying, operation, &operation->targets[t], draw, before);
        else
            put_off(applying, kind, &operation->targets[t], draw);
    if (operation->turns && kind->turn_components) turn_results(applying, operation, draw);
}

/* Applies an operator and those behind it that become one map of places with it. Returns the last
 * of them. */
static const struct augment_operation *apply_warps(struct applying *applying,
                                                   const struct augment_operation *operation,
                                                   const struct augment_operation *end)
{
    struct augment_warps warps;
    operation = augment_warp_draw(operation, end, applying->stream, &warps);
    if (warps.count) apply_to_fields(applying, operation, &warps);
    return operation;
}

/* Applies an operator of the program's own, which sees all fields of the statement together. */
static void apply_own(struct applying *applying, const struct augment_operation *operation)
{
    const void *inputs[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    uint64_t rows[SHS_MAX_FIELDS];
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_target *target = &operation->targets[t];
        size_t f = target->field;
        do_pass(applying, f, next_buffer(applying, f));
        inputs[t] = applying->now[f];
        outputs[t] = target->last ? applying->outputs[f] : next_buffer(applying, f);
        rows[t] = rows_of(applying, f);
        applying->now[f] = outputs[t];
    }
    applying->status = augment_own_apply(operation, applying->stream, rows, inputs, outputs);
}

static void apply_range(struct applying *applying, const struct augment_operation *operation,
                        const struct augment_operation *end)
{
    for (; operation < end && !applying->status; operation += 1 + operation->inner) {
        if (operation->kind->warp) {
            operation = apply_warps(applying, operation, end);
            continue;
        }
        if (!augment_chosen(operation, applying->stream)) continue;
        if (operation->kind->own) {
            apply_own(applying, operation);
        } else if (operation->kind->holds == AUGMENT_HOLDS_ALL) {
            apply_range(applying, operation + 1, operation + 1 + operation->inner);
        } else if (operation->kind->holds == AUGMENT_HOLDS_ONE) {
            const struct augment_operation *one = augment_choose(operation, applying->stream);
            apply_range(applying, one, one + 1 + one->inner);
        } else {
            void *draw = applying->scratch + operation->draw_offset;
            augment_draw(operation, applying->stream, draw);
            apply_to_fields(applying, operation, draw);
        }
    }
}

/* Does what is still put off, and copies the results that do not lie in the outputs: those of
 * fields that no operator changes, or whose last operator was not applied to this sample. */
static void finish(struct applying *applying)
{
    const shs_augment *augment = applying->augment;
    for (size_t f = 0; f < augment->fields; f++) {
        if (augment->n_operations) do_pass(applying, f, applying->outputs[f]);
        if (applying->now[f] != applying->outputs[f])
            memcpy(applying->outputs[f], applying->now[f], augment->rooms[f].output_bytes);
    }
}

/* No pass has an operator yet. */
static void begin(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                  const void *const *inputs, void *const *outputs, void *scratch,
                  struct applying *applying)
{
    applying->augment = augment;
    applying->stream = stream;
    applying->rows = rows;
    applying->outputs = outputs;
    applying->scratch = augment_first_line(scratch);
    applying->boxed = false;
    applying->status = SHS_OK;
    if (augment->fields) memcpy(applying->now, inputs, augment->fields * sizeof *inputs);
    if (!augment->n_operations) return;
    applying->passes = (struct augment_pass *)(void *)(applying->scratch + augment->pass_offset);
    for (size_t f = 0; f < augment->fields; f++) {
        applying->passes[f].n_moves = applying->passes[f].n_runs = 0;
        applying->passes[f].turned = false;
    }
}

shs_status augment_apply_rows(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                              const void *const *inputs, void *const *outputs, void *scratch)
{
    return augment_apply_boxes(augment, stream, rows, NULL, inputs, outputs, scratch);
}

shs_status augment_apply_boxes(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                               const struct core_box *const *held, const void *const *inputs,
                               void *const *outputs, void *scratch)
{
    struct applying applying;
    begin(augment, stream, rows, inputs, outputs, scratch, &applying);
    applying.boxed = held != NULL;
    for (size_t f = 0; held && f < augment->fields; f++) {
        applying.held[f] = held[f];
        applying.due[f] = NULL;
    }
    if (augment->n_operations)
        apply_range(&applying, augment->operations, augment->operations + augment->n_operations);
    if (applying.status) return applying.status;
    finish(&applying);
    return augment->draws ? shs_random_status(stream) : SHS_OK;
}

/* ---- Probes. */

/* Applies the operations up to `until`, which lies among them or within one of them. The operators
 * that hold it are not drawn for. */
static void apply_until(struct applying *applying, const struct augment_operation *operation,
                        const struct augment_operation *until)
{
    while (operation != until && !applying->status) {
        const struct augment_operation *next = operation + 1 + operation->inner;
        if (until >= next) {
            apply_range(applying, operation, next);
            operation = next;
            continue;
        }
        bool one = operation->kind->holds == AUGMENT_HOLDS_ONE;
        operation++;
        while (one && until >= operation + 1 + operation->inner)
            operation += 1 + operation->inner;
    }
}

static shs_status hash_results(const struct applying *applying,
                               const struct augment_operation *operation, struct core_hash *hash)
{
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_target *target = &operation->targets[t];
        size_t bytes;
        shs_status status = shs_tensor_bytes(&target->bound.after, &bytes);
        if (status) return status;
        core_hash_add(hash, applying->now[target->field], bytes);
    }
    return SHS_OK;
}

shs_status augment_probe(const shs_augment *augment, size_t operation, shs_random *before,
                         shs_random *stream, const uint64_t *rows, const void *const *inputs,
                         void *const *outputs, void *scratch, struct core_hash *hash)
{
    const struct augment_operation *own = augment->operations + operation;
    struct applying applying;
    begin(augment, before, rows, inputs, outputs, scratch, &applying);
    apply_until(&applying, augment->operations, own);
    applying.stream = stream;
    if (!applying.status) apply_own(&applying, own);
    return applying.status ? applying.status : hash_results(&applying, own, hash);
}

/* Applies the operator that mixes to a sample and itself, with the draws of a large batch. The
 * results do not show who the partner is, so the draws are hashed as well. */
static void mix_with_itself(struct applying *applying, const struct augment_operation *mixer,
                            struct core_hash *hash)
{
    struct augment_mix_draw draw = {0};
    if (!augment_chosen(mixer, applying->stream)) return;
    mixer->kind->draw_mix(&mixer->targets[0].bound, applying->stream, UINT32_MAX, &draw);
    core_hash_add(hash, &draw.partner, sizeof draw.partner);
    core_hash_add(hash, &draw.lambda, sizeof draw.lambda);
    apply_to_fields(applying, mixer, &draw);
}

shs_status augment_probe_whole(const shs_augment *augment, shs_random *stream, const uint64_t *rows,
                               const void *const *inputs, void *const *outputs, void *scratch,
                               struct core_hash *hash)
{
    const struct augment_operation *first = augment->operations;
    const struct augment_operation *end = first + augment->n_operations;
    const struct augment_operation *mixer = augment->mixes ? first + augment->mixer : end;
    struct applying applying;
    begin(augment, stream, rows, inputs, outputs, scratch, &applying);
    apply_range(&applying, first, mixer);
    if (mixer < end && !applying.status) {
        mix_with_itself(&applying, mixer, hash);
        apply_range(&applying, mixer + 1, end);
    }
    if (applying.status) return applying.status;
    finish(&applying);
    for (size_t f = 0; f < augment->fields; f++)
        if (shs_augment_changes(augment, f))
            core_hash_add(hash, outputs[f], augment->rooms[f].output_bytes);
    return shs_random_status(stream);
}

size_t augment_own_operations(const shs_augment *augment, size_t *operations, size_t most)
{
    size_t count = 0;
    for (size_t o = 0; o < augment->n_operations && count < most; o++)
        if (augment->operations[o].kind->own) operations[count++] = o;
    return count;
}

shs_status shs_augment_apply(const shs_augment *augment, shs_random *stream,
                             const void *const *inputs, void *const *outputs, void *scratch)
{
    shs_status status = check_apply(augment, stream, inputs, outputs, scratch);
    if (status) return status;
    if (augment_mixer(augment))
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "shs_augment_apply: %s mixes the samples of a batch, and this function has "
            "one sample; give the text to a loader (option augment)",
            augment_mixer(augment));
    return augment_apply_rows(augment, stream, NULL, inputs, outputs, scratch);
}

void augment_apply_apart(shs_augment *augment, bool apart)
{
    augment->apart = apart;
}
