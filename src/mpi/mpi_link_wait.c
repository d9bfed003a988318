/* Requests of MPI that this rank waits for under the run's watch. */
#include <string.h>

#include "core_memory.h"
#include "mpi_link.h"
#include "mpi_wait.h"

struct pending {
    MPI_Request *request;
    const char *operation;
};

static bool is_done(void *user, shs_status *status)
{
    struct pending *pending = user;
    int done = 0;
    int code = MPI_Test(pending->request, &done, MPI_STATUS_IGNORE);
    *status = mpi_check(code, pending->operation);
    return *status || done;
}

shs_status mpi_link_wait(shs_run *run, int code, MPI_Request *request, const char *operation)
{
    struct pending pending = {request, operation};
    shs_status status = mpi_check(code, operation);
    if (!status) status = mpi_wait(run, operation, is_done, &pending);
    return mpi_watch_broken(run, status);
}

void *mpi_link_room(struct mpi_link *link, void *bytes, size_t count)
{
    if (count > sizeof link->room) return bytes;
    if (count > 0) memcpy(link->room, bytes, count); /* `bytes` may be NULL for no bytes */
    return link->room;
}

void mpi_link_room_to(const struct mpi_link *link, void *bytes, size_t count)
{
    if (count > 0 && count <= sizeof link->room) memcpy(bytes, link->room, count);
}

/* Links whose requests may still be pending: MPI may write to their rooms until the process ends.
 */
static struct mpi_link *left;

void mpi_link_leave(struct mpi_link *link)
{
    link->next_left = left;
    left = link;
}
