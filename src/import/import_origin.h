/* Origins of import: files of other formats, and folders of images, as rows of one array. Each
 * format is a file: import_idx.c, import_npy.c, import_csv.c, import_png.c, import_raw.c,
 * import_h5.c; import_npy.c has NPZ, too. */
#ifndef IMPORT_ORIGIN_H
#define IMPORT_ORIGIN_H

#include <stdint.h>

#include "core_status.h"
#include "shardstep/tensor.h"

struct import_origin;

/* Whether line 1 of a CSV file is a heading. If that is not said, the line's cells tell: only
 * numbers are a row, no numbers are a heading, and some of each are an error, as are cells that may
 * all have been meant as numbers, such as NA. */
enum import_heading {
    IMPORT_HEADING_NOT_SAID,
    IMPORT_HEADING_YES,
    IMPORT_HEADING_NO
};

/* Options of an origin that its text cannot say. */
struct import_origin_options {
    shs_type type; /* type of a CSV file's numbers; 0: chosen from the file */
    /* True for the numbers of the images' classes in place of the images. */
    bool labels;
    bool encoded; /* true to keep the images of a folder as they are: see import_encoded.h */
    enum import_heading heading;
};

/* Opens an origin. `text` is FILE or FOLDER, whose format is recognised by its content or by the
 * ending of its name, or in one of the forms
 *
 *     idx:FILE
 *     npy:FILE
 *     npz:FILE or npz:FILE:NAME
 *     images:FOLDER or png:FOLDER
 *     csv:[TYPE:][COLUMNS:]FILE   COLUMNS such as 1 or 2-785 or 1,3,5-7, counted from 1
 *     csv:classes:[COLUMN:]FILE
 *     raw:TYPE[be]:SHAPE:FILE     such as raw:u8:60000x28x28:FILE; be means big-endian
 *     h5:[TYPE:][reversed:|axes=2,0,1:][natural:]FILE:DATASET
 *     h5:classes:[natural:]FILE:DATASET
 *         FILE may be any path of io_paths_find(), and DATASET a pattern as of glob(3). What they
 *         stand for is joined along axis 0, in the order of names: byte by byte or, with natural,
 *         with numbers by size. Listed files stay in the order of the list. Elements are converted
 * to TYPE. Axes are reversed, or axis a is the a-th of the list.
 *
 * IDX, NPY, CSV and raw files may be gzipped. On error *origin is NULL. */
shs_status import_origin_open(const char *text, const struct import_origin_options *options,
                              struct import_origin **origin);

/* Closes an origin and sets *origin to NULL, which it may be already. */
void import_origin_close(struct import_origin **origin);

/* Returns the type and the whole shape. There is at least one axis, rows lie along the first, and
 * no axis is empty. The name and the data are NULL. */
const shs_tensor *import_origin_shape(const struct import_origin *origin);

/* Returns the path of a file or folder that rows come from, numbered from 0 on, NULL after the
 * last.
 */
const char *import_origin_path(const struct import_origin *origin, size_t number);

/* Returns how many images, files or datasets the rows come from, if they are worth keeping: for a
 * folder of images, and for datasets that are joined. Else returns 0. */
uint64_t import_origin_sources(const struct import_origin *origin);

/* Gives the name of such a source, counted from 0, and the number of its first row. The caller
 * releases *name with core_free(). */
shs_status import_origin_source(const struct import_origin *origin, uint64_t number, char **name,
                                uint64_t *first);

/* Returns what was taken for granted, a line for each thing, as in "table.csv: line 1 is a
 * heading". Returns NULL if nothing was. */
const char *import_origin_note(const struct import_origin *origin);

/* Returns the names of the classes that an origin of labels numbers from 0 on. Returns NULL, and
 * sets *count to 0, for another origin. */
const char *const *import_origin_classes(const struct import_origin *origin, uint64_t *count);

/* Returns true for a folder of images and for its labels. */
bool import_origin_is_folder(const struct import_origin *origin);

/* Returns true for a folder of images that are kept as they are. The origin's rows are then their
 * sizes: height, width and channels, a u32 each. */
bool import_origin_is_encoded(const struct import_origin *origin);

/* Puts the images of the second folder, or their labels, in the order of the first folder's.
 * Partners have the same class and the same name without its ending. Images without a partner are
 * an error whose message names a few of them. */
shs_status import_origin_pair(const struct import_origin *first, struct import_origin *second);

/* Gives all origins of folders' labels the same classes: the classes of all their folders, sorted
 * by name, byte by byte. */
shs_status import_origin_share_classes(struct import_origin *const *origins, size_t count);

/* Reads rows [first, first + count), in the machine's byte order. Reading is cheapest in rising
 * order: in a gzip file the bytes between are unpacked too, and going back begins anew. */
shs_status import_origin_read(struct import_origin *origin, uint64_t first, uint64_t count,
                              void *rows);

/* Prepares reads in any order. The rows of an origin that is slow to read in any order than the
 * rising one are copied to a temporary file. Called before the first read. */
shs_status import_origin_any_order(struct import_origin *origin);

/* Checks the end of the origin after all rows have been read, perhaps by several processes, one of
 * which calls this. Bytes behind the rows, a wrong checksum of a gzip file, and a file that has
 * changed since it was opened are errors. */
shs_status import_origin_finish(struct import_origin *origin);

#endif
