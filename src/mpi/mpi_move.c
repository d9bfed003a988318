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

shs_status mpi_gathering_new(const shs_run *run, struct mpi_gathering *gathering)
{
    uint64_t ranks = (uint64_t)run->ranks;
    *gathering = (struct mpi_gathering){0};
    if (!run->transport) return SHS_OK;
    shs_status status =
        core_new(ranks, sizeof *gathering->counts, "counts of records", &gathering->counts);
    if (!status)
        status =
            core_new(ranks, sizeof *gathering->starts, "positions of records", &gathering->starts);
    for (uint64_t rank = 0; rank < ranks && !status; rank++) {
        uint64_t groups = mpi_groups(run), number = rank / run->group;
        int start = (int)order_first_vrank(run->vranks, groups, number);
        gathering->starts[rank] = start;
        if (rank % run->group) continue; /* member 0 brings the records of its group */
        gathering->counts[rank] = (int)order_first_vrank(run->vranks, groups, number + 1) - start;
    }
    return status;
}

void mpi_gathering_free(struct mpi_gathering *gathering)
{
    core_free(&gathering->counts);
    core_free(&gathering->starts);
}

shs_status mpi_gather(shs_run *run, const struct mpi_gathering *gathering, const void *records,
                      size_t record_bytes, void *all)
{
    if (run->transport)
        return run->transport->gather(
            run->transport, records, all,
            &(struct mpi_layout){gathering->counts, gathering->starts, record_bytes});
    memcpy(all, records, run->hosted * record_bytes);
    return SHS_OK;
}

shs_status mpi_gather_vranks(shs_run *run, const void *records, size_t record_bytes, void *all)
{
    struct mpi_gathering gathering;
    shs_status status = mpi_gathering_new(run, &gathering);
    /* A rank without memory must not leave the others waiting in the gather. */
    if (run->transport)
        status = mpi_agree(run, status, "gathering %zu bytes a virtual rank", record_bytes);
    if (!status) status = mpi_gather(run, &gathering, records, record_bytes, all);
    mpi_gathering_free(&gathering);
    return status;
}

shs_status mpi_in_order(shs_run *run, const void *bytes, size_t count, void *room, mpi_take *take,
                        void *user)
{
    if (!run->transport) return take(user, bytes, count);
    return run->transport->in_order(run->transport, bytes, count, room, take, user);
}
