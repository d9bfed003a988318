/* The subjects that `bench` measures. Each has its file. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli.h"

/* Each function but the last two prints a table, and returns the first error. With `quick` it takes
 * few rows and few rounds. */

/* Measures random numbers beside Random123, memset() and memcpy(). */
shs_status cli_bench_random(void);

/* Measures reading beside the system's own reads, the decompressors alone, and H5Dread(). The HDF5
 * files are made in `folder` and removed afterwards. */
shs_status cli_bench_read(const char *folder, bool quick);

/* A part of cli_bench_read(), for contiguous rows that are in memory already. The files are made
 * under the name `path`. */
shs_status cli_bench_map(shs_run *run, const char *path, bool quick);

/* Measures the order of rows beside a Fisher-Yates shuffle of a table. */
shs_status cli_bench_order(bool quick);

/* Measures augmentation, from rows in memory to batches: a given text, or typical texts. */
shs_status cli_bench_augment(const struct cli_arguments *arguments);

/* Collective. Measures the mean of the gradients over all ranks, beside MPI_Allreduce and memcpy().
 * Returns the exit code. */
int cli_bench_reduce(const struct cli_arguments *arguments);

/* Collective. Measures saves of a state, in the background and not, beside memcpy(). The files are
 * made in a folder and removed afterwards. Returns the exit code. */
int cli_bench_save(const struct cli_arguments *arguments);

#endif
