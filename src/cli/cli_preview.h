/* The parts of `preview`: how a field is shown (a view), what is left of a sample at the size of a
 * tile (a picture), and the lines of pictures that go on a sheet. */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "cli.h"
#include "cli_preview_sheet.h"

/* ---- Views. */

enum cli_look {
    CLI_GREY,  /* an image of one channel */
    CLI_RGB,   /* an image of three channels, or of four with the opacity */
    CLI_MAP,   /* numbers by a colour map, a tile for each channel */
    CLI_CURVE, /* a signal, a tile for each channel */
};

/* The choices of --colours. */
enum cli_colours {
    CLI_COLOURS_AUTO,
    CLI_COLOURS_IMAGE,
    CLI_COLOURS_MAP,
};

/* The two stages of a sample. */
enum cli_stage {
    CLI_BEFORE, /* as it is stored */
    CLI_AFTER,  /* as the augmentation gives it */
    CLI_STAGES
};

enum {
    CLI_NO_AXIS = SHS_MAX_AXES,
    CLI_MAX_IMAGE_CHANNELS = 4
};

/* How a field is shown. Axes are counted from 0, the first axis of a sample; CLI_NO_AXIS: none. Of
 * the axes that are neither height nor width nor channels the middle is shown. */
struct cli_view {
    size_t field;
    const shs_tensor *sample[CLI_STAGES]; /* name, type and shape, borrowed */
    char layout[SHS_MAX_AXES + 1];        /* a letter for each axis */
    uint32_t height, width, channel;      /* axes; a signal has no height */
    enum cli_look look;
    uint64_t first_channel;
    uint64_t channels; /* channels that are shown; an image shows all of its own in one tile */
    uint64_t box;      /* numbers along an axis of which a pixel shows the average */
    uint32_t zoom;     /* pixels along an axis that show one number, if box is 1 */
    uint32_t tile_width, tile_height; /* in pixels */
};

/* Local. Finds out how a field is shown. `augmented` is the layout that an operator of the field
 * was given, or NULL. SHS_ERROR_ARGUMENT if the axes cannot be told, or if an option does not fit
 * the field. The tensors are borrowed. */
shs_status cli_view_open(const struct cli_arguments *arguments, const shs_tensor *stored,
                         const shs_tensor *output, const char *augmented, struct cli_view *view);

/* Local. Refuses a layout of the option --layout that fits no view. */
shs_status cli_view_check_layouts(const char *option, const struct cli_view *views, size_t count);

/* Returns the tiles that a sample takes in the direction from top to bottom. */
uint64_t cli_view_tiles(const struct cli_view *view);

/* ---- Pictures. */

/* The least and the greatest finite number. If there is none, least is above most. */
struct cli_range {
    double least, most;
};

/* A sample at the size of a tile. An image has a plane for each channel. Numbers and signals have a
 * plane for each channel that is shown; a signal has two, for the least and the greatest number of
 * each column. A zeroed picture may be freed, and is not drawn. */
struct cli_picture {
    uint32_t width, height; /* numbers along each axis of a plane */
    size_t planes;
    double *number;          /* plane by plane, row by row */
    struct cli_range *range; /* for each tile: of the numbers as they are, not of averages */
};

/* Local. Makes the picture of a sample. A NaN in a box makes the whole box NaN. */
shs_status cli_picture_make(const struct cli_view *view, enum cli_stage stage, const void *sample,
                            struct cli_picture *picture);

void cli_picture_free(struct cli_picture *picture);

/* Draws a tile of a picture with its upper left corner at x, y. The range becomes the darkest and
 * the lightest colour, or the lowest and the highest place of a curve. */
void cli_picture_draw(const struct cli_view *view, enum cli_stage stage,
                      const struct cli_picture *picture, uint64_t tile, struct cli_range range,
                      struct cli_sheet *sheet, uint32_t x, uint32_t y);

/* ---- Lines. */

enum {
    CLI_CAPTION_BYTES = 40
};

/* A place in a line, where each view has a picture. */
struct cli_spot {
    enum cli_stage stage;
    char caption[CLI_CAPTION_BYTES];
    struct cli_picture picture[SHS_MAX_FIELDS]; /* for each view */
};

/* A line of a sheet: its title and below it, for each tile of each view, rows of spots. */
struct cli_line {
    char *title;
    struct cli_spot *spot; /* row by row */
};

struct cli_preview {
    char *head; /* what stands above all lines */
    struct cli_view view[SHS_MAX_FIELDS];
    size_t views;
    uint64_t columns; /* spots in a row of a line */
    uint64_t rows;    /* rows of a line: 1, or 2 for before and after */
    uint64_t lines;
    struct cli_line *line;
};

/* Local. Refuses a sheet that would be too large. Needs only the numbers of lines, rows and
 * columns, and the views. */
shs_status cli_preview_check(const struct cli_preview *preview);

/* Local. Draws all lines. The caller frees the sheet, also after an error. */
shs_status cli_preview_draw(const struct cli_preview *preview, struct cli_sheet *sheet);

#endif
