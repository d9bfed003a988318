/* Filter 32004, LZ4: the decoded size in 8 bytes, the decoded size of a block in 4, then the
 * blocks, each after its stored size in 4. All numbers are big-endian. The last block may be
 * shorter. A block whose stored size equals its decoded size is not compressed. */
#include <limits.h>
#include <lz4.h>
#include <string.h>

#include "io_codec.h"
#include "io_input.h"

static bool decode_block(struct io_input *input, unsigned char *to, size_t size)
{
    uint64_t stored;
    if (!io_input_number(input, 4, &stored)) return false;
    const unsigned char *block = io_input_bytes(input, stored);
    if (!block) return false;
    if (stored == size) {
        memcpy(to, block, size);
        return true;
    }
    return stored <= INT_MAX && size <= INT_MAX &&
           LZ4_decompress_safe((const char *)block, (char *)to, (int)stored, (int)size) ==
               (int)size;
}

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    (void)state, (void)filter;
    struct io_input input = {from, bytes};
    uint64_t due, block;
    if (!io_input_number(&input, 8, &due) || !io_input_number(&input, 4, &block))
        return core_fail(SHS_ERROR_FORMAT, "its %zu bytes end in its head", bytes);
    if (due != size)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to %llu bytes, not to %zu", (ull)due, size);
    if (!block && size) return core_fail(SHS_ERROR_FORMAT, "its blocks are empty");
    for (size_t done = 0, now; done < size; done += now) {
        now = size - done < block ? size - done : (size_t)block;
        if (!decode_block(&input, (unsigned char *)to + done, now))
            return core_fail(SHS_ERROR_FORMAT, "its block for byte %zu is damaged or cut off",
                             done);
    }
    if (input.left)
        return core_fail(SHS_ERROR_FORMAT, "%zu bytes follow its last block", input.left);
    return SHS_OK;
}

const struct io_codec io_codec_lz4 = {32004, NULL, decode, NULL};
