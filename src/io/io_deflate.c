/* Filter 1, deflate: a zlib stream. */
#include <libdeflate.h>

#include "io_codec.h"

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    (void)filter;
    size_t got;
    if (!*state) *state = libdeflate_alloc_decompressor();
    if (!*state) return core_fail(SHS_ERROR_MEMORY, "no memory for a decompressor of libdeflate");
    enum libdeflate_result result = libdeflate_zlib_decompress(*state, from, bytes, to, size, &got);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to more than %zu bytes", size);
    if (result != LIBDEFLATE_SUCCESS)
        return core_fail(SHS_ERROR_FORMAT, "its zlib stream is damaged");
    if (got != size)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to %zu bytes, not to %zu", got, size);
    return SHS_OK;
}

static void release(void *state)
{
    libdeflate_free_decompressor(state);
}

const struct io_codec io_codec_deflate = {1, NULL, decode, release};
