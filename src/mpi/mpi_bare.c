#include "mpi_bare.h"

#include "mpi_link.h"

const char *mpi_bare_missing(const shs_run *run)
{
    return run->transport ? NULL : "MPI does not run; start the command by mpirun";
}

shs_status mpi_bare_meet(shs_run *run)
{
    if (!run->transport) return SHS_OK;
    return mpi_check(MPI_Barrier(mpi_link_of(run->transport)->comm), "MPI_Barrier");
}

shs_status mpi_bare_sum(shs_run *run, float *numbers, size_t count, size_t at_once)
{
    if (!run->transport) return SHS_OK;
    MPI_Comm comm = mpi_link_of(run->transport)->comm;
    for (size_t at = 0; at < count; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        int code = MPI_Allreduce(MPI_IN_PLACE, numbers + at, (int)piece, MPI_FLOAT, MPI_SUM, comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Allreduce");
    }
    return SHS_OK;
}
