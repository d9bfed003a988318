/* A file of predictions that all ranks write together, by parallel HDF5: `prediction`, a class for
 * each row, and `probability`, a number for each row and class.
 *
 * The file is written under the name OUTPUT.part, and gets its own name when every row is in it. So
 * a file OUTPUT is always whole, and an error leaves the OUTPUT of an earlier run as it was.
 *
 * The functions that return bool are collective and return the same on every rank: false after an
 * error, of which the lowest rank that has it has spoken. */
#ifndef PREDICTION_FILE_H
#define PREDICTION_FILE_H

#include <hdf5.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PREDICTION_NONE = 255 /* in rows that nobody has written */
};

typedef struct prediction_file {
    const char *path;
    char part[4096];
    uint64_t rows;
    uint64_t classes;
    uint64_t written; /* rows that this rank has written */
    hid_t file;
    hid_t prediction;
    hid_t probability;
    int rank;
    int ranks;
    char cause[512]; /* HDF5's first error, or "" */
} prediction_file;

/* Collective over MPI_COMM_WORLD. Begins a file of `rows` rows. `path` is borrowed. From here on
 * HDF5's errors are noted in `to`, which must not move, and not printed. */
bool prediction_file_begin(prediction_file *to, const char *path, uint64_t rows, uint64_t classes);

/* Collective. Each rank writes `count` rows of its own, also none: row[i], ascending, gets
 * prediction[i] and the probabilities from probability[i * classes] on. */
bool prediction_file_write(prediction_file *to, const uint64_t *row, uint64_t count,
                           const uint8_t *prediction, const float *probability);

/* Collective. Proves that each row was written once, and gives the file its name. */
bool prediction_file_finish(prediction_file *to);

/* Collective. Closes and removes the file after an error. Does nothing after a finish. */
void prediction_file_abandon(prediction_file *to);

#endif
