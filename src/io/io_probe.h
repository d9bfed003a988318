/* A file tried out in a process of its own, which may die or hang of it in the caller's place. */
#ifndef IO_PROBE_H
#define IO_PROBE_H

#include <stdint.h>

#include "core_status.h"

struct io_probe {
    const char *program;   /* NULL: the one that io_program_find() finds */
    uint64_t milliseconds; /* that it may take; 0: 10,000 */
    uint32_t mebibytes;    /* of memory that it may use; 0: 2048 */
    bool one_sample_a_file;
    bool plugins; /* HDF5 may load plug-ins in that process */
};

/* Starts `shardstep probe` on a path, which opens `fields` (names separated by commas; NULL: all
 * datasets) as the caller is about to, without MPI and, unless they are allowed, without HDF5's
 * plug-ins, and waits for it. SHS_OK if it came to a good end; its own error if it had one;
 * SHS_ERROR_FORMAT if it crashed; SHS_ERROR_MEMORY if it took too much memory; SHS_ERROR_FILE if it
 * took too much time, was ended from outside, cannot be found or started or is another program.
 *
 * The process is gone on return, unless the system cannot end it (one that waits for a dead file
 * server, say). The program gets a SIGCHLD; whether it ignores that, or its handler takes the
 * process's end for itself, does not matter. `environ` must not change meanwhile. */
/* The hidden commands of shardstep. */
#define IO_PROBE              "probe"
#define IO_PROBE_WITH_PLUGINS "probe-with-plugins"

shs_status io_probe(const struct io_probe *probe, const char *path, const char *fields);

#endif
