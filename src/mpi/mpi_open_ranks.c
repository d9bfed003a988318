/* shs_open_ranks(): a run without MPI, of one rank or of several. */
#include "core_memory.h"
#include "mpi_gathered.h"
#include "shardstep/context.h"

#define CALL "shs_open_ranks"

/* Local. Returns and reports an error of a run that could not begin. No other rank learns of it. */
static shs_status refuse(const char *call, const struct mpi_seat *seat, shs_status status)
{
    shs_run none = {.rank = seat->rank, .ranks = seat->ranks};
    return mpi_agree(&none, core_wrap(status, "%s", call), "%s", call);
}

static shs_status run_is_null(void)
{
    return core_fail(SHS_ERROR_ARGUMENT, "run is NULL; pass the address of a shs_run *");
}

/* Local. Opens a run whose ranks do not talk to each other. */
static shs_status open_apart(const char *call, const struct mpi_seat *seat,
                             const shs_run_options *options, shs_run **run)
{
    if (!run) return refuse(call, seat, run_is_null());
    shs_status status = core_new(1, sizeof **run, "a run", run);
    if (status) return refuse(call, seat, status);
    (*run)->rank = seat->rank;
    (*run)->ranks = seat->ranks;
    return mpi_run_begin(run, call, options, SHS_OK);
}

shs_status mpi_run_open_alone(const char *call, const shs_run_options *options, shs_run **run)
{
    return open_apart(call, &(struct mpi_seat){.ranks = 1}, options, run);
}

/* Collective. Allocates the run on every rank or on none. A rank without memory must tell the
 * others all the same, so this first agreement needs no memory but the stack's. */
static shs_status make_run(const struct mpi_seat *seat, shs_run **run,
                           struct mpi_gathered **gathered)
{
    struct mpi_gathered first;
    shs_run *nowhere = NULL;
    mpi_gathered_begin(&first, seat);
    shs_run none = {.transport = &first.transport, .rank = seat->rank, .ranks = seat->ranks};
    shs_status status = core_wrap(mpi_gathered_check(&first), "rank %d: " CALL, seat->rank);
    if (status) return status;
    if (!run) status = run_is_null();
    if (!run) run = &nowhere;
    if (!status) status = core_new(1, sizeof **run, "a run", run);
    if (!status) status = core_new(1, sizeof **gathered, "a gather of all ranks", gathered);
    status = mpi_agree(&none, core_wrap(status, CALL), CALL);
    if (status) {
        core_free(gathered);
        core_free(run);
    }
    return status;
}

static shs_status open_together(const struct mpi_seat *seat, const shs_run_options *options,
                                shs_run **run)
{
    struct mpi_gathered *gathered = NULL;
    shs_status status = make_run(seat, run, &gathered);
    if (status) return status;
    mpi_gathered_begin(gathered, seat);
    (*run)->transport = &gathered->transport;
    (*run)->rank = seat->rank;
    (*run)->ranks = seat->ranks;
    return mpi_run_begin(run, CALL, options, SHS_OK);
}

shs_status shs_open_ranks(int rank, int ranks,
                          int (*agree)(void *user, const void *mine, size_t bytes, void *all),
                          void *user, const shs_run_options *options, shs_run **run)
{
    const struct mpi_seat seat = {rank, ranks, agree, user};
    if (run) *run = NULL;
    if (ranks < 1 || rank < 0 || rank >= ranks)
        return refuse(CALL, &(struct mpi_seat){.ranks = 1},
                      core_fail(SHS_ERROR_ARGUMENT,
                                "there is no rank %d of %d; a rank is 0 or more and less than the "
                                "number of ranks",
                                rank, ranks));
    if (ranks == 1 || !agree) return open_apart(CALL, &seat, options, run);
    if (ranks > MPI_GATHERED_RANKS)
        return refuse(CALL, &seat,
                      core_fail(SHS_ERROR_UNSUPPORTED,
                                "%d ranks are more than the %d that a gather can join; use MPI and "
                                "shs_open(), or pass NULL for `agree`",
                                ranks, MPI_GATHERED_RANKS));
    return open_together(&seat, options, run);
}
