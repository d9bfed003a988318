/* The life of a run: it begins, has holders, and is closed. */
#include <stdarg.h>
#include <stdio.h>

#include "core_memory.h"
#include "mpi_transport.h"
#include "order_plan.h"
#include "order_tree.h"
#include "shardstep/context.h"

/* Divides the ranks into groups. */
static shs_status join_group(shs_run *run, uint64_t group)
{
    run->group = group ? group : 1;
    run->member = (uint64_t)run->rank % run->group;
    if ((uint64_t)run->ranks % run->group == 0) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%d rank%s cannot be divided into groups of %llu; start a multiple of %llu "
                     "ranks, or give another group",
                     run->ranks, run->ranks == 1 ? "" : "s", (ull)run->group, (ull)run->group);
}

static shs_status too_few_vranks(const shs_run *run)
{
    if (run->group > 1)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%llu groups of %llu ranks for %llu virtual ranks: each group needs at "
                         "least one; start fewer ranks, or define the run with more virtual ranks",
                         (ull)mpi_groups(run), (ull)run->group, (ull)run->vranks);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%d ranks for %llu virtual ranks: each rank needs at least one; start "
                     "fewer ranks, or define the run with more virtual ranks",
                     run->ranks, (ull)run->vranks);
}

static shs_status host_vranks(shs_run *run, const shs_run_options *options)
{
    shs_status status = join_group(run, options->group);
    if (status) return status;
    uint64_t groups = mpi_groups(run), number = (uint64_t)run->rank / run->group;
    run->vranks = options->vranks ? options->vranks : groups;
    if (run->vranks > ORDER_MAX_VRANKS)
        return core_fail(SHS_ERROR_ARGUMENT, "%llu virtual ranks; the most is 2^24",
                         (ull)run->vranks);
    if (groups > run->vranks) return too_few_vranks(run);
    run->first_vrank = order_first_vrank(run->vranks, groups, number);
    run->hosted = order_first_vrank(run->vranks, groups, number + 1) - run->first_vrank;
    return SHS_OK;
}

/* Collective. Agrees on what defines the run. Only options that are set
 * are named behind the first three. */
static shs_status agree_on_options(shs_run *run, const char *call, const shs_run_options *options,
                                   shs_status mine)
{
    char group[40] = "";
    if (options->group > 1) snprintf(group, sizeof group, ", group %llu", (ull)options->group);
    return mpi_agree(run, core_wrap(mine, "%s", call),
                     "%s(seed %llu, vranks %llu, stop_signal %d%s%s)", call, (ull)options->seed,
                     (ull)options->vranks, options->stop_signal,
                     options->stop_on_term ? ", stop_on_term" : "", group);
}

static void release(shs_run **run, bool together)
{
    struct mpi_transport *transport = (*run)->transport;
    mpi_stop_remove(*run);
    mpi_late_release(*run);
    (*run)->closed = true;
    (*run)->transport = NULL;
    mpi_watch_close(*run);
    if (transport) transport->close(transport, together);
    if (!(*run)->watch.late) mpi_windows_free(&(*run)->windows, false);
    mpi_run_release(*run);
    *run = NULL;
}

shs_status mpi_run_begin(shs_run **run, const char *call, const shs_run_options *options,
                         shs_status mine)
{
    static const shs_run_options defaults = {0};
    if (!options) options = &defaults;
    (*run)->holders = 1;
    (*run)->seed = options->seed;
    (*run)->report = options->report;
    (*run)->report_user = options->report_user;
    shs_status status = mine;
    if (!status) status = mpi_watch_options(*run, options);
    if (!status) status = host_vranks(*run, options);
    if (!status) status = mpi_stop_install(*run, options);
    status = agree_on_options(*run, call, options, status);
    if (!status && (*run)->transport && (*run)->transport->node)
        status = mpi_agree(*run, core_wrap(mpi_watch_open(*run), "%s", call), "%s", call);
    if (status) release(run, !(*run)->watch.late);
    return status;
}

shs_status shs_close(shs_run **run)
{
    shs_status works = SHS_OK, status;
    if (!run || !*run) return SHS_OK;
    if ((*run)->transport) works = (*run)->transport->works((*run)->transport);
    if (works)
        status = core_wrap(works, "rank %d: shs_close", (*run)->rank);
    else
        status = mpi_settle_close(*run, "shs_close");
    status = mpi_late_close(*run, status);
    release(run, !works && !(*run)->left_by);
    return status;
}

bool mpi_is_apart(const shs_run *run)
{
    return run->ranks > 1 && !run->transport;
}

struct mpi_part mpi_part_of(const shs_run *run)
{
    if (mpi_is_apart(run)) return (struct mpi_part){0, 1};
    return (struct mpi_part){(uint64_t)run->rank, (uint64_t)run->ranks};
}

uint64_t mpi_groups(const shs_run *run)
{
    return (uint64_t)run->ranks / run->group;
}

bool mpi_moves_large_data(const shs_run *run)
{
    return run->ranks == 1 || (run->transport && !run->transport->small_data);
}

/* A text of a run, with the rank before it. */
struct told {
    char text[CORE_MESSAGE_BYTES + 32];
};

__attribute__((format(printf, 2, 0))) static struct told tell(const shs_run *run,
                                                              const char *format, va_list arguments)
{
    char what[CORE_MESSAGE_BYTES];
    struct told told;
    vsnprintf(what, sizeof what, format, arguments);
    snprintf(told.text, sizeof told.text, "rank %d: %s", run->rank, what);
    return told;
}

void mpi_report(const shs_run *run, shs_report_kind kind, const char *format, ...)
{
    va_list arguments;
    if (!run->report) return;
    va_start(arguments, format);
    struct told told = tell(run, format, arguments);
    va_end(arguments);
    run->report(run->report_user, kind, told.text);
}

void mpi_notice(const shs_run *run, shs_report_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct told told = tell(run, format, arguments);
    va_end(arguments);
    if (run->report)
        run->report(run->report_user, kind, told.text);
    else
        core_notice(told.text);
}

void mpi_run_hold(shs_run *run)
{
    run->holders++;
}

void mpi_run_release(shs_run *run)
{
    if (--run->holders) return;
    if (!run->watch.late) mpi_windows_free(&run->windows, true);
    core_free(&run);
}

shs_run_info shs_info(const shs_run *run)
{
    if (!run) return (shs_run_info){0};
    return (shs_run_info){.seed = run->seed,
                          .vranks = run->vranks,
                          .first_vrank = run->first_vrank,
                          .hosted = run->hosted,
                          .rank = run->rank,
                          .ranks = run->ranks,
                          .group = run->group,
                          .member = run->member};
}
