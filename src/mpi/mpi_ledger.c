/* Epochs that have ended are judged: what all ranks delivered, against what they had to. */
#include <stdio.h>
#include <string.h>

#include "mpi_run.h"

static void forget(struct mpi_watch *watch)
{
    watch->ended = 0;
    watch->delivered = watch->due = (struct order_ledger){0};
}

static bool as_due(const struct mpi_watch *watch, const struct order_ledger *all)
{
    if (all->count != watch->due.count) return false;
    return watch->counts_only || (all->sum == watch->due.sum && all->squares == watch->due.squares);
}

static shs_status refuse(shs_run *run, struct mpi_watch *watch, const struct order_ledger *all)
{
    char message[CORE_MESSAGE_BYTES];
    snprintf(
        message, sizeof message,
        "epoch %llu of the run's loader %llu: rows were lost or repeated: %llu were delivered, "
        "%llu were due%s; this is a defect: report it with the options of the run",
        (ull)watch->ended_epoch, (ull)watch->id, (ull)all->count, (ull)watch->due.count,
        all->count == watch->due.count ? ", but others" : "");
    memcpy(watch->failure, message, sizeof message);
    watch->failed = SHS_ERROR_ORDER;
    return core_tell(SHS_ERROR_ORDER, message, run->rank == 0, true);
}

/* The same sums, and so the same verdict, on every rank. */
static shs_status judge(shs_run *run, struct mpi_watch *watch)
{
    uint64_t sums[3] = {watch->delivered.count, watch->delivered.sum, watch->delivered.squares};
    shs_status status = mpi_sum(run, sums, 3);
    if (status) return status;
    struct order_ledger all = {sums[0], sums[1], sums[2]};
    status = as_due(watch, &all) ? SHS_OK : refuse(run, watch, &all);
    watch->verified += status ? 0 : watch->ended;
    forget(watch);
    return status;
}

uint64_t mpi_ledgers_ended(const shs_run *run)
{
    uint64_t ended = 0;
    for (const struct mpi_watch *watch = run->watches; watch; watch = watch->next)
        ended += watch->ended * (watch->id + 1);
    return ended;
}

shs_status mpi_ledgers_judge(shs_run *run)
{
    shs_status status = SHS_OK;
    for (struct mpi_watch *watch = run->watches; watch && !status; watch = watch->next)
        if (watch->ended) status = judge(run, watch);
    return status;
}

void mpi_ledger_end(struct mpi_watch *watch, uint64_t epoch, const struct order_ledger *delivered,
                    const struct order_ledger *due)
{
    watch->ended++;
    watch->ended_epoch = epoch;
    order_ledger_join(&watch->delivered, delivered);
    order_ledger_join(&watch->due, due);
}
