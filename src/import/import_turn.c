#include "import_turn.h"

#include <string.h>

/* Copies elements that lie `stride` bytes apart, one after the other. */
static void gather(const char *from, uint64_t stride, uint64_t count, size_t size, char *to)
{
#define GATHER(BYTES)                                                                              \
    case BYTES:                                                                                    \
        for (uint64_t i = 0; i < count; i++)                                                       \
            memcpy(to + i * (BYTES), from + i * stride, BYTES);                                    \
        return;
    switch (size) {
        GATHER(1)
        GATHER(2)
        GATHER(4)
        GATHER(8)
    default:
        return;
    }
#undef GATHER
}

void import_turn(const void *from, const uint64_t *shape, const uint32_t *order, uint32_t axes,
                 size_t size, void *to)
{
    uint64_t stride[SHS_MAX_AXES], index[SHS_MAX_AXES] = {0}, apart = size, offset = 0;
    for (uint32_t axis = axes; axis-- > 0; apart *= shape[axis])
        stride[axis] = apart;
    uint32_t last = order[axes - 1];
    for (char *next = to;; next += shape[last] * size) {
        uint32_t axis = axes - 1;
        gather((const char *)from + offset, stride[last], shape[last], size, next);
        /* go on along the second last axis of the result, and carry as in counting */
        while (axis-- > 0) {
            uint32_t source = order[axis];
            offset += stride[source];
            if (++index[axis] < shape[source]) break;
            offset -= shape[source] * stride[source];
            index[axis] = 0;
        }
        if (axis == UINT32_MAX) return;
    }
}
