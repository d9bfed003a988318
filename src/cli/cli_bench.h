/* What `bench` measures: one file a subject. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli.h"

/* All return the first error. `quick` takes few rows, and each once. */

/* Random numbers beside Random123, memset and memcpy. */
shs_status cli_bench_random(void);

/* Reading HDF5 files, made in a folder and removed afterwards, beside the system's own reads, the
 * decompressors alone, and H5Dread. */
shs_status cli_bench_read(const char *folder, bool quick);

/* The order of rows beside Fisher-Yates over a table. */
shs_status cli_bench_order(bool quick);

#endif
