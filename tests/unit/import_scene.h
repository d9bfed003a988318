/* A folder of files to import, and how they are opened and read. */
#ifndef IMPORT_SCENE_H
#define IMPORT_SCENE_H

#include <png.h>
#include <string.h>
#include <sys/syscall.h>
#include <zlib.h>

#include "counted_memory.h"
#include "import_origin.h"
#include "temporary_folder.h"
#include "unit.h"

/* The folder of the test that runs. */
static char folder[PATH_BYTES];

static inline char *in_folder(const char *name, char path[PATH_BYTES])
{
    return folder_path(folder, name, path);
}

/* Runs a test in a folder of its own. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        test##_in_folder();                                                                        \
        folder_remove(folder);                                                                     \
    }

/* Opens a source by its whole text. */
static inline shs_status open_text(const char *text, struct import_origin **source,
                                   shs_tensor *shape)
{
    struct import_origin_options options = {0};
    shs_status status = import_origin_open(text, &options, source);
    *shape = status ? (shs_tensor){0} : *import_origin_shape(*source);
    return status;
}

/* Opens PREFIX and a path. */
static inline shs_status open_as(const char *prefix, const char *path,
                                 struct import_origin **source, shs_tensor *shape)
{
    char text[2 * PATH_BYTES];
    snprintf(text, sizeof text, "%s%s", prefix, path);
    return open_text(text, source, shape);
}

/* Three rows of two elements; numbers with different bytes. */
static const struct {
    unsigned char code;
    shs_type type;
    unsigned char bytes[48]; /* big-endian, as in the file */
    double values[6];
} idx_types[] = {
    {0x08, SHS_U8, {0, 1, 2, 127, 128, 255}, {0, 1, 2, 127, 128, 255}},
    {0x09, SHS_I8, {0, 1, 2, 127, 128, 255}, {0, 1, 2, 127, -128, -1}},
    {0x0B,
     SHS_I16,
     {0, 0, 0, 1, 1, 0, 0x12, 0x34, 0x80, 0, 0xff, 0xfe},
     {0, 1, 256, 4660, -32768, -2}},
    {0x0C,
     SHS_I32,
     {0,    0,    0,    0,    0,    0, 0, 1, 0,    0,    1,    0,
      0x12, 0x34, 0x56, 0x78, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe},
     {0, 1, 256, 305419896, -2147483648.0, -2}},
    {0x0D,
     SHS_F32,
     {0,    0,    0, 0, 0x3f, 0x80, 0, 0, 0x3f, 0xc0, 0,    0,
      0xc0, 0x20, 0, 0, 0x42, 0xf6, 0, 0, 0x7f, 0x7f, 0xff, 0xff},
     {0, 1, 1.5, -2.5, 123, 0x1.fffffep127}},
    {0x0E,
     SHS_F64,
     {0,    0,    0,    0, 0, 0, 0, 0, 0x3f, 0xf0, 0,    0,    0,    0,    0,    0,
      0x3f, 0xf8, 0,    0, 0, 0, 0, 0, 0xc0, 4,    0,    0,    0,    0,    0,    0,
      0x40, 0x5e, 0xc0, 0, 0, 0, 0, 0, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a},
     {0, 1, 1.5, -2.5, 123, 0.1}},
};

/* The file of shape {3, 2}; returns its length. */
static inline size_t idx_file(size_t which, unsigned char file[64])
{
    const unsigned char head[12] = {0, 0, idx_types[which].code, 2, 0, 0, 0, 3, 0, 0, 0, 2};
    size_t bytes = 6 * shs_type_size(idx_types[which].type);
    memcpy(file, head, sizeof head);
    memcpy(file + sizeof head, idx_types[which].bytes, bytes);
    return sizeof head + bytes;
}

/* The same bytes as gzip writes them. */
static inline unsigned char *gzipped(const void *bytes, size_t count, size_t *packed)
{
    char path[PATH_BYTES];
    gzFile file = gzopen(in_folder("packed", path), "wb");
    if (!file) return NULL;
    bool good = gzwrite(file, bytes, (unsigned)count) == (int)count;
    return gzclose(file) == Z_OK && good ? file_read(path, packed) : NULL;
}

/* A small PNG of 4x3 greys; its length. */
static inline size_t png_file(unsigned char file[512])
{
    unsigned char pixels[12] = {0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6};
    png_image image = {.version = PNG_IMAGE_VERSION, .width = 4, .height = 3};
    png_alloc_size_t bytes = 512;
    image.format = PNG_FORMAT_GRAY;
    return png_image_write_to_memory(&image, file, &bytes, 0, pixels, 0, NULL) ? bytes : 0;
}

#endif
