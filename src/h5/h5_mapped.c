#include "h5_mapped.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "io_file.h"
#include "io_folder.h"

enum {
    MOST_OPEN = 64, /* files that HDF5 may keep open for a dataset */
    RAW_NAME_BYTES = 4096
};

void h5_mapped_free(struct h5_mapped_files *mapped)
{
    for (size_t i = 0; i < mapped->count; i++)
        core_free(&mapped->file[i].path);
    core_free(&mapped->file);
    *mapped = (struct h5_mapped_files){0};
}

static shs_status identify(const char *path, struct io_identity *identity)
{
    int file;
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = io_identify(file, path, identity);
    io_close(file);
    return status;
}

shs_status h5_mapped_add(struct h5_search *search, const char *path, bool kept)
{
    struct h5_mapped_files *mapped = search->mapped;
    struct h5_mapped_file entry = {.rows = search->rows, .kept = kept};
    if (mapped->count == mapped->capacity) {
        size_t capacity = mapped->capacity ? 2 * mapped->capacity : 8;
        shs_status status =
            core_resize(capacity, sizeof *mapped->file, "mapped files", &mapped->file);
        if (status) return status;
        mapped->capacity = capacity;
    }
    shs_status status = identify(path, &entry.identity);
    if (!status) status = core_copy(path, &entry.path);
    if (!status) mapped->file[mapped->count++] = entry;
    return status;
}

/* ---- the files that hold a dataset's elements */

static shs_status join(const char *folder, const char *rest, char **path)
{
    struct core_text text = {0};
    core_text_add(&text, "%s%s", folder, rest);
    return core_text_take(&text, path);
}

/* Finds the path where HDF5 looks for a raw file: in the folder that the variable names, or else in
 * the current folder. The variable may begin with ${ORIGIN}, which is the folder of the HDF5 file.
 */
static shs_status raw_path(const struct h5_file *file, const char *name, char **path)
{
    static const char origin[] = "${ORIGIN}";
    const char *prefix = getenv("HDF5_EXTFILE_PREFIX");
    char *folder = NULL, *prefixed = NULL;
    if (*name == '/' || !prefix || !*prefix || !strcmp(prefix, ".")) return core_copy(name, path);
    if (strncmp(prefix, origin, sizeof origin - 1)) return io_join(prefix, name, path);
    shs_status status = io_folder_of(file->path, &folder);
    if (!status) status = join(folder, prefix + sizeof origin - 1, &prefixed);
    if (!status) status = io_join(prefixed, name, path);
    core_free(&folder);
    core_free(&prefixed);
    return status;
}

/* The bytes of a raw file that hold the dataset's bytes [at, at + bytes). */
struct raw {
    uint64_t at, bytes;
    uint64_t offset;    /* offset in the raw file */
    uint64_t row_bytes; /* bytes of a row of the dataset */
};

static shs_status add_raw(const struct h5_search *search, const struct h5_file *file,
                          const char *name, const struct raw *raw)
{
    struct h5_search part = *search;
    char *path;
    if (!raw->bytes) return SHS_OK;
    shs_status status = raw_path(file, name, &path);
    if (status) return status;
    if (search->depth == 0) {
        part.rows.first = raw->at / raw->row_bytes;
        part.rows.end = (raw->at + raw->bytes - 1) / raw->row_bytes + 1;
    }
    status = h5_mapped_add(&part, path, false);
    core_free(&path);
    if (status) return status;
    const struct h5_mapped_file *entry = &search->mapped->file[search->mapped->count - 1];
    uint64_t has = entry->identity.bytes;
    if (raw->offset <= has && raw->bytes <= has - raw->offset) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "its external file %s has %llu bytes where %llu from byte %llu on are needed: "
                     "it is not complete, and HDF5 would read zeros",
                     entry->path, (ull)has, (ull)raw->bytes, (ull)raw->offset);
}

static shs_status size_of(hid_t dataset, uint64_t *bytes, uint64_t *rows)
{
    hsize_t extent[H5S_MAX_RANK] = {1};
    hid_t space = H5Dget_space(dataset), stored = H5Dget_type(dataset);
    hssize_t elements = H5Sget_simple_extent_npoints(space);
    int axes = H5Sget_simple_extent_dims(space, extent, NULL);
    size_t size = H5Tget_size(stored);
    H5Sclose(space);
    H5Tclose(stored);
    *rows = extent[0];
    if (elements < 0 || axes < 0 || !size || !core_multiply((uint64_t)elements, size, bytes))
        return h5_fail(SHS_ERROR_FORMAT, "its size cannot be read");
    return SHS_OK;
}

static shs_status examine_external(const struct h5_search *search, const struct h5_file *file,
                                   hid_t dataset, hid_t creation, unsigned count)
{
    char name[RAW_NAME_BYTES];
    uint64_t bytes = 0, rows = 0;
    struct raw raw = {0};
    shs_status status = size_of(dataset, &bytes, &rows);
    if (status) return status;
    raw.row_bytes = rows ? bytes / rows : 0;
    for (unsigned i = 0; i < count && raw.at < bytes; i++, raw.at += raw.bytes) {
        off_t offset;
        hsize_t size;
        memset(name, 0, sizeof name);
        if (H5Pget_external(creation, i, sizeof name, name, &offset, &size) < 0 || offset < 0 ||
            name[sizeof name - 1])
            return h5_fail(SHS_ERROR_FORMAT, "its list of external files cannot be read");
        raw.offset = (uint64_t)offset;
        raw.bytes = size < bytes - raw.at ? size : bytes - raw.at;
        status = add_raw(search, file, name, &raw);
        if (status) return status;
    }
    if (raw.at >= bytes) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "its external files have %llu of its %llu bytes",
                     (ull)raw.at, (ull)bytes);
}

/* Adds the file that an external link has led to. */
static shs_status examine_link(struct h5_search *search, const struct h5_file *file, hid_t dataset)
{
    ssize_t length = H5Fget_name(dataset, NULL, 0), own_length = H5Fget_name(file->id, NULL, 0);
    char *name = NULL, *own = NULL;
    if (length < 0 || own_length < 0) return h5_fail(SHS_ERROR_FORMAT, "its file has no name");
    shs_status status = core_new((size_t)length + 1, 1, "a path", &name);
    if (!status) status = core_new((size_t)own_length + 1, 1, "a path", &own);
    if (!status && (H5Fget_name(dataset, name, (size_t)length + 1) < 0 ||
                    H5Fget_name(file->id, own, (size_t)own_length + 1) < 0))
        status = h5_fail(SHS_ERROR_FORMAT, "its file has no name");
    if (!status && strcmp(name, own) != 0) status = h5_mapped_add(search, name, true);
    core_free(&name);
    core_free(&own);
    return status;
}

/* Refuses a dataset whose stored bytes are too few for its shape. HDF5 would read bytes of other
 * objects in their place. A contiguous dataset that was never written has no stored bytes. */
static shs_status check_storage(hid_t dataset, bool may_be_unwritten)
{
    uint64_t bytes = 0, rows = 0;
    shs_status status = size_of(dataset, &bytes, &rows);
    hsize_t stored = H5Dget_storage_size(dataset);
    if (status || stored >= bytes || (!stored && may_be_unwritten)) return status;
    return core_fail(SHS_ERROR_FORMAT,
                     "%llu bytes are stored of it, where its shape has %llu: the file is damaged, "
                     "get it anew",
                     (ull)stored, (ull)bytes);
}

shs_status h5_examine_alone(const struct h5_file *file, const char *name, hid_t dataset,
                            H5D_layout_t layout)
{
    if (layout == H5D_CHUNKED) return SHS_OK;
    return core_wrap(check_storage(dataset, layout == H5D_CONTIGUOUS), "%s: dataset %s", file->path,
                     name);
}

shs_status h5_examine(struct h5_search *search, struct h5_file *file, const char *name,
                      hid_t dataset)
{
    hid_t creation = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(creation);
    int externals = layout == H5D_CONTIGUOUS ? H5Pget_external_count(creation) : 0;
    shs_status status = examine_link(search, file, dataset);
    if (!status && (layout == H5D_COMPACT || (layout == H5D_CONTIGUOUS && !externals)))
        status = check_storage(dataset, layout == H5D_CONTIGUOUS);
    if (!status && layout == H5D_VIRTUAL)
        status = h5_examine_virtual(search, file, dataset, creation);
    else if (!status && externals > 0)
        status = examine_external(search, file, dataset, creation, (unsigned)externals);
    else if (!status && (layout < 0 || externals < 0))
        status = h5_fail(SHS_ERROR_FORMAT, "its layout cannot be read");
    status = core_wrap(status, "%s: dataset %s", file->path, name);
    /* the array asked for itself may be readable without HDF5 */
    if (!status && search->depth > 0)
        status = h5_filters_check(dataset, creation, file->path, name);
    H5Pclose(creation);
    return status;
}

shs_status h5_mapped_find(struct h5_file *file, const char *name, hid_t dataset,
                          struct h5_mapped_files *mapped, struct h5_runs *runs)
{
    uint64_t deep = 0;
    struct h5_search search = {
        .mapped = mapped, .runs = runs, .deep = &deep, .rows = {0, UINT64_MAX, 1, 1, false, false}};
    shs_status status = h5_examine(&search, file, name, dataset);
    if (status) h5_mapped_free(mapped);
    return status;
}

/* ---- reading */

/* Opens a file as HDF5 will, and keeps it open, because HDF5 will have all of them open at once. A
 * difference in the time of the last change is left to h5_mapped_check(). */
static shs_status try_file(const struct h5_mapped_file *entry, int *files, size_t *count)
{
    struct io_identity now;
    bool touched;
    shs_status status = io_open(entry->path, &files[*count]);
    if (status) return status;
    status = io_identify(files[(*count)++], entry->path, &now);
    return status ? status : io_compare(entry->path, &entry->identity, &now, &touched);
}

static bool is_needed(const struct h5_mapped_file *entry, uint64_t first, uint64_t count)
{
    const struct h5_rows *rows = &entry->rows;
    uint64_t end = first + count < rows->end ? first + count : rows->end;
    if (first < rows->first) first = rows->first;
    if (entry->open || first >= end) return false;
    uint64_t at = (first - rows->first) % rows->stride;
    return at < rows->block || rows->stride - at < end - first;
}

shs_status h5_mapped_use(struct h5_mapped_files *mapped, uint64_t first, uint64_t count,
                         bool *too_many)
{
    size_t needed = 0, tried = 0;
    int *files;
    for (size_t i = 0; i < mapped->count; i++)
        needed += is_needed(&mapped->file[i], first, count);
    *too_many = mapped->open && mapped->open + needed > MOST_OPEN;
    if (!needed || *too_many) return SHS_OK;
    shs_status status = core_new(needed, sizeof *files, "mapped files", &files);
    for (size_t i = 0; i < mapped->count && !status; i++)
        if (is_needed(&mapped->file[i], first, count))
            status = try_file(&mapped->file[i], files, &tried);
    while (tried)
        io_close(files[--tried]);
    core_free(&files);
    for (size_t i = 0; i < mapped->count && !status; i++) {
        struct h5_mapped_file *entry = &mapped->file[i];
        if (!entry->kept || !is_needed(entry, first, count)) continue;
        entry->open = entry->fresh = true;
        mapped->open++;
    }
    return status;
}

shs_status h5_mapped_used(struct h5_mapped_files *mapped, bool parts)
{
    for (size_t i = 0; i < mapped->count; i++) {
        struct h5_mapped_file *entry = &mapped->file[i];
        bool missed = entry->fresh && !h5_driver_has_open(&entry->identity);
        entry->fresh = false;
        if (!missed) continue;
        if (entry->rows.exact && (entry->rows.whole || !parts))
            return core_fail(SHS_ERROR_FILE,
                             "HDF5 has not read from its source %s but made values up; check that "
                             "the file can be opened",
                             entry->path);
        entry->open = false; /* the read had no need of it; the next one may */
        mapped->open--;
    }
    return SHS_OK;
}

void h5_mapped_closed(struct h5_mapped_files *mapped)
{
    for (size_t i = 0; i < mapped->count; i++)
        mapped->file[i].open = mapped->file[i].fresh = false;
    mapped->open = 0;
}

shs_status h5_mapped_check(const struct h5_mapped_files *mapped, bool *touched)
{
    *touched = false;
    for (size_t i = 0; i < mapped->count; i++) {
        const struct h5_mapped_file *entry = &mapped->file[i];
        struct io_identity now;
        bool one_touched = false;
        shs_status status = io_identify_path(entry->path, &now);
        if (!status) status = io_compare(entry->path, &entry->identity, &now, &one_touched);
        if (status) return status;
        *touched = *touched || one_touched;
    }
    return SHS_OK;
}
