/* Hashes of what is in an open file, and of where it lies: whether the file is still the same. */
#ifndef DATA_CONTENT_H
#define DATA_CONTENT_H

#include "data_open_file.h"

/* Local. Sets `content` to a hash of the contents of all fields. Leaves it 0, unknown, if the
 * content of a field is unknown. */
shs_status data_content_take(const struct data_files *files, struct data_open_file *open);

/* Local. Refuses a file in which a field that is read directly lies at another place than before.
 * SHS_ERROR_FILE. */
shs_status data_content_compare_layout(struct data_files *files, const struct data_open_file *open);

#endif
