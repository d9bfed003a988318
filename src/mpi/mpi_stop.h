/* Requests to stop that this rank has received. An agreement takes them to all ranks. */
#ifndef MPI_STOP_H
#define MPI_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/status.h"

struct shs_run;
struct shs_run_options;

enum {
    MPI_STOP_SIGNALS = 3
};

/* What asks a run to stop. Zeroed: only a call does. */
struct mpi_stops {
    bool asked;   /* a call has asked */
    size_t count; /* signals that ask */
    struct {
        int number;
        uint64_t before; /* signals that came before the run was opened */
    } signals[MPI_STOP_SIGNALS];

    uint64_t began; /* core_clock() when the run was opened */
    double seconds; /* seconds from then on; 0: no such limit */
    bool has_end;
    double end; /* seconds since 1970 */
};

/* Local. Makes the signals of the options requests to stop, and notes the times. SHS_ERROR_ARGUMENT
 * if the system cannot handle stop_signal, for seconds out of range, and for a time in the
 * environment that is no number. */
shs_status mpi_stop_install(struct shs_run *run, const struct shs_run_options *options);

/* Local. Puts the program's own handlers of the run's signals back. */
void mpi_stop_remove(struct shs_run *run);

/* Local. True once a call, a signal or the time has asked this rank to stop. */
bool mpi_stop_asked(const struct shs_run *run);

#endif
