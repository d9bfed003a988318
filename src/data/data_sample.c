#include "data_sample.h"

#include <ctype.h>
#include <string.h>

#include "core_memory.h"
#include "h5_file.h"

/* ---- The text. */

/* One field's text, taken apart in place. */
struct field_text {
    const char *whole; /* the whole text, for messages */
    char *alias;       /* NULL: none is given */
    char *array;
    char *values; /* the text in the parentheses; NULL: there are no parentheses */
};

static shs_status wrong(const struct field_text *text, const char *what)
{
    return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s", text->whole, what);
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t length = strlen(text); length && isspace((unsigned char)text[length - 1]); length--)
        text[length - 1] = '\0';
    return text;
}

/* Returns the first `end` outside parentheses, or the end of the text. */
static char *find_end(char *text, char end)
{
    int depth = 0;
    for (; *text && (*text != end || depth > 0); text++)
        depth += *text == '(' ? 1 : *text == ')' ? -1 : 0;
    return text;
}

/* Cuts the text at `end`. Returns the text behind it, or NULL if there is no `end`. */
static char *cut(char *text, char end)
{
    char *at = find_end(text, end);
    if (!*at) return NULL;
    *at = '\0';
    return at + 1;
}

static shs_status read_alias(struct field_text *text, char *alias)
{
    text->alias = trim(alias);
    if (!*text->alias) return wrong(text, "there is no name before the '='");
    for (const char *c = text->alias; *c; c++)
        if (isspace((unsigned char)*c) || strchr(",:;()=", *c))
            return wrong(text, "a name given with '=' has no spaces and none of , : ; ( ) =");
    return SHS_OK;
}

/* [ALIAS=]NAME[(values)] */
static shs_status split(struct field_text *text, char *copy)
{
    char *open = strchr(copy, '('), *equals = strchr(copy, '=');
    if (open) {
        size_t length = strlen(copy);
        if (copy[length - 1] != ')' || strchr(open + 1, '(') || strchr(open, ')')[1])
            return wrong(text, "it must end with the ')' of its one '('");
        copy[length - 1] = *open = '\0';
        text->values = open + 1;
    } else if (strchr(copy, ')')) {
        return wrong(text, "there is no '(' before the ')'");
    }
    text->array = copy;
    if (equals && (!open || equals < open)) {
        *equals = '\0';
        text->array = equals + 1;
        shs_status status = read_alias(text, copy);
        if (status) return status;
    }
    text->array = trim(text->array);
    if (*text->array) return SHS_OK;
    return wrong(text, "there is no name of a dataset");
}

/* Finds or adds an array. Its name is kept without slashes and dots that mean nothing, so an array
 * has one name. */
static shs_status find_array(struct data_sample *sample, const char *name, size_t *array)
{
    char *normal;
    shs_status status = h5_normal_name(name, &normal);
    if (status) return status;
    for (*array = 0; *array < sample->n_arrays; (*array)++)
        if (!strcmp(sample->array[*array], normal)) {
            core_free(&normal);
            return SHS_OK;
        }
    sample->array[sample->n_arrays++] = normal;
    return SHS_OK;
}

static shs_status read_number(const struct field_text *text, const char *key, const char *value,
                              uint64_t *number)
{
    if (core_parse_u64(value, number)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field '%.200s': %s is '%.60s'; it must be a whole number below 2^64",
                     text->whole, key, value);
}

/* The values that the text of a field gives. */
struct given {
    bool window, stride, lead, offsets, most;
};

static shs_status set_value(struct data_sample *sample, struct data_part *part,
                            const struct field_text *text, struct given *given, const char *key,
                            const char *value)
{
    const struct {
        const char *name;
        bool *given;
        uint64_t *number;
    } keys[] = {
        {"window", &given->window, &part->window}, {"stride", &given->stride, &part->stride},
        {"lead", &given->lead, &part->lead},       {"most", &given->most, &part->most},
        {"offsets", &given->offsets, NULL},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].name, key) != 0) continue;
        if (*keys[i].given)
            return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s is given twice", text->whole,
                             key);
        *keys[i].given = true;
        if (keys[i].number) return read_number(text, key, value, keys[i].number);
        if (!*value) return wrong(text, "offsets is empty; it must be the name of a dataset");
        return find_array(sample, value, &part->offsets);
    }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field '%.200s': there is no '%.60s'; there are window, stride and lead, or "
                     "offsets and most",
                     text->whole, key);
}

static shs_status check_given(const struct data_part *part, const struct field_text *text,
                              const struct given *given)
{
    if (given->window && given->offsets) return wrong(text, "it has either a window or offsets");
    if (!given->window && (given->stride || given->lead))
        return wrong(text, "stride and lead belong to a window; give window=ROWS as well");
    if (!given->offsets && given->most)
        return wrong(text, "most belongs to offsets; give offsets=NAME as well");
    if (given->window && !part->window) return wrong(text, "window is 0; it must be at least 1");
    if (given->stride && !part->stride) return wrong(text, "stride is 0; it must be at least 1");
    if (given->most && !part->most)
        return wrong(text, "most is 0; leave it out to have the longest sample's rows");
    return SHS_OK;
}

static shs_status read_values(struct data_sample *sample, struct data_part *part,
                              struct field_text *text)
{
    struct given given = {0};
    shs_status status = SHS_OK;
    part->stride = 1;
    for (char *now = text->values, *next; now && !status; now = next) {
        next = cut(now, ',');
        char *value = strchr(now, '=');
        if (!value) return wrong(text, "in parentheses stand key=value, key=value, …");
        *value++ = '\0';
        status = set_value(sample, part, text, &given, trim(now), trim(value));
    }
    if (!status) status = check_given(part, text, &given);
    part->kind = given.window ? DATA_WINDOW : given.offsets ? DATA_RAGGED : DATA_ROW;
    return status;
}

static shs_status add_part(struct data_sample *sample, struct data_part part, const char *name)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (!strcmp(sample->part[i].name, name))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "field %s is given twice; give one of them another name: NAME=%s",
                             name, sample->array[part.array]);
    if (sample->n_parts == SHS_MAX_FIELDS)
        return core_fail(SHS_ERROR_ARGUMENT, "more than %d fields", SHS_MAX_FIELDS);
    shs_status status = core_copy(name, &part.name);
    if (!status) sample->part[sample->n_parts++] = part;
    return status;
}

static shs_status add_length(struct data_sample *sample, struct data_part part, const char *name)
{
    struct core_text text = {0};
    char *length;
    core_text_add(&text, "%s.length", name);
    shs_status status = core_text_take(&text, &length);
    if (status) return status;
    part.kind = DATA_LENGTH;
    status = add_part(sample, part, length);
    core_free(&length);
    return status;
}

static shs_status take_field(struct data_sample *sample, struct field_text *text, char *copy,
                             bool one_a_file)
{
    struct data_part part = {0};
    if (!*text->whole)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a field's name is empty; give names of datasets separated by commas");
    shs_status status = split(text, copy);
    if (!status && one_a_file && text->values)
        status = wrong(text, "with one sample a file a field is all of its dataset; leave out what "
                             "stands in parentheses");
    if (!status) status = find_array(sample, text->array, &part.array);
    if (!status) status = read_values(sample, &part, text);
    if (status) return status;
    const char *name = text->alias ? text->alias : sample->array[part.array];
    if (one_a_file) part.kind = DATA_WHOLE;
    status = add_part(sample, part, name);
    if (!status && part.kind == DATA_RAGGED) status = add_length(sample, part, name);
    return status;
}

static shs_status read_field(struct data_sample *sample, char *field, bool one_a_file)
{
    char *copy;
    struct field_text text = {.whole = trim(field)};
    shs_status status = core_copy(text.whole, &copy);
    if (status) return status;
    status = take_field(sample, &text, copy, one_a_file);
    core_free(&copy);
    return status;
}

/* Refuses windows with different strides: all windows of a sample move on together. */
static shs_status check_strides(const struct data_sample *sample)
{
    const struct data_part *first = NULL;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind != DATA_WINDOW) continue;
        if (!first) first = part;
        if (part->stride != first->stride)
            return core_fail(
                SHS_ERROR_ARGUMENT,
                "field %s has stride %llu but field %s has %llu; windows of one sample "
                "need the same stride",
                first->name, (ull)first->stride, part->name, (ull)part->stride);
    }
    return SHS_OK;
}

shs_status data_sample_parse(const char *text, bool one_a_file, struct data_sample *sample)
{
    char *copy;
    *sample = (struct data_sample){0};
    shs_status status = core_copy(text, &copy);
    if (status) return status;
    for (char *now = copy, *next; now && !status; now = next) {
        next = cut(now, ',');
        status = read_field(sample, now, one_a_file);
    }
    if (!status) status = check_strides(sample);
    core_free(&copy);
    if (status) data_sample_free(sample);
    return status;
}

void data_sample_free(struct data_sample *sample)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        core_free(&sample->part[i].name);
    for (size_t i = 0; i < sample->n_arrays; i++)
        core_free(&sample->array[i]);
    *sample = (struct data_sample){0};
}

bool data_sample_is_offsets(const struct data_sample *sample, size_t array)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (sample->part[i].kind == DATA_RAGGED && sample->part[i].offsets == array) return true;
    return false;
}

/* ---- Arithmetic. */

uint64_t data_part_least_rows(const struct data_part *part)
{
    uint64_t rows;
    return __builtin_add_overflow(part->lead, part->window, &rows) ? UINT64_MAX : rows;
}

static uint64_t samples_of(const struct data_part *part, const uint64_t *rows)
{
    switch (part->kind) {
    case DATA_WINDOW: {
        uint64_t least = data_part_least_rows(part), has = rows[part->array];
        return has < least || least == UINT64_MAX ? 0 : (has - least) / part->stride + 1;
    }
    case DATA_RAGGED:
    case DATA_LENGTH:
        return rows[part->offsets] ? rows[part->offsets] - 1 : 0;
    case DATA_WHOLE:
        return 1;
    case DATA_ROW:
        break;
    }
    return rows[part->array];
}

static const char *unit_of(const struct data_part *part)
{
    return part->kind == DATA_ROW ? "rows" : "samples";
}

static shs_status differ(const struct data_part *a, uint64_t a_has, const struct data_part *b,
                         uint64_t b_has)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "field %s has %llu %s but field %s has %llu%s%s; all fields need one row a "
                     "sample",
                     a->name, (ull)a_has, unit_of(a), b->name, (ull)b_has,
                     a->kind == b->kind ? "" : " ", a->kind == b->kind ? "" : unit_of(b));
}

/* Returns the first part that has the fewest windows, or NULL if there are no windows. This part
 * says how many samples there are. */
static const struct data_part *least_window(const struct data_sample *sample, const uint64_t *rows)
{
    const struct data_part *least = NULL;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind == DATA_WINDOW &&
            (!least || samples_of(part, rows) < samples_of(least, rows)))
            least = part;
    }
    return least;
}

shs_status data_sample_count(const struct data_sample *sample, const uint64_t *rows,
                             uint64_t *samples)
{
    const struct data_part *first = least_window(sample, rows);
    if (!first) first = &sample->part[0];
    *samples = samples_of(first, rows);
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind != DATA_WINDOW && samples_of(part, rows) != *samples)
            return differ(first, *samples, part, samples_of(part, rows));
    }
    return SHS_OK;
}

uint64_t data_sample_overlap(const struct data_sample *sample, uint64_t *stride)
{
    uint64_t first = UINT64_MAX, end = 0;
    *stride = 0;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind != DATA_WINDOW) continue;
        *stride = part->stride; /* all windows have the same stride */
        if (part->lead < first) first = part->lead;
        if (data_part_least_rows(part) > end) end = data_part_least_rows(part);
    }
    return end > first && end - first > *stride ? end - first : 0;
}

uint64_t data_part_first(const struct data_part *part, uint64_t i)
{
    return part->kind == DATA_WINDOW ? i * part->stride + part->lead : i;
}

uint64_t data_part_rows(const struct data_part *part)
{
    return part->kind == DATA_WINDOW ? part->window : 1;
}

struct data_range data_part_samples(const struct data_part *part, uint64_t first, uint64_t count,
                                    uint64_t samples)
{
    uint64_t last = first + count - 1, low = first, high = last;
    if (!samples || part->kind == DATA_WHOLE) return (struct data_range){0, samples};
    if (part->kind == DATA_WINDOW) {
        uint64_t before = part->lead + part->window - 1; /* the last row of window 0 */
        if (last < part->lead) return (struct data_range){0, 0};
        low = first <= before ? 0 : (first - before - 1) / part->stride + 1;
        high = (last - part->lead) / part->stride;
    }
    if (high >= samples) high = samples - 1;
    if (low > high) return (struct data_range){0, 0};
    return (struct data_range){low, high - low + 1};
}

/* ---- Shapes and words. */

shs_status data_part_shape(const struct data_part *part, const shs_tensor *row, shs_tensor *sample)
{
    size_t bytes;
    bool longer = part->kind == DATA_WINDOW || part->kind == DATA_RAGGED;
    *sample = *row;
    sample->name = part->name;
    sample->data = NULL;
    if (part->kind == DATA_LENGTH) {
        sample->type = SHS_U64;
        sample->axes = 0;
    }
    /* a batch has one axis more than a sample */
    if (sample->axes + longer >= SHS_MAX_AXES)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "field %s: a batch of its samples would have %u axes; the most is %d",
                         part->name, sample->axes + longer + 1, SHS_MAX_AXES);
    if (longer) {
        memmove(sample->shape + 1, sample->shape, sample->axes * sizeof *sample->shape);
        sample->shape[0] = part->kind == DATA_WINDOW ? part->window : part->most;
        sample->axes++;
    }
    return core_wrap(shs_tensor_bytes(sample, &bytes), "field %s: a sample of %llu rows",
                     part->name, (ull)sample->shape[0]);
}

bool data_part_is_own_row(const struct data_sample *sample, const struct data_part *part)
{
    if (part->kind == DATA_ROW || part->kind == DATA_WHOLE)
        return !strcmp(part->name, sample->array[part->array]);
    return part->kind == DATA_LENGTH;
}

void data_part_describe(const struct data_sample *sample, const struct data_part *part,
                        struct core_text *text)
{
    core_text_add(text, "%s = %s", part->name, sample->array[part->array]);
    if (part->kind == DATA_WINDOW)
        core_text_add(text, "(window=%llu, stride=%llu, lead=%llu)", (ull)part->window,
                      (ull)part->stride, (ull)part->lead);
    if (part->kind == DATA_RAGGED)
        core_text_add(text, "(offsets=%s, most=%llu)", sample->array[part->offsets],
                      (ull)part->most);
}
