/* Draws the lines of `preview` on its sheet: titles, headings with the ranges, tiles, captions. */
#include "cli_preview.h"
#include "core_text.h"

enum {
    MARGIN = 8,           /* pixels around the sheet */
    GAP = 6,              /* pixels between tiles, and between rows of tiles */
    LINE_GAP = 12,        /* pixels above the title of a line */
    CAPTION_LETTERS = 16, /* letters of a caption that there is always room for */
    LEAST_LETTERS = 60    /* letters of a line of text that there is always room for */
};

/* ---- sizes */

static uint32_t cell_width(const struct cli_preview *preview)
{
    uint32_t width = CAPTION_LETTERS * CLI_GLYPH_STEP;
    for (size_t v = 0; v < preview->views; v++)
        if (preview->view[v].tile_width > width) width = preview->view[v].tile_width;
    return width;
}

static uint64_t sheet_width(const struct cli_preview *preview)
{
    uint64_t width = 2 * MARGIN - GAP + preview->columns * (cell_width(preview) + GAP);
    uint64_t least = 2 * MARGIN + LEAST_LETTERS * CLI_GLYPH_STEP;
    return width > least ? width : least;
}

/* Returns the height of a row of tiles with its captions. */
static uint32_t row_height(const struct cli_view *view)
{
    return view->tile_height + 2 + CLI_TEXT_HEIGHT + 2;
}

/* Returns the height that a line has at least, or CLI_MOST_SIDE + 1 if it has more than that. */
static uint64_t line_height(const struct cli_preview *preview)
{
    uint64_t height = LINE_GAP + CLI_TEXT_HEIGHT;
    for (size_t v = 0; v < preview->views; v++) {
        uint64_t tiles = cli_view_tiles(&preview->view[v]);
        if (tiles > CLI_MOST_SIDE) return CLI_MOST_SIDE + 1;
        height += tiles * (CLI_TEXT_HEIGHT + preview->rows * row_height(&preview->view[v]));
    }
    return height;
}

shs_status cli_preview_check(const struct cli_preview *preview)
{
    uint64_t width = sheet_width(preview), height = preview->lines * line_height(preview);
    if (width <= CLI_MOST_SIDE && height <= CLI_MOST_SIDE && width * height <= CLI_MOST_PIXELS)
        return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "the sheet would have %llu x %llu pixels or more; a sheet has at most %d on a "
        "side and 2^26 in all: give a smaller --lines, --tiles or --size, or --channel "
        "N, or fewer --fields",
        (ull)width, (ull)height, CLI_MOST_SIDE);
}

/* ---- headings */

/* Returns the range of a tile in all pictures of a stage. Bytes always have their whole range, so
 * that an image looks as it is. */
static struct cli_range find_range(const struct cli_preview *preview, const struct cli_line *line,
                                   size_t v, enum cli_stage stage, uint64_t tile)
{
    const struct cli_view *view = &preview->view[v];
    struct cli_range range = {__builtin_inf(), -__builtin_inf()};
    bool image = view->look == CLI_GREY || view->look == CLI_RGB;
    if (image && view->sample[stage]->type == SHS_U8) return (struct cli_range){0, 255};
    for (uint64_t i = 0; i < preview->columns * preview->rows; i++) {
        const struct cli_picture *picture = &line->spot[i].picture[v];
        if (line->spot[i].stage != stage || !picture->number) continue;
        if (picture->range[tile].least < range.least) range.least = picture->range[tile].least;
        if (picture->range[tile].most > range.most) range.most = picture->range[tile].most;
    }
    return range;
}

static void add_range(struct core_text *text, const char *stage, const shs_tensor *sample,
                      struct cli_range range)
{
    core_text_add(text, "%s ", stage);
    core_text_add_shape(text, sample);
    if (range.least <= range.most)
        core_text_add(text, ", shown from %.4g to %.4g", range.least, range.most);
    else
        core_text_add(text, ", no finite number");
}

/* Adds which element is shown of the axes that are neither height nor width. */
static void add_choice(struct core_text *text, const struct cli_view *view, uint64_t tile)
{
    const shs_tensor *sample = view->sample[CLI_BEFORE];
    core_text_add(text, " %s", view->layout);
    for (uint32_t axis = 0; axis < sample->axes; axis++) {
        bool shown = axis == view->height || axis == view->width;
        if (axis == view->channel && (view->channels == 1 || cli_view_tiles(view) > 1))
            core_text_add(text, ", channel %llu of %llu", (ull)(view->first_channel + tile),
                          (ull)sample->shape[axis]);
        else if (!shown && axis != view->channel)
            core_text_add(text, ", the middle of %c: %llu of %llu", view->layout[axis],
                          (ull)(sample->shape[axis] / 2), (ull)sample->shape[axis]);
    }
    if (view->box > 1)
        core_text_add(text, view->look == CLI_CURVE ? ", extremes of %llu" : ", averages of %llu",
                      (ull)view->box);
    if (view->box > 1 && view->look != CLI_CURVE) core_text_add(text, "x%llu", (ull)view->box);
}

static bool are_alike(const struct cli_view *view, const struct cli_range range[CLI_STAGES])
{
    const shs_tensor *before = view->sample[CLI_BEFORE], *after = view->sample[CLI_AFTER];
    bool alike = before->type == after->type && range[CLI_BEFORE].least == range[CLI_AFTER].least &&
                 range[CLI_BEFORE].most == range[CLI_AFTER].most;
    for (uint32_t axis = 0; axis < before->axes; axis++)
        alike = alike && before->shape[axis] == after->shape[axis];
    return alike;
}

static shs_status draw_heading(const struct cli_view *view, uint64_t tile,
                               const struct cli_range range[CLI_STAGES], struct cli_sheet *sheet)
{
    struct core_text text = {0};
    core_text_add(&text, "%s", view->sample[CLI_BEFORE]->name);
    add_choice(&text, view, tile);
    if (are_alike(view, range)) {
        add_range(&text, ": before and after", view->sample[CLI_BEFORE], range[CLI_BEFORE]);
    } else {
        add_range(&text, ": before", view->sample[CLI_BEFORE], range[CLI_BEFORE]);
        add_range(&text, "; after", view->sample[CLI_AFTER], range[CLI_AFTER]);
    }
    shs_status status = text.status;
    if (!status) status = cli_sheet_paragraph(sheet, MARGIN, text.bytes, cli_black);
    core_text_free(&text);
    return status;
}

/* ---- tiles */

static shs_status draw_row(const struct cli_preview *preview, const struct cli_spot *spot, size_t v,
                           uint64_t tile, const struct cli_range range[CLI_STAGES],
                           struct cli_sheet *sheet)
{
    const struct cli_view *view = &preview->view[v];
    uint32_t y = sheet->height, cell = cell_width(preview);
    shs_status status = cli_sheet_grow(sheet, row_height(view));
    for (uint32_t column = 0; column < preview->columns && !status; column++, spot++) {
        uint32_t x = MARGIN + column * (cell + GAP);
        if (!spot->picture[v].number) continue;
        cli_picture_draw(view, spot->stage, &spot->picture[v], tile, range[spot->stage], sheet, x,
                         y);
        cli_sheet_text(sheet, x, y + view->tile_height + 2, spot->caption, cell / CLI_GLYPH_STEP,
                       cli_black);
    }
    return status;
}

static shs_status draw_view(const struct cli_preview *preview, const struct cli_line *line,
                            size_t v, struct cli_sheet *sheet)
{
    const struct cli_view *view = &preview->view[v];
    shs_status status = SHS_OK;
    for (uint64_t tile = 0; tile < cli_view_tiles(view) && !status; tile++) {
        const struct cli_range range[CLI_STAGES] = {
            find_range(preview, line, v, CLI_BEFORE, tile),
            find_range(preview, line, v, CLI_AFTER, tile),
        };
        status = draw_heading(view, tile, range, sheet);
        for (uint64_t row = 0; row < preview->rows && !status; row++)
            status = draw_row(preview, line->spot + row * preview->columns, v, tile, range, sheet);
    }
    return status;
}

static shs_status draw_line(const struct cli_preview *preview, const struct cli_line *line,
                            struct cli_sheet *sheet)
{
    shs_status status = cli_sheet_grow(sheet, LINE_GAP);
    if (!status) status = cli_sheet_paragraph(sheet, MARGIN, line->title, cli_blue);
    for (size_t v = 0; v < preview->views && !status; v++)
        status = draw_view(preview, line, v, sheet);
    return status;
}

shs_status cli_preview_draw(const struct cli_preview *preview, struct cli_sheet *sheet)
{
    cli_sheet_begin(sheet, (uint32_t)sheet_width(preview));
    shs_status status = cli_sheet_grow(sheet, MARGIN);
    if (!status) status = cli_sheet_paragraph(sheet, MARGIN, preview->head, cli_black);
    for (uint64_t i = 0; i < preview->lines && !status; i++)
        status = draw_line(preview, &preview->line[i], sheet);
    return status ? status : cli_sheet_grow(sheet, MARGIN);
}
