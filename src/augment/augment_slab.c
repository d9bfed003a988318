#include "augment_slab.h"

#include <string.h>

#include "augment_axes.h"
#include "augment_operation.h"

int augment_slab_any(const struct augment_bound *bound, uint32_t axis)
{
    (void)bound;
    return (int)axis;
}

int augment_slab_of_channels(const struct augment_bound *bound, uint32_t axis)
{
    return bound->grid.is_bound && augment_axis_of(bound->grid.layout, 'c') == (int)axis
               ? -1
               : (int)axis;
}

int augment_slab_of_images(const struct augment_bound *bound, uint32_t axis)
{
    return strchr("yhxwzd", bound->grid.layout[axis]) ? -1 : (int)axis;
}

int augment_slab_beside(const struct augment_found *found, uint32_t axis)
{
    for (uint32_t i = 0; i < found->count; i++)
        if (found->axis[i] == axis) return -1;
    return (int)axis;
}

/* ---- Binding. */

/* Returns the axis of the result along which the slab of a sample becomes the same slab of the
 * result, or -1. Operators that hold others change nothing themselves. The components of vectors
 * may be those of other fields, of which nobody knows what the rank has. */
static int axis_behind(const struct augment_kind *kind, const struct augment_bound *bound)
{
    uint32_t axis = bound->slab.axis;
    if (kind->holds) return (int)axis;
    if (kind->own || bound->vectors.count) return -1;
    if (kind->slab_axis) return kind->slab_axis(bound, axis);
    return kind->run ? augment_slab_of_channels(bound, axis) : -1;
}

static shs_status refuse(const struct augment_call *call, const struct augment_bound *bound)
{
    const char *layout = bound->grid.layout;
    char letter[2] = "";
    if (*layout) letter[0] = layout[bound->slab.axis];
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "augmentation, character %zu: %s of field %s, of which this rank has a slab along axis %u "
        "of a sample%s%s%s: a slab of the result needs elements that other members of the group "
        "have; cut the field along another axis (slab=), or leave the operator out",
        call->at, call->name, bound->before.name, bound->slab.axis, *letter ? " (" : "", letter,
        *letter ? ")" : "");
}

/* Refuses an operator that mixes samples if any field has a slab. */
static shs_status check_mixer(const shs_augment *augment, const struct augment_call *call)
{
    for (size_t f = 0; f < augment->fields; f++)
        if (augment->known[f].slab.length)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s mixes the samples of a batch, and of "
                             "field %s this rank has a slab only; leave the operator out, or run "
                             "without groups",
                             call->at, call->name, augment->inputs[f].name);
    return SHS_OK;
}

shs_status augment_slab_bind(shs_augment *augment, const struct augment_call *call,
                             struct augment_operation *operation)
{
    const struct augment_kind *kind = operation->kind;
    shs_status status = kind->scope == AUGMENT_OF_BATCH ? check_mixer(augment, call) : SHS_OK;
    for (size_t t = 0; t < operation->n_targets && !status; t++) {
        struct augment_bound *bound = &operation->targets[t].bound;
        struct augment_slab *slab = &augment->known[operation->targets[t].field].slab;
        if (!slab->length) continue;
        bound->slab = *slab;
        int axis = axis_behind(kind, bound);
        if (axis < 0) return refuse(call, bound);
        bound->slab_behind = slab->axis = (uint32_t)axis;
    }
    return status;
}

/* ---- Cutting. */

static void cut_bound(struct augment_bound *bound)
{
    const struct augment_slab *slab = &bound->slab;
    if (!slab->length) return;
    bound->before.shape[slab->axis] = slab->count;
    bound->after.shape[bound->slab_behind] = slab->count;
    bound->elements = bound->elements / (size_t)slab->length * (size_t)slab->count;
    if (bound->grid.is_bound) augment_measure_grid(&bound->before, &bound->grid);
}

/* Raises the bytes of a field's largest result. */
static shs_status raise(shs_augment *augment, size_t field, const shs_tensor *sample)
{
    size_t bytes;
    shs_status status = shs_tensor_bytes(sample, &bytes);
    if (!status && bytes > augment->bytes[field]) augment->bytes[field] = bytes;
    return status;
}

shs_status augment_slab_cut(shs_augment *augment)
{
    shs_status status = SHS_OK;
    for (size_t f = 0; f < augment->fields && !status; f++) {
        const struct augment_slab *slab = &augment->known[f].slab;
        if (!slab->length) continue;
        augment->inputs[f].shape[augment->slab_axis[f]] = slab->count;
        augment->outputs[f].shape[slab->axis] = slab->count;
        augment->bytes[f] = 0;
        status = raise(augment, f, &augment->inputs[f]);
    }
    for (size_t o = 0; o < augment->n_operations; o++)
        for (size_t t = 0; t < augment->operations[o].n_targets && !status; t++) {
            struct augment_target *target = &augment->operations[o].targets[t];
            target->whole = target->bound;
            cut_bound(&target->bound);
            status = raise(augment, target->field, &target->bound.after);
        }
    return status;
}

struct augment_slab augment_slab_of(const shs_augment *augment, size_t field)
{
    return augment->known[field].slab;
}
