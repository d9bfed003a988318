/* Virtual datasets: whether every source is there and holds what is mapped, and every element is
 * mapped to one. */
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_guard.h"
#include "h5_link.h"
#include "h5_sources.h"

enum {
    MOST_DEPTH = 8,    /* of virtual datasets over virtual datasets, which may form a ring */
    MOST_DEEP = 100000 /* mappings of virtual sources: a small file could have any number */
};

/* A regular selection. One axis may go on without end: by blocks, or by one block. */
struct slab {
    bool all;     /* everything; nothing else is set */
    bool regular; /* else only a list of boxes describes it */
    int axes;
    hsize_t start[H5S_MAX_RANK], stride[H5S_MAX_RANK], count[H5S_MAX_RANK], block[H5S_MAX_RANK];
};

struct mapping {
    char *file_name, *dataset_name; /* as stored, with %b for the number of a block */
    hid_t space, source_space;
    struct slab slab, source_slab;
};

/* The virtual dataset. */
struct whole {
    struct h5_search *search;
    struct h5_file *file;
    int axes;
    hsize_t shape[H5S_MAX_RANK];
    hid_t rest;             /* what no mapping has covered so far */
    struct h5_file *source; /* the last one opened, for the next mapping */
    char *source_name;
};

/* ---- Selections. */

static bool read_slab(hid_t space, struct slab *slab)
{
    H5S_sel_type type = H5Sget_select_type(space);
    *slab = (struct slab){.all = type == H5S_SEL_ALL, .axes = H5Sget_simple_extent_ndims(space)};
    if (slab->all || slab->axes < 0) return slab->axes >= 0;
    if (type != H5S_SEL_HYPERSLABS) return false;
    slab->regular = H5Sis_regular_hyperslab(space) > 0;
    if (!slab->regular) return true;
    if (H5Sget_regular_hyperslab(space, slab->start, slab->stride, slab->count, slab->block) < 0)
        return false;
    for (int axis = 0; axis < slab->axes; axis++)
        if (!slab->stride[axis]) return false;
    return true;
}

/* The axis that goes on without end, or -1. */
static int endless_axis(const struct slab *slab)
{
    for (int axis = 0; axis < slab->axes && slab->regular; axis++)
        if (slab->count[axis] == H5S_UNLIMITED || slab->block[axis] == H5S_UNLIMITED) return axis;
    return -1;
}

/* Cuts an endless selection to an extent: to whole blocks that begin in it. */
static void clip(struct slab *slab, const hsize_t *shape)
{
    int axis = endless_axis(slab);
    if (axis < 0) return;
    hsize_t length = shape[axis] > slab->start[axis] ? shape[axis] - slab->start[axis] : 0;
    if (slab->count[axis] == H5S_UNLIMITED)
        slab->count[axis] = length ? (length - 1) / slab->stride[axis] + 1 : 0;
    else
        slab->block[axis] = length;
}

/* How many places along an axis of `length` a selection has. */
static uint64_t places_along(const struct slab *slab, int axis, hsize_t length)
{
    hsize_t start = slab->start[axis], stride = slab->stride[axis];
    if (length <= start) return 0;
    if (slab->block[axis] == H5S_UNLIMITED) return length - start;
    hsize_t full = (length - start) / stride, left = (length - start) % stride;
    if (slab->count[axis] <= full) return slab->count[axis] * slab->block[axis];
    return full * slab->block[axis] + (left < slab->block[axis] ? left : slab->block[axis]);
}

static uint64_t places_in(const struct slab *slab, const hsize_t *shape)
{
    uint64_t places = 1;
    for (int axis = 0; axis < slab->axes; axis++)
        if (!core_multiply(places, places_along(slab, axis, shape[axis]), &places))
            return UINT64_MAX;
    return places;
}

/* True if a selection reaches beyond a shape. */
static bool reaches_beyond(const struct slab *slab, hid_t space, const hsize_t *shape)
{
    hsize_t low[H5S_MAX_RANK], high[H5S_MAX_RANK];
    if (H5Sget_select_bounds(space, low, high) < 0) return true;
    for (int axis = 0; axis < slab->axes; axis++)
        if (high[axis] >= shape[axis]) return true;
    return false;
}

/* ---- What is covered. */

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

/* Takes what a mapping covers from the rest. */
static herr_t subtract(const struct whole *whole, const struct mapping *mapping,
                       const struct slab *slab)
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

/* ---- Sources. */

/* A name with the number of a block in place of %b, and % in place of %%. */
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

/* Opens a source file, or takes the one that is open: neighbouring mappings often share it. */
static shs_status open_source(struct whole *whole, const char *name, struct h5_file **source)
{
    *source = whole->file;
    if (!strcmp(name, ".")) return SHS_OK;
    if (!whole->source_name || strcmp(whole->source_name, name) != 0) {
        core_free(&whole->source_name);
        h5_close(&whole->source);
        shs_status status = h5_source_open(whole->file, name, &whole->source);
        if (!status) status = core_copy(name, &whole->source_name);
        if (status) return status;
    }
    *source = whole->source;
    return SHS_OK;
}

/* Elements of a part of a mapping that has an end, whether inside the extent or not. */
static uint64_t elements_of(const struct whole *whole, const struct mapping *mapping,
                            const struct slab *part)
{
    uint64_t elements = 1;
    if (!part->all && !part->regular) return (uint64_t)H5Sget_select_npoints(mapping->space);
    for (int axis = 0; axis < whole->axes; axis++)
        elements *= part->all ? whole->shape[axis] : part->count[axis] * part->block[axis];
    return elements;
}

/* Whether a source's extent has the elements that are mapped to it: those of `part`. */
static bool is_enough(const struct whole *whole, const struct mapping *mapping,
                      const struct slab *part, hid_t source_space)
{
    hsize_t shape[H5S_MAX_RANK] = {0};
    const struct slab *slab = &mapping->source_slab;
    if (slab->all)
        return (uint64_t)H5Sget_simple_extent_npoints(source_space) ==
               elements_of(whole, mapping, part);
    if (H5Sget_simple_extent_dims(source_space, shape, NULL) != slab->axes) return false;
    if (endless_axis(slab) >= 0) return places_in(slab, shape) >= places_in(part, whole->shape);
    return !reaches_beyond(slab, mapping->source_space, shape);
}

static shs_status check_extent(const struct whole *whole, const struct mapping *mapping,
                               const struct slab *part, hid_t dataset)
{
    hid_t space = H5Dget_space(dataset);
    bool enough = is_enough(whole, mapping, part, space);
    H5Sclose(space);
    if (enough) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "it has not the shape that is mapped to it: HDF5 would read "
                                       "fill values");
}

/* The rows of the dataset asked for that a part of a mapping is for. */
static struct h5_rows rows_of(const struct whole *whole, const struct mapping *mapping,
                              const struct slab *part)
{
    hsize_t low[H5S_MAX_RANK], high[H5S_MAX_RANK];
    if (whole->search->depth > 0) { /* those of what asks for this one */
        struct h5_rows rows = whole->search->rows;
        rows.exact = false;
        return rows;
    }
    if (part->regular)
        return (struct h5_rows){
            part->start[0],
            part->start[0] + (part->count[0] - 1) * part->stride[0] + part->block[0],
            part->count[0] > 1 ? part->stride[0] : part->block[0], part->block[0], true};
    if (!part->all && H5Sget_select_bounds(mapping->space, low, high) >= 0)
        return (struct h5_rows){low[0], high[0] + 1, 1, 1, false};
    return (struct h5_rows){0, whole->shape[0], 1, 1, true};
}

static shs_status examine_dataset(const struct whole *whole, const struct mapping *mapping,
                                  const struct slab *part, struct h5_file *source, const char *name)
{
    struct h5_search deeper = *whole->search;
    hid_t dataset;
    deeper.rows = rows_of(whole, mapping, part);
    deeper.depth++;
    shs_status status = SHS_OK;
    if (source != whole->file) status = h5_sources_add(&deeper, source->path, true);
    if (!status) status = h5_dataset_open(source, name, 0, &dataset);
    if (status) return status;
    status = core_wrap(check_extent(whole, mapping, part, dataset), "%s: dataset %s", source->path,
                       name);
    if (!status) status = h5_examine(&deeper, source, name, dataset);
    H5Dclose(dataset);
    return status;
}

/* A part of a mapping that has one source: block `block` of many, or all of it. */
static shs_status examine_part(struct whole *whole, const struct mapping *mapping,
                               const struct slab *part, uint64_t block)
{
    char *file_name = NULL, *dataset_name = NULL;
    struct h5_file *source;
    shs_status status = expand(mapping->file_name, block, &file_name);
    if (!status) status = expand(mapping->dataset_name, block, &dataset_name);
    if (!status) status = open_source(whole, file_name, &source);
    if (!status) status = examine_dataset(whole, mapping, part, source, dataset_name);
    core_free(&file_name);
    core_free(&dataset_name);
    return status;
}

/* ---- Mappings. */

/* Each block has a source of its own, whose name has the block's number in it. */
static shs_status examine_blocks(struct whole *whole, const struct mapping *mapping,
                                 const struct slab *covered, int axis)
{
    struct slab part = *covered;
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

static bool is_nothing(const struct slab *slab)
{
    for (int axis = 0; axis < slab->axes && slab->regular; axis++)
        if (!slab->count[axis] || !slab->block[axis]) return true;
    return false;
}

static shs_status examine_mapping(struct whole *whole, const struct mapping *mapping)
{
    struct slab covered = mapping->slab;
    int axis = endless_axis(&mapping->slab);
    clip(&covered, whole->shape);
    if (is_nothing(&covered)) return SHS_OK;
    shs_status status = axis >= 0 && endless_axis(&mapping->source_slab) < 0
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
    mapping->source_space = H5Pget_virtual_srcspace(creation, i);
    if (mapping->space < 0 || mapping->source_space < 0 ||
        !read_slab(mapping->space, &mapping->slab) ||
        !read_slab(mapping->source_space, &mapping->source_slab))
        return h5_fail(SHS_ERROR_FORMAT, "its mappings cannot be read");
    return SHS_OK;
}

static void free_mapping(struct mapping *mapping)
{
    if (mapping->space > 0) H5Sclose(mapping->space);
    if (mapping->source_space > 0) H5Sclose(mapping->source_space);
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
    return status ? status : check_rest(whole);
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
    core_free(&whole.source_name);
    h5_close(&whole.source);
    return status;
}

shs_status h5_source_open(const struct h5_file *of, const char *name, struct h5_file **source)
{
    shs_status status = h5_link_open(of, name, "HDF5_VDS_PREFIX", source);
    if (status || *source) return status;
    return core_fail(SHS_ERROR_FILE,
                     "its source file %s is missing, where HDF5 would read fill values; put it "
                     "back beside the file, or name its folder in HDF5_VDS_PREFIX",
                     name);
}
