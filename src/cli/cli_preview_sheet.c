#include "cli_preview_sheet.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"

void cli_sheet_begin(struct cli_sheet *sheet, uint32_t width)
{
    *sheet = (struct cli_sheet){.width = width};
}

void cli_sheet_free(struct cli_sheet *sheet)
{
    core_free(&sheet->pixels);
    *sheet = (struct cli_sheet){0};
}

/* Takes memory for so many rows of pixels, and for as many again as there are, so that a sheet of
 * many lines is not copied for each line. */
static shs_status reserve(struct cli_sheet *sheet, uint64_t rows)
{
    if (rows <= sheet->capacity) return SHS_OK;
    if (rows < 2 * sheet->capacity) rows = 2 * sheet->capacity;
    shs_status status = core_resize((size_t)rows * sheet->width, sizeof *sheet->pixels,
                                    "the pixels of a sheet", &sheet->pixels);
    if (!status) sheet->capacity = rows;
    return status;
}

shs_status cli_sheet_grow(struct cli_sheet *sheet, uint32_t rows)
{
    uint64_t height = (uint64_t)sheet->height + rows;
    if (height > CLI_MOST_SIDE || height * sheet->width > CLI_MOST_PIXELS)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the sheet would have %u x %llu pixels or more; a sheet has at most %d on "
                         "a side and 2^26 in all: give a smaller --lines, --tiles or --size",
                         (unsigned)sheet->width, (ull)height, CLI_MOST_SIDE);
    shs_status status = reserve(sheet, height);
    if (status) return status;
    memset(sheet->pixels + (size_t)sheet->height * sheet->width, 0xff,
           (size_t)rows * sheet->width * sizeof *sheet->pixels);
    sheet->height = (uint32_t)height;
    return SHS_OK;
}

void cli_sheet_dot(struct cli_sheet *sheet, uint32_t x, uint32_t y, struct cli_colour colour)
{
    if (x < sheet->width && y < sheet->height) sheet->pixels[(size_t)y * sheet->width + x] = colour;
}

/* ---- text */

/* Returns the letter that a text begins with, and moves the text behind it. */
static char take_letter(const char **text)
{
    const char *at = *text;
    size_t length = core_utf8_length(at);
    *text += length ? length : 1;
    if (length == 1) return *at;
    return '?';
}

void cli_sheet_text(struct cli_sheet *sheet, uint32_t x, uint32_t y, const char *text, size_t most,
                    struct cli_colour colour)
{
    for (; *text && most; most--, x += CLI_GLYPH_STEP) {
        char letter = take_letter(&text);
        for (uint32_t down = 0; down < CLI_GLYPH_HEIGHT; down++)
            for (uint32_t right = 0; right < CLI_GLYPH_WIDTH; right++)
                if (cli_glyph_has(letter, right, down))
                    cli_sheet_dot(sheet, x + right, y + down, colour);
    }
}

/* Returns the letters of a text that go into a line of `most` letters, and sets *next to what the
 * next line begins with. A line ends at a space, or inside a word that is longer than a line. */
static size_t line_length(const char *text, size_t most, const char **next)
{
    const char *at = text, *space = NULL;
    size_t letters = 0, before_space = 0;
    for (; *at && letters < most; letters++) {
        if (*at == ' ') {
            space = at;
            before_space = letters;
        }
        take_letter(&at);
    }
    *next = at;
    if (!*at) return letters;
    if (*at == ' ') {
        *next = at + strspn(at, " ");
        return letters;
    }
    if (!before_space) return letters;
    *next = space + 1;
    return before_space;
}

shs_status cli_sheet_paragraph(struct cli_sheet *sheet, uint32_t x, const char *text,
                               struct cli_colour colour)
{
    size_t most = (sheet->width - 2 * x) / CLI_GLYPH_STEP;
    shs_status status = SHS_OK;
    while (*text && !status) {
        const char *next;
        size_t letters = line_length(text, most, &next);
        uint32_t y = sheet->height;
        status = cli_sheet_grow(sheet, CLI_TEXT_HEIGHT);
        if (!status) cli_sheet_text(sheet, x, y, text, letters, colour);
        text = next;
    }
    return status;
}
