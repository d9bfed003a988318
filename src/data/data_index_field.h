/* A field in an index: see data_index.h. */
#ifndef DATA_INDEX_FIELD_H
#define DATA_INDEX_FIELD_H

#include "data_field.h"
#include "data_pack.h"

/* Returns true if the index can describe a field, with all of its rows if `values` is true. */
bool data_index_field_fits(const struct data_field *field, bool values);

/* Packs a field. With `whole` its layout and its checksums are packed too, otherwise what a look at
 * it tells. With `values` all of its rows are packed as well. */
void data_index_field_pack(struct data_pack *pack, struct data_field *field, bool whole,
                           bool values);

/* Takes a field. Readers of the file at `path` are prepared, but not opened: io_reader_begin().
 * `identity` is the file's. The caller closes the field, also on error. */
shs_status data_index_field_unpack(struct data_unpack *unpack, const char *path,
                                   const struct io_identity *identity, struct data_field *field,
                                   bool *needs_hdf5);

#endif
