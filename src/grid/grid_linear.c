#include "grid_linear.h"

void grid_linear_run(const struct grid_linear *linear, shs_type type, size_t at, size_t count,
                     const void *input, float *output)
{
    struct grid_sheet sheet = {.linear = linear, .lines = {1, 0, 1}, .from = input, .to = output};
    size_t inner = linear->inner, channels = linear->channels;
    sheet.by_element = channels > 1 && inner == 1;
    for (size_t some; count; count -= some, at += some, sheet.to += some) {
        some = channels > 1 && inner > 1 ? inner - at % inner : count;
        if (some > count) some = count;
        sheet.channel = channels > 1 ? at / inner % channels : 0;
        sheet.line = (struct grid_part){some, 0, some};
        grid_map(type, &sheet);
        sheet.from += some * shs_type_size(type);
    }
}

/* ---- Walks. */

struct mapping {
    const struct grid_linear *linear;
    const struct grid_walk *walk;
    shs_type type;
    size_t size;        /* bytes of an element */
    size_t line, plane; /* elements of the last dimension of the walk, and of the last two */
    uint32_t sheet; /* the dimensions from this one on are one sheet: the last, or the last two */
    char *stage;
};

static size_t channel_of(const struct mapping *mapping, size_t at)
{
    const struct grid_linear *linear = mapping->linear;
    return linear->channels > 1 && linear->inner > 1 ? at / linear->inner % linear->channels : 0;
}

/* Maps a sheet whose pieces of several elements stand in reversed order. They are put in order on
 * the stage, as many lines as it holds. */
static void map_turned(const struct mapping *mapping, struct grid_sheet sheet)
{
    size_t piece = mapping->walk->piece, line = sheet.line.count * mapping->size;
    size_t at_once = GRID_STAGE_BYTES / line;
    struct grid_part all = sheet.lines;
    const char *from = sheet.from;
    ptrdiff_t step = sheet.from_step;
    sheet.from = mapping->stage;
    sheet.from_step = (ptrdiff_t)line;
    for (size_t y = 0; y < all.size; y += sheet.lines.size) {
        size_t left = all.size - y, size = left < at_once ? left : at_once;
        size_t first = all.first < y ? 0 : all.first - y < size ? all.first - y : size;
        size_t end = all.first + all.count < y ? 0 : all.first + all.count - y;
        end = end < first ? first : end < size ? end : size;
        sheet.lines = (struct grid_part){size, first, end - first};
        for (size_t i = 0; i < end - first; i++, from += step)
            grid_kernels_now()->reverse(piece, line / piece, from, mapping->stage + i * line);
        grid_map(mapping->type, &sheet);
        sheet.to += size * sheet.to_step;
    }
}

static struct grid_part part_of(const struct grid_dimension *dimension, size_t elements)
{
    return (struct grid_part){dimension->size * elements, dimension->first * elements,
                              dimension->count * elements};
}

/* Maps the dimensions of a sheet. Its first element is element `at` of the view. `from` is the
 * sample without the dimensions of the sheet, NULL if all of it shows nothing. */
static void map_sheet(const struct mapping *mapping, size_t at, const char *from, float *to)
{
    static const struct grid_dimension single = {.size = 1, .count = 1};
    const struct grid_walk *walk = mapping->walk;
    const struct grid_dimension *last = &walk->dimension[walk->dimensions - 1],
                                *lines = mapping->sheet + 1 < walk->dimensions ? last - 1 : &single;
    size_t elements = walk->piece / mapping->size;
    bool reversed = last->step < 0;
    struct grid_sheet sheet = {.linear = mapping->linear,
                               .lines = part_of(lines, 1),
                               .line = part_of(last, elements),
                               .from_step = lines->step,
                               .to = to,
                               .to_step = mapping->line,
                               .reversed = reversed && elements == 1,
                               .by_element =
                                   mapping->linear->channels > 1 && mapping->linear->inner == 1,
                               .channel = channel_of(mapping, at)};
    if (!from || !last->count || !lines->count) {
        sheet.lines.count = sheet.line.count = 0;
        grid_map(mapping->type, &sheet);
        return;
    }
    sheet.from = from + lines->start + last->start;
    if (reversed) sheet.from += last->step * (ptrdiff_t)(last->count - 1);
    if (reversed && elements > 1)
        map_turned(mapping, sheet);
    else
        grid_map(mapping->type, &sheet);
}

static void map_from(const struct mapping *mapping, uint32_t dimension, size_t at, const char *from,
                     float *to)
{
    const struct grid_dimension *along = &mapping->walk->dimension[dimension];
    size_t elements = along->bytes / mapping->size;
    if (dimension == mapping->sheet) {
        map_sheet(mapping, at, from, to);
        return;
    }
    for (size_t k = 0; k < along->size; k++, at += elements, to += elements) {
        ptrdiff_t position = from ? grid_walk_at(along, k) : GRID_NO_ELEMENT;
        map_from(mapping, dimension + 1, at, position == GRID_NO_ELEMENT ? NULL : from + position,
                 to);
    }
}

/* ---- Pixels of three bytes that are taken apart. */

/* Takes the pixels of lines apart, and maps them. `first` is the first line that is shown. */
static void map_split_lines(const struct mapping *mapping, size_t first, size_t lines,
                            const char *from, float *to)
{
    const struct grid_dimension *last = &mapping->walk->dimension[2];
    struct grid_sheet sheet = {.linear = mapping->linear,
                               .lines = {lines, 0, lines},
                               .line = part_of(last, 1),
                               .from_step = (ptrdiff_t)last->count,
                               .to_step = last->size,
                               .reversed = last->step < 0};
    size_t bytes = lines * last->count;
    for (size_t i = 0; i < lines; i++, from += mapping->walk->dimension[1].step)
        grid_kernels_now()->split(last->count, (const uint8_t *)from,
                                  (uint8_t *)mapping->stage + i * last->count, bytes);
    for (size_t c = 0; c < 3; c++) {
        sheet.from = mapping->stage + c * bytes;
        sheet.to = to + c * mapping->plane + first * last->size;
        sheet.channel = channel_of(mapping, c * mapping->plane);
        grid_map(mapping->type, &sheet);
    }
}

/* Maps all lines as lines that show nothing. */
static void map_split_zeros(const struct mapping *mapping, size_t first, size_t lines, float *to)
{
    size_t line = mapping->walk->dimension[2].size;
    struct grid_sheet sheet = {
        .linear = mapping->linear, .lines = {lines, 0, 0}, .line = {line, 0, 0}, .to_step = line};
    for (size_t c = 0; c < 3; c++) {
        sheet.to = to + c * mapping->plane + first * line;
        sheet.channel = channel_of(mapping, c * mapping->plane);
        grid_map(mapping->type, &sheet);
    }
}

static void map_split(const struct mapping *mapping, const char *from, float *to)
{
    const struct grid_dimension *lines = &mapping->walk->dimension[1], *last = lines + 1;
    size_t end = lines->first + lines->count;
    size_t at_once = last->count ? GRID_STAGE_BYTES / 3 / last->count : lines->size;
    from += lines->start + last->start;
    if (last->step < 0 && last->count) from += last->step * (ptrdiff_t)(last->count - 1);
    map_split_zeros(mapping, 0, lines->first, to);
    map_split_zeros(mapping, end, lines->size - end, to);
    for (size_t first = lines->first, some; first < end; first += some) {
        some = end - first < at_once ? end - first : at_once;
        map_split_lines(mapping, first, some, from, to);
        from += (ptrdiff_t)some * lines->step;
    }
}

/* ---- What sheets can do. */

/* True if `elements` neighbouring elements from any multiple of them on have one channel, or have
 * channels in turn. */
static bool suits(const struct grid_linear *linear, size_t elements)
{
    if (linear->channels == 1) return true;
    if (linear->inner == 1) return elements % linear->channels == 0;
    return elements && linear->inner % elements == 0;
}

bool grid_linear_walk(const struct grid_linear *linear, shs_type type, const struct grid_walk *walk,
                      const char *from, float *to, char *stage)
{
    struct mapping mapping = {
        .linear = linear, .walk = walk, .type = type, .size = shs_type_size(type), .stage = stage};
    if (!walk->dimensions) {
        grid_linear_run(linear, type, 0, walk->piece / mapping.size, from, to);
        return true;
    }
    const struct grid_dimension *last = &walk->dimension[walk->dimensions - 1];
    size_t piece = walk->piece, elements = piece / mapping.size;
    bool two = walk->dimensions > 1 && !last[-1].table;
    if (last->table || !elements) return false;
    mapping.line = last->size * elements;
    mapping.plane = two ? last[-1].size * mapping.line : 0;
    if (grid_walk_splits(walk) && type == SHS_U8 && last->count <= GRID_STAGE_BYTES / 3 &&
        (linear->channels == 1 || linear->inner > 1) && suits(linear, mapping.plane)) {
        map_split(&mapping, from, to);
        return true;
    }
    if (last->step != (ptrdiff_t)piece && last->step != -(ptrdiff_t)piece) return false;
    if (last->step < 0 && elements > 1 && last->count * piece > GRID_STAGE_BYTES) return false;
    two = two && suits(linear, linear->inner == 1 ? elements : mapping.plane);
    if (!two && !suits(linear, linear->inner == 1 ? elements : mapping.line)) return false;
    mapping.sheet = walk->dimensions - (two ? 2 : 1);
    map_from(&mapping, 0, 0, from, to);
    return true;
}
