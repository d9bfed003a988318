/* Raw files, which hold nothing but elements. The user gives their type and shape. */
#include "import_format.h"

static shs_status open_raw(const struct import_request *request, struct import_origin *origin)
{
    struct import_array *raw = (struct import_array *)origin;
    origin->shape = (shs_tensor){.type = request->type, .axes = request->axes};
    for (uint32_t axis = 0; axis < request->axes; axis++)
        origin->shape.shape[axis] = request->shape[axis];
    raw->swapped = request->big_endian == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    return import_stream_open(request->path, &raw->stream);
}

const struct import_format import_raw = {.name = "raw",
                                         .bytes = sizeof(struct import_array),
                                         .open = open_raw,
                                         .prepare = import_array_check,
                                         .read = import_array_read,
                                         .any_order = import_array_any_order,
                                         .finish = import_array_finish,
                                         .close = import_array_close};
