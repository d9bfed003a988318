#include "h5_groups.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_natural.h"
#include "core_text.h"
#include "h5_array.h"
#include "h5_axes.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "h5_open.h"
#include "h5_packing_of.h"

/* ---- The pattern. */

/* Returns the star of a pattern, or NULL. */
static const char *star_of(const char *name)
{
    const char *at = name;
    while ((at = strchr(at, '*'))) {
        if ((at == name || at[-1] == '/') && (!at[1] || at[1] == '/')) return at;
        at++;
    }
    return NULL;
}

bool h5_groups_is_name(const char *name)
{
    return star_of(name) != NULL;
}

static shs_status split(const struct h5_file *file, const char *name, struct h5_groups *groups)
{
    const char *star = star_of(name);
    if (!star || !star[1] || star_of(star + 1))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s: '%s' must have one * between slashes, and behind it the name of a "
                         "dataset, as in data/*/actions",
                         file->path, name);
    shs_status status = core_copy(star <= name + 1 ? "/" : name, &groups->prefix);
    if (!status && star > name + 1) groups->prefix[star - name - 1] = '\0';
    groups->dataset_bytes = strlen(star + 2);
    return status ? status : core_copy(star + 2, &groups->rest);
}

shs_status h5_groups_dataset(const struct h5_groups *groups, size_t i, char **name)
{
    struct core_text text = {0};
    core_text_add(&text, "%s/%s/%s", strcmp(groups->prefix, "/") ? groups->prefix : "",
                  groups->group[i].name, groups->rest);
    return core_text_take(&text, name);
}

/* ---- The list of groups. */

struct listing {
    struct h5_groups *groups;
    size_t capacity;
    shs_status status;
};

static herr_t add_link(hid_t group, const char *name, const H5L_info_t *link, void *user)
{
    struct listing *listing = user;
    struct h5_groups *groups = listing->groups;
    (void)group;
    if (link->type != H5L_TYPE_HARD) return 0;
    if (groups->count == listing->capacity) {
        size_t more = listing->capacity ? 2 * listing->capacity : 64;
        listing->status = core_resize(more, sizeof *groups->group, "groups", &groups->group);
        if (listing->status) return 1;
        listing->capacity = more;
    }
    groups->group[groups->count].address = link->u.address;
    listing->status = core_copy(name, &groups->group[groups->count].name);
    if (!listing->status) groups->count++;
    return listing->status ? 1 : 0;
}

static int compare_names(const void *one, const void *other)
{
    const struct h5_group *first = one, *second = other;
    return core_compare_naturally(first->name, second->name);
}

/* Lists what the links of a group lead to. The objects are not looked at yet. */
static shs_status list_links(const struct h5_file *file, hid_t parent, struct h5_groups *groups)
{
    struct listing listing = {.groups = groups};
    if (H5Literate(parent, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, add_link, &listing) < 0 &&
        !listing.status)
        listing.status =
            h5_fail_damaged("%s: the groups of %s cannot be listed", file->path, groups->prefix);
    if (!listing.status && groups->count)
        qsort(groups->group, groups->count, sizeof *groups->group, compare_names);
    return listing.status;
}

static bool is_dataset(hid_t parent, const char *name)
{
    hid_t object = H5Oopen(parent, name, H5P_DEFAULT);
    bool is = object >= 0 && H5Iget_type(object) == H5I_DATASET;
    if (object >= 0) H5Oclose(object);
    return is;
}

/* Takes the names [from, to) out of the list. */
static void drop(struct h5_groups *groups, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        core_free(&groups->group[i].name);
    memmove(groups->group + from, groups->group + to, (groups->count - to) * sizeof *groups->group);
    groups->count -= to - from;
}

/* Passes over datasets that stand before the first group. */
static shs_status find_first(const struct h5_file *file, hid_t parent, struct h5_groups *groups)
{
    size_t first = 0;
    while (first < groups->count && is_dataset(parent, groups->group[first].name))
        first++;
    if (first) drop(groups, 0, first);
    if (groups->count) return SHS_OK;
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s: group %s holds no groups; give the name of a group that holds groups with "
        "a dataset %s each",
        file->path, groups->prefix, groups->rest);
}

static hid_t open_parent(const struct h5_file *file, const struct h5_groups *groups,
                         shs_status *status)
{
    hid_t parent = H5Gopen2(file->id, groups->prefix, H5P_DEFAULT);
    if (parent < 0)
        *status = h5_fail(SHS_ERROR_FILE, "%s holds no group '%s'; choose a name that it holds",
                          file->path, groups->prefix);
    return parent;
}

shs_status h5_groups_list(struct h5_file *file, const char *name, struct h5_groups **groups)
{
    shs_status status = core_new(1, sizeof **groups, "groups", groups);
    if (!status) status = split(file, name, *groups);
    if (!status) {
        hid_t parent = open_parent(file, *groups, &status);
        if (!status) status = list_links(file, parent, *groups);
        if (!status) status = find_first(file, parent, *groups);
        if (parent >= 0) H5Gclose(parent);
    }
    if (status) h5_groups_free(groups);
    return status;
}

void h5_groups_free(struct h5_groups **groups)
{
    if (!*groups) return;
    h5_array_close(&(*groups)->open);
    for (size_t i = 0; i < (*groups)->count; i++)
        core_free(&(*groups)->group[i].name);
    core_free(&(*groups)->group);
    core_free(&(*groups)->prefix);
    core_free(&(*groups)->rest);
    core_free(&(*groups)->start);
    core_free(&(*groups)->extents);
    core_free(groups);
}

/* ---- The datasets. */

enum {
    CACHE_BYTES = 128 << 10 /* that HDF5 keeps of heads of objects while it looks at each once */
};

/* Has HDF5 keep little of a file's metadata. What was looked at is not wanted again, and looking
 * for what to drop of much takes a third of the time. *before becomes what was set. */
static bool keep_little(hid_t file, H5AC_cache_config_t *before)
{
    *before = (H5AC_cache_config_t){.version = H5AC__CURR_CACHE_CONFIG_VERSION};
    if (H5Fget_mdc_config(file, before) < 0) return false;
    H5AC_cache_config_t little = *before;
    little.set_initial_size = true;
    little.initial_size = little.min_size = little.max_size = CACHE_BYTES;
    little.incr_mode = H5C_incr__off;
    little.flash_incr_mode = H5C_flash_incr__off;
    little.decr_mode = H5C_decr__off;
    return H5Fset_mdc_config(file, &little) >= 0;
}

/* What the datasets must be like, and what is found. */
struct examination {
    const struct h5_array *array;
    struct h5_groups *groups;
    hid_t parent;
    char *dataset;             /* its name in a group */
    hid_t type;                /* of the first dataset's elements */
    struct h5_packing packing; /* of the first dataset */
    size_t row_bytes;          /* of a row as it is stored */
    bool lies_together;        /* as long as each dataset lies in one piece */
};

/* Tells why the dataset of a group cannot be opened. */
static shs_status fail_to_open(const struct examination *examination, const char *group)
{
    const struct h5_groups *groups = examination->groups;
    if (h5_failed_otherwise())
        return h5_fail_damaged("%s: group %s/%s: its dataset %s cannot be opened",
                               examination->array->path, groups->prefix, group, groups->rest);
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: group %s/%s has no dataset %s, as its neighbours have; leave this field "
                     "out, or write the group anew",
                     examination->array->path, groups->prefix, group, groups->rest);
}

static shs_status is_other(const struct examination *examination, const char *group,
                           const char *what)
{
    const struct h5_groups *groups = examination->groups;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: group %s/%s: its dataset %s has %s than that of group %s; only the first "
                     "axis may differ: leave this field out, or write the group anew",
                     examination->array->path, groups->prefix, group, groups->rest, what,
                     groups->group[0].name);
}

/* Takes the rows of an open dataset. */
static shs_status take_rows(const struct examination *examination, hid_t dataset, const char *group,
                            uint64_t *rows)
{
    const struct h5_array *array = examination->array;
    hsize_t shape[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    int axes = H5Sget_simple_extent_dims(space, shape, NULL);
    bool same_type = H5Tequal(type, examination->type) > 0;
    H5Tclose(type);
    H5Sclose(space);
    if (!same_type) return is_other(examination, group, "another type");
    if (axes != (int)array->axes) return is_other(examination, group, "another number of axes");
    for (uint32_t axis = 1; axis < array->axes; axis++)
        if (shape[axis] != array->shape[axis]) return is_other(examination, group, "another shape");
    *rows = shape[0];
    return SHS_OK;
}

/* Refuses a dataset whose attributes differ from those of the first one: the same stored number
 * would have two meanings. */
static shs_status compare_packing(const struct examination *examination, hid_t dataset, size_t i)
{
    const struct h5_groups *groups = examination->groups;
    const char *path = examination->array->path;
    struct h5_packing packing;
    char *name = NULL, *first = NULL;
    enum h5_packing_name failed = h5_packing_of(dataset, &packing);
    bool same =
        failed == H5_PACKINGS && h5_packing_differs(&packing, &examination->packing) == H5_PACKINGS;
    if (same) return SHS_OK;
    shs_status status = h5_groups_dataset(groups, i, &name);
    if (!status) status = h5_groups_dataset(groups, 0, &first);
    if (!status && failed != H5_PACKINGS)
        status = h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its attribute %s cannot be read", path,
                         name, h5_packings[failed]);
    if (!status)
        status = h5_packing_compare(&(struct h5_packed){path, name, &packing},
                                    &(struct h5_packed){path, first, &examination->packing},
                                    "leave this field out, or write the groups anew with the same "
                                    "attributes");
    core_free(&name);
    core_free(&first);
    return status;
}

/* Takes the place of the elements of a dataset. Chunked and compact datasets have no offset. */
static void take_place(struct examination *examination, hid_t dataset, size_t i)
{
    struct h5_groups *groups = examination->groups;
    uint64_t rows = groups->start[i + 1] - groups->start[i], bytes;
    if (!rows || !examination->lies_together) return;
    haddr_t offset = H5Dget_offset(dataset);
    examination->lies_together = offset != HADDR_UNDEF &&
                                 core_multiply(rows, examination->row_bytes, &bytes) &&
                                 H5Dget_storage_size(dataset) == bytes &&
                                 h5_driver_is_around(examination->array->file->id, dataset);
    groups->extents[groups->n_extents++] = (struct io_row_extent){groups->start[i], offset};
}

/* Opens the dataset of one group, by the address that the link to the group has, in the parent's
 * file: to find the name, the parent would be searched. *is is set to false if a dataset stands in
 * the group's place. */
static hid_t open_in_group(const struct examination *examination, size_t i, bool *is)
{
    const struct h5_groups *groups = examination->groups;
    hid_t dataset = H5I_INVALID_HID;
    hid_t group = H5Oopen_by_addr(examination->parent, groups->group[i].address);
    *is = group < 0 || H5Iget_type(group) != H5I_DATASET;
    if (group >= 0 && *is) dataset = H5Dopen2(group, examination->dataset, H5P_DEFAULT);
    if (group >= 0) H5Oclose(group);
    return dataset;
}

/* Looks at the dataset of one group. *is is set to false if a dataset stands in the group's place.
 */
static shs_status look(struct examination *examination, size_t i, bool *is)
{
    struct h5_groups *groups = examination->groups;
    uint64_t rows = 0;
    const char *group = groups->group[i].name;
    hid_t dataset = open_in_group(examination, i, is);
    if (dataset < 0) return *is ? fail_to_open(examination, group) : SHS_OK;
    shs_status status = take_rows(examination, dataset, group, &rows);
    if (!status) status = compare_packing(examination, dataset, i);
    if (!status && __builtin_add_overflow(groups->start[i], rows, &groups->start[i + 1]))
        status = core_fail(SHS_ERROR_FORMAT, "%s: the datasets %s of %s have more than 2^64 rows",
                           examination->array->path, groups->rest, groups->prefix);
    if (!status) take_place(examination, dataset, i);
    groups->axes_named = groups->axes_named || h5_axes_are_named(dataset);
    H5Dclose(dataset);
    return status;
}

static shs_status look_at_all(struct examination *examination)
{
    struct h5_groups *groups = examination->groups;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < groups->count && !status;) {
        bool is;
        status = look(examination, i, &is);
        if (!status && !is) drop(groups, i, i + 1);
        i += is;
    }
    if (!examination->lies_together) {
        core_free(&groups->extents);
        groups->n_extents = 0;
    }
    return status;
}

/* Refuses a damaged index of chunks in the dataset of a group. */
static shs_status check_chunks(const struct h5_array *array, size_t group)
{
    struct h5_array *one;
    struct io_layout layout;
    char reason[IO_REASON_BYTES];
    shs_status status = h5_array_open_group(array, group, &one);
    if (!status) status = h5_layout_of(array->file, one, &layout, reason);
    if (!status) io_layout_free(&layout);
    h5_array_close(&one);
    return status;
}

shs_status h5_groups_examine(const struct h5_array *array, struct h5_groups *groups)
{
    shs_status status =
        core_new(groups->count + 1, sizeof *groups->start, "groups", &groups->start);
    if (!status)
        status = core_new(groups->count, sizeof *groups->extents, "groups", &groups->extents);
    if (status) return status;
    struct examination examination = {.array = array, .groups = groups, .lies_together = true};
    examination.parent = open_parent(array->file, groups, &status);
    if (!status) status = core_copy(groups->rest, &examination.dataset);
    if (!status) examination.dataset[groups->dataset_bytes] = '\0';
    examination.type = H5Dget_type(array->dataset);
    if (!status) status = h5_packing_read(array, &examination.packing);
    examination.row_bytes = H5Tget_size(examination.type);
    for (uint32_t axis = 1; axis < array->axes; axis++)
        examination.row_bytes *= array->shape[axis];
    H5AC_cache_config_t before;
    bool little = keep_little(array->file->id, &before);
    if (!status) status = look_at_all(&examination);
    if (little) H5Fset_mdc_config(array->file->id, &before);
    for (size_t i = 0; i < groups->count && !status && !examination.lies_together; i++)
        status = check_chunks(array, i);
    H5Tclose(examination.type);
    if (examination.parent >= 0) H5Gclose(examination.parent);
    core_free(&examination.dataset);
    return status;
}

bool h5_array_names_axes_of_groups(const struct h5_array *array)
{
    return array->groups && array->groups->axes_named;
}

shs_status h5_array_open_group(const struct h5_array *array, size_t group, struct h5_array **one)
{
    shs_tensor shape;
    char *name;
    *one = NULL;
    shs_status status = h5_groups_dataset(array->groups, group, &name);
    if (status) return status;
    status = h5_array_open(array->file, name, 0, false, one, &shape);
    core_free(&name);
    return status;
}

/* ---- Reading. */

/* Opens a dataset, unless it is open. */
static shs_status open_dataset(struct h5_array *array, size_t i)
{
    struct h5_groups *groups = array->groups;
    shs_tensor shape;
    char *name;
    if (groups->open && groups->opened == i) {
        h5_array_view(groups->open, 1, array->part);
        return SHS_OK;
    }
    h5_array_close(&groups->open);
    shs_status status = h5_groups_dataset(groups, i, &name);
    if (status) return status;
    status = h5_array_open(array->file, name, array->cache_bytes, false, &groups->open, &shape);
    core_free(&name);
    if (status) return status;
    groups->opened = i;
    h5_array_view(groups->open, 1, array->part);
    if (shape.shape[0] == groups->start[i + 1] - groups->start[i]) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s: group %s/%s has changed since the file was opened; start again",
                     array->path, groups->prefix, groups->group[i].name);
}

/* Returns the dataset that has a row. */
static size_t find_dataset(const struct h5_groups *groups, uint64_t row)
{
    size_t low = 0, high = groups->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(groups->start[middle] <= row ? &low : &high) = middle;
    }
    return low;
}

shs_status h5_groups_read(struct h5_array *array, uint64_t first, uint64_t count, void *rows)
{
    struct h5_groups *groups = array->groups;
    shs_status status = SHS_OK;
    for (char *to = rows; count && !status;) {
        size_t i = find_dataset(groups, first);
        uint64_t from = first - groups->start[i], left = groups->start[i + 1] - first;
        uint64_t now = count < left ? count : left;
        status = open_dataset(array, i);
        if (!status) status = h5_read_rows(groups->open, from, now, to);
        to += now * array->row_bytes;
        first += now;
        count -= now;
    }
    return status;
}

shs_status h5_groups_name(struct h5_file *file, const char *pattern, size_t place, char **name)
{
    struct h5_array *array;
    shs_tensor shape;
    shs_status status = h5_array_open(file, pattern, 0, false, &array, &shape);
    if (!status) status = core_copy(array->groups->group[place].name, name);
    h5_array_close(&array);
    return status;
}
