/* An array of floats in a file that HDF5 itself writes, and damage to it. */
#ifndef ARRAY_SCENE_H
#define ARRAY_SCENE_H

#include <fcntl.h>

#include "io_crc32c.h"
#include "sample_scene.h"

/* An array of floats in a file that HDF5 itself writes. Element e is the number e. */
struct array {
    const char *name;
    int axes;
    hsize_t shape[5], chunk[5]; /* chunk[0] 0: contiguous */
    bool deflate, fletcher32, sums;
    const char *chunk_sums; /* the version of the checksums of chunks; NULL: none */
};

static inline hsize_t elements_of(const struct array *array, int from)
{
    hsize_t elements = 1;
    for (int axis = from; axis < array->axes; axis++)
        elements *= array->shape[axis];
    return elements;
}

static inline void write_sums(hid_t file, const struct array *array, const float *numbers)
{
    hsize_t rows = array->shape[0], elements = elements_of(array, 1);
    uint32_t sums[64];
    char name[32];
    for (hsize_t row = 0; row < rows; row++)
        sums[row] = io_crc32c_elements(numbers + row * elements, elements, sizeof *numbers);
    snprintf(name, sizeof name, "%s.crc32c", array->name);
    hid_t space = H5Screate_simple(1, &rows, NULL);
    hid_t data =
        H5Dcreate2(file, name, H5T_STD_U32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, sums) >= 0);
    H5Dclose(data);
    H5Sclose(space);
}

static inline void write_array(hid_t file, const struct array *array)
{
    hsize_t count = elements_of(array, 0);
    float *numbers = malloc(count * sizeof *numbers);
    hid_t space = H5Screate_simple(array->axes, array->shape, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    for (hsize_t i = 0; i < count; i++)
        numbers[i] = (float)i;
    if (array->chunk[0]) H5Pset_chunk(list, array->axes, array->chunk);
    if (array->deflate) H5Pset_deflate(list, 1);
    if (array->fletcher32) H5Pset_fletcher32(list);
    hid_t data =
        H5Dcreate2(file, array->name, H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    if (array->sums) write_sums(file, array, numbers);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    free(numbers);
}

/* Writes the checksums of chunks, whose bytes are read from the file. */
static inline void write_chunk_sums(const char *path, const struct array *array)
{
    uint32_t sums[2 * 256];
    char name[32];
    hsize_t count[5], chunks = 1;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, array->name, H5P_DEFAULT);
    int stored = open(path, O_RDONLY);
    for (int axis = 0; axis < array->axes; axis++)
        chunks *= count[axis] = (array->shape[axis] - 1) / array->chunk[axis] + 1;
    for (hsize_t i = 0; i < chunks; i++) {
        hsize_t corner[5], rest = i, bytes = 0;
        haddr_t address = 0;
        unsigned mask;
        for (int axis = array->axes; axis-- > 0; rest /= count[axis])
            corner[axis] = rest % count[axis] * array->chunk[axis];
        CHECK(H5Dget_chunk_info_by_coord(data, corner, &mask, &address, &bytes) >= 0);
        char *chunk = malloc(bytes + 1);
        CHECK(pread(stored, chunk, bytes, (off_t)address) == (ssize_t)bytes);
        sums[2 * i] = io_crc32c(chunk, bytes);
        sums[2 * i + 1] = (uint32_t)bytes;
        free(chunk);
    }
    close(stored);
    H5Dclose(data);
    snprintf(name, sizeof name, "%s.chunk_crc32c", array->name);
    const hsize_t pairs[2] = {chunks, 2};
    hid_t space = H5Screate_simple(2, pairs, NULL), scalar = H5Screate(H5S_SCALAR);
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, strlen(array->chunk_sums) + 1);
    data = H5Dcreate2(file, name, H5T_STD_U32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, sums) >= 0);
    hid_t version = H5Acreate2(data, "version", text, scalar, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Awrite(version, text, array->chunk_sums) >= 0);
    H5Aclose(version);
    H5Tclose(text);
    H5Sclose(scalar);
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
}

static inline void make_file(char path[PATH_BYTES], const char *name, const struct array *array)
{
    folder_path(folder, name, path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_array(file, array);
    CHECK(H5Fclose(file) >= 0);
    if (array->chunk_sums) write_chunk_sums(path, array);
}

/* Changes a byte of an element that is stored without a filter, or of its chunk. */
static inline void damage(const char *path, const struct array *array, const hsize_t *at)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, array->name, H5P_DEFAULT);
    haddr_t address = 0;
    hsize_t bytes = 0, corner[5], place = 0;
    unsigned mask;
    unsigned char byte = 0;
    if (array->chunk[0]) {
        for (int axis = 0; axis < array->axes; axis++)
            corner[axis] = at[axis] / array->chunk[axis] * array->chunk[axis];
        CHECK(H5Dget_chunk_info_by_coord(data, corner, &mask, &address, &bytes) >= 0);
        place = bytes / 2;
    } else {
        address = H5Dget_offset(data);
        for (int axis = 0; axis < array->axes; axis++)
            place = place * array->shape[axis] + at[axis];
        place *= sizeof(float);
    }
    H5Dclose(data);
    H5Fclose(file);
    int written = open(path, O_RDWR);
    CHECK(pread(written, &byte, 1, (off_t)(address + place)) == 1);
    byte ^= 4;
    CHECK(pwrite(written, &byte, 1, (off_t)(address + place)) == 1);
    close(written);
}

#endif
