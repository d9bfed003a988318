#include "augment_record.h"

#include <stdio.h>

#include "augment_callback.h"
#include "augment_operation.h"
#include "augment_print.h"
#include "core_memory.h"

/* What the draws of a sample are read from. */
struct recording {
    shs_random *stream;
    uint64_t slot, count; /* of the sample, and of the rows of weight 1 in its batch */
    bool lost; /* an operator of the program's own has drawn, so nobody knows what comes after it */
};

static void record_range(const struct augment_operation *operation,
                         const struct augment_operation *end, struct recording *recording,
                         struct core_text *text);

static void record_own(const struct augment_operation *operation, const struct recording *recording,
                       struct core_text *text)
{
    const struct augment_kind *kind = operation->kind;
    const struct augment_bound *bound = &operation->targets[0].bound;
    void *draw;
    text->status = core_new(1, kind->draw_bytes, "an operator's draws", &draw);
    if (text->status) return;
    if (kind->draw_mix)
        kind->draw_mix(bound, recording->stream, (uint32_t)recording->count, draw);
    else
        augment_draw(operation, recording->stream, draw);
    kind->tell(bound, draw, text);
    core_free(&draw);
}

/* Appends one operation, if it draws: "random_flip(w=yes)", "sometimes(no)" if it is not applied,
 * or with the operations within it. */
static void record_one(const struct augment_operation *operation, struct recording *recording,
                       struct core_text *text)
{
    shs_random *stream = recording->stream;
    const struct augment_kind *kind = operation->kind;
    bool weightless = kind->draw_mix && recording->slot >= recording->count;
    if (!kind->draw && !kind->holds && operation->chance >= 1 && !augment_own_draws(kind)) return;
    core_text_add(text, "%s%s(", text->length ? " " : "", kind->name);
    if (weightless || !augment_chosen(operation, stream)) {
        core_text_add(text, "no)");
        return;
    }
    struct core_text inner = {0};
    if (kind->holds == AUGMENT_HOLDS_ALL) {
        record_range(operation + 1, operation + 1 + operation->inner, recording, &inner);
    } else if (kind->holds == AUGMENT_HOLDS_ONE) {
        const struct augment_operation *one = augment_choose(operation, stream);
        record_range(one, one + 1 + one->inner, recording, &inner);
        if (!inner.length) core_text_add(&inner, "%s", one->kind->name);
    } else if (kind->draw) {
        record_own(operation, recording, &inner);
    } else if (augment_own_draws(kind)) {
        core_text_add(&inner, "draws of the program's own");
        recording->lost = true;
    }
    if (inner.status) text->status = inner.status;
    core_text_add(text, "%s)", inner.length ? inner.bytes : "yes");
    core_text_free(&inner);
}

static void record_range(const struct augment_operation *operation,
                         const struct augment_operation *end, struct recording *recording,
                         struct core_text *text)
{
    for (; operation < end && !text->status && !recording->lost; operation += 1 + operation->inner)
        record_one(operation, recording, text);
}

void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text)
{
    augment_record_slot(augment, stream, 0, 1, text);
}

void augment_record_slot(const shs_augment *augment, shs_random *stream, uint64_t slot,
                         uint64_t count, struct core_text *text)
{
    struct core_text record = {0};
    if (!augment->n_operations) return; /* there is no array of operations then */
    struct recording recording = {.stream = stream, .slot = slot, .count = count};
    record_range(augment->operations, augment->operations + augment->n_operations, &recording,
                 &record);
    if (record.status) text->status = record.status;
    if (record.length) core_text_add(text, "%s", record.bytes);
    core_text_free(&record);
}

/* Writes a field's layout as it is printed. Letters that a file gives, and that say what would be
 * taken without names, become the letters that would be taken: the text is the same with such names
 * and without. */
static void spell_layout(const struct augment_grid *grid, char layout[SHS_MAX_AXES + 1])
{
    memcpy(layout, grid->layout, sizeof grid->layout);
    for (char *letter = layout; *letter && grid->is_usual; letter++)
        *letter = (char)(*letter == 'x' ? 'w' : *letter == 'y' ? 'h' : *letter);
}

/* Writes the layout of an operation's fields. Returns false if they need no layout, or have
 * different ones. */
static bool spell_shared_layout(const struct augment_operation *operation,
                                char layout[SHS_MAX_AXES + 1])
{
    spell_layout(&operation->targets[0].bound.grid, layout);
    for (size_t t = 1; t < operation->n_targets; t++) {
        char other[SHS_MAX_AXES + 1];
        spell_layout(&operation->targets[t].bound.grid, other);
        if (strcmp(other, layout) != 0) return false;
    }
    return operation->targets[0].bound.grid.is_bound;
}

/* Returns the first operation of a statement whose fields have different layouts; NULL if there is
 * none. No operator before it changes the axes: such an operator needs layouts, too. */
static const struct augment_operation *first_unshared(const shs_augment *augment,
                                                      const struct augment_operation *operation)
{
    const struct augment_operation *end = augment->operations + augment->n_operations;
    char layout[SHS_MAX_AXES + 1];
    do {
        if (operation->targets[0].bound.grid.is_bound && !spell_shared_layout(operation, layout))
            return operation;
        operation++;
    } while (operation < end && !operation->begins_statement);
    return NULL;
}

static void print_fields(const shs_augment *augment, const struct augment_operation *operation,
                         struct core_text *text)
{
    const struct augment_operation *unshared = first_unshared(augment, operation);
    static const char *const interpolations[] = {"", "nearest", "bilinear"};
    static const char *const borders[] = {"", "zero", "edge", "reflect", "wrap"};
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_target *target = &operation->targets[t];
        const char *interpolation = interpolations[target->bound.interpolation];
        const char *border = borders[target->bound.border];
        const char *words[] = {interpolation, border, ""};
        char layout[SHS_MAX_AXES + 1], option[sizeof layout + sizeof "layout="];
        const char *between = "[";
        core_text_add(text, "%s%s", t ? "," : "", augment->inputs[target->field].name);
        if (unshared) {
            spell_layout(&unshared->targets[t].bound.grid, layout);
            snprintf(option, sizeof option, "layout=%s", layout);
            words[2] = option;
        }
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            if (!*words[w]) continue;
            core_text_add(text, "%s%s", between, words[w]);
            between = ",";
        }
        if (*between == ',') core_text_add(text, "]");
    }
    core_text_add(text, ":");
}

static void print_operation(const struct augment_operation *operation, struct core_text *text)
{
    const struct augment_operation *end = operation + 1 + operation->inner;
    char layout[SHS_MAX_AXES + 1];
    bool shared = spell_shared_layout(operation, layout);
    const struct augment_printed printed = {shared ? layout : NULL, operation->chance};
    core_text_add(text, "%s(", operation->kind->name);
    size_t length = text->length;
    augment_print_values(operation->kind, operation->targets[0].setting, &printed, text);
    if (operation->kind->own) {
        core_text_add(text, "%s", text->length > length ? ", " : "");
        augment_own_print(operation->kind, operation->targets[0].setting, text);
    }
    for (const struct augment_operation *inner = operation + 1; inner < end;
         inner += 1 + inner->inner) {
        core_text_add(text, "%s", inner > operation + 1 ? " " : text->length > length ? ", " : "");
        print_operation(inner, text);
    }
    core_text_add(text, ")");
}

void augment_print(const shs_augment *augment, struct core_text *text)
{
    for (size_t o = 0; o < augment->n_operations; o += 1 + augment->operations[o].inner) {
        const struct augment_operation *operation = &augment->operations[o];
        if (operation->begins_statement) {
            if (o) core_text_add(text, "; ");
            print_fields(augment, operation, text);
        }
        core_text_add(text, " ");
        print_operation(operation, text);
    }
}
