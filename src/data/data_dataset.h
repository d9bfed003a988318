/* An open dataset, as the loader sees it. Joins h5 and the run. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "data_files.h"
#include "data_offsets.h"
#include "mpi_run.h"
#include "shardstep/dataset.h"

struct shs_dataset {
    shs_run *run;
    char *path;                  /* as it was given */
    shs_dataset_options options; /* likewise */
    size_t cache_bytes;          /* for decoded chunks, of each loader */
    uint64_t samples;
    uint64_t *bounds; /* source s of the path has samples [bounds[s], bounds[s + 1]) */
    size_t n_fields;
    struct data_sample what; /* of field f: part f */
    struct data_files files;
    struct data_offsets *offsets;      /* of each source, if it is one */
    shs_tensor sample[SHS_MAX_FIELDS]; /* of each field, whose the names are */
    size_t sample_bytes[SHS_MAX_FIELDS];
    uint64_t holders; /* the program and the loaders */
};

/* Local. Opens a dataset as shs_dataset_open() does, reads the first and the last row of each
 * named dataset in the first file, and closes it: for the process that tries a file out. What
 * cannot be read is no error here, but memory that ran out is. */
shs_status data_dataset_try(const char *path, const char *fields, bool one_sample_a_file);

/* Local. Samples of a block, if the user gives no number: those of the largest chunk among the
 * fields whose samples have at least an eighth of the widest one's bytes or, if none of these is
 * chunked, as many as fill 1 MiB. */
uint64_t data_dataset_block_rows(const shs_dataset *dataset);

/* Local. Bytes of all rows of all that the fields are made of; at most UINT64_MAX. */
uint64_t data_dataset_bytes(const shs_dataset *dataset);

#define DATA_SAMPLES_UNKNOWN UINT64_MAX

/* Local. The samples of field f that have some of a source's rows [first, first + count); the key
 * is that of the source in a file. Their number may be DATA_SAMPLES_UNKNOWN, for offsets that are
 * not in memory. */
struct data_range data_dataset_samples(const shs_dataset *dataset, size_t f, uint64_t key,
                                       uint64_t first, uint64_t count);

void data_dataset_hold(shs_dataset *dataset);
void data_dataset_release(shs_dataset *dataset);

#endif
