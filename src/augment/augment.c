/* shs_augment_open(), which binds the text of an augmentation to fields, and the questions that a
 * bound augmentation answers. */
#include <string.h>

#include "augment_operation.h"
#include "augment_parameter.h"
#include "augment_table.h"
#include "core_memory.h"

static shs_status copy_samples(shs_augment *augment, const shs_tensor *samples, size_t fields)
{
    shs_status status = core_new(fields, sizeof *augment->inputs, "fields", &augment->inputs);
    if (!status) status = core_new(fields, sizeof *augment->outputs, "fields", &augment->outputs);
    if (!status) status = core_new(fields, sizeof *augment->bytes, "fields", &augment->bytes);
    if (status) return status;
    for (size_t f = 0; f < fields; f++) {
        char *name;
        status = shs_tensor_bytes(&samples[f], &augment->bytes[f]);
        if (!status) status = core_copy(samples[f].name ? samples[f].name : "", &name);
        if (status) return status;
        augment->inputs[f] = samples[f];
        augment->inputs[f].name = name;
        augment->inputs[f].data = NULL;
        augment->outputs[f] = augment->inputs[f];
        augment->fields = f + 1;
    }
    return SHS_OK;
}

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

static shs_status bind_target(shs_augment *augment, const struct augment_kind *kind,
                              const struct augment_call *call, struct augment_target *target)
{
    struct augment_bound *bound = &target->bound;
    shs_tensor *sample = &augment->outputs[target->field];
    size_t bytes;
    shs_status status =
        core_new(1, kind->setting_bytes, "an operator's settings", &target->setting);
    bound->setting = target->setting;
    bound->before = bound->after = *sample;
    if (!status) status = shs_tensor_bytes(&bound->before, &bytes);
    if (!status) bound->elements = bytes / shs_type_size(bound->before.type);
    if (!status) status = augment_read(kind, call, bound, target->setting);
    if (!status && kind->bind) status = kind->bind(call, target->setting, bound);
    if (!status) status = shs_tensor_bytes(&bound->after, &bytes);
    if (status) return status;
    *sample = bound->after;
    if (bytes > augment->bytes[target->field]) augment->bytes[target->field] = bytes;
    return SHS_OK;
}

static shs_status find_kind(const struct augment_table *table, const struct augment_call *call,
                            const struct augment_kind **kind)
{
    shs_status status = augment_find(table, call, kind);
    if (!status) status = augment_check_names(*kind, call);
    if (status || (*kind)->scope == AUGMENT_OF_SAMPLE) return status;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "augmentation, character %zu: %s changes the samples of a batch together, "
                     "which this version of Shardstep cannot do",
                     call->at, call->name);
}

static shs_status add_operation(shs_augment *augment, const struct augment_table *table,
                                const struct augment_statement *statement,
                                const struct augment_call *call)
{
    const struct augment_kind *kind;
    shs_status status = find_kind(table, call, &kind);
    if (!status)
        status = core_resize(augment->n_operations + 1, sizeof *augment->operations, "operators",
                             &augment->operations);
    if (status) return status;
    struct augment_operation *operation = &augment->operations[augment->n_operations++];
    *operation =
        (struct augment_operation){.kind = kind, .begins_statement = call == statement->calls};
    status =
        core_new(statement->n_fields, sizeof *operation->targets, "operators", &operation->targets);
    if (status) return status;
    operation->n_targets = statement->n_fields;
    augment->draws = augment->draws || kind->draw;
    for (size_t t = 0; t < operation->n_targets && !status; t++) {
        status =
            find_field(augment, statement->fields[t], statement->at, &operation->targets[t].field);
        if (!status) status = bind_target(augment, kind, call, &operation->targets[t]);
    }
    return status;
}

/* Appends the reason why two fields cannot share an operator's draws. Appends nothing if they can.
 */
static void compare_targets(const struct augment_kind *kind, const struct augment_grid *a,
                            const struct augment_grid *b, struct core_text *why)
{
    if ((kind->aspects & AUGMENT_BY_HEIGHT) && a->has_height != b->has_height)
        core_text_add(why, "only one has a height");
    else if ((kind->aspects & AUGMENT_BY_EXTENT) &&
             (a->height != b->height || a->width != b->width))
        core_text_add(
            why,
            "%s draws by height and width, which are %zu x %zu of the first and %zu x %zu "
            "of the second",
            kind->name, a->height, a->width, b->height, b->width);
    else if ((kind->aspects & AUGMENT_BY_CHANNELS) && a->channels != b->channels)
        core_text_add(why, "%s draws by the channels, of which the first has %llu, the second %llu",
                      kind->name, (ull)a->channels, (ull)b->channels);
}

/* The fields of a statement share an operator's draws, so they must agree in the aspects on which
 * the draws depend. */
static shs_status check_shared(const struct augment_operation *operation,
                               const struct augment_statement *statement)
{
    shs_status status = SHS_OK;
    for (size_t t = 1; t < operation->n_targets && !status; t++) {
        struct core_text why = {0};
        compare_targets(operation->kind, &operation->targets[0].bound.grid,
                        &operation->targets[t].bound.grid, &why);
        status = why.status;
        if (!status && why.length)
            status = core_fail(
                SHS_ERROR_ARGUMENT, "augmentation, character %zu: %s and %s cannot share draws: %s",
                statement->at, statement->fields[0], statement->fields[t], why.bytes);
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
            if (strcmp(statement->fields[f], statement->fields[other]) == 0)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: field %s is named twice",
                                 statement->at, statement->fields[f]);
    return SHS_OK;
}

static shs_status bind_program(shs_augment *augment, const struct augment_table *table,
                               const struct augment_program *program)
{
    for (size_t s = 0; s < program->n_statements; s++) {
        const struct augment_statement *statement = &program->statements[s];
        size_t first = augment->n_operations;
        shs_status status = SHS_OK;
        for (size_t c = 0; c < statement->n_calls && !status; c++)
            status = add_operation(augment, table, statement, &statement->calls[c]);
        if (!status) status = check_statement(augment, first, statement);
        if (status) return status;
    }
    return SHS_OK;
}

/* Marks each field's last operator, whose result goes to the output. */
static void mark_last(shs_augment *augment)
{
    for (size_t f = 0; f < augment->fields; f++) {
        struct augment_target *last = NULL;
        for (size_t o = 0; o < augment->n_operations; o++)
            for (size_t t = 0; t < augment->operations[o].n_targets; t++)
                if (augment->operations[o].targets[t].field == f)
                    last = &augment->operations[o].targets[t];
        if (last) last->last = true;
    }
}

/* Bytes rounded up to whole cache lines. */
static uint64_t in_lines(size_t bytes)
{
    return ((uint64_t)bytes + 63) & ~(uint64_t)63;
}

/* Computes the layout of the scratch memory: two buffers for each field, between which its
 * intermediate results move, then the draws of one operator. */
static shs_status measure_scratch(shs_augment *augment)
{
    uint64_t total = 0, draws = 0;
    bool fits = true;
    for (size_t f = 0; f < augment->fields; f++) {
        augment->bytes[f] = (size_t)in_lines(augment->bytes[f]);
        fits = fits && !__builtin_add_overflow(total, 2 * (uint64_t)augment->bytes[f], &total);
    }
    augment->draw_offset = (size_t)total;
    for (size_t o = 0; o < augment->n_operations; o++)
        if (augment->operations[o].kind->draw_bytes > draws)
            draws = augment->operations[o].kind->draw_bytes;
    if (!fits || __builtin_add_overflow(total, in_lines(draws), &total) || total > PTRDIFF_MAX)
        return core_fail(SHS_ERROR_MEMORY, "a sample is larger than a process can address");
    augment->scratch = (size_t)total;
    return SHS_OK;
}

static shs_status fill(shs_augment *augment, const struct augment_table *table, const char *text,
                       const shs_tensor *samples, size_t fields)
{
    struct augment_program program = {0};
    if (fields > SHS_MAX_FIELDS)
        return core_fail(SHS_ERROR_ARGUMENT, "augmentation of %zu fields; the most is %d", fields,
                         SHS_MAX_FIELDS);
    shs_status status = copy_samples(augment, samples, fields);
    if (!status) status = augment_parse(text ? text : "", &program);
    if (!status) status = bind_program(augment, table, &program);
    if (!status) status = measure_scratch(augment);
    if (!status) mark_last(augment);
    augment_program_free(&program);
    return status;
}

shs_status augment_open(const struct augment_table *table, const char *text,
                        const shs_tensor *samples, size_t fields, shs_augment **augment)
{
    shs_status status =
        core_require(augment, "shs_augment_open", "augment", "pass the address of a shs_augment *");
    if (status) return status;
    *augment = NULL;
    if (fields)
        status = core_require(samples, "shs_augment_open", "samples", "pass one for each field");
    if (!status) status = core_new(1, sizeof **augment, "an augmentation", augment);
    if (!status) status = fill(*augment, table, text, samples, fields);
    if (status) shs_augment_close(augment);
    return status;
}

shs_status shs_augment_open(const char *text, const shs_tensor *samples, size_t fields,
                            shs_augment **augment)
{
    return augment_open(&augment_operators, text, samples, fields, augment);
}

static void free_operation(struct augment_operation *operation)
{
    for (size_t t = 0; t < operation->n_targets; t++)
        core_free(&operation->targets[t].setting);
    core_free(&operation->targets);
}

void shs_augment_close(shs_augment **augment)
{
    if (!augment || !*augment) return;
    for (size_t f = 0; f < (*augment)->fields; f++)
        core_free(&(*augment)->inputs[f].name);
    for (size_t o = 0; o < (*augment)->n_operations; o++)
        free_operation(&(*augment)->operations[o]);
    core_free(&(*augment)->inputs);
    core_free(&(*augment)->outputs);
    core_free(&(*augment)->bytes);
    core_free(&(*augment)->operations);
    core_free(augment);
}

const shs_tensor *shs_augment_output(const shs_augment *augment, size_t field)
{
    return augment && field < augment->fields ? &augment->outputs[field] : NULL;
}

bool shs_augment_draws(const shs_augment *augment)
{
    return augment && augment->draws;
}

bool shs_augment_changes(const shs_augment *augment, size_t field)
{
    if (!augment) return false;
    for (size_t o = 0; o < augment->n_operations; o++)
        for (size_t t = 0; t < augment->operations[o].n_targets; t++)
            if (augment->operations[o].targets[t].field == field) return true;
    return false;
}

size_t shs_augment_scratch(const shs_augment *augment)
{
    return augment ? augment->scratch : 0;
}
