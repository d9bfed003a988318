/* io_decode() on any pipeline, mask, size and chunk. An input is
 *
 *     count, that many filters, size of a shuffle's elements, mask     a byte each
 *     size of the decoded chunk                                        2 bytes, little-endian
 *     whether the checksum at the chunk's end is put right             a byte, odd if it is
 *     the stored chunk                                                 the rest
 *
 * so that damage gets past the checksum. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fenced.h"
#include "io_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum {
    SHUFFLE = 2,
    BITSHUFFLE = 32008
};

struct input {
    const uint8_t *at;
    size_t left;
};

/* 0 at the end. */
static uint8_t take(struct input *input)
{
    if (!input->left) return 0;
    input->left--;
    return *input->at++;
}

static void take_pipeline(struct input *input, struct io_pipeline *pipeline)
{
    static const struct {
        uint32_t id, compression; /* of bitshuffle */
    } kinds[] = {{1, 0},          {SHUFFLE, 0},    {3, 0},          {32000, 0},
                 {32001, 0},      {32004, 0},      {32015, 0},      {4, 0},
                 {BITSHUFFLE, 0}, {BITSHUFFLE, 2}, {BITSHUFFLE, 3}, {32026, 0}};
    uint32_t compression[IO_MAX_FILTERS] = {0};
    *pipeline = (struct io_pipeline){.count = take(input) % (IO_MAX_FILTERS + 2)};
    for (uint32_t i = 0; i < pipeline->count && i < IO_MAX_FILTERS; i++) {
        size_t kind = take(input) % (sizeof kinds / sizeof *kinds);
        pipeline->filter[i].id = kinds[kind].id;
        compression[i] = kinds[kind].compression;
    }
    uint8_t byte = take(input);
    uint32_t element = byte == 255 ? UINT32_MAX : byte;
    for (size_t i = 0; i < IO_MAX_FILTERS; i++) {
        struct io_filter *filter = &pipeline->filter[i];
        if (filter->id == BITSHUFFLE) /* an odd size comes with blocks of 8 elements */
            *filter = (struct io_filter){
                BITSHUFFLE, 5, {0, 4, element, byte % 2 ? 8 : 0, compression[i]}};
        else
            *filter = (struct io_filter){filter->id, 1, {element}};
    }
}

/* Fletcher's sums, slowly. */
static void put_sum(uint8_t *chunk, size_t bytes)
{
    uint32_t first = 0, second = 0;
    if (bytes < 4) return;
    for (size_t i = 0; i + 4 < bytes; i += 2) {
        first += (uint32_t)chunk[i] << 8 | (i + 5 < bytes ? chunk[i + 1] : 0);
        first = (first & 0xFFFF) + (first >> 16);
        second += first;
        second = (second & 0xFFFF) + (second >> 16);
    }
    uint32_t sum = second << 16 | first;
    for (size_t i = 0; i < 4; i++)
        chunk[bytes - 4 + i] = (uint8_t)(sum >> 8 * i);
}

static void need(bool condition)
{
    if (!condition) abort();
}

/* Decodes between a fence and bytes that must not change. */
static shs_status decode(const struct io_pipeline *pipeline, uint32_t mask,
                         const unsigned char *stored, size_t bytes, unsigned char *to, size_t size)
{
    static struct io_decoder *decoder; /* kept, as a loader does */
    if (!decoder) need(io_decoder_new(&decoder) == SHS_OK);
    memset(to - GUARD_BYTES, GUARD, GUARD_BYTES + size);
    shs_status status = io_decode(decoder, pipeline, mask, stored, bytes, to, size);
    need(fenced_is_all(to - GUARD_BYTES, GUARD_BYTES, GUARD));
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct fenced stored, decoded;
    static unsigned char again[UINT16_MAX];
    struct input input = {data, bytes};
    struct io_pipeline pipeline;
    if (!stored.end) need(fenced_make(&stored) && fenced_make(&decoded));
    take_pipeline(&input, &pipeline);
    uint8_t mask = take(&input);
    size_t size = take(&input);
    size |= (size_t)take(&input) << 8;
    bool summed = take(&input) % 2;
    if (input.left > FENCED_BYTES) return 0;
    unsigned char *from = stored.end - input.left, *to = decoded.end - size;
    if (input.left) memcpy(from, input.at, input.left);
    if (summed) put_sum(from, input.left);
    shs_status status = decode(&pipeline, mask, from, input.left, to, size);
    need(status == SHS_OK || status == SHS_ERROR_FORMAT || status == SHS_ERROR_UNSUPPORTED);
    if (status) return 0;
    memcpy(again, to, size);
    need(decode(&pipeline, mask, from, input.left, to, size) == SHS_OK);
    need(memcmp(again, to, size) == 0);
    return 0;
}
