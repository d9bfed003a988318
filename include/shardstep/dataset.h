/* A dataset: fields of an HDF5 file whose first axes are the samples. */
#ifndef SHARDSTEP_DATASET_H
#define SHARDSTEP_DATASET_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shs_run shs_run; /* context.h, which needs mpi.h; this header does not */
typedef struct shs_dataset shs_dataset;

/* A zeroed struct means the defaults. */
typedef struct shs_dataset_options {
    size_t cache_bytes; /* memory that each loader may use for decoded chunks, and HDF5 for those of
                           a field that only it can read; 0: 64 MiB */
    bool unchecked;     /* do not compare rows with their checksums */
    /* For files from elsewhere: HDF5 crashes or hangs on some damaged or malicious files. With
     * `probe`, each rank first has a process of its own open the same fields, and read some of
     * their rows, with HDF5's plug-ins off and with limits on time and memory; what goes wrong
     * there is an ordinary error here. It costs each rank about 10 ms and the opening itself
     * once more. No one may change the file meanwhile. The process is the program `shardstep`;
     * it gets its variables from `environ`, and this one a SIGCHLD. */
    bool probe;
    const char *probe_program; /* path of shardstep; NULL: where it was to be installed */
    uint32_t probe_seconds;    /* 0: 10 */
    uint32_t probe_mebibytes;  /* 0: 2048 */
} shs_dataset_options;

/* Collective. Opens `fields`, up to SHS_MAX_FIELDS names separated by commas
 * ("train/images,train/labels"), of an HDF5 file, read-only and without a file lock. Each field is
 * an array of plain numbers (8 to 64 bit integers, IEEE 754 half, single or double, any byte order)
 * with 1 … SHS_MAX_AXES axes; all have equally many rows. A field is read directly, by position,
 * if it lies contiguous or in chunks in one file, its filters can be undone (deflate, shuffle,
 * fletcher32 and, as the library was built, LZF, LZ4, Zstandard and Blosc), and some of its rows
 * are then those that HDF5 reads; otherwise through HDF5. Every rank opens the file by itself;
 * names, types and shapes must be the same on all. `options` may be NULL. On error *dataset is
 * NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_dataset_open(shs_run *run, const char *path,
                                                   const char *fields,
                                                   const shs_dataset_options *options,
                                                   shs_dataset **dataset);

/* Local. Accepts NULL and a pointer to NULL; leaves NULL. Close its loaders first. */
SHS_API void shs_dataset_close(shs_dataset **dataset);

/* Local. Samples, i.e. rows of each field. */
SHS_API uint64_t shs_dataset_samples(const shs_dataset *dataset);

/* Local. Number of fields. */
SHS_API size_t shs_dataset_fields(const shs_dataset *dataset);

/* Local. Name, type and shape of one sample of a field, data NULL; NULL for a field that is not
 * there. Borrowed until shs_dataset_close(). */
SHS_API const shs_tensor *shs_dataset_field(const shs_dataset *dataset, size_t field);

#ifdef __cplusplus
}
#endif

#endif
