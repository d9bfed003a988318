/* What the elements of a field mean, in an index: the attributes of packed numbers, what a group
 * says of its sparse matrix, and the groups whose rows the field has. See data_index.h. */
#ifndef DATA_INDEX_MEANING_H
#define DATA_INDEX_MEANING_H

#include "data_field.h"
#include "data_pack.h"

/* Packs attributes, which may be NULL. Takes them into new memory, which the caller releases with
 * core_free(), or NULL. */
void data_index_packing_pack(struct data_pack *pack, const struct h5_packing *packing);
shs_status data_index_packing_unpack(struct data_unpack *unpack, struct h5_packing **packing);

/* Packs this of a field. Takes it for a field whose type, shape and rows were taken. */
void data_index_meaning_pack(struct data_pack *pack, const struct data_field *field);
shs_status data_index_meaning_unpack(struct data_unpack *unpack, struct data_field *field);

#endif
