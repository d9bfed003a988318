/* Undoes HDF5's filter shuffle, with vector instructions where they fit. */
#include "io_codec.h"
#include "io_join.h"

/* Puts the elements from number `first` on together, one by one. */
static void join_singly(const uint8_t *from, size_t first, size_t count, size_t element,
                        uint8_t *to)
{
    for (size_t i = first; i < count; i++)
        for (size_t byte = 0; byte < element; byte++)
            to[i * element + byte] = from[byte * count + i];
}

static inline __attribute__((always_inline)) void join_all(const uint8_t *from, size_t count,
                                                           size_t element, uint8_t *to)
{
    size_t i = 0;
    for (; i + IO_LANES <= count; i += IO_LANES)
        io_join(from + i, count, element, to + i * element, IO_LANES);
    join_singly(from, i, count, element, to);
}

void io_unshuffle(const void *from, size_t bytes, size_t element, void *to)
{
    size_t count = bytes / element, joined = count * element;
    switch (element) {
    case 2:
        join_all(from, count, 2, to);
        break;
    case 4:
        join_all(from, count, 4, to);
        break;
    case 8:
        join_all(from, count, 8, to);
        break;
    case 16:
        join_all(from, count, 16, to);
        break;
    default:
        join_singly(from, 0, count, element, to);
        break;
    }
    memcpy((uint8_t *)to + joined, (const uint8_t *)from + joined, bytes - joined);
}
