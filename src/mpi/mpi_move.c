/* Moving plain data between ranks. */
#include <string.h>

#include "core_memory.h"
#include "mpi_link.h"
#include "order_tree.h"

shs_status mpi_broadcast(shs_run *run, void *bytes, size_t count)
{
    for (size_t at = 0; run->link && at < count; at += MPI_LINK_PIECE) {
        size_t piece = count - at < MPI_LINK_PIECE ? count - at : MPI_LINK_PIECE;
        int code = MPI_Bcast((char *)bytes + at, (int)piece, MPI_BYTE, 0, run->link->comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Bcast");
    }
    return SHS_OK;
}

static shs_status reduce(shs_run *run, void *numbers, size_t count, MPI_Datatype type,
                         MPI_Op operation)
{
    size_t at_once = MPI_LINK_PIECE / sizeof(uint64_t);
    for (size_t at = 0; run->link && at < count; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        int code = MPI_Allreduce(MPI_IN_PLACE, (uint64_t *)numbers + at, (int)piece, type,
                                 operation, run->link->comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Allreduce");
    }
    return SHS_OK;
}

shs_status mpi_sum(shs_run *run, uint64_t *numbers, size_t count)
{
    return reduce(run, numbers, count, MPI_UINT64_T, MPI_SUM);
}

/* MPICH 4.0 compares MPI_UINT64_T as signed numbers (its issue 6083). With the highest bit turned,
 * signed numbers have the order of the unsigned ones. */
static void turn_signs(uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] ^= UINT64_C(1) << 63;
}

shs_status mpi_greatest(shs_run *run, uint64_t *numbers, size_t count)
{
    turn_signs(numbers, count);
    shs_status status = reduce(run, numbers, count, MPI_INT64_T, MPI_MAX);
    turn_signs(numbers, count);
    return status;
}

static shs_status gather(shs_run *run, const void *records, size_t record_bytes, void *all,
                         MPI_Datatype record)
{
    int *counts = NULL, *starts = NULL;
    uint64_t ranks = (uint64_t)run->ranks;
    shs_status status = core_new(ranks, sizeof *counts, "counts of records", &counts);
    if (!status) status = core_new(ranks, sizeof *starts, "places of records", &starts);
    for (uint64_t rank = 0; rank < ranks && !status; rank++) {
        starts[rank] = (int)order_first_vrank(run->vranks, ranks, rank);
        counts[rank] = (int)order_first_vrank(run->vranks, ranks, rank + 1) - starts[rank];
    }
    /* a rank without memory must not leave the others waiting in the gather */
    status = mpi_agree(run, status, "gathering %zu bytes a virtual rank", record_bytes);
    if (!status)
        status = mpi_check(MPI_Gatherv(records, (int)run->hosted, record, all, counts, starts,
                                       record, 0, run->link->comm),
                           "MPI_Gatherv");
    core_free(&counts);
    core_free(&starts);
    return status;
}

shs_status mpi_gather_vranks(shs_run *run, const void *records, size_t record_bytes, void *all)
{
    MPI_Datatype record;
    if (!run->link) {
        memcpy(all, records, run->hosted * record_bytes);
        return SHS_OK;
    }
    int code = MPI_Type_contiguous((int)record_bytes, MPI_BYTE, &record);
    if (code == MPI_SUCCESS) code = MPI_Type_commit(&record);
    if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Type_contiguous");
    shs_status status = gather(run, records, record_bytes, all, record);
    MPI_Type_free(&record);
    return status;
}

static shs_status send(const shs_run *run, const char *bytes, uint64_t count)
{
    int code = MPI_Send(&count, 1, MPI_UINT64_T, 0, 0, run->link->comm);
    for (uint64_t at = 0; at < count && code == MPI_SUCCESS; at += MPI_LINK_PIECE) {
        uint64_t piece = count - at < MPI_LINK_PIECE ? count - at : MPI_LINK_PIECE;
        code = MPI_Send(bytes + at, (int)piece, MPI_BYTE, 0, 0, run->link->comm);
    }
    return mpi_check(code, "MPI_Send");
}

static shs_status receive(const shs_run *run, int rank, char *room, uint64_t *count)
{
    int code = MPI_Recv(count, 1, MPI_UINT64_T, rank, 0, run->link->comm, MPI_STATUS_IGNORE);
    for (uint64_t at = 0; code == MPI_SUCCESS && at < *count; at += MPI_LINK_PIECE) {
        uint64_t piece = *count - at < MPI_LINK_PIECE ? *count - at : MPI_LINK_PIECE;
        code =
            MPI_Recv(room + at, (int)piece, MPI_BYTE, rank, 0, run->link->comm, MPI_STATUS_IGNORE);
    }
    return mpi_check(code, "MPI_Recv");
}

shs_status mpi_in_order(shs_run *run, const void *bytes, size_t count, void *room,
                        shs_status (*take)(void *user, const void *bytes, size_t count), void *user)
{
    if (run->rank) return send(run, bytes, count);
    shs_status status = take(user, bytes, count);
    for (int rank = 1; rank < run->ranks; rank++) {
        uint64_t received;
        shs_status got = receive(run, rank, room, &received);
        if (got) return got;
        if (!status) status = take(user, room, received);
    }
    return status;
}

static shs_status sum_in_pieces(shs_run *run, void *elements, size_t count, size_t size,
                                MPI_Datatype type)
{
    size_t at_once = MPI_LINK_PIECE / size;
    for (size_t at = 0; at < count; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        int code = MPI_Allreduce(MPI_IN_PLACE, (char *)elements + at * size, (int)piece, type,
                                 MPI_SUM, run->link->comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Allreduce");
    }
    return SHS_OK;
}

shs_status mpi_sum_fast(shs_run *run, float *floats, size_t n_floats, double *doubles,
                        size_t n_doubles)
{
    if (!run->link) return SHS_OK;
    shs_status status = sum_in_pieces(run, floats, n_floats, sizeof *floats, MPI_FLOAT);
    if (!status) status = sum_in_pieces(run, doubles, n_doubles, sizeof *doubles, MPI_DOUBLE);
    return status;
}
