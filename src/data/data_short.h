/* Arrays with fewer rows than others along an axis that may grow. */
#ifndef DATA_SHORT_H
#define DATA_SHORT_H

#include "data_field.h"

/* Local. Called with the message that some arrays of a file have other numbers of rows. Adds the
 * cause, if the axis of their rows has one name, as a dimension of netCDF, and no fixed length: a
 * variable of netCDF ends with the last row that was written. Returns `status`. */
shs_status data_short_tell(shs_status status, const char *path, const struct data_field *arrays,
                           size_t count);

#endif
