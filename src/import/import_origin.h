/* Origins of import: files of other formats, and folders of images, as rows of one field. A format
 * is one file: import_idx.c, import_npy.c, import_csv.c, import_png.c, import_raw.c. */
#ifndef IMPORT_ORIGIN_H
#define IMPORT_ORIGIN_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/tensor.h"

struct import_origin;

/* Whether line 1 of a CSV file is a heading. Not said, it is told by all of the line's cells:
 * numbers make a row, others a heading, and some of each are an error. */
enum import_heading {
    IMPORT_HEADING_NOT_SAID,
    IMPORT_HEADING_YES,
    IMPORT_HEADING_NO
};

/* How an origin is read, beyond what its text says. */
struct import_origin_options {
    shs_type type; /* of the numbers of a CSV file; 0: its own choice */
    bool labels;   /* of a folder of images: the numbers of their classes instead */
    enum import_heading heading;
};

/* Opens an origin: FILE or FOLDER, whose format is told by its content or the ending of its name,
 * or one of idx:FILE  npy:FILE  png:FOLDER csv:[TYPE:][COLUMNS:]FILE     COLUMNS such as 1 or 2-785
 * or 1,3,5-7, counted from 1 raw:TYPE[be]:SHAPE:FILE       such as raw:u8:60000x28x28:FILE; be:
 * big-endian Files may be gzipped. On error *origin is NULL. */
shs_status import_origin_open(const char *text, const struct import_origin_options *options,
                              struct import_origin **origin);

/* Accepts a pointer to NULL; leaves NULL. */
void import_origin_close(struct import_origin **origin);

/* Type and whole shape: at least one axis, rows along the first, none of them empty; name and data
 * are NULL. */
const shs_tensor *import_origin_shape(const struct import_origin *origin);

/* The path of the file or folder. */
const char *import_origin_path(const struct import_origin *origin);

/* What was taken for granted, in one line or several, such as "table.csv: line 1 is a heading";
 * NULL: nothing. */
const char *import_origin_note(const struct import_origin *origin);

/* Names of the classes that a labels origin numbers from 0 on; NULL and 0 for another. */
const char *const *import_origin_classes(const struct import_origin *origin, uint64_t *count);

/* True for a folder of images, and for their labels. */
bool import_origin_is_folder(const struct import_origin *origin);

/* Puts the images of a second folder, or their labels, in the order of a first one's that have the
 * same class and the same name up to its ending. An error if some have no partner, which names a
 * few. */
shs_status import_origin_pair(const struct import_origin *first, struct import_origin *second);

/* Gives all origins of labels the same classes: those of all their folders, sorted by name, byte by
 * byte. */
shs_status import_origin_share_classes(struct import_origin *const *origins, size_t count);

/* Rows [first, first + count), in the machine's byte order. Cheapest in rising order: of a gzip
 * file what lies between is unpacked too, and going back begins anew. */
shs_status import_origin_read(struct import_origin *origin, uint64_t first, uint64_t count,
                              void *rows);

/* Once all rows have been read, perhaps by several processes, one of which calls this: an error if
 * something follows them in the file or a gzip checksum is wrong. */
shs_status import_origin_finish(struct import_origin *origin);

#endif
