/* The file of an array's statistics: `shardstep stats --write` writes it, normalize(from=FILE)
 * reads it. Safe in any thread.
 *
 * The file is a text of lines. The first line is "shardstep stats 1", where 1 is the version. Each
 * other line is NAME = VALUE. The last line is "xxh3 = " and the XXH3-128 of all bytes before it. A
 * reader needs these lines, in any order, and leaves others alone:
 *
 *     field = train/images         the array; control characters are written as \xNN
 *     type = u8                    the type of its elements
 *     sample = 28x28x3             the shape of a sample; "none" if it has no axes
 *     channel_axis = 3             the axis of the channels, 1 for the first axis of a sample, or
 * none mean = 72.9,60.1,9           the mean of each channel (without channels of all elements) std
 * = 90,80.5,7.25           the deviation of each channel; "none" if it has no elements
 *
 * Means and deviations are those of the elements as they are stored. */
#ifndef IO_FIGURES_H
#define IO_FIGURES_H

#include "core_text.h"

enum {
    IO_FIGURES_MOST = 1024 /* channels */
};

struct io_figures {
    char *field;
    shs_tensor sample;     /* type and shape; no name and no data */
    uint64_t channel_axis; /* 1 for the first axis of a sample; 0 without channels */
    size_t count;          /* channels; 1 without channels */
    double *mean;          /* of each channel; NaN if no element counted */
    double *deviation;     /* of each channel; NaN if no element counted */
};

/* Appends the text of a file. `notes` has further lines, each with its end: they say where the
 * figures come from. */
void io_figures_print(const struct io_figures *figures, const char *notes, struct core_text *text);

/* Appends the lines of a file, and the last line, which has their checksum. */
void io_figures_seal(const char *lines, struct core_text *text);

/* Reads the text of a file. The message of an error begins with `path`. SHS_ERROR_FORMAT if the
 * text is something else, is cut short or has another checksum; SHS_ERROR_UNSUPPORTED if its
 * version is newer. On error *figures is empty. */
shs_status io_figures_parse(const char *path, const char *text, struct io_figures *figures);

/* Releases what `figures` holds, and leaves it empty. */
void io_figures_free(struct io_figures *figures);

#endif
