/* The ranks of one node, which can share memory. */
#include "mpi_link.h"

static shs_status find(struct mpi_transport *transport, int *rank, int *ranks)
{
    struct mpi_link *link = mpi_link_of(transport);
    int order = 0;
    MPI_Request request;
    /* MPI has no split that does not block. Where every rank has come, it does not wait long. */
    int code = MPI_Ibarrier(link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Ibarrier");
    if (status) return status;
    MPI_Comm_rank(link->comm, &order);
    code = MPI_Comm_split_type(link->comm, MPI_COMM_TYPE_SHARED, order, MPI_INFO_NULL, &link->node);
    status = mpi_watch_broken(link->run, mpi_check(code, "MPI_Comm_split_type"));
    if (status) return status;
    MPI_Comm_set_errhandler(link->node, MPI_ERRORS_RETURN);
    MPI_Comm_rank(link->node, rank);
    MPI_Comm_size(link->node, ranks);
    return SHS_OK;
}

static shs_status greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    struct mpi_link *link = mpi_link_of(transport);
    return mpi_link_greatest_over(link, link->node, numbers, count);
}

static shs_status broadcast(struct mpi_transport *transport, void *bytes, size_t count)
{
    struct mpi_link *link = mpi_link_of(transport);
    return mpi_link_broadcast_over(link, link->node, 0, bytes, count);
}

const struct mpi_node_way mpi_link_node = {find, greatest, broadcast};
