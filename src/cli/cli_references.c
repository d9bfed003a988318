/* References to the chunks of the arrays of several files, and their text. */
#include "cli_references.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_all_fields.h"
#include "core_memory.h"
#include "data_constants.h"
#include "io_file.h"

/* ---- The arrays. */

static void free_array(struct cli_reference *array)
{
    for (size_t i = 0; i < array->pieces; i++)
        io_layout_free(&array->piece[i].layout);
    for (uint32_t axis = 0; axis < SHS_MAX_AXES; axis++)
        core_free(&array->dimension[axis]);
    core_free(&array->piece);
    core_free(&array->name);
    core_text_free(&array->attributes.text);
}

void cli_references_free(struct cli_references *references)
{
    for (size_t i = 0; i < references->count; i++)
        free_array(&references->array[i]);
    for (size_t i = 0; i < references->files; i++)
        core_free(&references->path[i]);
    core_free(&references->array);
    core_free(&references->path);
    *references = (struct cli_references){0};
}

static shs_status add_array(struct cli_references *references, const char *name, bool constant)
{
    shs_status status =
        core_resize(references->count + 1, sizeof *references->array, "arrays", &references->array);
    if (status) return status;
    struct cli_reference *array = &references->array[references->count];
    *array = (struct cli_reference){.constant = constant};
    status = core_copy(name + (*name == '/'), &array->name);
    if (!status) status = core_new(references->files, sizeof *array->piece, "files", &array->piece);
    references->count++;
    return status;
}

/* The datasets of a file. */
struct listing {
    struct h5_file *file;
    struct cli_references *references;
};

static shs_status add_listed(const char *name, void *user)
{
    struct listing *listing = user;
    bool are_checksums;
    shs_status status = cli_find_checksums(listing->file, name, &are_checksums);
    return status || are_checksums ? status : add_array(listing->references, name, false);
}

static shs_status add_all(struct cli_references *references)
{
    struct listing listing = {.references = references};
    shs_status status = h5_open(references->path[0], &listing.file);
    if (!status) status = h5_list(listing.file, add_listed, &listing);
    if (!status && !references->count)
        status = core_fail(SHS_ERROR_FORMAT, "%s holds no array", references->path[0]);
    h5_close(&listing.file);
    return status;
}

/* Refuses what references cannot express of a field's array. */
static shs_status check_array(const struct data_sample *sample, size_t s, size_t files)
{
    const struct data_view *view = &sample->view[s];
    const char *name = sample->array[s];
    if (view->select || view->crop)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s: references have whole datasets; leave select and crop out",
                         name);
    if (view->runs || h5_groups_is_name(name))
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "field %s: references cannot express %s; leave it out", name,
                         view->runs ? "variable-length arrays" : "datasets of many groups");
    if (files > 1 && data_sample_is_offsets(sample, s))
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "field %s: the offsets of each file count its own rows, so that "
                         "references cannot join them; make references of each file",
                         name);
    return SHS_OK;
}

static shs_status add_constants(struct cli_references *references, const struct io_paths *paths,
                                const struct data_sample *sample)
{
    const struct data_constants_how how = {0};
    struct data_constants constants = {0};
    shs_status status = SHS_OK;
    for (size_t c = 0; c < sample->n_constants && !status; c++) {
        const struct data_constant_text *text = &sample->constant[c];
        if (text->view.select || text->view.crop)
            status = core_fail(SHS_ERROR_ARGUMENT,
                               "field %s: references have whole datasets; leave select and crop "
                               "out",
                               text->name);
        if (!status) status = add_array(references, text->array, true);
    }
    /* they must be the same in all files */
    if (!status) status = data_constants_read(sample, paths, &how, &constants);
    data_constants_free(&constants);
    return status;
}

static shs_status add_fields(struct cli_references *references, const struct io_paths *paths,
                             const char *fields)
{
    struct data_sample sample;
    shs_status status = data_sample_parse(fields, false, &sample);
    if (status) return status;
    for (size_t s = 0; s < sample.n_arrays && !status; s++) {
        bool twice = false;
        for (size_t before = 0; before < s; before++)
            twice |= !strcmp(sample.array[before], sample.array[s]);
        status = check_array(&sample, s, references->files);
        if (!status && !twice) status = add_array(references, sample.array[s], false);
    }
    if (!status) status = add_constants(references, paths, &sample);
    data_sample_free(&sample);
    return status;
}

/* ---- Reading. */

/* Makes the paths absolute: a reader may run in another folder. */
static shs_status take_paths(struct cli_references *references, const struct io_paths *paths)
{
    shs_status status =
        core_new(paths->count, sizeof *references->path, "paths", &references->path);
    for (size_t i = 0; i < paths->count && !status; i++) {
        char *whole = realpath(paths->path[i], NULL);
        status = core_copy(whole ? whole : paths->path[i], &references->path[i]);
        free(whole);
        references->files = i + 1;
    }
    return status;
}

/* Reads where the arrays lie in a file, which must stay as it is meanwhile. */
static shs_status read_file(struct cli_references *references, size_t number)
{
    const char *path = references->path[number];
    struct io_identity before, after;
    struct h5_file *file;
    shs_status status = h5_open(path, &file);
    if (!status) status = io_identify_path(path, &before);
    for (size_t i = 0; i < references->count && !status; i++)
        if (!number || !references->array[i].constant)
            status = cli_reference_add(file, path, &references->array[i]);
    if (!status) status = io_identify_path(path, &after);
    if (!status && memcmp(&before, &after, sizeof before) != 0)
        status = core_fail(SHS_ERROR_FILE, "%s has changed while it was read; start again", path);
    h5_close(&file);
    return status;
}

shs_status cli_references_read(const struct io_paths *paths, const char *fields,
                               struct cli_references *references)
{
    *references = (struct cli_references){0};
    shs_status status = take_paths(references, paths);
    if (!status) status = fields ? add_fields(references, paths, fields) : add_all(references);
    for (size_t i = 0; i < references->files && !status; i++)
        status = read_file(references, i);
    for (size_t i = 0; i < references->count && !status; i++)
        status = cli_reference_join(&references->array[i]);
    if (status) cli_references_free(references);
    return status;
}

/* ---- The text. */

/* The names of axes so far, and their lengths. Axes without a name get one by their length. */
struct dimensions {
    struct dimension {
        char name[256];
        uint64_t length;
        uint32_t before; /* axes of the same length that an array has before it, without a name */
        bool named;
    } * one;
    size_t count;
};

static struct dimension *find(const struct dimensions *all, const char *name, uint64_t length,
                              uint32_t before)
{
    for (size_t i = 0; i < all->count; i++) {
        struct dimension *one = &all->one[i];
        bool same = name ? one->named && !strcmp(one->name, name)
                         : !one->named && one->length == length && one->before == before;
        if (same) return one;
    }
    return NULL;
}

/* Finds the name of an array's axis, and adds it. */
static shs_status name_axis(struct dimensions *all, const struct cli_reference *array,
                            uint32_t axis, struct dimension **found)
{
    const char *name = array->dimension[axis];
    uint64_t length = array->whole.shape[axis];
    uint32_t before = 0;
    if (!name && array->is_scale && array->whole.axes == 1) {
        const char *slash = strrchr(array->name, '/');
        name = slash ? slash + 1 : array->name;
    }
    for (uint32_t i = 0; i < axis; i++) {
        before += !array->dimension[i] && array->whole.shape[i] == length;
        if (name && array->dimension[i] && !strcmp(array->dimension[i], name)) name = NULL;
    }
    *found = find(all, name, length, before);
    if (*found && (*found)->length != length)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "dataset %s: axis %s has a length of %llu, but %llu in another dataset, "
                         "so that no reader can join them; name the datasets that are wanted by "
                         "--fields, and those that are the same in all files as NAME(constant)",
                         array->name, name, (ull)length, (ull)(*found)->length);
    if (*found) return SHS_OK;
    shs_status status = core_resize(all->count + 1, sizeof *all->one, "axes", &all->one);
    if (status) return status;
    *found = &all->one[all->count];
    **found = (struct dimension){.length = length, .before = before, .named = name != NULL};
    if (name)
        snprintf((*found)->name, sizeof(*found)->name, "%s", name);
    else
        snprintf((*found)->name, sizeof(*found)->name, "phony_dim_%zu", all->count);
    all->count++;
    return SHS_OK;
}

/* Prints .zattrs: the names of the axes, as xarray reads them, and the attributes. */
static shs_status print_attributes(struct dimensions *all, struct cli_reference *array,
                                   struct core_json *json)
{
    struct core_text key = {0};
    struct core_json *inner = &array->attributes;
    struct dimension *dimension;
    shs_status status = SHS_OK;
    core_json_begin(inner, "_ARRAY_DIMENSIONS", '[');
    for (uint32_t axis = 0; axis < array->whole.axes && !status; axis++) {
        status = name_axis(all, array, axis, &dimension);
        if (!status) core_json_text(inner, NULL, dimension->name);
    }
    core_json_end(inner, ']');
    core_json_end(inner, '}');
    core_text_add(&key, "%s/.zattrs", array->name);
    if (!status) status = inner->text.status ? inner->text.status : key.status;
    if (!status) core_json_text(json, key.bytes, inner->text.bytes);
    core_text_free(&key);
    return status;
}

/* Returns true if an array before this one lies in the same group, or in a group inside it. */
static bool is_group_known(const struct cli_references *references, size_t array, size_t bytes)
{
    const char *name = references->array[array].name;
    for (size_t i = 0; i < array; i++)
        if (!strncmp(references->array[i].name, name, bytes + 1)) return true;
    return false;
}

/* Prints .zgroup of the groups that an array lies in, from the outermost on. */
static shs_status print_groups(const struct cli_references *references, size_t array,
                               struct core_json *json)
{
    const char *name = references->array[array].name, *slash = strchr(name, '/');
    shs_status status = SHS_OK;
    for (; slash && !status; slash = strchr(slash + 1, '/')) {
        struct core_text key = {0};
        if (is_group_known(references, array, (size_t)(slash - name))) continue;
        core_text_add(&key, "%.*s/.zgroup", (int)(slash - name), name);
        status = key.status;
        if (!status) core_json_text(json, key.bytes, "{\"zarr_format\":2}");
        core_text_free(&key);
    }
    return status;
}

shs_status cli_references_print(struct cli_references *references, struct core_text *text)
{
    struct core_json json = {0};
    struct dimensions all = {0};
    shs_status status = SHS_OK;
    core_json_begin(&json, NULL, '{');
    core_json_u64(&json, "version", 1);
    core_json_begin(&json, "refs", '{');
    core_json_text(&json, ".zgroup", "{\"zarr_format\":2}");
    for (size_t i = 0; i < references->count && !status; i++) {
        status = print_groups(references, i, &json);
        if (!status) status = print_attributes(&all, &references->array[i], &json);
        if (!status) status = cli_reference_print(&references->array[i], &json);
    }
    core_json_end(&json, '}');
    core_json_end(&json, '}');
    core_text_add(&json.text, "\n");
    core_free(&all.one);
    if (!status) status = json.text.status;
    *text = json.text;
    if (status) core_text_free(text);
    return status;
}
