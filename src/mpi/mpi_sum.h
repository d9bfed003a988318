/* The mean of vectors over virtual ranks: each rank adds the parts of its virtual ranks, and every
 * rank gets the mean. */
#ifndef MPI_SUM_H
#define MPI_SUM_H

#include "mpi_run.h"
#include "order_sum.h"

struct mpi_sum;

/* A function that writes the part of a virtual rank to the vector `to`. With `add` it adds the part
 * to what the vector holds. */
typedef void mpi_give(struct order_vector to, bool add, void *user);

/* Elements of the vectors that lie together in memory of the program. */
struct mpi_outside {
    bool doubles;
    size_t first, count;
    const void *from; /* if the sum borrows: this rank's last part of a step */
    void *to;         /* mpi_mean() writes the mean here. It may be the same as `from`, but may not
                         overlap it in another way, nor `from` of other elements. */
};

/* How a sum is made. The same on every rank, but for the addresses. */
struct mpi_sum_wish {
    uint64_t number;       /* a number that no other open sum of the run has */
    uint64_t bucket_bytes; /* bytes that are exchanged together; 0: a default */
    bool provide;          /* the sum has memory for the parts, mpi_sum_provided() */
    size_t table;          /* numbers in mpi_sum_table() */

    /* All elements in the program's memory: those of each type in their order. The list is borrowed
     * for the call, the memory until the sum is freed. NULL: mpi_mean() returns the mean. */
    const struct mpi_outside *outside;
    size_t n_outside;
    bool borrow; /* this rank's last part of a step stays where it is from mpi_sum_part() until
                    mpi_mean() has returned: on one node it then is not copied */
};

/* Local. Makes a sum of vectors with this many floats and doubles. With `reproducible` its
 * additions form the tree of order_tree.h, without it MPI_Allreduce chooses their order. In groups
 * of G ranks the members' parts of a virtual rank are added first, by the tree over [0, G). The run
 * must outlive the sum. SHS_ERROR_UNSUPPORTED if nothing adds vectors over the run's ranks. On
 * error *sum is NULL. */
shs_status mpi_sum_new(shs_run *run, size_t n_floats, size_t n_doubles, bool reproducible,
                       struct mpi_sum **sum);

/* Collective. Gives a new sum memory that the ranks of a node share, where they can. A sum that is
 * not joined exchanges letters with every other rank. An error is this rank's: agree on it. */
shs_status mpi_sum_join(struct mpi_sum *sum, const struct mpi_sum_wish *wish);

/* Local. Releases a sum, and leaves NULL. Accepts a pointer to NULL. */
void mpi_sum_free(struct mpi_sum **sum);

/* Local. The vector in which the parts are to lie, if the sum provides memory. Its content belongs
 * to the program until the last part of a step is added, and again after the mean. */
struct order_vector mpi_sum_provided(const struct mpi_sum *sum);

/* Local. Forgets all parts. */
void mpi_sum_reset(struct mpi_sum *sum);

/* Local. Adds the part of this rank's next virtual rank; the first call adds that of its first. */
shs_status mpi_sum_add(struct mpi_sum *sum, mpi_give *give, void *user);

/* Local. Adds some elements of the part of this rank's next virtual rank; `from` NULL: the whole
 * part is zeros. After all elements of a part mpi_sum_part_end() ends it. The sum is joined. If it
 * borrows, `from` is NULL or the program's memory for the last part. */
void mpi_sum_part(struct mpi_sum *sum, bool doubles, size_t first, size_t count, const void *from);
void mpi_sum_part_end(struct mpi_sum *sum, bool empty);

/* Local. Lets the exchange of the step begin, as far as its elements lie ready: from the last float
 * down to `floats`, and if that is 0, from the last double down to `doubles`. `rows` are this
 * rank's rows of the step. Does not wait. The caller gives an error to mpi_watch_broken(). */
shs_status mpi_sum_begin(struct mpi_sum *sum, uint64_t rows, size_t floats, size_t doubles);

/* Local. The number of the step: it grows when a step ends, and when it is given up. */
uint64_t mpi_sum_step(const struct mpi_sum *sum);

/* Local. The number of parts added since the last reset. */
uint64_t mpi_sum_added(const struct mpi_sum *sum);

/* Local. The largest number of partial sums that this rank held at a time; 0 if the sum is not
 * reproducible. The parts that a member of a group keeps for the others do not count. */
size_t mpi_sum_most_held(const struct mpi_sum *sum);

/* Collective. Sets *mean to the sum over all virtual ranks, divided once by `rows`. Every rank has
 * added all its parts, and passes the same `rows`. The vectors belong to the sum, and are valid
 * until the next part is added. A sum with memory of the program writes the mean there, and leaves
 * *mean alone; `mean` may then be NULL. */
shs_status mpi_mean(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean);

/* Collective. Gives up the step of every sum of the run, whatever has begun. If this rank has begun
 * to exchange the parts of a sum, or is in the middle of a part, the parts are forgotten. */
shs_status mpi_sums_give_up(shs_run *run);

/* ---- A table that the ranks of a node fill together after a mean. */

/* Local. The table, and this rank's part of the work. */
double *mpi_sum_table(const struct mpi_sum *sum);
struct mpi_part mpi_sum_share(const struct mpi_sum *sum);

/* Collective, once after each mean. Returns when all parts of the table are filled. */
shs_status mpi_sum_meet(struct mpi_sum *sum);

#endif
