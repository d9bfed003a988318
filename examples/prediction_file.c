#include "prediction_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Errors. */

static herr_t copy_cause(unsigned n, const H5E_error2_t *error, void *to)
{
    prediction_file *file = to;
    if (n > 0) return 0;
    snprintf(file->cause, sizeof file->cause, "%s", error->desc);
    for (char *c = file->cause; (c = strchr(c, '\n'));)
        *c = ' '; /* HDF5 writes times as ctime() does */
    return 0;
}

/* HDF5 calls it at each error. The first error is the cause of the others, and the innermost entry
 * of its stack says it best. */
static herr_t note_error(hid_t stack, void *to)
{
    const prediction_file *file = to;
    return *file->cause ? 0 : H5Ewalk2(stack, H5E_WALK_UPWARD, copy_cause, to);
}

/* Collective. True if it went well on every rank. Otherwise the lowest rank where it did not says
 * what it was, and why: by HDF5 or, without an error of HDF5, by errno. */
static bool all_well(const prediction_file *to, bool well, const char *what)
{
    int mine = well ? to->ranks : to->rank, lowest;
    const int cause = errno;
    MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (lowest == to->rank)
        fprintf(stderr, "predict: rank %d: %s cannot be %s: %s\n", to->rank, to->part, what,
                *to->cause ? to->cause : strerror(cause));
    return lowest == to->ranks;
}

/* ---- Beginning. */

/* An array with the shape {rows, columns}, or {rows} for 0 columns. All its rows hold `fill`, and
 * have their place on the disk from now on. */
static bool make_array(hid_t file, const char *name, hid_t type, hsize_t rows, hsize_t columns,
                       const void *fill)
{
    const hsize_t shape[] = {rows, columns};
    const hid_t space = H5Screate_simple(columns > 0 ? 2 : 1, shape, NULL);
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_value(how, type, fill);
    H5Pset_fill_time(how, H5D_FILL_TIME_ALLOC);
    H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
    const hid_t array = H5Dcreate2(file, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    H5Pclose(how);
    H5Sclose(space);
    return H5Dclose(array) >= 0;
}

/* Local, for one rank. If all ranks made the file and the disk were full, HDF5 1.10 would leave the
 * other ranks waiting for the rank that fills the arrays. */
static bool make_file(const prediction_file *to)
{
    const uint8_t no_class = PREDICTION_NONE;
    const float no_probability = 0;
    const hid_t file = H5Fcreate(to->part, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) return false;
    const bool made =
        make_array(file, "prediction", H5T_STD_U8LE, to->rows, 0, &no_class) &&
        make_array(file, "probability", H5T_IEEE_F32LE, to->rows, to->classes, &no_probability);
    return H5Fclose(file) >= 0 && made;
}

static bool open_file(prediction_file *to)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
    to->file = H5Fopen(to->part, H5F_ACC_RDWR, access);
    H5Pclose(access);
    if (to->file < 0) return false;
    to->prediction = H5Dopen2(to->file, "prediction", H5P_DEFAULT);
    to->probability = H5Dopen2(to->file, "probability", H5P_DEFAULT);
    return to->prediction >= 0 && to->probability >= 0;
}

bool prediction_file_begin(prediction_file *to, const char *path, uint64_t rows, uint64_t classes)
{
    *to = (prediction_file){.path = path, .rows = rows, .classes = classes};
    MPI_Comm_rank(MPI_COMM_WORLD, &to->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &to->ranks);
    snprintf(to->part, sizeof to->part, "%s.part", path);
    H5Eset_auto2(H5E_DEFAULT, note_error, to);
    return all_well(to, to->rank > 0 || make_file(to), "made") &&
           all_well(to, open_file(to), "opened");
}

/* ---- Rows. */

/* Selects rows by number: each run of neighbours is a block of the selection. */
static hid_t select_rows(hid_t array, const uint64_t *row, uint64_t count, uint64_t columns)
{
    const hid_t space = H5Dget_space(array);
    uint64_t next;
    H5Sselect_none(space);
    for (uint64_t i = 0; i < count; i = next) {
        next = i + 1;
        while (next < count && row[next] == row[next - 1] + 1)
            next++;
        const hsize_t from[] = {row[i], 0}, size[] = {next - i, columns};
        if (H5Sselect_hyperslab(space, H5S_SELECT_OR, from, NULL, size, NULL) < 0) break;
    }
    return space;
}

/* HDF5 takes the selected rows in ascending order, and the memory's rows as they lie. Each rank
 * writes by itself, so that no rank waits inside HDF5 for a rank that has an error. */
static bool write_rows(hid_t array, hid_t type, uint64_t columns, const uint64_t *row,
                       uint64_t count, const void *values)
{
    const hsize_t elements = count * columns;
    const hid_t there = select_rows(array, row, count, columns);
    const hid_t here = H5Screate_simple(1, &elements, NULL);
    const bool well = H5Dwrite(array, type, here, there, H5P_DEFAULT, values) >= 0;
    H5Sclose(here);
    H5Sclose(there);
    return well;
}

bool prediction_file_write(prediction_file *to, const uint64_t *row, uint64_t count,
                           const uint8_t *prediction, const float *probability)
{
    const bool first = write_rows(to->prediction, H5T_NATIVE_UINT8, 1, row, count, prediction);
    const bool second =
        write_rows(to->probability, H5T_NATIVE_FLOAT, to->classes, row, count, probability);
    to->written += count;
    return all_well(to, first && second, "written");
}

/* ---- The end. */

static bool close_file(prediction_file *to)
{
    if (to->file <= 0) return true;
    bool well = H5Fflush(to->file, H5F_SCOPE_GLOBAL) >= 0; /* to the disk, on every rank */
    if (to->prediction > 0) H5Dclose(to->prediction);
    if (to->probability > 0) H5Dclose(to->probability);
    well = H5Fclose(to->file) >= 0 && well;
    to->file = 0;
    return well;
}

/* Of the rows [first, first + count) of a file that all ranks have closed: those that hold a class.
 */
static uint64_t count_filled(hid_t array, uint64_t first, uint64_t count)
{
    static uint8_t piece[1 << 16];
    uint64_t filled = 0;
    for (uint64_t done = 0; done < count;) {
        const hsize_t from = first + done;
        const hsize_t size = count - done < sizeof piece ? count - done : sizeof piece;
        const hid_t there = H5Dget_space(array), here = H5Screate_simple(1, &size, NULL);
        H5Sselect_hyperslab(there, H5S_SELECT_SET, &from, NULL, &size, NULL);
        const bool well = H5Dread(array, H5T_NATIVE_UINT8, here, there, H5P_DEFAULT, piece) >= 0;
        H5Sclose(here);
        H5Sclose(there);
        if (!well) return 0;
        for (hsize_t i = 0; i < size; i++)
            filled += piece[i] != PREDICTION_NONE;
        done += size;
    }
    return filled;
}

/* Collective. If the ranks wrote as many rows as there are, and no row is without a class, then
 * each row was written once. Every rank reads its share of the rows. */
static bool each_row_once(const prediction_file *to)
{
    const uint64_t ranks = (uint64_t)to->ranks, rank = (uint64_t)to->rank;
    const uint64_t first = to->rows / ranks * rank;
    const uint64_t end = rank + 1 == ranks ? to->rows : to->rows / ranks * (rank + 1);
    const hid_t file = H5Fopen(to->part, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t array = H5Dopen2(file, "prediction", H5P_DEFAULT);
    uint64_t sums[] = {to->written, count_filled(array, first, end - first)};
    H5Dclose(array);
    H5Fclose(file);
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    const bool once = sums[0] == to->rows && sums[1] == to->rows;
    if (!once && to->rank == 0)
        fprintf(stderr,
                "predict: %s has %" PRIu64 " rows; %" PRIu64 " were written, %" PRIu64
                " hold a class\n",
                to->part, to->rows, sums[0], sums[1]);
    return once;
}

bool prediction_file_finish(prediction_file *to)
{
    if (!all_well(to, close_file(to), "written") || !each_row_once(to)) return false;
    const bool named = to->rank > 0 || rename(to->part, to->path) == 0;
    if (!all_well(to, named, "renamed")) return false;
    *to->part = '\0';
    return true;
}

void prediction_file_abandon(prediction_file *to)
{
    if (!*to->part) return;
    close_file(to);
    MPI_Barrier(MPI_COMM_WORLD);
    if (to->rank == 0) unlink(to->part);
}
