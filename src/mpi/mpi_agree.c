/* The one point of agreement: mpi_agree() and its relatives, with which every collective function
 * begins or ends. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "mpi_sum.h"
#include "mpi_transport.h"
#include "mpi_words.h"
#include "shardstep/context.h"

/* The meaning of the numbers in a ballot.
 *
 * The ballot brings the greatest number of all ranks. `ranks - rank` is greatest for the lowest
 * rank, so the greatest number tells which rank is the lowest that failed, closes or stays. A
 * number and its negative bring the greatest and the smallest: they agree if all ranks have the
 * same number. */
enum {
    FAILED,         /* ranks - rank of a rank that failed, else 0 */
    STOP,           /* 1 on a rank that is asked to stop */
    CALL,           /* a hash of the call */
    CALL_NEGATIVE,  /* the negative of CALL */
    ENDED,          /* mpi_ledgers_ended() */
    ENDED_NEGATIVE, /* the negative of ENDED */
    CLOSES,         /* ranks - rank of a rank that closes the run, else 0 */
    STAYS,          /* ranks - rank of a rank that does not close the run, else 0 */
    N_COMPARED
};
_Static_assert((int)N_COMPARED == (int)MPI_BALLOT_GREATEST, "a ballot has a number for each");

enum {
    CALL_BYTES = 320
};

/* A collective call: what a rank brings to the agreement, and what it learns there. */
struct call {
    char text[CALL_BYTES]; /* the call's name and arguments */
    bool closes;           /* the call closes the run */
    uint64_t loader;       /* the loader whose error the rank brings; UINT64_MAX for no loader */
    shs_cursor failed_at;  /* the beginning of the step that failed in this loader */
    uint64_t sum; /* a number of this rank, and after the agreement the sum over all ranks */
    bool judge;   /* epochs have ended, and wait to be judged on every rank */
};

/* A hash of a call. It has 63 bits, so that its negative exists. */
static int64_t hash_of(const char *text)
{
    return (int64_t)(core_hash_text(text) >> 1);
}

static void add_rank(const shs_run *run, char message[CORE_MESSAGE_BYTES])
{
    snprintf(message, CORE_MESSAGE_BYTES, "rank %d: %.*s", run->rank, CORE_MESSAGE_BYTES - 24,
             shs_message());
}

/* Notes on every rank that a loader has failed on one rank, and in which step. Without a loader of
 * this id nothing changes. A rank whose own loader has failed in an earlier step keeps that step.
 */
static void mark_loader(shs_run *run, uint64_t id, shs_cursor at, shs_status status)
{
    for (struct mpi_member *member = run->members; member; member = member->next) {
        if (member->id != id) continue;
        if (!member->failed || at.step < member->failed_at.step) member->failed_at = at;
        if (member->failed) continue;
        member->failed = status;
        memcpy(member->failure, shs_message(), strlen(shs_message()) + 1);
    }
}

/* The message of a run that is over says where. */
static shs_status not_agreed(const shs_run *run, shs_status status)
{
    return run->watch.late ? status : core_wrap(status, "agreeing on a status");
}

static shs_status broadcast(shs_run *run, int from, void *bytes, size_t count)
{
    return not_agreed(run, run->transport->broadcast(run->transport, from, bytes, count));
}

/* Collective. Brings the status and the message of rank `from`, the lowest failing rank, to every
 * rank. */
static shs_status share_failure(shs_run *run, int from, shs_status mine, const struct call *call)
{
    struct {
        uint64_t loader;
        shs_cursor at;
        int status;
        char message[CORE_MESSAGE_BYTES];
    } failure;
    memset(&failure, 0, sizeof failure);
    if (run->rank == from) {
        failure.loader = call->loader;
        failure.at = call->failed_at;
        failure.status = mine;
        add_rank(run, failure.message);
    }
    shs_status status = broadcast(run, from, &failure, sizeof failure);
    if (status) return status;
    core_tell((shs_status)failure.status, failure.message, run->rank == from, true);
    mark_loader(run, failure.loader, failure.at, (shs_status)failure.status);
    return (shs_status)failure.status;
}

/* Collective. Reports two calls that differ: the call of rank 0, and that of the lowest rank with
 * another call. */
static shs_status share_disagreement(shs_run *run, const struct call *call)
{
    char first[CALL_BYTES], other[CALL_BYTES], message[CORE_MESSAGE_BYTES];
    memcpy(first, call->text, sizeof first);
    memcpy(other, call->text, sizeof other);
    shs_status status = broadcast(run, 0, first, sizeof first);
    uint64_t from_end = strcmp(first, call->text) ? (uint64_t)(run->ranks - run->rank) : 0;
    if (!status) status = mpi_greatest(run, &from_end, 1);
    int differs = run->ranks - (int)from_end;
    if (!status && from_end) status = broadcast(run, differs, other, sizeof other);
    if (status) return status;
    snprintf(message, sizeof message,
             "rank %d: called %s where rank 0 called %s; every rank must make the same call",
             differs, other, first);
    return core_tell(SHS_ERROR_DISAGREE, message, run->rank == differs, true);
}

/* Collective. Ends a run that only some ranks close: the others would wait for them for ever. The
 * lowest rank that stays reports the error, because programs seldom look at what shs_close()
 * returns. */
static shs_status share_leaving(shs_run *run, shs_status failed, const struct call *call)
{
    int closes = run->left_by - 1, stays = run->left_with;
    char leaving[CALL_BYTES], other[CALL_BYTES], message[CORE_MESSAGE_BYTES];
    if (failed) return core_tell(failed, shs_message(), run->rank == stays, true);
    memcpy(leaving, call->text, sizeof leaving);
    memcpy(other, call->text, sizeof other);
    shs_status status = broadcast(run, closes, leaving, sizeof leaving);
    if (!status) status = broadcast(run, stays, other, sizeof other);
    if (status) return status;
    snprintf(message, sizeof message,
             "rank %d: called %s where rank %d called %s; a rank may close the run only when all "
             "do. The run is over on every rank: close it there too",
             closes, leaving, stays, other);
    return core_tell(SHS_ERROR_DISAGREE, message, run->rank == stays, true);
}

/* Local. Refuses a call on a run that this rank has closed, or that is over because another rank
 * has closed it. */
static shs_status refuse_gone(const shs_run *run, const struct call *call)
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
    return core_tell(mine, message, true, !mpi_is_apart(run));
}

static struct mpi_ballot own_ballot(const shs_run *run, shs_status mine, const struct call *call)
{
    int64_t hash = hash_of(call->closes ? "shs_close" : call->text);
    int64_t ended = (int64_t)(mpi_ledgers_ended(run) & INT64_MAX);
    int64_t from_end = run->ranks - run->rank;
    return (struct mpi_ballot){{[FAILED] = mine < 0 ? from_end : 0,
                                [STOP] = mpi_stop_asked(run),
                                [CALL] = hash,
                                [CALL_NEGATIVE] = -hash,
                                [ENDED] = ended,
                                [ENDED_NEGATIVE] = -ended,
                                [CLOSES] = call->closes ? from_end : 0,
                                [STAYS] = call->closes ? 0 : from_end},
                               call->sum};
}

static shs_status agree_together(shs_run *run, shs_status mine, struct call *call)
{
    struct mpi_ballot ballot = own_ballot(run, mine, call);
    const int64_t *all = ballot.greatest;
    call->judge = all[ENDED] != 0;
    if (run->closed || run->left_by) return refuse_gone(run, call);
    if (!run->transport) return agree_alone(run, mine);
    shs_status status = mpi_watch_check(run);
    if (!status) status = run->transport->agree(run->transport, &ballot);
    if (status) return not_agreed(run, status);
    bool leaves = all[CLOSES] && all[STAYS];
    if (leaves) {
        run->left_by = run->ranks - (int)all[CLOSES] + 1;
        run->left_with = run->ranks - (int)all[STAYS];
    }
    run->unlike = leaves || all[CALL] != -all[CALL_NEGATIVE];
    if (run->unlike || call->closes) status = mpi_sums_give_up(run);
    if (status) return run->watch.late ? status : core_wrap(status, "giving up a sum");
    if (all[FAILED]) mine = share_failure(run, run->ranks - (int)all[FAILED], mine, call);
    if (leaves) return share_leaving(run, all[FAILED] ? mine : SHS_OK, call);
    if (all[FAILED]) return mine;
    if (run->unlike) return share_disagreement(run, call);
    run->stop_agreed = run->stop_agreed || all[STOP];
    call->judge = all[ENDED] && all[ENDED] == -all[ENDED_NEGATIVE];
    call->sum = ballot.sum;
    return mine;
}

static shs_status agree(shs_run *run, shs_status mine, struct call *call)
{
    mpi_watch_begin(run, call->text);
    shs_status status = agree_together(run, mine, call);
    mpi_watch_end(run);
    return status;
}

static struct call print_call(const char *name, va_list arguments)
{
    struct call call = {.loader = UINT64_MAX};
    vsnprintf(call.text, sizeof call.text, name, arguments);
    return call;
}

shs_status mpi_agree(shs_run *run, shs_status mine, const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct call call = print_call(name, arguments);
    va_end(arguments);
    return agree(run, mine, &call);
}

static shs_status settle(shs_run *run, shs_status mine, struct call *call)
{
    if (run->kept) {
        call->loader = run->kept_id;
        call->failed_at = run->kept_at;
        mine = core_tell(run->kept, run->kept_message, true, false);
    }
    run->kept = SHS_OK;
    shs_status status = agree(run, mine, call);
    return status || !call->judge ? status : mpi_ledgers_judge(run);
}

shs_status mpi_settle(shs_run *run, shs_status mine, const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct call call = print_call(name, arguments);
    va_end(arguments);
    return settle(run, mine, &call);
}

shs_status mpi_settle_sum(shs_run *run, shs_status mine, uint64_t *sum, const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    struct call call = print_call(name, arguments);
    va_end(arguments);
    call.sum = *sum;
    shs_status status = settle(run, mine, &call);
    *sum = call.sum;
    return status;
}

shs_status mpi_settle_close(shs_run *run, const char *name)
{
    struct call call = {.closes = true, .loader = UINT64_MAX, .sum = mpi_words_told(run)};
    snprintf(call.text, sizeof call.text, "%s", name);
    shs_status status = settle(run, SHS_OK, &call);
    if (!status) status = mpi_words_drain(run, call.sum);
    return status;
}

shs_status shs_agree(shs_run *run)
{
    shs_status status = core_require(run, "shs_agree", "run", "open it with shs_open()");
    if (status) return status;
    return mpi_settle(run, SHS_OK, "shs_agree");
}
