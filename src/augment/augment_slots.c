/* Applies an augmentation to the samples of a batch. */
#include "augment_apply.h"
#include "augment_operation.h"
#include "random_stream.h"

/* The samples of a slot, one of each field. */
struct slot {
    const void *inputs[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    uint64_t rows[SHS_MAX_FIELDS];
};

/* Has the processor fetch the samples of a slot, which lie anywhere in memory, before they are
 * read. */
static void fetch(const shs_augment *augment, const struct slot *slot)
{
    enum {
        LINE = 64,  /* bytes that a processor fetches at once */
        MOST = 4096 /* the processor foresees the rest itself */
    };
    for (size_t f = 0; f < augment->fields; f++) {
        const char *sample = slot->inputs[f];
        size_t bytes = augment->rooms[f].input_bytes;
        for (size_t at = 0; at < bytes && at < MOST; at += LINE)
            __builtin_prefetch(sample + at);
    }
}

static void find(const shs_augment *augment, const struct augment_slots *slots, uint64_t number,
                 struct slot *slot)
{
    slots->sample(slots->user, number, slot->inputs, slot->outputs, slot->rows);
    fetch(augment, slot);
}

shs_status augment_apply_slots(const shs_augment *augment, const struct augment_slots *slots,
                               uint64_t first, uint64_t end, void *scratch)
{
    enum {
        AT_ONCE = 16
    };
    struct slot two[2];
    shs_random streams[AT_ONCE];
    shs_status status = SHS_OK;
    if (first < end) find(augment, slots, first, &two[first % 2]);
    for (; first < end && !status; first += AT_ONCE) {
        uint64_t count = end - first < AT_ONCE ? end - first : AT_ONCE;
        for (uint64_t i = 0; i < count && augment->draws; i++)
            slots->stream(slots->user, first + i, &streams[i]);
        if (augment->draws) random_begin_blocks(streams, (size_t)count);
        for (uint64_t i = 0; i < count && !status; i++) {
            uint64_t number = first + i;
            const struct slot *slot = &two[number % 2];
            if (number + 1 < end) find(augment, slots, number + 1, &two[(number + 1) % 2]);
            status = augment_apply_rows(augment, &streams[i], slot->rows, slot->inputs,
                                        slot->outputs, scratch);
        }
    }
    return status;
}
