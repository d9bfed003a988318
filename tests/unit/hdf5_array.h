/* An array that HDF5 itself writes. */
#ifndef HDF5_ARRAY_H
#define HDF5_ARRAY_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Adds an array of u32 numbers to an open file. A compact array can be read by HDF5 only. */
static inline bool write_array(hid_t file, const char *name, hsize_t rows, bool compact,
                               const uint32_t *elements)
{
    hid_t space = H5Screate_simple(1, &rows, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    if (compact) H5Pset_layout(list, H5D_COMPACT);
    hid_t data = H5Dcreate2(file, name, H5T_STD_U32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool written = H5Dwrite(data, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0;
    return H5Dclose(data) >= 0 && H5Pclose(list) >= 0 && H5Sclose(space) >= 0 && written;
}

#endif
