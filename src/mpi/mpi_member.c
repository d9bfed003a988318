/* The members of a run: its loaders, the loaders that have failed, and the error that is kept for
 * the next agreement. */
#include <string.h>

#include "mpi_run.h"

void mpi_member_begin(shs_run *run, struct mpi_member *member, uint64_t id)
{
    member->id = id;
    member->next = run->members;
    run->members = member;
    if (run->kept_is_closed) run->kept = SHS_OK;
    run->kept_is_closed = false;
}

void mpi_member_end(shs_run *run, struct mpi_member *member)
{
    struct mpi_member **at = &run->members;
    while (*at && *at != member)
        at = &(*at)->next;
    if (*at) *at = member->next;
    if (member->told && run->kept && run->kept_id == member->id) run->kept_is_closed = true;
}

static void copy_message(char to[CORE_MESSAGE_BYTES])
{
    memcpy(to, shs_message(), strlen(shs_message()) + 1);
}

void mpi_member_fail(shs_run *run, struct mpi_member *member, shs_status status)
{
    if (!run->kept) {
        run->kept = status;
        run->kept_id = member->id;
        run->kept_at = member->begun;
        run->kept_is_closed = false;
        copy_message(run->kept_message);
    }
    member->failed = core_wrap(status, "rank %d", run->rank);
    copy_message(member->failure);
    member->failed_at = member->begun;
}

void mpi_member_settled(shs_run *run, struct mpi_member *member)
{
    if (member->told && run->kept && run->kept_id == member->id) run->kept = SHS_OK;
}

void mpi_member_forget(shs_run *run, struct mpi_member *member)
{
    member->failed = SHS_OK;
    member->told = false;
    /* An epoch that ended with an error on some rank is not judged. */
    member->ended = 0;
    member->check = NULL;
    member->delivered = member->due = (struct order_ledger){0};
    if (run->kept && run->kept_id == member->id) run->kept = SHS_OK;
}
