/* The sheet of `preview`: pixels of three colours, which grow downwards, and what is drawn on them.
 */
#ifndef CLI_PREVIEW_SHEET_H
#define CLI_PREVIEW_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "core_status.h"

struct cli_colour {
    unsigned char red, green, blue;
};

enum {
    CLI_GLYPH_WIDTH = 5,
    CLI_GLYPH_HEIGHT = 8,
    CLI_GLYPH_STEP = 6,   /* pixels from one letter to the next */
    CLI_TEXT_HEIGHT = 11, /* pixels from one line of text to the next */
    CLI_MOST_SIDE = 32767 /* the longest side of a sheet; some viewers take no more */
};

#define CLI_MOST_PIXELS (UINT64_C(1) << 26)

/* A zeroed sheet may be freed. */
struct cli_sheet {
    uint32_t width, height; /* in pixels */
    uint64_t capacity;      /* rows of pixels that there is memory for */
    struct cli_colour *pixels;
};

/* Makes an empty sheet of this width, at most CLI_MOST_SIDE. */
void cli_sheet_begin(struct cli_sheet *sheet, uint32_t width);

void cli_sheet_free(struct cli_sheet *sheet);

/* Adds white rows of pixels. SHS_ERROR_ARGUMENT if the sheet would be too large. */
shs_status cli_sheet_grow(struct cli_sheet *sheet, uint32_t rows);

/* Colours a pixel. A pixel outside the sheet is left out. */
void cli_sheet_dot(struct cli_sheet *sheet, uint32_t x, uint32_t y, struct cli_colour colour);

/* Writes a text in one line, with its upper left corner at x, y, and cuts it after `most` letters.
 * A character that is not ASCII becomes a question mark. */
void cli_sheet_text(struct cli_sheet *sheet, uint32_t x, uint32_t y, const char *text, size_t most,
                    struct cli_colour colour);

/* Adds a text to the bottom of the sheet. It has as many lines as it needs, which begin at x. */
shs_status cli_sheet_paragraph(struct cli_sheet *sheet, uint32_t x, const char *text,
                               struct cli_colour colour);

/* Returns true if a letter has the pixel x, y. */
bool cli_glyph_has(char letter, uint32_t x, uint32_t y);

/* ---- colours */

/* Returns the colour of a number from 0 to 1 in the colour map viridis. */
struct cli_colour cli_viridis(double number);

/* Returns a shade of grey, 0 for black to 1 for white. */
struct cli_colour cli_grey(double number);

extern const struct cli_colour cli_black, cli_pale, cli_blue;

/* The colour of NaN. Neither greys nor viridis have it. */
extern const struct cli_colour cli_nan_colour;

#endif
