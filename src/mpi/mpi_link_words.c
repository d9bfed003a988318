/* Words over MPI: small messages with a tag of their own on the run's communicator. */
#include "core_memory.h"
#include "mpi_link.h"
#include "mpi_words.h"

enum {
    WORD_TAG = 30000
};

/* A word on its way to all other ranks. */
struct mpi_link_word {
    struct mpi_link_word *next;
    struct mpi_word word;
    MPI_Request *requests;
};

static void free_word(struct mpi_link_word **word)
{
    if (!*word) return;
    core_free(&(*word)->requests);
    core_free(word);
}

static shs_status make_word(int ranks, const struct mpi_word *content, struct mpi_link_word **word)
{
    shs_status status = core_new(1, sizeof **word, "a word", word);
    if (!status)
        status = core_new((uint64_t)ranks, sizeof *(*word)->requests, "a word", &(*word)->requests);
    if (status)
        free_word(word);
    else
        (*word)->word = *content;
    return status;
}

/* Returns true if a word has left to all ranks. */
static bool is_gone(const struct mpi_link_word *word, int ranks)
{
    int gone = 1;
    for (int rank = 0; rank < ranks && gone; rank++)
        if (word->requests[rank] != MPI_REQUEST_NULL)
            MPI_Test(&word->requests[rank], &gone, MPI_STATUS_IGNORE);
    return gone;
}

/* Releases the words that have left. */
static bool are_gone(struct mpi_transport *transport)
{
    struct mpi_link *link = mpi_link_of(transport);
    struct mpi_link_word **at = &link->words;
    while (*at) {
        struct mpi_link_word *word = *at;
        if (is_gone(word, link->run->ranks)) {
            *at = word->next;
            free_word(&word);
        } else {
            at = &word->next;
        }
    }
    return !link->words;
}

static bool tell(struct mpi_transport *transport, const struct mpi_word *content)
{
    struct mpi_link *link = mpi_link_of(transport);
    struct mpi_link_word *word = NULL;
    int own = link->run->rank, code = MPI_SUCCESS;
    are_gone(transport);
    if (make_word(link->run->ranks, content, &word)) return false;
    for (int rank = 0; rank < link->run->ranks; rank++) {
        word->requests[rank] = MPI_REQUEST_NULL;
        if (rank != own && code == MPI_SUCCESS)
            code = MPI_Isend(&word->word, (int)sizeof word->word, MPI_BYTE, rank, WORD_TAG,
                             link->comm, &word->requests[rank]);
    }
    word->next = link->words;
    link->words = word;
    return code == MPI_SUCCESS;
}

static bool hear(struct mpi_transport *transport, struct mpi_word *word, int *from)
{
    struct mpi_link *link = mpi_link_of(transport);
    MPI_Status about;
    int there = 0;
    if (MPI_Iprobe(MPI_ANY_SOURCE, WORD_TAG, link->comm, &there, &about) || !there) return false;
    *from = about.MPI_SOURCE;
    return MPI_Recv(word, (int)sizeof *word, MPI_BYTE, *from, WORD_TAG, link->comm,
                    MPI_STATUS_IGNORE) == MPI_SUCCESS;
}

const struct mpi_word_way mpi_link_words = {tell, hear, are_gone};
