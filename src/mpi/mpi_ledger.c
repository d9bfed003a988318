/* The verdict on an ended epoch: the rows that all ranks delivered, compared with the rows due. */
#include <stdio.h>
#include <string.h>

#include "mpi_run.h"

static const uint64_t CHECK = UINT64_C(1) << 40; /* a check that waits, among epochs that wait */

static void forget(struct mpi_member *member)
{
    member->ended = 0;
    member->delivered = member->due = (struct order_ledger){0};
}

static bool is_as_due(const struct mpi_member *member, const struct order_ledger *all)
{
    if (all->count != member->due.count) return false;
    return member->counts_only ||
           (all->sum == member->due.sum && all->squares == member->due.squares);
}

static shs_status refuse(shs_run *run, struct mpi_member *member, const struct order_ledger *all)
{
    char message[CORE_MESSAGE_BYTES];
    snprintf(
        message, sizeof message,
        "epoch %llu of the run's loader %llu: rows were lost or repeated: %llu were delivered, "
        "%llu were due%s; this is a defect: report it with the options of the run",
        (ull)member->ended_epoch, (ull)member->id, (ull)all->count, (ull)member->due.count,
        all->count == member->due.count ? ", but others" : "");
    memcpy(member->failure, message, sizeof message);
    member->failed = SHS_ERROR_ORDER;
    member->failed_at = member->begun;
    return core_tell(SHS_ERROR_ORDER, message, run->rank == 0, true);
}

/* Collective. Judges a member's ended epochs. Every rank has the same sums, and so comes to the
 * same verdict. */
static shs_status judge(shs_run *run, struct mpi_member *member)
{
    uint64_t sums[3] = {member->delivered.count, member->delivered.sum, member->delivered.squares};
    shs_status status = mpi_sum(run, sums, 3);
    if (status) return status;
    struct order_ledger all = {sums[0], sums[1], sums[2]};
    status = is_as_due(member, &all) ? SHS_OK : refuse(run, member, &all);
    member->verified += status ? 0 : member->ended;
    forget(member);
    return status;
}

/* Collective. */
static shs_status check(struct mpi_member *member)
{
    shs_status status = member->check(member->check_user);
    member->check = NULL;
    if (status) {
        member->failed = status;
        member->failed_at = member->begun;
        memcpy(member->failure, shs_message(), strlen(shs_message()) + 1);
    }
    return status;
}

uint64_t mpi_ledgers_ended(const shs_run *run)
{
    uint64_t ended = 0;
    for (const struct mpi_member *member = run->members; member; member = member->next)
        ended += member->ended * (member->id + 1) + (member->check ? CHECK * (member->id + 1) : 0);
    return ended;
}

shs_status mpi_ledgers_judge(shs_run *run)
{
    shs_status status = SHS_OK;
    for (struct mpi_member *member = run->members; member && !status; member = member->next)
        if (member->ended) status = judge(run, member);
    for (struct mpi_member *member = run->members; member && !status; member = member->next)
        if (member->check) status = check(member);
    return status;
}

void mpi_ledger_end(struct mpi_member *member, uint64_t epoch, const struct order_ledger *delivered,
                    const struct order_ledger *due)
{
    member->ended++;
    member->ended_epoch = epoch;
    order_ledger_join(&member->delivered, delivered);
    order_ledger_join(&member->due, due);
}
