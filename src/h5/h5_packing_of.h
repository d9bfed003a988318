/* The packing of an open dataset, for the files of this folder. */
#ifndef H5_PACKING_OF_H
#define H5_PACKING_OF_H

#include <hdf5.h>

#include "h5_packing.h"

/* Inside a guard. Reads the attributes of a dataset. Returns the first that cannot be read,
 * H5_PACKINGS if there is none. */
enum h5_packing_name h5_packing_of(hid_t dataset, struct h5_packing *packing);

#endif
