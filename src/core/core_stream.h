/* Copies large memory that is not needed again soon. Pure. */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include <stddef.h>

enum {
    CORE_STREAM_ALIGNMENT = 64 /* `to` must be a multiple, or the copy takes longer */
};

/* Copies `count` bytes past the caches, as memcpy() of the C library does for very large memory
 * only. The two must not overlap. */
void core_stream(void *to, const void *from, size_t count);

#endif
