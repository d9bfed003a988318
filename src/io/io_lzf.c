/* Filter 32000, LZF, of h5py: one LZF stream, which holds neither its size nor a mark of its end.
 */
#include <limits.h>
#include <lzf.h>

#include "io_codec.h"

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    (void)state, (void)filter;
    unsigned got = 0;
    if (bytes && bytes <= UINT_MAX && size <= UINT_MAX)
        got = lzf_decompress(from, (unsigned)bytes, to, (unsigned)size);
    if (got == size && size) return SHS_OK;
    if (got) return core_fail(SHS_ERROR_FORMAT, "it decodes to %u bytes, not to %zu", got, size);
    return core_fail(SHS_ERROR_FORMAT, "its LZF stream is damaged, or of more than %zu bytes",
                     size);
}

const struct io_codec io_codec_lzf = {32000, NULL, decode, NULL};
