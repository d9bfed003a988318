#include "augment_parameter.h"

#include <stdio.h>
#include <string.h>

#include "augment_grid.h"
#include "augment_print.h"
#include "augment_table.h"

/* The reading of a value: it goes from a call to the settings. */
struct reading {
    const struct augment_kind *kind;
    const struct augment_call *call;
    const struct augment_parameter *parameter;
    const struct augment_bound *bound;
    const struct augment_value *value; /* NULL for the default */
    void *member;                      /* the member of the settings that gets the value */
};

/* The value that a call gives to a parameter; NULL if it gives no value. */
static const struct augment_value *find_value(const struct augment_call *call, const char *name)
{
    for (size_t i = 0; i < call->n_values; i++)
        if (strcmp(call->values[i].name, name) == 0) return &call->values[i];
    return NULL;
}

/* ---- Names. */

static size_t names_of(const struct augment_kind *kind, const char *names[AUGMENT_MAX_VALUES])
{
    size_t count = 0;
    for (; count < AUGMENT_MAX_VALUES && kind->parameters[count].name; count++)
        names[count] = kind->parameters[count].name;
    return count;
}

static bool knows(const struct augment_kind *kind, const char *name)
{
    for (const struct augment_parameter *p = kind->parameters; p->name; p++)
        if (strcmp(p->name, name) == 0) return true;
    return false;
}

shs_status augment_check_names(const struct augment_kind *kind, const struct augment_call *call)
{
    const char *names[AUGMENT_MAX_VALUES];
    for (size_t i = 0; i < call->n_values; i++) {
        const struct augment_value *value = &call->values[i];
        if (!knows(kind, value->name)) {
            char what[AUGMENT_NAME_BYTES + 32];
            snprintf(what, sizeof what, "%s has no value", call->name);
            return augment_unknown(value->at, what, value->name, "; it takes", names,
                                   names_of(kind, names));
        }
        if (find_value(call, value->name) != value)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s is given '%s' twice", value->at,
                             call->name, value->name);
    }
    return SHS_OK;
}

/* ---- Messages. */

/* Fails with the message in `text`, followed by an example. Releases `text`. */
static shs_status refuse(const struct reading *reading, struct core_text *text)
{
    core_text_add(text, ", as in ");
    augment_print_example(reading->kind, text);
    if (!text->status)
        core_fail(SHS_ERROR_ARGUMENT, "augmentation, character %zu: %s", reading->call->at,
                  text->bytes);
    shs_status status = text->status ? text->status : SHS_ERROR_ARGUMENT;
    core_text_free(text);
    return status;
}

/* Fails with a message that says what the value is, and what it may be. */
static shs_status refuse_value(const struct reading *reading, const char *before, const char *is)
{
    struct core_text text = {0};
    core_text_add(&text, "%s%s's %s is %s; it takes ", before, reading->call->name,
                  reading->parameter->name, is);
    augment_print_range(reading->parameter, &text);
    return refuse(reading, &text);
}

static shs_status refuse_item(const struct reading *reading, const char *item, size_t at)
{
    char before[32] = "", quoted[AUGMENT_NAME_BYTES + 2];
    if (reading->value && reading->value->is_list)
        snprintf(before, sizeof before, "number %zu of ", at + 1);
    snprintf(quoted, sizeof quoted, "'%s'", item);
    return refuse_value(reading, before, quoted);
}

/* Refuses a call that lacks a value without a default, or that gives a word which is not in the
 * parameter's list. */
static shs_status refuse_needed(const struct reading *reading)
{
    const struct augment_parameter *parameter = reading->parameter;
    struct core_text text = {0};
    core_text_add(&text, "%s of field %s needs ", reading->call->name, reading->bound->before.name);
    if (parameter->form == AUGMENT_WORD)
        augment_print_words(parameter->words, parameter->name, "=", &text);
    else
        core_text_add(&text, "%s%s=...", parameter->form == AUGMENT_TYPE ? "" : "a number ",
                      parameter->name);
    if (reading->value)
        core_text_add(&text, ", not %s=%s", parameter->name, reading->value->items[0]);
    return refuse(reading, &text);
}

/* ---- Values by their form. */

static shs_status read_number(const struct reading *reading, const char *item, size_t at,
                              double *number)
{
    const struct augment_parameter *parameter = reading->parameter;
    if (core_parse_double(item, number) && *number >= parameter->least &&
        *number <= parameter->most)
        return SHS_OK;
    return refuse_item(reading, item, at);
}

static shs_status read_whole(const struct reading *reading, const char *item)
{
    double number;
    shs_status status = read_number(reading, item, 0, &number);
    if (status) return status;
    uint64_t whole = (uint64_t)number;
    if ((double)whole < number)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s's %s is %g; it must be a whole number",
                         reading->call->at, reading->call->name, reading->parameter->name, number);
    memcpy(reading->member, &whole, sizeof whole);
    return SHS_OK;
}

static shs_status read_word(const struct reading *reading, const char *item)
{
    const struct augment_parameter *parameter = reading->parameter;
    const char *word;
    size_t length;
    for (int i = 0; (length = augment_word_at(parameter->words, i, &word)) != 0; i++)
        if (strlen(item) == length && strncmp(item, word, length) == 0) {
            memcpy(reading->member, &i, sizeof i);
            return SHS_OK;
        }
    return augment_is_needed(parameter) ? refuse_needed(reading) : refuse_item(reading, item, 0);
}

static shs_status read_type(const struct reading *reading, const char *item)
{
    for (shs_type type = SHS_U8; type <= SHS_F64; type++)
        if (strcmp(item, shs_type_name(type)) == 0) {
            memcpy(reading->member, &type, sizeof type);
            return SHS_OK;
        }
    return refuse_item(reading, item, 0);
}

static shs_status read_numbers(const struct reading *reading, const char *item)
{
    struct augment_numbers *numbers = reading->member;
    const struct augment_value *value = reading->value;
    shs_status status = SHS_OK;
    numbers->count = value ? value->n_items : 1;
    if (numbers->count > AUGMENT_MOST_NUMBERS)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s's %s is a list of %zu numbers; the most "
                         "is %d",
                         value->at, reading->call->name, value->name, numbers->count,
                         AUGMENT_MOST_NUMBERS);
    for (size_t i = 0; i < numbers->count && !status; i++)
        status = read_number(reading, value ? value->items[i] : item, i, &numbers->number[i]);
    return status;
}

static shs_status read_form(const struct reading *reading, const char *item)
{
    switch (reading->parameter->form) {
    case AUGMENT_NUMBER:
        return read_number(reading, item, 0, reading->member);
    case AUGMENT_WHOLE:
        return read_whole(reading, item);
    case AUGMENT_WORD:
        return read_word(reading, item);
    case AUGMENT_NUMBERS:
        return read_numbers(reading, item);
    case AUGMENT_TYPE:
        return read_type(reading, item);
    case AUGMENT_LAYOUT:
        return SHS_OK; /* augment_bind_grid() reads it */
    }
    return SHS_OK;
}

static shs_status read_value(const struct reading *reading)
{
    const struct augment_value *value = reading->value;
    if (!value && augment_is_needed(reading->parameter)) return refuse_needed(reading);
    if (value && value->is_list && reading->parameter->form != AUGMENT_NUMBERS)
        return refuse_value(reading, "", "a list");
    return read_form(reading, value ? value->items[0] : reading->parameter->otherwise);
}

/* ---- Lists with a number for each channel. */

static bool has_list(const struct augment_call *call)
{
    for (size_t i = 0; i < call->n_values; i++)
        if (call->values[i].is_list) return true;
    return false;
}

static shs_status check_length(const struct augment_call *call, const struct augment_value *value,
                               const struct augment_bound *bound)
{
    ull channels = bound->grid.channels;
    struct core_text shape = {0};
    if (!value->is_list || value->n_items == channels) return SHS_OK;
    core_text_add_shape(&shape, &bound->before);
    core_fail(SHS_ERROR_ARGUMENT,
              "augmentation, character %zu: %s's %s is a list of %zu number%s, but field %s, whose "
              "samples are %s in layout %s, has %llu channel%s; give one number for all channels, "
              "or a list of %llu",
              value->at, call->name, value->name, value->n_items, value->n_items == 1 ? "" : "s",
              bound->before.name, shape.bytes ? shape.bytes : "", bound->grid.layout, channels,
              channels == 1 ? "" : "s", channels);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

shs_status augment_read(const struct augment_kind *kind, const struct augment_call *call,
                        struct augment_bound *bound, void *setting)
{
    shs_status status = SHS_OK;
    for (const struct augment_parameter *p = kind->parameters; p->name && !status; p++) {
        const struct reading reading = {
            kind, call, p, bound, find_value(call, p->name), (char *)setting + p->offset};
        status = read_value(&reading);
    }
    const struct augment_value *layout = find_value(call, "layout");
    if (status || (!kind->needs_grid && !layout && !has_list(call))) return status;
    status = augment_bind_grid(call, layout ? layout->items[0] : NULL, bound);
    for (size_t i = 0; i < call->n_values && !status; i++)
        status = check_length(call, &call->values[i], bound);
    return status;
}
