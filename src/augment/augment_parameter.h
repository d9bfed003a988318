/* The values of a call: checked by an operator's parameter table, and read. Pure. */
#ifndef AUGMENT_PARAMETER_H
#define AUGMENT_PARAMETER_H

#include "augment_kind.h"

/* SHS_ERROR_ARGUMENT for a value that the operator does not take, or that is given twice. */
shs_status augment_check_names(const struct augment_kind *kind, const struct augment_call *call);

/* Reads all values of a call, or their defaults, into the operator's settings, and sets bound->grid
 * if the operator or a list needs a layout. bound->before is given. */
shs_status augment_read(const struct augment_kind *kind, const struct augment_call *call,
                        struct augment_bound *bound, void *setting);

#endif
