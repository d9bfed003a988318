#include "h5_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5_vfd.h"
#include "io_file.h"
#include "io_folder.h"
#include "io_witness.h"

struct driven {
    struct h5_vfd vfd; /* must be the first member */
    char *path;
    enum h5_note note;
    struct h5_noted noted;
    struct driven *next; /* next open file */
};

static hid_t driver;
static struct driven *all_open;

/* ---- failures */

static _Thread_local shs_status trouble;
static _Thread_local char trouble_text[CORE_MESSAGE_BYTES];

shs_status h5_trouble(const char **text)
{
    *text = trouble_text;
    return trouble;
}

void h5_trouble_forget(void)
{
    trouble = SHS_OK;
    *trouble_text = '\0';
}

/* Notes the thread's latest message, unless an earlier failure is noted. A later failure may be a
 * consequence of the earlier failure. */
static void note_trouble(shs_status status)
{
    if (trouble) return;
    trouble = status;
    snprintf(trouble_text, sizeof trouble_text, "%s", shs_message());
}

/* Notes a failed opening, unless the file does not exist. HDF5 looks for the files of a virtual
 * dataset in several folders. */
static void note_no_file(const char *path, shs_status status)
{
    bool there = true;
    if (!io_exists(path, &there) && !there) return;
    note_trouble(status);
}

/* ---- a file */

static void free_driven(struct driven *driven)
{
    free(driven->path);
    free(driven);
}

/* Makes the struct of an open file with calloc(), because HDF5 frees it with free(). */
static shs_status make(const char *path, struct driven **driven)
{
    *driven = calloc(1, sizeof **driven);
    if (*driven) (*driven)->path = strdup(path);
    if (*driven && (*driven)->path) return SHS_OK;
    if (*driven) free_driven(*driven);
    return core_fail(SHS_ERROR_MEMORY, "%s: no memory to open it", path);
}

static H5FD_t *open_file(const char *path, unsigned flags, hid_t access, haddr_t most)
{
    struct driven *driven;
    (void)access;
    (void)most;
    if ((flags & ~(unsigned)H5F_ACC_SWMR_READ) != H5F_ACC_RDONLY) return NULL;
    shs_status status = make(path, &driven);
    if (status) {
        note_trouble(status);
        return NULL;
    }
    status = io_open(path, &driven->vfd.file);
    if (!status) status = h5_vfd_identify(&driven->vfd, path);
    if (status) {
        note_no_file(path, status);
        free_driven(driven);
        return NULL;
    }
    io_witness_open(path, &driven->vfd.identity, h5_driver_has_open(&driven->vfd.identity));
    driven->next = all_open;
    all_open = driven;
    return &driven->vfd.hdf5;
}

static herr_t close_file(H5FD_t *hdf5)
{
    struct driven *driven = (struct driven *)hdf5, **at = &all_open;
    while (*at != driven)
        at = &(*at)->next;
    *at = driven->next;
    io_close(driven->vfd.file);
    free_driven(driven);
    return 0;
}

/* Compares two files for an order in which only a file that has not changed is equal to itself.
 * HDF5 shares what it has read of a file among all who have an equal file open. A file that was
 * touched is read anew, even while a fetch still holds the file as it was opened before. */
static int compare_files(const H5FD_t *a, const H5FD_t *b)
{
    const struct io_identity *left = &((const struct driven *)a)->vfd.identity;
    const struct io_identity *right = &((const struct driven *)b)->vfd.identity;
    return memcmp(left, right, sizeof *left);
}

/* Tells HDF5 to use neither a sieve buffer for raw data nor an accumulator for metadata. After a
 * failed read these buffers hold bytes that are not the file's, and HDF5 serves the next reads from
 * them. */
static herr_t query(const H5FD_t *hdf5, unsigned long *flags)
{
    (void)hdf5;
    *flags = H5FD_FEAT_SUPPORTS_SWMR_IO | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE |
             H5FD_FEAT_POSIX_COMPAT_HANDLE;
    return 0;
}

/* Notes a read if noting is on. Returns true if the read is not to be carried out. */
static bool note_read(struct driven *driven, haddr_t address, size_t bytes)
{
    if (driven->note == H5_NOTE_NOTHING) return false;
    if (!driven->noted.reads++) {
        driven->noted.address = address;
        driven->noted.bytes = bytes;
    }
    return driven->note == H5_NOTE_ONLY;
}

static shs_status ends_before(const struct driven *driven, haddr_t address, size_t bytes)
{
    struct io_identity now;
    shs_status status = io_identify(driven->vfd.file, driven->path, &now);
    if (status) return status;
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s has %llu bytes, but %zu bytes at %llu belong to it: it is not complete; get it anew",
        driven->path, (ull)now.bytes, bytes, (ull)address);
}

/* Refuses an address that no file can have. The system would refuse it too, but with a message that
 * blames the disk. */
static shs_status check_address(const struct driven *driven, haddr_t address, size_t bytes)
{
    if (address <= INT64_MAX && bytes <= INT64_MAX - address) return SHS_OK;
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s: %zu bytes are to lie at %llu, beyond any file; the file is damaged, get it anew",
        driven->path, bytes, (ull)address);
}

/* Reads bytes for HDF5. Raw data beyond the file's end is an error. HDF5's own drivers give zeros
 * for such bytes. Who asks where a read goes does not use the elements: they are not noted as read.
 */
static herr_t read_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                        size_t bytes, void *to)
{
    struct driven *driven = (struct driven *)hdf5;
    size_t got;
    (void)transfer;
    if (type == H5FD_MEM_DRAW && note_read(driven, address, bytes)) return 0;
    shs_status status = check_address(driven, address, bytes);
    if (!status)
        status = core_wrap(h5_vfd_read(&driven->vfd, address, bytes, to, &got), "%s", driven->path);
    if (!status && (type != H5FD_MEM_DRAW || driven->note == H5_NOTE_NOTHING))
        io_witness_read(&driven->vfd.identity, address, to, got);
    if (!status && type == H5FD_MEM_DRAW && got < bytes)
        status = ends_before(driven, address, bytes);
    if (status) note_trouble(status);
    return status ? -1 : 0;
}

static herr_t write_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t bytes, const void *from)
{
    (void)hdf5, (void)type, (void)transfer, (void)address, (void)bytes, (void)from;
    return -1;
}

herr_t h5_driver_use(hid_t access)
{
    H5FD_class_t class = h5_vfd_class("shardstep", 0);
    class.open = open_file;
    class.close = close_file;
    class.cmp = compare_files;
    class.query = query;
    class.read = read_file;
    class.write = write_file;
    return h5_vfd_use(access, &class, &driver);
}

bool h5_driver_is_of(hid_t file)
{
    hid_t access = H5Fget_access_plist(file);
    bool is = access >= 0 && driver > 0 && H5Pget_driver(access) == driver;
    if (access >= 0) H5Pclose(access);
    return is;
}

static struct driven *driven_of(hid_t file)
{
    return (struct driven *)h5_vfd_of(file);
}

bool h5_driver_has_open(const struct io_identity *identity)
{
    for (const struct driven *driven = all_open; driven; driven = driven->next)
        if (driven->vfd.identity.device == identity->device &&
            driven->vfd.identity.inode == identity->inode)
            return true;
    return false;
}

bool h5_driver_is_around(hid_t file, hid_t object)
{
    hid_t own = H5Iget_file_id(object);
    bool is = own >= 0 && driven_of(own) == driven_of(file);
    if (own >= 0) H5Fclose(own);
    return is;
}

void h5_note_begin(hid_t file, enum h5_note note)
{
    struct driven *driven = driven_of(file);
    driven->note = note;
    driven->noted = (struct h5_noted){0};
}

struct h5_noted h5_note_end(hid_t file)
{
    struct driven *driven = driven_of(file);
    driven->note = H5_NOTE_NOTHING;
    return driven->noted;
}
