/* Kernels in plain C, which the other kernels are checked against. */
#include <string.h>

#include "grid_kernels.h"

static inline size_t channel_of(const struct grid_sheet *sheet, size_t position)
{
    if (!sheet->by_element) return sheet->channel;
    return (sheet->channel + position) % sheet->linear->channels;
}

static inline float mapped(const struct grid_linear *linear, float x, size_t channel)
{
    return (x * linear->factor - linear->mean[channel]) * linear->inverse[channel];
}

/* Maps zeros to positions from - end of a line. */
static void map_zeros(const struct grid_sheet *sheet, size_t from, size_t end, float *to)
{
    for (size_t k = from; k < end; k++)
        to[k] = mapped(sheet->linear, 0, channel_of(sheet, k));
}

/* Numbers of a channel that do not change in a loop. */
#define MAP_ONE_CHANNEL(AT)                                                                        \
    for (size_t i = 0; i < count; i++)                                                             \
        to[i] = ((float)from[AT] * factor - mean) * inverse;

#define MAP(NAME, C)                                                                               \
    static void NAME##_line(const struct grid_sheet *sheet, const C *from, float *to)              \
    {                                                                                              \
        const struct grid_linear *linear = sheet->linear;                                          \
        size_t count = sheet->line.count, last = count - 1;                                        \
        if (sheet->by_element) {                                                                   \
            for (size_t i = 0; i < count; i++)                                                     \
                to[i] = mapped(linear, (float)from[sheet->reversed ? last - i : i],                \
                               channel_of(sheet, sheet->line.first + i));                          \
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
    static void NAME(const struct grid_sheet *sheet)                                               \
    {                                                                                              \
        const struct grid_part *line = &sheet->line;                                               \
        const char *from = sheet->from;                                                            \
        float *to = sheet->to;                                                                     \
        for (size_t y = 0; y < sheet->lines.size; y++, to += sheet->to_step) {                     \
            if (y - sheet->lines.first >= sheet->lines.count || !line->count) {                    \
                map_zeros(sheet, 0, line->size, to);                                               \
                continue;                                                                          \
            }                                                                                      \
            map_zeros(sheet, 0, line->first, to);                                                  \
            NAME##_line(sheet, (const C *)(const void *)from, to + line->first);                   \
            map_zeros(sheet, line->first + line->count, line->size, to);                           \
            from += sheet->from_step;                                                              \
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

const struct grid_kernels grid_kernels_plain = {"plain", map_u8, map_u16, map_f32, reverse, split};
