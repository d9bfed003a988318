/* The mean of the gradients: the object, and where its tensors lie. */
#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "train_gradient.h"

/* The least bytes of a bucket. */
enum {
    LEAST_BUCKET = 4096
};

/* ---- Arguments. */

static shs_status refuse_tensor(const shs_gradient *gradient, size_t t, const char *name)
{
    const shs_tensor *tensor = &gradient->tensors[t];
    if (gradient->options.provide && tensor->data)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "tensor %zu (%s) has data, and the object provides the memory; leave its "
                         "data NULL, and ask shs_gradient_tensor() where it lies",
                         t, name ? name : "no name");
    return core_fail(SHS_ERROR_ARGUMENT, "tensor %zu (%s) is %s; gradients are f32 or f64", t,
                     name ? name : "no name",
                     tensor->data || gradient->options.provide ? shs_type_name(tensor->type)
                                                               : "without data");
}

static shs_status place_tensors(shs_gradient *gradient)
{
    for (size_t t = 0; t < gradient->count; t++) {
        shs_tensor *tensor = &gradient->tensors[t];
        struct train_place *place = &gradient->places[t];
        size_t bytes, *elements = NULL;
        shs_status status = shs_tensor_bytes(tensor, &bytes);
        if (status) return status;
        if (tensor->type == SHS_F32) elements = &gradient->n_floats;
        if (tensor->type == SHS_F64) elements = &gradient->n_doubles;
        if (!elements || !tensor->data != gradient->options.provide)
            return refuse_tensor(gradient, t, tensor->name);
        *place = (struct train_place){.doubles = tensor->type == SHS_F64,
                                      .first = *elements,
                                      .count = bytes / shs_type_size(tensor->type)};
        if (__builtin_add_overflow(*elements, place->count, elements))
            return core_fail(SHS_ERROR_ARGUMENT, "the tensors are larger than a process can "
                                                 "address");
        tensor->name = NULL;
    }
    return SHS_OK;
}

static shs_status check_options(const shs_gradient_options *options)
{
    if (options->reduction != SHS_REDUCTION_REPRODUCIBLE &&
        options->reduction != SHS_REDUCTION_FAST)
        return core_fail(SHS_ERROR_ARGUMENT, "reduction %d is neither reproducible nor fast",
                         (int)options->reduction);
    if (options->bucket_bytes && options->bucket_bytes < LEAST_BUCKET)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "bucket_bytes is %llu; the least is %d, and 0 is the default",
                         (ull)options->bucket_bytes, LEAST_BUCKET);
    if (options->clip_norm >= 0 && options->clip_norm <= 1e300) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "clip_norm is %g; give a finite number that is not negative, or 0 for a mean "
                     "that is never clipped",
                     options->clip_norm);
}

static shs_status open_local(shs_gradient *gradient, const shs_tensor *tensors, size_t count)
{
    shs_status status = check_options(&gradient->options);
    if (status) return status;
    if (!tensors || !count)
        return core_fail(SHS_ERROR_ARGUMENT, "no tensors are given: %s",
                         tensors ? "their count is 0" : "tensors is NULL");
    status = core_new(count, sizeof *gradient->tensors, "tensors", &gradient->tensors);
    if (!status) status = core_new(count, sizeof *gradient->places, "tensors", &gradient->places);
    if (status) return status;
    memcpy(gradient->tensors, tensors, count * sizeof *tensors);
    gradient->count = count;
    status = place_tensors(gradient);
    if (status) return status;
    gradient->floats_from = gradient->n_floats;
    gradient->doubles_from = gradient->n_doubles;
    return mpi_sum_new(gradient->run, gradient->n_floats, gradient->n_doubles,
                       gradient->options.reduction == SHS_REDUCTION_REPRODUCIBLE, &gradient->sum);
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

/* Collective. Takes the memory of the sum, and tells the program's tensors where they lie. */
static shs_status join_with(shs_gradient *gradient, const struct mpi_outside *outside)
{
    const struct mpi_sum_wish wish = {
        .borrow = gradient->options.borrow,
        .outside = outside,
        .n_outside = outside ? gradient->count : 0,
        .number = gradient->number,
        .bucket_bytes = gradient->options.bucket_bytes,
        .provide = gradient->options.provide,
        .table = gradient->options.clip_norm > 0 ? train_count_blocks(gradient) : 0};
    shs_status status = mpi_sum_join(gradient->sum, &wish);
    if (status || !wish.provide) return status;
    struct order_vector provided = mpi_sum_provided(gradient->sum);
    memset(provided.floats, 0, gradient->n_floats * sizeof *provided.floats);
    memset(provided.doubles, 0, gradient->n_doubles * sizeof *provided.doubles);
    for (size_t t = 0; t < gradient->count; t++) {
        size_t first = gradient->places[t].first;
        gradient->tensors[t].data = gradient->places[t].doubles ? (void *)(provided.doubles + first)
                                                                : (void *)(provided.floats + first);
    }
    return SHS_OK;
}

/* Collective. A rank that lacks memory takes part without its tensors. */
static shs_status join(shs_gradient *gradient)
{
    struct mpi_outside *outside = NULL;
    if (gradient->options.provide) return join_with(gradient, NULL);
    shs_status status = core_new(gradient->count, sizeof *outside, "tensors", &outside);
    for (size_t t = 0; t < gradient->count && !status; t++) {
        const struct train_place *place = &gradient->places[t];
        void *data = gradient->tensors[t].data;
        outside[t] = (struct mpi_outside){place->doubles, place->first, place->count, data, data};
    }
    shs_status joined = join_with(gradient, outside);
    core_free(&outside);
    return status ? status : joined;
}

/* Collective. Agrees on the arguments. Options that are not the default are compared, too. */
static shs_status agree_on_open(const shs_gradient *gradient, shs_run *run, shs_status mine,
                                const shs_gradient_options *options, size_t count)
{
    char shapes[CORE_DIGEST_TEXT] = "", more[96] = "";
    if (!mine) mine = digest_shapes(gradient->tensors, count, shapes);
    if (options->bucket_bytes || options->clip_norm != 0 || options->provide || options->borrow)
        snprintf(more, sizeof more, ", bucket_bytes %llu, clip_norm %.17g%s%s",
                 (ull)options->bucket_bytes, options->clip_norm,
                 options->provide ? ", provide" : "", options->borrow ? ", borrow" : "");
    return mpi_agree(run, core_wrap(mine, "shs_gradient_open"),
                     "shs_gradient_open(%zu tensors, types and shapes %s, reduction %d%s)", count,
                     shapes, (int)options->reduction, more);
}

shs_status shs_gradient_open(shs_run *run, const shs_tensor *tensors, size_t count,
                             const shs_gradient_options *options, shs_gradient **gradient)
{
    static const shs_gradient_options defaults = {0};
    shs_gradient *nowhere = NULL;
    shs_status status = core_require(run, "shs_gradient_open", "run", "open it with shs_open()");
    if (gradient) *gradient = NULL;
    if (status) return status;
    uint64_t number = ++run->gradients;
    if (!options) options = &defaults;
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
        (*gradient)->options = *options;
        status = open_local(*gradient, tensors, count);
    }
    status = agree_on_open(*gradient, run, status, options, count);
    if (!status)
        status =
            mpi_agree(run, core_wrap(join(*gradient), "shs_gradient_open"), "shs_gradient_open");
    if (status) shs_gradient_close(gradient);
    return status;
}

void shs_gradient_close(shs_gradient **gradient)
{
    if (!gradient || !*gradient) return;
    shs_run *run = (*gradient)->run;
    mpi_sum_free(&(*gradient)->sum);
    core_free(&(*gradient)->tensors);
    core_free(&(*gradient)->places);
    core_free(gradient);
    mpi_run_release(run);
}

const shs_tensor *shs_gradient_tensor(const shs_gradient *gradient, size_t tensor)
{
    return gradient && tensor < gradient->count ? &gradient->tensors[tensor] : NULL;
}
