/* shs_replay(): a batch of another place, after which the loader stands where it stood. */
#include "load.h"

/* What load_go() and shs_next() change. */
struct stand {
    shs_cursor cursor;
    uint64_t handed;
    struct order_ledger ledger;
    bool ledger_whole;
    uint64_t epochs_unverified;
    struct load_round round;
    struct mpi_member member;
    uint64_t waited, waited_before, waited_in_step;
    bool through_stop;
};

static struct stand stand_of(const shs_loader *loader)
{
    return (struct stand){.cursor = loader->cursor,
                          .handed = loader->handed,
                          .ledger = loader->ledger,
                          .ledger_whole = loader->ledger_whole,
                          .epochs_unverified = loader->epochs_unverified,
                          .round = loader->round,
                          .member = loader->member,
                          .waited = loader->waited,
                          .waited_before = loader->waited_before,
                          .waited_in_step = loader->waited_in_step,
                          .through_stop = loader->options.through_stop};
}

/* Has the loader stand where it stood. An error of the replayed batch is forgotten. Epochs that
 * wait to be judged wait again. */
static void stand_back(shs_loader *loader, const struct stand *stand)
{
    load_go(loader, stand->cursor);
    loader->handed = stand->handed;
    loader->ledger = stand->ledger;
    loader->ledger_whole = stand->ledger_whole;
    loader->epochs_unverified = stand->epochs_unverified;
    loader->round = stand->round;
    loader->waited = stand->waited;
    loader->waited_before = stand->waited_before;
    loader->waited_in_step = stand->waited_in_step;
    loader->options.through_stop = stand->through_stop;
    loader->member.ended = stand->member.ended;
    loader->member.ended_epoch = stand->member.ended_epoch;
    loader->member.delivered = stand->member.delivered;
    loader->member.due = stand->member.due;
    loader->member.check = stand->member.check;
}

static shs_status check(const shs_loader *loader, shs_cursor cursor, uint64_t vrank,
                        const shs_batch *batch)
{
    static const char function[] = "shs_replay";
    shs_status status = core_require(loader, function, "loader", "open it with shs_loader_open()");
    if (!status) status = core_require(batch, function, "batch", "pass the address of a shs_batch");
    if (status) return status;
    if (loader->dataset->run->closed)
        return core_fail(SHS_ERROR_STATE,
                         "the loader's run is closed; open another run, dataset and loader");
    if (loader->member.failed)
        return core_tell(loader->member.failed, loader->member.failure, true, false);
    if (vrank < loader->plan.first_vrank || vrank - loader->plan.first_vrank >= loader->plan.hosted)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "virtual rank %llu is not hosted here; this rank hosts %llu to %llu, and "
                         "a run of one process hosts all",
                         (ull)vrank, (ull)loader->plan.first_vrank,
                         (ull)(loader->plan.first_vrank + loader->plan.hosted - 1));
    return order_check_cursor(&loader->plan.order.order.shape, loader->options.epochs,
                              loader->origin, cursor);
}

shs_status shs_replay(shs_loader *loader, shs_cursor cursor, uint64_t vrank, shs_batch *batch)
{
    if (batch) *batch = (shs_batch){0};
    shs_status status = check(loader, cursor, vrank, batch);
    if (status)
        return loader ? core_wrap(status, "rank %d: shs_replay", loader->dataset->run->rank)
                      : status;
    if (loader->options.epochs && cursor.epoch >= loader->options.epochs) return SHS_END;
    const struct stand stand = stand_of(loader);
    loader->options.through_stop = true;
    status = load_replay(loader, cursor, vrank, batch);
    if (status < 0) *batch = (shs_batch){0};
    stand_back(loader, &stand);
    return status;
}
