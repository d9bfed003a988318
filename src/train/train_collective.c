/* Arrays of the program over all ranks: their sum, and rank 0's content for all. */
#include <string.h>

#include "core_memory.h"
#include "mpi_sum.h"
#include "shardstep/collective.h"
#include "train_compare.h"
#include "train_state.h"

#define OPEN_IT "open it with shs_open()"

static shs_status check_count(const void *tensors, const char *name, size_t count)
{
    if (tensors && count) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "no tensors are given: %s is %s",
                     tensors ? "their count" : name, tensors ? "0" : "NULL");
}

/* ---- shs_sum() */

/* A call of shs_sum() on this rank. */
struct addition {
    shs_run *run;
    const shs_tensor *parts;
    const shs_tensor *sums;
    size_t count;
    uint64_t next;       /* the hosted virtual rank whose part is added next */
    struct mpi_sum *sum; /* the parts added so far */
    struct train_compare shapes;
};

static const char *name_of(const shs_tensor *tensor)
{
    return tensor->name ? tensor->name : "no name";
}

/* A part has the shape of its sum behind an axis of the hosted virtual ranks. */
static bool shapes_fit(const shs_tensor *part, const shs_tensor *sum, uint64_t hosted)
{
    if (part->axes != sum->axes + 1 || part->shape[0] != hosted) return false;
    for (uint32_t axis = 0; axis < sum->axes; axis++)
        if (part->shape[axis + 1] != sum->shape[axis]) return false;
    return true;
}

static shs_status check_part(const struct addition *addition, size_t t)
{
    const shs_tensor *part = &addition->parts[t], *sum = &addition->sums[t];
    size_t bytes;
    shs_status status = shs_tensor_bytes(part, &bytes);
    if (!status) status = shs_tensor_bytes(sum, &bytes);
    if (status) return core_wrap(status, "tensor %zu (%s)", t, name_of(sum));
    if (part->type != sum->type || (part->type != SHS_F32 && part->type != SHS_F64))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "tensor %zu (%s) has parts of %s and a sum of %s; both are f32, or both "
                         "are f64",
                         t, name_of(sum), shs_type_name(part->type), shs_type_name(sum->type));
    if (!part->data || !sum->data)
        return core_fail(SHS_ERROR_ARGUMENT, "tensor %zu (%s) has no data for its %s", t,
                         name_of(sum), part->data ? "sum" : "parts");
    if (shapes_fit(part, sum, addition->run->hosted)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "tensor %zu (%s): the shape of its parts is not that of its sum behind an "
                     "axis of %llu, the virtual ranks that this rank hosts",
                     t, name_of(sum), (ull)addition->run->hosted);
}

static size_t elements_of(const shs_tensor *tensor)
{
    return train_tensor_bytes(tensor) / shs_type_size(tensor->type);
}

static shs_status begin_addition(struct addition *addition)
{
    size_t elements[2] = {0, 0}; /* floats and doubles */
    shs_status status = check_count(addition->parts, "parts", addition->count);
    if (!status) status = check_count(addition->sums, "sums", addition->count);
    if (!status && !mpi_moves_large_data(addition->run))
        status = core_fail(SHS_ERROR_UNSUPPORTED, "arrays of several ranks are added over MPI "
                                                  "only; open the run by shs_open()");
    for (size_t t = 0; t < addition->count && !status; t++) {
        status = check_part(addition, t);
        if (status) return status;
        size_t *total = &elements[addition->sums[t].type == SHS_F64];
        if (__builtin_add_overflow(*total, elements_of(&addition->sums[t]), total))
            status =
                core_fail(SHS_ERROR_ARGUMENT, "the tensors are larger than a process can address");
    }
    if (!status) status = train_compare_new(addition->count, &addition->shapes);
    for (size_t t = 0; t < addition->count && !status; t++)
        addition->shapes.hashes[t] = train_compare_shape(&addition->sums[t]);
    if (status) return status;
    return mpi_sum_new(addition->run, elements[0], elements[1], true, &addition->sum);
}

static void end_addition(struct addition *addition)
{
    mpi_sum_free(&addition->sum);
    train_compare_free(&addition->shapes);
}

/* Writes the part of a virtual rank to a vector of the sum, which holds no other part. */
static void give_part(struct order_vector to, bool add, void *user)
{
    const struct addition *addition = user;
    (void)add;
    for (size_t t = 0; t < addition->count; t++) {
        const shs_tensor *sum = &addition->sums[t];
        size_t elements = elements_of(sum), at = elements * addition->next;
        if (sum->type == SHS_F32) {
            const float *from = addition->parts[t].data;
            memcpy(to.floats, from + at, elements * sizeof *from);
            to.floats += elements;
        } else {
            const double *from = addition->parts[t].data;
            memcpy(to.doubles, from + at, elements * sizeof *from);
            to.doubles += elements;
        }
    }
}

static void take_sums(const struct addition *addition, struct order_vector from)
{
    for (size_t t = 0; t < addition->count; t++) {
        const shs_tensor *sum = &addition->sums[t];
        size_t elements = elements_of(sum);
        if (sum->type == SHS_F32) {
            memcpy(sum->data, from.floats, elements * sizeof *from.floats);
            from.floats += elements;
        } else {
            memcpy(sum->data, from.doubles, elements * sizeof *from.doubles);
            from.doubles += elements;
        }
    }
}

/* Collective. Refuses tensors that differ from those of rank 0. */
static shs_status agree_on_shapes(shs_run *run, const char *call, struct train_compare *shapes,
                                  const shs_tensor *tensors)
{
    size_t first;
    shs_status status = train_compare_all(run, shapes, &first);
    if (status || first == shapes->count) return status;
    return train_compare_tell_shape(run, call, first, &tensors[first]);
}

/* Collective. Adds the parts, once every rank has come so far. */
static shs_status add(struct addition *addition)
{
    struct order_vector total;
    shs_status status =
        agree_on_shapes(addition->run, "shs_sum", &addition->shapes, addition->sums);
    if (status) return status;
    for (; addition->next < addition->run->hosted && !status; addition->next++)
        status = mpi_sum_add(addition->sum, give_part, addition);
    status = mpi_agree(addition->run, core_wrap(status, "shs_sum"), "shs_sum");
    if (!status) status = mpi_mean(addition->sum, 1, &total);
    if (!status) take_sums(addition, total);
    return status;
}

shs_status shs_sum(shs_run *run, const shs_tensor *parts, size_t count, const shs_tensor *sums)
{
    struct addition addition = {.run = run, .parts = parts, .sums = sums, .count = count};
    shs_status status = core_require(run, "shs_sum", "run", OPEN_IT);
    if (status) return status;
    status = core_wrap(begin_addition(&addition), "shs_sum");
    status = mpi_agree(run, status, "shs_sum(%zu tensors)", count);
    if (!status) status = add(&addition);
    end_addition(&addition);
    return status;
}

/* ---- shs_broadcast() */

static shs_status begin_broadcast(const shs_run *run, const shs_tensor *tensors, size_t count,
                                  struct train_compare *shapes)
{
    shs_status status = check_count(tensors, "tensors", count);
    if (!status)
        status = train_state_check(&(struct train_state){.tensors = tensors, .count = count});
    if (!status) status = train_compare_together(run);
    if (!status) status = train_compare_new(count, shapes);
    for (size_t t = 0; t < count && !status; t++)
        shapes->hashes[t] = train_compare_shape(&tensors[t]);
    return status;
}

shs_status shs_broadcast(shs_run *run, const shs_tensor *tensors, size_t count)
{
    struct train_compare shapes = {0};
    shs_status status = core_require(run, "shs_broadcast", "run", OPEN_IT);
    if (status) return status;
    status = core_wrap(begin_broadcast(run, tensors, count, &shapes), "shs_broadcast");
    status = mpi_agree(run, status, "shs_broadcast(%zu tensors)", count);
    if (!status) status = agree_on_shapes(run, "shs_broadcast", &shapes, tensors);
    for (size_t t = 0; t < count && !status; t++)
        status = mpi_broadcast(run, tensors[t].data, train_tensor_bytes(&tensors[t]));
    train_compare_free(&shapes);
    return status;
}
