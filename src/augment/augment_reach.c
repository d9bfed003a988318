#include "augment_reach.h"

#include <stdio.h>

#include "augment_callback.h"
#include "augment_operation.h"

/* ---- Before anything is drawn. */

static const struct augment_target *target_of(const struct augment_operation *operation, size_t f)
{
    for (size_t t = 0; t < operation->n_targets; t++)
        if (operation->targets[t].field == f) return &operation->targets[t];
    return NULL;
}

/* Returns true if nobody but the program knows what an operation, or one within it, draws. */
static bool draws_unknown(const struct augment_operation *operation)
{
    for (size_t i = 0; i <= operation->inner; i++)
        if (augment_own_draws(operation[i].kind)) return true;
    return false;
}

/* Says of an operation that its results may depend on a whole sample. */
static void refuse(const struct augment_operation *operation, struct augment_needs_of *needs)
{
    const struct augment_kind *kind = operation->kind;
    if (kind->extent)
        snprintf(needs->why, sizeof needs->why, "%.40s is not applied to every sample", kind->name);
    else
        snprintf(needs->why, sizeof needs->why,
                 "%.40s comes before any crop, and may need whole samples", kind->name);
}

/* Sets sizes along the axes of the sample from those along the axes of a view that shows it. */
static void take_extent(const struct grid_view *view, const struct augment_extent *extent,
                        struct augment_needs_of *needs)
{
    needs->elements = 1;
    for (uint32_t axis = 0; axis < view->axes; axis++) {
        needs->size[view->way[axis].axis] = extent->size[axis];
        needs->cuts[view->way[axis].axis] = extent->cut[axis];
        needs->elements *= extent->most[axis];
    }
}

/* Takes the operation that cuts a field. `view` shows the sample as it is before the operation. */
static void take_crop(const shs_augment *augment, const struct augment_operation *operation,
                      const struct augment_target *target, const struct grid_view *view,
                      struct augment_needs_of *needs)
{
    struct augment_extent extent = {.cut = {false}};
    memcpy(extent.size, target->bound.before.shape, sizeof extent.size);
    memcpy(extent.most, target->bound.before.shape, sizeof extent.most);
    operation->kind->extent(&target->bound, &extent);
    take_extent(view, &extent, needs);
    needs->cut = needs->elements > 0;
    needs->operation = (size_t)(operation - augment->operations);
    needs->crop = operation->kind->name;
    if (!needs->cut) snprintf(needs->why, sizeof needs->why, "its samples have no elements");
}

/* Goes on behind an operation of the field. Returns false if the search ends there. */
static bool pass_operation(const shs_augment *augment, const struct augment_operation *operation,
                           const struct augment_target *target, struct grid_view *view,
                           struct augment_needs_of *needs)
{
    const struct augment_kind *kind = operation->kind;
    if (kind->extent && operation->chance >= 1) {
        take_crop(augment, operation, target, view, needs);
        return false;
    }
    if (kind->keeps_boxes && !operation->joins && !target->bound.vectors.is_turned &&
        kind->draw_bytes <= AUGMENT_MOST_DRAW) {
        _Alignas(16) unsigned char draw[AUGMENT_MOST_DRAW] = {0};
        kind->move(&target->bound, draw, view);
        return true;
    }
    refuse(operation, needs);
    return false;
}

void augment_find_needs(const shs_augment *augment, size_t f, struct augment_needs_of *needs)
{
    struct grid_view view;
    *needs = (struct augment_needs_of){.why = "no operator cuts its samples"};
    for (size_t o = 0; o < augment->n_operations; o++)
        needs->crops |=
            augment->operations[o].kind->extent && target_of(&augment->operations[o], f);
    if (augment->mixes) {
        snprintf(needs->why, sizeof needs->why, "%.40s mixes samples",
                 augment->operations[augment->mixer].kind->name);
        return;
    }
    grid_view_begin(&augment->inputs[f], NULL, 0, &view);
    for (size_t o = 0; o < augment->n_operations; o += 1 + augment->operations[o].inner) {
        const struct augment_operation *operation = &augment->operations[o];
        const struct augment_target *target = target_of(operation, f);
        if (draws_unknown(operation)) {
            snprintf(needs->why, sizeof needs->why,
                     "nobody knows what the program's own operator %.40s draws",
                     operation->kind->name);
            return;
        }
        if (target && target->bound.ragged) {
            snprintf(needs->why, sizeof needs->why, "its samples have rows of their own");
            return;
        }
        if (target && !pass_operation(augment, operation, target, &view, needs)) return;
    }
}

/* ---- A sample. */

struct finding {
    const shs_augment *augment;
    const struct augment_needs_of *needs;
    shs_random *stream;
    struct core_box *const *held;
    struct grid_view *views; /* of the fields */
    char *scratch;
};

/* Adds an operation that is applied to the view of a field. At the crop the view shows the box. */
static void find_box(const struct finding *finding, const struct augment_operation *operation,
                     const struct augment_target *target, const void *draw)
{
    size_t f = target->field, number = (size_t)(operation - finding->augment->operations);
    struct grid_view *view = &finding->views[f];
    if (!finding->held[f] || number > finding->needs[f].operation) return;
    if (operation->kind->move) {
        operation->kind->move(&target->bound, draw, view);
    } else {
        _Alignas(16) unsigned char own[AUGMENT_MOST_DRAW];
        struct core_box box;
        augment_begin_reach(&target->bound, &box);
        operation->kind->reach(&target->bound, draw, &box, own);
        augment_cut_view(view, &box);
    }
    if (number == finding->needs[f].operation) grid_view_reach(view, finding->held[f]);
}

/* Makes the draws of operations as if they were applied. */
static void draw_range(const struct finding *finding, const struct augment_operation *operation,
                       const struct augment_operation *end)
{
    for (; operation < end; operation += 1 + operation->inner) {
        const struct augment_operation *inner = operation + 1;
        void *draw = finding->scratch + operation->draw_offset;
        if (!augment_chosen(operation, finding->stream)) continue;
        if (operation->kind->holds == AUGMENT_HOLDS_ONE) {
            inner = augment_choose(operation, finding->stream);
            draw_range(finding, inner, inner + 1 + inner->inner);
        } else if (operation->kind->holds == AUGMENT_HOLDS_ALL) {
            draw_range(finding, inner, inner + operation->inner);
        } else {
            augment_draw(operation, finding->stream, draw);
            for (size_t t = 0; t < operation->n_targets; t++)
                find_box(finding, operation, &operation->targets[t], draw);
        }
    }
}

void augment_find_boxes(const shs_augment *augment, const struct augment_needs_of *needs,
                        shs_random *stream, struct core_box *const *held, void *scratch)
{
    struct grid_view views[SHS_MAX_FIELDS];
    struct finding finding = {augment, needs, stream, held, views, augment_first_line(scratch)};
    size_t last = 0;
    for (size_t f = 0; f < augment->fields; f++) {
        const struct augment_room *room = &augment->rooms[f];
        if (!held[f]) continue;
        grid_view_begin(&augment->inputs[f], (int64_t *)(void *)(finding.scratch + room->numbers),
                        room->n_numbers, &views[f]);
        if (needs[f].operation > last) last = needs[f].operation;
    }
    draw_range(&finding, augment->operations, augment->operations + last + 1);
}
