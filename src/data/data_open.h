/* Opens the files of a dataset on a rank by itself, or on all ranks with what rank 0 has found out
 * about them. */
#ifndef DATA_OPEN_H
#define DATA_OPEN_H

#include "data_dataset.h"
#include "data_pack.h"

/* Local. Opens the files of a dataset, whose path, options and fields are set. `fields` is their
 * text. */
shs_status data_open_alone(shs_dataset *dataset, const char *fields);

/* Collective. The same, but rank 0 examines the files for all ranks. The status is this rank's own,
 * unless *agreed is set to true: the ranks have agreed on an error then. */
shs_status data_open_together(shs_dataset *dataset, const char *fields, bool *agreed);

/* Local. Examines each of the files, and packs what is found out. */
shs_status data_open_examine(shs_dataset *dataset, const char *fields, struct data_pack *pack);

/* Local. Looks at the files of a dataset, and sets what follows from them. */
shs_status data_dataset_look(shs_dataset *dataset, const struct data_files_how *how);

#endif
