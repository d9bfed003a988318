#include "h5_explain.h"

#include <string.h>

#include "h5_guard.h"
#include "h5_link.h"
#include "io_content.h"
#include "io_file.h"
#include "io_kind.h"
#include "io_object.h"
#include "io_superblock.h"

enum {
    MOST_LIKELY = 10 /* a superblock of this version or above is no newer format but nonsense */
};

/* ---- files */

static shs_status explain_kind(const char *path, int file, uint64_t file_bytes)
{
    unsigned char head[IO_KIND_BYTES];
    size_t got;
    if (!file_bytes)
        return core_fail(SHS_ERROR_FORMAT,
                         "cannot open %s as HDF5: it is no HDF5 file: it is empty; get it anew "
                         "or, if a program is writing it, wait until it is closed",
                         path);
    shs_status status = io_read_at(file, 0, head, sizeof head, &got);
    if (status) return core_wrap(status, "cannot open %s", path);
    struct io_kind kind = io_kind_of(head, got);
    if (!kind.name)
        return core_fail(SHS_ERROR_FORMAT,
                         "cannot open %s as HDF5: it is no HDF5 file: it has no HDF5 signature",
                         path);
    return core_fail(SHS_ERROR_FORMAT,
                     "cannot open %s as HDF5: it is no HDF5 file: it begins like %s; %s", path,
                     kind.name, kind.advice);
}

static shs_status fail_open_for_writing(const char *path, const char *how)
{
    return core_fail(SHS_ERROR_FILE,
                     "cannot open %s: a program has it open for writing%s, or ended without "
                     "closing it; wait until it is closed or, only if no program writes it any "
                     "more, clear the mark: h5clear -s %s",
                     path, how, path);
}

static shs_status explain_superblock(const char *path, const struct io_superblock *found,
                                     uint64_t file_bytes)
{
    unsigned major, minor, release;
    H5get_libversion(&major, &minor, &release);
    if (found->version > IO_NEWEST_SUPERBLOCK && found->version < MOST_LIKELY)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "cannot open %s: its superblock has version %u, which HDF5 %u.%u.%u does "
                         "not know; convert it with a newer HDF5's h5repack --high=v110 IN OUT",
                         path, found->version, major, minor, release);
    bool marked = found->flags && strstr(h5_reason(), "already open");
    if (marked)
        return fail_open_for_writing(path, found->flags & IO_OPEN_FOR_SWMR ? " in SWMR mode" : "");
    if (file_bytes < found->end)
        return core_fail(SHS_ERROR_FORMAT,
                         "cannot open %s: it is not complete: it has %llu bytes of %llu; get it "
                         "anew or, if a program is writing it, wait until it is closed",
                         path, (ull)file_bytes, (ull)found->end);
    return h5_fail_damaged("cannot open %s: what its superblock leads to does not fit together",
                           path);
}

shs_status h5_explain_file(const char *path)
{
    struct io_identity identity;
    struct io_superblock superblock;
    int file;
    if (h5_lacked_memory()) return h5_fail(SHS_ERROR_MEMORY, "cannot open %s", path);
    shs_status status = io_open(path, &file);
    if (status) return status;
    status = io_identify(file, path, &identity);
    if (!status)
        status = core_wrap(io_superblock_read(file, identity.bytes, &superblock), "cannot open %s",
                           path);
    if (!status && !superblock.found) status = explain_kind(path, file, identity.bytes);
    io_close(file);
    return status ? status : explain_superblock(path, &superblock, identity.bytes);
}

/* ---- datasets */

/* Returns SHS_ERROR_UNSUPPORTED if an object has a part in a version that this HDF5 does not know.
 */
static shs_status explain_version(struct h5_file *file, const char *name)
{
    struct io_object object = {.path = file->path};
    struct io_newer_part part;
    H5O_info_t info;
    hsize_t base = 0;
    unsigned major, minor, release;
    hid_t creation = H5Fget_create_plist(file->id);
    bool known = H5Oget_info_by_name2(file->id, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
                 H5Pget_userblock(creation, &base) >= 0 &&
                 H5Pget_sizes(creation, &object.address_bytes, &object.length_bytes) >= 0;
    H5Pclose(creation);
    if (!known || object.address_bytes > 8 || object.length_bytes > 8) return SHS_OK;
    H5get_libversion(&major, &minor, &release);
    object.base = base;
    object.address = info.addr;
    shs_status status = core_wrap(io_object_newer_part(&object, major, minor, &part),
                                  "%s: dataset %s", file->path, name);
    if (status || !part.name) return status;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: dataset %s needs a newer HDF5: it uses version %u of the %s message, "
                     "written by %s, and this is HDF5 %u.%u.%u; convert the file with the newer "
                     "HDF5's h5repack --high=v110 IN OUT",
                     file->path, name, part.version, part.name, part.writer, major, minor, release);
}

/* Returns true if another program holds the lock that HDF5 takes to write a file. */
static bool is_being_written(const char *path)
{
    int file;
    if (io_open(path, &file)) return false;
    bool written = io_is_being_written(file);
    io_close(file);
    return written;
}

static shs_status explain_object(struct h5_file *file, const char *name, void *user)
{
    H5O_info_t object;
    (void)user;
    if (H5Oget_info_by_name2(file->id, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
        object.type != H5O_TYPE_DATASET)
        return core_fail(SHS_ERROR_FILE, "%s holds no dataset '%s': it is a %s", file->path, name,
                         object.type == H5O_TYPE_GROUP ? "group; give a dataset in it" : "type");
    shs_status status = explain_version(file, name);
    if (status) return status;
    return h5_fail_damaged("%s: dataset '%s' cannot be opened", file->path, name);
}

shs_status h5_explain_dataset(struct h5_file *file, const char *name)
{
    if (h5_lacked_memory())
        return h5_fail(SHS_ERROR_MEMORY, "%s: dataset '%s' cannot be opened", file->path, name);
    shs_status status = h5_check_trouble("%s: dataset '%s' cannot be opened", file->path, name);
    if (status && status != SHS_ERROR_FORMAT) return status;
    status = h5_link_follow(file, name, explain_object, NULL);
    if (!is_being_written(file->path)) return status;
    return core_wrap(status, "another program has %s open for writing; wait until it is closed",
                     file->path);
}
