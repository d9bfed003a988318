/* Letters over MPI: a table of requests. */
#include "mpi_mail.h"

#include "core_memory.h"
#include "mpi_link.h"
#include "mpi_wait.h"

struct posted {
    size_t *under_way;
    int rank; /* the sender of a letter that is awaited; -1: this rank sends it */
};

struct mpi_mail {
    MPI_Comm comm; /* for letters alone, so that nothing else can be mistaken for a letter */
    int ranks;
    size_t *piece;  /* the most bytes of a message to or from each rank */
    char *bin;      /* for a message that nobody awaits */
    uint64_t *sent; /* to each rank, since the run was opened */
    uint64_t *got;  /* from each rank */
    uint64_t *due;  /* what each rank has sent to this rank; for mpi_mail_drain() */
    size_t count;   /* requests */
    size_t room;    /* for requests */
    MPI_Request *requests;
    struct posted *posted;
    int *completed;       /* numbers of requests */
    MPI_Status *statuses; /* nobody reads them: gcc warns of MPICH's MPI_STATUSES_IGNORE */
};

static struct mpi_mail *mail_of(struct mpi_transport *transport)
{
    return mpi_link_of(transport)->mail;
}

void mpi_mail_free(struct mpi_mail **mail)
{
    if (!*mail) return;
    core_free(&(*mail)->piece);
    core_free(&(*mail)->bin);
    core_free(&(*mail)->sent);
    core_free(&(*mail)->got);
    core_free(&(*mail)->due);
    core_free(&(*mail)->requests);
    core_free(&(*mail)->posted);
    core_free(&(*mail)->completed);
    core_free(&(*mail)->statuses);
    core_free(mail);
}

void mpi_mail_free_communicator(struct mpi_mail *mail)
{
    if (mail && mail->comm != MPI_COMM_NULL) MPI_Comm_free(&mail->comm);
}

shs_status mpi_mail_new(struct mpi_link *link)
{
    struct mpi_mail *mail;
    shs_status status = core_new(1, sizeof *mail, "letters", &mail);
    if (status) return status;
    mail->comm = MPI_COMM_NULL;
    MPI_Comm_size(link->comm, &mail->ranks);
    size_t ranks = (size_t)mail->ranks;
    status = core_new(ranks, sizeof *mail->sent, "letters", &mail->sent);
    if (!status) status = core_new(ranks, sizeof *mail->piece, "letters", &mail->piece);
    if (!status) status = core_new(ranks, sizeof *mail->got, "letters", &mail->got);
    if (!status) status = core_new(ranks, sizeof *mail->due, "letters", &mail->due);
    if (status) mpi_mail_free(&mail);
    link->mail = mail;
    return status;
}

/* Large messages are the fastest within a node. */
static shs_status choose_pieces(struct mpi_link *link)
{
    struct mpi_mail *mail = link->mail;
    MPI_Group all, node;
    for (int rank = 0; rank < mail->ranks; rank++)
        mail->piece[rank] = MPI_MAIL_FAR_PIECE;
    if (link->node == MPI_COMM_NULL) return SHS_OK;
    int code = MPI_Comm_group(link->comm, &all);
    if (code != MPI_SUCCESS) return mpi_check(code, "MPI_Comm_group");
    code = MPI_Comm_group(link->node, &node);
    for (int rank = 0; rank < mail->ranks && code == MPI_SUCCESS; rank++) {
        int there = MPI_UNDEFINED;
        code = MPI_Group_translate_ranks(all, 1, &rank, node, &there);
        if (there != MPI_UNDEFINED) mail->piece[rank] = MPI_LINK_PIECE;
    }
    MPI_Group_free(&all);
    if (code == MPI_SUCCESS) MPI_Group_free(&node);
    return mpi_check(code, "MPI_Group_translate_ranks");
}

static shs_status duplicate(struct mpi_link *link)
{
    MPI_Request request;
    int code = MPI_Comm_idup(link->comm, &link->mail->comm, &request);
    shs_status status = mpi_link_wait(link->run, code, &request, "MPI_Comm_idup");
    if (!status) MPI_Comm_set_errhandler(link->mail->comm, MPI_ERRORS_RETURN);
    return status ? status : choose_pieces(link);
}

/* A rank that lacks memory takes part all the same. */
static shs_status open_mail(struct mpi_transport *transport)
{
    struct mpi_link *link = mpi_link_of(transport);
    struct mpi_mail *mail = link->mail;
    shs_status status = SHS_OK;
    if (mail->comm == MPI_COMM_NULL) status = duplicate(link);
    if (!status && !mail->bin) status = core_new(MPI_LINK_PIECE, 1, "letters", &mail->bin);
    return status;
}

/* The most messages that a letter may take. */
static size_t pieces_of(size_t bytes)
{
    return (bytes + MPI_MAIL_FAR_PIECE - 1) / MPI_MAIL_FAR_PIECE;
}

static shs_status reserve(struct mpi_transport *transport, int64_t letters, size_t bytes)
{
    struct mpi_mail *mail = mail_of(transport);
    size_t pieces = pieces_of(bytes);
    if (letters < 0) {
        mail->room -= (size_t)-letters * pieces;
        return SHS_OK;
    }
    size_t room = mail->room + (size_t)letters * pieces;
    shs_status status = core_resize(room, sizeof *mail->requests, "letters", &mail->requests);
    if (!status) status = core_resize(room, sizeof *mail->posted, "letters", &mail->posted);
    if (!status) status = core_resize(room, sizeof *mail->completed, "letters", &mail->completed);
    if (!status) status = core_resize(room, sizeof *mail->statuses, "letters", &mail->statuses);
    if (!status) mail->room = room;
    return status;
}

/* Enters a request that MPI has made. */
static void enter(struct mpi_mail *mail, MPI_Request request, int rank, size_t *under_way)
{
    mail->requests[mail->count] = request;
    mail->posted[mail->count] = (struct posted){under_way, rank};
    mail->count++;
    ++*under_way;
}

static shs_status send(struct mpi_transport *transport, const struct mpi_letter *letter)
{
    struct mpi_mail *mail = mail_of(transport);
    MPI_Request request;
    size_t most = mail->piece[letter->rank];
    for (size_t at = 0; at < letter->count; at += most) {
        size_t piece = letter->count - at < most ? letter->count - at : most;
        int code = MPI_Isend((const char *)letter->bytes + at, (int)piece, MPI_BYTE, letter->rank,
                             letter->tag, mail->comm, &request);
        if (code != MPI_SUCCESS) return mpi_check(code, "sending a sum");
        enter(mail, request, -1, letter->under_way);
        mail->sent[letter->rank]++;
    }
    return SHS_OK;
}

static shs_status receive(struct mpi_transport *transport, const struct mpi_letter *letter)
{
    struct mpi_mail *mail = mail_of(transport);
    MPI_Request request;
    size_t most = mail->piece[letter->rank];
    for (size_t at = 0; at < letter->count; at += most) {
        size_t piece = letter->count - at < most ? letter->count - at : most;
        int code = MPI_Irecv((char *)letter->bytes + at, (int)piece, MPI_BYTE, letter->rank,
                             letter->tag, mail->comm, &request);
        if (code != MPI_SUCCESS) return mpi_check(code, "receiving a sum");
        enter(mail, request, letter->rank, letter->under_way);
    }
    return SHS_OK;
}

/* Takes requests that are done out of the table. */
static void take_out_null(struct mpi_mail *mail)
{
    size_t kept = 0;
    for (size_t i = 0; i < mail->count; i++) {
        if (mail->requests[i] == MPI_REQUEST_NULL) continue;
        mail->requests[kept] = mail->requests[i];
        mail->posted[kept++] = mail->posted[i];
    }
    mail->count = kept;
}

static shs_status progress_mail(struct mpi_mail *mail, size_t *moved)
{
    int completed = 0;
    if (!mail->count) return SHS_OK;
    int code =
        MPI_Testsome((int)mail->count, mail->requests, &completed, mail->completed, mail->statuses);
    if (code != MPI_SUCCESS) return mpi_check(code, "waiting for a sum");
    for (int i = 0; i < completed; i++) {
        const struct posted *posted = &mail->posted[mail->completed[i]];
        --*posted->under_way;
        if (posted->rank >= 0) mail->got[posted->rank]++;
    }
    if (completed <= 0) return SHS_OK; /* MPI_UNDEFINED is negative */
    take_out_null(mail);
    *moved += (size_t)completed;
    return SHS_OK;
}

static shs_status progress(struct mpi_transport *transport, size_t *moved)
{
    return progress_mail(mail_of(transport), moved);
}

/* ---- The end of all letters. */

/* Receives a letter that this rank does not await. */
static shs_status throw_away(struct mpi_mail *mail, int from)
{
    MPI_Status about;
    MPI_Message message;
    int there = 0;
    int code = MPI_Improbe(from, MPI_ANY_TAG, mail->comm, &there, &message, &about);
    if (code != MPI_SUCCESS || !there) return mpi_check(code, "looking for a letter");
    code = MPI_Mrecv(mail->bin, MPI_LINK_PIECE, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    mail->got[from]++;
    return mpi_check(code, "receiving a letter");
}

/* True once this rank has what was sent to it, and the others have what it has sent. */
static bool is_drained(void *user, shs_status *status)
{
    struct mpi_mail *mail = user;
    bool done = true;
    size_t moved = 0;
    *status = progress_mail(mail, &moved);
    for (int rank = 0; rank < mail->ranks && !*status; rank++) {
        if (mail->got[rank] >= mail->due[rank]) continue;
        done = false;
        *status = throw_away(mail, rank);
    }
    for (size_t i = 0; i < mail->count; i++)
        if (mail->posted[i].rank < 0) done = false;
    return *status || done;
}

static shs_status drain(shs_run *run)
{
    struct mpi_mail *mail = mail_of(run->transport);
    if (!mail || mail->comm == MPI_COMM_NULL) return SHS_OK;
    MPI_Request request;
    int code = MPI_Ialltoall(mail->sent, 1, MPI_UINT64_T, mail->due, 1, MPI_UINT64_T, mail->comm,
                             &request);
    shs_status status = mpi_link_wait(run, code, &request, "MPI_Ialltoall");
    if (status) return status;
    status = mpi_wait(run, "the letters of other ranks", is_drained, mail);
    for (size_t i = 0; i < mail->count && !status; i++) {
        MPI_Cancel(&mail->requests[i]);
        status = mpi_check(MPI_Wait(&mail->requests[i], MPI_STATUS_IGNORE), "MPI_Wait");
        --*mail->posted[i].under_way;
    }
    if (!status) mail->count = 0;
    return mpi_watch_broken(run, status);
}

const struct mpi_mail_way mpi_mail = {open_mail, reserve, send, receive, progress, drain};
