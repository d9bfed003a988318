#include "fetch_decode.h"

#include "core_memory.h"
#include "grid_resize.h"

enum {
    ALIGNMENT = 64
};

/* ---- which part of an image is wanted */

static struct io_image_box middle(uint64_t height, uint64_t width, uint64_t of_height,
                                  uint64_t of_width)
{
    return (struct io_image_box){(of_height - height) / 2, (of_width - width) / 2, height, width};
}

/* Returns the largest part around the middle with the proportions of the wanted size. */
static struct io_image_box cover(const struct data_image *want, uint64_t height, uint64_t width)
{
    uint64_t tall = height, wide = width;
    if (width * want->height > height * want->width)
        wide = (height * want->width + want->height / 2) / want->height;
    else
        tall = (width * want->height + want->width / 2) / want->width;
    if (!wide) wide = 1;
    if (!tall) tall = 1;
    if (wide > width) wide = width;
    if (tall > height) tall = height;
    return middle(tall, wide, height, width);
}

static shs_status other_size(const struct data_image *want, const char *path, uint64_t height,
                             uint64_t width)
{
    if (want->fit == DATA_FIT_CROP)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s has %llu x %llu pixels, less than %u x %u to crop; say fit=resize or "
                         "fit=cover, or another size",
                         path, (ull)height, (ull)width, want->height, want->width);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s has %llu x %llu pixels, not %u x %u; say fit=crop, fit=resize or "
                     "fit=cover, or another size",
                     path, (ull)height, (ull)width, want->height, want->width);
}

/* Finds the part of an image that is decoded. */
static shs_status choose_box(const struct data_image *want, const char *path,
                             const shs_tensor *shape, struct io_image_box *box)
{
    uint64_t height = shape->shape[0], width = shape->shape[1];
    *box = (struct io_image_box){0, 0, height, width};
    if (height == want->height && width == want->width) return SHS_OK;
    switch (want->fit) {
    case DATA_FIT_RESIZE:
        return SHS_OK;
    case DATA_FIT_COVER:
        *box = cover(want, height, width);
        return SHS_OK;
    case DATA_FIT_CROP:
        if (height < want->height || width < want->width) break;
        *box = middle(want->height, want->width, height, width);
        return SHS_OK;
    case DATA_FIT_EXACT:
        break;
    }
    return other_size(want, path, height, width);
}

/* ---- pixels */

static shs_status decode_box(struct io_image *image, const shs_tensor *shape,
                             const struct io_image_box *box, void *to)
{
    bool whole = box->height == shape->shape[0] && box->width == shape->shape[1];
    return io_image_decode(image, whole ? NULL : box, to);
}

/* Decodes a part, and resizes it to the wanted size. */
static shs_status decode_resized(const struct data_image *want, struct io_image *image,
                                 const shs_tensor *shape, const struct io_image_box *box, void *to)
{
    const struct grid_resizing resizing = {
        {SHS_U8, 1, (size_t)box->height, (size_t)box->width, want->channels},
        want->height,
        want->width};
    const struct grid_box all = {0, 0, (uint32_t)box->height, (uint32_t)box->width};
    enum grid_how_resized how = want->classes ? GRID_RESIZE_NEAREST : GRID_RESIZE_BILINEAR;
    size_t pixels = (size_t)(box->height * box->width) * want->channels;
    char *memory, *scratch;
    shs_status status = core_new(pixels + grid_resizing_bytes(&resizing) + (size_t)2 * ALIGNMENT, 1,
                                 "an image of another size", &memory);
    if (status) return status;
    status = decode_box(image, shape, box, memory);
    scratch = memory + pixels;
    scratch += ALIGNMENT - (uintptr_t)scratch % ALIGNMENT;
    if (!status) grid_resize_box(&resizing, how, &all, memory, to, scratch);
    core_free(&memory);
    return status;
}

/* Cuts a part out of what is decoded. */
static void cut(const struct io_image_box *part, struct io_image_box *box)
{
    box->top += part->top;
    box->left += part->left;
    box->height = part->height;
    box->width = part->width;
}

shs_status fetch_decode(const struct data_image *want, const struct io_image_input *input,
                        const struct io_image_box *part, void *to)
{
    const struct io_image_how how = {.channels = want->classes ? 0 : want->channels,
                                     .classes = want->classes};
    struct io_image *image;
    struct io_image_box box;
    shs_tensor shape;
    shs_status status = io_image_open(input, how, &image, &shape);
    if (status) return status;
    status = choose_box(want, input->path, &shape, &box);
    bool resizes = box.height != want->height || box.width != want->width;
    if (part) cut(part, &box);
    if (!status && !resizes)
        status = decode_box(image, &shape, &box, to);
    else if (!status)
        status = decode_resized(want, image, &shape, &box, to);
    io_image_close(&image);
    return status;
}
