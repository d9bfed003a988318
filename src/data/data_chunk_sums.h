/* Checksums of chunks as they are stored: the array NAME.chunk_crc32c beside an array. */
#ifndef DATA_CHUNK_SUMS_H
#define DATA_CHUNK_SUMS_H

#include "data_field.h"

/* Looks for the array DATASET.chunk_crc32c in a file, which may be another file than the field's.
 * If it is there, and the field is read directly, the field's reader compares each chunk from then
 * on. Checksums of other chunks, which the array had before it was stored anew, are left out. An
 * array of another type or shape is SHS_ERROR_FORMAT; a version that is not known is
 * SHS_ERROR_UNSUPPORTED. Must be called in the calling thread. */
shs_status data_chunk_sums_find(struct h5_file *file, const char *path, const char *dataset,
                                struct data_field *field);

#endif
