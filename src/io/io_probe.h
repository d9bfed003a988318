/* Tries a file out in a process of its own. That process may crash or hang, and the caller goes on.
 */
#ifndef IO_PROBE_H
#define IO_PROBE_H

#include <stdint.h>

#include "core_status.h"

struct io_probe {
    const char *program;   /* path of the program; NULL: the program that io_program_find() finds */
    uint64_t milliseconds; /* limit of time; 0 means 10,000 */
    uint32_t mebibytes;    /* limit of memory; 0 means 2,048 */
    bool one_sample_a_file;
    bool plugins; /* true if HDF5 may load plug-ins in the process */
    bool cf;      /* true if packed numbers are unpacked */
};

/* Names of the program's hidden commands. */
#define IO_PROBE              "probe"
#define IO_PROBE_WITH_PLUGINS "probe-with-plugins"

/* The words behind the fields that say how they are opened. */
#define IO_PROBE_ONE_SAMPLE "one-sample-a-file"
#define IO_PROBE_CF         "cf"

/* Starts `shardstep probe` on a path, and waits for it. It opens `fields` (names separated by
 * commas; NULL: all arrays) as the caller is about to open them. It runs without MPI and, unless
 * they are allowed, without HDF5's plug-ins.
 *
 * Returns SHS_OK if the process came to a good end, and the process's own error if it reported an
 * error. A crash is SHS_ERROR_FORMAT. Too much memory is SHS_ERROR_MEMORY. A process that took too
 * much time, was ended from outside, cannot be found or started, or is another program, is
 * SHS_ERROR_FILE.
 *
 * The process is gone on return, unless the system cannot end it, as when it waits for a dead file
 * server. The calling program receives SIGCHLD. It may ignore the signal, or take the process's end
 * in its handler. `environ` must not change during the call. */
shs_status io_probe(const struct io_probe *probe, const char *path, const char *fields);

#endif
