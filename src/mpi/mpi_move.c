/* Plain data between the ranks of a run. A run of one rank needs no transport for it. */
#include <string.h>

#include "core_memory.h"
#include "mpi_transport.h"
#include "order_tree.h"

shs_status mpi_broadcast(shs_run *run, void *bytes, size_t count)
{
    return mpi_broadcast_from(run, 0, bytes, count);
}

shs_status mpi_broadcast_from(shs_run *run, int from, void *bytes, size_t count)
{
    if (!run->transport) return SHS_OK;
    return run->transport->broadcast(run->transport, from, bytes, count);
}

shs_status mpi_sum(shs_run *run, uint64_t *numbers, size_t count)
{
    if (!run->transport) return SHS_OK;
    return run->transport->sum(run->transport, numbers, count);
}

shs_status mpi_greatest(shs_run *run, uint64_t *numbers, size_t count)
{
    if (!run->transport) return SHS_OK;
    return run->transport->greatest(run->transport, numbers, count);
}

shs_status mpi_gather_vranks(shs_run *run, const void *records, size_t record_bytes, void *all)
{
    int *counts = NULL, *starts = NULL;
    uint64_t ranks = (uint64_t)run->ranks;
    if (!run->transport) {
        memcpy(all, records, run->hosted * record_bytes);
        return SHS_OK;
    }
    shs_status status = core_new(ranks, sizeof *counts, "counts of records", &counts);
    if (!status) status = core_new(ranks, sizeof *starts, "positions of records", &starts);
    for (uint64_t rank = 0; rank < ranks && !status; rank++) {
        uint64_t groups = mpi_groups(run), number = rank / run->group;
        starts[rank] = (int)order_first_vrank(run->vranks, groups, number);
        if (rank % run->group) continue; /* member 0 brings the records of its group */
        counts[rank] = (int)order_first_vrank(run->vranks, groups, number + 1) - starts[rank];
    }
    /* A rank without memory must not leave the others waiting in the gather. */
    status = mpi_agree(run, status, "gathering %zu bytes a virtual rank", record_bytes);
    if (!status)
        status = run->transport->gather(run->transport, records, all,
                                        &(struct mpi_layout){counts, starts, record_bytes});
    core_free(&counts);
    core_free(&starts);
    return status;
}

shs_status mpi_in_order(shs_run *run, const void *bytes, size_t count, void *room, mpi_take *take,
                        void *user)
{
    if (!run->transport) return take(user, bytes, count);
    return run->transport->in_order(run->transport, bytes, count, room, take, user);
}
