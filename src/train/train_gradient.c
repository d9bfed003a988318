/* The mean of the gradients: tensors in and out of the sums that the ranks exchange. */
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "mpi_sum.h"
#include "shardstep/gradient.h"

#define OPEN_IT "open it with shs_gradient_open()"

struct shs_gradient {
    shs_run *run;
    uint64_t number;     /* this object's number in the run, from 1, the same on every rank */
    shs_tensor *tensors; /* the program's tensors, without their names */
    size_t count;        /* tensors */
    size_t n_floats;     /* elements of all tensors of type SHS_F32 */
    size_t n_doubles;    /* elements of all tensors of type SHS_F64 */
    shs_reduction reduction;
    struct mpi_sum *sum; /* the sum over the step's batches */
    uint64_t rows;       /* rows with weight 1 in this rank's batches of the step */
    uint64_t step;       /* the step of the batch added last */
};

static shs_status count_elements(shs_gradient *gradient)
{
    for (size_t t = 0; t < gradient->count; t++) {
        const shs_tensor *tensor = &gradient->tensors[t];
        size_t bytes, *elements = NULL;
        shs_status status = shs_tensor_bytes(tensor, &bytes);
        if (status) return status;
        if (tensor->type == SHS_F32) elements = &gradient->n_floats;
        if (tensor->type == SHS_F64) elements = &gradient->n_doubles;
        if (!elements || !tensor->data)
            return core_fail(SHS_ERROR_ARGUMENT, "tensor %zu (%s) is %s; gradients are f32 or f64",
                             t, tensor->name ? tensor->name : "no name",
                             tensor->data ? shs_type_name(tensor->type) : "without data");
        if (__builtin_add_overflow(*elements, bytes / shs_type_size(tensor->type), elements))
            return core_fail(SHS_ERROR_ARGUMENT, "the tensors are larger than a process can "
                                                 "address");
    }
    return SHS_OK;
}

static shs_status open_local(shs_gradient *gradient, const shs_tensor *tensors, size_t count)
{
    if (gradient->reduction != SHS_REDUCTION_REPRODUCIBLE &&
        gradient->reduction != SHS_REDUCTION_FAST)
        return core_fail(SHS_ERROR_ARGUMENT, "reduction %d is neither reproducible nor fast",
                         (int)gradient->reduction);
    if (!tensors || !count)
        return core_fail(SHS_ERROR_ARGUMENT, "no tensors are given: %s",
                         tensors ? "their count is 0" : "tensors is NULL");
    shs_status status = core_new(count, sizeof *gradient->tensors, "tensors", &gradient->tensors);
    if (status) return status;
    memcpy(gradient->tensors, tensors, count * sizeof *tensors);
    gradient->count = count;
    status = count_elements(gradient);
    if (status) return status;
    return mpi_sum_new(gradient->run, gradient->n_floats, gradient->n_doubles,
                       gradient->reduction == SHS_REDUCTION_REPRODUCIBLE, &gradient->sum);
}

/* A digest of types and shapes in their order. Ranks whose tensors have the same number of elements
 * in another order would add the wrong elements to each other. */
static shs_status digest_shapes(const shs_tensor *tensors, size_t count,
                                char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t t = 0; t < count; t++) {
        core_hash_add(hash, &tensors[t].type, sizeof tensors[t].type);
        core_hash_add(hash, &tensors[t].axes, sizeof tensors[t].axes);
        core_hash_add(hash, tensors[t].shape, tensors[t].axes * sizeof *tensors[t].shape);
    }
    core_hash_finish(&hash, text);
    return SHS_OK;
}

shs_status shs_gradient_open(shs_run *run, const shs_tensor *tensors, size_t count,
                             const shs_gradient_options *options, shs_gradient **gradient)
{
    shs_reduction reduction = options ? options->reduction : SHS_REDUCTION_REPRODUCIBLE;
    char shapes[CORE_DIGEST_TEXT] = "";
    shs_gradient *nowhere = NULL;
    shs_status status = core_require(run, "shs_gradient_open", "run", "open it with shs_open()");
    if (gradient) *gradient = NULL;
    if (status) return status;
    uint64_t number = ++run->gradients;
    if (gradient)
        status = core_new(1, sizeof **gradient, "gradients", gradient);
    else
        status =
            core_fail(SHS_ERROR_ARGUMENT, "gradient is NULL; pass the address of a shs_gradient *");
    if (!gradient) gradient = &nowhere;
    if (!status) {
        mpi_run_hold(run);
        (*gradient)->run = run;
        (*gradient)->number = number;
        (*gradient)->reduction = reduction;
        status = open_local(*gradient, tensors, count);
    }
    if (!status) status = digest_shapes(tensors, count, shapes);
    status = mpi_agree(run, core_wrap(status, "shs_gradient_open"),
                       "shs_gradient_open(%zu tensors, types and shapes %s, reduction %d)", count,
                       shapes, (int)reduction);
    if (status) shs_gradient_close(gradient);
    return status;
}

void shs_gradient_close(shs_gradient **gradient)
{
    if (!gradient || !*gradient) return;
    shs_run *run = (*gradient)->run;
    mpi_sum_free(&(*gradient)->sum);
    core_free(&(*gradient)->tensors);
    core_free(gradient);
    mpi_run_release(run);
}

/* Calls `visit` with each tensor and the address of its part of a vector. */
static void for_each_tensor(const shs_gradient *gradient, struct order_vector vector,
                            void (*visit)(const shs_tensor *tensor, void *part, size_t elements))
{
    for (size_t t = 0; t < gradient->count; t++) {
        const shs_tensor *tensor = &gradient->tensors[t];
        size_t elements = 1;
        for (uint32_t axis = 0; axis < tensor->axes; axis++)
            elements *= (size_t)tensor->shape[axis];
        if (tensor->type == SHS_F32) {
            visit(tensor, vector.floats, elements);
            vector.floats += elements;
        } else {
            visit(tensor, vector.doubles, elements);
            vector.doubles += elements;
        }
    }
}

static void take_tensor(const shs_tensor *tensor, void *part, size_t elements)
{
    memcpy(part, tensor->data, elements * shs_type_size(tensor->type));
}

static void give_tensor(const shs_tensor *tensor, void *part, size_t elements)
{
    memcpy(tensor->data, part, elements * shs_type_size(tensor->type));
}

static void add_tensor(const shs_tensor *tensor, void *part, size_t elements)
{
    if (tensor->type == SHS_F32) {
        const float *from = tensor->data;
        float *to = part;
        for (size_t i = 0; i < elements; i++)
            to[i] += from[i];
    } else {
        const double *from = tensor->data;
        double *to = part;
        for (size_t i = 0; i < elements; i++)
            to[i] += from[i];
    }
}

/* The part of the sum that a virtual rank adds. */
struct part {
    const shs_gradient *gradient;
    bool empty; /* the virtual rank's batch has no rows, so the tensors are not read */
};

static void give_part(struct order_vector to, bool add, void *user)
{
    const struct part *part = user;
    const shs_gradient *gradient = part->gradient;
    if (!part->empty) {
        for_each_tensor(gradient, to, add ? add_tensor : take_tensor);
    } else if (!add) {
        memset(to.floats, 0, gradient->n_floats * sizeof *to.floats);
        memset(to.doubles, 0, gradient->n_doubles * sizeof *to.doubles);
    }
}

static shs_status check_batch(const shs_gradient *gradient, const shs_batch *batch)
{
    uint64_t added = mpi_sum_added(gradient->sum), hosted = gradient->run->hosted;
    uint64_t expected = gradient->run->first_vrank + added;
    if (added < hosted && batch->vrank == expected && (!added || batch->step == gradient->step))
        return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "the batch of virtual rank %llu, step %llu was given after %llu of %llu "
                     "batches of the step; give each batch once, in the order of shs_next(), and "
                     "call shs_gradient_mean() at the step's end",
                     (ull)batch->vrank, (ull)batch->step, (ull)added, (ull)hosted);
}

/* Refuses a step's whole batch where the sum of each virtual rank is needed. */
static shs_status check_whole(const shs_gradient *gradient, const shs_batch *batch)
{
    if (batch->parts < 2 || gradient->reduction == SHS_REDUCTION_FAST) return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "the batch of step %llu holds %zu virtual ranks, and the reproducible sum is a "
        "tree over virtual ranks, which needs the tensors of each: compute and add "
        "them for batch.part[0] to batch.part[%zu] in order, or open the gradients "
        "with SHS_REDUCTION_FAST",
        (ull)batch->step, batch->parts, batch->parts - 1);
}

/* The virtual ranks of a whole batch after the first add nothing: its tensors hold all of them. */
static shs_status add(shs_gradient *gradient, const shs_batch *batch)
{
    struct part part = {gradient, batch->count == 0};
    shs_status status = check_whole(gradient, batch);
    if (!status) status = check_batch(gradient, batch);
    if (!status) status = mpi_sum_add(gradient->sum, give_part, &part);
    part.empty = true;
    for (size_t i = 1; i < batch->parts && !status; i++)
        status = mpi_sum_add(gradient->sum, give_part, &part);
    if (status) return status;
    gradient->rows += batch->count;
    gradient->step = batch->step;
    return SHS_OK;
}

shs_status shs_gradient_add(shs_gradient *gradient, const shs_batch *batch)
{
    shs_status status = core_require(gradient, "shs_gradient_add", "gradient", OPEN_IT);
    if (!status)
        status = core_require(batch, "shs_gradient_add", "batch",
                              "pass the address of one that shs_next() gave");
    if (status) return status;
    return core_wrap(add(gradient, batch), "rank %d: shs_gradient_add", gradient->run->rank);
}

static shs_status check_step(const shs_gradient *gradient)
{
    uint64_t added = mpi_sum_added(gradient->sum), hosted = gradient->run->hosted;
    if (added == hosted) return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "shs_gradient_mean: %llu of the step's %llu batches were added; call "
                     "shs_gradient_add() for each, empty ones too",
                     (ull)added, (ull)hosted);
}

static void forget_step(shs_gradient *gradient)
{
    gradient->rows = 0;
    mpi_sum_reset(gradient->sum);
}

shs_status shs_gradient_mean(shs_gradient *gradient)
{
    struct order_vector mean;
    shs_status status = core_require(gradient, "shs_gradient_mean", "gradient", OPEN_IT);
    if (status) return status;
    /* rows of this rank, later of all ranks; the members of a group have the same rows */
    uint64_t rows = gradient->run->member ? 0 : gradient->rows;
    status = mpi_settle_sum(gradient->run, check_step(gradient), &rows,
                            "shs_gradient_mean(gradient object %llu of the run, step %llu)",
                            (ull)gradient->number, (ull)gradient->step);
    if (!status && rows == 0)
        status =
            mpi_agree(gradient->run,
                      core_fail(SHS_ERROR_STATE, "shs_gradient_mean: no rank's batch had any rows"),
                      "shs_gradient_mean");
    if (!status) status = mpi_mean(gradient->sum, rows, &mean);
    if (!status) for_each_tensor(gradient, mean, give_tensor);
    forget_step(gradient);
    return status;
}
