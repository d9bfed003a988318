/* An open dataset, as the loader sees it. Joins h5 and the run. */
#ifndef RUN_DATASET_H
#define RUN_DATASET_H

#include "mpi_run.h"
#include "run_field.h"
#include "shardstep/dataset.h"

struct shs_dataset {
    shs_run *run;
    struct h5_file *file;
    char *path;
    uint64_t file_bytes; /* when it was opened */
    size_t cache_bytes;  /* for decoded chunks, of each loader */
    bool unchecked;
    uint64_t samples;
    size_t n_fields;
    struct run_field fields[SHS_MAX_FIELDS];
    shs_tensor sample[SHS_MAX_FIELDS]; /* of each field, whose the names are */
    uint64_t holders;                  /* the program and the loaders */
};

/* Local. Opens a dataset as shs_dataset_open() does, reads the first and the last row of each
 * field, and closes it: for the process that tries a file out. A row that cannot be read is no
 * error here, unless it is for want of memory. */
shs_status run_dataset_try(const char *path, const char *fields);

/* Local. Refuses a file that is shorter than it was: HDF5 reads what is missing as zeros. */
shs_status run_dataset_check(const shs_dataset *dataset);

/* Local. Rows of a block, if the user gives no number: of the largest chunk of any field or, if
 * none is chunked, as many as fill 1 MiB. */
uint64_t run_dataset_block_rows(const shs_dataset *dataset);

void run_dataset_hold(shs_dataset *dataset);
void run_dataset_release(shs_dataset *dataset);

#endif
