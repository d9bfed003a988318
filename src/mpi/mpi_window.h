/* Windows: memory that the ranks of a node share, handed on as a plain pointer.
 *
 * Windows belong to the run. A collective open takes a window, and a Local close gives it back to
 * the run's pool. A later open takes it again if it is large enough, and if every rank of the node
 * has given it back. The run frees its windows in shs_close(). A window that is still taken then is
 * freed when it is given back, or with the run's last holder.
 *
 * A window may also be memory of the process alone: in a run of one rank, on a node with one rank,
 * in a run that shs_open_ranks() opened, in a build without MPI, and where the system does not let
 * every rank of the node share. Then all ranks of that node have memory of their own. This is no
 * error, and `shared` tells which it is. Memory of the process is freed when it is given back. */
#ifndef MPI_WINDOW_H
#define MPI_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/status.h"

struct shs_run;

enum {
    MPI_WINDOWS = 64, /* most shared windows of a run; more are memory of the process */
    MPI_WINDOW_ALIGNMENT = 64
};

/* A window that is taken. A zeroed window is none. */
struct mpi_window {
    char *memory; /* aligned to MPI_WINDOW_ALIGNMENT bytes */
    size_t bytes; /* as many as were asked for */
    bool shared;  /* true if all ranks of the node have this memory */

    struct shs_run *run; /* the rest is for mpi_window.c */
    void *own;           /* the memory of the process that `memory` lies in; NULL if it is shared */
    size_t number;       /* its number in the pool if it is shared */
};

/* What a rank asks for. */
struct mpi_window_wish {
    size_t bytes;     /* 0: this rank takes part, and gets nothing */
    size_t zeroed;    /* as many bytes at the beginning are zero when the window is taken; the other
                         bytes may have any values */
    uint64_t key;     /* a hash of what the window is for: ranks with other keys do not share */
    bool shared_only; /* if the ranks do not share, the window stays zeroed */
    bool huge;        /* memory of the process is asked for in huge pages */
};

/* Collective. Takes a window. If ranks of a node ask for different things, they do not share.
 * SHS_ERROR_MEMORY, for the ranks that lack memory of their own alone: agree on the status, or do
 * without the window. On error *window is zeroed. */
shs_status mpi_window_take(struct shs_run *run, const struct mpi_window_wish *wish,
                           struct mpi_window *window);

/* Local. Takes memory of this process alone, with errors as above. */
shs_status mpi_window_take_own(struct shs_run *run, const struct mpi_window_wish *wish,
                               struct mpi_window *window);

/* Local. Gives a window back and zeroes it. Accepts a zeroed window. The run may be closed, but its
 * memory must still be held. */
void mpi_window_give_back(struct mpi_window *window);

/* ---- For the run. */

/* Shared memory that the run has mapped. */
struct mpi_pooled {
    void *memory;
    size_t bytes;
    bool taken; /* on this rank */
};

/* The shared windows of a run. All ranks of a node have the same windows in the same order. A
 * zeroed pool is empty. */
struct mpi_windows {
    int node_rank;  /* this rank's number on its node */
    int node_ranks; /* ranks of the node; 0: not known yet */
    size_t count;
    struct mpi_pooled pool[MPI_WINDOWS];
};

/* Collective. Finds out how many ranks the node has, unless that is known. */
shs_status mpi_windows_find_node(struct shs_run *run);

/* Collective over the node, which has several ranks. Makes zeroed memory that the ranks share and
 * that is not in the pool: free it by mpi_shared_leave(). *memory is NULL on every rank of the node
 * if it cannot be made or mapped on some rank. */
shs_status mpi_windows_make(struct shs_run *run, size_t bytes, void **memory);

/* Local. Frees the shared windows that are not taken, or all of them. */
void mpi_windows_free(struct mpi_windows *windows, bool all);

#endif
