/* What is to be written of a checkpoint after HDF5 has laid out its file. It needs neither HDF5 nor
 * MPI, and a thread may do it. For rank 0. */
#ifndef TRAIN_JOB_H
#define TRAIN_JOB_H

#include "train_file.h"

struct train_job {
    char *path;               /* the file that is written, under its temporary name */
    struct train_state state; /* borrowed; the elements are little-endian */
    struct train_labels labels;
    struct train_layout layout;
    char checksum[CORE_DIGEST_TEXT]; /* of the file's bytes, once it is written */
};

void train_job_free(struct train_job *job);

/* Local. Has HDF5 lay out the file job->path. Path, state and labels are set. */
shs_status train_job_begin(struct train_job *job);

/* Local, in any thread. Writes the file to stable storage, and sets job->checksum. */
shs_status train_job_do(struct train_job *job);

#endif
