#include "io_jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "core_memory.h"

enum {
    BUFFER_BYTES = 1 << 14,
    MOST_SCANS = 500, /* scans of a progressive image; each takes a pass over all its blocks */
    LINES = 16        /* lines that are asked for at a time */
};

struct io_jpeg {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    const struct io_image_input *input;
    uint64_t at;          /* bytes of the image that were put into the buffer, or skipped */
    shs_status status;    /* status of the latest read */
    shs_tensor shape;     /* of the whole image */
    unsigned char *spare; /* lines of which only a part is wanted, or NULL */
    jmp_buf jump;
    char message[JMSG_LENGTH_MAX]; /* the library's message */
    unsigned char buffer[BUFFER_BYTES];
};

/* ---- what libjpeg calls */

static void on_error(j_common_ptr common)
{
    struct io_jpeg *jpeg = common->client_data;
    common->err->format_message(common, jpeg->message);
    longjmp(jpeg->jump, 1);
}

/* A warning says that the data is corrupt and that its pixels would be guessed. */
static void on_message(j_common_ptr common, int level)
{
    if (level < 0) on_error(common);
}

static void on_output(j_common_ptr common)
{
    (void)common;
}

static void on_progress(j_common_ptr common)
{
    struct io_jpeg *jpeg = common->client_data;
    if (jpeg->decoder.input_scan_number <= MOST_SCANS) return;
    snprintf(jpeg->message, sizeof jpeg->message, "more than %d scans", MOST_SCANS);
    longjmp(jpeg->jump, 1);
}

static void no_more(struct io_jpeg *jpeg)
{
    snprintf(jpeg->message, sizeof jpeg->message, "it ends too early, after %llu bytes",
             (ull)jpeg->input->bytes);
    longjmp(jpeg->jump, 1);
}

static void on_source(j_decompress_ptr decoder)
{
    (void)decoder;
}

static boolean fill_buffer(j_decompress_ptr decoder)
{
    struct io_jpeg *jpeg = decoder->client_data;
    uint64_t left = jpeg->input->bytes - jpeg->at;
    size_t now = left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES;
    if (!now) no_more(jpeg);
    jpeg->status = jpeg->input->read(jpeg->input->user, jpeg->at, jpeg->buffer, now);
    if (jpeg->status) longjmp(jpeg->jump, 1);
    jpeg->at += now;
    jpeg->source.next_input_byte = jpeg->buffer;
    jpeg->source.bytes_in_buffer = now;
    return TRUE;
}

static void skip_bytes(j_decompress_ptr decoder, long count)
{
    struct io_jpeg *jpeg = decoder->client_data;
    size_t there = jpeg->source.bytes_in_buffer, bytes = count > 0 ? (size_t)count : 0;
    size_t now = bytes < there ? bytes : there;
    jpeg->source.next_input_byte += now;
    jpeg->source.bytes_in_buffer -= now;
    if (bytes - now > jpeg->input->bytes - jpeg->at) no_more(jpeg);
    jpeg->at += bytes - now;
}

static void prepare(struct io_jpeg *jpeg, const struct io_image_input *input)
{
    struct jpeg_decompress_struct *decoder = &jpeg->decoder;
    jpeg->input = input;
    decoder->err = jpeg_std_error(&jpeg->errors);
    jpeg->errors.error_exit = on_error;
    jpeg->errors.emit_message = on_message;
    jpeg->errors.output_message = on_output;
    decoder->client_data = jpeg;
    jpeg->source = (struct jpeg_source_mgr){.init_source = on_source,
                                            .fill_input_buffer = fill_buffer,
                                            .skip_input_data = skip_bytes,
                                            .resync_to_restart = jpeg_resync_to_restart,
                                            .term_source = on_source};
    jpeg->progress.progress_monitor = on_progress;
}

/* ---- errors */

static shs_status unsupported(const struct io_jpeg *jpeg, const char *what)
{
    return core_fail(SHS_ERROR_UNSUPPORTED, "%s is a JPEG image %s; convert it to 8-bit RGB",
                     jpeg->input->path, what);
}

/* Tells why the library jumped back. */
static shs_status tell(const struct io_jpeg *jpeg)
{
    const char *path = jpeg->input->path;
    if (jpeg->status) return jpeg->status;
    switch (*jpeg->message ? jpeg->errors.msg_code : 0) {
    case JERR_OUT_OF_MEMORY:
        return core_fail(SHS_ERROR_MEMORY, "no memory to decode %s", path);
    case JERR_BAD_PRECISION:
        return unsupported(jpeg, "with more than 8 bits a channel");
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
        return unsupported(jpeg, "of a kind that libjpeg does not decode (lossless, hierarchical "
                                 "or arithmetic coding)");
    case JWRN_ADOBE_XFORM:
        return unsupported(jpeg, "with an unknown transform of its colours");
    case JWRN_JFIF_MAJOR:
        return unsupported(jpeg, "of an unknown version of JFIF");
    default:
        return core_fail(SHS_ERROR_FORMAT, "%s: %s; the image is damaged, get it anew", path,
                         jpeg->message);
    }
}

/* ---- the head */

static shs_status check_kind(const struct io_jpeg *jpeg, struct io_image_how how)
{
    const struct jpeg_decompress_struct *decoder = &jpeg->decoder;
    J_COLOR_SPACE space = decoder->jpeg_color_space;
    if (decoder->data_precision != 8) return unsupported(jpeg, "with more than 8 bits a channel");
    if (decoder->arith_code) return unsupported(jpeg, "with arithmetic coding");
    if (space == JCS_CMYK || space == JCS_YCCK) return unsupported(jpeg, "in CMYK");
    if (space != JCS_GRAYSCALE && space != JCS_RGB && space != JCS_YCbCr)
        return unsupported(jpeg, "with channels that are neither grey nor RGB");
    if (!how.classes) return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s is a JPEG image, which holds no numbers of classes: its greys are "
                     "rounded; use PNG",
                     jpeg->input->path);
}

/* Refuses a head that claims more blocks than the image's bytes can hold. A block of 8x8 takes a
 * bit at least. Without this check memory for all of them could be taken before the missing blocks
 * are noticed. */
static shs_status check_claim(const struct io_jpeg *jpeg)
{
    const struct jpeg_decompress_struct *decoder = &jpeg->decoder;
    uint64_t blocks = 0;
    for (int i = 0; i < decoder->num_components; i++) {
        const jpeg_component_info *component = &decoder->comp_info[i];
        blocks += (uint64_t)component->width_in_blocks * component->height_in_blocks;
    }
    if (blocks / 8 <= jpeg->input->bytes) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: its head claims %u x %u pixels, more than its %llu bytes can hold; it is "
                     "not complete, get it anew",
                     jpeg->input->path, decoder->image_height, decoder->image_width,
                     (ull)jpeg->input->bytes);
}

/* libjpeg jumps back into this function and into read_pixels() on an error. Neither function has
 * local variables that could change before the jump. */
static shs_status read_head(struct io_jpeg *jpeg)
{
    if (setjmp(jpeg->jump)) return tell(jpeg);
    jpeg_create_decompress(&jpeg->decoder);
    jpeg->decoder.src = &jpeg->source;
    jpeg->decoder.progress = &jpeg->progress;
    jpeg_read_header(&jpeg->decoder, TRUE);
    return SHS_OK;
}

static void find_shape(struct io_jpeg *jpeg, struct io_image_how how)
{
    struct jpeg_decompress_struct *decoder = &jpeg->decoder;
    bool grey = how.channels == 1 || (!how.channels && decoder->num_components == 1);
    uint64_t stored = how.look ? (uint64_t)decoder->num_components : 3;
    decoder->out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->shape =
        (shs_tensor){.type = SHS_U8,
                     .axes = grey ? 2 : 3,
                     .shape = {decoder->image_height, decoder->image_width, grey ? 0 : stored}};
}

shs_status io_jpeg_open(const struct io_image_input *input, struct io_image_how how,
                        struct io_jpeg **jpeg, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **jpeg, "an image", jpeg);
    if (status) return status;
    prepare(*jpeg, input);
    status = read_head(*jpeg);
    if (!status && !how.look) status = check_kind(*jpeg, how);
    if (!status) status = check_claim(*jpeg);
    if (status) {
        io_jpeg_close(jpeg);
        return status;
    }
    find_shape(*jpeg, how);
    *shape = (*jpeg)->shape;
    return SHS_OK;
}

/* ---- the pixels */

/* Reads the next lines, one after the other in memory. */
static void read_lines(struct io_jpeg *jpeg, uint64_t count, unsigned char *to, size_t line_bytes)
{
    while (count) {
        JSAMPROW lines[LINES];
        JDIMENSION now = count < LINES ? (JDIMENSION)count : LINES;
        for (JDIMENSION i = 0; i < now; i++)
            lines[i] = to + i * line_bytes;
        now = jpeg_read_scanlines(&jpeg->decoder, lines, now);
        to += now * line_bytes;
        count -= now;
    }
}

static shs_status read_pixels(struct io_jpeg *jpeg, unsigned char *pixels)
{
    if (setjmp(jpeg->jump)) return tell(jpeg);
    jpeg_start_decompress(&jpeg->decoder);
    read_lines(jpeg, jpeg->shape.shape[0], pixels,
               (size_t)jpeg->decoder.output_width * (size_t)jpeg->decoder.output_components);
    jpeg_finish_decompress(&jpeg->decoder);
    return SHS_OK;
}

/* What is decoded of an image around a box: columns from `left` on, `width` of them, and lines from
 * `top` on. Smooth upsampling looks at the neighbours of a pixel, so a block more is decoded around
 * the box, except at the image's edges. */
struct around {
    JDIMENSION top, left, width;
};

static struct around around(const struct io_jpeg *jpeg, const struct io_image_box *box)
{
    const struct jpeg_decompress_struct *decoder = &jpeg->decoder;
    JDIMENSION across = (JDIMENSION)decoder->max_h_samp_factor * DCTSIZE;
    JDIMENSION down = (JDIMENSION)decoder->max_v_samp_factor * DCTSIZE;
    JDIMENSION top = (JDIMENSION)box->top / down * down, left = (JDIMENSION)box->left;
    JDIMENSION end = (JDIMENSION)(box->left + box->width) + across;
    top = top > down ? top - down : 0;
    left = left > across ? left - across : 0;
    if (end > decoder->image_width) end = decoder->image_width;
    return (struct around){top, left, end - left};
}

/* Reads the lines of a box, each into the spare line, and copies what is wanted of them. */
static void read_box_lines(struct io_jpeg *jpeg, const struct io_image_box *box,
                           const struct around *part, unsigned char *pixels)
{
    size_t pixel = (size_t)jpeg->decoder.output_components, bytes = (size_t)box->width * pixel;
    JSAMPROW line = jpeg->spare;
    for (uint64_t at = part->top; at < box->top + box->height; at++) {
        jpeg_read_scanlines(&jpeg->decoder, &line, 1);
        if (at < box->top) continue;
        memcpy(pixels, line + (box->left - part->left) * pixel, bytes);
        pixels += bytes;
    }
}

static shs_status read_part(struct io_jpeg *jpeg, const struct io_image_box *box,
                            struct around *part, unsigned char *pixels)
{
    if (setjmp(jpeg->jump)) return tell(jpeg);
    jpeg_start_decompress(&jpeg->decoder);
    jpeg_crop_scanline(&jpeg->decoder, &part->left, &part->width);
    if (part->top) jpeg_skip_scanlines(&jpeg->decoder, part->top);
    read_box_lines(jpeg, box, part, pixels);
    return SHS_OK;
}

static shs_status read_box(struct io_jpeg *jpeg, const struct io_image_box *box,
                           unsigned char *pixels)
{
    struct around part = around(jpeg, box);
    shs_status status =
        core_new(jpeg->shape.shape[1], jpeg->shape.axes == 3 ? 3 : 1, "a line", &jpeg->spare);
    return status ? status : read_part(jpeg, box, &part, pixels);
}

shs_status io_jpeg_decode(struct io_jpeg *jpeg, const struct io_image_box *box, void *pixels)
{
    if (!box) return read_pixels(jpeg, pixels);
    return read_box(jpeg, box, pixels);
}

void io_jpeg_close(struct io_jpeg **jpeg)
{
    if (!*jpeg) return;
    jpeg_destroy_decompress(&(*jpeg)->decoder);
    core_free(&(*jpeg)->spare);
    core_free(jpeg);
}
