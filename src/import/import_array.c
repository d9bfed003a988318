/* Origins whose elements lie row by row in a file, in C order. */
#include "import_format.h"
#include "io_bytes.h"

static uint64_t end_of(const struct import_array *array)
{
    return array->offset + array->origin.shape.shape[0] * array->origin.row_bytes;
}

/* Prepares reading. A plain file of another size than the shape needs is refused before anything is
 * read. */
shs_status import_array_check(struct import_origin *origin)
{
    struct import_array *array = (struct import_array *)origin;
    return import_stream_check_size(array->stream, end_of(array), "elements");
}

shs_status import_array_read(struct import_origin *origin, uint64_t first, uint64_t count,
                             void *rows)
{
    struct import_array *array = (struct import_array *)origin;
    size_t bytes = count * origin->row_bytes, size = shs_type_size(origin->shape.type);
    shs_status status = import_stream_read_all(
        array->stream, array->offset + first * origin->row_bytes, rows, bytes, "elements");
    if (!status && array->swapped) io_swap(rows, bytes / size, size);
    return status;
}

bool import_array_any_order(const struct import_origin *origin)
{
    return !import_stream_is_packed(((const struct import_array *)origin)->stream);
}

shs_status import_array_finish(struct import_origin *origin)
{
    struct import_array *array = (struct import_array *)origin;
    return import_stream_check_end(array->stream, end_of(array));
}

void import_array_close(struct import_origin *origin)
{
    import_stream_close(&((struct import_array *)origin)->stream);
}
