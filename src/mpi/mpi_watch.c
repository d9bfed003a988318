/* The loaders of a run: which of them have failed, and an error that is kept for the next
 * agreement.
 */
#include <string.h>

#include "mpi_run.h"

void mpi_watch_begin(shs_run *run, struct mpi_watch *watch, uint64_t id)
{
    watch->id = id;
    watch->next = run->watches;
    run->watches = watch;
    if (run->kept_is_closed) run->kept = SHS_OK;
    run->kept_is_closed = false;
}

void mpi_watch_end(shs_run *run, struct mpi_watch *watch)
{
    struct mpi_watch **at = &run->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at) *at = watch->next;
    if (watch->told && run->kept && run->kept_id == watch->id) run->kept_is_closed = true;
}

static void copy_message(char to[CORE_MESSAGE_BYTES])
{
    memcpy(to, shs_message(), strlen(shs_message()) + 1);
}

void mpi_watch_fail(shs_run *run, struct mpi_watch *watch, shs_status status)
{
    if (!run->kept) {
        run->kept = status;
        run->kept_id = watch->id;
        run->kept_is_closed = false;
        copy_message(run->kept_message);
    }
    watch->failed = core_wrap(status, "rank %d", run->rank);
    copy_message(watch->failure);
}

void mpi_watch_settled(shs_run *run, struct mpi_watch *watch)
{
    if (watch->told && run->kept && run->kept_id == watch->id) run->kept = SHS_OK;
}

void mpi_watch_forget(shs_run *run, struct mpi_watch *watch)
{
    watch->failed = SHS_OK;
    watch->told = false;
    watch->ended = 0; /* an epoch that ended with an error on some rank is not judged */
    watch->delivered = watch->due = (struct order_ledger){0};
    if (run->kept && run->kept_id == watch->id) run->kept = SHS_OK;
}
