/* Folders of PNG images of one size and kind: a flat one, or one sub-folder for each class. Images
 * and classes are sorted by name, byte by byte; classes are numbered from 0 on. */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_folder.h"
#include "import_format.h"

typedef unsigned long long ull;

struct images {
    struct import_origin origin;
    struct import_folder folder;
    struct import_names table; /* of an origin of labels: all classes, by number */
    uint32_t *number;          /* there, of each class of this folder */
    char *example;             /* the path of the image whose shape all must have */
    unsigned char **lines;     /* of the image that is decoded */
};

/* ---- decoding */

/* What libpng's functions get. */
struct reading {
    const struct images *images;
    const char *path;
    struct import_stream *stream;
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
    reading->status = import_stream_read_all(reading->stream, reading->at, to, bytes, "image");
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
    if (strstr(reading->message, "emory"))
        return core_fail(SHS_ERROR_MEMORY, "no memory to read %s", reading->path);
    if (strstr(reading->message, "Not a PNG"))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no PNG image, though its name ends in .png; convert it, or move it "
                         "out of the folder",
                         reading->path);
    return core_fail(SHS_ERROR_FORMAT, "%s: %s; the image is damaged, get it anew", reading->path,
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
    *shape =
        (shs_tensor){.type = bits == 8 ? SHS_U8 : SHS_U16,
                     .axes = channels > 1 ? 4 : 3,
                     .shape = {reading->images->folder.n_images, png_get_image_height(png, info),
                               png_get_image_width(png, info), channels > 1 ? channels : 0}};
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

/* A head may claim any size. Without this check memory of that size would be taken before the
 * missing pixels are noticed. */
static shs_status check_claim(const struct reading *reading, const shs_tensor *shape)
{
    enum {
        MOST_RATIO = 1032 /* unpacked bytes for a packed one, in deflate */
    };
    size_t bytes = 0;
    shs_tensor one = shape_of_one(shape);
    shs_status status = shs_tensor_bytes(&one, &bytes);
    uint64_t packed = import_stream_bytes(reading->stream);
    if (status || bytes / MOST_RATIO <= packed) return status;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: its head claims %zu bytes of pixels, more than its %llu bytes can hold; "
                     "it is not complete, get it anew",
                     reading->path, bytes, (ull)packed);
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
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && reading->images->origin.shape.type == SHS_U16)
        png_set_swap(reading->png);
    png_set_interlace_handling(reading->png);
    png_read_update_info(reading->png, reading->info);
    png_read_image(reading->png, reading->images->lines);
    png_read_end(reading->png, NULL);
    return SHS_OK;
}

static shs_status check_alike(const struct images *images, const char *path,
                              const shs_tensor *shape)
{
    struct core_text text = {0};
    char *shapes = NULL;
    shs_tensor one = shape_of_one(shape), example = shape_of_one(&images->origin.shape);
    if (!memcmp(&one, &example, sizeof one)) return SHS_OK;
    core_text_add_shape(&text, &one);
    core_text_add(&text, ", where %s is ", images->example);
    core_text_add_shape(&text, &example);
    shs_status status = core_text_take(&text, &shapes);
    if (!status)
        status = core_fail(SHS_ERROR_FORMAT, "%s is %s; all images must be alike", path, shapes);
    core_free(&shapes);
    return status;
}

/* Decodes an image into `pixels`, or finds its shape where that is NULL. */
static shs_status decode(const struct images *images, const char *path, unsigned char *pixels,
                         shs_tensor *shape)
{
    struct reading reading = {.images = images, .path = path};
    shs_status status = import_stream_open(path, &reading.stream);
    if (!status) status = begin(&reading);
    if (!status) status = read_head(&reading, shape);
    if (!status) status = check_claim(&reading, shape);
    if (!status && pixels) status = check_alike(images, path, shape);
    if (!status && pixels) {
        size_t line_bytes = images->origin.row_bytes / (size_t)shape->shape[1];
        for (uint64_t line = 0; line < shape->shape[1]; line++)
            images->lines[line] = pixels + line * line_bytes;
        status = read_pixels(&reading);
    }
    png_destroy_read_struct(&reading.png, &reading.info, NULL);
    import_stream_close(&reading.stream);
    return status;
}

static shs_status decode_image(const struct images *images, uint64_t number, unsigned char *pixels)
{
    char *path;
    shs_tensor shape;
    shs_status status = import_folder_path_of(&images->folder, number, &path);
    if (status) return status;
    status = decode(images, path, pixels, &shape);
    core_free(&path);
    return status;
}

/* ---- the origins: images, and the numbers of their classes */

static bool are_labels(const struct images *images)
{
    return images->origin.shape.axes == 1;
}

static shs_status open_labels(struct images *images)
{
    if (!images->folder.classes.count)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s has no sub-folders, whose names would be the classes; give one name, "
                         "for the images alone",
                         images->folder.path);
    images->origin.shape =
        (shs_tensor){.type = SHS_U8, .axes = 1, .shape = {images->folder.n_images}};
    struct import_origin *alone = &images->origin;
    return import_png_share_classes(&alone, 1);
}

static shs_status open_images(struct images *images)
{
    struct core_text text = {0};
    shs_status status = import_folder_path_of(&images->folder, 0, &images->example);
    if (!status) status = decode(images, images->example, NULL, &images->origin.shape);
    if (status) return status;
    core_text_add(&text, "%s: %llu images in the order of their names", images->folder.path,
                  (ull)images->folder.n_images);
    return core_text_take(&text, &images->origin.note);
}

static shs_status open_folder(const struct import_request *request, struct import_origin *origin)
{
    struct images *images = (struct images *)origin;
    shs_status status = import_folder_read(request->path, &images->folder);
    if (status) return status;
    return request->labels ? open_labels(images) : open_images(images);
}

static shs_status prepare(struct import_origin *origin)
{
    struct images *images = (struct images *)origin;
    if (are_labels(images)) return SHS_OK;
    return core_new(origin->shape.shape[1], sizeof *images->lines, "lines of an image",
                    &images->lines);
}

static void read_labels(const struct images *images, uint64_t first, uint64_t count, void *rows)
{
    for (uint64_t i = 0; i < count; i++) {
        uint32_t label = images->number[images->folder.images[first + i].label];
        if (images->origin.shape.type == SHS_U8)
            ((uint8_t *)rows)[i] = (uint8_t)label;
        else if (images->origin.shape.type == SHS_U16)
            ((uint16_t *)rows)[i] = (uint16_t)label;
        else
            ((uint32_t *)rows)[i] = label;
    }
}

static shs_status read_rows(struct import_origin *origin, uint64_t first, uint64_t count,
                            void *rows)
{
    struct images *images = (struct images *)origin;
    shs_status status = SHS_OK;
    if (are_labels(images)) {
        read_labels(images, first, count, rows);
        return SHS_OK;
    }
    for (uint64_t i = 0; i < count && !status; i++)
        status = decode_image(images, first + i, (unsigned char *)rows + i * origin->row_bytes);
    return status;
}

static void close_folder(struct import_origin *origin)
{
    struct images *images = (struct images *)origin;
    import_folder_free(&images->folder);
    import_names_free(&images->table);
    core_free(&images->number);
    core_free(&images->example);
    core_free(&images->lines);
}

/* ---- several folders */

shs_status import_png_pair(const struct import_origin *first, struct import_origin *second)
{
    const struct images *one = (const struct images *)first;
    struct images *other = (struct images *)second;
    struct core_text text = {0};
    if (!strcmp(one->folder.path, other->folder.path)) return SHS_OK;
    shs_status status = import_folder_pair(&one->folder, &other->folder);
    if (status || are_labels(other)) return status;
    core_free(&second->note);
    core_text_add(&text, "%s: %llu images, each paired by name with that of %s", other->folder.path,
                  (ull)other->folder.n_images, one->folder.path);
    return core_text_take(&text, &second->note);
}

/* "class 0: cat", a line each. */
static shs_status note_classes(struct images *images)
{
    struct core_text text = {0};
    core_free(&images->origin.note);
    for (size_t i = 0; i < images->table.count; i++)
        core_text_add(&text, "%sclass %zu: %s", i ? "\n" : "", i, images->table.name[i]);
    return core_text_take(&text, &images->origin.note);
}

/* Numbers the classes of a folder by a table that has all of them, which becomes the origin's. */
static shs_status number_classes(struct images *images, struct import_names *table)
{
    const struct import_names *classes = &images->folder.classes;
    struct import_origin *origin = &images->origin;
    uint64_t count = table->count;
    import_names_free(&images->table);
    core_free(&images->number);
    images->table = *table;
    *table = (struct import_names){0};
    origin->shape.type = count <= 1 << 8 ? SHS_U8 : count <= 1 << 16 ? SHS_U16 : SHS_U32;
    origin->row_bytes = shs_type_size(origin->shape.type);
    origin->classes = (const char *const *)images->table.name;
    origin->n_classes = count;
    shs_status status =
        core_new(classes->count, sizeof *images->number, "classes", &images->number);
    for (size_t i = 0; i < classes->count && !status; i++)
        images->number[i] = (uint32_t)import_names_find(&images->table, classes->name[i]);
    return status ? status : note_classes(images);
}

shs_status import_png_share_classes(struct import_origin *const *origins, size_t count)
{
    const struct import_folder **folders;
    shs_status status = core_new(count, sizeof *folders, "folders", &folders);
    for (size_t i = 0; i < count && !status; i++)
        folders[i] = &((struct images *)origins[i])->folder;
    for (size_t i = 0; i < count && !status; i++) {
        struct import_names table;
        status = import_folder_unite(folders, count, &table);
        if (!status) status = number_classes((struct images *)origins[i], &table);
        import_names_free(&table);
    }
    core_free(&folders);
    return status;
}

const struct import_format import_png = {.name = "png",
                                         .bytes = sizeof(struct images),
                                         .open = open_folder,
                                         .prepare = prepare,
                                         .read = read_rows,
                                         .close = close_folder};
