/* Defects of the HDF5 in use that a message must name, found by trying, not by its version. */
#ifndef H5_DEFECT_H
#define H5_DEFECT_H

#include <hdf5.h>
#include <stdbool.h>

/* Whether this HDF5 reads back what its scale-offset filter wrote. 1.14.5 and 1.14.6 fail where
 * values need all bits of their type (HDFGroup/hdf5 issue 5861). Inside a guard. */
bool h5_reads_scale_offset(void);

/* Whether chunks of a dataset go through a filter. Inside a guard. */
bool h5_has_filter(hid_t dataset, H5Z_filter_t filter);

#endif
