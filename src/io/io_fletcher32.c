/* Fletcher's checksum as HDF5 computes it: two sums modulo 65535 over the 16-bit words. The second
 * sum stands in the upper half. */
#include <string.h>

#include "io_codec.h"

enum {
    LANES = 4,
    VECTORS = 2, /* vectors in a round, each of LANES words */
    ROUND_WORDS = LANES * VECTORS,
    ROUND_BYTES = 2 * ROUND_WORDS,
    /* A lane's sums stay within 32 bits for this many rounds of the largest word, 65535. */
    ROUNDS = 360
};

typedef uint16_t words __attribute__((vector_size(2 * LANES)));
typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

struct sums {
    uint64_t first;  /* sum of the words */
    uint64_t second; /* sum of the values of `first` after each word */
    bool any;        /* true if a word is not 0 */
};

/* Adds at most ROUNDS rounds of words. */
static void add_rounds(struct sums *sums, const unsigned char *at, size_t rounds)
{
    lanes first[VECTORS] = {0}, second[VECTORS] = {0};
    for (const unsigned char *end = at + rounds * ROUND_BYTES; at < end;) {
#pragma GCC unroll 2
        for (size_t i = 0; i < VECTORS; i++, at += sizeof(words)) {
            words now;
            memcpy(&now, at, sizeof now);
            first[i] += __builtin_convertvector(now, lanes);
            second[i] += first[i];
        }
    }
    /* A lane counts rounds where the checksum counts words. So its weighted sum is multiplied by
     * the number of words in a round, and the words before it in the round are taken off. */
    uint64_t total = 0, weighted = 0;
    for (size_t i = 0; i < ROUND_WORDS; i++) {
        uint64_t sum = first[i / LANES][i % LANES];
        total += sum;
        weighted += (uint64_t)ROUND_WORDS * second[i / LANES][i % LANES] - i * sum;
    }
    sums->any |= total != 0;
    sums->second = (sums->second + rounds * ROUND_WORDS * sums->first + weighted) % 65535;
    sums->first = (sums->first + total) % 65535;
}

static void add_word(struct sums *sums, uint16_t word)
{
    sums->any |= word != 0;
    sums->first = (sums->first + word) % 65535;
    sums->second = (sums->second + sums->first) % 65535;
}

/* Folds a sum as HDF5 does: 0 stays 0 only if all words are 0. Otherwise a sum of 0 becomes 65535.
 */
static uint32_t fold(const struct sums *sums, uint64_t sum)
{
    return sum || !sums->any ? (uint32_t)sum : 65535;
}

/* Computes the checksum of words in the machine's byte order. */
static uint32_t sum_up(const unsigned char *at, size_t bytes)
{
    struct sums sums = {0};
    for (size_t rounds; bytes >= ROUND_BYTES; bytes -= rounds * ROUND_BYTES) {
        rounds = bytes / ROUND_BYTES < ROUNDS ? bytes / ROUND_BYTES : ROUNDS;
        add_rounds(&sums, at, rounds);
        at += rounds * ROUND_BYTES;
    }
    for (; bytes; at += 2, bytes -= bytes > 1 ? 2 : 1) {
        unsigned char pair[2] = {at[0], bytes > 1 ? at[1] : 0};
        uint16_t word;
        memcpy(&word, pair, sizeof word);
        add_word(&sums, word);
    }
    return fold(&sums, sums.second) << 16 | fold(&sums, sums.first);
}

/* The words of a chunk are big-endian, but HDF5 before 1.6.3 wrote little-endian words on some
 * machines. Modulo 65535 the other byte order only swaps the two bytes of each sum. HDF5 accepts
 * both, and so does this function. */
shs_status io_fletcher32_check(const void *from, size_t bytes)
{
    if (bytes < IO_FLETCHER32_BYTES)
        return core_fail(SHS_ERROR_FORMAT, "%zu bytes are too few to end with a checksum", bytes);
    size_t summed = bytes - IO_FLETCHER32_BYTES;
    uint32_t sum = sum_up(from, summed);
    uint32_t other = (sum & 0x00FF00FFu) << 8 | (sum >> 8 & 0x00FF00FFu);
    const unsigned char *end = (const unsigned char *)from + summed;
    uint32_t stored =
        end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 24;
    if (stored == sum || stored == other) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "the checksum does not fit: the data are damaged");
}
