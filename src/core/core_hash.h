/* Hashes: XXH3-128 (xxHash) of batches, checkpoints and arguments, and FNV-1a of short texts. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/tensor.h"

/* A digest in canonical, big-endian form, as xxhsum prints it. */
struct core_digest {
    unsigned char bytes[16];
};

enum {
    CORE_DIGEST_TEXT = 33
};

struct core_hash;

/* Begins a hash. On error *hash is NULL. */
shs_status core_hash_new(struct core_hash **hash);
void core_hash_free(struct core_hash **hash);
void core_hash_reset(struct core_hash *hash);
void core_hash_add(struct core_hash *hash, const void *bytes, size_t count);

/* Adds `count` elements of `size` bytes each (1, 2, 4 or 8) in little-endian order. */
void core_hash_add_elements(struct core_hash *hash, const void *elements, size_t count,
                            size_t size);

/* Returns the digest of all bytes so far. The hash goes on. */
struct core_digest core_hash_digest(const struct core_hash *hash);

/* Writes the digest as text, frees the hash and sets *hash to NULL. */
void core_hash_finish(struct core_hash **hash, char text[CORE_DIGEST_TEXT]);

/* Writes a digest in lower-case hexadecimal digits. */
void core_digest_text(const struct core_digest *digest, char text[CORE_DIGEST_TEXT]);

/* Returns the 64-bit FNV-1a (Fowler, Noll, Vo) of a short text. It needs no memory and cannot fail.
 */
uint64_t core_hash_text(const char *text);

#endif
