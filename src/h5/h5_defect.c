#include "h5_defect.h"

#include <string.h>

#include "io_filter.h"

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

/* A file in memory for a dataset of one chunk. */
struct trial {
    hid_t access, creation, space, file;
};

static bool begin_trial(struct trial *trial, hsize_t elements)
{
    trial->access = H5Pcreate(H5P_FILE_ACCESS);
    trial->creation = H5Pcreate(H5P_DATASET_CREATE);
    trial->space = H5Screate_simple(1, &elements, NULL);
    trial->file = H5I_INVALID_HID;
    if (trial->access < 0 || trial->creation < 0 || trial->space < 0 ||
        H5Pset_fapl_core(trial->access, FILE_STEP, false) < 0 ||
        H5Pset_chunk(trial->creation, 1, &elements) < 0)
        return false;
    trial->file = H5Fcreate("trial", H5F_ACC_TRUNC, H5P_DEFAULT, trial->access);
    return trial->file >= 0;
}

static void end_trial(const struct trial *trial)
{
    if (trial->file >= 0) H5Fclose(trial->file);
    if (trial->space >= 0) H5Sclose(trial->space);
    if (trial->creation >= 0) H5Pclose(trial->creation);
    if (trial->access >= 0) H5Pclose(trial->access);
}

bool h5_reads_scale_offset(void)
{
    struct trial trial;
    bool reads = begin_trial(&trial, VALUES) &&
                 H5Pset_scaleoffset(trial.creation, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT) >= 0 &&
                 reads_back(trial.file, trial.space, trial.creation);
    end_trial(&trial);
    return reads;
}

/* Stores a chunk of bitshuffle as it is, and returns true if it is read as the 8 bytes that went
 * in. */
static bool reads_stored(const struct trial *trial)
{
    /* a head, and one block in a frame of Zstandard that holds its 8 bytes uncompressed */
    static const unsigned char stored[] = {0,  0, 0, 0, 0,  0,    0,    8,    0,    0,  0,
                                           8,  0, 0, 0, 17, 0x28, 0xb5, 0x2f, 0xfd, 32, 8,
                                           65, 0, 0, 1, 0,  0,    0,    0,    0,    0,  128};
    static const unsigned char expected[8] = {1, 0, 0, 0, 0, 0, 0, 128};
    unsigned char read[8] = {0};
    const hsize_t corner = 0;
    hid_t data = H5Dcreate2(trial->file, "data", H5T_STD_U8LE, trial->space, H5P_DEFAULT,
                            trial->creation, H5P_DEFAULT);
    bool done = data >= 0 &&
                H5Dwrite_chunk(data, H5P_DEFAULT, 0, &corner, sizeof stored, stored) >= 0 &&
                H5Dread(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) >= 0;
    if (data >= 0) H5Dclose(data);
    return done && !memcmp(read, expected, sizeof read);
}

bool h5_reads_bitshuffle_zstd(void)
{
    const unsigned values[] = {8, IO_BITSHUFFLE_ZSTD}; /* the plug-in puts three before them */
    struct trial trial;
    bool reads = begin_trial(&trial, 8) &&
                 H5Pset_filter(trial.creation, IO_BITSHUFFLE, H5Z_FLAG_MANDATORY, 2, values) >= 0 &&
                 reads_stored(&trial);
    end_trial(&trial);
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
