/* IDX files (http://yann.lecun.com/exdb/mnist, "The IDX file format"). They hold two zero bytes, a
 * type, the number of axes, big-endian 32-bit sizes, and then the elements, big-endian. */
#include "import_format.h"

static const struct {
    unsigned char code;
    shs_type type;
} codes[] = {{0x08, SHS_U8},  {0x09, SHS_I8},  {0x0B, SHS_I16},
             {0x0C, SHS_I32}, {0x0D, SHS_F32}, {0x0E, SHS_F64}};

static shs_status read_shape(struct import_stream *stream, shs_tensor *shape)
{
    unsigned char magic[4], size[4];
    shs_status status = import_stream_read_all(stream, 0, magic, sizeof magic, "head");
    if (status) return status;
    *shape = (shs_tensor){.axes = magic[3]};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == magic[2]) shape->type = codes[i].type;
    if (magic[0] || magic[1] || !shape->type || !shape->axes || shape->axes > SHS_MAX_AXES)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no IDX file: it begins with %02x %02x %02x %02x, not with 00 00, a "
                         "type (08, 09, 0b … 0e) and 1 to %d axes",
                         import_stream_path(stream), magic[0], magic[1], magic[2], magic[3],
                         SHS_MAX_AXES);
    for (uint32_t axis = 0; axis < shape->axes; axis++) {
        status = import_stream_read_all(stream, 4 + 4 * axis, size, sizeof size, "head");
        if (status) return status;
        shape->shape[axis] =
            (uint64_t)size[0] << 24 | (uint64_t)size[1] << 16 | (uint64_t)size[2] << 8 | size[3];
    }
    return SHS_OK;
}

static shs_status open_idx(const struct import_request *request, struct import_origin *origin)
{
    struct import_array *idx = (struct import_array *)origin;
    shs_status status = import_stream_open(request->path, &idx->stream);
    if (!status) status = read_shape(idx->stream, &origin->shape);
    idx->offset = 4 + 4 * (uint64_t)origin->shape.axes;
    idx->swapped = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    return status;
}

const struct import_format import_idx = {.name = "idx",
                                         .bytes = sizeof(struct import_array),
                                         .open = open_idx,
                                         .prepare = import_array_check,
                                         .read = import_array_read,
                                         .any_order = import_array_any_order,
                                         .finish = import_array_finish,
                                         .close = import_array_close};
