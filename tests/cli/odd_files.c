/* Writes an HDF5 file with datasets that cannot be fields: a text, a pair, one number, no rows. */
#include <hdf5.h>
#include <stdio.h>

static int write_one(hid_t file, const char *name, hid_t type, hid_t space, const void *data)
{
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    int bad = dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0;
    if (dataset >= 0) H5Dclose(dataset);
    return bad;
}

int main(int count, char **words)
{
    const hsize_t four = 4, none = 0;
    static const char texts[4][8] = {"shirt", "bag", "boot", "coat"};
    static const struct pair {
        int number;
        float value;
    } pairs[4] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};
    if (count != 2) return 2;
    hid_t file = H5Fcreate(words[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &four, NULL), empty = H5Screate_simple(1, &none, NULL);
    hid_t scalar = H5Screate(H5S_SCALAR), text = H5Tcopy(H5T_C_S1);
    hid_t pair = H5Tcreate(H5T_COMPOUND, sizeof(struct pair));
    H5Tset_size(text, sizeof texts[0]);
    H5Tinsert(pair, "number", HOFFSET(struct pair, number), H5T_NATIVE_INT);
    H5Tinsert(pair, "value", HOFFSET(struct pair, value), H5T_NATIVE_FLOAT);
    int bad = write_one(file, "text", text, space, texts) |
              write_one(file, "pair", pair, space, pairs) |
              write_one(file, "one", H5T_NATIVE_INT, scalar, &pairs[0].number) |
              write_one(file, "none", H5T_NATIVE_INT, empty, pairs);
    H5Tclose(text);
    H5Tclose(pair);
    H5Sclose(space);
    H5Sclose(empty);
    H5Sclose(scalar);
    return H5Fclose(file) < 0 || bad;
}
