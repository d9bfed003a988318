/* shs_same(): whether tensors have the same bits on every rank and, if not, where they differ. */
#include <stdio.h>
#include <string.h>

#include "core_elements.h"
#include "core_hash.h"
#include "core_memory.h"
#include "core_text.h"
#include "shardstep/collective.h"
#include "train_compare.h"
#include "train_state.h"

enum {
    DIGEST_NUMBERS = 2, /* numbers of 64 bits of a digest */
    LAST_ELEMENTS = 64, /* elements that a rank compares one by one */
    VALUE_BYTES = 64
};

/* A call of shs_same() on this rank. */
struct same {
    shs_run *run;
    const shs_tensor *tensors;
    size_t count;
    const char *what;
    struct core_hash *hash;
    struct train_compare compare; /* for each tensor its shape, then its content */
    uint64_t *votes;              /* the digest of a tensor on each rank */
};

/* Two ranks that hold other elements of a tensor, and how many hold what the first of them holds.
 */
struct contrast {
    int most;    /* the lowest rank with the content of most ranks */
    int differs; /* the lowest rank with other content */
    int holders; /* ranks with the content of most ranks */
};

static void digest(struct same *same, const shs_tensor *tensor, size_t first, size_t end,
                   uint64_t numbers[DIGEST_NUMBERS])
{
    size_t size = shs_type_size(tensor->type);
    core_hash_reset(same->hash);
    core_hash_add(same->hash, (const char *)tensor->data + first * size, (end - first) * size);
    struct core_digest all = core_hash_digest(same->hash);
    memcpy(numbers, all.bytes, sizeof all.bytes);
}

static size_t elements_of(const shs_tensor *tensor)
{
    return train_tensor_bytes(tensor) / shs_type_size(tensor->type);
}

static shs_status begin(struct same *same)
{
    const size_t count = same->count;
    if (!same->what) return core_fail(SHS_ERROR_ARGUMENT, "what is NULL; say what is compared");
    if (!same->tensors || !count)
        return core_fail(SHS_ERROR_ARGUMENT, "no tensors are given: %s",
                         same->tensors ? "their count is 0" : "tensors is NULL");
    shs_status status =
        train_state_check(&(struct train_state){.tensors = same->tensors, .count = count});
    if (!status) status = train_compare_together(same->run);
    if (!status) status = core_hash_new(&same->hash);
    if (!status) status = train_compare_new((1 + DIGEST_NUMBERS) * count, &same->compare);
    if (!status)
        status = core_new((size_t)same->run->ranks, DIGEST_NUMBERS * sizeof *same->votes, "digests",
                          &same->votes);
    for (size_t t = 0; t < count && !status; t++) {
        const shs_tensor *tensor = &same->tensors[t];
        same->compare.hashes[t] = train_compare_shape(tensor);
        digest(same, tensor, 0, elements_of(tensor),
               same->compare.hashes + count + DIGEST_NUMBERS * t);
    }
    return status;
}

static void end(struct same *same)
{
    core_hash_free(&same->hash);
    core_free(&same->votes);
    train_compare_free(&same->compare);
}

static uint64_t *votes_of(const struct same *same, int rank)
{
    return same->votes + (size_t)DIGEST_NUMBERS * (size_t)rank;
}

static bool votes_equal(const struct same *same, int a, int b)
{
    return !memcmp(votes_of(same, a), votes_of(same, b), DIGEST_NUMBERS * sizeof *same->votes);
}

static int count_holders(const struct same *same, int like)
{
    int holders = 0;
    for (int rank = 0; rank < same->run->ranks; rank++)
        holders += votes_equal(same, rank, like);
    return holders;
}

/* Collective. Finds the ranks that the message is about. */
static shs_status find_contrast(struct same *same, size_t t, struct contrast *contrast)
{
    size_t bytes = DIGEST_NUMBERS * sizeof *same->votes;
    int ranks = same->run->ranks;
    memset(same->votes, 0, (size_t)ranks * bytes);
    memcpy(votes_of(same, same->run->rank), same->compare.hashes + same->count + DIGEST_NUMBERS * t,
           bytes);
    shs_status status = mpi_sum(same->run, same->votes, DIGEST_NUMBERS * (size_t)ranks);
    *contrast = (struct contrast){0};
    for (int rank = 0; rank < ranks && !status; rank++) {
        int holders = count_holders(same, rank);
        if (holders > contrast->holders) *contrast = (struct contrast){rank, 0, holders};
    }
    while (!status && votes_equal(same, contrast->differs, contrast->most))
        contrast->differs++;
    return status;
}

/* Collective. Narrows [*first, *end) down to a few elements with the first that differs: the two
 * ranks compare the digests of the first half. The other ranks only take part in the broadcasts. */
static shs_status narrow(struct same *same, const shs_tensor *tensor,
                         const struct contrast *contrast, size_t *first, size_t *end)
{
    bool compares = same->run->rank == contrast->most || same->run->rank == contrast->differs;
    shs_status status = SHS_OK;
    while (*end - *first > LAST_ELEMENTS && !status) {
        uint64_t mine[DIGEST_NUMBERS] = {0}, theirs[DIGEST_NUMBERS];
        size_t middle = *first + (*end - *first) / 2;
        if (compares) digest(same, tensor, *first, middle, mine);
        memcpy(theirs, mine, sizeof mine);
        status = mpi_broadcast_from(same->run, contrast->most, theirs, sizeof theirs);
        unsigned char below = memcmp(mine, theirs, sizeof mine) != 0;
        if (!status) status = mpi_broadcast_from(same->run, contrast->differs, &below, 1);
        *(below ? end : first) = middle;
    }
    return status;
}

/* The bits of an element, as one number. */
static void add_bits(shs_type type, const void *element, char text[VALUE_BYTES])
{
    const size_t size = shs_type_size(type), used = strlen(text);
    unsigned char bytes[sizeof(uint64_t)];
    uint64_t bits = 0;
    const uint16_t one = 1;
    const bool is_little = *(const unsigned char *)&one == 1;
    memcpy(bytes, element, size);
    for (size_t i = 0; i < size; i++)
        bits = bits << 8 | bytes[is_little ? size - 1 - i : i];
    snprintf(text + used, VALUE_BYTES - used, " (bits %0*llx)", (int)(2 * size), (ull)bits);
}

static void print_value(shs_type type, const void *element, char text[VALUE_BYTES])
{
    struct core_text shortest = {0};
    double number = 0;
    uint64_t key = 0;
    if (!core_is_float(type)) {
        core_load_keys(type, element, 1, 1, &key);
        core_key_text(type, key, 0, text, VALUE_BYTES);
        return;
    }
    core_load_doubles(type, element, 1, 1, &number);
    if (number - number == 0)
        core_text_add_double(&shortest, number);
    else
        core_text_add(&shortest, "%s", number != number ? "NaN" : number > 0 ? "inf" : "-inf");
    snprintf(text, VALUE_BYTES, "%s", shortest.bytes ? shortest.bytes : "?");
    core_text_free(&shortest);
}

/* Collective. The error of the rank that differs. */
static shs_status tell(struct same *same, size_t t, const struct contrast *contrast)
{
    const shs_tensor *tensor = &same->tensors[t];
    size_t size = shs_type_size(tensor->type), first = 0, last = elements_of(tensor);
    char here[VALUE_BYTES], there[VALUE_BYTES];
    unsigned char elements[LAST_ELEMENTS * sizeof(uint64_t)] = {0};
    shs_status status = narrow(same, tensor, contrast, &first, &last), differs = SHS_OK;
    const char *mine = (const char *)tensor->data + first * size;
    memcpy(elements, mine, (last - first) * size);
    if (!status) status = mpi_broadcast_from(same->run, contrast->most, elements, sizeof elements);
    if (status) return status;
    if (same->run->rank == contrast->differs) {
        size_t at = 0;
        while (at + 1 < last - first && !memcmp(mine + at * size, elements + at * size, size))
            at++;
        print_value(tensor->type, mine + at * size, here);
        print_value(tensor->type, elements + at * size, there);
        bool alike = !strcmp(here, there);
        if (alike) add_bits(tensor->type, mine + at * size, here);
        if (alike) add_bits(tensor->type, elements + at * size, there);
        differs = core_fail(SHS_ERROR_DISAGREE,
                            "shs_same: %.200s: element %zu of tensor %s is %s here and %s on rank "
                            "%d; %d of %d ranks hold what rank %d holds. Every rank must hold "
                            "the same: shs_broadcast() gives all what rank 0 holds",
                            same->what, first + at, tensor->name, here, there, contrast->most,
                            contrast->holders, same->run->ranks, contrast->most);
    }
    return mpi_agree(same->run, differs, "shs_same");
}

/* Collective. Compares what the ranks hold, once each has its digests. */
static shs_status compare(struct same *same)
{
    struct contrast contrast;
    size_t first;
    shs_status status = train_compare_all(same->run, &same->compare, &first);
    if (status || first == same->compare.count) return status;
    if (first < same->count)
        return train_compare_tell_shape(same->run, "shs_same", first, &same->tensors[first]);
    size_t t = (first - same->count) / DIGEST_NUMBERS;
    status = find_contrast(same, t, &contrast);
    return status ? status : tell(same, t, &contrast);
}

shs_status shs_same(shs_run *run, const char *what, const shs_tensor *tensors, size_t count)
{
    struct same same = {.run = run, .tensors = tensors, .count = count, .what = what};
    shs_status status = core_require(run, "shs_same", "run", "open it with shs_open()");
    if (status) return status;
    status = mpi_agree(run, core_wrap(begin(&same), "shs_same"), "shs_same(%.200s, %zu tensors)",
                       what ? what : "NULL", count);
    if (!status) status = compare(&same);
    end(&same);
    return status;
}
