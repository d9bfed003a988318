/* On which hosts the ranks are, and whether each host has its own copy of a file. */
#ifndef SCAN_HOSTS_H
#define SCAN_HOSTS_H

#include "io_host.h"
#include "mpi_run.h"

struct scan_hosts {
    char name[IO_HOST_BYTES]; /* of this rank's host */
    bool several;             /* the ranks are on more than one host */
    uint64_t *of;             /* a hash of each rank's host */
};

/* Collective. To be released by scan_hosts_free(), also on error. */
shs_status scan_hosts_find(shs_run *run, struct scan_hosts *hosts);

void scan_hosts_free(struct scan_hosts *hosts);

/* Those ranks that read the same copy of a file. */
struct scan_copy {
    int rank;        /* of this rank among them */
    int ranks;       /* how many they are */
    uint64_t copies; /* that all ranks together read */
};

/* Collective. A file on a disk of its host's own, or in its memory, is a copy for each host; a file
 * on a file system that hosts share, or on an unknown one, is the same for all. */
shs_status scan_hosts_copy(shs_run *run, const struct scan_hosts *hosts, const char *path,
                           struct scan_copy *copy);

/* Collective. Compares a number, which is 0 where it is not known, with rank 0's. *mine is
 * SHS_ERROR_DISAGREE on a rank whose number differs, with a message that names `what`, both numbers
 * and both hosts: the caller's to agree on. */
shs_status scan_hosts_compare(shs_run *run, const struct scan_hosts *hosts, uint64_t number,
                              const char *what, shs_status *mine);

#endif
