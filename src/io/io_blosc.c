/* Filter 32001, Blosc: a buffer of Blosc 1. */
#include <blosc.h>

#include "io_codec.h"

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    (void)state, (void)filter;
    size_t due;
    if (blosc_cbuffer_validate(from, bytes, &due))
        return core_fail(SHS_ERROR_FORMAT, "its %zu bytes are no whole buffer of Blosc", bytes);
    if (due != size)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to %zu bytes, not to %zu", due, size);
    /* This thread decodes alone. blosc_decompress() would start threads if the environment asks for
     * them. */
    int got = blosc_decompress_ctx(from, to, size, 1);
    if (got < 0 || (size_t)got != size)
        return core_fail(SHS_ERROR_FORMAT,
                         "its buffer is damaged, or made by a compressor that libblosc lacks");
    return SHS_OK;
}

const struct io_codec io_codec_blosc = {32001, NULL, decode, NULL};
