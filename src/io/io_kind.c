#include "io_kind.h"

#include <stdbool.h>
#include <string.h>

static const char import[] = "make an HDF5 file of it: shardstep import";
static const char unpack[] = "unpack it";
static const char convert[] = "convert it to HDF5";
static const char again[] = "it stands in place of the data: get these again";

static const struct {
    size_t at, length;
    const char *bytes, *name, *advice;
} kinds[] = {
    {0, 4, "CDF\1", "a netCDF-3 file", "convert it: nccopy -k nc4 IN OUT"},
    {0, 4, "CDF\2", "a netCDF-3 file", "convert it: nccopy -k nc4 IN OUT"},
    {0, 4, "CDF\5", "a netCDF-3 file", "convert it: nccopy -k nc4 IN OUT"},
    {0, 4, "\x0e\x03\x13\x01", "an HDF4 file", "convert it: h4toh5 IN OUT"},
    {0, 6, "\x93NUMPY", "a NumPy array", import},
    {0, 2, "\x1f\x8b", "a gzip file", unpack},
    {0, 4, "PK\3\4", "a zip archive, as .npz files are", unpack},
    {0, 3, "BZh", "a bzip2 file", unpack},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "an xz file", unpack},
    {0, 4, "\x28\xb5\x2f\xfd", "a Zstandard file", unpack},
    {257, 5, "ustar", "a tar archive", unpack},
    {0, 8, "\x89PNG\r\n\x1a\n", "a PNG image", import},
    {0, 3, "\xff\xd8\xff", "a JPEG image", convert},
    {0, 4, "PAR1", "a Parquet file", convert},
    {0, 6, "ARROW1", "an Arrow file", convert},
    {0, 4, "GRIB", "a GRIB file", convert},
    {0, 9, "SIMPLE  =", "a FITS file", convert},
    {0, 10, "MATLAB 5.0", "a MATLAB file of version 5", "save it with -v7.3"},
    {0, 15, "SQLite format 3", "an SQLite database", convert},
    {0, 23, "version https://git-lfs", "a pointer of Git LFS", "get the data: git lfs pull"},
    {0, 14, "<!DOCTYPE html", "a web page", again},
    {0, 14, "<!doctype html", "a web page", again},
    {0, 5, "<html", "a web page", again},
};

/* Returns true for a file of safetensors: the length of a header in JSON, then the header's first
 * brace. */
static bool is_safetensors(const unsigned char *head, size_t bytes)
{
    return bytes > 9 && head[8] == '{' && !head[4] && !head[5] && !head[6] && !head[7];
}

static bool is_text(const unsigned char *head, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if ((head[i] < ' ' && !strchr("\t\n\r\f", head[i])) || !head[i] || head[i] == 0x7f)
            return false;
    return true;
}

static bool is_zeros(const unsigned char *head, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (head[i]) return false;
    return true;
}

struct io_kind io_kind_of(const void *head, size_t bytes)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bytes >= kinds[i].at + kinds[i].length &&
            !memcmp((const char *)head + kinds[i].at, kinds[i].bytes, kinds[i].length))
            return (struct io_kind){kinds[i].name, kinds[i].advice};
    if (!bytes) return (struct io_kind){0};
    if (is_safetensors(head, bytes)) return (struct io_kind){"a safetensors file", convert};
    if (is_text(head, bytes)) return (struct io_kind){"a text", import};
    if (is_zeros(head, bytes))
        return (struct io_kind){"a file of zeros",
                                "it was never written, or lost in a crash: get it anew"};
    return (struct io_kind){0};
}
