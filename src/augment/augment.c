/* An augmentation bound to fields: what shs_augment_open() makes and shs_augment_apply() runs. */
#include <string.h>

#include "augment_apply.h"
#include "augment_kind.h"
#include "augment_record.h"
#include "core_memory.h"
#include "core_text.h"

/* One operator on one field. */
struct target {
    size_t field;
    bool last; /* no later operator changes this field: the result goes to the output */
    struct augment_bound bound;
};

struct operation {
    const struct augment_kind *kind;
    struct target *targets; /* one a field of the statement */
    size_t n_targets;
};

struct shs_augment {
    size_t fields;
    shs_tensor *inputs; /* names are the struct's own */
    shs_tensor *outputs;
    size_t *bytes; /* of a field's sample, the largest that it has on its way */
    size_t scratch;
    struct operation *operations;
    size_t n_operations;
    bool draws;
};

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
                              const struct augment_call *call, struct target *target)
{
    struct augment_bound *bound = &target->bound;
    shs_tensor *sample = &augment->outputs[target->field];
    size_t bytes;
    bound->before = *sample;
    shs_status status = kind->bind(call, bound);
    if (!status) status = shs_tensor_bytes(&bound->after, &bytes);
    if (status) return status;
    bound->elements = bytes / shs_type_size(bound->after.type);
    *sample = bound->after;
    if (bytes > augment->bytes[target->field]) augment->bytes[target->field] = bytes;
    return SHS_OK;
}

static shs_status add_operation(shs_augment *augment, const struct augment_statement *statement,
                                const struct augment_call *call)
{
    const struct augment_kind *kind = augment_kind_find(call);
    if (!kind) return SHS_ERROR_ARGUMENT;
    shs_status status = core_resize(augment->n_operations + 1, sizeof *augment->operations,
                                    "operators", &augment->operations);
    if (status) return status;
    struct operation *operation = &augment->operations[augment->n_operations++];
    *operation = (struct operation){.kind = kind};
    status =
        core_new(statement->n_fields, sizeof *operation->targets, "operators", &operation->targets);
    if (status) return status;
    operation->n_targets = statement->n_fields;
    augment->draws = augment->draws || kind->draws;
    for (size_t t = 0; t < operation->n_targets && !status; t++) {
        status =
            find_field(augment, statement->fields[t], statement->at, &operation->targets[t].field);
        if (!status) status = bind_target(augment, kind, call, &operation->targets[t]);
    }
    return status;
}

/* Fields of one statement share the draws, so they must agree on how many there are. */
static shs_status check_statement(const shs_augment *augment, size_t first_operation,
                                  const struct augment_statement *statement)
{
    for (size_t o = first_operation; o < augment->n_operations; o++)
        for (size_t t = 1; t < augment->operations[o].n_targets; t++)
            if (augment->operations[o].targets[t].bound.setting.has_height !=
                augment->operations[o].targets[0].bound.setting.has_height)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: %s and %s cannot share draws: only "
                                 "one has a height",
                                 statement->at, statement->fields[0], statement->fields[t]);
    for (size_t f = 0; f < statement->n_fields; f++)
        for (size_t other = 0; other < f; other++)
            if (strcmp(statement->fields[f], statement->fields[other]) == 0)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: field %s is named twice",
                                 statement->at, statement->fields[f]);
    return SHS_OK;
}

static shs_status bind_program(shs_augment *augment, const struct augment_program *program)
{
    for (size_t s = 0; s < program->n_statements; s++) {
        const struct augment_statement *statement = &program->statements[s];
        size_t first = augment->n_operations;
        shs_status status = SHS_OK;
        for (size_t c = 0; c < statement->n_calls && !status; c++)
            status = add_operation(augment, statement, &statement->calls[c]);
        if (!status) status = check_statement(augment, first, statement);
        if (status) return status;
    }
    return SHS_OK;
}

static void mark_last(shs_augment *augment)
{
    for (size_t f = 0; f < augment->fields; f++) {
        struct target *last = NULL;
        for (size_t o = 0; o < augment->n_operations; o++)
            for (size_t t = 0; t < augment->operations[o].n_targets; t++)
                if (augment->operations[o].targets[t].field == f)
                    last = &augment->operations[o].targets[t];
        if (last) last->last = true;
    }
}

/* A field on its way moves between two places of its own. */
static shs_status measure_scratch(shs_augment *augment)
{
    uint64_t total = 0;
    for (size_t f = 0; f < augment->fields; f++) {
        augment->bytes[f] = (augment->bytes[f] + 63) & ~(size_t)63;
        if (__builtin_add_overflow(total, 2 * (uint64_t)augment->bytes[f], &total) ||
            total > PTRDIFF_MAX)
            return core_fail(SHS_ERROR_MEMORY, "a sample is larger than a process can address");
    }
    augment->scratch = (size_t)total;
    return SHS_OK;
}

shs_status shs_augment_open(const char *text, const shs_tensor *samples, size_t fields,
                            shs_augment **augment)
{
    struct augment_program program = {0};
    shs_status status =
        core_require(augment, "shs_augment_open", "augment", "pass the address of a shs_augment *");
    if (status) return status;
    *augment = NULL;
    if (fields)
        status = core_require(samples, "shs_augment_open", "samples", "pass one for each field");
    if (!status) status = core_new(1, sizeof **augment, "an augmentation", augment);
    if (status) return status;
    if (fields > SHS_MAX_FIELDS) {
        shs_augment_close(augment);
        return core_fail(SHS_ERROR_ARGUMENT, "augmentation of %zu fields; the most is %d", fields,
                         SHS_MAX_FIELDS);
    }
    status = copy_samples(*augment, samples, fields);
    if (!status) status = augment_parse(text ? text : "", &program);
    if (!status) status = bind_program(*augment, &program);
    if (!status) status = measure_scratch(*augment);
    augment_program_free(&program);
    if (status)
        shs_augment_close(augment);
    else
        mark_last(*augment);
    return status;
}

void shs_augment_close(shs_augment **augment)
{
    if (!augment || !*augment) return;
    for (size_t f = 0; f < (*augment)->fields; f++)
        core_free(&(*augment)->inputs[f].name);
    for (size_t o = 0; o < (*augment)->n_operations; o++)
        core_free(&(*augment)->operations[o].targets);
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
    for (size_t o = 0; augment && o < augment->n_operations; o++)
        for (size_t t = 0; t < augment->operations[o].n_targets; t++)
            if (augment->operations[o].targets[t].field == field) return true;
    return false;
}

size_t shs_augment_scratch(const shs_augment *augment)
{
    return augment ? augment->scratch : 0;
}

/* Where a field's next result goes: its output, or whichever of its two places is free. */
static void *next_place(const shs_augment *augment, const struct target *target, const void *now,
                        void *const *outputs, char *scratch)
{
    if (target->last) return outputs[target->field];
    for (size_t f = 0; f < target->field; f++)
        scratch += 2 * augment->bytes[f];
    return now == scratch ? scratch + augment->bytes[target->field] : scratch;
}

/* A text that draws nothing needs no stream, one that changes nothing no scratch memory. */
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

/* Applies an operator to the first `rows` of a sample along its first axis; what lies behind them
 * comes out as zeros. */
static void apply(const struct augment_kind *kind, const struct augment_bound *bound,
                  const struct augment_draw *draw, uint64_t rows, const void *input, void *output)
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
        const struct operation *operation = &augment->operations[o];
        struct augment_draw draw = {0};
        if (operation->kind->draws)
            operation->kind->draw(&operation->targets[0].bound.setting, stream, &draw);
        for (size_t t = 0; t < operation->n_targets; t++) {
            const struct target *target = &operation->targets[t];
            void *to = next_place(augment, target, now[target->field], outputs, scratch);
            apply(operation->kind, &target->bound, &draw, rows ? rows[target->field] : UINT64_MAX,
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

void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text)
{
    bool first = true;
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct operation *operation = &augment->operations[o];
        struct augment_draw draw = {0};
        if (!operation->kind->draws) continue;
        operation->kind->draw(&operation->targets[0].bound.setting, stream, &draw);
        if (!first) core_text_add(text, " ");
        operation->kind->tell(&operation->targets[0].bound.setting, &draw, text);
        first = false;
    }
}
