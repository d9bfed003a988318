/* Filter 32008, bitshuffle: the elements in blocks, the order of whose bits is changed. A block has
 * a multiple of 8 elements, and the last block may be shorter. The elements left over, fewer than
 * 8, stand unchanged at the end. The filter may compress the blocks, too: then the decoded size
 * stands first, in 8 bytes, the decoded size of a block in 4, and before each block its stored size
 * in 4. These numbers are big-endian. */
#include <limits.h>
#include <string.h>

#include "core_memory.h"
#include "io_codec.h"
#include "io_input.h"
#if IO_HAS_LZ4
#include <lz4.h>
#endif
#if IO_HAS_ZSTD
#include <zstd.h>
#endif

/* What the filter's values mean. The first two are the version that wrote the file. */
enum value {
    ELEMENT = 2, /* bytes of an element */
    BLOCK = 3,   /* elements in a block, 0 for the default */
    COMPRESSION = IO_BITSHUFFLE_COMPRESSION,
    LEAST_VALUES = 3
};

enum compression {
    NONE = 0,
    BY_LZ4 = 2,
    BY_ZSTD = IO_BITSHUFFLE_ZSTD
};

enum {
    MULTIPLE = 8,           /* a block has a multiple of this many elements */
    DEFAULT_BYTES = 8192,   /* of a block whose number of elements is not given */
    DEFAULT_ELEMENTS = 128, /* the fewest in such a block */
    HEAD_BYTES = 12
};

/* Kept from chunk to chunk. */
struct keep {
    unsigned char *block; /* a block that is decompressed, but not yet put in order */
    size_t room;
#if IO_HAS_ZSTD
    ZSTD_DCtx *zstd;
#endif
};

/* A chunk that is being decoded. */
struct work {
    struct keep *keep;
    uint32_t compression;
    size_t element;
    uint64_t block_bytes;
    struct io_input input;
};

static uint32_t value_of(const struct io_filter *filter, enum value value)
{
    return filter->n_values > (uint32_t)value ? filter->values[value] : 0;
}

bool io_bitshuffle_compresses(const struct io_filter *filter)
{
    return value_of(filter, COMPRESSION) != NONE;
}

static const char *check(const struct io_filter *filter)
{
    if (filter->n_values < LEAST_VALUES || !filter->values[ELEMENT])
        return "which has no size of elements";
    if (value_of(filter, BLOCK) % MULTIPLE) return "whose blocks are no multiple of 8 elements";
    switch (value_of(filter, COMPRESSION)) {
    case NONE:
        return NULL;
    case BY_LZ4:
        return IO_HAS_LZ4 ? NULL : "whose LZ4 this build lacks";
    case BY_ZSTD:
        return IO_HAS_ZSTD ? NULL : "whose Zstandard this build lacks";
    default:
        return "whose compression this build does not know";
    }
}

/* Decompresses a block of `size` bytes to keep->block. Returns false if it is damaged. */
static bool decompress(const struct work *work, const unsigned char *from, size_t bytes,
                       size_t size)
{
    (void)work, (void)from, (void)bytes, (void)size; /* a build may have neither library */
#if IO_HAS_LZ4
    if (work->compression == BY_LZ4)
        return bytes <= INT_MAX && size <= INT_MAX &&
               LZ4_decompress_safe((const char *)from, (char *)work->keep->block, (int)bytes,
                                   (int)size) == (int)size;
#endif
#if IO_HAS_ZSTD
    if (work->compression == BY_ZSTD)
        return ZSTD_decompressDCtx(work->keep->zstd, work->keep->block, size, from, bytes) == size;
#endif
    return false;
}

/* Returns a block of `size` bytes whose bits are not yet in order, or NULL if it is damaged or cut
 * off. */
static const unsigned char *take_block(struct work *work, size_t size)
{
    uint64_t stored;
    if (work->compression == NONE) return io_input_bytes(&work->input, size);
    if (!io_input_number(&work->input, 4, &stored)) return NULL;
    const unsigned char *from = io_input_bytes(&work->input, stored);
    bool done = from && decompress(work, from, (size_t)stored, size);
    return done ? work->keep->block : NULL;
}

static shs_status decode_blocks(struct work *work, unsigned char *to, size_t size)
{
    size_t rest = size % (MULTIPLE * work->element), whole = size - rest;
    for (size_t done = 0, now; done < whole; done += now) {
        now = whole - done < work->block_bytes ? whole - done : (size_t)work->block_bytes;
        const unsigned char *block = take_block(work, now);
        if (!block)
            return core_fail(SHS_ERROR_FORMAT, "its block for byte %zu is damaged or cut off",
                             done);
        io_unbitshuffle(block, now / work->element, work->element, to + done);
    }
    const unsigned char *raw = io_input_bytes(&work->input, rest);
    if (!raw) return core_fail(SHS_ERROR_FORMAT, "its last %zu bytes are cut off", rest);
    memcpy(to + whole, raw, rest);
    if (work->input.left)
        return core_fail(SHS_ERROR_FORMAT, "%zu bytes follow its last block", work->input.left);
    return SHS_OK;
}

/* Takes the head of compressed blocks. */
static shs_status take_head(struct work *work, size_t size)
{
    uint64_t due, block;
    size_t bytes = work->input.left;
    if (!io_input_number(&work->input, 8, &due) || !io_input_number(&work->input, 4, &block))
        return core_fail(SHS_ERROR_FORMAT, "its %zu bytes end in its head", bytes);
    if (due != size)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to %llu bytes, not to %zu", (ull)due, size);
    if (!block || block % (MULTIPLE * work->element))
        return core_fail(SHS_ERROR_FORMAT,
                         "its blocks of %llu bytes hold no multiple of 8 elements of %zu bytes",
                         (ull)block, work->element);
    work->block_bytes = block;
    return SHS_OK;
}

/* Makes what decompressing a block takes. No block is larger than the chunk. */
static shs_status prepare(struct keep *keep, const struct work *work, size_t size)
{
    size_t room = work->block_bytes < size ? (size_t)work->block_bytes : size;
#if IO_HAS_ZSTD
    if (work->compression == BY_ZSTD && !keep->zstd) keep->zstd = ZSTD_createDCtx();
    if (work->compression == BY_ZSTD && !keep->zstd)
        return core_fail(SHS_ERROR_MEMORY, "no memory for a decompressor of Zstandard");
#endif
    if (keep->room >= room) return SHS_OK;
    core_free(&keep->block);
    keep->room = 0;
    shs_status status = core_resize(room, 1, "a block to decode", &keep->block);
    if (!status) keep->room = room;
    return status;
}

static shs_status decode_compressed(void **state, struct work *work, unsigned char *to, size_t size)
{
    shs_status status = take_head(work, size);
    if (!status && !*state) status = core_new(1, sizeof *work->keep, "a decompressor", state);
    if (status) return status;
    work->keep = *state;
    status = prepare(work->keep, work, size);
    return status ? status : decode_blocks(work, to, size);
}

static uint64_t block_bytes_of(const struct io_filter *filter)
{
    uint64_t element = filter->values[ELEMENT], block = value_of(filter, BLOCK);
    if (!block) block = DEFAULT_BYTES / element / MULTIPLE * MULTIPLE;
    if (!value_of(filter, BLOCK) && block < DEFAULT_ELEMENTS) block = DEFAULT_ELEMENTS;
    return block * element;
}

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    struct work work = {.compression = value_of(filter, COMPRESSION),
                        .element = filter->values[ELEMENT],
                        .input = {from, bytes}};
    if (size % work.element)
        return core_fail(SHS_ERROR_FORMAT, "%zu bytes are no whole elements of %zu bytes", size,
                         work.element);
    if (work.compression != NONE) return decode_compressed(state, &work, to, size);
    work.block_bytes = block_bytes_of(filter);
    return decode_blocks(&work, to, size);
}

static void release(void *state)
{
    struct keep *keep = state;
#if IO_HAS_ZSTD
    ZSTD_freeDCtx(keep->zstd);
#endif
    core_free(&keep->block);
    core_free(&keep);
}

const struct io_codec io_codec_bitshuffle = {IO_BITSHUFFLE, check, decode, release};
