/* This rank's part of a sum, and the mean in a run of one rank. */
#include <string.h>

#include "core_memory.h"
#include "mpi_sum_way.h"
#include "mpi_transport.h"

shs_status mpi_vector_new(const struct mpi_sum *sum, struct order_vector *vector)
{
    *vector = (struct order_vector){0};
    shs_status status =
        core_new(sum->n_floats, sizeof *vector->floats, "gradients", &vector->floats);
    if (!status)
        status = core_new(sum->n_doubles, sizeof *vector->doubles, "gradients", &vector->doubles);
    if (status) mpi_vector_free(vector);
    return status;
}

void mpi_vector_free(struct order_vector *vector)
{
    core_free(&vector->floats);
    core_free(&vector->doubles);
}

void mpi_sum_divide(const struct mpi_sum *sum, struct order_vector vector, uint64_t rows)
{
    /* A quotient of two floats, computed in double and then rounded to float, is correctly rounded
     * (Figueroa: When is double rounding innocuous? SIGNUM Newsletter 30 (1995)). */
    double divisor = (double)rows;
    for (size_t i = 0; i < sum->n_floats; i++)
        vector.floats[i] = (float)((double)vector.floats[i] / divisor);
    for (size_t i = 0; i < sum->n_doubles; i++)
        vector.doubles[i] /= divisor;
}

/* ---- A run of one rank. */

static shs_status begin_alone(struct mpi_sum *sum)
{
    (void)sum;
    return SHS_OK;
}

static void end_alone(struct mpi_sum *sum)
{
    (void)sum;
}

static shs_status mean_alone(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean)
{
    *mean = sum->partials ? order_sum_partial(sum->partials, 0).vector : sum->total;
    mpi_sum_divide(sum, *mean, rows);
    return SHS_OK;
}

static const struct mpi_sum_way alone = {begin_alone, end_alone, mean_alone};

static const struct mpi_sum_way *way_of(const shs_run *run, bool reproducible)
{
    if (run->ranks == 1 && !run->transport) return &alone;
    if (!run->transport) return NULL;
    return reproducible ? run->transport->reproducible : run->transport->fast;
}

/* ---- Any run. */

/* Has the partial sums take their memory now, because no rank of a group may run out of memory
 * while others wait for its sums. */
static shs_status reserve_partials(struct mpi_sum *sum)
{
    struct order_vector vector;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < sum->run->hosted && !status; i++) {
        status = order_sum_push(sum->partials, sum->run->first_vrank + i, &vector);
        if (!status) order_sum_join(sum->partials);
    }
    order_sum_reset(sum->partials);
    return status;
}

static shs_status make_parts(struct mpi_sum *sum)
{
    shs_status status = core_new(sum->run->hosted, sizeof *sum->parts, "sums", &sum->parts);
    for (uint64_t i = 0; i < sum->run->hosted && !status; i++)
        status = mpi_vector_new(sum, &sum->parts[i]);
    return status ? status : reserve_partials(sum);
}

static shs_status make_part(struct mpi_sum *sum, bool reproducible)
{
    if (!reproducible) return mpi_vector_new(sum, &sum->total);
    shs_status status =
        order_sum_new(sum->run->vranks, sum->n_floats, sum->n_doubles, &sum->partials);
    return status || sum->run->group == 1 ? status : make_parts(sum);
}

static void free_part(struct mpi_sum *sum)
{
    for (uint64_t i = 0; sum->parts && i < sum->run->hosted; i++)
        mpi_vector_free(&sum->parts[i]);
    core_free(&sum->parts);
    order_sum_free(&sum->partials);
    mpi_vector_free(&sum->total);
}

shs_status mpi_sum_new(shs_run *run, size_t n_floats, size_t n_doubles, bool reproducible,
                       struct mpi_sum **sum)
{
    const struct mpi_sum_way *way = way_of(run, reproducible);
    *sum = NULL;
    if (!way)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "this is rank %d of %d without MPI, and gradients of several ranks are "
                         "added over MPI only; add them by the means of your program, and end each "
                         "step by shs_agree(); or open the run by shs_open()",
                         run->rank, run->ranks);
    shs_status status = core_new(1, sizeof **sum, "a sum", sum);
    if (status) return status;
    (*sum)->run = run;
    (*sum)->way = way;
    (*sum)->n_floats = n_floats;
    (*sum)->n_doubles = n_doubles;
    status = make_part(*sum, reproducible);
    if (!status) status = (*sum)->way->begin(*sum);
    if (status) {
        free_part(*sum);
        core_free(sum);
    }
    return status;
}

void mpi_sum_free(struct mpi_sum **sum)
{
    if (!*sum) return;
    (*sum)->way->end(*sum);
    free_part(*sum);
    core_free(sum);
}

void mpi_sum_reset(struct mpi_sum *sum)
{
    if (sum->partials) order_sum_reset(sum->partials);
    sum->added = 0;
}

static shs_status add_partial(struct mpi_sum *sum, mpi_give *give, void *user)
{
    struct order_vector vector;
    if (sum->parts) {
        give(sum->parts[sum->added], false, user);
        return SHS_OK;
    }
    shs_status status = order_sum_push(sum->partials, sum->run->first_vrank + sum->added, &vector);
    if (status) return status;
    give(vector, false, user);
    order_sum_join(sum->partials);
    return SHS_OK;
}

/* Adds a part to the total. The total begins as +0, so the sum of a rank without rows is +0. */
static void add_to_total(struct mpi_sum *sum, mpi_give *give, void *user)
{
    if (!sum->added) {
        memset(sum->total.floats, 0, sum->n_floats * sizeof *sum->total.floats);
        memset(sum->total.doubles, 0, sum->n_doubles * sizeof *sum->total.doubles);
    }
    give(sum->total, true, user);
}

shs_status mpi_sum_add(struct mpi_sum *sum, mpi_give *give, void *user)
{
    shs_status status = SHS_OK;
    if (sum->partials)
        status = add_partial(sum, give, user);
    else
        add_to_total(sum, give, user);
    if (!status) sum->added++;
    return status;
}

uint64_t mpi_sum_added(const struct mpi_sum *sum)
{
    return sum->added;
}

size_t mpi_sum_most_held(const struct mpi_sum *sum)
{
    return sum->partials ? order_sum_most_held(sum->partials) : 0;
}

shs_status mpi_mean(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean)
{
    return sum->way->mean(sum, rows, mean);
}
