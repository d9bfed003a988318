/* The parts that a format of import_origin.h consists of. */
#ifndef IMPORT_FORMAT_H
#define IMPORT_FORMAT_H

#include "import_h5_join.h"
#include "import_origin.h"
#include "import_stream.h"
#include "io_file.h"

/* The text of an origin, taken apart. */
struct import_request {
    const char *path;
    shs_type type; /* 0: not given */
    bool big_endian;
    bool labels, encoded;
    enum import_heading heading;
    const char *columns; /* NULL: not given */
    uint32_t axes;       /* axes of the shape; 0: not given */
    uint64_t shape[SHS_MAX_AXES];
    const char *dataset; /* dataset or pattern in an HDF5 file; array of an NPZ file, or NULL */
    bool classes;        /* texts of a CSV or HDF5 file are wanted, as classes */
    /* of an HDF5 file: */
    bool natural; /* names are sorted with their numbers by size */
    struct import_h5_way way;
};

/* The beginning of each format's own struct. The format's `open` fills it and sets the shape.
 * import_origin.c then checks the shape, sets row_bytes and `then`, and calls `close` if anything
 * fails. */
struct import_origin {
    const struct import_format *format;
    char *path;
    char *note; /* what was taken for granted, or NULL */
    shs_tensor shape;
    size_t row_bytes;
    uint64_t n_classes;
    const char *const *classes;
    const char *const *files; /* files that the rows come from; NULL: the file `path` */
    size_t n_files;
    uint64_t n_sources;         /* sources worth keeping beside the rows; 0: none */
    struct io_identity *then;   /* of each file when it was opened; NULL for a folder */
    struct import_spool *spool; /* a copy of the rows to read from, or NULL */
};

struct import_format {
    const char *name; /* name of the format, and its prefix in an origin's text */
    size_t bytes;     /* bytes of the format's own struct, which `open` gets zeroed */
    shs_status (*open)(const struct import_request *request, struct import_origin *origin);
    /* Called after `open`, when the shape has been checked. May be NULL. */
    shs_status (*prepare)(struct import_origin *origin);
    shs_status (*read)(struct import_origin *origin, uint64_t first, uint64_t count, void *rows);
    /* Returns true if a row is reached as fast in any order. NULL: in no origin of the format. */
    bool (*any_order)(const struct import_origin *origin);
    /* Gives a source's name and first row. Only of a format with n_sources. */
    shs_status (*source)(const struct import_origin *origin, uint64_t number, char **name,
                         uint64_t *first);
    shs_status (*finish)(struct import_origin *origin); /* may be NULL */
    /* Releases what `open` made, also after an `open` that failed half way. */
    void (*close)(struct import_origin *origin);
};

extern const struct import_format import_idx, import_npy, import_csv, import_png, import_raw,
    import_h5, import_npz;

/* Texts as classes: the word classes in the text of an origin of import_h5 and of import_csv. */
extern const struct import_format import_h5_classes, import_csv_classes;

/* The functions of import_origin.h with these names, for origins of import_png. The classes are
 * those of origins of labels. */
shs_status import_png_pair(const struct import_origin *first, struct import_origin *second);
bool import_png_is_encoded(const struct import_origin *origin);
shs_status import_png_share_classes(struct import_origin *const *origins, size_t count);

/* An origin whose elements lie row by row in a file, as in IDX, raw and most NPY files. A format's
 * `open` fills it in. The functions serve any such format. */
struct import_array {
    struct import_origin origin;
    struct import_stream *stream;
    uint64_t offset; /* offset of row 0 in the file */
    bool swapped;    /* true if elements are not in the machine's byte order */
};

shs_status import_array_check(struct import_origin *origin);
shs_status import_array_read(struct import_origin *origin, uint64_t first, uint64_t count,
                             void *rows);
bool import_array_any_order(const struct import_origin *origin);
shs_status import_array_finish(struct import_origin *origin);
void import_array_close(struct import_origin *origin);

#endif
