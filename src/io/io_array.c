#include "io_bytes.h"
#include "io_format.h"

static uint64_t end_of(const struct io_array *array)
{
    return array->offset + array->source.shape.shape[0] * array->source.row_bytes;
}

/* A plain file of another size is refused before anything is read. */
shs_status io_array_check(struct io_source *source)
{
    struct io_array *array = (struct io_array *)source;
    return io_stream_check_size(array->stream, end_of(array), "elements");
}

shs_status io_array_read(struct io_source *source, uint64_t first, uint64_t count, void *rows)
{
    struct io_array *array = (struct io_array *)source;
    size_t bytes = count * source->row_bytes, size = shs_type_size(source->shape.type);
    shs_status status = io_stream_read_all(array->stream, array->offset + first * source->row_bytes,
                                           rows, bytes, "elements");
    if (!status && array->swapped) io_swap(rows, bytes / size, size);
    return status;
}

shs_status io_array_finish(struct io_source *source)
{
    struct io_array *array = (struct io_array *)source;
    return io_stream_check_end(array->stream, end_of(array));
}

void io_array_close(struct io_source *source)
{
    io_stream_close(&((struct io_array *)source)->stream);
}
