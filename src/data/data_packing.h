/* The packing of arrays: attributes such as scale_factor that give stored numbers another meaning.
 */
#ifndef DATA_PACKING_H
#define DATA_PACKING_H

#include "data_field.h"
#include "h5_packing.h"

/* What to do about files whose attributes differ. */
#define DATA_PACKING_ADVICE                                                                        \
    "unpack each file by its own attributes with the option cf (--cf), or write the files anew "   \
    "with the same attributes"

/* Reads the attributes of an open array. *packing is NULL if it has none. The caller releases it
 * with core_free(). */
shs_status data_packing_read(const struct h5_array *array, struct h5_packing **packing);

/* Refuses an array whose attributes differ from those of the first file, in `first`: the same
 * stored number would have two meanings. Either may be NULL, which means no attributes. */
shs_status data_packing_compare(const struct data_field *field, const struct h5_packing *packing,
                                const struct h5_packing *first, const char *first_path);

#endif
