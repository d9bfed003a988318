/* Folders of PNG images of one size and kind: a flat one, or one sub-folder for each class. Images
 * and classes are sorted by name, byte by byte; classes are numbered from 0 on. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_file.h"
#include "io_format.h"

typedef unsigned long long ull;

/* Names in a folder. */
struct names {
    char **name;
    size_t count, room;
    shs_status status;
};

struct image {
    char *name;
    uint32_t label; /* of its class */
};

struct folder {
    struct io_source source;
    char *path;
    struct names classes; /* none in a flat folder */
    struct image *images;
    uint64_t n_images, room;
    unsigned char **lines; /* of the image that is decoded */
};

/* ---- names */

static void add_name(const char *name, void *user)
{
    struct names *names = user;
    if (names->status || *name == '.') return; /* hidden, or the two dots */
    if (names->count == names->room) {
        names->room = names->room ? 2 * names->room : 64;
        names->status = core_resize(names->room, sizeof *names->name, "names", &names->name);
        if (names->status) return;
    }
    names->status = core_copy(name, &names->name[names->count]);
    if (!names->status) names->count++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        core_free(&names->name[i]);
    core_free(&names->name);
    *names = (struct names){0};
}

/* Names that are not hidden, sorted. To be freed even on error. */
static shs_status list_names(const char *path, struct names *names)
{
    *names = (struct names){0};
    shs_status status = io_list(path, add_name, names);
    if (!status) status = names->status;
    if (!status && names->count)
        qsort(names->name, names->count, sizeof *names->name, compare_names);
    return status;
}

static bool is_png(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && !strcasecmp(name + length - 4, ".png");
}

/* An image's name, which is taken out of where it stood. */
static shs_status add_image(struct folder *folder, char **name, uint64_t label)
{
    if (folder->n_images == folder->room) {
        folder->room = folder->room ? 2 * folder->room : 64;
        shs_status status =
            core_resize(folder->room, sizeof *folder->images, "images", &folder->images);
        if (status) return status;
    }
    folder->images[folder->n_images++] = (struct image){*name, (uint32_t)label};
    *name = NULL;
    return SHS_OK;
}

static shs_status add_class(struct folder *folder, uint64_t label)
{
    struct names names = {0};
    char *path;
    shs_status status = io_join(folder->path, folder->classes.name[label], &path);
    if (!status) status = list_names(path, &names);
    for (size_t i = 0; i < names.count && !status; i++)
        if (is_png(names.name[i]))
            status = add_image(folder, &names.name[i], label);
        else
            status = core_fail(SHS_ERROR_FORMAT,
                               "%s/%s is no PNG image; a class's folder holds nothing else", path,
                               names.name[i]);
    free_names(&names);
    core_free(&path);
    return status;
}

/* Sorts an entry of the top folder: an image, or a class's folder. */
static shs_status add_entry(struct folder *folder, char **name)
{
    char *path;
    bool is_folder = false;
    if (is_png(*name)) return add_image(folder, name, 0);
    shs_status status = io_join(folder->path, *name, &path);
    if (!status) status = io_is_folder(path, &is_folder);
    if (!status && !is_folder)
        status =
            core_fail(SHS_ERROR_FORMAT, "%s is neither a PNG image nor a folder of them", path);
    core_free(&path);
    if (status) return status;
    add_name(*name, &folder->classes);
    return folder->classes.status;
}

static shs_status list_images(struct folder *folder)
{
    struct names names = {0};
    shs_status status = list_names(folder->path, &names);
    for (size_t i = 0; i < names.count && !status; i++)
        status = add_entry(folder, &names.name[i]);
    free_names(&names);
    if (!status && folder->n_images && folder->classes.count)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s holds both images (%s) and folders (%s); move the images into the "
                           "folders of their classes",
                           folder->path, folder->images[0].name, folder->classes.name[0]);
    for (size_t label = 0; label < folder->classes.count && !status; label++)
        status = add_class(folder, label);
    if (!status && !folder->n_images)
        status = core_fail(SHS_ERROR_FORMAT, "%s holds no PNG images", folder->path);
    return status;
}

static shs_status path_of(const struct folder *folder, uint64_t number, char **path)
{
    struct core_text text = {0};
    const struct image *image = &folder->images[number];
    core_text_add(&text, "%s/", folder->path);
    if (folder->classes.count) core_text_add(&text, "%s/", folder->classes.name[image->label]);
    core_text_add(&text, "%s", image->name);
    return core_text_take(&text, path);
}

/* ---- decoding */

/* What libpng's functions get. */
struct reading {
    const struct folder *folder;
    const char *path;
    struct io_stream *stream;
    uint64_t at;
    shs_status status; /* of reading the file */
    char message[128]; /* libpng's */
    jmp_buf jump;
    png_structp png;
    png_infop info;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct reading *reading = png_get_error_ptr(png);
    snprintf(reading->message, sizeof reading->message, "%s", text);
    longjmp(reading->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void read_bytes(png_structp png, png_bytep to, size_t bytes)
{
    struct reading *reading = png_get_io_ptr(png);
    reading->status = io_stream_read_all(reading->stream, reading->at, to, bytes, "image");
    reading->at += bytes;
    if (reading->status) png_error(png, "");
}

/* Only the pixels count: other chunks are passed over, and what would be forgiven in the pixels'
 * own is not. */
static shs_status begin(struct reading *reading)
{
    reading->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reading, on_error, on_warning);
    if (reading->png) reading->info = png_create_info_struct(reading->png);
    if (!reading->info) return core_fail(SHS_ERROR_MEMORY, "no memory to read %s", reading->path);
    png_set_read_fn(reading->png, reading, read_bytes);
    png_set_benign_errors(reading->png, 0);
    png_set_keep_unknown_chunks(reading->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    return SHS_OK;
}

static shs_status read_error(const struct reading *reading)
{
    if (reading->status) return reading->status;
    return core_fail(SHS_ERROR_FORMAT, "%s: %s; the image is damaged", reading->path,
                     reading->message);
}

/* Height, width and, if more than one, channels of an image in axes 1 … 3; the first axis is that
 * of images. */
static shs_status shape_of(struct reading *reading, shs_tensor *shape)
{
    png_structp png = reading->png;
    png_infop info = reading->info;
    unsigned bits = png_get_bit_depth(png, info), channels = png_get_channels(png, info);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE || bits < 8)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s has %u-bit %s; images must be grey or RGB, with or without alpha, of "
                         "8 or 16 bits; convert it",
                         reading->path, bits,
                         png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE
                             ? "colours of a palette"
                             : "greys");
    *shape = (shs_tensor){.type = bits == 8 ? SHS_U8 : SHS_U16,
                          .axes = channels > 1 ? 4 : 3,
                          .shape = {reading->folder->n_images, png_get_image_height(png, info),
                                    png_get_image_width(png, info), channels > 1 ? channels : 0}};
    return SHS_OK;
}

/* A jump from libpng's depths ends in here, twice, so that no local variable is changed between. */
static shs_status read_head(struct reading *reading, shs_tensor *shape)
{
    if (setjmp(reading->jump)) return read_error(reading);
    png_read_info(reading->png, reading->info);
    return shape_of(reading, shape);
}

static shs_status read_pixels(struct reading *reading)
{
    if (setjmp(reading->jump)) return read_error(reading);
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && reading->folder->source.shape.type == SHS_U16)
        png_set_swap(reading->png);
    png_set_interlace_handling(reading->png);
    png_read_update_info(reading->png, reading->info);
    png_read_image(reading->png, reading->folder->lines);
    png_read_end(reading->png, NULL);
    return SHS_OK;
}

/* The shape of one image, without the axis along which they lie. */
static shs_tensor shape_of_one(const shs_tensor *all)
{
    shs_tensor one = {.type = all->type, .axes = all->axes - 1};
    for (uint32_t axis = 0; axis < one.axes; axis++)
        one.shape[axis] = all->shape[axis + 1];
    return one;
}

static shs_status check_alike(const struct folder *folder, const char *path,
                              const shs_tensor *shape)
{
    struct core_text text = {0};
    char *first_path = NULL, *shapes = NULL;
    shs_tensor one = shape_of_one(shape), first = shape_of_one(&folder->source.shape);
    if (!memcmp(&one, &first, sizeof one)) return SHS_OK;
    shs_status status = path_of(folder, 0, &first_path);
    core_text_add_shape(&text, &one);
    core_text_add(&text, ", where %s is ", first_path);
    core_text_add_shape(&text, &first);
    if (!status) status = core_text_take(&text, &shapes);
    if (!status)
        status = core_fail(SHS_ERROR_FORMAT, "%s is %s; all images must be alike", path, shapes);
    core_text_free(&text);
    core_free(&first_path);
    core_free(&shapes);
    return status;
}

/* Decodes an image into `pixels`, or finds its shape where that is NULL. */
static shs_status decode(const struct folder *folder, const char *path, unsigned char *pixels,
                         shs_tensor *shape)
{
    struct reading reading = {.folder = folder, .path = path};
    shs_status status = io_stream_open(path, &reading.stream);
    if (!status) status = begin(&reading);
    if (!status) status = read_head(&reading, shape);
    if (!status && pixels) status = check_alike(folder, path, shape);
    if (!status && pixels) {
        size_t line_bytes = folder->source.row_bytes / (size_t)shape->shape[1];
        for (uint64_t line = 0; line < shape->shape[1]; line++)
            folder->lines[line] = pixels + line * line_bytes;
        status = read_pixels(&reading);
    }
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    io_stream_close(&reading.stream);
    return status;
}

static shs_status decode_image(const struct folder *folder, uint64_t number, unsigned char *pixels,
                               shs_tensor *shape)
{
    char *path;
    shs_status status = path_of(folder, number, &path);
    if (status) return status;
    status = decode(folder, path, pixels, shape);
    core_free(&path);
    return status;
}

/* ---- the sources: images, and the numbers of their classes */

static shs_status open_labels(struct folder *folder)
{
    uint64_t count = folder->classes.count;
    shs_type type = count <= 1 << 8 ? SHS_U8 : count <= 1 << 16 ? SHS_U16 : SHS_U32;
    if (!count)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s has no sub-folders, whose names would be the classes; give one name, "
                         "for the images alone",
                         folder->path);
    folder->source.shape = (shs_tensor){.type = type, .axes = 1, .shape = {folder->n_images}};
    folder->source.classes = (const char *const *)folder->classes.name;
    folder->source.n_classes = count;
    return SHS_OK;
}

static shs_status read_labels(struct io_source *source, uint64_t first, uint64_t count, void *rows)
{
    struct folder *folder = (struct folder *)source;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t label = folder->images[first + i].label;
        if (source->shape.type == SHS_U8)
            ((uint8_t *)rows)[i] = (uint8_t)label;
        else if (source->shape.type == SHS_U16)
            ((uint16_t *)rows)[i] = (uint16_t)label;
        else
            ((uint32_t *)rows)[i] = label;
    }
    return SHS_OK;
}

static shs_status read_images(struct io_source *source, uint64_t first, uint64_t count, void *rows)
{
    struct folder *folder = (struct folder *)source;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < count && !status; i++) {
        shs_tensor shape;
        status =
            decode_image(folder, first + i, (unsigned char *)rows + i * source->row_bytes, &shape);
    }
    return status;
}

static shs_status open_folder(const struct io_origin *origin, struct io_source *source)
{
    struct folder *folder = (struct folder *)source;
    shs_status status = core_copy(origin->path, &folder->path);
    if (!status) {
        size_t length = strlen(folder->path);
        while (length > 1 && folder->path[length - 1] == '/')
            folder->path[--length] = '\0';
        status = list_images(folder);
    }
    if (status) return status;
    return origin->labels ? open_labels(folder) : decode_image(folder, 0, NULL, &source->shape);
}

static shs_status prepare(struct io_source *source)
{
    struct folder *folder = (struct folder *)source;
    if (source->shape.axes == 1) return SHS_OK;
    return core_new(source->shape.shape[1], sizeof *folder->lines, "lines of an image",
                    &folder->lines);
}

static shs_status read_rows(struct io_source *source, uint64_t first, uint64_t count, void *rows)
{
    return source->shape.axes == 1 ? read_labels(source, first, count, rows)
                                   : read_images(source, first, count, rows);
}

static void close_folder(struct io_source *source)
{
    struct folder *folder = (struct folder *)source;
    for (uint64_t i = 0; i < folder->n_images; i++)
        core_free(&folder->images[i].name);
    core_free(&folder->images);
    core_free(&folder->lines);
    free_names(&folder->classes);
    core_free(&folder->path);
}

const struct io_format io_png = {.name = "png",
                                 .bytes = sizeof(struct folder),
                                 .open = open_folder,
                                 .prepare = prepare,
                                 .read = read_rows,
                                 .close = close_folder};
