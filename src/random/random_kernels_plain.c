/* Kernels by the scalar code of Random123, which the other kernels are checked against. */
#include <Random123/philox.h>
#include <stddef.h>
#include <string.h>

#include "random_kernels.h"

static void philox_words(const uint32_t key[2], const uint32_t counter[4], uint32_t *out,
                         size_t blocks)
{
    philox4x32_ctr_t now = {{counter[0], counter[1], counter[2], counter[3]}};
    philox4x32_key_t with = {{key[0], key[1]}};
    for (; blocks; blocks--, now.v[0]++, out += 4) {
        philox4x32_ctr_t block = philox4x32_R(10, now, with);
        memcpy(out, block.v, sizeof block.v);
    }
}

static void philox_floats(const uint32_t key[2], const uint32_t counter[4], float *out,
                          size_t blocks)
{
    philox4x32_ctr_t now = {{counter[0], counter[1], counter[2], counter[3]}};
    philox4x32_key_t with = {{key[0], key[1]}};
    for (; blocks; blocks--, now.v[0]++, out += 4) {
        philox4x32_ctr_t block = philox4x32_R(10, now, with);
        for (int i = 0; i < 4; i++)
            out[i] = (float)(int32_t)(block.v[i] >> 8) * 0x1p-24f;
    }
}

static void philox_blocks(const uint32_t key[2], const struct random_counters *counters,
                          uint32_t *out)
{
    philox4x32_key_t with = {{key[0], key[1]}};
    for (size_t i = 0; i < RANDOM_STREAMS; i++, out += 4) {
        philox4x32_ctr_t counter = {{counters->word[0][i], counters->word[1][i],
                                     counters->word[2][i], counters->word[3][i]}};
        philox4x32_ctr_t block = philox4x32_R(10, counter, with);
        memcpy(out, block.v, sizeof block.v);
    }
}

#include "random_kernels_body.h"

const struct random_kernels random_kernels_plain = KERNELS("plain");
