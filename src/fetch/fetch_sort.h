/* Sorts the uses of a fetch. */
#ifndef FETCH_SORT_H
#define FETCH_SORT_H

#include "fetch_plan.h"

/* Sorts uses by the field that stands for their chunks (data_field_chunks()), which is compared as
 * a number, and then by place. Equal uses keep their order. `spare` is memory for as many uses,
 * whose content is undefined afterwards. */
void fetch_sort(struct fetch_use *uses, struct fetch_use *spare, size_t count);

#endif
