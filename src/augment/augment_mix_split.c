/* An augmentation that mixes the samples of a batch, divided at the operator that mixes. */
#include "augment_mix.h"
#include "augment_operation.h"
#include "core_memory.h"

/* ---- Dividing. */

/* Finds the call that mixes, which the program has. It stands within no other call. */
static void find_mixer(const struct augment_table *table, const struct augment_program *program,
                       size_t *statement, size_t *call)
{
    const struct augment_kind *kind;
    for (*statement = 0; *statement < program->n_statements; ++*statement)
        for (*call = 0; *call < program->statements[*statement].n_calls; ++*call)
            if (!augment_find(table, &program->statements[*statement].calls[*call], &kind) &&
                kind->scope == AUGMENT_OF_BATCH)
                return;
}

/* Binds the calls before call `call` of the last statement of `part`. */
static shs_status bind_before(shs_augment *augment, const struct augment_how *how,
                              const struct augment_program *part, size_t call)
{
    part->statements[part->n_statements - 1].n_calls = call;
    return augment_bind(how, NULL, part, augment->inputs, augment->fields, &augment->before);
}

/* Binds the calls behind call `call` of the first statement of `part`, to samples as they come out
 * of the operators before it and of the operator that mixes. */
static shs_status bind_behind(shs_augment *augment, const struct augment_how *how,
                              const struct augment_program *part, size_t call)
{
    struct augment_known known[SHS_MAX_FIELDS];
    const struct augment_operation *mixer = &augment->operations[augment->mixer];
    struct augment_statement *first = part->statements;
    first->calls += call + 1;
    first->n_calls -= call + 1;
    memcpy(known, augment->before->known, augment->fields * sizeof *known);
    for (size_t t = 0; t < mixer->n_targets; t++) {
        const struct augment_bound *bound = &mixer->targets[t].bound;
        struct augment_known *now = &known[mixer->targets[t].field];
        memcpy(now->layout, bound->after_layout, sizeof now->layout);
        now->origin = bound->grid.origin;
    }
    return augment_bind(how, known, part, augment->before->outputs, augment->fields,
                        &augment->behind);
}

/* Copies statements of a program, but not their calls. */
static shs_status copy_part(const struct augment_program *program, size_t first, size_t count,
                            struct augment_program *part)
{
    shs_status status =
        core_new(count, sizeof *part->statements, "an augmentation", &part->statements);
    if (status) return status;
    memcpy(part->statements, program->statements + first, count * sizeof *part->statements);
    part->n_statements = count;
    return SHS_OK;
}

/* The scratch memory serves the augmentation and both its parts. Behind it lies a mixed sample of
 * each field. */
static shs_status grow_scratch(shs_augment *augment)
{
    const struct augment_operation *mixer = &augment->operations[augment->mixer];
    uint64_t total = augment->scratch;
    if (augment->before->scratch > total) total = augment->before->scratch;
    if (augment->behind->scratch > total) total = augment->behind->scratch;
    augment->mixed_offset = (size_t)total;
    for (size_t t = 0; t < mixer->n_targets; t++)
        if (__builtin_add_overflow(total, augment->bytes[mixer->targets[t].field], &total) ||
            total > PTRDIFF_MAX)
            return core_fail(SHS_ERROR_MEMORY, "a sample is larger than a process can address");
    augment->scratch = (size_t)total;
    return SHS_OK;
}

shs_status augment_split(shs_augment *augment, const struct augment_how *how,
                         const struct augment_program *program)
{
    struct augment_program part = {0};
    size_t statement = 0, call = 0;
    find_mixer(how->table, program, &statement, &call);
    shs_status status = copy_part(program, 0, statement + 1, &part);
    if (!status) status = bind_before(augment, how, &part, call);
    core_free(&part.statements);
    if (!status) status = copy_part(program, statement, program->n_statements - statement, &part);
    if (!status) status = bind_behind(augment, how, &part, call);
    core_free(&part.statements);
    return status ? status : grow_scratch(augment);
}

/* ---- The parts, and what stands between them. */

const char *augment_mixer(const shs_augment *augment)
{
    return augment->mixes ? augment->operations[augment->mixer].kind->name : NULL;
}

const shs_augment *augment_before_mix(const shs_augment *augment)
{
    return augment->before;
}

const shs_augment *augment_behind_mix(const shs_augment *augment)
{
    return augment->behind;
}

/* Returns the operator that mixes with field f; NULL if the field is not mixed. */
static const struct augment_bound *mixed_field(const shs_augment *augment, size_t f)
{
    const struct augment_operation *mixer = &augment->operations[augment->mixer];
    for (size_t t = 0; t < mixer->n_targets; t++)
        if (mixer->targets[t].field == f) return &mixer->targets[t].bound;
    return NULL;
}

bool augment_mixes_field(const shs_augment *augment, size_t f)
{
    return augment->mixes && mixed_field(augment, f);
}

void augment_mix_draw(const shs_augment *augment, shs_random *stream, uint64_t slot, uint64_t count,
                      struct augment_mix_draw *draw)
{
    const struct augment_operation *mixer = &augment->operations[augment->mixer];
    *draw = (struct augment_mix_draw){.partner = slot, .lambda = 1};
    if (slot < count && augment_chosen(mixer, stream))
        mixer->kind->draw_mix(&mixer->targets[0].bound, stream, (uint32_t)count, draw);
}

void augment_mix_sample(const shs_augment *augment, size_t f, const struct augment_mix_draw *draw,
                        const void *input, const void *partner, void *output)
{
    const struct augment_operation *mixer = &augment->operations[augment->mixer];
    const struct augment_bound *bound = mixed_field(augment, f);
    if (draw->mixed)
        mixer->kind->mix(bound, draw, input, partner, output);
    else
        memcpy(output, input, bound->elements * shs_type_size(bound->before.type));
}

void *augment_mix_room(const shs_augment *augment, size_t f, void *scratch)
{
    const struct augment_operation *mixer = &augment->operations[augment->mixer];
    char *room = (char *)scratch + augment->mixed_offset;
    for (size_t t = 0; mixer->targets[t].field != f; t++)
        room += augment->bytes[mixer->targets[t].field];
    return room;
}
