#include "fashion_weights.h"

#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum {
    PATH_BYTES = 4096,
    DIGITS = 2 * sizeof(XXH128_canonical_t)
};

static bool failed(const char *path, const char *why)
{
    fprintf(stderr, "predict: %s: %s\n", path, why);
    return false;
}

/* The first line of DIR/latest names the checkpoint that was saved last, and its checksum. */
static bool find_newest(const char *folder, char *path, char *checksum)
{
    char latest[PATH_BYTES], name[64];
    snprintf(latest, sizeof latest, "%s/latest", folder);
    FILE *file = fopen(latest, "r");
    if (!file) return failed(latest, strerror(errno));
    const int words = fscanf(file, "%63s %32s", name, checksum);
    (void)fclose(file);
    if (words != 2 || strlen(checksum) != DIGITS)
        return failed(latest, "names no checkpoint: let train_fashion save one there first");
    if (snprintf(path, PATH_BYTES, "%s/%s", folder, name) >= PATH_BYTES)
        return failed(folder, "the path is too long");
    return true;
}

/* XXH3 with 128 bits of the whole file, as `xxhsum -H2` prints it. */
static bool hash_file(const char *path, char *digits)
{
    static char piece[1 << 16];
    XXH128_canonical_t digest;
    XXH3_state_t *hash = XXH3_createState();
    FILE *file = fopen(path, "rb");
    const bool opened = file && hash;
    if (opened) {
        XXH3_128bits_reset(hash);
        for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
            XXH3_128bits_update(hash, piece, got);
        XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(hash));
        for (size_t i = 0; i < sizeof digest.digest; i++)
            snprintf(digits + 2 * i, 3, "%02x", digest.digest[i]);
    }
    const bool done = opened && !ferror(file);
    if (!done) failed(path, strerror(errno));
    if (file) (void)fclose(file);
    XXH3_freeState(hash);
    return done;
}

/* False if the array is not there, has another shape or cannot be read. */
static bool read_array(hid_t file, const shs_tensor *tensor)
{
    char name[128];
    hsize_t shape[H5S_MAX_RANK] = {0};
    snprintf(name, sizeof name, "state/%s", tensor->name);
    const hid_t array = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Dget_space(array);
    bool good = H5Sget_simple_extent_dims(space, shape, NULL) == (int)tensor->axes;
    for (uint32_t axis = 0; good && axis < tensor->axes; axis++)
        good = shape[axis] == tensor->shape[axis];
    good =
        good && H5Dread(array, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor->data) >= 0;
    H5Sclose(space);
    H5Dclose(array);
    return good;
}

static bool read_weights(const char *path, const shs_tensor *weights, size_t count)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    bool good = file >= 0;
    for (size_t t = 0; good && t < count; t++)
        good = read_array(file, &weights[t]);
    H5Fclose(file);
    return good ? true : failed(path, "does not hold the weights of train_fashion's network");
}

bool fashion_weights_read(const char *folder, const shs_tensor *weights, size_t count)
{
    char path[PATH_BYTES], noted[DIGITS + 1], found[DIGITS + 1];
    if (!find_newest(folder, path, noted) || !hash_file(path, found)) return false;
    if (strcmp(noted, found) != 0)
        return failed(path, "is damaged: its bytes have another checksum than when it was saved");
    return read_weights(path, weights, count);
}
