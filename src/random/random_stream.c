#include "random_stream.h"

#include <Random123/philox.h>
#include <string.h>

#include "core_assert.h"
#include "core_status.h"

#define MAKE_IT "make it with shs_random_at()"

void random_block(const uint32_t key[2], const uint32_t counter[4], uint32_t words[4])
{
    philox4x32_ctr_t from = {{counter[0], counter[1], counter[2], counter[3]}};
    philox4x32_key_t with = {{key[0], key[1]}};
    philox4x32_ctr_t block = philox4x32_R(10, from, with);
    memcpy(words, block.v, sizeof block.v);
}

static void begin(shs_random *random, uint64_t seed, uint32_t slot, uint32_t step, uint32_t last)
{
    *random = (shs_random){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, slot, step, last},
        .used = 4,
    };
}

void random_of_sample(uint64_t seed, uint32_t stream, uint64_t index, uint64_t epoch,
                      shs_random *random)
{
    uint32_t purpose = SHS_ROLE_AUGMENT_BY_SAMPLE + 16 * stream;
    core_assert(stream <= RANDOM_MAX_STREAM);
    begin(random, seed, (uint32_t)index, (uint32_t)epoch,
          purpose << 24 | (uint32_t)(index >> 32 & 0xffffff));
}

void random_of_order(uint64_t seed, uint32_t stream, uint32_t part, uint64_t epoch, uint64_t vrank,
                     shs_random *random)
{
    uint32_t purpose = SHS_ROLE_SHUFFLE + 16 * stream;
    core_assert(stream <= RANDOM_MAX_STREAM && epoch >> 32 == 0 && vrank >> 24 == 0);
    begin(random, seed, part, (uint32_t)epoch, purpose << 24 | (uint32_t)(vrank & 0xffffff));
}

void random_of_split(uint64_t seed, uint64_t index, shs_random *random)
{
    core_assert(index >> 56 == 0);
    begin(random, seed, (uint32_t)index, 0,
          (uint32_t)SHS_ROLE_SPLIT << 24 | (uint32_t)(index >> 32 & 0xffffff));
}

void random_of_weights(uint64_t seed, uint32_t stream, uint64_t position, uint64_t epoch,
                       shs_random *random)
{
    uint32_t purpose = SHS_ROLE_WEIGHTED + 16 * stream;
    core_assert(stream <= RANDOM_MAX_STREAM && epoch >> 32 == 0 && position >> 56 == 0);
    begin(random, seed, (uint32_t)position, (uint32_t)epoch,
          purpose << 24 | (uint32_t)(position >> 32 & 0xffffff));
}

static shs_status check_part(const char *operation, const char *name, uint64_t value, uint64_t bits)
{
    if (value >> bits == 0) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s: %s %llu has more than the %llu bits that a place gives it; "
                     "use a value below %llu",
                     operation, name, (ull)value, (ull)bits, 1ULL << bits);
}

static shs_status check_place(const shs_place *place)
{
    shs_status status = check_part("shs_random_at", "purpose", place->purpose, 8);
    if (!status) status = check_part("shs_random_at", "rank", place->rank, 24);
    if (!status) status = check_part("shs_random_at", "step", place->step, 32);
    if (!status) status = check_part("shs_random_at", "slot", place->slot, 32);
    if (status) return status;
    uint64_t role = place->purpose % 16;
    if (role >= SHS_ROLE_AUGMENT_BY_SAMPLE && role <= SHS_ROLE_WEIGHTED)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shs_random_at: role %llu belongs to the library's own order and "
                         "sampling; use 0, 1 or 6 to 15",
                         (ull)role);
    return SHS_OK;
}

shs_status shs_random_at(const shs_place *place, shs_random *stream)
{
    static const shs_place nowhere = {0};
    shs_status status =
        core_require(stream, "shs_random_at", "stream", "pass the address of a shs_random");
    if (status) return status;
    status = core_require(place, "shs_random_at", "place", "pass the address of a place");
    if (!place) place = &nowhere;
    if (!status) status = check_place(place);
    begin(stream, place->seed, (uint32_t)place->slot, (uint32_t)place->step,
          (uint32_t)(place->purpose << 24 | place->rank));
    stream->status = status;
    return status;
}

shs_status shs_random_at_sample(uint64_t seed, uint64_t number, uint64_t index, uint64_t epoch,
                                shs_random *stream)
{
    shs_status status =
        core_require(stream, "shs_random_at_sample", "stream", "pass the address of a shs_random");
    if (status) return status;
    status = check_part("shs_random_at_sample", "stream number", number, 4);
    if (!status) status = check_part("shs_random_at_sample", "index", index, 56);
    if (!status) status = check_part("shs_random_at_sample", "epoch", epoch, 32);
    random_of_sample(seed, (uint32_t)number & RANDOM_MAX_STREAM, index, epoch, stream);
    stream->status = status;
    return status;
}

shs_status shs_random_own_purpose(uint64_t number, uint64_t *purpose)
{
    enum {
        OWN_ROLES = 16 - SHS_ROLE_OWN
    };
    shs_status status =
        core_require(purpose, "shs_random_own_purpose", "purpose", "pass the address of a number");
    if (status) return status;
    *purpose = SHS_ROLE_USER;
    if (number >= UINT64_C(16) * OWN_ROLES)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shs_random_own_purpose: number %llu; there are 0 to %d", (ull)number,
                         16 * OWN_ROLES - 1);
    *purpose = SHS_ROLE_OWN + number % OWN_ROLES + 16 * (number / OWN_ROLES);
    return SHS_OK;
}

uint64_t random_blocks_left(const shs_random *stream)
{
    if (stream->used > 4 || (stream->used < 4 && stream->counter[0] == 0)) return 0;
    return (UINT64_C(1) << 32) - stream->counter[0];
}

uint64_t random_words_left(const shs_random *stream)
{
    if (stream->status) return 0;
    return (stream->used < 4 ? 4 - stream->used : 0) + 4 * random_blocks_left(stream);
}

/* stream->used is 0 … 3 while words of the block are left, 4 if none is left, and 5 if the stream
 * has no further block either. */
void random_skip_blocks(shs_random *stream, uint64_t blocks)
{
    core_assert(stream->used >= 4 && blocks <= random_blocks_left(stream));
    stream->counter[0] += (uint32_t)blocks;
    stream->used = stream->counter[0] || !blocks ? 4 : 5;
}

static bool next_block(shs_random *stream)
{
    if (!stream->status && stream->used > 4) stream->status = SHS_ERROR_EXHAUSTED;
    if (stream->status) return false;
    random_block(stream->key, stream->counter, stream->words);
    stream->counter[0]++;
    stream->used = 0;
    return true;
}

uint32_t shs_random_u32(shs_random *stream)
{
    if (!stream) return 0;
    if ((stream->used >= 4 || stream->status) && !next_block(stream)) return 0;
    uint32_t word = stream->words[stream->used++];
    if (stream->used == 4 && stream->counter[0] == 0) stream->used = 5;
    return word;
}

void random_skip_words(shs_random *stream, uint64_t words)
{
    if (words > random_words_left(stream)) {
        if (!stream->status) stream->status = SHS_ERROR_EXHAUSTED;
        return;
    }
    for (; words && stream->used < 4; words--)
        shs_random_u32(stream);
    if (words) random_skip_blocks(stream, words / 4);
    for (words %= 4; words; words--)
        shs_random_u32(stream);
}

shs_status shs_random_seek(shs_random *stream, uint64_t word)
{
    if (!stream) return core_require(stream, "shs_random_seek", "stream", MAKE_IT);
    if (stream->status == SHS_ERROR_ARGUMENT) return shs_random_status(stream);
    if (word >> 34)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shs_random_seek: word %llu; a stream has words 0 to 2^34 - 1", (ull)word);
    stream->status = SHS_OK;
    stream->kept = 0;
    stream->counter[0] = (uint32_t)(word >> 2);
    stream->used = 4;
    for (uint64_t i = 0; i < word % 4; i++)
        shs_random_u32(stream);
    return SHS_OK;
}

uint64_t shs_random_u64(shs_random *stream)
{
    if (!stream) return 0;
    uint64_t low = shs_random_u32(stream);
    uint64_t high = shs_random_u32(stream);
    return stream->status ? 0 : high << 32 | low;
}

float shs_random_float(shs_random *stream)
{
    if (!stream) return 0;
    return (float)(shs_random_u32(stream) >> 8) * 0x1p-24f;
}

double shs_random_double(shs_random *stream)
{
    if (!stream) return 0;
    return (double)(shs_random_u64(stream) >> 11) * 0x1p-53;
}

shs_status random_check_fill(const char *function, const shs_random *stream, void *out,
                             size_t bytes)
{
    if (stream && (out || !bytes)) return SHS_OK;
    if (out) memset(out, 0, bytes);
    if (!stream) return core_require(stream, function, "stream", MAKE_IT);
    return core_require(out, function, "the memory to fill", "pass the address of an array");
}

/* Makes a stream fail because of a parameter. The stream keeps the error. */
void random_refuse(shs_random *stream)
{
    if (!stream->status) stream->status = SHS_ERROR_ARGUMENT;
}

double random_open_uniform(shs_random *stream)
{
    return ((double)(shs_random_u64(stream) >> 12) + 0.5) * 0x1p-52;
}

uint32_t shs_random_below(shs_random *stream, uint32_t n)
{
    if (!stream) return 0;
    if (n == 0) random_refuse(stream);
    uint64_t product = (uint64_t)shs_random_u32(stream) * n;
    if ((uint32_t)product < n && !stream->status) {
        uint32_t unfair = (uint32_t)(0 - n) % n; /* (2^32 - n) mod n */
        while ((uint32_t)product < unfair && !stream->status)
            product = (uint64_t)shs_random_u32(stream) * n;
    }
    return stream->status ? 0 : (uint32_t)(product >> 32);
}

uint64_t shs_random_below64(shs_random *stream, uint64_t n)
{
    if (!stream) return 0;
    __extension__ typedef unsigned __int128 u128;
    if (n == 0) random_refuse(stream);
    u128 product = (u128)shs_random_u64(stream) * n;
    if ((uint64_t)product < n && !stream->status) {
        uint64_t unfair = (0 - n) % n; /* (2^64 - n) mod n */
        while ((uint64_t)product < unfair && !stream->status)
            product = (u128)shs_random_u64(stream) * n;
    }
    return stream->status ? 0 : (uint64_t)(product >> 64);
}

shs_status shs_random_status(const shs_random *stream)
{
    if (!stream) return core_require(stream, "shs_random_status", "stream", MAKE_IT);
    if (stream->status == SHS_ERROR_EXHAUSTED)
        return core_fail(SHS_ERROR_EXHAUSTED,
                         "all 2^34 words of a random stream were drawn; go on at another place");
    if (stream->status == SHS_ERROR_ARGUMENT)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "a random stream was made at a refused place, or asked for a number with "
                         "a parameter out of range");
    return stream->status;
}
