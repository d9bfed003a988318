/* The sum of floats and doubles by MPI_Allreduce, in its own order. */
#include "mpi_link.h"

static shs_status sum_in_pieces(shs_run *run, void *elements, size_t count, size_t size,
                                MPI_Datatype type)
{
    size_t at_once = MPI_LINK_PIECE / size;
    for (size_t at = 0; at < count; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        int code = MPI_Allreduce(MPI_IN_PLACE, (char *)elements + at * size, (int)piece, type,
                                 MPI_SUM, mpi_link_of(run->transport)->comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Allreduce");
    }
    return SHS_OK;
}

shs_status mpi_sum_fast(shs_run *run, float *floats, size_t n_floats, double *doubles,
                        size_t n_doubles)
{
    if (!run->transport) return SHS_OK;
    shs_status status = sum_in_pieces(run, floats, n_floats, sizeof *floats, MPI_FLOAT);
    if (!status) status = sum_in_pieces(run, doubles, n_doubles, sizeof *doubles, MPI_DOUBLE);
    return status;
}
