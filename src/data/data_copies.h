/* Checks that all ranks have the same files. A copy on one node's disk may be out of date. */
#ifndef DATA_COPIES_H
#define DATA_COPIES_H

#include "data_dataset.h"

/* Collective. Compares each file that was looked at when the dataset was opened with rank 0's: its
 * number of samples and its content. All ranks must have the same number of files.
 * SHS_ERROR_DISAGREE names a file, the two ranks and their hosts, and what differs. No file is
 * read. */
shs_status data_copies_compare(const shs_dataset *dataset);

#endif
