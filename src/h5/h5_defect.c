#include "h5_defect.h"

#include <string.h>

enum {
    VALUES = 4,
    FILE_STEP = 4096 /* bytes by which a file in memory grows */
};

/* Writes values of eight bits to a file in memory, and returns true if they are read back as they
 * were. */
static bool reads_back(hid_t file, hid_t space, hid_t creation)
{
    static const unsigned char written[VALUES] = {250, 3, 128, 0};
    unsigned char read[VALUES] = {0};
    hid_t data = H5Dcreate2(file, "data", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    bool done =
        data >= 0 && H5Dwrite(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, written) >= 0;
    if (data >= 0)
        H5Dclose(data); /* closed first, because an open dataset serves reads from its cache */
    data = done ? H5Dopen2(file, "data", H5P_DEFAULT) : H5I_INVALID_HID;
    done = data >= 0 && H5Dread(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) >= 0;
    if (data >= 0) H5Dclose(data);
    return done && !memcmp(read, written, VALUES);
}

bool h5_reads_scale_offset(void)
{
    const hsize_t extent = VALUES;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, &extent, NULL), file = H5I_INVALID_HID;
    bool made = access >= 0 && creation >= 0 && space >= 0 &&
                H5Pset_fapl_core(access, FILE_STEP, false) >= 0 &&
                H5Pset_chunk(creation, 1, &extent) >= 0 &&
                H5Pset_scaleoffset(creation, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT) >= 0;
    if (made) file = H5Fcreate("scale-offset", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    bool reads = file >= 0 && reads_back(file, space, creation);
    if (file >= 0) H5Fclose(file);
    if (space >= 0) H5Sclose(space);
    if (creation >= 0) H5Pclose(creation);
    if (access >= 0) H5Pclose(access);
    return reads;
}

bool h5_has_filter(hid_t dataset, H5Z_filter_t filter)
{
    unsigned flags, config;
    size_t none = 0;
    hid_t creation = H5Dget_create_plist(dataset);
    if (creation < 0) return false;
    bool has = H5Pget_filter_by_id2(creation, filter, &flags, &none, NULL, 0, NULL, &config) >= 0;
    H5Pclose(creation);
    return has;
}
