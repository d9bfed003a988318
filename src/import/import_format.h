/* What a format of import_origin.h consists of. */
#ifndef IMPORT_FORMAT_H
#define IMPORT_FORMAT_H

#include "import_origin.h"
#include "import_stream.h"

/* An origin's text, taken apart. */
struct import_request {
    const char *path;
    shs_type type; /* 0: not given */
    bool big_endian;
    bool labels;
    enum import_heading heading;
    const char *columns; /* or NULL */
    uint32_t axes;       /* of the shape; 0: not given */
    uint64_t shape[SHS_MAX_AXES];
};

/* A struct of the format's own begins with this. `open` fills it in, and the shape; import_origin.c
 * checks the shape, sets row_bytes, and calls `close` if something fails. */
struct import_origin {
    const struct import_format *format;
    char *path;
    char *note; /* or NULL */
    shs_tensor shape;
    size_t row_bytes;
    uint64_t n_classes;
    const char *const *classes;
};

struct import_format {
    const char *name; /* its prefix, too */
    size_t bytes;     /* of its struct, which `open` gets zeroed */
    shs_status (*open)(const struct import_request *request, struct import_origin *origin);
    /* after `open`, with a shape that has been checked; or NULL */
    shs_status (*prepare)(struct import_origin *origin);
    shs_status (*read)(struct import_origin *origin, uint64_t first, uint64_t count, void *rows);
    shs_status (*finish)(struct import_origin *origin); /* or NULL */
    void (*close)(struct import_origin *origin); /* of what `open` made, perhaps half of it */
};

extern const struct import_format import_idx, import_npy, import_csv, import_png, import_raw;

/* Of origins of import_png, see import_origin.h; the classes are those of labels. */
shs_status import_png_pair(const struct import_origin *first, struct import_origin *second);
shs_status import_png_share_classes(struct import_origin *const *origins, size_t count);

/* An origin whose elements lie row by row in a file, as in IDX, raw and most NPY files, and the
 * functions of such a format; `open` fills it in. */
struct import_array {
    struct import_origin origin;
    struct import_stream *stream;
    uint64_t offset; /* of row 0 */
    bool swapped;    /* in the other byte order than the machine's */
};

shs_status import_array_check(struct import_origin *origin);
shs_status import_array_read(struct import_origin *origin, uint64_t first, uint64_t count,
                             void *rows);
shs_status import_array_finish(struct import_origin *origin);
void import_array_close(struct import_origin *origin);

#endif
