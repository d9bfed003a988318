#include "io_bytes.h"

#include <stdint.h>
#include <string.h>

/* Each size has a loop of its own, so that the compiler vectorises it. */
#define SWAP(type, reversed)                                                                       \
    for (size_t i = 0; i < count; i++) {                                                           \
        type value;                                                                                \
        memcpy(&value, bytes + i * sizeof value, sizeof value);                                    \
        value = reversed(value);                                                                   \
        memcpy(bytes + i * sizeof value, &value, sizeof value);                                    \
    }

void io_swap(void *elements, size_t count, size_t size)
{
    unsigned char *bytes = elements;
    switch (size) {
    case 2:
        SWAP(uint16_t, __builtin_bswap16)
        break;
    case 4:
        SWAP(uint32_t, __builtin_bswap32)
        break;
    case 8:
        SWAP(uint64_t, __builtin_bswap64)
        break;
    default: /* an element of one byte has no byte order */
        break;
    }
}
