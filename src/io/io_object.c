#include "io_object.h"

#include <stdbool.h>
#include <string.h>

#include "core_memory.h"
#include "io_content.h"
#include "io_file.h"

enum {
    MOST_BYTES = 1 << 16, /* bytes of a block of an object's header */
    MOST_BLOCKS = 16,
    DATATYPE = 0x03,
    CONTINUATION = 0x10,
    SHARED = 2, /* a flag of a message */
    /* bits of a header's flags: the number of bytes that tell its size, and what else it has */
    SIZE_BYTES = 3,
    NUMBERED = 4,
    LIMITS = 0x10,
    TIMES = 0x20
};

/* The parts of objects (HDF5 says "messages"), and the newest version of each part that releases of
 * HDF5 know. */
static const struct {
    unsigned type;
    const char *name;
    unsigned known, since_1_12, since_2_0;
} parts[] = {
    {0x01, "dataspace", 2, 2, 2}, {DATATYPE, "datatype", 3, 4, 5}, {0x05, "fill value", 3, 3, 3},
    {0x08, "layout", 4, 4, 5},    {0x0b, "filter", 2, 2, 2},       {0x0c, "attribute", 3, 3, 3},
};

/* An object's header, read block by block. */
struct header {
    const struct io_object *object;
    int file;
    bool old;     /* true for a header of version 1 */
    bool ordered; /* true if each message has a number */
    struct {
        uint64_t at, bytes;
    } block[MOST_BLOCKS];
    unsigned blocks;
    unsigned major, minor; /* the release of HDF5 that shall know the parts */
    size_t part;           /* index in `parts` of the part that is too new */
    unsigned version;      /* version of this part; 0 if all parts are known */
};

static uint64_t number_at(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static unsigned newest_known(const struct header *header, size_t part)
{
    if (header->major >= 2) return parts[part].since_2_0;
    return header->minor >= 12 ? parts[part].since_1_12 : parts[part].known;
}

static void add_block(struct header *header, uint64_t at, uint64_t bytes)
{
    if (header->blocks == MOST_BLOCKS || bytes > MOST_BYTES || at > INT64_MAX) return;
    header->block[header->blocks].at = at;
    header->block[header->blocks++].bytes = bytes;
}

/* Notes a message of a version that is too new. The version stands in the first byte, of a datatype
 * in the upper half of the first byte. */
static void look_at_message(struct header *header, unsigned type, const unsigned char *bytes,
                            size_t size)
{
    if (type == CONTINUATION &&
        size >= header->object->address_bytes + header->object->length_bytes)
        add_block(header, number_at(bytes, header->object->address_bytes),
                  number_at(bytes + header->object->address_bytes, header->object->length_bytes));
    for (size_t i = 0; i < sizeof parts / sizeof *parts && size; i++) {
        unsigned version = type == DATATYPE ? *bytes >> 4 : *bytes;
        if (parts[i].type != type || version <= newest_known(header, i)) continue;
        header->part = i;
        header->version = version;
    }
}

/* Looks at the messages of a block. Each has a type, a size, flags, a number in some headers, and
 * its bytes. */
static void look_at_messages(struct header *header, const unsigned char *bytes, size_t size)
{
    size_t type_bytes = header->old ? 2 : 1, front = header->old ? 8 : header->ordered ? 6 : 4;
    for (size_t at = 0; at + front <= size;) {
        size_t length = (size_t)number_at(bytes + at + type_bytes, 2);
        unsigned type = (unsigned)number_at(bytes + at, type_bytes);
        bool shared =
            bytes[at + type_bytes + 2] & SHARED; /* true if the message's bytes stand elsewhere */
        if (length > size - at - front) return;
        if (!shared) look_at_message(header, type, bytes + at + front, length);
        at += front + length;
    }
}

/* Passes over what stands before the messages in a header of version 2, and looks at the messages.
 */
static void look_at_header(struct header *header, const unsigned char *bytes, size_t size)
{
    unsigned flags = bytes[5];
    size_t at = 6u + (flags & TIMES ? 16u : 0u) + (flags & LIMITS ? 4u : 0u);
    size_t size_bytes = (size_t)1 << (flags & SIZE_BYTES);
    header->ordered = flags & NUMBERED;
    uint64_t all = number_at(bytes + at, size_bytes);
    at += size_bytes;
    look_at_messages(header, bytes + at, all < size - at ? (size_t)all : size - at);
}

static shs_status look_at_block(struct header *header, unsigned block, unsigned char *bytes)
{
    enum {
        LEAST = 40 /* more bytes than the longest beginning of a header has */
    };
    size_t got;
    uint64_t at = header->object->base + header->block[block].at;
    shs_status status =
        io_read_at(header->file, at, bytes, (size_t)header->block[block].bytes, &got);
    if (status || got < LEAST) return status;
    if (!memcmp(bytes, "OHDR\2", 5)) {
        header->old = false;
        look_at_header(header, bytes, got);
    } else if (block == 0) {
        header->old = true;
        size_t all = (size_t)number_at(bytes + 8, 4);
        look_at_messages(header, bytes + 16, all < got - 16 ? all : got - 16);
    } else {
        size_t front = header->old ? 0 : 4; /* bytes of the signature before the messages, and of
                                               the checksum behind them */
        look_at_messages(header, bytes + front, got - 2 * front);
    }
    return SHS_OK;
}

static shs_status look_at_blocks(struct header *header)
{
    unsigned char *bytes;
    shs_status status = core_new(MOST_BYTES, 1, "an object's header", &bytes);
    if (status) return status;
    status = io_open(header->object->path, &header->file);
    for (unsigned block = 0; block < header->blocks && !status; block++)
        status = look_at_block(header, block, bytes);
    if (header->file >= 0) io_close(header->file);
    core_free(&bytes);
    return status;
}

static const char *writer_of(const struct header *header)
{
    if (header->version <= parts[header->part].since_1_12) return "HDF5 1.12 or newer";
    if (header->version <= parts[header->part].since_2_0) return "HDF5 2.0 or newer";
    return "a newer one";
}

shs_status io_object_newer_part(const struct io_object *object, unsigned major, unsigned minor,
                                struct io_newer_part *part)
{
    struct header header = {.object = object, .file = -1, .major = major, .minor = minor};
    *part = (struct io_newer_part){0};
    add_block(&header, object->address, MOST_BYTES);
    shs_status status = look_at_blocks(&header);
    if (!status && header.version)
        *part = (struct io_newer_part){parts[header.part].name, header.version, writer_of(&header)};
    return status;
}
