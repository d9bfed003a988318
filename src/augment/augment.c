/* shs_augment_open(), which makes an augmentation of a text, and the questions that an
 * augmentation answers. */
#include <string.h>

#include "augment_axes.h"
#include "augment_callback.h"
#include "augment_from.h"
#include "augment_operation.h"
#include "augment_slab.h"
#include "augment_statements.h"
#include "augment_table.h"
#include "core_memory.h"

/* Takes the layout that a file gives, if it fits the samples. */
static void take_layout(const char *layout, const shs_tensor *sample, struct augment_known *known)
{
    if (!*layout || !augment_is_layout(layout, sample)) return;
    const char *usual = augment_usual_layout(sample);
    memcpy(known->layout, layout, strlen(layout) + 1);
    known->origin = AUGMENT_OF_FILE;
    known->is_usual = usual && augment_same_layout(layout, usual);
}

static shs_status copy_samples(shs_augment *augment, const struct augment_how *how,
                               const shs_tensor *samples, size_t fields)
{
    shs_status status = core_new(fields, sizeof *augment->inputs, "fields", &augment->inputs);
    if (!status) status = core_new(fields, sizeof *augment->outputs, "fields", &augment->outputs);
    if (!status) status = core_new(fields, sizeof *augment->bytes, "fields", &augment->bytes);
    if (!status) status = core_new(fields, sizeof *augment->known, "fields", &augment->known);
    if (!status && how->file) status = core_copy(how->file, &augment->file);
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
        augment->known[f].ragged = how->ragged && how->ragged[f];
        if (how->slabs) augment->known[f].slab = how->slabs[f];
        augment->slab_axis[f] = augment->known[f].slab.axis;
        if (how->layouts && how->layouts[f])
            take_layout(how->layouts[f], &samples[f], &augment->known[f]);
        augment->fields = f + 1;
    }
    return SHS_OK;
}

/* Marks each field's last operator, whose result goes to the output, unless it is not applied to
 * every sample. */
static void mark_last(shs_augment *augment)
{
    for (size_t f = 0; f < augment->fields; f++) {
        struct augment_target *last = NULL;
        for (size_t o = 0; o < augment->n_operations; o += 1 + augment->operations[o].inner) {
            const struct augment_operation *operation = &augment->operations[o];
            for (size_t t = 0; t < operation->n_targets; t++)
                if (operation->targets[t].field == f)
                    last =
                        operation->inner || operation->chance < 1 ? NULL : &operation->targets[t];
        }
        if (last) last->last = true;
    }
}

/* Refuses normalize(from=FILE). Whoever reads files has put the file's numbers there. */
static shs_status refuse_from(const char *text)
{
    struct augment_from from;
    if (!augment_from_find(text, 0, &from)) return SHS_OK;
    const struct augment_span *file = &augment_from_value(text, &from, "from")->value;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: normalize's from is the file %.*s, but an "
                     "augmentation by itself reads no file; give the text to a loader (option "
                     "augment), or give the numbers as mean and std: shardstep stats prints them",
                     from.call + 1, (int)file->length, text + file->at);
}

/* Fills an empty augmentation. */
static shs_status bind(shs_augment *augment, const struct augment_how *how,
                       const struct augment_known *known, const struct augment_program *program,
                       const shs_tensor *samples, size_t fields)
{
    shs_status status = copy_samples(augment, how, samples, fields);
    if (!status && known && fields) memcpy(augment->known, known, fields * sizeof *known);
    if (!status) status = augment_bind_statements(augment, how->table, program);
    if (!status) status = augment_slab_cut(augment);
    if (!status) status = augment_measure_scratch(augment);
    if (!status) mark_last(augment);
    return !status && augment->mixes ? augment_split(augment, how, program) : status;
}

shs_status augment_bind(const struct augment_how *how, const struct augment_known *known,
                        const struct augment_program *program, const shs_tensor *samples,
                        size_t fields, shs_augment **augment)
{
    shs_status status = core_new(1, sizeof **augment, "an augmentation", augment);
    if (!status) status = bind(*augment, how, known, program, samples, fields);
    if (status) shs_augment_close(augment);
    return status;
}

static shs_status fill(shs_augment *augment, const struct augment_how *how, const char *text,
                       const shs_tensor *samples, size_t fields)
{
    struct augment_program program = {0};
    shs_status status = SHS_OK;
    if (fields > SHS_MAX_FIELDS)
        return core_fail(SHS_ERROR_ARGUMENT, "augmentation of %zu fields; the most is %d", fields,
                         SHS_MAX_FIELDS);
    if (text) status = refuse_from(text);
    if (!status) status = augment_parse(text ? text : "", &program);
    if (!status) status = bind(augment, how, NULL, &program, samples, fields);
    augment_program_free(&program);
    return status;
}

shs_status augment_open_how(const struct augment_how *how, const char *text,
                            const shs_tensor *samples, size_t fields, shs_augment **augment)
{
    shs_status status =
        core_require(augment, "shs_augment_open", "augment", "pass the address of a shs_augment *");
    if (status) return status;
    *augment = NULL;
    if (fields)
        status = core_require(samples, "shs_augment_open", "samples", "pass one for each field");
    if (!status) status = core_new(1, sizeof **augment, "an augmentation", augment);
    if (!status) (*augment)->own = augment_own_hold(how->own);
    if (!status) status = fill(*augment, how, text, samples, fields);
    if (status) shs_augment_close(augment);
    return status;
}

shs_status augment_open(const struct augment_table *table, const char *text,
                        const shs_tensor *samples, size_t fields, shs_augment **augment)
{
    return augment_open_how(&(struct augment_how){.table = table}, text, samples, fields, augment);
}

shs_status shs_augment_open(const char *text, const shs_tensor *samples, size_t fields,
                            shs_augment **augment)
{
    return augment_open(&augment_operators, text, samples, fields, augment);
}

static void free_operation(struct augment_operation *operation)
{
    for (size_t t = 0; t < operation->n_targets; t++) {
        if (operation->kind->own) augment_own_release(operation->targets[t].setting);
        core_free(&operation->targets[t].setting);
    }
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
    core_free(&(*augment)->known);
    core_free(&(*augment)->rooms);
    core_free(&(*augment)->file);
    core_free(&(*augment)->operations);
    shs_augment_close(&(*augment)->before);
    shs_augment_close(&(*augment)->behind);
    shs_augment_table_close(&(*augment)->own);
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

/* Returns the operation directly within a holder that is operation number `inner` or holds it. */
static size_t branch_with(const struct augment_operation *operations, size_t holder, size_t inner)
{
    size_t branch = holder + 1;
    while (branch + operations[branch].inner < inner)
        branch += 1 + operations[branch].inner;
    return branch;
}

const char *augment_remapped(const shs_augment *augment, size_t operation, size_t field)
{
    const struct augment_operation *operations = augment->operations;
    const char *name = NULL;
    for (size_t o = 0; o < operation; o++) {
        const struct augment_kind *kind = operations[o].kind;
        bool around = o + operations[o].inner >= operation;
        for (size_t t = 0; t < operations[o].n_targets && kind->remaps; t++)
            if (operations[o].targets[t].field == field) name = kind->name;
        if (around && kind->holds == AUGMENT_HOLDS_ONE)
            o = branch_with(operations, o, operation) - 1;
    }
    return name;
}

size_t shs_augment_scratch(const shs_augment *augment)
{
    return augment ? augment->scratch : 0;
}
