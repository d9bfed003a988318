/* Whether all ranks have the same files: a copy on one node's disk may be an old one. */
#ifndef DATA_COPIES_H
#define DATA_COPIES_H

#include "data_dataset.h"

/* Collective. Compares the samples and the content of each file that was looked at when the dataset
 * was opened, of which every rank has as many files, with rank 0's. SHS_ERROR_DISAGREE names a
 * file, the two ranks and their hosts, and what differs. No file is read. */
shs_status data_copies_compare(const shs_dataset *dataset);

#endif
