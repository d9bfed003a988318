/* The fast sum: MPI_Allreduce chooses the order of additions. */
#include "mpi_link.h"
#include "mpi_sum_way.h"

static shs_status begin_fast(struct mpi_sum *sum)
{
    (void)sum;
    return SHS_OK;
}

static void end_fast(struct mpi_sum *sum)
{
    (void)sum;
}

static shs_status sum_in_pieces(MPI_Comm comm, void *elements, size_t count, size_t size,
                                MPI_Datatype type)
{
    size_t at_once = MPI_LINK_PIECE / size;
    for (size_t at = 0; at < count; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        int code = MPI_Allreduce(MPI_IN_PLACE, (char *)elements + at * size, (int)piece, type,
                                 MPI_SUM, comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Allreduce");
    }
    return SHS_OK;
}

static shs_status mean_fast(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean)
{
    MPI_Comm comm = mpi_link_of(sum->run->transport)->comm;
    *mean = sum->total;
    shs_status status =
        sum_in_pieces(comm, mean->floats, sum->n_floats, sizeof *mean->floats, MPI_FLOAT);
    if (!status)
        status =
            sum_in_pieces(comm, mean->doubles, sum->n_doubles, sizeof *mean->doubles, MPI_DOUBLE);
    if (!status) mpi_sum_divide(sum, *mean, rows);
    return status;
}

const struct mpi_sum_way mpi_sum_fast = {begin_fast, end_fast, mean_fast};
