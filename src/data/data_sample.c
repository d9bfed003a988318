#include "data_sample.h"

#include <ctype.h>
#include <string.h>

#include "core_memory.h"
#include "data_csr.h"
#include "data_decode.h"
#include "data_pick.h"
#include "data_sample_check.h"
#include "h5_file.h"

/* ---- The text. */

/* One field's text, taken apart in place. */
struct field_text {
    const char *whole; /* the whole text, for messages */
    char *alias;       /* NULL: none is given */
    char *array;
    char *values;             /* the text in the parentheses; NULL: there are no parentheses */
    struct data_csr_text csr; /* its group is NULL if the field is no sparse matrix */
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

/* [ALIAS=]csr(GROUP[, width=COLUMNS])[(values)]. *found is false for another text, which stays as
 * it is. */
static shs_status split_csr(struct field_text *text, char *copy, bool *found)
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
static shs_status split_plain(struct field_text *text, char *copy)
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
    pack_members(text->array);
    if (!text->alias && strstr(text->array, ".{"))
        return wrong(text, "several members need a name of their own: ALIAS=NAME.{MEMBER,MEMBER}");
    if (*text->array) return SHS_OK;
    return wrong(text, "there is no name of a dataset");
}

static shs_status split(struct field_text *text, char *copy)
{
    bool found;
    shs_status status = split_csr(text, copy, &found);
    return status || found ? status : split_plain(text, copy);
}

/* Finds or adds an array with a view, which becomes the sample's, also on error. Its name is kept
 * without slashes and dots that mean nothing, so an array has one name. */
static shs_status find_array(struct data_sample *sample, const char *name, struct data_view *view,
                             size_t *array)
{
    char *normal;
    shs_status status = h5_normal_name(name, &normal);
    if (status) {
        data_view_free(view);
        return status;
    }
    for (*array = 0; *array < sample->n_arrays; (*array)++)
        if (!strcmp(sample->array[*array], normal) &&
            data_view_is_same(&sample->view[*array], view)) {
            core_free(&normal);
            data_view_free(view);
            return SHS_OK;
        }
    if (sample->n_arrays == DATA_MOST_ARRAYS) {
        core_free(&normal);
        data_view_free(view);
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the fields have more than %d datasets; leave some fields out",
                         DATA_MOST_ARRAYS);
    }
    size_t first = 0;
    while (first < *array && (strcmp(sample->array[first], normal) != 0 ||
                              sample->view[first].row_axes != view->row_axes))
        first++;
    sample->chunks_of[*array] = first;
    sample->view[sample->n_arrays] = *view;
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
    bool axes, window, stride, lead, every, offsets, most, valid, constant, select, crop, slab;
    uint64_t n_axes;
    const char *offsets_name, *valid_name;
    const char *spacing_name; /* NULL: none */
    uint64_t least_every;     /* 0: the spacing is fixed */
    struct data_view view;
};

static shs_status read_pick(const struct field_text *text, struct given *given, const char *key,
                            const char *value)
{
    bool crop = !strcmp(key, "crop");
    shs_status status =
        data_pick_normal(value, crop, crop ? &given->view.crop : &given->view.select);
    return core_wrap(status, "field '%.200s': %s", text->whole, key);
}

/* Reads E, A..B or NAME:A..B. */
static shs_status read_every(const struct field_text *text, struct given *given, char *value,
                             uint64_t *every)
{
    char *dots = strstr(value, ".."), *colon = strchr(value, ':'), *least = value;
    if (!dots && !colon) return read_number(text, "every", value, every);
    if (colon) {
        *colon = '\0';
        given->spacing_name = trim(value);
        least = colon + 1;
    }
    if (!dots || (colon && (dots < colon || !*given->spacing_name)))
        return wrong(text, "every is E, A..B or NAME:A..B, such as 1..4");
    *dots = '\0';
    shs_status status = read_number(text, "every", trim(least), &given->least_every);
    if (!status) status = read_number(text, "every", trim(dots + 2), every);
    if (status) return status;
    if (!given->least_every || given->least_every >= *every ||
        *every - given->least_every >= UINT32_MAX)
        return wrong(text, "every=A..B needs 1 <= A < B, and B - A below 2^32 - 1; a fixed spacing "
                           "is every=E");
    return SHS_OK;
}

/* Words that stand without a value. */
static bool is_flag(const char *key)
{
    return !strcmp(key, "constant");
}

static shs_status read_slab(const struct field_text *text, struct given *given, const char *value)
{
    if (*value && !value[strcspn(value, " \t\n[]")]) return core_copy(value, &given->view.slab);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field '%.200s': slab is '%.60s'; it must be one axis, such as y", text->whole,
                     value);
}

static shs_status set_value(struct data_part *part, const struct field_text *text,
                            struct given *given, const char *key, char *value)
{
    const struct {
        const char *name;
        bool *given;
        uint64_t *number;
    } keys[] = {
        {"axes", &given->axes, &given->n_axes},
        {"window", &given->window, &part->window},
        {"stride", &given->stride, &part->stride},
        {"lead", &given->lead, &part->lead},
        {"every", &given->every, &part->every},
        {"most", &given->most, &part->most},
        {"offsets", &given->offsets, NULL},
        {"valid", &given->valid, NULL},
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
                     "every and valid, or offsets and most, or constant; and select, crop and slab",
                     text->whole, key);
}

static shs_status check_given(const struct data_part *part, const struct field_text *text,
                              const struct given *given)
{
    if (text->csr.group &&
        (given->axes || given->window || given->stride || given->lead || given->every ||
         given->offsets || given->most || given->valid || given->constant || given->slab))
        return wrong(text,
                     "a sample of csr() is one row: only select and crop may stand behind it");
    if (given->window && given->offsets) return wrong(text, "it has either a window or offsets");
    if (!given->window && (given->stride || given->lead || given->every || given->valid))
        return wrong(text, "stride, lead, every and valid belong to a window; give window=ROWS as "
                           "well");
    if (given->constant && (given->axes || given->window || given->offsets))
        return wrong(text, "a constant field has no rows; leave out axes, window and offsets, or "
                           "constant");
    if (given->constant && given->slab)
        return wrong(text,
                     "a constant field comes whole to each member of a group; leave out slab");
    if (given->axes && given->n_axes != 1 && given->n_axes != 2)
        return wrong(text, "axes is 1, or 2 for samples over the first two axes");
    if (given->n_axes == 2 && given->offsets)
        return wrong(text, "offsets count rows along one axis; leave out axes=2");
    if (!given->offsets && given->most)
        return wrong(text, "most belongs to offsets; give offsets=NAME as well");
    if (given->window && !part->window) return wrong(text, "window is 0; it must be at least 1");
    if (given->stride && !part->stride) return wrong(text, "stride is 0; it must be at least 1");
    if (given->every && !part->every) return wrong(text, "every is 0; it must be at least 1");
    if (given->most && !part->most)
        return wrong(text, "most is 0; leave it out to have the longest sample's rows");
    return SHS_OK;
}

/* Finds an array of a sparse matrix. */
static shs_status find_member(struct data_sample *sample, const char *group, const char *member,
                              size_t *array)
{
    struct core_text text = {0};
    struct data_view rows = {0};
    char *name;
    core_text_add(&text, "%s/%s", group, member);
    shs_status status = core_text_take(&text, &name);
    if (status) return status;
    status = find_array(sample, name, &rows, array);
    core_free(&name);
    return status;
}

/* Finds the arrays of a sparse matrix. The part gets the group's name. */
static shs_status find_csr(struct data_sample *sample, const struct field_text *text,
                           struct data_part *part)
{
    shs_status status = h5_normal_name(text->array, &part->group);
    if (!status) status = find_member(sample, part->group, "data", &part->array);
    if (!status) status = find_member(sample, part->group, "indices", &part->indices);
    if (!status) status = find_member(sample, part->group, "indptr", &part->offsets);
    return status;
}

/* Offsets of the dataset's own name are those of its variable-length arrays. */
static void mark_runs(const char *array, const char *offsets, struct data_view *runs,
                      struct data_view *bounds)
{
    if (strcmp(array, offsets) != 0) return;
    runs->runs = DATA_RUNS;
    bounds->runs = DATA_RUNS_OFFSETS;
}

/* Finds the arrays that a field is made of. */
static shs_status find_arrays(struct data_sample *sample, const struct field_text *text,
                              struct given *given, struct data_part *part)
{
    struct data_view rows = {0};
    if (part->kind == DATA_CSR) {
        part->columns = given->view;
        return find_csr(sample, text, part);
    }
    if (given->n_axes == 2) given->view.row_axes = 2;
    if (given->offsets) mark_runs(text->array, given->offsets_name, &given->view, &rows);
    shs_status status = find_array(sample, text->array, &given->view, &part->array);
    if (!status && given->valid) {
        rows.row_axes = sample->view[part->array].row_axes;
        status = find_array(sample, given->valid_name, &rows, &part->valid);
        part->valid++;
        return status;
    }
    if (status || !given->offsets) return status;
    return find_array(sample, given->offsets_name, &rows, &part->offsets);
}

/* decode(NAME, size=HxW, ...): images, whose offsets are in NAME.offsets unless others are given.
 */
static shs_status read_decode(struct data_sample *sample, const struct field_text *text,
                              struct data_part *part)
{
    struct data_view bytes = {0}, bounds = {0};
    struct data_decode decode;
    struct core_text offsets = {0};
    char *name = NULL;
    shs_status status = data_decode_parse(text->whole, text->values, &decode);
    if (status) return status;
    *part = (struct data_part){.kind = DATA_IMAGE, .stride = 1, .every = 1, .image = decode.image};
    core_text_add(&offsets, "%s%s", decode.offsets ? decode.offsets : decode.name,
                  decode.offsets ? "" : DATA_OFFSETS_SUFFIX);
    status = core_text_take(&offsets, &name);
    if (!status) mark_runs(decode.name, name, &bytes, &bounds);
    if (!status) status = find_array(sample, decode.name, &bytes, &part->array);
    if (!status) status = find_array(sample, name, &bounds, &part->offsets);
    core_free(&name);
    return status;
}

static shs_status read_values(struct data_part *part, struct field_text *text, struct given *given)
{
    shs_status status = SHS_OK;
    part->stride = part->every = 1;
    for (char *now = text->values, *next; now && !status; now = next) {
        next = cut(now, ',');
        char *value = strchr(now, '=');
        if (!value && !is_flag(trim(now)))
            return wrong(text, "in parentheses stand key=value, key=value, …");
        if (value) *value++ = '\0';
        status = set_value(part, text, given, trim(now), value ? trim(value) : NULL);
    }
    if (!status) status = check_given(part, text, given);
    part->kind = text->csr.group  ? DATA_CSR
                 : given->window  ? DATA_WINDOW
                 : given->offsets ? DATA_RAGGED
                                  : DATA_ROW;
    if (status || !text->csr.width) return status;
    status = read_number(text, "width", text->csr.width, &part->width);
    if (!status && !part->width) return wrong(text, "width is 0; it must be at least 1");
    return status;
}

/* Finds or adds the spacing of a field that is added next. */
static shs_status find_spacing(struct data_sample *sample, const struct field_text *text,
                               const struct given *given, struct data_part *part)
{
    const struct data_spacing wanted = {
        .part = sample->n_parts, .least = given->least_every, .most = part->every};
    if (!given->least_every) return SHS_OK;
    for (size_t i = 0; i < sample->n_spacings && given->spacing_name; i++) {
        const struct data_spacing *other = &sample->spacing[i];
        if (!other->name || strcmp(other->name, given->spacing_name) != 0) continue;
        part->spacing = 1 + i;
        if (other->least == wanted.least && other->most == wanted.most) return SHS_OK;
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field '%.200s': every=%s:%llu..%llu, but field %s has %s:%llu..%llu; "
                         "give both the same range, or other names",
                         text->whole, other->name, (ull)wanted.least, (ull)wanted.most,
                         sample->part[other->part].name, other->name, (ull)other->least,
                         (ull)other->most);
    }
    struct data_spacing *spacing = &sample->spacing[sample->n_spacings];
    *spacing = wanted;
    part->spacing = ++sample->n_spacings;
    return given->spacing_name ? core_copy(given->spacing_name, &spacing->name) : SHS_OK;
}

static void free_constant(struct data_constant_text *constant)
{
    core_free(&constant->name);
    core_free(&constant->array);
    data_view_free(&constant->view);
}

static shs_status check_name(const struct data_sample *sample, const char *name, const char *array)
{
    bool twice = false;
    for (size_t i = 0; i < sample->n_parts; i++)
        twice |= !strcmp(sample->part[i].name, name);
    for (size_t i = 0; i < sample->n_constants; i++)
        twice |= !strcmp(sample->constant[i].name, name);
    if (twice)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s is given twice; give one of them another name: NAME=%s", name,
                         array);
    if (sample->n_parts + sample->n_constants == SHS_MAX_FIELDS)
        return core_fail(SHS_ERROR_ARGUMENT, "more than %d fields", SHS_MAX_FIELDS);
    return SHS_OK;
}

static shs_status add_part(struct data_sample *sample, struct data_part part, const char *name)
{
    shs_status status = check_name(sample, name, sample->array[part.array]);
    if (!status) status = core_copy(name, &part.name);
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

/* Adds a constant field. The view becomes the sample's, also on error. */
static shs_status add_constant(struct data_sample *sample, const struct field_text *text,
                               struct data_view *view)
{
    struct data_constant_text constant = {.view = *view};
    constant.view.constant = true;
    *view = (struct data_view){0};
    shs_status status = h5_normal_name(text->array, &constant.array);
    if (!status && h5_groups_is_name(constant.array))
        status = wrong(text, "a constant field is one dataset, not those of groups");
    const char *name = text->alias ? text->alias : constant.array;
    if (!status) status = check_name(sample, name, constant.array);
    if (!status) status = core_copy(name, &constant.name);
    if (!status) {
        sample->constant[sample->n_constants++] = constant;
        return SHS_OK;
    }
    free_constant(&constant);
    return status;
}

static shs_status take_field(struct data_sample *sample, struct field_text *text, char *copy,
                             bool one_a_file)
{
    struct data_part part = {0};
    struct given given = {0};
    if (!*text->whole)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a field's name is empty; give names of datasets separated by commas");
    shs_status status = split(text, copy);
    if (!status && one_a_file && (text->values || text->csr.group))
        status = wrong(text, "with one sample a file a field is all of its dataset; leave out what "
                             "stands in parentheses");
    if (!status && !text->csr.group && data_decode_is(text->array, text->values)) {
        status = read_decode(sample, text, &part);
    } else {
        if (!status) status = read_values(&part, text, &given);
        if (!status && given.constant) return add_constant(sample, text, &given.view);
        if (!status)
            status = find_arrays(sample, text, &given, &part);
        else
            data_view_free(&given.view);
    }
    const char *name = text->alias  ? text->alias
                       : part.group ? part.group
                                    : sample->array[part.array];
    if (one_a_file) part.kind = DATA_WHOLE;
    if (!status && sample->n_parts < SHS_MAX_FIELDS)
        status = find_spacing(sample, text, &given, &part);
    if (!status) status = add_part(sample, part, name);
    if (status) {
        core_free(&part.group);
        data_view_free(&part.columns);
    }
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
    if (!status) status = data_sample_check(sample);
    if (!status && !sample->n_parts)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "all fields are constant, so there are no samples; give a field of rows "
                           "as well");
    core_free(&copy);
    if (status) data_sample_free(sample);
    return status;
}

void data_sample_free(struct data_sample *sample)
{
    for (size_t i = 0; i < sample->n_parts; i++) {
        core_free(&sample->part[i].name);
        core_free(&sample->part[i].group);
        data_view_free(&sample->part[i].columns);
    }
    for (size_t i = 0; i < sample->n_constants; i++)
        free_constant(&sample->constant[i]);
    for (size_t i = 0; i < sample->n_spacings; i++)
        core_free(&sample->spacing[i].name);
    for (size_t i = 0; i < sample->n_arrays; i++) {
        core_free(&sample->array[i]);
        data_view_free(&sample->view[i]);
    }
    *sample = (struct data_sample){0};
}

bool data_sample_takes_values(const struct data_sample *sample, size_t array)
{
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        bool matrix = part->kind == DATA_CSR;
        if ((matrix || part->kind == DATA_IMAGE) && part->array == array) return false;
        if (matrix && part->indices == array) return false;
    }
    return !data_sample_is_offsets(sample, array);
}

bool data_sample_is_offsets(const struct data_sample *sample, size_t array)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (data_part_is_run(&sample->part[i]) && sample->part[i].offsets == array) return true;
    return false;
}

bool data_sample_is_read_at_open(const struct data_sample *sample, size_t array)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (sample->part[i].valid == array + 1) return true;
    return data_sample_is_offsets(sample, array);
}
