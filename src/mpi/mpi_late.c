/* Work that goes on after a collective call: a later call finishes it, and returns its outcome. */
#include <stdio.h>
#include <string.h>

#include "mpi_run.h"

void mpi_late_finish(shs_run *run)
{
    struct mpi_late *late = &run->late;
    if (!late->waits) return;
    late->waits = false;
    late->failed = late->finish(run, late->user);
    if (!late->failed) return;
    snprintf(late->message, sizeof late->message, "%s", shs_message());
    late->mine = shs_message_is_mine();
    late->agreed = shs_message_is_agreed();
}

shs_status mpi_late_outcome(shs_run *run, shs_status status, const char *then)
{
    enum {
        HALF = CORE_MESSAGE_BYTES / 2 - 20
    };
    char message[CORE_MESSAGE_BYTES];
    struct mpi_late *late = &run->late;
    shs_status failed = late->failed;
    late->failed = SHS_OK;
    if (!failed) return status;
    if (status >= 0) {
        snprintf(message, sizeof message, "%.*s%s", CORE_MESSAGE_BYTES - 1 - (int)strlen(then),
                 late->message, then);
        return core_tell(failed, message, late->mine, late->agreed);
    }
    snprintf(message, sizeof message, "%.*s; and before that: %.*s", HALF, shs_message(), HALF,
             late->message);
    return core_tell(status, message, shs_message_is_mine(), shs_message_is_agreed());
}

/* Adds to the message of an error that work which waits is not finished, or the outcome of work
 * that is. */
static shs_status lose(shs_run *run, shs_status status)
{
    char message[CORE_MESSAGE_BYTES];
    if (!run->late.waits) return mpi_late_outcome(run, status, "");
    snprintf(message, sizeof message, "%.*s; %.*s, which was not finished, is given up",
             CORE_MESSAGE_BYTES - 200, shs_message(), (int)sizeof run->late.what, run->late.what);
    return core_tell(status, message, shs_message_is_mine(), shs_message_is_agreed());
}

/* An error that not all ranks know of may have left them out of step. */
shs_status mpi_late_close(shs_run *run, shs_status status)
{
    if (run->left_by || (status < 0 && !shs_message_is_agreed())) return lose(run, status);
    mpi_late_finish(run);
    return mpi_late_outcome(run, status, "");
}

void mpi_late_release(shs_run *run)
{
    if (run->late.user) run->late.release(run->late.user);
    run->late.waits = false;
    run->late.user = NULL;
}
