/* The checksum of HDF5's metadata: Bob Jenkins, lookup3 (2006), "hashlittle" of seed 0. */
#ifndef METADATA_CHECKSUM_H
#define METADATA_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t metadata_turn(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

/* Four bytes, the low one first; those from `length` on are zeros. */
static inline uint32_t metadata_word(const unsigned char *bytes, size_t length, size_t at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++)
        if (at + i < length) value |= (uint32_t)bytes[at + i] << 8 * i;
    return value;
}

static inline void metadata_mix(uint32_t v[3])
{
    static const unsigned turns[] = {4, 6, 8, 16, 19, 4};
    for (unsigned i = 0; i < 6; i++) {
        uint32_t *a = &v[i % 3], *b = &v[(i + 1) % 3], *c = &v[(i + 2) % 3];
        *a -= *c;
        *a ^= metadata_turn(*c, turns[i]);
        *c += *b;
    }
}

static inline void metadata_mix_at_end(uint32_t v[3])
{
    static const unsigned turns[] = {14, 11, 25, 16, 4, 14, 24};
    for (unsigned i = 0; i < 7; i++) {
        uint32_t *to = &v[(i + 2) % 3], *from = &v[(i + 1) % 3];
        *to ^= *from;
        *to -= metadata_turn(*from, turns[i]);
    }
}

static inline uint32_t metadata_checksum(const unsigned char *bytes, size_t length)
{
    uint32_t v[3];
    size_t at = 0;
    v[0] = v[1] = v[2] = UINT32_C(0xdeadbeef) + (uint32_t)length;
    if (!length) return v[2];
    for (; length - at > 12; at += 12) {
        for (size_t i = 0; i < 3; i++)
            v[i] += metadata_word(bytes, length, at + 4 * i);
        metadata_mix(v);
    }
    for (size_t i = 0; i < 3; i++)
        v[i] += metadata_word(bytes, length, at + 4 * i);
    metadata_mix_at_end(v);
    return v[2];
}

/* Puts the checksum behind what it is of. */
static inline void metadata_sum_up(unsigned char *bytes, size_t length)
{
    uint32_t sum = metadata_checksum(bytes, length);
    for (size_t i = 0; i < 4; i++)
        bytes[length + i] = (unsigned char)(sum >> 8 * i);
}

#endif
