/* The one point of agreement. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "mpi_link.h"
#include "shardstep/context.h"

/* What the ranks compare, each the greatest over all of them. */
enum {
    FAILED,   /* ranks - rank of a rank that failed, else 0: the greatest is the lowest rank's */
    STOP,     /* 1 if asked to stop */
    CALL,     /* a hash of the call, and its negative: */
    CALL_NEG, /* the greatest and the smallest hash are equal if all are */
    ENDED,    /* epochs that wait to be judged, likewise */
    ENDED_NEG,
    CLOSES, /* ranks - rank of a rank that closes the run, else 0 */
    STAYS,  /* ranks - rank of a rank that does not */
    N_COMPARED
};

struct call_text {
    char text[320];
    bool closes; /* the run */
};

/* Cut to 63 bits so that its negative exists. */
static int64_t hash_of(const char *text)
{
    return (int64_t)(core_hash_text(text) >> 1);
}

static void add_rank(const shs_run *run, char message[CORE_MESSAGE_BYTES])
{
    snprintf(message, CORE_MESSAGE_BYTES, "rank %d: %.*s", run->rank, CORE_MESSAGE_BYTES - 24,
             shs_message());
}

/* The failing loader, if it is one that failed, has failed on every rank. */
static void mark_loader(shs_run *run, uint64_t id, shs_status status)
{
    for (struct mpi_watch *watch = run->watches; watch; watch = watch->next)
        if (watch->id == id && !watch->failed) {
            watch->failed = status;
            memcpy(watch->failure, shs_message(), strlen(shs_message()) + 1);
        }
}

/* The lowest failing rank's status and message, on every rank. */
static shs_status share_failure(shs_run *run, int from, shs_status mine, uint64_t loader)
{
    struct {
        uint64_t loader;
        int status;
        char message[CORE_MESSAGE_BYTES];
    } failure;
    memset(&failure, 0, sizeof failure);
    if (run->rank == from) {
        failure.loader = loader;
        failure.status = mine;
        add_rank(run, failure.message);
    }
    shs_status status =
        mpi_check(MPI_Bcast(&failure, (int)sizeof failure, MPI_BYTE, from, run->link->comm),
                  "MPI_Bcast of an error");
    if (status) return status;
    core_tell((shs_status)failure.status, failure.message, run->rank == from, true);
    mark_loader(run, failure.loader, (shs_status)failure.status);
    return (shs_status)failure.status;
}

/* Two calls that differ: rank 0's and the lowest other one's. */
static shs_status share_disagreement(shs_run *run, const struct call_text *call)
{
    struct call_text first = *call, other = *call;
    char message[CORE_MESSAGE_BYTES];
    int code = MPI_Bcast(&first, (int)sizeof first, MPI_BYTE, 0, run->link->comm);
    int candidate = strcmp(first.text, call->text) ? run->rank : run->ranks, differs = 0;
    if (code == MPI_SUCCESS)
        code = MPI_Allreduce(&candidate, &differs, 1, MPI_INT, MPI_MIN, run->link->comm);
    if (code == MPI_SUCCESS && differs < run->ranks)
        code = MPI_Bcast(&other, (int)sizeof other, MPI_BYTE, differs, run->link->comm);
    if (code != MPI_SUCCESS) return mpi_check(code, "comparing calls");
    snprintf(message, sizeof message,
             "rank %d: called %s where rank 0 called %s; every rank must make the same call",
             differs, other.text, first.text);
    return core_tell(SHS_ERROR_DISAGREE, message, run->rank == differs, true);
}

/* Refuses that some ranks close the run while the others do not, and would wait for them for ever.
 * The lowest rank that stays reports it, because programs seldom look at what shs_close() returns.
 */
static shs_status share_leaving(shs_run *run, shs_status failed, const struct call_text *call)
{
    int closes = run->left_by - 1, stays = run->left_with;
    struct call_text leaving = *call, other = *call;
    char message[CORE_MESSAGE_BYTES];
    if (failed) return core_tell(failed, shs_message(), run->rank == stays, true);
    int code = MPI_Bcast(&leaving, (int)sizeof leaving, MPI_BYTE, closes, run->link->comm);
    if (code == MPI_SUCCESS)
        code = MPI_Bcast(&other, (int)sizeof other, MPI_BYTE, stays, run->link->comm);
    if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Bcast of a call");
    snprintf(message, sizeof message,
             "rank %d: called %s where rank %d called %s; a rank may close the run only when all "
             "do. The run is over on every rank: close it there too",
             closes, leaving.text, stays, other.text);
    return core_tell(SHS_ERROR_DISAGREE, message, run->rank == stays, true);
}

/* The run is closed here, or a rank that would have to take part has closed it. */
static shs_status refuse_gone(const shs_run *run, const struct call_text *call)
{
    char message[CORE_MESSAGE_BYTES];
    int name = (int)strcspn(call->text, "(");
    if (run->closed)
        return core_fail(SHS_ERROR_STATE, "rank %d: %.*s: its run is closed; open another run",
                         run->rank, name, call->text);
    snprintf(message, sizeof message,
             "rank %d: %.*s: rank %d has closed the run; close it on every rank, too",
             run->left_with, name, call->text, run->left_by - 1);
    return core_tell(SHS_ERROR_STATE, message, run->rank == run->left_with, true);
}

static shs_status agree_alone(shs_run *run, shs_status mine)
{
    char message[CORE_MESSAGE_BYTES];
    run->stop_agreed = run->stop_agreed || mpi_stop_asked(run);
    if (mine >= 0) return mine;
    add_rank(run, message);
    return core_tell(mine, message, true, true);
}

/* *judge: whether epochs have ended, the same ones on every rank. */
static shs_status agree(shs_run *run, shs_status mine, uint64_t loader,
                        const struct call_text *call, bool *judge)
{
    int64_t hash = hash_of(call->closes ? "shs_close" : call->text);
    int64_t ended = (int64_t)(mpi_ledgers_ended(run) & INT64_MAX);
    int64_t own[N_COMPARED] = {[FAILED] = mine < 0 ? run->ranks - run->rank : 0,
                               [STOP] = mpi_stop_asked(run),
                               [CALL] = hash,
                               [CALL_NEG] = -hash,
                               [ENDED] = ended,
                               [ENDED_NEG] = -ended};
    int64_t all[N_COMPARED];
    own[call->closes ? CLOSES : STAYS] = run->ranks - run->rank;
    *judge = ended != 0;
    if (run->closed || run->left_by) return refuse_gone(run, call);
    if (!run->link) return agree_alone(run, mine);
    int code = MPI_Allreduce(own, all, N_COMPARED, MPI_INT64_T, MPI_MAX, run->link->comm);
    if (code != MPI_SUCCESS) return mpi_check(code, "agreeing on a status");
    bool leaves = all[CLOSES] && all[STAYS];
    if (leaves) {
        run->left_by = run->ranks - (int)all[CLOSES] + 1;
        run->left_with = run->ranks - (int)all[STAYS];
    }
    if (all[FAILED]) mine = share_failure(run, run->ranks - (int)all[FAILED], mine, loader);
    if (leaves) return share_leaving(run, all[FAILED] ? mine : SHS_OK, call);
    if (all[FAILED]) return mine;
    if (all[CALL] != -all[CALL_NEG]) return share_disagreement(run, call);
    run->stop_agreed = run->stop_agreed || all[STOP];
    *judge = all[ENDED] && all[ENDED] == -all[ENDED_NEG];
    return mine;
}

static struct call_text print_call(const char *call, va_list arguments)
{
    struct call_text text;
    memset(&text, 0, sizeof text);
    vsnprintf(text.text, sizeof text.text, call, arguments);
    return text;
}

shs_status mpi_agree(shs_run *run, shs_status mine, const char *call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    struct call_text text = print_call(call, arguments);
    bool judge;
    va_end(arguments);
    return agree(run, mine, UINT64_MAX, &text, &judge);
}

static shs_status settle(shs_run *run, shs_status mine, const struct call_text *call)
{
    uint64_t loader = UINT64_MAX;
    bool judge;
    if (run->kept) {
        loader = run->kept_id;
        mine = core_tell(run->kept, run->kept_message, true, false);
    }
    run->kept = SHS_OK;
    shs_status status = agree(run, mine, loader, call, &judge);
    return status || !judge ? status : mpi_ledgers_judge(run);
}

shs_status mpi_settle(shs_run *run, shs_status mine, const char *call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    struct call_text text = print_call(call, arguments);
    va_end(arguments);
    return settle(run, mine, &text);
}

shs_status mpi_settle_close(shs_run *run, const char *call)
{
    struct call_text text = {.closes = true};
    snprintf(text.text, sizeof text.text, "%s", call);
    return settle(run, SHS_OK, &text);
}

shs_status shs_agree(shs_run *run)
{
    shs_status status = core_require(run, "shs_agree", "run", "open it with shs_open()");
    if (status) return status;
    return mpi_settle(run, SHS_OK, "shs_agree");
}
