/* Sources of import: files of other formats, and folders of images, as rows of one field. A format
 * is one file: io_idx.c, io_npy.c, io_csv.c, io_png.c, io_raw.c. */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/tensor.h"

struct io_source;

/* Whether line 1 of a CSV file is a heading. Not said, it is told by all of the line's cells:
 * numbers make a row, others a heading, and some of each are an error. */
enum io_heading {
    IO_HEADING_NOT_SAID,
    IO_HEADING_YES,
    IO_HEADING_NO
};

/* How a source is read, beyond what its text says. */
struct io_source_options {
    shs_type type; /* of the numbers of a CSV file; 0: its own choice */
    bool labels;   /* of a folder of images: the numbers of their classes instead */
    enum io_heading heading;
};

/* Opens a source: FILE or FOLDER, whose format is told by its content or the ending of its name, or
 * one of
 *     idx:FILE  npy:FILE  png:FOLDER
 *     csv:[TYPE:][COLUMNS:]FILE     COLUMNS such as 1 or 2-785 or 1,3,5-7, counted from 1
 *     raw:TYPE[be]:SHAPE:FILE       such as raw:u8:60000x28x28:FILE; be: big-endian
 * Files may be gzipped. On error *source is NULL. */
shs_status io_source_open(const char *text, const struct io_source_options *options,
                          struct io_source **source);

/* Accepts a pointer to NULL; leaves NULL. */
void io_source_close(struct io_source **source);

/* Type and whole shape: at least one axis, rows along the first, none of them empty; name and data
 * are NULL. */
const shs_tensor *io_source_shape(const struct io_source *source);

/* The path of the file or folder. */
const char *io_source_path(const struct io_source *source);

/* What was taken for granted, in one line or several, such as "table.csv: line 1 is a heading";
 * NULL: nothing. */
const char *io_source_note(const struct io_source *source);

/* Names of the classes that a labels source numbers from 0 on; NULL and 0 for another. */
const char *const *io_source_classes(const struct io_source *source, uint64_t *count);

/* True for a folder of images, and for their labels. */
bool io_source_is_folder(const struct io_source *source);

/* Puts the images of a second folder, or their labels, in the order of a first one's that have the
 * same class and the same name up to its ending. An error if some have no partner, which names a
 * few. */
shs_status io_source_pair(const struct io_source *first, struct io_source *second);

/* Gives all sources of labels the same classes: those of all their folders, sorted by name, byte by
 * byte. */
shs_status io_source_share_classes(struct io_source *const *sources, size_t count);

/* Rows [first, first + count), in the machine's byte order. Cheapest in rising order: of a gzip
 * file what lies between is unpacked too, and going back begins anew. */
shs_status io_source_read(struct io_source *source, uint64_t first, uint64_t count, void *rows);

/* Once all rows have been read, perhaps by several processes, one of which calls this: an error if
 * something follows them in the file or a gzip checksum is wrong. */
shs_status io_source_finish(struct io_source *source);

#endif
