#include "augment_record.h"

#include <stdio.h>

#include "augment_callback.h"
#include "augment_operation.h"
#include "augment_print.h"
#include "core_memory.h"

/* What the draws of a sample are read from, and where they are told. */
struct recording {
    const shs_augment *augment;
    shs_random *stream;
    uint64_t slot, count;   /* of the sample, and of the rows of weight 1 in its batch */
    struct core_text *text; /* gets the words; NULL: nobody reads them */
    bool begun;             /* a word stands before, from which the next is kept apart */
    const struct augment_listener *listener; /* NULL: nobody listens */
    bool lost; /* an operator of the program's own has drawn, so nobody knows what comes after it */
    shs_status status;
};

static void record_range(const struct augment_operation *operation,
                         const struct augment_operation *end, struct recording *recording);

static size_t number_of(const struct recording *recording,
                        const struct augment_operation *operation)
{
    return (size_t)(operation - recording->augment->operations);
}

static struct augment_told told_of(const struct recording *recording,
                                   const struct augment_operation *operation)
{
    const struct augment_listener *listener = recording->listener;
    return (struct augment_told){.text = recording->text,
                                 .number = listener ? listener->number : NULL,
                                 .user = listener ? listener->user : NULL,
                                 .operation = number_of(recording, operation)};
}

static void say(const struct recording *recording, const char *words)
{
    if (recording->text) core_text_add(recording->text, "%s", words);
}

static void record_own(const struct augment_operation *operation, struct recording *recording)
{
    const struct augment_kind *kind = operation->kind;
    const struct augment_bound *bound = &operation->targets[0].whole;
    struct augment_told told = told_of(recording, operation);
    void *draw;
    recording->status = core_new(1, kind->draw_bytes, "an operator's draws", &draw);
    if (recording->status) return;
    if (kind->draw_mix)
        kind->draw_mix(bound, recording->stream, (uint32_t)recording->count, draw);
    else
        augment_draw(operation, recording->stream, draw);
    kind->tell(bound, draw, &told);
    recording->begun = told.begun;
    core_free(&draw);
}

/* Draws which operation within `operation` is applied, and tells its number. */
static const struct augment_operation *record_choice(const struct augment_operation *operation,
                                                     struct recording *recording)
{
    const struct augment_operation *one = augment_choose(operation, recording->stream), *branch;
    struct augment_told told = told_of(recording, operation);
    size_t choice = 0;
    for (branch = operation + 1; branch < one; branch += 1 + branch->inner)
        choice++;
    augment_tell_number_of(&told, "choice", "", 1, 0, (double)choice);
    return one;
}

/* Records what an operation that is applied draws, or the operations within it. Without any words
 * the word is "yes" or the name of the operator that was chosen. */
static void record_applied(const struct augment_operation *operation, struct recording *recording)
{
    const struct augment_kind *kind = operation->kind;
    const struct augment_listener *listener = recording->listener;
    const char *otherwise = "yes";
    recording->begun = false;
    if (listener) listener->applied(listener->user, number_of(recording, operation));
    if (kind->holds == AUGMENT_HOLDS_ALL) {
        record_range(operation + 1, operation + 1 + operation->inner, recording);
    } else if (kind->holds == AUGMENT_HOLDS_ONE) {
        const struct augment_operation *one = record_choice(operation, recording);
        otherwise = one->kind->name;
        record_range(one, one + 1 + one->inner, recording);
    } else if (kind->draw) {
        record_own(operation, recording);
    } else if (augment_own_draws(kind)) {
        otherwise = "draws of the program's own";
        recording->lost = true;
        if (listener) listener->lost(listener->user, number_of(recording, operation));
    }
    if (!recording->begun) say(recording, otherwise);
}

bool augment_is_recorded(const struct augment_operation *operation)
{
    const struct augment_kind *kind = operation->kind;
    return kind->draw || kind->holds || operation->chance < 1 || augment_own_draws(kind);
}

bool augment_has_record(const shs_augment *augment)
{
    for (size_t o = 0; o < augment->n_operations; o++)
        if (augment_is_recorded(&augment->operations[o])) return true;
    return false;
}

/* Records one operation, if it draws: "random_flip(w=yes)", "sometimes(no)" if it is not applied,
 * or with the operations within it. */
static void record_one(const struct augment_operation *operation, struct recording *recording)
{
    const struct augment_kind *kind = operation->kind;
    if (!augment_is_recorded(operation)) return;
    bool weightless = kind->draw_mix && recording->slot >= recording->count;
    say(recording, recording->begun ? " " : "");
    say(recording, kind->name);
    say(recording, "(");
    if (!weightless && augment_chosen(operation, recording->stream))
        record_applied(operation, recording);
    else
        say(recording, "no");
    say(recording, ")");
    recording->begun = true;
}

static void record_range(const struct augment_operation *operation,
                         const struct augment_operation *end, struct recording *recording)
{
    for (; operation < end && !recording->status && !recording->lost;
         operation += 1 + operation->inner)
        record_one(operation, recording);
}

static shs_status record_all(struct recording *recording)
{
    const shs_augment *augment = recording->augment;
    if (!augment->n_operations) return SHS_OK; /* there is no array of operations then */
    record_range(augment->operations, augment->operations + augment->n_operations, recording);
    return recording->status;
}

void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text)
{
    augment_record_slot(augment, stream, 0, 1, text);
}

void augment_record_slot(const shs_augment *augment, shs_random *stream, uint64_t slot,
                         uint64_t count, struct core_text *text)
{
    struct recording recording = {
        .augment = augment, .stream = stream, .slot = slot, .count = count, .text = text};
    shs_status status = record_all(&recording);
    if (status) text->status = status;
}

shs_status augment_record_numbers(const shs_augment *augment, shs_random *stream, uint64_t slot,
                                  uint64_t count, const struct augment_listener *listener)
{
    struct recording recording = {
        .augment = augment, .stream = stream, .slot = slot, .count = count, .listener = listener};
    return record_all(&recording);
}

shs_status augment_record_names(const shs_augment *augment, const struct augment_listener *listener)
{
    shs_random stream;
    struct recording recording = {
        .augment = augment, .stream = &stream, .count = 1, .listener = listener};
    shs_status status = shs_random_at(&(shs_place){.purpose = SHS_ROLE_AUGMENT}, &stream);
    for (size_t o = 0; o < augment->n_operations && !status; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        if (operation->kind->holds == AUGMENT_HOLDS_ONE)
            record_choice(operation, &recording);
        else if (operation->kind->draw)
            record_own(operation, &recording);
        status = recording.status;
    }
    return status;
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

void augment_print_operation(const struct augment_operation *operation, struct core_text *text)
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
        augment_print_operation(inner, text);
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
        augment_print_operation(operation, text);
    }
}
