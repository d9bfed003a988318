/* A reader of a raw file of numbers, without HDF5. The calls that read by position are replaced, so
 * that a test says which bytes are in memory and which the system cannot read. */
#ifndef RAW_READER_H
#define RAW_READER_H

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "io_reader.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    RAW_BEGIN = 100 /* where the array lies in the file */
};

static char folder[PATH_BYTES], path[PATH_BYTES];

static struct {
    uint64_t bad_from, bad_to;   /* bytes that cannot be read */
    uint64_t cold_from, cold_to; /* bytes that are on the disk only */
    _Atomic unsigned long reads;
    void (*before)(void); /* what happens before a read */
} disk;

static bool overlap(uint64_t at, size_t bytes, uint64_t from, uint64_t to)
{
    return at < to && from < at + bytes;
}

ssize_t preadv2(int file, const struct iovec *pieces, int count, off_t at, int how)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    disk.reads++;
    if (disk.before) disk.before();
    bool bad = overlap((uint64_t)at, bytes, disk.bad_from, disk.bad_to);
    bool cold = (how & RWF_NOWAIT) && overlap((uint64_t)at, bytes, disk.cold_from, disk.cold_to);
    if (bad || cold) {
        errno = bad ? EIO : EAGAIN;
        return -1;
    }
    return syscall(SYS_preadv2, file, pieces, count, at, 0, how & ~RWF_NOWAIT);
}

static uint32_t raw_element(uint64_t row, uint64_t column)
{
    return (uint32_t)(row * 1009 + column * 3 + 1);
}

/* Writes `rows` rows of `columns` numbers, which end the file. */
static bool raw_write(const char *name, uint64_t rows, uint64_t columns)
{
    size_t bytes = RAW_BEGIN + rows * columns * sizeof(uint32_t);
    char *all = calloc(bytes, 1);
    for (uint64_t i = 0; all && i < rows * columns; i++) {
        uint32_t number = raw_element(i / columns, i % columns);
        memcpy(all + RAW_BEGIN + i * sizeof number, &number, sizeof number);
    }
    bool written = all && file_write(name, all, bytes);
    free(all);
    return written;
}

static struct io_reader *raw_open(uint64_t rows, uint64_t columns, bool swapped)
{
    struct io_layout layout = {.axes = 2,
                               .shape = {rows, columns},
                               .element_bytes = sizeof(uint32_t),
                               .swapped = swapped,
                               .address = RAW_BEGIN};
    struct io_reader *reader = NULL;
    CHECK_STATUS(io_layout_measure(&layout), SHS_OK);
    CHECK_STATUS(io_reader_open(path, &layout, &reader), SHS_OK);
    return reader;
}

/* Compares rows from row `first` on with what was written. */
static bool raw_is_right(const uint32_t *rows, uint64_t first, uint64_t count, uint64_t columns)
{
    for (uint64_t i = 0; i < count * columns; i++)
        if (rows[i] != raw_element(first + i / columns, i % columns))
            return CHECK_EQ(rows[i], raw_element(first + i / columns, i % columns));
    return true;
}

/* Runs a test with a folder of its own, on a sound disk. */
#define ON_DISK(test)                                                                              \
    static void test(void)                                                                         \
    {                                                                                              \
        memset(&disk, 0, sizeof disk);                                                             \
        if (!NEED(folder_make(folder))) return;                                                    \
        folder_path(folder, "raw", path);                                                          \
        test##_on_disk();                                                                          \
        memset(&disk, 0, sizeof disk);                                                             \
        folder_remove(folder);                                                                     \
    }

#endif
