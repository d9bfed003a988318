/* Folders of PNG and JPEG images of one size and kind: a flat folder, or one sub-folder for each
 * class. Images and classes are sorted by name, byte by byte. Classes are numbered from 0 on. */
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_encoded.h"
#include "import_folder.h"
#include "import_format.h"
#include "io_image.h"

struct images {
    struct import_origin origin;
    struct import_folder folder;
    struct import_names table; /* names of all classes, for an origin of labels */
    uint32_t *number;          /* index in `table` of each class of this folder */
    bool encoded;              /* true if the rows are the sizes of images */
    char *example;             /* path of the image whose shape all images must have */
};

/* ---- decoding */

/* Returns the shape of one image: that of all images without its first axis. */
static shs_tensor shape_of_one(const shs_tensor *all)
{
    shs_tensor one = {.type = all->type, .axes = all->axes - 1};
    for (uint32_t axis = 0; axis < one.axes; axis++)
        one.shape[axis] = all->shape[axis + 1];
    return one;
}

static shs_tensor shape_of_all(const struct images *images, const shs_tensor *one)
{
    shs_tensor all = {.type = one->type, .axes = one->axes + 1, .shape = {images->folder.n_images}};
    for (uint32_t axis = 0; axis < one->axes; axis++)
        all.shape[axis + 1] = one->shape[axis];
    return all;
}

static shs_status check_alike(const struct images *images, const char *path,
                              const shs_tensor *shape)
{
    struct core_text text = {0};
    char *shapes = NULL;
    shs_tensor example = shape_of_one(&images->origin.shape);
    if (!memcmp(shape, &example, sizeof example)) return SHS_OK;
    core_text_add_shape(&text, shape);
    core_text_add(&text, ", where %s is ", images->example);
    core_text_add_shape(&text, &example);
    shs_status status = core_text_take(&text, &shapes);
    if (!status)
        status = core_fail(
            SHS_ERROR_FORMAT,
            "%s is %s; all images must be alike, unless they are kept as they are with --encoded",
            path, shapes);
    core_free(&shapes);
    return status;
}

static shs_status read_stream(void *user, uint64_t at, void *to, size_t bytes)
{
    return import_stream_read_all(user, at, to, bytes, "image");
}

/* Decodes an image into `pixels`. If `pixels` is NULL, only the image's shape is found. */
static shs_status decode(const struct images *images, const char *path, unsigned char *pixels,
                         shs_tensor *shape)
{
    struct import_stream *stream;
    struct io_image *image = NULL;
    shs_status status = import_stream_open(path, &stream);
    if (status) return status;
    struct io_image_input input = {path, import_stream_bytes(stream), read_stream, stream};
    status = io_image_open(&input, (struct io_image_how){0}, &image, shape);
    if (!status && pixels) status = check_alike(images, path, shape);
    if (!status && pixels) status = io_image_decode(image, NULL, pixels);
    io_image_close(&image);
    import_stream_close(&stream);
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

/* ---- origins of images and of their labels */

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
    shs_tensor one = {.type = SHS_U32, .axes = 1, .shape = {3}};
    if (!status && !images->encoded) status = decode(images, images->example, NULL, &one);
    if (status) return status;
    images->origin.shape = shape_of_all(images, &one);
    images->origin.n_sources = images->folder.n_images;
    core_text_add(&text, "%s: %llu images in the order of their names", images->folder.path,
                  (ull)images->folder.n_images);
    return core_text_take(&text, &images->origin.note);
}

static shs_status open_folder(const struct import_request *request, struct import_origin *origin)
{
    struct images *images = (struct images *)origin;
    shs_status status = import_folder_read(request->path, &images->folder);
    if (status) return status;
    images->encoded = request->encoded && !request->labels;
    return request->labels ? open_labels(images) : open_images(images);
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

static shs_status read_row(const struct images *images, uint64_t number, void *row)
{
    char *path;
    if (!images->encoded) return decode_image(images, number, row);
    shs_status status = import_folder_path_of(&images->folder, number, &path);
    if (status) return status;
    status = import_encoded_look(path, row);
    core_free(&path);
    return status;
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
        status = read_row(images, first + i, (unsigned char *)rows + i * origin->row_bytes);
    return status;
}

static shs_status name_image(const struct import_origin *origin, uint64_t number, char **name,
                             uint64_t *first)
{
    *first = number;
    return import_folder_path_of(&((const struct images *)origin)->folder, number, name);
}

static void close_folder(struct import_origin *origin)
{
    struct images *images = (struct images *)origin;
    import_folder_free(&images->folder);
    import_names_free(&images->table);
    core_free(&images->number);
    core_free(&images->example);
}

bool import_png_is_encoded(const struct import_origin *origin)
{
    return ((const struct images *)origin)->encoded;
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

/* Adds the classes to the note, each in a line such as "class 0: cat". */
static shs_status note_classes(struct images *images)
{
    struct core_text text = {0};
    core_free(&images->origin.note);
    for (size_t i = 0; i < images->table.count; i++)
        core_text_add(&text, "%sclass %zu: %s", i ? "\n" : "", i, images->table.name[i]);
    return core_text_take(&text, &images->origin.note);
}

/* Numbers the classes of a folder by a table that holds all of them. The origin takes the table
 * over. */
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

static bool any_order(const struct import_origin *origin)
{
    (void)origin;
    return true;
}

const struct import_format import_png = {.name = "png",
                                         .bytes = sizeof(struct images),
                                         .open = open_folder,
                                         .read = read_rows,
                                         .any_order = any_order,
                                         .source = name_image,
                                         .close = close_folder};
