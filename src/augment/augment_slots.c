/* Applies an augmentation to the samples of a batch. */
#include "augment_apply.h"
#include "augment_operation.h"
#include "random_stream.h"

enum {
    AT_ONCE = 16, /* streams that begin together */
    AHEAD = 4     /* slots whose samples are fetched before their turn */
};

/* The samples of a slot, one of each field. */
struct slot {
    const void *inputs[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    uint64_t rows[SHS_MAX_FIELDS];
    const struct core_box *held[SHS_MAX_FIELDS]; /* only used with slots->box */
};

/* Has the processor fetch the samples of a slot, which lie anywhere in memory, before they are
 * read. */
static void fetch(const shs_augment *augment, const struct slot *slot, bool boxed)
{
    enum {
        LINE = 64,  /* bytes that a processor fetches at once */
        MOST = 4096 /* the processor foresees the rest itself */
    };
    for (size_t f = 0; f < augment->fields; f++) {
        const char *sample = slot->inputs[f];
        size_t bytes = augment->rooms[f].input_bytes;
        if (boxed && slot->held[f]) bytes = LINE;
        for (size_t at = 0; at < bytes && at < MOST; at += LINE)
            __builtin_prefetch(sample + at);
    }
}

static void find(const shs_augment *augment, const struct augment_slots *slots, uint64_t number,
                 struct slot *slot)
{
    slots->sample(slots->user, number, slot->inputs, slot->outputs, slot->rows);
    if (slots->box) slots->box(slots->user, number, slot->held);
    fetch(augment, slot, slots->box != NULL);
}

/* Begins the streams of up to AT_ONCE slots. */
static void begin_streams(const struct augment_slots *slots, uint64_t slot, uint64_t left,
                          shs_random *streams)
{
    size_t count = left < AT_ONCE ? (size_t)left : AT_ONCE;
    for (size_t i = 0; i < count; i++)
        slots->stream(slots->user, slot + i, &streams[i]);
    random_begin_blocks(streams, count);
}

shs_status augment_apply_slots(const shs_augment *augment, const struct augment_slots *slots,
                               uint64_t first, uint64_t end, void *scratch)
{
    struct slot ring[AHEAD];
    shs_random streams[AT_ONCE];
    shs_status status = SHS_OK;
    for (uint64_t slot = first; slot < end && slot < first + AHEAD; slot++)
        find(augment, slots, slot, &ring[slot % AHEAD]);
    for (uint64_t slot = first; slot < end && !status; slot++) {
        uint64_t of_group = (slot - first) % AT_ONCE;
        if (augment->draws && !of_group) begin_streams(slots, slot, end - slot, streams);
        const struct slot *now = &ring[slot % AHEAD];
        status =
            augment_apply_boxes(augment, &streams[of_group], now->rows,
                                slots->box ? now->held : NULL, now->inputs, now->outputs, scratch);
        if (status) return slots->fail ? slots->fail(slots->user, slot, status) : status;
        if (slot + AHEAD < end) find(augment, slots, slot + AHEAD, &ring[slot % AHEAD]);
    }
    return status;
}
