/* MPI_Allreduce as a program without this library would call it, for comparisons. */
#ifndef MPI_BARE_H
#define MPI_BARE_H

#include "mpi_run.h"

/* Local. Returns NULL if MPI joins the ranks of the run, or else the reason why the functions below
 * do nothing. */
const char *mpi_bare_missing(const shs_run *run);

/* Collective. Waits until every rank has come here. */
shs_status mpi_bare_meet(shs_run *run);

/* Collective. Replaces each float by its sum over all ranks, in place. A call of MPI_Allreduce
 * takes at most `at_once` floats, which an int can count. */
shs_status mpi_bare_sum(shs_run *run, float *numbers, size_t count, size_t at_once);

#endif
