#include "core_hash.h"

#include <string.h>
#include <xxhash.h>

#include "core_memory.h"

/* The state comes from XXH_CREATE, which aligns it. It is the only memory that does not come from
 * the user's functions. */
struct core_hash {
    XXH3_state_t *state;
};

shs_status core_hash_new(struct core_hash **hash)
{
    shs_status status = core_new(1, sizeof **hash, "a hash", hash);
    if (status) return status;
    (*hash)->state = XXH3_createState();
    if (!(*hash)->state) {
        core_free(hash);
        return core_fail(SHS_ERROR_MEMORY, "no memory for a hash");
    }
    core_hash_reset(*hash);
    return SHS_OK;
}

void core_hash_free(struct core_hash **hash)
{
    if (!*hash) return;
    XXH3_freeState((*hash)->state);
    core_free(hash);
}

void core_hash_reset(struct core_hash *hash)
{
    XXH3_128bits_reset(hash->state);
}

void core_hash_add(struct core_hash *hash, const void *bytes, size_t count)
{
    XXH3_128bits_update(hash->state, bytes, count);
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static void reverse_each(unsigned char *bytes, size_t count, size_t size)
{
    for (size_t element = 0; element < count; element++, bytes += size)
        for (size_t i = 0; i < size / 2; i++) {
            unsigned char swap = bytes[i];
            bytes[i] = bytes[size - 1 - i];
            bytes[size - 1 - i] = swap;
        }
}

void core_hash_add_elements(struct core_hash *hash, const void *elements, size_t count, size_t size)
{
    enum {
        PIECE = 4096
    };
    unsigned char piece[PIECE];
    const unsigned char *from = elements;
    size_t at_once = PIECE / size;
    while (count) {
        size_t now = count < at_once ? count : at_once;
        memcpy(piece, from, now * size);
        reverse_each(piece, now, size);
        core_hash_add(hash, piece, now * size);
        from += now * size;
        count -= now;
    }
}
#else
void core_hash_add_elements(struct core_hash *hash, const void *elements, size_t count, size_t size)
{
    core_hash_add(hash, elements, count * size);
}
#endif

struct core_digest core_hash_digest(const struct core_hash *hash)
{
    XXH128_canonical_t canonical;
    struct core_digest digest;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash->state));
    memcpy(digest.bytes, canonical.digest, sizeof digest.bytes);
    return digest;
}

void core_digest_text(const struct core_digest *digest, char text[CORE_DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        text[2 * i] = digits[digest->bytes[i] >> 4];
        text[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    text[CORE_DIGEST_TEXT - 1] = '\0';
}

void core_hash_finish(struct core_hash **hash, char text[CORE_DIGEST_TEXT])
{
    struct core_digest digest = core_hash_digest(*hash);
    core_digest_text(&digest, text);
    core_hash_free(hash);
}

uint64_t core_hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}
