#include "io_image.h"

#include <string.h>
#include <strings.h>

#include "core_memory.h"
#include "io_jpeg.h"
#include "io_png.h"

/* One of the two is not NULL. */
struct io_image {
    struct io_png *png;
    struct io_jpeg *jpeg;
};

bool io_image_is_name(const char *name, size_t *stem)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t bytes = strlen(endings[i]);
        if (length <= bytes || strcasecmp(name + length - bytes, endings[i]) != 0) continue;
        *stem = length - bytes;
        return true;
    }
    return false;
}

static shs_status open_jpeg(const struct io_image_input *input, struct io_image_how how,
                            struct io_jpeg **jpeg, shs_tensor *shape)
{
#if IO_HAS_JPEG
    return io_jpeg_open(input, how, jpeg, shape);
#else
    (void)how, (void)jpeg, (void)shape;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s is a JPEG image, and this build of Shardstep has no libjpeg; build it "
                     "with libjpeg-turbo (Debian: libjpeg-dev)",
                     input->path);
#endif
}

/* Opens an image of the format that its first bytes tell. */
static shs_status open_format(const struct io_image_input *input, struct io_image_how how,
                              struct io_image *image, shs_tensor *shape)
{
    unsigned char first[3] = {0};
    if (!input->bytes)
        return core_fail(SHS_ERROR_FORMAT, "%s is empty; get the image anew", input->path);
    if (input->bytes >= sizeof first) {
        shs_status status = input->read(input->user, 0, first, sizeof first);
        if (status) return status;
    }
    if (!memcmp(first, "\xff\xd8\xff", 3)) return open_jpeg(input, how, &image->jpeg, shape);
    if (!memcmp(first, "\x89PN", 3)) return io_png_open(input, how, &image->png, shape);
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s is no PNG image and no JPEG image: it does not begin like one; convert it, "
        "or leave it out",
        input->path);
}

shs_status io_image_open(const struct io_image_input *input, struct io_image_how how,
                         struct io_image **image, shs_tensor *shape)
{
    *shape = (shs_tensor){0};
    shs_status status = core_new(1, sizeof **image, "an image", image);
    if (!status) status = open_format(input, how, *image, shape);
    if (status) io_image_close(image);
    return status;
}

shs_status io_image_decode(struct io_image *image, const struct io_image_box *box, void *pixels)
{
#if IO_HAS_JPEG
    if (image->jpeg) return io_jpeg_decode(image->jpeg, box, pixels);
#endif
    return io_png_decode(image->png, box, pixels);
}

void io_image_close(struct io_image **image)
{
    if (!*image) return;
    io_png_close(&(*image)->png);
#if IO_HAS_JPEG
    io_jpeg_close(&(*image)->jpeg);
#endif
    core_free(image);
}
