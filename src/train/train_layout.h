/* Where things lie in a checkpoint's file, which programs read as HDF5 and as safetensors.
 *
 *     8 bytes       the length of the header, a little-endian number
 *     the header    JSON, filled up with spaces to the end of the user block
 *     HDF5's file   with the tensors, each of them without gaps
 *
 * The user block is the bytes in front of HDF5's own. It is as large as the smallest power of two
 * from 4,096 that holds the header. The header names type, shape and offsets of each tensor. The
 * bytes between tensors are HDF5's. safetensors allows no gaps, so the header names these bytes
 * too: as arrays of u8, __hdf5__.0, __hdf5__.1 and so on. */
#ifndef TRAIN_LAYOUT_H
#define TRAIN_LAYOUT_H

#include "io_pieces.h"
#include "train_labels.h"
#include "train_state.h"

enum {
    TRAIN_BLOCK_BYTES = 4096 /* the smallest user block */
};

struct train_layout {
    /* What HDF5 has chosen. */
    uint64_t block_bytes;    /* size of the user block */
    uint64_t bytes;          /* size of the file */
    uint64_t *place;         /* offset of each tensor; not defined without elements */
    uint64_t checksum_place; /* offset of the digits of the content's checksum */

    /* What train_layout_complete() makes. */
    char *block; /* the user block */
    struct io_piece *pieces;
    size_t n_pieces;
    char checksum[CORE_DIGEST_TEXT]; /* the digits, which one of the pieces has */
};

void train_layout_free(struct train_layout *layout);

/* Local. Makes the user block and the pieces of a file. If the user block is too small for the
 * header, only *needed is set: to the size that the user block must have. The checksum in `labels`
 * need not be known. The pieces borrow the elements of `state`, and the layout itself, which must
 * stay where it is. */
shs_status train_layout_complete(struct train_layout *layout, const struct train_state *state,
                                 const struct train_labels *labels, uint64_t *needed);

/* Puts the digits of the content's checksum into the user block and into their piece. */
void train_layout_seal(struct train_layout *layout, const char *checksum);

/* Local. SHS_ERROR_ARGUMENT if a tensor has a name that the header cannot have. The state has
 * passed train_state_check(). */
shs_status train_layout_check(const struct train_state *state);

#endif
