/* Finds defects of the HDF5 in use that a message must name. They are found by trying, not by the
 * version. */
#ifndef H5_DEFECT_H
#define H5_DEFECT_H

#include <hdf5.h>
#include <stdbool.h>

/* Inside a guard. Returns true if this HDF5 reads back what its scale-offset filter wrote. HDF5
 * 1.14.5 and 1.14.6 fail where values need all bits of their type (HDFGroup/hdf5 issue 5861). */
bool h5_reads_scale_offset(void);

/* Inside a guard. Returns true if HDF5's plug-in for bitshuffle, which must be there, decodes
 * Zstandard. Plug-ins before version 0.4 of bitshuffle, such as Debian 12's, take such a chunk for
 * one without compression, and give other bytes without an error. */
bool h5_reads_bitshuffle_zstd(void);

/* Inside a guard. Returns true if the chunks of a dataset go through a filter. */
bool h5_has_filter(hid_t dataset, H5Z_filter_t filter);

#endif
