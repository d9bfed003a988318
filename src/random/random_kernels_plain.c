/* Random123's scalar code: the definition that the others are checked against. */
#include "random_stream.h"

static void philox_words(const uint32_t key[2], const uint32_t counter[4], uint32_t *out,
                         size_t blocks)
{
    uint32_t now[4] = {counter[0], counter[1], counter[2], counter[3]};
    for (; blocks; blocks--, now[0]++, out += 4)
        random_block(key, now, out);
}

static void philox_floats(const uint32_t key[2], const uint32_t counter[4], float *out,
                          size_t blocks)
{
    uint32_t now[4] = {counter[0], counter[1], counter[2], counter[3]}, words[4];
    for (; blocks; blocks--, now[0]++, out += 4) {
        random_block(key, now, words);
        for (int i = 0; i < 4; i++)
            out[i] = (float)(int32_t)(words[i] >> 8) * 0x1p-24f;
    }
}

#include "random_kernels_body.h"

const struct random_kernels random_kernels_plain = KERNELS("plain");
