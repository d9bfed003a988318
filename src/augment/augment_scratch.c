/* The layout of the scratch memory with which an augmentation is applied: two buffers for each
 * field, between which its intermediate results move, and its tables of moves; then the passes of
 * all fields; then draws; then an operator's own memory. */
#include "augment_pass.h"
#include "core_memory.h"

/* Adds bytes, rounded up to whole cache lines, to a total. Returns the total before. */
static size_t add(uint64_t bytes, uint64_t *total)
{
    const uint64_t line = AUGMENT_ALIGNMENT;
    uint64_t before = *total;
    if (bytes > PTRDIFF_MAX - line || __builtin_add_overflow(*total, bytes, total) ||
        *total > PTRDIFF_MAX - line)
        *total = PTRDIFF_MAX;
    else
        *total = (*total + line - 1) / line * line;
    return (size_t)before;
}

/* Counts the numbers for tables of a field, each of whose moves may be applied to a sample. */
static void count_numbers(shs_augment *augment)
{
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        for (size_t t = 0; operation->kind->move && t < operation->n_targets; t++) {
            const struct augment_bound *bound = &operation->targets[t].bound;
            augment->rooms[operation->targets[t].field].n_numbers +=
                grid_view_numbers(&bound->before, &bound->after);
        }
    }
}

/* The draws of operators that a pass may put off have memory of their own. */
static void add_draws(shs_augment *augment, uint64_t *total)
{
    size_t most = 0;
    for (size_t o = 0; o < augment->n_operations; o++) {
        struct augment_operation *operation = &augment->operations[o];
        if (operation->kind->run)
            operation->draw_offset = add(operation->kind->draw_bytes, total);
        else if (operation->kind->draw_bytes > most)
            most = operation->kind->draw_bytes;
    }
    size_t shared = add(most, total);
    for (size_t o = 0; o < augment->n_operations; o++)
        if (!augment->operations[o].kind->run) augment->operations[o].draw_offset = shared;
}

static void add_own(shs_augment *augment, uint64_t *total)
{
    size_t own = 0;
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        for (size_t t = 0; operation->kind->scratch_bytes && t < operation->n_targets; t++) {
            size_t bytes = operation->kind->scratch_bytes(&operation->targets[t].bound);
            if (bytes > own) own = bytes;
        }
    }
    augment->own_offset = add(own, total);
}

shs_status augment_measure_scratch(shs_augment *augment)
{
    uint64_t total = 0;
    shs_status status =
        core_new(augment->fields, sizeof *augment->rooms, "fields", &augment->rooms);
    for (size_t f = 0; f < augment->fields && !status; f++) {
        status = shs_tensor_bytes(&augment->inputs[f], &augment->rooms[f].input_bytes);
        if (!status)
            status = shs_tensor_bytes(&augment->outputs[f], &augment->rooms[f].output_bytes);
    }
    if (status) return status;
    count_numbers(augment);
    for (size_t f = 0; f < augment->fields; f++) {
        struct augment_room *room = &augment->rooms[f];
        uint64_t bytes = 0;
        add(augment->bytes[f], &bytes);
        augment->bytes[f] = (size_t)bytes;
        room->buffers = add(bytes, &total);
        add(bytes, &total);
        room->numbers = add(room->n_numbers * sizeof(int64_t), &total);
    }
    augment->pass_offset =
        add(augment->n_operations ? augment->fields * sizeof(struct augment_pass) : 0, &total);
    add_draws(augment, &total);
    add_own(augment, &total);
    if (total >= PTRDIFF_MAX - AUGMENT_ALIGNMENT)
        return core_fail(SHS_ERROR_MEMORY, "a sample is larger than a process can address");
    augment->scratch = total ? (size_t)total + AUGMENT_ALIGNMENT : 0;
    return SHS_OK;
}
