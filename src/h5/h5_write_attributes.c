/* Writes attributes. */
#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_writer.h"

static shs_status write_attribute(struct h5_writer *writer, hid_t object, const char *name,
                                  hid_t type, const void *values, size_t count)
{
    hsize_t extent = count;
    struct h5_guard guard = h5_guard_begin();
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Awrite(attribute, type, values) >= 0;
    shs_status status =
        h5_writer_check(writer, good, "%s: cannot write attribute %s", writer->path, name);
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_write_text(struct h5_writer *writer, const char *name, const char *text)
{
    return write_attribute(writer, writer->file, name, H5T_NATIVE_UCHAR, text, strlen(text));
}

shs_status h5_write_u64(struct h5_writer *writer, const char *name, const uint64_t *values,
                        size_t count)
{
    return write_attribute(writer, writer->file, name, H5T_NATIVE_UINT64, values, count);
}

hid_t h5_writer_text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, bytes) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

shs_status h5_write_names(struct h5_writer *writer, const char *attribute, const char *const *names,
                          uint64_t count)
{
    size_t longest = 1;
    char *texts;
    for (uint64_t i = 0; i < count; i++)
        if (strlen(names[i]) > longest) longest = strlen(names[i]);
    shs_status status = core_new(count, longest, "names", &texts);
    if (status) return status;
    for (uint64_t i = 0; i < count; i++)
        memcpy(texts + i * longest, names[i], strlen(names[i]));
    struct h5_guard guard = h5_guard_begin();
    hid_t type = h5_writer_text_type(longest);
    status = write_attribute(writer, writer->dataset, attribute, type, texts, count);
    if (type >= 0) H5Tclose(type);
    h5_guard_end(&guard);
    core_free(&texts);
    return status;
}

/* Writes an attribute without axes. `type` is closed. */
static shs_status write_single(struct h5_writer *writer, const char *path, const char *attribute,
                               hid_t type, const void *value)
{
    hid_t object = H5Oopen(writer->file, path, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
    hid_t written = H5I_INVALID_HID;
    if (object >= 0 && type >= 0 && space >= 0)
        written = H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool good = written >= 0 && H5Awrite(written, type, value) >= 0;
    shs_status status = h5_writer_check(writer, good, "%s: cannot write attribute %s of %s",
                                        writer->path, attribute, path);
    if (written >= 0) H5Aclose(written);
    if (space >= 0) H5Sclose(space);
    if (object >= 0) H5Oclose(object);
    if (type >= 0) H5Tclose(type);
    return status;
}

shs_status h5_write_label(struct h5_writer *writer, const char *path, const char *attribute,
                          const char *text)
{
    struct h5_guard guard = h5_guard_begin();
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        type = H5I_INVALID_HID;
    }
    shs_status status = write_single(writer, path, attribute, type, &text);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_write_number(struct h5_writer *writer, const char *path, const char *attribute,
                           uint64_t number)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = write_single(writer, path, attribute, H5Tcopy(H5T_NATIVE_UINT64), &number);
    h5_guard_end(&guard);
    return status;
}
