#include "augment_axes.h"

#include <stdio.h>
#include <string.h>

#include "augment_operation.h"

/* The axes of a sample are taken for height, width and channels only if the last axis is so short
 * that it can hardly be a width. */
const char *augment_usual_layout(const shs_tensor *sample)
{
    enum {
        MOST_CHANNELS = 4
    };
    if (sample->axes == 1) return "w";
    if (sample->axes == 2) return "hw";
    if (sample->axes == 3 && sample->shape[2] >= 1 && sample->shape[2] <= MOST_CHANNELS)
        return "hwc";
    return NULL;
}

/* The letter that stands for all letters of the same axis. */
static char usual(char letter)
{
    return (char)(letter == 'x' ? 'w' : letter == 'y' ? 'h' : letter == 'd' ? 'z' : letter);
}

bool augment_same_layout(const char *layout, const char *other)
{
    while (*layout && usual(*layout) == usual(*other))
        layout++, other++;
    return *layout == *other;
}

int augment_axis_of(const char *layout, char letter)
{
    char wanted = usual(letter);
    for (int axis = 0; layout[axis]; axis++)
        if (usual(layout[axis]) == wanted) return axis;
    return -1;
}

/* ---- Messages. */

static shs_status no_layout(const struct augment_call *call, const char *given,
                            const shs_tensor *sample)
{
    struct core_text shape = {0};
    core_text_add_shape(&shape, sample);
    const char *name = sample->name, *axes = shape.bytes ? shape.bytes : "";
    if (!sample->axes)
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are single numbers "
                  "(%s) of 0 axes: the operator needs axes; leave it out for this field",
                  call->at, call->name, name, axes);
    else if (!given)
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are %s and have %u "
                  "axes: which axes are height and width cannot be told; add a layout with a "
                  "letter for each axis "
                  "to %s(...), such as layout=hwc (height, width, channels), chw (channels, "
                  "height, width) or tyx (time, height, width)",
                  call->at, call->name, name, axes, sample->axes, call->name);
    else
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are %s and have %u "
                  "axes: layout=%s; give a letter for each axis, each but _ once: c channels, t "
                  "time, z or d depth, y or h height, x or w width, i and j components, _ any "
                  "other; fields of a statement may have layouts of their own, %s[layout=...]",
                  call->at, call->name, name, axes, sample->axes, given, name);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

static shs_status lacks(const struct augment_call *call, const struct augment_bound *bound,
                        const char *what)
{
    static const char *const from[] = {[AUGMENT_GIVEN] = "which the text gives",
                                       [AUGMENT_OF_FILE] = "by the names of the axes in ",
                                       [AUGMENT_ASSUMED] = "which is assumed"};
    enum augment_origin origin = bound->grid.origin;
    const char *file = bound->grid.file ? bound->grid.file : "its file";
    struct core_text shape = {0};
    core_text_add_shape(&shape, &bound->before);
    core_fail(
        SHS_ERROR_ARGUMENT,
        "augmentation, character %zu: %s of field %s, whose samples are %s in layout %s, %s%s: "
        "the operator needs %s; give another layout=",
        call->at, call->name, bound->before.name, shape.bytes ? shape.bytes : "",
        bound->grid.layout, from[origin], origin == AUGMENT_OF_FILE ? file : "", what);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

shs_status augment_tell_origin(shs_status status, const struct augment_bound *bound)
{
    const struct augment_grid *grid = &bound->grid;
    char message[CORE_MESSAGE_BYTES];
    if (!status || status == SHS_ERROR_MEMORY || !grid->is_bound) return status;
    snprintf(message, sizeof message, "%s", shs_message());
    if (grid->origin == AUGMENT_ASSUMED)
        return core_fail(status, "%s (the layout %s is assumed)", message, grid->layout);
    if (grid->origin == AUGMENT_OF_FILE)
        return core_fail(status, "%s (the layout %s is by the names of the axes in %s)", message,
                         grid->layout, grid->file ? grid->file : "the file");
    return status;
}

/* ---- Layouts. */

bool augment_is_layout(const char *layout, const shs_tensor *sample)
{
    size_t length = strlen(layout);
    if (length != sample->axes) return false;
    for (size_t i = 0; i < length; i++) {
        if (!strchr("ctzdyhxwij_", layout[i])) return false;
        if (layout[i] != '_' && augment_axis_of(layout, layout[i]) != (int)i) return false;
    }
    return true;
}

shs_status augment_refuse_layout(const struct augment_named *named, const shs_tensor *sample)
{
    struct augment_call call = {.at = named->at};
    snprintf(call.name, sizeof call.name, "[layout=]");
    return no_layout(&call, named->layout, sample);
}

void augment_measure_grid(const shs_tensor *sample, struct augment_grid *grid)
{
    const char *layout = grid->layout;
    int width = augment_axis_of(layout, 'w'), height = augment_axis_of(layout, 'h'),
        channel = augment_axis_of(layout, 'c');
    grid->has_width = width >= 0;
    grid->has_height = height >= 0;
    grid->is_image = grid->has_height && width == height + 1;
    grid->outer = grid->inner = grid->channel_outer = grid->channel_inner = 1;
    grid->height = grid->is_image ? (size_t)sample->shape[height] : 1;
    grid->width = grid->has_width ? (size_t)sample->shape[width] : 0;
    grid->channels = channel >= 0 ? (size_t)sample->shape[channel] : 1;
    for (int axis = 0; axis < (int)sample->axes; axis++) {
        size_t size = (size_t)sample->shape[axis];
        if (axis > width)
            grid->inner *= size;
        else if (axis < width && !(grid->is_image && axis == height))
            grid->outer *= size;
        if (axis > channel)
            grid->channel_inner *= size;
        else if (axis < channel)
            grid->channel_outer *= size;
    }
}

shs_status augment_bind_grid(const struct augment_kind *kind, const struct augment_call *call,
                             const char *layout, struct augment_bound *bound)
{
    struct augment_grid *grid = &bound->grid;
    const shs_tensor *sample = &bound->before;
    const char *given = layout;
    if (given) {
        grid->origin = AUGMENT_GIVEN;
        grid->is_usual = false;
    } else if (grid->layout[0])
        layout = grid->layout;
    else {
        grid->origin = AUGMENT_ASSUMED;
        layout = augment_usual_layout(sample);
    }
    if (!layout || !augment_is_layout(layout, sample)) return no_layout(call, given, sample);
    if (layout != grid->layout) memcpy(grid->layout, layout, strlen(layout) + 1);
    grid->is_bound = true;
    augment_measure_grid(sample, grid);
    if (kind->needs >= AUGMENT_NEEDS_WIDTH && !grid->has_width)
        return lacks(call, bound, "an axis x or w");
    if (kind->needs == AUGMENT_NEEDS_IMAGE && !grid->is_image)
        return lacks(call, bound, "an axis y or h with the axis x or w right behind it");
    return SHS_OK;
}

/* The grid of the first operator that needs a field's layout; NULL if there is none. */
static const struct augment_grid *first_grid(const shs_augment *augment, size_t field)
{
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        for (size_t t = 0; t < operation->n_targets; t++)
            if (operation->targets[t].field == field && operation->targets[t].bound.grid.is_bound)
                return &operation->targets[t].bound.grid;
    }
    return NULL;
}

const char *augment_layout(const shs_augment *augment, size_t field)
{
    const struct augment_grid *first = first_grid(augment, field);
    if (first) return first->layout;
    return augment->known[field].layout[0] ? augment->known[field].layout : NULL;
}

struct augment_layouts augment_layouts(const shs_augment *augment, size_t field)
{
    const struct augment_grid *first = first_grid(augment, field);
    const struct augment_known *known = &augment->known[field];
    if (first) return (struct augment_layouts){first->layout, known->layout, first->origin};
    if (known->layout[0])
        return (struct augment_layouts){known->layout, known->layout, known->origin};
    const char *usual = augment_usual_layout(&augment->outputs[field]);
    if (!usual) return (struct augment_layouts){"", "", AUGMENT_NO_LAYOUT};
    return (struct augment_layouts){usual, usual, AUGMENT_ASSUMED};
}
