/* Plain data between the ranks of a communicator, in messages of at most MPI_LINK_PIECE bytes. */
#include "mpi_link.h"

shs_status mpi_link_agree(struct mpi_transport *transport, struct mpi_ballot *ballot)
{
    struct mpi_link *link = mpi_link_of(transport);
    return mpi_check(MPI_Allreduce(MPI_IN_PLACE, ballot, 1, link->ballot, link->agree, link->comm),
                     "MPI_Allreduce");
}

shs_status mpi_link_broadcast(struct mpi_transport *transport, int from, void *bytes, size_t count)
{
    MPI_Comm comm = mpi_link_of(transport)->comm;
    for (size_t at = 0; at < count; at += MPI_LINK_PIECE) {
        size_t piece = count - at < MPI_LINK_PIECE ? count - at : MPI_LINK_PIECE;
        int code = MPI_Bcast((char *)bytes + at, (int)piece, MPI_BYTE, from, comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Bcast");
    }
    return SHS_OK;
}

static shs_status reduce(MPI_Comm comm, uint64_t *numbers, size_t count, MPI_Datatype type,
                         MPI_Op operation)
{
    size_t at_once = MPI_LINK_PIECE / sizeof *numbers;
    for (size_t at = 0; at < count; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        int code = MPI_Allreduce(MPI_IN_PLACE, numbers + at, (int)piece, type, operation, comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Allreduce");
    }
    return SHS_OK;
}

shs_status mpi_link_sum(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    return reduce(mpi_link_of(transport)->comm, numbers, count, MPI_UINT64_T, MPI_SUM);
}

/* Flips the highest bit of each number. MPICH 4.0 compares MPI_UINT64_T as signed numbers (its
 * issue 6083). With the highest bit flipped, signed comparison gives the order of the unsigned
 * numbers. */
static void flip_signs(uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] ^= UINT64_C(1) << 63;
}

shs_status mpi_link_greatest_over(MPI_Comm comm, uint64_t *numbers, size_t count)
{
    flip_signs(numbers, count);
    shs_status status = reduce(comm, numbers, count, MPI_INT64_T, MPI_MAX);
    flip_signs(numbers, count);
    return status;
}

shs_status mpi_link_greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    return mpi_link_greatest_over(mpi_link_of(transport)->comm, numbers, count);
}

shs_status mpi_link_gather(struct mpi_transport *transport, const void *records, void *all,
                           const struct mpi_layout *layout)
{
    MPI_Comm comm = mpi_link_of(transport)->comm;
    MPI_Datatype record;
    int rank;
    MPI_Comm_rank(comm, &rank);
    int code = MPI_Type_contiguous((int)layout->record_bytes, MPI_BYTE, &record);
    if (code == MPI_SUCCESS) code = MPI_Type_commit(&record);
    if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Type_contiguous");
    code = MPI_Gatherv(records, layout->counts[rank], record, all, layout->counts, layout->starts,
                       record, 0, comm);
    MPI_Type_free(&record);
    return mpi_check(code, "MPI_Gatherv");
}

static shs_status send(MPI_Comm comm, const char *bytes, uint64_t count)
{
    int code = MPI_Send(&count, 1, MPI_UINT64_T, 0, 0, comm);
    for (uint64_t at = 0; at < count && code == MPI_SUCCESS; at += MPI_LINK_PIECE) {
        uint64_t piece = count - at < MPI_LINK_PIECE ? count - at : MPI_LINK_PIECE;
        code = MPI_Send(bytes + at, (int)piece, MPI_BYTE, 0, 0, comm);
    }
    return mpi_check(code, "MPI_Send");
}

static shs_status receive(MPI_Comm comm, int rank, char *room, uint64_t *count)
{
    int code = MPI_Recv(count, 1, MPI_UINT64_T, rank, 0, comm, MPI_STATUS_IGNORE);
    for (uint64_t at = 0; code == MPI_SUCCESS && at < *count; at += MPI_LINK_PIECE) {
        uint64_t piece = *count - at < MPI_LINK_PIECE ? *count - at : MPI_LINK_PIECE;
        code = MPI_Recv(room + at, (int)piece, MPI_BYTE, rank, 0, comm, MPI_STATUS_IGNORE);
    }
    return mpi_check(code, "MPI_Recv");
}

shs_status mpi_link_in_order(struct mpi_transport *transport, const void *bytes, size_t count,
                             void *room, mpi_take *take, void *user)
{
    MPI_Comm comm = mpi_link_of(transport)->comm;
    int own = 0, ranks = 1;
    MPI_Comm_rank(comm, &own);
    MPI_Comm_size(comm, &ranks);
    if (own) return send(comm, bytes, count);
    shs_status status = take(user, bytes, count);
    for (int rank = 1; rank < ranks; rank++) {
        uint64_t received;
        shs_status got = receive(comm, rank, room, &received);
        if (got) return got;
        if (!status) status = take(user, room, received);
    }
    return status;
}
