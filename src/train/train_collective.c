/* Arrays of the program over all ranks: their sum, and rank 0's content for all. */
#include <string.h>

#include "core_memory.h"
#include "mpi_sum.h"
#include "shardstep/collective.h"
#include "train_compare.h"
#include "train_state.h"

#define OPEN_IT "open it with shs_open()"

enum {
    MOST_COMPARED = 1000 /* tensors */
};

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
    struct mpi_sum *sum;         /* the parts added so far */
    struct mpi_outside *outside; /* of each tensor: the last part, and the sum */
    char *copy;                  /* of the last part, if a sum overwrites another part; or NULL */
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
    core_free(&addition->outside);
    core_free(&addition->copy);
    train_compare_free(&addition->shapes);
}

/* The part of a hosted virtual rank. */
static const char *part_of(const struct addition *addition, size_t t, uint64_t number)
{
    const char *parts = addition->parts[t].data;
    return parts + train_tensor_bytes(&addition->sums[t]) * number;
}

static bool overlap(const char *one, size_t bytes_of_one, const char *other, size_t bytes_of_other)
{
    return one < other + bytes_of_other && other < one + bytes_of_one;
}

/* True if a sum lies over the last part of another tensor, or not wholly over that of its own. With
 * many tensors nobody compares them all. */
static bool sums_lie_over_parts(const struct addition *addition)
{
    const struct mpi_outside *outside = addition->outside;
    if (addition->count > MOST_COMPARED) return true;
    for (size_t t = 0; t < addition->count; t++)
        for (size_t u = 0; u < addition->count; u++)
            if ((t != u || outside[t].from != outside[t].to) &&
                overlap(outside[t].to, train_tensor_bytes(&addition->sums[t]), outside[u].from,
                        train_tensor_bytes(&addition->sums[u])))
                return true;
    return false;
}

/* Copies the last part of all tensors. */
static shs_status copy_last(struct addition *addition)
{
    size_t bytes = 0;
    for (size_t t = 0; t < addition->count; t++)
        bytes += train_tensor_bytes(&addition->sums[t]);
    shs_status status = core_new(bytes, 1, "a sum", &addition->copy);
    char *to = addition->copy;
    for (size_t t = 0; t < addition->count && !status; t++) {
        size_t more = train_tensor_bytes(&addition->sums[t]);
        if (more) memcpy(to, addition->outside[t].from, more);
        addition->outside[t].from = to;
        to += more;
    }
    return status;
}

static shs_status list_outside(struct addition *addition)
{
    size_t elements[2] = {0, 0};
    shs_status status =
        core_new(addition->count, sizeof *addition->outside, "tensors", &addition->outside);
    for (size_t t = 0; t < addition->count && !status; t++) {
        const shs_tensor *sum = &addition->sums[t];
        bool doubles = sum->type == SHS_F64;
        addition->outside[t] =
            (struct mpi_outside){doubles, elements[doubles], elements_of(sum),
                                 part_of(addition, t, addition->run->hosted - 1), sum->data};
        elements[doubles] += elements_of(sum);
    }
    if (!status && sums_lie_over_parts(addition)) status = copy_last(addition);
    return status;
}

/* Collective. A rank that lacks memory takes part without its tensors. */
static shs_status join(struct addition *addition)
{
    shs_status status = list_outside(addition);
    const struct mpi_sum_wish wish = {.number = ++addition->run->gradients,
                                      .outside = status ? NULL : addition->outside,
                                      .n_outside = status ? 0 : addition->count,
                                      .borrow = true};
    shs_status joined = mpi_sum_join(addition->sum, &wish);
    return status ? status : joined;
}

static void add_parts(struct addition *addition)
{
    uint64_t hosted = addition->run->hosted;
    for (uint64_t number = 0; number < hosted; number++) {
        for (size_t t = 0; t < addition->count; t++) {
            const struct mpi_outside *outside = &addition->outside[t];
            mpi_sum_part(addition->sum, outside->doubles, outside->first, outside->count,
                         number + 1 < hosted ? part_of(addition, t, number) : outside->from);
        }
        mpi_sum_part_end(addition->sum, false);
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
    shs_status status =
        agree_on_shapes(addition->run, "shs_sum", &addition->shapes, addition->sums);
    if (status) return status;
    status = mpi_agree(addition->run, core_wrap(join(addition), "shs_sum"), "shs_sum");
    if (status) return status;
    add_parts(addition);
    return mpi_mean(addition->sum, 1, NULL);
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
