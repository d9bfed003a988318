#include "core_stream.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)

#include <emmintrin.h>

enum {
    PAGE = 4096,
    PAGES = 8, /* pages that are copied side by side: their reads overlap */
    BLOCK = PAGE * PAGES,
    STEP = 128, /* bytes of a page at a time */
    AHEAD = 256 /* bytes that are fetched ahead */
};

static inline void copy_step(char *to, const char *from)
{
    __m128i part[STEP / 16];
    _mm_prefetch(from + AHEAD, _MM_HINT_T0);
    _mm_prefetch(from + AHEAD + 64, _MM_HINT_T0);
    for (int i = 0; i < STEP / 16; i++)
        part[i] = _mm_loadu_si128((const __m128i *)(const void *)from + i);
    for (int i = 0; i < STEP / 16; i++)
        _mm_stream_si128((__m128i *)(void *)to + i, part[i]);
}

void core_stream(void *to, const void *from, size_t count)
{
    char *target = to;
    const char *source = from;
    if ((uintptr_t)to % CORE_STREAM_ALIGNMENT == 0) {
        for (; count >= BLOCK; target += BLOCK, source += BLOCK, count -= BLOCK)
            for (size_t at = 0; at < PAGE; at += STEP)
                for (size_t page = 0; page < BLOCK; page += PAGE)
                    copy_step(target + page + at, source + page + at);
        _mm_sfence();
    }
    if (count) memcpy(target, source, count);
}

#else

void core_stream(void *to, const void *from, size_t count)
{
    if (count) memcpy(to, from, count);
}

#endif
