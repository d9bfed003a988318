/* MPI_Finalize() closes open runs, because the other ranks would wait for this rank for ever. Each
 * open run has an attribute of MPI_COMM_SELF. MPI_Finalize() deletes these attributes first, while
 * MPI still works. */
#include "mpi_link.h"

/* Tells the outcome of work that went on, which no call of the program returns any more. */
static void tell_outcome(shs_run *run, bool goes_on, shs_status status)
{
    if (goes_on && status < 0 && run->rank == 0)
        mpi_notice(run, SHS_REPORT_CHECKPOINT, "MPI_Finalize: %s", shs_message());
}

/* MPI calls this function when it deletes a run's attribute. The status of the agreement is
 * dropped, because no caller on this rank could receive it. */
static int close_run(MPI_Comm comm, int keyval, void *attribute, void *user)
{
    shs_run *run = attribute;
    struct mpi_link *link = mpi_link_of(run->transport);
    (void)comm;
    (void)keyval;
    (void)user;
    if (run->closed) return MPI_SUCCESS;
    bool goes_on = run->late.waits || run->late.failed;
    shs_status status = mpi_settle_close(run, "MPI_Finalize without shs_close");
    tell_outcome(run, goes_on, mpi_late_close(run, status));
    mpi_late_release(run); /* no call comes that would */
    run->closed = true;
    MPI_Comm_free_keyval(&link->keyval);
    if (run->watch.late) return MPI_SUCCESS;
    if (!run->left_by) mpi_link_free_communicators(link);
    mpi_link_release(link);
    return MPI_SUCCESS;
}

shs_status mpi_finalize_attach(shs_run *run)
{
    struct mpi_link *link = mpi_link_of(run->transport);
    int code = MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, close_run, &link->keyval, NULL);
    if (code == MPI_SUCCESS) code = MPI_Comm_set_attr(MPI_COMM_SELF, link->keyval, run);
    return mpi_check(code, "setting an attribute of MPI_COMM_SELF");
}

void mpi_finalize_detach(struct mpi_link *link)
{
    if (link->keyval == MPI_KEYVAL_INVALID) return;
    MPI_Comm_delete_attr(MPI_COMM_SELF, link->keyval);
    MPI_Comm_free_keyval(&link->keyval);
}
