/* On which hosts the ranks are, and whether each host has its own copy of a file. */
#ifndef RUN_HOSTS_H
#define RUN_HOSTS_H

#include "io_file.h"
#include "mpi_run.h"

struct run_hosts {
    char name[IO_HOST_BYTES]; /* of this rank's host */
    bool several;             /* the ranks are on more than one host */
    uint64_t *of;             /* a hash of each rank's host */
};

/* Collective. To be released by run_hosts_free(), also on error. */
shs_status run_hosts_find(shs_run *run, struct run_hosts *hosts);

void run_hosts_free(struct run_hosts *hosts);

/* Those ranks that read the same copy of a file. */
struct run_copy {
    int rank;        /* of this rank among them */
    int ranks;       /* how many they are */
    uint64_t copies; /* that all ranks together read */
};

/* Collective. A file on a disk of its host's own, or in its memory, is a copy for each host; a file
 * on a file system that hosts share, or on an unknown one, is the same for all. */
shs_status run_hosts_copy(shs_run *run, const struct run_hosts *hosts, const char *path,
                          struct run_copy *copy);

/* Collective. Compares a number, which is 0 where it is not known, with rank 0's. *mine is
 * SHS_ERROR_DISAGREE on a rank whose number differs, with a message that names `what`, both numbers
 * and both hosts: the caller's to agree on. */
shs_status run_hosts_compare(shs_run *run, const struct run_hosts *hosts, uint64_t number,
                             const char *what, shs_status *mine);

#endif
