/* Makes two files of 4 GiB that take no room on disk: FOLDER/contiguous.h5 is a hole but for its
 * last row, FOLDER/chunked.h5 thousands of copies of one small deflated chunk. */
#include <hdf5.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 1 << 18,
    ROW_BYTES = 1 << 14,
    CHUNK_ROWS = 64,
    CHUNK_BYTES = CHUNK_ROWS * ROW_BYTES
};

static void need(int done, const char *what)
{
    if (done) return;
    fprintf(stderr, "vast_files: %s\n", what);
    exit(2);
}

static hid_t create(const char *folder, const char *name, hid_t *file, hid_t list)
{
    const hsize_t shape[2] = {ROWS, ROW_BYTES};
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), space = H5Screate_simple(2, shape, NULL);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    *file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    hid_t data = H5Dcreate2(*file, "data", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    need(data >= 0, path);
    H5Pclose(access);
    H5Sclose(space);
    H5Pclose(list);
    return data;
}

static void make_contiguous(const char *folder)
{
    static unsigned char row[ROW_BYTES];
    const hsize_t last[2] = {ROWS - 1, 0}, one[2] = {1, ROW_BYTES};
    hid_t file, list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER);
    hid_t data = create(folder, "contiguous.h5", &file, list), space = H5Dget_space(data);
    hid_t memory = H5Screate_simple(2, one, NULL);
    memset(row, 0x5A, sizeof row);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, last, NULL, one, NULL);
    need(H5Dwrite(data, H5T_STD_U8LE, memory, space, H5P_DEFAULT, row) >= 0, "the last row");
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(data);
    need(H5Fclose(file) >= 0, "the contiguous file");
}

static void make_chunked(const char *folder)
{
    const hsize_t chunk[2] = {CHUNK_ROWS, ROW_BYTES};
    hsize_t corner[2] = {0, 0};
    unsigned char *elements = malloc(CHUNK_BYTES), *stored = malloc(CHUNK_BYTES);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
    hid_t file, list = H5Pcreate(H5P_DATASET_CREATE);
    need(elements && stored && compressor, "memory");
    memset(elements, 0x21, CHUNK_BYTES);
    size_t bytes = libdeflate_zlib_compress(compressor, elements, CHUNK_BYTES, stored, CHUNK_BYTES);
    H5Pset_chunk(list, 2, chunk);
    H5Pset_deflate(list, 9);
    hid_t data = create(folder, "chunked.h5", &file, list);
    for (; corner[0] < ROWS; corner[0] += CHUNK_ROWS)
        need(H5Dwrite_chunk(data, H5P_DEFAULT, 0, corner, bytes, stored) >= 0, "a chunk");
    H5Dclose(data);
    need(H5Fclose(file) >= 0, "the chunked file");
    libdeflate_free_compressor(compressor);
    free(elements);
    free(stored);
}

int main(int argc, char **argv)
{
    need(argc == 2, "give a folder");
    make_contiguous(argv[1]);
    make_chunked(argv[1]);
    return 0;
}
