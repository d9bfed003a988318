/* Filter 32015, Zstandard: one frame. */
#include <zstd.h>

#include "io_codec.h"

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    (void)filter;
    if (!*state) *state = ZSTD_createDCtx();
    if (!*state) return core_fail(SHS_ERROR_MEMORY, "no memory for a decompressor of Zstandard");
    size_t got = ZSTD_decompressDCtx(*state, to, size, from, bytes);
    if (ZSTD_isError(got))
        return core_fail(SHS_ERROR_FORMAT, "it does not decode to %zu bytes: %s", size,
                         ZSTD_getErrorName(got));
    if (got != size)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to %zu bytes, not to %zu", got, size);
    return SHS_OK;
}

static void release(void *state)
{
    ZSTD_freeDCtx(state);
}

const struct io_codec io_codec_zstd = {32015, NULL, decode, release};
