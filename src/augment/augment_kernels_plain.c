/* Kernels in plain C, which the other kernels are checked against. */
#include <string.h>

#include "augment_kernels.h"

static inline size_t channel_of(const struct augment_sheet *sheet, size_t position)
{
    if (!sheet->by_element) return sheet->channel;
    return (sheet->channel + position) % sheet->linear->channels;
}

static inline float mapped(const struct augment_linear *linear, float x, size_t channel)
{
    return (x * linear->factor - linear->mean[channel]) * linear->inverse[channel];
}

static void map_zeros(const struct augment_sheet *sheet, size_t from, size_t end, float *to)
{
    for (size_t k = from; k < end; k++)
        to[k] = mapped(sheet->linear, 0, channel_of(sheet, k));
}

/* Numbers of a channel that do not change in a loop. */
#define MAP_ONE_CHANNEL(AT)                                                                        \
    for (size_t i = 0; i < count; i++)                                                             \
        to[i] = ((float)from[AT] * factor - mean) * inverse;

#define MAP(NAME, C)                                                                               \
    static void NAME##_line(const struct augment_sheet *sheet, const C *from, float *to)           \
    {                                                                                              \
        const struct augment_linear *linear = sheet->linear;                                       \
        size_t count = sheet->count, last = count - 1;                                             \
        if (sheet->by_element) {                                                                   \
            for (size_t i = 0; i < count; i++)                                                     \
                to[i] = mapped(linear, (float)from[sheet->reversed ? last - i : i],                \
                               channel_of(sheet, sheet->first + i));                               \
            return;                                                                                \
        }                                                                                          \
        float factor = linear->factor, mean = linear->mean[sheet->channel],                        \
              inverse = linear->inverse[sheet->channel];                                           \
        if (sheet->reversed)                                                                       \
            MAP_ONE_CHANNEL(last - i)                                                              \
        else                                                                                       \
            MAP_ONE_CHANNEL(i)                                                                     \
    }                                                                                              \
                                                                                                   \
    static void NAME(const struct augment_sheet *sheet)                                            \
    {                                                                                              \
        const char *from = sheet->from;                                                            \
        float *to = sheet->to;                                                                     \
        for (size_t line = 0; line < sheet->lines; line++) {                                       \
            map_zeros(sheet, 0, sheet->first, to);                                                 \
            if (sheet->count)                                                                      \
                NAME##_line(sheet, (const C *)(const void *)from, to + sheet->first);              \
            map_zeros(sheet, sheet->first + sheet->count, sheet->size, to);                        \
            from += sheet->from_step;                                                              \
            to += sheet->to_step;                                                                  \
        }                                                                                          \
    }

MAP(map_u8, uint8_t)
MAP(map_u16, uint16_t)
MAP(map_f32, float)

static void reverse(size_t size, size_t count, const char *from, char *to)
{
    from += count * size;
    for (size_t i = 0; i < count; i++, to += size) {
        from -= size;
        memcpy(to, from, size);
    }
}

static void split(size_t count, const uint8_t *from, uint8_t *to, size_t step)
{
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++)
            to[c * step + i] = from[3 * i + c];
}

const struct augment_kernels augment_kernels_plain = {"plain", map_u8,  map_u16,
                                                      map_f32, reverse, split};
