/* Memory that processes of one machine share. Nothing here calls MPI.
 *
 * The memory is a file without a name (memfd_create), which a process makes and which others open
 * through /proc. Two other ways were weighed:
 *
 * - MPI_Win_allocate_shared() reserves no pages, so a full /dev/shm would be a SIGBUS at the first
 *   touch of a page. It is freed by a collective call, but a dataset is closed by a Local call, and
 *   perhaps after MPI_Finalize().
 * - A POSIX shared memory object has a name in /dev/shm, which stays there if the process is killed
 *   before it removes the name. Containers often have 64 MiB there, or nothing.
 *
 * A file without a name needs no /dev/shm, and its memory is free once no process holds it. */
#ifndef MPI_SHARED_H
#define MPI_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How other processes of the machine find the memory. */
struct mpi_shared {
    int64_t process;
    int64_t file; /* the process's descriptor; -1 if there is no memory */
    uint64_t device, inode;
};

/* Local. Makes memory of `bytes` bytes, all zero, reserves all its pages, and maps it. Returns NULL
 * if the system does not allow it; `shared->file` is then -1. Otherwise other processes can map the
 * memory until mpi_shared_made() is called. */
void *mpi_shared_make(size_t bytes, struct mpi_shared *shared);

/* Local. Closes the descriptor of mpi_shared_make(), if there is one. The memory stays mapped. */
void mpi_shared_made(struct mpi_shared *shared);

/* Local. Maps memory that another process of the machine has made with the same number of bytes.
 * Returns NULL if the system does not allow it. */
void *mpi_shared_join(const struct mpi_shared *shared, size_t bytes);

/* Local. Unmaps memory and leaves NULL. Accepts a pointer to NULL. */
void mpi_shared_leave(void **memory, size_t bytes);

/* Local. Returns the state of a process of the machine, as the system tells it: T if it is stopped
 * by a signal, t by a debugger, Z if it has ended, and so on. Returns Z for a process that is gone,
 * and ? where the system does not tell. */
char mpi_shared_state(int64_t process);

#endif
