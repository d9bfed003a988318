/* Examines virtual datasets: whether every mapped file exists and holds what is mapped, and whether
 * every element is mapped. */
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_guard.h"
#include "h5_link.h"
#include "h5_mapped.h"
#include "h5_runs.h"
#include "h5_slab.h"

enum {
    MOST_DEPTH = 8, /* levels of virtual datasets over virtual datasets, which may form a ring */
    MOST_DEEP =
        100000 /* mappings below the first level; even a small file could have any number of them */
};

struct mapping {
    char *file_name, *dataset_name; /* as stored, with %b in place of a block's number */
    hid_t space, mapped_space;
    struct h5_slab slab, mapped_slab;
};

/* A virtual dataset while it is examined. */
struct whole {
    struct h5_search *search;
    struct h5_file *file;
    int axes;
    hsize_t shape[H5S_MAX_RANK];
    hid_t rest;             /* selection of the elements that no mapping has covered so far */
    struct h5_file *mapped; /* the mapped file that was opened last, for the next mapping */
    char *mapped_name;
};

/* ---- coverage */

static herr_t subtract_boxes(hid_t rest, hid_t space, int axes)
{
    hsize_t *corners, start[H5S_MAX_RANK], count[H5S_MAX_RANK];
    hssize_t boxes = H5Sget_select_hyper_nblocks(space);
    if (boxes < 0 ||
        core_new((size_t)boxes, 2 * (size_t)axes * sizeof *corners, "a selection", &corners))
        return -1;
    herr_t result = H5Sget_select_hyper_blocklist(space, 0, (hsize_t)boxes, corners);
    for (hssize_t box = 0; box < boxes && result >= 0; box++) {
        const hsize_t *low = corners + box * 2 * axes, *high = low + axes;
        for (int axis = 0; axis < axes; axis++) {
            start[axis] = low[axis];
            count[axis] = high[axis] - low[axis] + 1;
        }
        result = H5Sselect_hyperslab(rest, H5S_SELECT_NOTB, start, NULL, count, NULL);
    }
    core_free(&corners);
    return result;
}

/* Takes the elements that a mapping covers off the rest. */
static herr_t subtract(const struct whole *whole, const struct mapping *mapping,
                       const struct h5_slab *slab)
{
    if (slab->all) return H5Sselect_none(whole->rest);
    if (H5Sget_select_npoints(whole->rest) == 0) return 0;
    if (!slab->regular) return subtract_boxes(whole->rest, mapping->space, slab->axes);
    return H5Sselect_hyperslab(whole->rest, H5S_SELECT_NOTB, slab->start, slab->stride, slab->count,
                               slab->block);
}

static shs_status check_rest(const struct whole *whole)
{
    hsize_t low[H5S_MAX_RANK], high[H5S_MAX_RANK];
    hssize_t left = H5Sget_select_npoints(whole->rest);
    if (left == 0) return SHS_OK;
    if (left < 0 || H5Sget_select_bounds(whole->rest, low, high) < 0)
        return h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    return core_fail(SHS_ERROR_FORMAT,
                     "it is virtual, and no source is mapped to %llu of its elements, in rows %llu "
                     "to %llu: HDF5 would read fill values",
                     (ull)left, (ull)low[0], (ull)high[0]);
}

/* ---- mapped files */

/* Puts the number of a block in place of %b in a name, and % in place of %%. */
static shs_status expand(const char *name, uint64_t block, char **expanded)
{
    struct core_text text = {0};
    for (const char *c = name; *c; c++) {
        if (*c == '%' && c[1] == 'b')
            core_text_add(&text, "%llu", (ull)block);
        else
            core_text_add(&text, "%c", *c);
        if (*c == '%' && (c[1] == 'b' || c[1] == '%')) c++;
    }
    return core_text_take(&text, expanded);
}

static bool has_block_number(const char *name)
{
    for (const char *c = name; *c; c++) {
        if (*c == '%' && c[1] == 'b') return true;
        if (*c == '%' && c[1] == '%') c++;
    }
    return false;
}

/* Opens a mapped file, or takes the file that is open. Neighbouring mappings often share a file. */
static shs_status open_mapped_file(struct whole *whole, const char *name, struct h5_file **mapped)
{
    *mapped = whole->file;
    if (!strcmp(name, ".")) return SHS_OK;
    if (!whole->mapped_name || strcmp(whole->mapped_name, name) != 0) {
        core_free(&whole->mapped_name);
        h5_close(&whole->mapped);
        shs_status status = h5_mapped_open(whole->file, name, &whole->mapped);
        if (!status) status = core_copy(name, &whole->mapped_name);
        if (status) return status;
    }
    *mapped = whole->mapped;
    return SHS_OK;
}

/* Counts the elements of a part of a mapping. The part must not be endless; it may reach beyond the
 * extent. */
static uint64_t elements_of(const struct whole *whole, const struct mapping *mapping,
                            const struct h5_slab *part)
{
    uint64_t elements = 1;
    if (!part->all && !part->regular) return (uint64_t)H5Sget_select_npoints(mapping->space);
    for (int axis = 0; axis < whole->axes; axis++)
        elements *= part->all ? whole->shape[axis] : part->count[axis] * part->block[axis];
    return elements;
}

/* Returns true if the extent of a mapped dataset holds all elements that are mapped to it: those of
 * `part`. */
static bool is_enough(const struct whole *whole, const struct mapping *mapping,
                      const struct h5_slab *part, hid_t mapped_space)
{
    hsize_t shape[H5S_MAX_RANK] = {0};
    const struct h5_slab *slab = &mapping->mapped_slab;
    if (slab->all)
        return (uint64_t)H5Sget_simple_extent_npoints(mapped_space) ==
               elements_of(whole, mapping, part);
    if (H5Sget_simple_extent_dims(mapped_space, shape, NULL) != slab->axes) return false;
    if (h5_slab_endless_axis(slab) >= 0)
        return h5_slab_elements(slab, shape) >= h5_slab_elements(part, whole->shape);
    return !h5_slab_reaches_beyond(slab, mapping->mapped_space, shape);
}

static shs_status check_extent(const struct whole *whole, const struct mapping *mapping,
                               const struct h5_slab *part, hid_t dataset)
{
    hid_t space = H5Dget_space(dataset);
    bool enough = is_enough(whole, mapping, part, space);
    H5Sclose(space);
    if (enough) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "it has not the shape that is mapped to it: HDF5 would read "
                                       "fill values");
}

/* Finds the rows of the array asked for that need a part of a mapping. */
static struct h5_rows rows_of(const struct whole *whole, const struct mapping *mapping,
                              const struct h5_slab *part)
{
    hsize_t low[H5S_MAX_RANK], high[H5S_MAX_RANK];
    if (whole->search->depth >
        0) { /* inside another virtual dataset: the rows that need the other */
        struct h5_rows rows = whole->search->rows;
        rows.exact = false;
        return rows;
    }
    if (part->regular)
        return (struct h5_rows){part->start[0],
                                part->start[0] + (part->count[0] - 1) * part->stride[0] +
                                    part->block[0],
                                part->count[0] > 1 ? part->stride[0] : part->block[0],
                                part->block[0],
                                true,
                                h5_slab_takes_whole(part, whole->shape)};
    if (!part->all && H5Sget_select_bounds(mapping->space, low, high) >= 0)
        return (struct h5_rows){low[0], high[0] + 1, 1, 1, false, false};
    return (struct h5_rows){0, whole->shape[0], 1, 1, true, true};
}

/* Adds the runs of a part of a mapping of the array asked for. */
static shs_status add_runs(const struct whole *whole, const struct mapping *mapping,
                           const struct h5_slab *part, const struct h5_runs_mapping *of,
                           hid_t dataset)
{
    hsize_t shape[H5S_MAX_RANK] = {0};
    struct h5_runs_mapping whose = *of;
    hid_t space = H5Dget_space(dataset);
    whose.source_axes = H5Sget_simple_extent_dims(space, shape, NULL);
    H5Sclose(space);
    whose.axes = whole->axes;
    whose.shape = whole->shape;
    whose.source_shape = shape;
    whose.slab = part;
    whose.source_slab = &mapping->mapped_slab;
    return h5_runs_add(whole->search->runs, &whose);
}

static shs_status examine_dataset(const struct whole *whole, const struct mapping *mapping,
                                  const struct h5_slab *part, struct h5_file *mapped,
                                  const char *name)
{
    struct h5_search deeper = *whole->search;
    hid_t dataset;
    deeper.rows = rows_of(whole, mapping, part);
    deeper.depth++;
    shs_status status = SHS_OK;
    if (mapped != whole->file) status = h5_mapped_add(&deeper, mapped->path, true);
    if (!status) status = h5_dataset_open(mapped, name, 0, &dataset);
    if (status) return status;
    status = core_wrap(check_extent(whole, mapping, part, dataset), "%s: dataset %s", mapped->path,
                       name);
    if (!status) status = h5_examine(&deeper, mapped, name, dataset);
    if (!status && whole->search->depth == 0)
        status = add_runs(whole, mapping, part,
                          &(struct h5_runs_mapping){
                              .path = mapped == whole->file ? NULL : mapped->path, .name = name},
                          dataset);
    H5Dclose(dataset);
    return status;
}

/* Examines a part of a mapping that lies in one dataset. `block` is the number of the part's block.
 */
static shs_status examine_part(struct whole *whole, const struct mapping *mapping,
                               const struct h5_slab *part, uint64_t block)
{
    char *file_name = NULL, *dataset_name = NULL;
    struct h5_file *mapped;
    shs_status status = expand(mapping->file_name, block, &file_name);
    if (!status) status = expand(mapping->dataset_name, block, &dataset_name);
    if (!status) status = open_mapped_file(whole, file_name, &mapped);
    if (!status) status = examine_dataset(whole, mapping, part, mapped, dataset_name);
    core_free(&file_name);
    core_free(&dataset_name);
    return status;
}

/* ---- mappings */

/* Examines an endless mapping whose blocks lie in a dataset each, with the block's number in its
 * name. */
static shs_status examine_blocks(struct whole *whole, const struct mapping *mapping,
                                 const struct h5_slab *covered, int axis)
{
    struct h5_slab part = *covered;
    shs_status status = SHS_OK;
    if (!has_block_number(mapping->file_name) && !has_block_number(mapping->dataset_name))
        return core_fail(SHS_ERROR_FORMAT, "a source of its mappings is needed without end");
    part.count[axis] = 1;
    for (hsize_t block = 0; block < covered->count[axis] && !status; block++) {
        status = examine_part(whole, mapping, &part, block);
        part.start[axis] += part.stride[axis];
    }
    return status;
}

static shs_status examine_mapping(struct whole *whole, const struct mapping *mapping)
{
    struct h5_slab covered = mapping->slab;
    int axis = h5_slab_endless_axis(&mapping->slab);
    h5_slab_clip(&covered, whole->shape);
    if (h5_slab_is_empty(&covered)) return SHS_OK;
    shs_status status = axis >= 0 && h5_slab_endless_axis(&mapping->mapped_slab) < 0
                            ? examine_blocks(whole, mapping, &covered, axis)
                            : examine_part(whole, mapping, &covered, 0);
    if (!status && subtract(whole, mapping, &covered) < 0)
        status = h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    return status;
}

static shs_status read_name(ssize_t (*get)(hid_t creation, size_t i, char *name, size_t bytes),
                            hid_t creation, size_t i, char **name)
{
    ssize_t length = get(creation, i, NULL, 0);
    if (length < 0) return h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    shs_status status = core_new((size_t)length + 1, 1, "a name", name);
    if (!status && get(creation, i, *name, (size_t)length + 1) < 0)
        status = h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    return status;
}

static shs_status read_mapping(hid_t creation, size_t i, struct mapping *mapping)
{
    shs_status status = read_name(H5Pget_virtual_filename, creation, i, &mapping->file_name);
    if (!status) status = read_name(H5Pget_virtual_dsetname, creation, i, &mapping->dataset_name);
    if (status) return status;
    mapping->space = H5Pget_virtual_vspace(creation, i);
    mapping->mapped_space = H5Pget_virtual_srcspace(creation, i);
    if (mapping->space < 0 || mapping->mapped_space < 0 ||
        !h5_slab_read(mapping->space, &mapping->slab) ||
        !h5_slab_read(mapping->mapped_space, &mapping->mapped_slab))
        return h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    return SHS_OK;
}

static void free_mapping(struct mapping *mapping)
{
    if (mapping->space > 0) H5Sclose(mapping->space);
    if (mapping->mapped_space > 0) H5Sclose(mapping->mapped_space);
    core_free(&mapping->file_name);
    core_free(&mapping->dataset_name);
}

static shs_status examine_mappings(struct whole *whole, hid_t creation)
{
    size_t count;
    shs_status status = SHS_OK;
    if (H5Pget_virtual_count(creation, &count) < 0)
        return h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    if (whole->search->depth > 0 && (*whole->search->deep += count) > MOST_DEEP)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "it is virtual, over virtual sources with more than %d mappings",
                         MOST_DEEP);
    for (size_t i = 0; i < count && !status; i++) {
        struct mapping mapping = {0};
        status = read_mapping(creation, i, &mapping);
        if (!status) status = examine_mapping(whole, &mapping);
        free_mapping(&mapping);
    }
    if (!status) status = check_rest(whole);
    if (!status && whole->search->depth == 0)
        h5_runs_end(whole->search->runs, whole->axes, whole->shape);
    return status;
}

shs_status h5_examine_virtual(struct h5_search *search, struct h5_file *file, hid_t dataset,
                              hid_t creation)
{
    struct whole whole = {.search = search, .file = file, .rest = H5Dget_space(dataset)};
    shs_status status = SHS_OK;
    if (search->depth >= MOST_DEPTH)
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "it is virtual, over %d levels of virtual sources; the most is %d",
                           MOST_DEPTH + 1, MOST_DEPTH);
    else if ((whole.axes = H5Sget_simple_extent_dims(whole.rest, whole.shape, NULL)) < 0)
        status = h5_fail(SHS_ERROR_FORMAT, "its shape cannot be read");
    else if (H5Sget_simple_extent_npoints(whole.rest) > 0)
        status = examine_mappings(&whole, creation);
    if (whole.rest > 0) H5Sclose(whole.rest);
    core_free(&whole.mapped_name);
    h5_close(&whole.mapped);
    return status;
}

shs_status h5_mapped_open(const struct h5_file *of, const char *name, struct h5_file **mapped)
{
    shs_status status = h5_link_open(of, name, "HDF5_VDS_PREFIX", mapped);
    if (status || *mapped) return status;
    return core_fail(SHS_ERROR_FILE,
                     "its source file %s is missing, where HDF5 would read fill values; put it "
                     "back beside the file, or name its folder in HDF5_VDS_PREFIX",
                     name);
}
