#include "io_filter.h"

#include <stdio.h>
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"
#include "io_codec.h"

enum {
    DEFLATE = 1,
    SHUFFLE = 2,
    FLETCHER32 = 3
};

static const struct io_codec *const codecs[] = {
    &io_codec_deflate, &io_codec_bitshuffle,
#if IO_HAS_LZF
    &io_codec_lzf,
#endif
#if IO_HAS_BLOSC
    &io_codec_blosc,
#endif
#if IO_HAS_BLOSC2
    &io_codec_blosc2,
#endif
#if IO_HAS_LZ4
    &io_codec_lz4,
#endif
#if IO_HAS_ZSTD
    &io_codec_zstd,
#endif
};

enum {
    CODECS = sizeof codecs / sizeof *codecs
};

struct io_decoder {
    void *state[CODECS];
    struct {
        unsigned char *bytes;
        size_t size;
    } scratch[2];
};

/* The state of one chunk while it is decoded. */
struct work {
    struct io_decoder *decoder;
    /* The bytes that the filters undone so far have given. They lie in the stored chunk, at `to` or
     * in scratch memory. */
    const unsigned char *from;
    size_t bytes;
    unsigned char *to;
    size_t size; /* bytes that are due at `to` in the end */
    bool last;   /* true if no filter after the current filter moves bytes */
};

static const char *name_of(uint32_t id)
{
    const char *name = io_filter_name(id);
    return name ? name : "unknown";
}

/* Returns the filter's index in `codecs`, or CODECS if this build has no codec for it. */
static size_t find_codec(uint32_t id)
{
    size_t i = 0;
    while (i < CODECS && codecs[i]->id != id)
        i++;
    return i;
}

/* Returns the reason why a filter cannot be decoded, or NULL if it can. */
static const char *check_filter(const struct io_filter *filter)
{
    size_t codec = find_codec(filter->id);
    if (codec < CODECS) return codecs[codec]->check ? codecs[codec]->check(filter) : NULL;
    if (filter->id == FLETCHER32) return NULL;
    if (filter->id != SHUFFLE) return "which this build lacks";
    if (filter->n_values != 1 || !filter->values[0]) return "which has no size of elements";
    return NULL;
}

/* Returns true if the number of bytes that a filter stores is not known beforehand. */
static bool compresses(const struct io_filter *filter)
{
    if (filter->id == IO_BITSHUFFLE) return io_bitshuffle_compresses(filter);
    return find_codec(filter->id) < CODECS;
}

bool io_pipeline_known(const struct io_pipeline *pipeline, char reason[IO_REASON_BYTES])
{
    uint32_t compressed = 0;
    reason[0] = '\0';
    if (pipeline->count > IO_MAX_FILTERS) {
        snprintf(reason, IO_REASON_BYTES, "%u filters, which are more than %d", pipeline->count,
                 IO_MAX_FILTERS);
        return false;
    }
    for (uint32_t i = 0; i < pipeline->count; i++) {
        const struct io_filter *filter = &pipeline->filter[i];
        const char *why = check_filter(filter);
        if (!why && compresses(filter) && compressed++)
            why = "which compresses again what is compressed";
        if (!why) continue;
        snprintf(reason, IO_REASON_BYTES, "filter %u (%s), %s", filter->id, name_of(filter->id),
                 why);
        return false;
    }
    return true;
}

shs_status io_decoder_new(struct io_decoder **decoder)
{
    return core_new(1, sizeof **decoder, "a decoder", decoder);
}

void io_decoder_free(struct io_decoder **decoder)
{
    if (!*decoder) return;
    for (size_t i = 0; i < CODECS; i++)
        if ((*decoder)->state[i]) codecs[i]->release((*decoder)->state[i]);
    for (size_t i = 0; i < 2; i++)
        core_free(&(*decoder)->scratch[i].bytes);
    core_free(decoder);
}

static shs_status grow(struct io_decoder *decoder, size_t i, size_t bytes)
{
    if (decoder->scratch[i].size >= bytes) return SHS_OK;
    core_free(&decoder->scratch[i].bytes);
    decoder->scratch[i].size = 0;
    shs_status status = core_resize(bytes, 1, "a chunk to decode", &decoder->scratch[i].bytes);
    if (!status) decoder->scratch[i].size = bytes;
    return status;
}

/* A filter writes to scratch memory if another filter follows, or if a checksum lies behind what it
 * gives. Two memories are used in turn. */
void io_decoder_need(const struct io_pipeline *pipeline, size_t size, struct io_scratch *scratch)
{
    size_t moving = 0, sums = 0;
    for (uint32_t i = 0; i < pipeline->count; i++) {
        const struct io_filter *filter = &pipeline->filter[i];
        if (filter->id == FLETCHER32)
            sums++;
        else if (filter->id != SHUFFLE || filter->values[0] != 1)
            moving++;
    }
    size_t writes = moving ? moving - 1 + (sums > 0) : 0; /* that may go to scratch memory */
    for (size_t i = 0; i < 2 && i < writes; i++)
        if (scratch->bytes[i] < size + sums * IO_FLETCHER32_BYTES)
            scratch->bytes[i] = size + sums * IO_FLETCHER32_BYTES;
}

uint64_t io_decoder_bytes(const struct io_scratch *scratch)
{
    uint64_t bytes = sizeof(struct io_decoder) + CORE_MEMORY_HEAD;
    for (size_t i = 0; i < 2; i++)
        if (scratch->bytes[i]) bytes += scratch->bytes[i] + CORE_MEMORY_HEAD;
    return bytes;
}

shs_status io_decoder_reserve(struct io_decoder *decoder, const struct io_scratch *scratch)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < 2 && !status; i++)
        if (scratch->bytes[i]) status = grow(decoder, i, scratch->bytes[i]);
    return status;
}

/* Finds memory for the `bytes` bytes that a filter gives, never the memory that it reads. The
 * memory is `to` if the filter is the last to move bytes and gives as many as are due there. */
static shs_status find_room(struct work *work, size_t bytes, unsigned char **room)
{
    struct io_decoder *decoder = work->decoder;
    if (work->last && bytes == work->size) {
        *room = work->to;
        return SHS_OK;
    }
    size_t i = work->from == decoder->scratch[0].bytes;
    shs_status status = grow(decoder, i, bytes);
    if (status) return status;
    *room = decoder->scratch[i].bytes;
    core_assert(*room != work->from);
    return SHS_OK;
}

static shs_status undo_shuffle(struct work *work, size_t element)
{
    unsigned char *room;
    if (!work->bytes) return SHS_OK; /* only a checksum is stored */
    shs_status status = find_room(work, work->bytes, &room);
    if (status) return status;
    io_unshuffle(work->from, work->bytes, element, room);
    work->from = room;
    return SHS_OK;
}

static shs_status decode(struct work *work, const struct io_filter *filter, size_t codec,
                         size_t size)
{
    unsigned char *room;
    if (!compresses(filter)) {
        size = work->bytes;
        if (!size) return SHS_OK; /* only a checksum is stored */
    }
    shs_status status = find_room(work, size, &room);
    if (!status)
        status = codecs[codec]->decode(&work->decoder->state[codec], filter, work->from,
                                       work->bytes, room, size);
    if (status) return status;
    work->from = room;
    work->bytes = size;
    return SHS_OK;
}

static shs_status check_sum(struct work *work)
{
    shs_status status = io_fletcher32_check(work->from, work->bytes);
    if (!status) work->bytes -= IO_FLETCHER32_BYTES;
    return status;
}

/* Undoes a filter, which got `size` bytes when the chunk was written. */
static shs_status undo(struct work *work, const struct io_filter *filter, size_t size)
{
    size_t codec = find_codec(filter->id);
    if (codec < CODECS) return decode(work, filter, codec, size);
    if (filter->id == FLETCHER32) return check_sum(work);
    return undo_shuffle(work, filter->values[0]);
}

/* Returns true if a filter changed bytes when the chunk was written. A shuffle of elements of one
 * byte changes nothing. */
static bool is_active(const struct io_pipeline *pipeline, uint32_t mask, uint32_t i)
{
    const struct io_filter *filter = &pipeline->filter[i];
    return !(mask >> i & 1) && !(filter->id == SHUFFLE && filter->values[0] == 1);
}

static shs_status undo_all(struct work *work, const struct io_pipeline *pipeline, uint32_t mask)
{
    /* size[i] is the number of bytes that filter i got when the chunk was written. It is known up
     * to the filter that compresses. */
    size_t size[IO_MAX_FILTERS] = {0}, now = work->size;
    /* The filter that moves bytes last in reading. */
    uint32_t last = pipeline->count;
    for (uint32_t i = pipeline->count; i-- > 0;)
        if (is_active(pipeline, mask, i) && pipeline->filter[i].id != FLETCHER32) last = i;
    for (uint32_t i = 0; i < pipeline->count; i++) {
        size[i] = now;
        if (is_active(pipeline, mask, i) && pipeline->filter[i].id == FLETCHER32)
            now += IO_FLETCHER32_BYTES;
    }
    for (uint32_t i = pipeline->count; i-- > 0;) {
        const struct io_filter *filter = &pipeline->filter[i];
        if (!is_active(pipeline, mask, i)) continue;
        work->last = i == last;
        shs_status status = undo(work, filter, size[i]);
        if (status) return core_wrap(status, "filter %u (%s)", filter->id, name_of(filter->id));
    }
    return SHS_OK;
}

shs_status io_decode(struct io_decoder *decoder, const struct io_pipeline *pipeline, uint32_t mask,
                     const void *stored, size_t bytes, void *to, size_t size)
{
    char reason[IO_REASON_BYTES];
    if (!io_pipeline_known(pipeline, reason))
        return core_fail(SHS_ERROR_UNSUPPORTED, "it has %s", reason);
    struct work work = {.decoder = decoder, .from = stored, .bytes = bytes, .to = to, .size = size};
    shs_status status = undo_all(&work, pipeline, mask);
    if (status) return status;
    if (work.bytes != size)
        return core_fail(SHS_ERROR_FORMAT, "it decodes to %zu bytes, not to %zu", work.bytes, size);
    if (work.from != to) memcpy(to, work.from, size);
    return SHS_OK;
}
