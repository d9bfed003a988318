/* The values of a call, checked and read by the operator's table of parameters. Pure. */
#ifndef AUGMENT_PARAMETER_H
#define AUGMENT_PARAMETER_H

#include "augment_kind.h"

/* SHS_ERROR_ARGUMENT if a call gives a value that the operator does not know, or gives it twice. */
shs_status augment_check_names(const struct augment_kind *kind, const struct augment_call *call);

/* Reads all values of a call, and the defaults of values that it does not give, into the operator's
 * settings and *chance. Sets bound->grid if the operator or a list needs a layout. The caller has
 * set bound->before and, if the layout is known, layout and origin of bound->grid.
 * SHS_ERROR_ARGUMENT if a value is missing or out of its range. */
shs_status augment_read(const struct augment_kind *kind, const struct augment_call *call,
                        struct augment_bound *bound, void *setting, double *chance);

#endif
