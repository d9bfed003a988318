#include "augment_parameter.h"

#include <stdio.h>
#include <string.h>

#include "augment_axes.h"
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

/* An operator of the program's own may have values of any name. */
static bool knows(const struct augment_kind *kind, const char *name)
{
    if (kind->own) return true;
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

static bool is_no_number(const struct augment_parameter *parameter)
{
    return parameter->form == AUGMENT_TYPE || parameter->form == AUGMENT_AXES;
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
        core_text_add(&text, "%s%s=...", is_no_number(parameter) ? "" : "a number ",
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
    numbers->count = value ? value->n_items : *item != '\0';
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

/* Reads low..high. A single number is refused unless the parameter takes it, because programs that
 * people know read it in different ways. */
static shs_status read_range(const struct reading *reading, const char *item)
{
    struct augment_range *range = reading->member;
    char low[AUGMENT_NAME_BYTES];
    const char *dots = strstr(item, "..");
    if (!reading->value && !*item) {
        *range = (struct augment_range){.low = 1};
        return SHS_OK;
    }
    if (!dots && reading->parameter->single) {
        shs_status alone = read_number(reading, item, 0, &range->low);
        range->high = range->low;
        return alone;
    }
    if (!dots) return refuse_item(reading, item, 0);
    snprintf(low, sizeof low, "%.*s", (int)(dots - item), item);
    shs_status status = read_number(reading, low, 0, &range->low);
    if (!status) status = read_number(reading, dots + 2, 0, &range->high);
    if (!status && range->low > range->high) status = refuse_item(reading, item, 0);
    return status;
}

static shs_status read_wholes(const struct reading *reading, const char *item)
{
    struct augment_wholes *wholes = reading->member;
    const struct augment_value *value = reading->value;
    size_t count = value ? value->n_items : *item != '\0';
    if (count > SHS_MAX_AXES)
        return refuse_value(reading, "", "a list with more numbers than axes");
    for (size_t i = 0; i < count; i++) {
        struct reading one = *reading;
        one.member = &wholes->number[i];
        shs_status status = read_whole(&one, value ? value->items[i] : item);
        if (status) return status;
    }
    wholes->count = count;
    return SHS_OK;
}

static shs_status read_axes(const struct reading *reading, const char *item)
{
    struct augment_axes *axes = reading->member;
    size_t length = strlen(item);
    bool good = length <= SHS_MAX_AXES;
    for (size_t i = 0; i < length && good; i++)
        good = strchr("ctzdyhxwij", item[i]) && strchr(item, item[i]) == item + i;
    if (!good) return refuse_item(reading, item, 0);
    memcpy(axes->letter, item, length + 1);
    return SHS_OK;
}

static shs_status read_names(const struct reading *reading)
{
    struct augment_names *names = reading->member;
    const struct augment_value *value = reading->value;
    if (!value) return SHS_OK;
    if (value->n_items > AUGMENT_MOST_NAMES)
        return refuse_value(reading, "", "a list of too many names");
    for (names->count = 0; names->count < value->n_items; names->count++)
        memcpy(names->name[names->count], value->items[names->count], AUGMENT_NAME_BYTES);
    return SHS_OK;
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
    case AUGMENT_RANGE:
        return read_range(reading, item);
    case AUGMENT_WHOLES:
        return read_wholes(reading, item);
    case AUGMENT_AXES:
        return read_axes(reading, item);
    case AUGMENT_NAMES:
        return read_names(reading);
    case AUGMENT_CHANCE:
        return read_number(reading, item, 0, reading->member);
    case AUGMENT_LAYOUT:
        return SHS_OK; /* augment_bind_grid() reads it */
    }
    return SHS_OK;
}

static bool takes_list(enum augment_form form)
{
    return form == AUGMENT_NUMBERS || form == AUGMENT_WHOLES;
}

static shs_status read_value(const struct reading *reading)
{
    const struct augment_value *value = reading->value;
    enum augment_form form = reading->parameter->form;
    if (!value && augment_is_needed(reading->parameter)) return refuse_needed(reading);
    if (value && value->is_list && !takes_list(form)) return refuse_value(reading, "", "a list");
    if (value && value->is_names != (form == AUGMENT_NAMES))
        return refuse_value(reading, "",
                            value->is_names ? "a list of names" : "not in parentheses");
    return read_form(reading, value ? value->items[0] : reading->parameter->otherwise);
}

/* ---- Lists with a number for each channel. */

static bool has_list(const struct augment_kind *kind, const struct augment_call *call)
{
    for (const struct augment_parameter *p = kind->parameters; p->name; p++) {
        const struct augment_value *value = find_value(call, p->name);
        if (p->form == AUGMENT_NUMBERS && value && value->is_list) return true;
    }
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
              "a list of %llu, or another layout=",
              value->at, call->name, value->name, value->n_items, value->n_items == 1 ? "" : "s",
              bound->before.name, shape.bytes ? shape.bytes : "", bound->grid.layout, channels,
              channels == 1 ? "" : "s", channels);
    core_text_free(&shape);
    return augment_tell_origin(SHS_ERROR_ARGUMENT, bound);
}

shs_status augment_read(const struct augment_kind *kind, const struct augment_call *call,
                        struct augment_bound *bound, void *setting, double *chance)
{
    shs_status status = SHS_OK;
    *chance = 1;
    for (const struct augment_parameter *p = kind->parameters; p->name && !status; p++) {
        struct reading reading = {
            kind, call, p, bound, find_value(call, p->name), (char *)setting + p->offset};
        if (p->form == AUGMENT_CHANCE) reading.member = chance;
        status = read_value(&reading);
    }
    const struct augment_value *layout = find_value(call, "layout");
    if (status || (!kind->needs && !layout && !has_list(kind, call))) return status;
    status = augment_bind_grid(kind, call, layout ? layout->items[0] : NULL, bound);
    for (const struct augment_parameter *p = kind->parameters; p->name && !status; p++) {
        const struct augment_value *value = find_value(call, p->name);
        if (p->form == AUGMENT_NUMBERS && value) status = check_length(call, value, bound);
    }
    return status;
}
