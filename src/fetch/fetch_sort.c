/* A batch of small rows is sorted in about the time in which a tenth of it is copied. So the uses
 * are not compared with each other, which a processor foresees badly: they are dealt out by the
 * bytes of their keys, from the last byte to the first. Bytes that all keys share are passed over,
 * and these are most of them. */
#include "fetch_sort.h"

#include <string.h>

enum {
    VALUES = 256, /* of a byte */
    KEY_BYTES = 16
};

static uint64_t address_of(const struct fetch_use *use)
{
    return (uint64_t)(uintptr_t)data_field_chunks(use->piece->field);
}

/* The key has the place's bytes first, from the last on, and then those of the address of the field
 * that stands for the chunks. */
static uint64_t half_of_key(const struct fetch_use *use, unsigned byte)
{
    return byte < KEY_BYTES / 2 ? use->place : address_of(use);
}

static unsigned byte_of_key(const struct fetch_use *use, unsigned byte)
{
    return half_of_key(use, byte) >> byte % (KEY_BYTES / 2) * 8 & (VALUES - 1);
}

/* Finds whether the uses are sorted already, and which bits of the keys' halves differ. */
static bool is_sorted(const struct fetch_use *uses, size_t count, uint64_t differs[2])
{
    bool sorted = true;
    differs[0] = differs[1] = 0;
    for (size_t i = 1; i < count; i++) {
        uint64_t place = uses[i].place, before = uses[i - 1].place;
        uint64_t field = half_of_key(&uses[i], KEY_BYTES / 2),
                 field_before = half_of_key(&uses[i - 1], KEY_BYTES / 2);
        differs[0] |= place ^ before;
        differs[1] |= field ^ field_before;
        sorted = sorted && (field_before < field || (field_before == field && before <= place));
    }
    return sorted;
}

/* Deals uses out by a byte of their keys. */
static void deal(const struct fetch_use *from, struct fetch_use *to, size_t count, unsigned byte)
{
    size_t place[VALUES] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        place[byte_of_key(&from[i], byte)]++;
    for (size_t i = 0; i < VALUES; i++) {
        size_t uses = place[i];
        place[i] = sum;
        sum += uses;
    }
    for (size_t i = 0; i < count; i++)
        to[place[byte_of_key(&from[i], byte)]++] = from[i];
}

void fetch_sort(struct fetch_use *uses, struct fetch_use *spare, size_t count)
{
    struct fetch_use *from = uses, *to = spare;
    uint64_t differs[2];
    if (is_sorted(uses, count, differs)) return;
    for (unsigned byte = 0; byte < KEY_BYTES; byte++) {
        uint64_t half = differs[byte / (KEY_BYTES / 2)];
        if (!(half >> byte % (KEY_BYTES / 2) * 8 & (VALUES - 1))) continue;
        deal(from, to, count, byte);
        struct fetch_use *dealt = to;
        to = from;
        from = dealt;
    }
    if (from != uses) memcpy(uses, from, count * sizeof *uses);
}
