/* A run's communicator: it is duplicated when the run opens, and freed when the run closes. */
#include "mpi_link.h"

#include "core_memory.h"

shs_status mpi_check(int code, const char *operation)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == MPI_SUCCESS) return SHS_OK;
    MPI_Error_string(code, text, &length);
    return core_fail(SHS_ERROR_MPI, "%s failed: %s", operation, text);
}

/* MPI calls this function to join the ballots of two ranks. */
static void join_ballots(void *of_one, void *of_other, int *count, MPI_Datatype *type)
{
    const struct mpi_ballot *from = of_one;
    struct mpi_ballot *to = of_other;
    (void)type;
    for (int i = 0; i < *count; i++) {
        for (size_t k = 0; k < MPI_BALLOT_GREATEST; k++)
            if (to[i].greatest[k] < from[i].greatest[k]) to[i].greatest[k] = from[i].greatest[k];
        to[i].sum += from[i].sum;
    }
}

static int make_ballot(struct mpi_link *link)
{
    int numbers = sizeof(struct mpi_ballot) / sizeof(int64_t);
    int code = MPI_Type_contiguous(numbers, MPI_INT64_T, &link->ballot);
    if (code == MPI_SUCCESS) code = MPI_Type_commit(&link->ballot);
    if (code == MPI_SUCCESS) code = MPI_Op_create(join_ballots, true, &link->agree);
    return code;
}

void mpi_link_release(struct mpi_link *link)
{
    if (link->ballot != MPI_DATATYPE_NULL) MPI_Type_free(&link->ballot);
    if (link->agree != MPI_OP_NULL) MPI_Op_free(&link->agree);
}

void mpi_link_free_communicators(struct mpi_link *link)
{
    mpi_mail_free_communicator(link->mail);
    if (link->node != MPI_COMM_NULL) MPI_Comm_free(&link->node);
    MPI_Comm_free(&link->comm);
}

static bool is_finished(void)
{
    int finished = 0;
    MPI_Finalized(&finished);
    return finished != 0;
}

static shs_status works(const struct mpi_transport *transport)
{
    shs_run *run = ((const struct mpi_link *)(const void *)transport)->run;
    if (!is_finished()) return mpi_watch_check(run);
    return core_fail(SHS_ERROR_STATE, "MPI_Finalize() was called before; close the run first");
}

/* MPI_Comm_free() is collective. If some ranks do not close the run, the communicators are left to
 * MPI_Finalize(). In a run that has waited too long, requests still use the type and the operation,
 * too. */
static void close_link(struct mpi_transport *transport, bool together)
{
    struct mpi_link *link = mpi_link_of(transport);
    bool late = link->run->watch.late != SHS_OK;
    if (!is_finished()) {
        mpi_finalize_detach(link);
        if (!late) mpi_link_release(link);
        if (together) mpi_link_free_communicators(link);
    }
    if (late || link->words) {
        mpi_link_leave(link);
    } else {
        mpi_mail_free(&link->mail);
        core_free(&link);
    }
}

static const struct mpi_transport over_mpi = {.agree = mpi_link_agree,
                                              .broadcast = mpi_link_broadcast,
                                              .sum = mpi_link_sum,
                                              .greatest = mpi_link_greatest,
                                              .gather = mpi_link_gather,
                                              .in_order = mpi_link_in_order,
                                              .add = mpi_link_add,
                                              .mail = &mpi_mail,
                                              .node = &mpi_link_node,
                                              .words = &mpi_link_words,
                                              .works = works,
                                              .close = close_link};

shs_status mpi_link_new(struct mpi_link **link)
{
    shs_status status = core_new(1, sizeof **link, "a communicator", link);
    if (status) return status;
    (*link)->transport = over_mpi;
    (*link)->comm = MPI_COMM_NULL;
    (*link)->node = MPI_COMM_NULL;
    (*link)->keyval = MPI_KEYVAL_INVALID;
    (*link)->ballot = MPI_DATATYPE_NULL;
    (*link)->agree = MPI_OP_NULL;
    status = mpi_check(make_ballot(*link), "MPI_Op_create");
    if (status) mpi_link_free(link);
    return status;
}

void mpi_link_free(struct mpi_link **link)
{
    if (*link) mpi_link_release(*link);
    core_free(link);
}

shs_status mpi_link_join(struct mpi_link *link, MPI_Comm comm)
{
    MPI_Request request;
    int code = MPI_Comm_idup(comm, &link->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Comm_idup");
    if (!status) MPI_Comm_set_errhandler(link->comm, MPI_ERRORS_RETURN);
    return status;
}
