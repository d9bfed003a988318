/* Writes an HDF5 file whose dataset "data" has passed a filter that only a plug-in could undo. */
#include <hdf5.h>

static size_t keep(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                   size_t *buffer_bytes, void **buffer)
{
    (void)flags, (void)n_values, (void)values, (void)buffer_bytes, (void)buffer;
    return bytes;
}

int main(int count, char **words)
{
    static const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, 305, 1, 1, "keep", NULL, NULL, keep};
    static const unsigned char bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const hsize_t shape = 8, chunk = 4;
    if (count != 2 || H5Zregister(&filter) < 0) return 2;
    hid_t file = H5Fcreate(words[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 1, &chunk);
    H5Pset_filter(list, filter.id, 0, 0, NULL);
    hid_t data = H5Dcreate2(file, "data", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    int bad = H5Dwrite(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0;
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    return H5Fclose(file) < 0 || bad;
}
