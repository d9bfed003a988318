#include "data_packing.h"

#include "core_memory.h"

shs_status data_packing_read(const struct h5_array *array, struct h5_packing **packing)
{
    shs_status status = core_new(1, sizeof **packing, "attributes", packing);
    if (!status) status = h5_packing_read(array, *packing);
    if (status || !h5_packing_has_any(*packing)) core_free(packing);
    return status;
}

shs_status data_packing_compare(const struct data_field *field, const struct h5_packing *packing,
                                const struct h5_packing *first, const char *first_path)
{
    return h5_packing_compare(&(struct h5_packed){field->path, field->sample.name, packing},
                              &(struct h5_packed){first_path, field->sample.name, first},
                              DATA_PACKING_ADVICE);
}
