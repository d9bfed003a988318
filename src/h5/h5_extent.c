/* Whether a field can be read around HDF5, and where. */
#include "h5_field.h"
#include "h5_guard.h"

static struct h5_extent through_hdf5(const char *reason)
{
    return (struct h5_extent){.reason = reason};
}

static const char *check_layout(hid_t dataset)
{
    const char *reason = NULL;
    hid_t creation = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_CHUNKED)
        reason = "chunked";
    else if (layout == H5D_COMPACT)
        reason = "compact";
    else if (layout == H5D_VIRTUAL)
        reason = "virtual";
    else if (layout != H5D_CONTIGUOUS)
        reason = "of unknown layout";
    else if (H5Pget_external_count(creation) != 0)
        reason = "in external files";
    H5Pclose(creation);
    return reason;
}

/* Only the driver for one plain file: with any other, an address is no offset. */
static const char *check_driver(hid_t file)
{
    hid_t access = H5Fget_access_plist(file);
    bool plain = access >= 0 && H5Pget_driver(access) == H5FD_SEC2;
    if (access >= 0) H5Pclose(access);
    return plain ? NULL : "not in one plain file";
}

static const char *check_space(const struct h5_field *field)
{
    H5D_space_status_t allocated;
    uint64_t elements = 1;
    for (uint32_t axis = 0; axis < field->axes; axis++)
        elements *= field->shape[axis];
    if (!elements) return "empty";
    if (H5Dget_space_status(field->dataset, &allocated) < 0 ||
        allocated != H5D_SPACE_STATUS_ALLOCATED)
        return "not written yet";
    if (H5Dget_storage_size(field->dataset) != elements * H5Tget_size(field->memory_type))
        return "of another size than its shape";
    return NULL;
}

static bool is_swapped(const struct h5_field *field)
{
    hid_t stored = H5Dget_type(field->dataset);
    bool swapped =
        H5Tget_size(stored) > 1 && H5Tget_order(stored) != H5Tget_order(field->memory_type);
    H5Tclose(stored);
    return swapped;
}

/* H5Dget_offset() includes the user block in the versions of 1.10 and not in later ones; where the
 * two differ, the caller's comparison with H5Dread decides, so only files without one are read
 * directly. */
static const char *check_user_block(hid_t file)
{
    hsize_t bytes = 0;
    hid_t creation = H5Fget_create_plist(file);
    bool none = creation >= 0 && H5Pget_userblock(creation, &bytes) >= 0 && bytes == 0;
    if (creation >= 0) H5Pclose(creation);
    return none ? NULL : "behind a user block";
}

static struct h5_extent find_extent(struct h5_file *file, const struct h5_field *field)
{
    const char *reason = check_layout(field->dataset);
    if (!reason) reason = check_driver(file->id);
    if (!reason) reason = check_space(field);
    if (!reason) reason = check_user_block(file->id);
    if (reason) return through_hdf5(reason);
    haddr_t offset = H5Dget_offset(field->dataset);
    if (offset == HADDR_UNDEF) return through_hdf5("at no address");
    return (struct h5_extent){.direct = true, .offset = offset, .swapped = is_swapped(field)};
}

struct h5_extent h5_extent_of(struct h5_file *file, struct h5_field *field)
{
    struct h5_guard guard = h5_guard_begin();
    struct h5_extent extent = find_extent(file, field);
    h5_guard_end(&guard);
    return extent;
}
