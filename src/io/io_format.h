/* What a format of io_source.h consists of. */
#ifndef IO_FORMAT_H
#define IO_FORMAT_H

#include "io_source.h"
#include "io_stream.h"

/* A source's text, taken apart. */
struct io_origin {
    const char *path;
    shs_type type; /* 0: not given */
    bool big_endian;
    bool labels;
    enum io_heading heading;
    const char *columns; /* or NULL */
    uint32_t axes;       /* of the shape; 0: not given */
    uint64_t shape[SHS_MAX_AXES];
};

/* A struct of the format's own begins with this. `open` fills it in, and the shape; io_source.c
 * checks the shape, sets row_bytes, and calls `close` if something fails. */
struct io_source {
    const struct io_format *format;
    char *path;
    char *note; /* or NULL */
    shs_tensor shape;
    size_t row_bytes;
    uint64_t n_classes;
    const char *const *classes;
};

struct io_format {
    const char *name; /* its prefix, too */
    size_t bytes;     /* of its struct, which `open` gets zeroed */
    shs_status (*open)(const struct io_origin *origin, struct io_source *source);
    /* after `open`, with a shape that has been checked; or NULL */
    shs_status (*prepare)(struct io_source *source);
    shs_status (*read)(struct io_source *source, uint64_t first, uint64_t count, void *rows);
    shs_status (*finish)(struct io_source *source); /* or NULL */
    void (*close)(struct io_source *source);        /* of what `open` made, perhaps half of it */
};

extern const struct io_format io_idx, io_npy, io_csv, io_png, io_raw;

/* Of sources of io_png, see io_source.h; the classes are those of labels. */
shs_status io_png_pair(const struct io_source *first, struct io_source *second);
shs_status io_png_share_classes(struct io_source *const *sources, size_t count);

/* A source whose elements lie row by row in a file, as in IDX, raw and most NPY files, and the
 * functions of such a format; `open` fills it in. */
struct io_array {
    struct io_source source;
    struct io_stream *stream;
    uint64_t offset; /* of row 0 */
    bool swapped;    /* in the other byte order than the machine's */
};

shs_status io_array_check(struct io_source *source);
shs_status io_array_read(struct io_source *source, uint64_t first, uint64_t count, void *rows);
shs_status io_array_finish(struct io_source *source);
void io_array_close(struct io_source *source);

#endif
