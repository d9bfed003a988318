#include "data_field_text.h"

#include <ctype.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_pick.h"

shs_status data_field_text_wrong(const struct data_field_text *text, const char *what)
{
    return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s", text->whole, what);
}

/* Returns the end of the members that begin at `text`, as in "jets.{pt,eta}", or the text. */
static char *skip_members(char *text)
{
    char *end = text[0] == '.' && text[1] == '{' ? strchr(text, '}') : NULL;
    return end ? end : text;
}

/* Returns the first `end` outside parentheses and members, or the end of the text. */
static char *find_end(char *text, char end)
{
    int depth = 0;
    for (; *text && (*text != end || depth > 0); text++) {
        text = skip_members(text);
        depth += *text == '(' ? 1 : *text == ')' ? -1 : 0;
    }
    return text;
}

/* Takes out the spaces beside commas and braces of the members in a name, so that they have one
 * form. */
static void pack_members(char *name)
{
    char *at = strstr(name, ".{"), *end = at ? skip_members(at) : at, *to = at;
    for (; at < end; at++) {
        size_t spaces = strspn(at, " \t\n");
        if (spaces && (strchr("{,", to[-1]) || strchr(",}", at[spaces])))
            at += spaces - 1;
        else
            *to++ = *at;
    }
    if (to) memmove(to, end, strlen(end) + 1);
}

char *data_field_text_cut(char *text, char end)
{
    char *at = find_end(text, end);
    if (!*at) return NULL;
    *at = '\0';
    return at + 1;
}

static shs_status read_alias(struct data_field_text *text, char *alias)
{
    text->alias = core_trim(alias);
    if (!*text->alias) return data_field_text_wrong(text, "there is no name before the '='");
    for (const char *c = text->alias; *c; c++)
        if (isspace((unsigned char)*c) || strchr(",:;()=", *c))
            return data_field_text_wrong(
                text, "a name given with '=' has no spaces and none of , : ; ( ) =");
    return SHS_OK;
}

/* [ALIAS=]csr(GROUP[, width=COLUMNS])[(values)]. *found is false for another text, which stays as
 * it is. */
static shs_status split_csr(struct data_field_text *text, char *copy, bool *found)
{
    char *open = strchr(copy, '('), *equals = strchr(copy, '=');
    bool named = open && equals && equals < open;
    char *form = named ? equals + 1 : copy;
    *found = data_csr_is_text(form);
    if (!*found) return SHS_OK;
    if (named) *equals = '\0';
    shs_status status = named ? read_alias(text, copy) : SHS_OK;
    if (!status)
        status = core_wrap(data_csr_split(form, &text->csr), "field '%.200s'", text->whole);
    text->array = text->csr.group;
    text->values = text->csr.values;
    return status;
}

/* [ALIAS=]NAME[(values)] */
static shs_status split_plain(struct data_field_text *text, char *copy)
{
    char *open = strchr(copy, '('), *equals = strchr(copy, '=');
    if (open) {
        size_t length = strlen(copy);
        if (copy[length - 1] != ')' || strchr(open + 1, '(') || strchr(open, ')')[1])
            return data_field_text_wrong(text, "it must end with the ')' of its one '('");
        copy[length - 1] = *open = '\0';
        text->values = open + 1;
    } else if (strchr(copy, ')')) {
        return data_field_text_wrong(text, "there is no '(' before the ')'");
    }
    text->array = copy;
    if (equals && (!open || equals < open)) {
        *equals = '\0';
        text->array = equals + 1;
        shs_status status = read_alias(text, copy);
        if (status) return status;
    }
    text->array = core_trim(text->array);
    pack_members(text->array);
    if (!text->alias && strstr(text->array, ".{"))
        return data_field_text_wrong(
            text, "several members need a name of their own: ALIAS=NAME.{MEMBER,MEMBER}");
    if (*text->array) return SHS_OK;
    return data_field_text_wrong(text, "there is no name of a dataset");
}

shs_status data_field_text_split(struct data_field_text *text, char *copy)
{
    bool found;
    shs_status status = split_csr(text, copy, &found);
    return status || found ? status : split_plain(text, copy);
}

static shs_status read_number(const struct data_field_text *text, const char *key,
                              const char *value, uint64_t *number)
{
    if (core_parse_u64(value, number)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field '%.200s': %s is '%.60s'; it must be a whole number below 2^64",
                     text->whole, key, value);
}

static shs_status read_pick(const struct data_field_text *text, struct data_given *given,
                            const char *key, const char *value)
{
    bool crop = !strcmp(key, "crop");
    shs_status status =
        data_pick_normal(value, crop, crop ? &given->view.crop : &given->view.select);
    return core_wrap(status, "field '%.200s': %s", text->whole, key);
}

/* Reads E, A..B or NAME:A..B. */
static shs_status read_every(const struct data_field_text *text, struct data_given *given,
                             char *value, uint64_t *every)
{
    char *dots = strstr(value, ".."), *colon = strchr(value, ':'), *least = value;
    if (!dots && !colon) return read_number(text, "every", value, every);
    if (colon) {
        *colon = '\0';
        given->spacing_name = core_trim(value);
        least = colon + 1;
    }
    if (!dots || (colon && (dots < colon || !*given->spacing_name)))
        return data_field_text_wrong(text, "every is E, A..B or NAME:A..B, such as 1..4");
    *dots = '\0';
    shs_status status = read_number(text, "every", core_trim(least), &given->least_every);
    if (!status) status = read_number(text, "every", core_trim(dots + 2), every);
    if (status) return status;
    if (!given->least_every || given->least_every >= *every ||
        *every - given->least_every >= UINT32_MAX)
        return data_field_text_wrong(
            text, "every=A..B needs 1 <= A < B, and B - A below 2^32 - 1; a fixed spacing "
                  "is every=E");
    return SHS_OK;
}

/* Reads the rows by which a window begins later or, with a minus, earlier than its anchor. */
static shs_status read_lead(const struct data_field_text *text, const char *value,
                            struct data_part *part)
{
    if (*value == '-' && core_parse_u64(value + 1, &part->back)) return SHS_OK;
    return read_number(text, "lead", value, &part->lead);
}

static shs_status read_pad(const struct data_field_text *text, const char *value,
                           struct data_part *part)
{
    static const char *const words[] = {
        [DATA_PAD_NONE] = "none", [DATA_PAD_EDGE] = "edge", [DATA_PAD_ZERO] = "zero"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(value, words[i]) != 0) continue;
        part->pad = (enum data_pad)i;
        return SHS_OK;
    }
    return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': pad is '%.60s'; it is edge, zero or none",
                     text->whole, value);
}

static shs_status read_missing(const struct data_field_text *text, const char *value,
                               struct data_part *part)
{
    part->masks = !strcmp(value, "mask");
    if (part->masks || !strcmp(value, "nan")) return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "field '%.200s': missing is '%.60s'; it is mask, for a field NAME.valid beside "
        "the field, or nan",
        text->whole, value);
}

/* Words that stand without a value. */
static bool is_flag(const char *key)
{
    return !strcmp(key, "constant") || !strcmp(key, "series");
}

static shs_status read_slab(const struct data_field_text *text, struct data_given *given,
                            const char *value)
{
    if (*value && !value[strcspn(value, " \t\n[]")]) return core_copy(value, &given->view.slab);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field '%.200s': slab is '%.60s'; it must be one axis, such as y", text->whole,
                     value);
}

static shs_status set_value(struct data_part *part, const struct data_field_text *text,
                            struct data_given *given, const char *key, char *value)
{
    const struct {
        const char *name;
        bool *given;
        uint64_t *number;
    } keys[] = {
        {"axes", &given->axes, &given->n_axes},
        {"window", &given->window, &part->window},
        {"stride", &given->stride, &part->stride},
        {"lead", &given->lead, NULL},
        {"every", &given->every, &part->every},
        {"most", &given->most, &part->most},
        {"offsets", &given->offsets, NULL},
        {"pad", &given->pad, NULL},
        {"series", &given->series, NULL},
        {"valid", &given->valid, NULL},
        {"missing", &given->missing, NULL},
        {"constant", &given->constant, NULL},
        {"select", &given->select, NULL},
        {"crop", &given->crop, NULL},
        {"slab", &given->slab, NULL},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].name, key) != 0) continue;
        if (*keys[i].given)
            return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s is given twice", text->whole,
                             key);
        *keys[i].given = true;
        if (is_flag(key) != !value)
            return core_fail(SHS_ERROR_ARGUMENT, "field '%.200s': %s stands %s", text->whole, key,
                             value ? "alone, without a value" : "before a value, as key=value");
        if (!value) return SHS_OK;
        if (keys[i].given == &given->lead) return read_lead(text, value, part);
        if (keys[i].given == &given->pad) return read_pad(text, value, part);
        if (keys[i].given == &given->missing) return read_missing(text, value, part);
        if (keys[i].given == &given->every) return read_every(text, given, value, &part->every);
        if (keys[i].number) return read_number(text, key, value, keys[i].number);
        if (keys[i].given == &given->select || keys[i].given == &given->crop)
            return read_pick(text, given, key, value);
        if (keys[i].given == &given->slab) return read_slab(text, given, value);
        if (!*value)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "field '%.200s': %s is empty; it must be the name of a dataset",
                             text->whole, key);
        *(keys[i].given == &given->valid ? &given->valid_name : &given->offsets_name) = value;
        return SHS_OK;
    }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field '%.200s': there is no '%.60s'; there are axes, window, stride, lead, "
                     "every, pad, series and valid, or offsets and most, or constant; and missing, "
                     "select, crop and slab",
                     text->whole, key);
}

/* Refuses windows that could not be padded. */
static shs_status check_pad(const struct data_part *part, const struct data_field_text *text,
                            const struct data_given *given)
{
    const uint64_t most = UINT64_C(1) << 48;
    uint64_t rows;
    if (part->back && !part->pad)
        return data_field_text_wrong(
            text, "a lead below 0 reaches over the beginning: give pad=edge or pad=zero as well");
    if (!part->pad) return SHS_OK;
    if (given->least_every)
        return data_field_text_wrong(
            text, "pad needs a fixed spacing of rows: give every=E, or leave pad out");
    if (!core_multiply(part->window, part->every, &rows) || rows > most || part->lead > most ||
        part->back > most)
        return data_field_text_wrong(
            text, "pad needs a lead and a span of rows, window times every, of at most 2^48");
    return SHS_OK;
}

/* Refuses what stands without a window, and what windows of several series cannot have. */
static shs_status check_window(const struct data_field_text *text, const struct data_given *given)
{
    if (!given->window && (given->stride || given->lead || given->every || given->pad ||
                           given->series || given->valid))
        return data_field_text_wrong(
            text, "stride, lead, every, pad, series and valid belong to a window; give "
                  "window=ROWS as well");
    if (given->series && given->valid)
        return data_field_text_wrong(
            text, "valid leaves out windows of one file; leave out series, or valid");
    if (given->series && given->n_axes == 2)
        return data_field_text_wrong(
            text, "with axes=2 no window continues in the next trajectory; leave out series, or "
                  "axes=2");
    return SHS_OK;
}

static shs_status check_given(const struct data_part *part, const struct data_field_text *text,
                              const struct data_given *given)
{
    if (text->csr.group &&
        (given->axes || given->window || given->stride || given->lead || given->every ||
         given->pad || given->series || given->missing || given->offsets || given->most ||
         given->valid || given->constant || given->slab))
        return data_field_text_wrong(
            text, "a sample of csr() is one row: only select and crop may stand behind it");
    if (given->window && given->offsets)
        return data_field_text_wrong(text, "it has either a window or offsets");
    shs_status status = check_window(text, given);
    if (status) return status;
    if (given->missing && (given->constant || given->offsets))
        return data_field_text_wrong(text,
                                     "missing=mask belongs to rows and windows; leave out missing");
    if (given->constant && (given->axes || given->window || given->offsets))
        return data_field_text_wrong(
            text, "a constant field has no rows; leave out axes, window and offsets, or "
                  "constant");
    if (given->constant && given->slab)
        return data_field_text_wrong(
            text, "a constant field comes whole to each member of a group; leave out slab");
    if (given->axes && given->n_axes != 1 && given->n_axes != 2)
        return data_field_text_wrong(text, "axes is 1, or 2 for samples over the first two axes");
    if (given->n_axes == 2 && given->offsets)
        return data_field_text_wrong(text, "offsets count rows along one axis; leave out axes=2");
    if (!given->offsets && given->most)
        return data_field_text_wrong(text, "most belongs to offsets; give offsets=NAME as well");
    if (given->window && !part->window)
        return data_field_text_wrong(text, "window is 0; it must be at least 1");
    if (given->stride && !part->stride)
        return data_field_text_wrong(text, "stride is 0; it must be at least 1");
    if (given->every && !part->every)
        return data_field_text_wrong(text, "every is 0; it must be at least 1");
    if (given->most && !part->most)
        return data_field_text_wrong(text,
                                     "most is 0; leave it out to have the longest sample's rows");
    return check_pad(part, text, given);
}

shs_status data_field_text_values(struct data_part *part, struct data_field_text *text,
                                  struct data_given *given)
{
    shs_status status = SHS_OK;
    part->stride = part->every = 1;
    for (char *now = text->values, *next; now && !status; now = next) {
        next = data_field_text_cut(now, ',');
        char *value = strchr(now, '=');
        if (!value && !is_flag(core_trim(now)))
            return data_field_text_wrong(text, "in parentheses stand key=value, key=value, …");
        if (value) *value++ = '\0';
        status = set_value(part, text, given, core_trim(now), value ? core_trim(value) : NULL);
    }
    if (!status) status = check_given(part, text, given);
    part->joins = given->series;
    part->kind = text->csr.group  ? DATA_CSR
                 : given->window  ? DATA_WINDOW
                 : given->offsets ? DATA_RAGGED
                                  : DATA_ROW;
    if (status || !text->csr.width) return status;
    status = read_number(text, "width", text->csr.width, &part->width);
    if (!status && !part->width)
        return data_field_text_wrong(text, "width is 0; it must be at least 1");
    return status;
}
