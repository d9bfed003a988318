/* An open dataset, as the loader sees it. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "data_constants.h"
#include "data_csr.h"
#include "data_files.h"
#include "data_offsets.h"
#include "data_resident.h"
#include "mpi_run.h"
#include "shardstep/dataset.h"

enum {
    DATA_CACHE_BYTES = 64 << 20 /* memory for decoded chunks unless the user says otherwise */
};

struct data_pack;

struct shs_dataset {
    shs_run *run;
    char *path, *fields;         /* as the user gave them */
    shs_dataset_options options; /* as the user gave them */
    size_t cache_bytes;          /* memory for decoded chunks in each loader */
    uint64_t samples;
    uint64_t *bounds;        /* source s of the path has samples [bounds[s], bounds[s + 1]) */
    size_t n_fields;         /* without the constant fields, which come behind them in a batch */
    struct data_sample what; /* what a sample is: part f describes field f */
    struct data_files files;
    struct data_index *index;      /* a kept index of the files, or NULL */
    struct data_resident resident; /* arrays whose rows are all held decoded */
    struct data_offsets *offsets;  /* offsets[a] belongs to array a, if the array holds offsets */
    struct data_columns columns[SHS_MAX_FIELDS]; /* what fields take of sparse matrices */
    /* Type and shape of a sample of each field. They own their names. */
    shs_tensor sample[SHS_MAX_FIELDS];
    size_t sample_bytes[SHS_MAX_FIELDS];
    struct data_slab slab[SHS_MAX_FIELDS]; /* which slab of a sample of each field `sample` is */
    /* Layouts of samples as the files name their axes. */
    struct data_layout layout[SHS_MAX_FIELDS];
    struct data_constants constants;
    uint64_t holders; /* how many hold the dataset: the program and the loaders */
};

/* Local. For a process that tries a file out. Opens a dataset as shs_dataset_open() does, reads
 * the first and the last row of each array in the first file, and closes it. `options` ask for no
 * probe. Rows that cannot be read are no error here. A lack of memory is an error. */
shs_status data_dataset_try(const char *path, const char *fields,
                            const shs_dataset_options *options);

/* Local. Returns the type and shape of a sample of field f as all members of a group have it
 * together. The name is borrowed. */
shs_tensor data_dataset_unslabbed(const shs_dataset *dataset, size_t f);

/* Local. Returns true if some field has a slab, so that members of a group get other elements. */
bool data_dataset_has_slabs(const shs_dataset *dataset);

/* Local. Examines each file of a path for the fields, and packs an index of them: data_index.h. On
 * error *pack is empty. */
shs_status data_dataset_examine(const char *path, const char *fields,
                                const shs_dataset_options *options, struct data_pack *pack);

/* Local. Returns the number of samples of a block if the user gives none:
 *
 * 1. Only fields count whose samples have at least m div 8 bytes, where m is the bytes of a sample
 *    of the widest field. Neither a field ALIAS.length nor a field that is a whole dataset counts.
 * 2. Let c be the rows of the largest chunk of a field in any file. These are c samples of rows,
 *    c div S windows with a stride of S, and c div a ragged samples or rows of a sparse matrix, at
 *    least 1. Here a is all rows of the dataset in all files, divided by the number of samples and
 *    rounded down, at least 1.
 * 3. The result is the largest such number. If no field that counts is chunked, it is 2^20 div m,
 *    at least 1. */
uint64_t data_dataset_block_rows(const shs_dataset *dataset);

/* Local. Returns the bytes of all rows of all arrays that the fields are made of, at most
 * UINT64_MAX. */
uint64_t data_dataset_bytes(const shs_dataset *dataset);

#define DATA_SAMPLES_UNKNOWN UINT64_MAX

/* Local. Finds the samples of field f that use some of an array's rows [first, first + count).
 * `key` names the array and its file. The number of samples may be DATA_SAMPLES_UNKNOWN, if the
 * offsets are not in memory. */
struct data_range data_dataset_samples(const shs_dataset *dataset, size_t f, uint64_t key,
                                       uint64_t first, uint64_t count);

/* Local. A loader holds the dataset it reads. The last holder that releases it closes it. */
void data_dataset_hold(shs_dataset *dataset);
void data_dataset_release(shs_dataset *dataset);

#endif
