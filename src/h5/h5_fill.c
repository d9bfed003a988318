#include "h5_fill.h"

#include "h5_guard.h"
#include "h5_open.h"
#include "h5_type.h"

const char *const h5_fills[H5_FILLS] = {"_FillValue", "missing_value"};

/* Reads the values of an open attribute behind those that are there. */
static bool read_values(hid_t attribute, size_t count, shs_type type, struct h5_fill *fill)
{
    hid_t memory = h5_memory_type(type);
    char *elements = (char *)fill->element + fill->count * shs_type_size(type);
    bool good = H5Aread(attribute, memory, elements) >= 0 &&
                H5Aread(attribute, H5T_NATIVE_DOUBLE, fill->number + fill->count) >= 0;
    H5Tclose(memory);
    if (good) fill->count += count;
    return good;
}

static shs_status read_attribute(const struct h5_file *file, const char *name, hid_t attribute,
                                 const char *which, shs_type type, struct h5_fill *fill)
{
    hid_t stored = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5T_class_t kind = H5Tget_class(stored);
    shs_status status = SHS_OK;
    if (kind != H5T_INTEGER && kind != H5T_FLOAT)
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "%s: dataset %s: its attribute %s is %s and no number, so the missing "
                           "values cannot be told; give --fill with their number, or --fill none",
                           file->path, name, which, h5_type_text(stored));
    else if (count < 0 || (uint64_t)count > H5_MOST_FILLS - fill->count)
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "%s: dataset %s: its attribute %s has %lld values; the most are %d with "
                           "those of _FillValue: give --fill with the missing values",
                           file->path, name, which, (long long)count, H5_MOST_FILLS);
    else if (count && !read_values(attribute, (size_t)count, type, fill))
        status = h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its attribute %s cannot be read",
                         file->path, name, which);
    H5Sclose(space);
    H5Tclose(stored);
    return status;
}

static shs_status read_all(const struct h5_file *file, const char *name, hid_t dataset,
                           shs_type type, struct h5_fill *fill)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < H5_FILLS && !status; i++) {
        if (H5Aexists(dataset, h5_fills[i]) <= 0) continue;
        hid_t attribute = H5Aopen(dataset, h5_fills[i], H5P_DEFAULT);
        if (attribute < 0)
            return h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its attribute %s cannot be opened",
                           file->path, name, h5_fills[i]);
        fill->has[i] = true;
        status = read_attribute(file, name, attribute, h5_fills[i], type, fill);
        H5Aclose(attribute);
    }
    return status;
}

shs_status h5_read_fill(struct h5_file *file, const char *name, shs_type type, struct h5_fill *fill)
{
    hid_t dataset;
    struct h5_guard guard = h5_guard_begin();
    *fill = (struct h5_fill){.count = 0};
    shs_status status = h5_dataset_open(file, name, 0, &dataset);
    if (!status) {
        status = read_all(file, name, dataset, type, fill);
        H5Dclose(dataset);
    }
    h5_guard_end(&guard);
    return status;
}
