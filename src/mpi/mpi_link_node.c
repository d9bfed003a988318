/* The ranks of one node, which can share memory. */
#include "mpi_link.h"

static shs_status find(struct mpi_transport *transport, int *rank, int *ranks)
{
    struct mpi_link *link = mpi_link_of(transport);
    int order = 0;
    MPI_Comm_rank(link->comm, &order);
    int code =
        MPI_Comm_split_type(link->comm, MPI_COMM_TYPE_SHARED, order, MPI_INFO_NULL, &link->node);
    if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Comm_split_type");
    MPI_Comm_set_errhandler(link->node, MPI_ERRORS_RETURN);
    MPI_Comm_rank(link->node, rank);
    MPI_Comm_size(link->node, ranks);
    return SHS_OK;
}

static shs_status greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    return mpi_link_greatest_over(mpi_link_of(transport)->node, numbers, count);
}

static shs_status broadcast(struct mpi_transport *transport, void *bytes, size_t count)
{
    MPI_Comm node = mpi_link_of(transport)->node;
    return mpi_check(MPI_Bcast(bytes, (int)count, MPI_BYTE, 0, node), "MPI_Bcast");
}

const struct mpi_node_way mpi_link_node = {find, greatest, broadcast};
