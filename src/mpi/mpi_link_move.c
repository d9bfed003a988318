/* Plain data between the ranks of a communicator, in messages of at most MPI_LINK_PIECE bytes. */
#include "mpi_link.h"

shs_status mpi_link_agree(struct mpi_transport *transport, struct mpi_ballot *ballot)
{
    struct mpi_link *link = mpi_link_of(transport);
    MPI_Request request;
    void *room = mpi_link_room(link, ballot, sizeof *ballot);
    int code =
        MPI_Iallreduce(MPI_IN_PLACE, room, 1, link->ballot, link->agree, link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Iallreduce");
    if (!status) mpi_link_room_to(link, ballot, sizeof *ballot);
    return status;
}

shs_status mpi_link_broadcast_over(struct mpi_link *link, MPI_Comm comm, int from, void *bytes,
                                   size_t count)
{
    shs_status status = SHS_OK;
    char *room = mpi_link_room(link, bytes, count);
    for (size_t at = 0; at < count && !status; at += MPI_LINK_PIECE) {
        size_t piece = count - at < MPI_LINK_PIECE ? count - at : MPI_LINK_PIECE;
        MPI_Request request;
        int code = MPI_Ibcast(room + at, (int)piece, MPI_BYTE, from, comm, &request);
        status = mpi_link_wait(link->run, code, &request, "MPI_Ibcast");
    }
    if (!status) mpi_link_room_to(link, bytes, count);
    return status;
}

shs_status mpi_link_broadcast(struct mpi_transport *transport, int from, void *bytes, size_t count)
{
    struct mpi_link *link = mpi_link_of(transport);
    return mpi_link_broadcast_over(link, link->comm, from, bytes, count);
}

static shs_status reduce(struct mpi_link *link, MPI_Comm comm, uint64_t *numbers, size_t count,
                         MPI_Datatype type, MPI_Op operation)
{
    size_t at_once = MPI_LINK_PIECE / sizeof *numbers, bytes = count * sizeof *numbers;
    shs_status status = SHS_OK;
    uint64_t *room = mpi_link_room(link, numbers, bytes);
    for (size_t at = 0; at < count && !status; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        MPI_Request request;
        int code =
            MPI_Iallreduce(MPI_IN_PLACE, room + at, (int)piece, type, operation, comm, &request);
        status = mpi_link_wait(link->run, code, &request, "MPI_Iallreduce");
    }
    if (!status) mpi_link_room_to(link, numbers, bytes);
    return status;
}

shs_status mpi_link_sum(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    struct mpi_link *link = mpi_link_of(transport);
    return reduce(link, link->comm, numbers, count, MPI_UINT64_T, MPI_SUM);
}

shs_status mpi_link_add(struct mpi_transport *transport, bool doubles, void *elements, size_t count)
{
    struct mpi_link *link = mpi_link_of(transport);
    MPI_Request request;
    /* MPI_Iallreduce would be under the watch, but takes 1.4 to 2.1 times as long for 256 KiB to 4
     * MiB on two ranks (Open MPI 4.1), in one call and in pieces that overlap. Where every rank has
     * come, MPI_Allreduce does not wait long. context.h says what is left, under WAITING. */
    int code = MPI_Ibarrier(link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Ibarrier");
    if (status) return status;
    code = MPI_Allreduce(MPI_IN_PLACE, elements, (int)count, doubles ? MPI_DOUBLE : MPI_FLOAT,
                         MPI_SUM, link->comm);
    return mpi_watch_broken(link->run, mpi_check(code, "MPI_Allreduce"));
}

/* Flips the highest bit of each number. MPICH 4.0 compares MPI_UINT64_T as signed numbers (its
 * issue 6083). With the highest bit flipped, signed comparison gives the order of the unsigned
 * numbers. */
static void flip_signs(uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] ^= UINT64_C(1) << 63;
}

shs_status mpi_link_greatest_over(struct mpi_link *link, MPI_Comm comm, uint64_t *numbers,
                                  size_t count)
{
    flip_signs(numbers, count);
    shs_status status = reduce(link, comm, numbers, count, MPI_INT64_T, MPI_MAX);
    flip_signs(numbers, count);
    return status;
}

shs_status mpi_link_greatest(struct mpi_transport *transport, uint64_t *numbers, size_t count)
{
    struct mpi_link *link = mpi_link_of(transport);
    return mpi_link_greatest_over(link, link->comm, numbers, count);
}

shs_status mpi_link_gather(struct mpi_transport *transport, const void *records, void *all,
                           const struct mpi_layout *layout)
{
    struct mpi_link *link = mpi_link_of(transport);
    MPI_Datatype record;
    MPI_Request request;
    int rank;
    MPI_Comm_rank(link->comm, &rank);
    int code = MPI_Type_contiguous((int)layout->record_bytes, MPI_BYTE, &record);
    if (code == MPI_SUCCESS) code = MPI_Type_commit(&record);
    if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Type_contiguous");
    code = MPI_Igatherv(records, layout->counts[rank], record, all, layout->counts, layout->starts,
                        record, 0, link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Igatherv");
    MPI_Type_free(&record);
    return status;
}

static shs_status send(struct mpi_link *link, const char *bytes, uint64_t count)
{
    MPI_Request request;
    uint64_t *room = mpi_link_room(link, &count, sizeof count);
    int code = MPI_Isend(room, 1, MPI_UINT64_T, 0, 0, link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Isend");
    for (uint64_t at = 0; at < count && !status; at += MPI_LINK_PIECE) {
        uint64_t piece = count - at < MPI_LINK_PIECE ? count - at : MPI_LINK_PIECE;
        code = MPI_Isend(bytes + at, (int)piece, MPI_BYTE, 0, 0, link->comm, &request);
        status = mpi_link_wait(link->run, code, &request, "MPI_Isend");
    }
    return status;
}

static shs_status receive(struct mpi_link *link, int rank, char *bytes, uint64_t *count)
{
    MPI_Request request;
    uint64_t *room = mpi_link_room(link, count, sizeof *count);
    int code = MPI_Irecv(room, 1, MPI_UINT64_T, rank, 0, link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Irecv");
    if (!status) mpi_link_room_to(link, count, sizeof *count);
    for (uint64_t at = 0; !status && at < *count; at += MPI_LINK_PIECE) {
        uint64_t piece = *count - at < MPI_LINK_PIECE ? *count - at : MPI_LINK_PIECE;
        code = MPI_Irecv(bytes + at, (int)piece, MPI_BYTE, rank, 0, link->comm, &request);
        status = mpi_link_wait(link->run, code, &request, "MPI_Irecv");
    }
    return status;
}

shs_status mpi_link_in_order(struct mpi_transport *transport, const void *bytes, size_t count,
                             void *room, mpi_take *take, void *user)
{
    struct mpi_link *link = mpi_link_of(transport);
    int own = 0, ranks = 1;
    MPI_Comm_rank(link->comm, &own);
    MPI_Comm_size(link->comm, &ranks);
    if (own) return send(link, bytes, count);
    shs_status status = take(user, bytes, count);
    for (int rank = 1; rank < ranks; rank++) {
        uint64_t received = 0;
        shs_status got = receive(link, rank, room, &received);
        if (got) return got;
        if (!status) status = take(user, room, received);
    }
    return status;
}
