/* Tells on which hosts the ranks are, and whether each host has a copy of its own of a file. */
#ifndef SCAN_HOSTS_H
#define SCAN_HOSTS_H

#include "io_host.h"
#include "mpi_run.h"

struct scan_hosts {
    char name[IO_HOST_BYTES]; /* name of this rank's host */
    bool several;             /* true if the ranks are on more than one host */
    uint64_t *of;             /* for each rank a hash of its host */
};

/* Collective. Finds the hosts of all ranks. The caller releases them with scan_hosts_free(), also
 * after an error. */
shs_status scan_hosts_find(shs_run *run, struct scan_hosts *hosts);

void scan_hosts_free(struct scan_hosts *hosts);

/* The ranks that read the same copy of a file. */
struct scan_copy {
    int rank;        /* number of this rank among them */
    int ranks;       /* how many they are */
    uint64_t copies; /* copies that all ranks together read */
};

/* Collective. Finds which ranks share a copy of a file. A file on a host's own disk or in its
 * memory is a copy for each host. A file on a file system that hosts share, or on an unknown file
 * system, is the same for all. */
shs_status scan_hosts_copy(shs_run *run, const struct scan_hosts *hosts, const char *path,
                           struct scan_copy *copy);

/* Collective. Compares a number, which is 0 if unknown, with rank 0's. *mine is SHS_ERROR_DISAGREE
 * on a rank whose number differs, with a message that names `what`, both numbers and both hosts.
 * The caller must then agree on *mine. */
shs_status scan_hosts_compare(shs_run *run, const struct scan_hosts *hosts, uint64_t number,
                              const char *what, shs_status *mine);

#endif
