/* Filter 32026, Blosc2: a contiguous frame with one chunk of Blosc 2. The frame's head, trailer and
 * layers are in the format msgpack, with big-endian numbers. A chunk of several axes has a layer
 * "b2nd": its elements lie in blocks, which are padded at the chunk's ends. The frame is taken
 * apart here. The library only decompresses the chunk, whose head is checked before. */
#include <blosc2.h>
#include <string.h>

#include "core_memory.h"
#include "io_blosc2_frame.h"
#include "io_codec.h"

/* Kept from chunk to chunk. */
struct keep {
    blosc2_context *context;
    unsigned char *padded; /* a decompressed chunk whose elements lie in blocks */
    size_t room;
};

static shs_status decompress(const struct keep *keep, const struct io_blosc2_frame *frame, void *to,
                             size_t size)
{
    int got = blosc2_decompress_ctx(keep->context, frame->chunk, (int32_t)frame->chunk_bytes, to,
                                    (int32_t)size);
    if (got >= 0 && (size_t)got == size) return SHS_OK;
    if (got == BLOSC2_ERROR_MEMORY_ALLOC)
        return core_fail(SHS_ERROR_MEMORY, "no memory to decompress its chunk");
    return core_fail(SHS_ERROR_FORMAT,
                     "its chunk is damaged, or made by a codec that libblosc2 lacks");
}

/* Copies the rows of a block at `corner` to their places in the chunk. */
static void copy_block(const struct io_blosc2_frame *frame, const uint64_t *corner,
                       const unsigned char *from, unsigned char *to)
{
    uint32_t last = frame->axes - 1;
    uint64_t row[IO_BLOSC2_AXES] = {0}, bytes = frame->block[last] * frame->element;
    uint64_t wanted = frame->shape[last] - corner[last];
    if (wanted > frame->block[last]) wanted = frame->block[last];
    for (bool more = true; more; from += bytes) {
        uint64_t place = 0;
        bool inside = true;
        for (uint32_t axis = 0; axis <= last; axis++) {
            inside = inside && corner[axis] + row[axis] < frame->shape[axis];
            place = place * frame->shape[axis] + corner[axis] + row[axis];
        }
        if (inside) memcpy(to + place * frame->element, from, wanted * frame->element);
        more = false;
        for (uint32_t axis = last; axis-- > 0 && !more; row[axis] = more ? row[axis] : 0)
            more = ++row[axis] < frame->block[axis];
    }
}

/* Puts the elements of all blocks in order. */
static void copy_blocks(const struct io_blosc2_frame *frame, const unsigned char *from,
                        unsigned char *to)
{
    uint64_t corner[IO_BLOSC2_AXES] = {0}, bytes = frame->element;
    for (uint32_t axis = 0; axis < frame->axes; axis++)
        bytes *= frame->block[axis];
    for (bool more = true; more; from += bytes) {
        copy_block(frame, corner, from, to);
        more = false;
        for (uint32_t axis = frame->axes; axis-- > 0 && !more;
             corner[axis] = more ? corner[axis] : 0)
            more = (corner[axis] += frame->block[axis]) < frame->shape[axis];
    }
}

static shs_status make_room(struct keep *keep, size_t bytes)
{
    if (keep->room >= bytes) return SHS_OK;
    core_free(&keep->padded);
    keep->room = 0;
    shs_status status = core_resize(bytes, 1, "a chunk in blocks", &keep->padded);
    if (!status) keep->room = bytes;
    return status;
}

static shs_status prepare(void **state)
{
    struct keep *keep;
    if (*state) return SHS_OK;
    shs_status status = core_new(1, sizeof *keep, "a decompressor", &keep);
    if (status) return status;
    blosc2_dparams alone = BLOSC2_DPARAMS_DEFAULTS; /* one thread, unless BLOSC_NTHREADS is set */
    keep->context = blosc2_create_dctx(alone);
    if (keep->context) {
        *state = keep;
        return SHS_OK;
    }
    core_free(&keep);
    return core_fail(SHS_ERROR_MEMORY, "no memory for a decompressor of Blosc2");
}

static shs_status decode(void **state, const struct io_filter *filter, const void *from,
                         size_t bytes, void *to, size_t size)
{
    struct io_blosc2_frame frame;
    (void)filter;
    shs_status status = io_blosc2_frame_read(from, bytes, size, &frame);
    if (status) return status;
    if (frame.is_zero) {
        memset(to, 0, size);
        return SHS_OK;
    }
    status = prepare(state);
    if (status) return status;
    struct keep *keep = *state;
    if (!frame.axes) return decompress(keep, &frame, to, size);
    status = make_room(keep, frame.padded_bytes);
    if (!status) status = decompress(keep, &frame, keep->padded, frame.padded_bytes);
    if (!status) copy_blocks(&frame, keep->padded, to);
    return status;
}

static void release(void *state)
{
    struct keep *keep = state;
    blosc2_free_ctx(keep->context);
    core_free(&keep->padded);
    core_free(&keep);
}

const struct io_codec io_codec_blosc2 = {32026, NULL, decode, release};
