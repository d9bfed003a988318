#include "import_encoder.h"

#include <libdeflate.h>
#include <stdint.h>
#include <string.h>

#include "core_memory.h"
#include "io_bytes.h"

struct import_encoder {
    size_t bytes, element;
    struct libdeflate_compressor *compressor; /* NULL without deflate */
    unsigned char *shuffled;                  /* NULL without shuffle */
};

shs_status import_encoder_new(size_t bytes, size_t element, bool byteshuffle, unsigned level,
                              struct import_encoder **encoder)
{
    shs_status status = core_new(1, sizeof **encoder, "an encoder", encoder);
    if (status) return status;
    (*encoder)->bytes = bytes;
    (*encoder)->element = element;
    if (byteshuffle && element > 1) status = core_new(bytes, 1, "a chunk", &(*encoder)->shuffled);
    if (!status && level) {
        (*encoder)->compressor = libdeflate_alloc_compressor((int)level);
        if (!(*encoder)->compressor)
            status = core_fail(SHS_ERROR_MEMORY, "no memory for a compressor of libdeflate");
    }
    if (status) import_encoder_free(encoder);
    return status;
}

void import_encoder_free(struct import_encoder **encoder)
{
    if (!*encoder) return;
    if ((*encoder)->compressor) libdeflate_free_compressor((*encoder)->compressor);
    core_free(&(*encoder)->shuffled);
    core_free(encoder);
}

size_t import_encoder_most(const struct import_encoder *encoder)
{
    if (!encoder->compressor) return encoder->bytes;
    return libdeflate_zlib_compress_bound(encoder->compressor, encoder->bytes);
}

/* Puts the first bytes of all elements first, then their second bytes, and so on. */
static void shuffle(const unsigned char *from, size_t bytes, size_t element, unsigned char *to)
{
    size_t count = bytes / element;
    for (size_t byte = 0; byte < element; byte++)
        for (size_t i = 0; i < count; i++)
            to[byte * count + i] = from[i * element + byte];
}

size_t import_encode(struct import_encoder *encoder, void *chunk, void *stored)
{
    size_t bytes = encoder->bytes;
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        io_swap(chunk, bytes / encoder->element, encoder->element);
    if (encoder->shuffled) {
        shuffle(chunk, bytes, encoder->element, encoder->shuffled);
        chunk = encoder->shuffled;
    }
    if (encoder->compressor)
        return libdeflate_zlib_compress(encoder->compressor, chunk, bytes, stored,
                                        import_encoder_most(encoder));
    memcpy(stored, chunk, bytes);
    return bytes;
}
