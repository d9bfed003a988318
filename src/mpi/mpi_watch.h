/* The watch: each rank writes down what it does, in memory that the ranks of its node share, and a
 * rank that waits reads there whom it waits for. Ranks of other nodes send words (mpi_words.h).
 *
 * A run of one rank, and a run that shs_open_ranks() opened, have neither. */
#ifndef MPI_WATCH_H
#define MPI_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

struct shs_run;
struct shs_run_options;
struct mpi_table;

enum {
    MPI_WATCH_CALL_BYTES = 56, /* of the name of a call, with its final 0 */
    MPI_WATCH_HOST_BYTES = 64,
    MPI_WATCH_TEXT_BYTES = 640 /* of a text about the ranks that are missing */
};

#define MPI_WATCH_NO_STEP UINT64_MAX

/* What a rank does. */
enum mpi_doing {
    MPI_DOING_NOTHING, /* it has opened the run */
    MPI_DOING_CALL,    /* it is in the call */
    MPI_DOING_WAIT,    /* it waits for other ranks in the call */
    MPI_DOING_OTHER,   /* it waits for the ranks of another run */
    MPI_DOING_AFTER    /* it has left the call */
};

/* A rank as other ranks see it. */
struct mpi_place {
    uint64_t calls; /* agreements that it has begun: the same number where the ranks meet */
    uint64_t step;  /* of its latest shs_next(); MPI_WATCH_NO_STEP: none yet */
    uint64_t doing; /* an mpi_doing */
    int64_t rank;
    int64_t process;
    char call[MPI_WATCH_CALL_BYTES];
};

/* The watch of a run. A zeroed watch has no table: nobody sees what the rank does. */
struct mpi_watch {
    double warn_seconds;     /* 0: 60 */
    double limit_seconds;    /* 0: no limit */
    struct mpi_table *table; /* NULL: the ranks of the node share none */
    struct mpi_words *words; /* of ranks that have no part in the table; NULL: there are none */
    int ended;               /* without a table: 1 + the rank that has ended the run */
    char host[MPI_WATCH_HOST_BYTES];
    struct mpi_place place; /* what this rank has written */
    uint64_t met_step;
    char met[MPI_WATCH_CALL_BYTES]; /* the latest call in which all ranks have met */
    struct shs_run *next_run;       /* in the list of runs of this process that have ranks */

    shs_status late; /* SHS_ERROR_TIMEOUT once the run has waited too long, SHS_ERROR_MPI once a
                        message has failed; else SHS_OK */
    bool late_is_mine;
    char late_message[CORE_MESSAGE_BYTES];
};

/* Local. Checks and keeps the options of the watch. SHS_ERROR_ARGUMENT for numbers of seconds that
 * are out of range. */
shs_status mpi_watch_options(struct shs_run *run, const struct shs_run_options *options);

/* Collective. Makes the table, and the words where a table does not join all ranks. Without memory
 * for them the ranks go on without them. */
shs_status mpi_watch_open(struct shs_run *run);

/* Local. Releases the table. */
void mpi_watch_close(struct shs_run *run);

/* Local. Notes that this rank begins or leaves a collective call. The name ends at a parenthesis.
 */
void mpi_watch_begin(struct shs_run *run, const char *call);
void mpi_watch_end(struct shs_run *run);

/* Local. Notes that this rank begins or leaves shs_next() at a step. */
void mpi_watch_next(struct shs_run *run, uint64_t step, bool begins);

/* Local. Notes that this rank waits for other ranks, or does so no more. */
void mpi_watch_wait(struct shs_run *run, bool waits);

/* Local. Writes where this rank waits: the call and the step. */
void mpi_watch_where(const struct shs_run *run, char text[MPI_WATCH_TEXT_BYTES]);

/* Local. Writes which of the ranks that write to this node's table this rank waits for, the first
 * `most` of them. Returns how many it waits for. The texts and the numbers of the ranks go to
 * `sights`. */
struct mpi_sight;
int mpi_watch_sights(const struct shs_run *run, struct mpi_sight *sights, int most);

/* Local. Writes which ranks this rank waits for, and where each of them was last seen. */
void mpi_watch_missing(const struct shs_run *run, char text[MPI_WATCH_TEXT_BYTES]);

/* Local. The rank of this node that has waited too long and has ended the run; -1 if there is none.
 */
int mpi_watch_ended_by(const struct shs_run *run);

/* Local. Ends the run on the node because rank `by` has waited too long. Returns true if no rank
 * had ended it before. */
bool mpi_watch_end_run(struct shs_run *run, int by);

/* Local. Returns what a rank of the node has written. The node has a table. */
struct mpi_place mpi_watch_place(const struct shs_run *run, int number);

/* Local. True once a run of this process has waited too long, or a message has failed. */
bool mpi_watch_has_ended_any(void);

/* Local. Returns the error of a run that has waited too long, on this rank or another rank of the
 * node, or one of whose messages has failed on this rank, with its message; SHS_OK for any other
 * run. */
shs_status mpi_watch_check(struct shs_run *run);

/* Local. Ends the run on this rank with SHS_ERROR_TIMEOUT. `cause` follows the name of the rank in
 * the message. */
shs_status mpi_watch_late(struct shs_run *run, bool is_mine, const char *cause);

/* Local. Ends the run on this rank if `status` is SHS_ERROR_MPI, the error of an MPI call in which
 * other ranks take part: they may wait there for this rank, so it must not wait for them elsewhere.
 * The thread's latest message gets the rank and the call. Returns `status`. */
shs_status mpi_watch_broken(struct shs_run *run, shs_status status);

#endif
