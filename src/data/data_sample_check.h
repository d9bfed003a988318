/* Whether the fields of a sample go together. */
#ifndef DATA_SAMPLE_CHECK_H
#define DATA_SAMPLE_CHECK_H

#include "data_sample.h"

/* Refuses windows that do not move on together, windows that are left out beside fields that have
 * none, and fields of groups that do not share their groups. SHS_ERROR_ARGUMENT. */
shs_status data_sample_check(const struct data_sample *sample);

#endif
