#include "data_sample.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_decode.h"
#include "data_field_text.h"
#include "data_sample_check.h"
#include "h5_file.h"

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
static shs_status find_csr(struct data_sample *sample, const struct data_field_text *text,
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
static shs_status find_arrays(struct data_sample *sample, const struct data_field_text *text,
                              struct data_given *given, struct data_part *part)
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
static shs_status read_decode(struct data_sample *sample, const struct data_field_text *text,
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

/* Finds or adds the spacing of a field that is added next. */
static shs_status find_spacing(struct data_sample *sample, const struct data_field_text *text,
                               const struct data_given *given, struct data_part *part)
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

/* Adds a field that tells something of `part`, and is called NAME.WORD. */
static shs_status add_beside(struct data_sample *sample, struct data_part part, const char *name,
                             enum data_kind kind, const char *word)
{
    struct core_text text = {0};
    char *beside;
    core_text_add(&text, "%s.%s", name, word);
    shs_status status = core_text_take(&text, &beside);
    if (status) return status;
    part.kind = kind;
    part.valid = 0;
    part.masks = false;
    status = add_part(sample, part, beside);
    core_free(&beside);
    return status;
}

/* Adds a constant field. The view becomes the sample's, also on error. */
static shs_status add_constant(struct data_sample *sample, const struct data_field_text *text,
                               struct data_view *view)
{
    struct data_constant_text constant = {.view = *view};
    constant.view.constant = true;
    *view = (struct data_view){0};
    shs_status status = h5_normal_name(text->array, &constant.array);
    if (!status && h5_groups_is_name(constant.array))
        status =
            data_field_text_wrong(text, "a constant field is one dataset, not those of groups");
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

static shs_status take_field(struct data_sample *sample, struct data_field_text *text, char *copy,
                             bool one_a_file)
{
    struct data_part part = {0};
    struct data_given given = {0};
    if (!*text->whole)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a field's name is empty; give names of datasets separated by commas");
    shs_status status = data_field_text_split(text, copy);
    if (!status && one_a_file && (text->values || text->csr.group))
        status = data_field_text_wrong(
            text, "with one sample a file a field is all of its dataset; leave out what "
                  "stands in parentheses");
    if (!status && !text->csr.group && data_decode_is(text->array, text->values)) {
        status = read_decode(sample, text, &part);
    } else {
        if (!status) status = data_field_text_values(&part, text, &given);
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
    if (!status && part.kind == DATA_RAGGED)
        status = add_beside(sample, part, name, DATA_LENGTH, "length");
    part.of = sample->n_parts - 1;
    if (!status && part.pad) status = add_beside(sample, part, name, DATA_MASK, "mask");
    if (!status && part.masks) status = add_beside(sample, part, name, DATA_VALID, "valid");
    return status;
}

static shs_status read_field(struct data_sample *sample, char *field, bool one_a_file)
{
    char *copy;
    struct data_field_text text = {.whole = core_trim(field)};
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
        next = data_field_text_cut(now, ',');
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
    bool takes = false;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        bool matrix = part->kind == DATA_CSR;
        if ((matrix || part->kind == DATA_IMAGE) && part->array == array) return false;
        if (matrix && part->indices == array) return false;
        takes |= part->array == array;
    }
    return takes && !data_sample_is_offsets(sample, array);
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
