/* Files of elements alone, of a type and shape that the user gives. */
#include "io_format.h"

static shs_status open_raw(const struct io_origin *origin, struct io_source *source)
{
    struct io_array *raw = (struct io_array *)source;
    source->shape = (shs_tensor){.type = origin->type, .axes = origin->axes};
    for (uint32_t axis = 0; axis < origin->axes; axis++)
        source->shape.shape[axis] = origin->shape[axis];
    raw->swapped = origin->big_endian == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    return io_stream_open(origin->path, &raw->stream);
}

const struct io_format io_raw = {.name = "raw",
                                 .bytes = sizeof(struct io_array),
                                 .open = open_raw,
                                 .prepare = io_array_check,
                                 .read = io_array_read,
                                 .finish = io_array_finish,
                                 .close = io_array_close};
