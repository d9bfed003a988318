/* References in the form of kerchunk (version 1): a text of JSON with which a reader of Zarr arrays
 * (version 2) finds the chunks of HDF5 files in these files. */
#ifndef CLI_REFERENCES_H
#define CLI_REFERENCES_H

#include "cli.h"
#include "core_json.h"
#include "h5_packing.h"
#include "io_paths.h"

/* ---- Arrays of several files. */

/* What a file has of an array. */
struct cli_piece {
    const char *path; /* absolute, borrowed */
    uint64_t rows;
    struct io_layout layout; /* zeroed if there are no rows */
};

/* An array: that of one file, or those of all files joined along the first axis. */
struct cli_reference {
    char *name;
    bool constant;           /* the same in all files: only the first file's */
    shs_tensor whole;        /* type and shape; the first axis is joined */
    struct cli_piece *piece; /* of each file */
    size_t pieces;
    uint64_t value;                /* the bytes of a single number, which has no pieces */
    uint64_t chunk[SHS_MAX_AXES];  /* shape of a chunk of the Zarr array */
    struct h5_packing packing;     /* of the first file */
    struct core_json attributes;   /* of the first file; not ended */
    char *dimension[SHS_MAX_AXES]; /* names of the axes; NULL: none */
    bool is_scale;                 /* true for a dimension scale, which names its own axis */
};

struct cli_references {
    struct cli_reference *array;
    size_t count;
    char **path; /* of the files, absolute */
    size_t files;
};

void cli_references_free(struct cli_references *references);

/* Local. Reads where the arrays of `fields` lie in all files, or with NULL all arrays of the first
 * file. Refuses what references cannot express. On error the struct is empty. */
shs_status cli_references_read(const struct io_paths *paths, const char *fields,
                               struct cli_references *references);

/* ---- One array. */

/* Local. Takes what a file has of an array, and adds it. An array that does not fit the others is
 * SHS_ERROR_UNSUPPORTED. */
shs_status cli_reference_add(struct h5_file *file, const char *path, struct cli_reference *array);

/* Local. Adds the array's names of axes and attributes, from the first file. */
shs_status cli_reference_describe(struct h5_array *open, struct cli_reference *array);

/* Local. Chooses the shape of the chunks, once all pieces are there. SHS_ERROR_UNSUPPORTED if the
 * chunks of several files do not follow one another. */
shs_status cli_reference_join(struct cli_reference *array);

/* Local. Adds the array's .zarray and the references to its chunks. */
shs_status cli_reference_print(const struct cli_reference *array, struct core_json *json);

/* ---- All of it. */

/* Local. Makes the text. The caller releases it. */
shs_status cli_references_print(struct cli_references *references, struct core_text *text);

#endif
