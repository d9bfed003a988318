/* Binds the statements of an augmentation's text to fields, operator by operator. */
#include "augment_statements.h"

#include <string.h>

#include "augment_axes.h"
#include "augment_callback.h"
#include "augment_operation.h"
#include "augment_parameter.h"
#include "augment_slab.h"
#include "augment_table.h"
#include "augment_vectors.h"
#include "core_memory.h"

static shs_status find_field(const shs_augment *augment, const char *name, size_t at, size_t *field)
{
    for (*field = 0; *field < augment->fields; (*field)++)
        if (strcmp(augment->inputs[*field].name, name) == 0) return SHS_OK;
    const char *names[SHS_MAX_FIELDS];
    for (size_t f = 0; f < augment->fields; f++)
        names[f] = augment->inputs[f].name;
    return augment_unknown(at, "there is no field", name, " among those loaded:", names,
                           augment->fields);
}

/* ---- An operator on a field. */

/* A ragged field keeps its rows, and operators that cannot do with fewer rows are refused. */
static shs_status check_ragged(const struct augment_kind *kind, const struct augment_call *call,
                               const struct augment_bound *bound)
{
    const shs_tensor *before = &bound->before, *after = &bound->after;
    if (!bound->ragged) return SHS_OK;
    if (!kind->fixed_rows && after->axes == before->axes && after->shape[0] == before->shape[0] &&
        after->axes && bound->after_layout[0] == bound->grid.layout[0])
        return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s of field %s, whose samples have fewer rows "
                     "of their own (offsets): the operator needs or changes the number of rows, "
                     "the first axis; use it on other axes or on a field without offsets",
                     call->at, kind->name, before->name);
}

/* An operator that is not applied to every sample must keep type, shape and layout. */
static shs_status check_optional(bool optional, const struct augment_call *call,
                                 const struct augment_bound *bound)
{
    const shs_tensor *before = &bound->before, *after = &bound->after;
    if (!optional || (before->type == after->type && before->axes == after->axes &&
                      !memcmp(before->shape, after->shape, before->axes * sizeof *before->shape) &&
                      !strcmp(bound->grid.layout, bound->after_layout)))
        return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s changes the type, the shape or the layout of "
                     "field %s, and is not applied to every sample (p below 1, sometimes or "
                     "one_of); apply it to all samples",
                     call->at, call->name, before->name);
}

static shs_status bind_target(shs_augment *augment, const struct augment_operation *operation,
                              const struct augment_call *call, bool optional,
                              struct augment_target *target, double *chance)
{
    const struct augment_kind *kind = operation->kind;
    struct augment_bound *bound = &target->bound;
    shs_tensor *sample = &augment->outputs[target->field];
    struct augment_known *known = &augment->known[target->field];
    size_t bytes;
    shs_status status =
        core_new(1, kind->setting_bytes, "an operator's settings", &target->setting);
    bound->setting = target->setting;
    bound->before = bound->after = *sample;
    bound->ragged = known->ragged;
    bound->aspects = kind->aspects;
    memcpy(bound->grid.layout, known->layout, sizeof known->layout);
    bound->grid.origin = known->origin;
    bound->grid.is_usual = known->is_usual;
    bound->grid.file = augment->file;
    if (!status) status = shs_tensor_bytes(&bound->before, &bytes);
    if (!status) bound->elements = bytes / shs_type_size(bound->before.type);
    if (!status) status = augment_read(kind, call, bound, target->setting, chance);
    memcpy(bound->after_layout, bound->grid.layout, sizeof bound->after_layout);
    if (!status && kind->bind)
        status = augment_tell_origin(kind->bind(call, target->setting, bound), bound);
    if (!status && kind->own) status = augment_own_bind(kind, call, target->setting, bound);
    if (!status) status = shs_tensor_bytes(&bound->after, &bytes);
    if (!status) status = check_ragged(kind, call, bound);
    if (!status) status = check_optional(optional || *chance < 1, call, bound);
    if (status) return status;
    *sample = bound->after;
    memcpy(known->layout, bound->after_layout, sizeof known->layout);
    known->origin = bound->grid.origin;
    known->is_usual = bound->grid.is_usual;
    if (bytes > augment->bytes[target->field]) augment->bytes[target->field] = bytes;
    return SHS_OK;
}

/* ---- How a field wants to be sampled. */

static const char *const sampling_words[] = {"nearest", "bilinear", "zero",
                                             "edge",    "reflect",  "wrap"};

enum {
    INTERPOLATIONS = 2,
    SAMPLING_WORDS = sizeof sampling_words / sizeof *sampling_words
};

static shs_status read_sampling(const struct augment_named *named, struct augment_bound *bound)
{
    for (size_t w = 0; w < named->n_words; w++) {
        size_t i = 0;
        while (i < SAMPLING_WORDS && strcmp(sampling_words[i], named->words[w]) != 0)
            i++;
        if (i == SAMPLING_WORDS)
            return augment_unknown(named->at, "a field cannot be sampled by", named->words[w],
                                   "; there are", sampling_words, SAMPLING_WORDS);
        if (i < INTERPOLATIONS ? bound->interpolation != 0 : bound->border != 0)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: field %s says twice how it is sampled "
                             "%s",
                             named->at, named->name,
                             i < INTERPOLATIONS ? "between its elements" : "beyond its edges");
        if (i < INTERPOLATIONS)
            bound->interpolation = (enum augment_interpolation)(AUGMENT_NEAREST + i);
        else
            bound->border = (enum augment_border)(AUGMENT_BORDER_ZERO + i - INTERPOLATIONS);
    }
    return SHS_OK;
}

/* ---- Operators of a statement. */

static shs_status find_kind(const struct augment_table *table, const struct augment_call *call,
                            const struct augment_kind **kind)
{
    shs_status status = augment_find(table, call, kind);
    if (!status) status = augment_check_names(*kind, call);
    if (status) return status;
    if ((*kind)->holds && !call->n_inner)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s needs operators within its parentheses, "
                         "as in %s(random_flip(axis=w) random_flip(axis=h))",
                         call->at, call->name, call->name);
    if (!(*kind)->holds && call->n_inner)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s takes no operators, and %s stands within "
                         "its parentheses",
                         call->inner[0].at, call->name, call->inner[0].name);
    return SHS_OK;
}

/* What the operators of a statement are bound by. */
struct binding {
    shs_augment *augment;
    const struct augment_table *table;
    const struct augment_statement *statement;
};

/* An operator that mixes samples stands by itself, and no other operator of the text mixes them. */
static shs_status check_mixer(const struct binding *binding, const struct augment_call *call)
{
    const shs_augment *augment = binding->augment;
    const struct augment_statement *statement = binding->statement;
    bool inner = true;
    for (size_t c = 0; c < statement->n_calls; c++)
        inner = inner && call != &statement->calls[c];
    if (inner)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s mixes the samples of a batch and cannot "
                         "stand within another operator; take it out, and give it a p if only "
                         "some samples shall be mixed",
                         call->at, call->name);
    if (!augment->mixes) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s mixes the samples of a batch, but %s before "
                     "it has mixed them already; a text has one of them, in whose statement all "
                     "fields stand that are mixed, as in images,masks: %s(...)",
                     call->at, call->name, augment->operations[augment->mixer].kind->name,
                     call->name);
}

static shs_status bind_targets(const struct binding *binding, const struct augment_call *call,
                               bool optional, struct augment_operation *operation)
{
    const struct augment_statement *statement = binding->statement;
    shs_status status =
        core_new(statement->n_fields, sizeof *operation->targets, "operators", &operation->targets);
    if (status) return status;
    operation->n_targets = statement->n_fields;
    for (size_t t = 0; t < operation->n_targets && !status; t++) {
        struct augment_target *target = &operation->targets[t];
        const struct augment_named *named = &statement->fields[t];
        status = find_field(binding->augment, named->name, named->at, &target->field);
        if (!status) status = read_sampling(named, &target->bound);
        if (!status)
            status = bind_target(binding->augment, operation, call, optional, target,
                                 &operation->chance);
    }
    if (!status && operation->kind->turns) status = augment_vectors_join(call, operation);
    return status ? status : augment_slab_bind(binding->augment, call, operation);
}

/* Adds an operation, and behind it those within it. */
static shs_status add_operation(const struct binding *binding, const struct augment_call *call,
                                bool optional)
{
    shs_augment *augment = binding->augment;
    const struct augment_kind *kind;
    shs_status status = find_kind(binding->table, call, &kind);
    if (!status && kind->scope == AUGMENT_OF_BATCH) status = check_mixer(binding, call);
    if (!status)
        status = core_resize(augment->n_operations + 1, sizeof *augment->operations, "operators",
                             &augment->operations);
    if (status) return status;
    size_t at = augment->n_operations++;
    struct augment_operation *operation = &augment->operations[at];
    *operation = (struct augment_operation){.kind = kind,
                                            .branches = (uint32_t)call->n_inner,
                                            .begins_statement = call == binding->statement->calls};
    status = bind_targets(binding, call, optional, operation);
    if (kind->scope == AUGMENT_OF_BATCH) augment->mixes = true, augment->mixer = at;
    optional = optional || operation->chance < 1 || kind->holds == AUGMENT_HOLDS_ONE;
    augment->draws = augment->draws || kind->draw || augment_own_draws(kind) ||
                     operation->chance < 1 || kind->holds == AUGMENT_HOLDS_ONE;
    for (size_t i = 0; i < call->n_inner && !status; i++)
        status = add_operation(binding, &call->inner[i], optional);
    augment->operations[at].inner = augment->n_operations - at - 1;
    return status;
}

static ull depth_of(const struct augment_bound *bound)
{
    int axis = augment_axis_of(bound->grid.layout, 'd');
    return axis < 0 ? 1 : bound->before.shape[axis];
}

/* Appends the reason why two fields cannot share the draws of an operator that draws by the lengths
 * of axes. Appends nothing if they can. */
static void compare_lengths(const struct augment_kind *kind, const struct augment_bound *first,
                            const struct augment_bound *second, struct core_text *why)
{
    const struct augment_found *a = &first->drawn_along, *b = &second->drawn_along;
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        ull length = first->before.shape[a->axis[i]], other = second->before.shape[b->axis[i]];
        if (length == other) continue;
        core_text_add(why,
                      "%s draws by the length along %c, which is %llu of the first and %llu of the "
                      "second",
                      kind->name, first->grid.layout[a->axis[i]], length, other);
        return;
    }
    if (a->count != b->count) core_text_add(why, "%s draws along other axes", kind->name);
}

/* Appends the reason why two fields cannot share an operator's draws. Appends nothing if they can.
 */
static void compare_targets(const struct augment_kind *kind, const struct augment_bound *first,
                            const struct augment_bound *second, struct core_text *why)
{
    const struct augment_grid *a = &first->grid, *b = &second->grid;
    uint32_t axes = first->before.axes;
    unsigned aspects = first->aspects | second->aspects;
    if ((aspects & AUGMENT_BY_SHAPE) &&
        (axes != second->before.axes ||
         memcmp(first->before.shape, second->before.shape, axes * sizeof *first->before.shape)))
        core_text_add(why, "%s draws by their shapes, which differ", kind->name);
    else if ((aspects & AUGMENT_BY_HEIGHT) && a->has_height != b->has_height)
        core_text_add(why, "only one has a height");
    else if ((aspects & AUGMENT_BY_DEPTH) &&
             (augment_axis_of(a->layout, 'd') < 0) != (augment_axis_of(b->layout, 'd') < 0))
        core_text_add(why, "only one has a depth");
    else if ((aspects & AUGMENT_BY_EXTENT) && (a->height != b->height || a->width != b->width))
        core_text_add(
            why,
            "%s draws by height and width, which are %zu x %zu of the first and %zu x %zu "
            "of the second",
            kind->name, a->height, a->width, b->height, b->width);
    else if ((aspects & AUGMENT_BY_VOLUME) && depth_of(first) != depth_of(second))
        core_text_add(why,
                      "%s draws by the depth, which is %llu of the first and %llu of the second",
                      kind->name, depth_of(first), depth_of(second));
    else if ((aspects & AUGMENT_BY_CHANNELS) && a->channels != b->channels)
        core_text_add(why, "%s draws by the channels, of which the first has %llu, the second %llu",
                      kind->name, (ull)a->channels, (ull)b->channels);
    else if (aspects & AUGMENT_BY_LENGTHS)
        compare_lengths(kind, first, second, why);
}

/* The fields of a statement share an operator's draws, so they must agree in the aspects on which
 * the draws depend. */
static shs_status check_shared(const struct augment_operation *operation,
                               const struct augment_statement *statement)
{
    shs_status status = SHS_OK;
    for (size_t t = 1; t < operation->n_targets && !status; t++) {
        struct core_text why = {0};
        compare_targets(operation->kind, &operation->targets[0].bound, &operation->targets[t].bound,
                        &why);
        status = why.status;
        if (!status && why.length)
            status = core_fail(
                SHS_ERROR_ARGUMENT,
                "augmentation, character %zu: %s and %s cannot share draws: %s; in a statement of "
                "its own a field has draws of its own",
                statement->at, statement->fields[0].name, statement->fields[t].name, why.bytes);
        core_text_free(&why);
    }
    return status;
}

static shs_status check_statement(const shs_augment *augment, size_t first_operation,
                                  const struct augment_statement *statement)
{
    for (size_t o = first_operation; o < augment->n_operations; o++) {
        shs_status status = check_shared(&augment->operations[o], statement);
        if (status) return status;
    }
    for (size_t f = 0; f < statement->n_fields; f++)
        for (size_t other = 0; other < f; other++)
            if (strcmp(statement->fields[f].name, statement->fields[other].name) == 0)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: field %s is named twice",
                                 statement->at, statement->fields[f].name);
    return SHS_OK;
}

/* Takes the layouts that a statement gives to its fields. They hold for its operators and for later
 * statements. */
static shs_status take_layouts(shs_augment *augment, const struct augment_statement *statement)
{
    for (size_t t = 0; t < statement->n_fields; t++) {
        const struct augment_named *named = &statement->fields[t];
        size_t field;
        if (!*named->layout) continue;
        shs_status status = find_field(augment, named->name, named->at, &field);
        if (status) return status;
        struct augment_known *known = &augment->known[field];
        if (!augment_is_layout(named->layout, &augment->outputs[field]))
            return augment_refuse_layout(named, &augment->outputs[field]);
        memcpy(known->layout, named->layout, strlen(named->layout) + 1);
        known->origin = AUGMENT_GIVEN;
        known->is_usual = false;
    }
    return SHS_OK;
}

shs_status augment_bind_statements(shs_augment *augment, const struct augment_table *table,
                                   const struct augment_program *program)
{
    for (size_t s = 0; s < program->n_statements; s++) {
        const struct augment_statement *statement = &program->statements[s];
        size_t first = augment->n_operations;
        const struct binding binding = {augment, table, statement};
        shs_status status = take_layouts(augment, statement);
        for (size_t c = 0; c < statement->n_calls && !status; c++)
            status = add_operation(&binding, &statement->calls[c], false);
        if (!status) status = check_statement(augment, first, statement);
        if (status) return status;
    }
    return SHS_OK;
}
