#include "load_draws.h"

#include <string.h>

#include "augment_operation.h"
#include "augment_record.h"
#include "core_assert.h"
#include "core_memory.h"

enum {
    NOT_RECORDED = -1
};

/* An operator's part of a record, as it may be written. */
struct drawn {
    char *text;
    const char **field, **layout;
    int8_t *applied;
    shs_drawn_value *values;
    double **numbers; /* of each value */
    size_t n_values;
};

struct record {
    shs_draws shown;
    const shs_augment *augment;
    shs_drawn_every *every;
    uint64_t *spacings; /* all of a spacing's, one spacing after the other */
    shs_drawn *operators;
    struct drawn *drawn; /* of each operator */
    int64_t *number;     /* of each operation: its number among the operators, or NOT_RECORDED */
    uint64_t row;        /* whose draws are entered */
    shs_status status;   /* of a value that is added */
};

static struct record *record_of(shs_draws *draws)
{
    return (struct record *)(void *)draws; /* `shown` is its first member */
}

/* Returns the number of the value with a name; n_values if there is none. */
static size_t find_value(const struct drawn *drawn, const char *name)
{
    size_t v = 0;
    while (v < drawn->n_values && strcmp(drawn->values[v].name, name) != 0)
        v++;
    return v;
}

/* ---- Making. */

static shs_status add_value(struct record *record, struct drawn *drawn,
                            const struct augment_told_number *told)
{
    uint64_t numbers = 0;
    char *name = NULL;
    size_t v = drawn->n_values;
    shs_status status = core_resize(v + 1, sizeof *drawn->values, "draws", &drawn->values);
    if (!status) status = core_resize(v + 1, sizeof *drawn->numbers, "draws", &drawn->numbers);
    if (!status && !core_multiply(record->shown.rows, told->width, &numbers)) numbers = SIZE_MAX;
    if (!status) status = core_copy(told->name, &name);
    if (status) return status;
    drawn->numbers[v] = NULL;
    drawn->values[v] = (shs_drawn_value){.name = name, .unit = told->unit, .width = told->width};
    drawn->n_values++;
    status = core_new((size_t)numbers, sizeof(double), "draws", &drawn->numbers[v]);
    for (uint64_t i = 0; i < numbers && !status; i++)
        drawn->numbers[v][i] = (double)__builtin_nanf("");
    drawn->values[v].numbers = drawn->numbers[v];
    return status;
}

static void hear_name(void *user, const struct augment_told_number *told)
{
    struct record *record = user;
    struct drawn *drawn = &record->drawn[record->number[told->operation]];
    if (!record->status && find_value(drawn, told->name) == drawn->n_values)
        record->status = add_value(record, drawn, told);
}

static shs_status make_drawn(struct record *record, size_t o, size_t number)
{
    const struct augment_operation *operation = &record->augment->operations[o];
    struct drawn *drawn = &record->drawn[number];
    size_t fields = operation->n_targets;
    struct core_text text = {0};
    augment_print_operation(operation, &text);
    shs_status status = core_text_take(&text, &drawn->text);
    if (!status) status = core_new(fields, sizeof *drawn->field, "draws", &drawn->field);
    if (!status) status = core_new(fields, sizeof *drawn->layout, "draws", &drawn->layout);
    if (!status)
        status = core_new(record->shown.rows, sizeof *drawn->applied, "draws", &drawn->applied);
    for (size_t t = 0; t < fields && !status; t++) {
        drawn->field[t] = record->augment->inputs[operation->targets[t].field].name;
        drawn->layout[t] = operation->targets[t].bound.grid.layout;
    }
    record->operators[number] = (shs_drawn){.name = operation->kind->name,
                                            .place = o,
                                            .text = drawn->text,
                                            .fields = fields,
                                            .field = drawn->field,
                                            .layout = drawn->layout,
                                            .applied = drawn->applied};
    return status;
}

static shs_status make_operators(struct record *record)
{
    const shs_augment *augment = record->augment;
    const struct augment_listener listener = {.user = record, .number = hear_name};
    size_t n = augment->n_operations;
    shs_status status = core_new(n, sizeof *record->operators, "draws", &record->operators);
    if (!status) status = core_new(n, sizeof *record->drawn, "draws", &record->drawn);
    if (!status) status = core_new(n, sizeof *record->number, "draws", &record->number);
    for (size_t o = 0; o < n && !status; o++) {
        record->number[o] = NOT_RECORDED;
        if (!augment_is_recorded(&augment->operations[o])) continue;
        record->number[o] = (int64_t)record->shown.n_operators++;
        status = make_drawn(record, o, (size_t)record->number[o]);
    }
    if (!status) status = augment_record_names(augment, &listener);
    return status ? status : record->status;
}

static shs_status make_spacings(struct record *record, const struct data_sample *what)
{
    size_t count = what->n_spacings;
    shs_draws *shown = &record->shown;
    uint64_t numbers;
    if (!core_multiply(shown->rows, count, &numbers)) numbers = SIZE_MAX;
    shs_status status = core_new(count, sizeof *record->every, "draws", &record->every);
    if (!status)
        status = core_new((size_t)numbers, sizeof *record->spacings, "draws", &record->spacings);
    for (size_t i = 0; i < count && !status; i++)
        record->every[i] = (shs_drawn_every){.name = data_spacing_name(what, i),
                                             .every = record->spacings + i * shown->rows};
    if (status) return status;
    shown->n_every = count;
    shown->every = record->every;
    return SHS_OK;
}

void load_draws_space(shs_draws *draws, uint64_t row, const uint64_t *spacing)
{
    struct record *record = record_of(draws);
    for (size_t i = 0; i < draws->n_every; i++)
        record->spacings[i * draws->rows + row] = spacing[i];
}

shs_status load_draws_new(const shs_augment *augment, const struct data_sample *what, uint64_t rows,
                          shs_draws **draws)
{
    struct record *record;
    *draws = NULL;
    shs_status status = core_new(1, sizeof *record, "draws", &record);
    if (status) return status;
    *draws = &record->shown;
    record->augment = augment;
    record->shown.rows = rows;
    status = make_spacings(record, what);
    if (!status) status = make_operators(record);
    for (size_t i = 0; i < record->shown.n_operators && !status; i++) {
        record->operators[i].n_values = record->drawn[i].n_values;
        record->operators[i].values = record->drawn[i].values;
    }
    record->shown.operators = record->operators;
    if (status) shs_draws_close(draws);
    return status;
}

/* ---- Entering. */

static void hear_applied(void *user, size_t operation)
{
    struct record *record = user;
    record->drawn[record->number[operation]].applied[record->row] = 1;
}

static void hear_lost(void *user, size_t operation)
{
    struct record *record = user;
    for (size_t o = operation + 1; o < record->augment->n_operations; o++)
        if (record->number[o] != NOT_RECORDED)
            record->drawn[record->number[o]].applied[record->row] = -1;
}

static void hear_number(void *user, const struct augment_told_number *told)
{
    struct record *record = user;
    const struct drawn *drawn = &record->drawn[record->number[told->operation]];
    size_t v = find_value(drawn, told->name);
    core_assert(v < drawn->n_values); /* an operator tells the same names for each sample */
    drawn->numbers[v][record->row * told->width + told->at] = told->number;
}

shs_status load_draws_enter(shs_draws *draws, uint64_t row, shs_random *stream, uint64_t slot,
                            uint64_t count)
{
    struct record *record = record_of(draws);
    const struct augment_listener listener = {
        .user = record, .applied = hear_applied, .lost = hear_lost, .number = hear_number};
    record->row = row;
    return augment_record_numbers(record->augment, stream, slot, count, &listener);
}

/* ---- Releasing. */

static void free_drawn(struct drawn *drawn)
{
    for (size_t v = 0; v < drawn->n_values; v++) {
        char *name = (char *)(uintptr_t)drawn->values[v].name;
        core_free(&name);
        core_free(&drawn->numbers[v]);
    }
    core_free(&drawn->values);
    core_free(&drawn->numbers);
    core_free(&drawn->applied);
    core_free(&drawn->field);
    core_free(&drawn->layout);
    core_free(&drawn->text);
}

void shs_draws_close(shs_draws **draws)
{
    if (!draws || !*draws) return;
    struct record *record = record_of(*draws);
    for (size_t i = 0; i < record->shown.n_operators && record->drawn; i++)
        free_drawn(&record->drawn[i]);
    core_free(&record->drawn);
    core_free(&record->every);
    core_free(&record->spacings);
    core_free(&record->operators);
    core_free(&record->number);
    core_free(&record);
    *draws = NULL;
}
