/* The kernels of augmentation by themselves, against loops over elements: sheets that are mapped,
 * and bytes that are moved. */
#include "augment_scene.h"
#include "each_kernels.h"

enum {
    MOST_SIZE = 600,
    MOST_LINES = 40,
    NUMBERS = 7 + GRID_LANES
};

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(judge_random(state) % n);
}

/* ---- sheets */

static float element_of(shs_type type, const char *from, size_t at)
{
    uint16_t half;
    float single;
    if (type == SHS_U8) return (float)((const unsigned char *)from)[at];
    memcpy(&half, from + 2 * at, sizeof half);
    if (type == SHS_U16) return (float)half;
    memcpy(&single, from + 4 * at, sizeof single);
    return single;
}

/* What a position of a sheet must be. */
static float slow_map(const struct grid_sheet *sheet, shs_type type, size_t y, size_t k)
{
    const struct grid_linear *linear = sheet->linear;
    const struct grid_part *line = &sheet->line, *lines = &sheet->lines;
    size_t channel = sheet->by_element ? (sheet->channel + k) % linear->channels : sheet->channel;
    float x = 0;
    if (k >= line->first && k < line->first + line->count && y >= lines->first &&
        y < lines->first + lines->count) {
        size_t i = k - line->first, at = sheet->reversed ? line->count - 1 - i : i;
        x = element_of(type, sheet->from + (ptrdiff_t)(y - lines->first) * sheet->from_step, at);
    }
    float scaled = x * linear->factor;
    float moved = scaled - linear->mean[channel];
    return moved * linear->inverse[channel];
}

static void check_sheet(const struct grid_sheet *sheet, shs_type type)
{
    size_t wrong = 0;
    grid_map(type, sheet);
    for (size_t y = 0; y < sheet->lines.size; y++)
        for (size_t k = 0; k < sheet->to_step; k++) {
            float expected = k < sheet->line.size ? slow_map(sheet, type, y, k) : -5;
            wrong += memcmp(&sheet->to[y * sheet->to_step + k], &expected, sizeof expected) != 0;
        }
    harness_where("%s of %zu x %zu, %s", shs_type_name(type), sheet->lines.size, sheet->line.size,
                  grid_kernels_now()->name);
    CHECK_EQ(wrong, 0);
}

static struct grid_part random_part(uint64_t *state, size_t most)
{
    struct grid_part part = {.size = below(state, most + 1)};
    bool mostly = below(state, 4) != 0; /* most of it is shown */
    part.first = below(state, part.size / (mostly ? 8 : 1) + 1);
    part.count = part.size - part.first;
    part.count -= below(state, part.count / (mostly ? 8 : 1) + 1);
    return part;
}

static void fill_elements(shs_type type, uint64_t *state, char *to, size_t bytes)
{
    fill(to, bytes, judge_random(state));
    for (size_t i = 0; type == SHS_F32 && i < bytes / 4; i++) {
        float x = (float)(int64_t)judge_random(state) * 0x1p-60f;
        memcpy(to + 4 * i, &x, sizeof x);
    }
}

static void check_maps(void)
{
    static float to[MOST_LINES * (MOST_SIZE + 3)];
    static char from[MOST_LINES * MOST_SIZE * 4];
    static const shs_type types[] = {SHS_U8, SHS_U16, SHS_F32};
    float mean[NUMBERS], inverse[NUMBERS];
    uint64_t state = 1;
    for (int round = 0; round < 3000; round++) {
        struct grid_linear linear = {0.25f, 1 + below(&state, 7), 1, mean, inverse};
        shs_type type = types[round % 3];
        struct grid_sheet sheet = {.linear = &linear,
                                   .lines = random_part(&state, MOST_LINES),
                                   .line = random_part(&state, MOST_SIZE),
                                   .to = to,
                                   .reversed = round % 7 < 3,
                                   .by_element = round % 11 < 5,
                                   .channel = below(&state, linear.channels)};
        for (size_t i = 0; i < NUMBERS; i++) {
            mean[i] = 0.1f * (float)(i % linear.channels);
            inverse[i] = 1 / (0.3f + (float)(i % linear.channels));
        }
        size_t bytes = sheet.line.count * shs_type_size(type);
        bool upward = round % 5 == 0 && sheet.lines.count;
        fill_elements(type, &state, from, sizeof from);
        sheet.from = from + (upward ? (sheet.lines.count - 1) * bytes : 0);
        sheet.from_step = upward ? -(ptrdiff_t)bytes : (ptrdiff_t)bytes;
        sheet.to_step = sheet.line.size + (size_t)(round % 2) * 3;
        for (size_t i = 0; i < COUNT(to); i++)
            to[i] = -5;
        check_sheet(&sheet, type);
    }
}

static void sheets_are_mapped_exactly(void)
{
    with_each_kernels(check_maps);
}

/* ---- bytes */

static void check_bytes_moved(void)
{
    for (size_t count = 0; count < 70; count++) {
        unsigned char from[70 * 16], to[70 * 16 + GUARD], expected[70 * 16 + GUARD];
        fill(from, sizeof from, count);
        for (size_t size = 1; size <= 16; size++) {
            memset(to, 0x5C, sizeof to);
            memset(expected, 0x5C, sizeof expected);
            for (size_t i = 0; i < count; i++)
                memcpy(expected + i * size, from + (count - 1 - i) * size, size);
            grid_kernels_now()->reverse(size, count, (const char *)from, (char *)to);
            CHECK_BYTES(to, expected, sizeof to);
        }
        memset(to, 0x5C, sizeof to);
        memset(expected, 0x5C, sizeof expected);
        for (size_t i = 0; i < 3 * count; i++)
            expected[i % 3 * 90 + i / 3] = from[i];
        grid_kernels_now()->split(count, from, to, 90);
        CHECK_BYTES(to, expected, sizeof to);
    }
}

static void bytes_are_moved_exactly(void)
{
    with_each_kernels(check_bytes_moved);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(sheets_are_mapped_exactly),
        TEST(bytes_are_moved_exactly),
    };
    return harness_main("augment_kernels", tests, COUNT(tests), argc, argv);
}
