/* Tells in words how an array is stored, for people to read. Part of the program, not of the
 * library. */
#ifndef H5_ABOUT_H
#define H5_ABOUT_H

#include "h5_packing.h"

/* What the command info tells about an array. */
struct h5_about {
    char type[64]; /* such as "u8", or what the elements are instead of plain numbers */
    bool plain;
    /* "bool", "enumeration", "bit field", "complex" or "bfloat16" if the elements are not stored as
     * plain numbers, else "". */
    char stored_as[16];
    /* The names and types of a compound's members, such as "pt f32, id i64[3]"; "" for others. */
    char members[480];
    bool is_sequence; /* true if the elements are variable-length arrays */
    uint32_t axes;    /* the axis of real and imaginary parts is counted */
    uint64_t shape[33];
    char layout[160];       /* such as "contiguous" or "chunked 64x28x28, deflate 4" */
    uint64_t chunk_rows;    /* rows of a chunk; 0 if the array is not chunked */
    uint64_t storage_bytes; /* size after filters */
    struct h5_packing packing;
};

/* Keeps the array open that was described last, which saves time if each array is opened after its
 * description. The cache size given in that opening has no effect then. */
void h5_keep_described(struct h5_file *file);

/* Describes an array. On error *about holds empty texts and zeros. */
shs_status h5_describe(struct h5_file *file, const char *name, struct h5_about *about);

#endif
