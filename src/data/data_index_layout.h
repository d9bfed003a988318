/* The layout of a field in an index: see data_index.h. */
#ifndef DATA_INDEX_LAYOUT_H
#define DATA_INDEX_LAYOUT_H

#include "data_field.h"
#include "data_pack.h"

/* Packs the layout of a reader, which may be NULL. */
void data_index_layout_pack(struct data_pack *pack, const struct io_reader *reader);

/* Takes a layout, and prepares the field's reader with it, unless the field had none. `identity` is
 * that of the file at the field's path. */
shs_status data_index_layout_unpack(struct data_unpack *unpack, const struct io_identity *identity,
                                    struct data_field *field);

#endif
