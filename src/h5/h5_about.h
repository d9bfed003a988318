/* How a dataset is stored, in words, for people to read. The program's, not the library's. */
#ifndef H5_ABOUT_H
#define H5_ABOUT_H

#include "h5_file.h"

enum {
    H5_PACKINGS = 7
};

/* Names of attributes by which netCDF's conventions give numbers another meaning than the stored
 * one: a scale, an offset, values that stand for none. Nothing here applies them. */
extern const char *const h5_packings[H5_PACKINGS];

/* What `info` tells of a dataset. */
struct h5_about {
    char type[64]; /* "u8", or what it is instead of a plain number */
    bool plain;
    char stored_as[16]; /* "bool", "enumeration" or "complex" if no plain numbers; else "" */
    uint32_t axes;      /* with that of the parts of complex numbers */
    uint64_t shape[33];
    char layout[160];            /* "contiguous", "chunked 64x28x28, deflate 4" */
    uint64_t chunk_rows;         /* rows of a chunk; 0: not chunked */
    uint64_t storage_bytes;      /* as stored, after filters */
    bool is_packed[H5_PACKINGS]; /* it has the attribute h5_packings[i] */
};

/* Whoever describes many datasets and opens each afterwards has it opened in less time: the one
 * that was described last stays open. A cache that it is opened with is then of no effect. */
void h5_keep_described(struct h5_file *file);

/* On error *about holds empty texts and zeros. */
shs_status h5_describe(struct h5_file *file, const char *name, struct h5_about *about);

#endif
