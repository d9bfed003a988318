#include "io_blosc2_frame.h"

#include <limits.h>
#include <string.h>

#include "core_memory.h"
#include "io_input.h"

/* Bytes that say which kind of value follows, in msgpack. */
enum mark {
    INT32 = 0xd2,
    INT64 = 0xd3,
    UINT16 = 0xcd,
    UINT64 = 0xcf,
    MAP16 = 0xde,
    BINARY32 = 0xc6,
    TEXT = 0xa0,  /* and its length */
    ARRAY = 0x90, /* and its number of values */
    LOW_BITS = 0x0f
};

/* Of a frame's head. */
enum {
    LAYERS_AT = 0x57 /* where the table of layers begins, which is the head's last part */
};

/* A chunk's head. */
enum {
    CHUNK_HEAD = 32,
    FLAGS = 2,
    SIZE = 4, /* the decoded size, then the block's, then the stored size, little-endian */
    STORED_SIZE = 12,
    FILTERS = 16,
    N_FILTERS = 6,
    OTHER_FLAGS = 31,
    EXTENDED = 0x05,   /* flags of every head of 32 bytes */
    COPIED = 0x02,     /* flag of a chunk that is not compressed */
    CODEC_SHIFT = 5,   /* above the flags */
    LAST_CODEC = 4,    /* Zstandard; the numbers after it are plug-ins */
    LAST_FILTER = 4,   /* cut precision; the numbers from 32 on are plug-ins */
    SPECIAL_SHIFT = 4, /* in the other flags: all elements are the same value */
    SPECIAL_MASK = 7,
    REPEATED = 3,          /* the last such value that is written down */
    DICTIONARY = 0x01,     /* among the other flags */
    FORBIDDEN_FLAGS = 0x88 /* a chunk that is read from a file later, a chunk of measurements */
};

/* The place of a chunk that is not stored, in its highest byte. */
enum {
    PLACE_BYTES = 8,
    ZEROS = 0x81
};

static shs_status fail(const char *what)
{
    return core_fail(SHS_ERROR_FORMAT, "its frame of Blosc2 %s", what);
}

/* Takes a marked number of `bytes` bytes. Returns false if another kind of value stands there. */
static bool take(struct io_input *input, enum mark mark, size_t bytes, uint64_t *number)
{
    uint64_t found;
    return io_input_number(input, 1, &found) && found == (uint64_t)mark &&
           io_input_number(input, bytes, number);
}

static uint64_t little_endian(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | at[bytes];
    return number;
}

/* What the frame's head says. */
struct head {
    uint64_t bytes, frame_bytes, decoded, stored, element, block, chunk;
};

static bool take_head(struct io_input *input, struct head *head)
{
    static const unsigned char magic[] = "\x9e\xa8"
                                         "b2frame"; /* ends with a zero byte */
    const unsigned char *found = io_input_bytes(input, sizeof magic), *flags;
    return found && !memcmp(found, magic, sizeof magic) && take(input, INT32, 4, &head->bytes) &&
           take(input, UINT64, 8, &head->frame_bytes) && (flags = io_input_bytes(input, 5)) &&
           flags[0] == (TEXT | 4) && !(flags[2] & LOW_BITS) && /* contiguous */
           take(input, INT64, 8, &head->decoded) && take(input, INT64, 8, &head->stored) &&
           take(input, INT32, 4, &head->element) && take(input, INT32, 4, &head->block) &&
           take(input, INT32, 4, &head->chunk);
}

/* Checks what the library would trust, or would look for outside. `size` bytes are due. */
static shs_status check_chunk(const unsigned char *chunk, size_t bytes, size_t size)
{
    if (bytes < CHUNK_HEAD || (chunk[FLAGS] & EXTENDED) != EXTENDED ||
        little_endian(chunk + STORED_SIZE, 4) != bytes || little_endian(chunk + SIZE, 4) != size)
        return fail("holds a chunk of another size");
    if (chunk[OTHER_FLAGS] & FORBIDDEN_FLAGS) return fail("holds no plain chunk");
    if ((chunk[OTHER_FLAGS] >> SPECIAL_SHIFT & SPECIAL_MASK) > REPEATED)
        return fail("holds elements that were never written");
    bool foreign = chunk[OTHER_FLAGS] & DICTIONARY;
    if (!(chunk[FLAGS] & COPIED) && chunk[FLAGS] >> CODEC_SHIFT > LAST_CODEC) foreign = true;
    for (size_t i = 0; i < N_FILTERS; i++)
        foreign = foreign || chunk[FILTERS + i] > LAST_FILTER;
    if (!foreign) return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "its chunk needs a plug-in or a dictionary of Blosc2, which are not read; "
                     "write the file with a codec and filters of Blosc2 itself");
}

/* Takes the lengths of all axes. */
static bool take_lengths(struct io_input *input, uint32_t axes, enum mark mark, size_t bytes,
                         uint64_t *lengths)
{
    uint64_t found;
    if (!io_input_number(input, 1, &found) || found != (ARRAY | axes)) return false;
    for (uint32_t axis = 0; axis < axes; axis++)
        if (!take(input, mark, bytes, &lengths[axis])) return false;
    return true;
}

/* Takes the layer of axes: version, number of axes, shape of the array, of the chunk, of a block.
 */
static bool take_axes(struct io_input *input, struct io_blosc2_frame *frame)
{
    uint64_t bytes, begin, version, axes, whole[IO_BLOSC2_AXES];
    if (!take(input, BINARY32, 4, &bytes) || !io_input_number(input, 1, &begin) ||
        (begin & ~(uint64_t)LOW_BITS) != ARRAY || !io_input_number(input, 1, &version) ||
        !io_input_number(input, 1, &axes) || !axes || axes > IO_BLOSC2_AXES)
        return false;
    frame->axes = (uint32_t)axes;
    return take_lengths(input, frame->axes, INT64, 8, whole) &&
           take_lengths(input, frame->axes, INT32, 4, frame->shape) &&
           take_lengths(input, frame->axes, INT32, 4, frame->block);
}

/* Finds the layer of axes in a frame's head. Leaves frame->axes 0 if there is no such layer. */
static bool find_axes(const unsigned char *from, size_t head_bytes, struct io_blosc2_frame *frame)
{
    struct io_input input = {from + LAYERS_AT, head_bytes - LAYERS_AT};
    uint64_t begin, table, layers, mark, offset;
    if (!io_input_number(&input, 1, &begin) || begin != (ARRAY | 3) ||
        !take(&input, UINT16, 2, &table) || !take(&input, MAP16, 2, &layers))
        return false;
    for (; layers; layers--) {
        if (!io_input_number(&input, 1, &mark) || (mark & 0xe0) != TEXT) return false;
        const unsigned char *name = io_input_bytes(&input, mark & 0x1f);
        if (!name || !take(&input, INT32, 4, &offset)) return false;
        if (mark != (TEXT | 4) || memcmp(name, "b2nd", 4) != 0) continue;
        if (offset >= head_bytes) return false;
        struct io_input layer = {from + offset, head_bytes - (size_t)offset};
        return take_axes(&layer, frame);
    }
    return true;
}

/* Checks that the chunk's shape makes the size that is due, and the blocks' shapes the size of the
 * padded chunk. A block is no larger than the chunk, so padding at most doubles an axis. */
static bool check_axes(const struct io_blosc2_frame *frame, size_t size)
{
    uint64_t dense = frame->element, padded = frame->element;
    for (uint32_t axis = 0; axis < frame->axes; axis++) {
        uint64_t length = frame->shape[axis], block = frame->block[axis];
        if (!block || block > length || length > INT_MAX) return false;
        if (!core_multiply(dense, length, &dense) ||
            !core_multiply(padded, (length + block - 1) / block * block, &padded))
            return false;
    }
    return dense == size && padded == frame->padded_bytes;
}

/* Looks at the place of a chunk that is not stored: it stands in a chunk of one number, which is
 * not compressed. */
static shs_status read_place(const unsigned char *at, size_t left, struct io_blosc2_frame *frame)
{
    if (left < CHUNK_HEAD + PLACE_BYTES || !(at[FLAGS] & COPIED) ||
        little_endian(at + SIZE, 4) != PLACE_BYTES)
        return fail("has no place of its chunk");
    if (at[CHUNK_HEAD + PLACE_BYTES - 1] != ZEROS) return fail("holds neither a chunk nor zeros");
    frame->is_zero = true;
    return SHS_OK;
}

shs_status io_blosc2_frame_read(const void *from, size_t bytes, size_t size,
                                struct io_blosc2_frame *frame)
{
    struct io_input input = {from, bytes};
    struct head head;
    *frame = (struct io_blosc2_frame){0};
    if (!take_head(&input, &head) || head.bytes < LAYERS_AT || head.bytes > bytes)
        return fail("has a damaged head");
    if (head.frame_bytes != bytes) return fail("is cut off, or bytes follow it");
    if (head.decoded != head.chunk || head.chunk > INT_MAX || head.stored > bytes - head.bytes)
        return fail("does not hold one chunk");
    frame->element = head.element;
    frame->padded_bytes = (size_t)head.chunk;
    if (!find_axes(from, (size_t)head.bytes, frame)) return fail("has a damaged table of layers");
    if (frame->axes ? !check_axes(frame, size) : head.chunk != size)
        return core_fail(SHS_ERROR_FORMAT, "its chunk of %llu bytes is not made for %zu bytes",
                         (ull)head.chunk, size);
    const unsigned char *at = (const unsigned char *)from + head.bytes;
    if (!head.stored) return read_place(at, bytes - (size_t)head.bytes, frame);
    frame->chunk = at;
    frame->chunk_bytes = (size_t)head.stored;
    return check_chunk(at, frame->chunk_bytes, frame->padded_bytes);
}
