/* Finds the components of vectors and tensors when operators are bound to fields. */
#include "augment_vectors.h"

#include <string.h>

/* ---- The components of a field. */

/* What a message begins with: the place in the text, the operator and the field. */
#define WHERE "augmentation, character %zu: %s of field %s"

/* Finds the axes i and j and, if vectors= names the field, its number among the components. */
static shs_status find_places(const struct augment_call *call, const struct augment_names *names,
                              struct augment_bound *bound)
{
    struct augment_vectors *vectors = &bound->vectors;
    const char *layout = bound->grid.layout;
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], bound->before.name) != 0) continue;
        vectors->is_field = true;
        vectors->own = (uint32_t)i;
    }
    vectors->place[0] = augment_axis_of(layout, 'i');
    vectors->place[1] = augment_axis_of(layout, 'j');
    if (vectors->place[0] < 0 && vectors->place[1] >= 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         WHERE
                         ", whose layout %s has an axis j and no axis i: vectors have an axis "
                         "i, tensors have i and j; give another layout=",
                         call->at, call->name, bound->before.name, layout);
    if (vectors->place[0] >= 0 && vectors->is_field)
        return core_fail(SHS_ERROR_ARGUMENT,
                         WHERE ": vectors= names it as a component, and its layout %s has "
                               "components along i; leave it out of vectors=",
                         call->at, call->name, bound->before.name, layout);
    return SHS_OK;
}

/* Counts the components, and names their axes where the text does not. */
static shs_status count_components(const struct augment_call *call,
                                   struct augment_vectors_setting *setting,
                                   struct augment_bound *bound)
{
    struct augment_vectors *vectors = &bound->vectors;
    const size_t names = setting->vectors.count;
    size_t count = strlen(setting->components.letter);
    if (!count) {
        uint64_t all = vectors->is_field ? names : bound->before.shape[vectors->place[0]];
        if (!all || all > AUGMENT_MOST_COMPONENTS)
            return core_fail(SHS_ERROR_ARGUMENT,
                             WHERE " in layout %s: a vector of %llu components; it has 1 to %d, "
                                   "whose axes components= names, as in components=xy",
                             call->at, call->name, bound->before.name, bound->grid.layout, (ull)all,
                             AUGMENT_MOST_COMPONENTS);
        count = (size_t)all;
        memcpy(setting->components.letter, "xyz", count);
    }
    for (int p = 0; p < 2; p++)
        if (vectors->place[p] >= 0 && bound->before.shape[vectors->place[p]] != count)
            return core_fail(SHS_ERROR_ARGUMENT,
                             WHERE " in layout %s: axis %c has %llu elements, and the %zu "
                                   "components lie along %s; name an axis for each with "
                                   "components=",
                             call->at, call->name, bound->before.name, bound->grid.layout, "ij"[p],
                             (ull)bound -> before.shape[vectors->place[p]], count,
                             setting->components.letter);
    if (vectors->is_field && names % count)
        return core_fail(SHS_ERROR_ARGUMENT,
                         WHERE ": vectors= names %zu fields, which are no whole vectors of the %zu "
                               "components along %s",
                         call->at, call->name, bound->before.name, names, count,
                         setting->components.letter);
    vectors->own %= (uint32_t)count;
    vectors->count = (uint32_t)count;
    return SHS_OK;
}

static shs_status find_component_axes(const struct augment_call *call,
                                      const struct augment_vectors_setting *setting,
                                      struct augment_bound *bound)
{
    struct augment_vectors *vectors = &bound->vectors;
    const char *layout = bound->grid.layout, *letters = setting->components.letter;
    uint32_t count = vectors->count;
    for (vectors->count = 0; vectors->count < count; vectors->count++) {
        char letter = letters[vectors->count];
        int axis = augment_axis_of(layout, letter);
        if (!strchr("xwyhzd", letter) || axis < 0 ||
            augment_component_along(vectors, (uint32_t)axis) >= 0)
            return core_fail(SHS_ERROR_ARGUMENT,
                             WHERE " in layout %s: component %u of its vectors lies along %c, "
                                   "which is no axis of space of its own; name an axis for each "
                                   "component with components=",
                             call->at, call->name, bound->before.name, layout, vectors->count + 1,
                             letter);
        vectors->axis[vectors->count] = (uint32_t)axis;
    }
    for (const char *letter = setting->against.letter; *letter; letter++) {
        int axis = augment_axis_of(layout, *letter);
        int component = axis < 0 ? -1 : augment_component_along(vectors, (uint32_t)axis);
        if (component < 0)
            return core_fail(SHS_ERROR_ARGUMENT,
                             WHERE " in layout %s: against=%s, and no component lies along %c; "
                                   "components=%s",
                             call->at, call->name, bound->before.name, layout,
                             setting->against.letter, *letter, letters);
        vectors->against[component] = true;
    }
    return SHS_OK;
}

/* ---- What the operator does with them. */

/* The axes that the operator turns are all axes of components, or none is. */
static shs_status check_axes(const struct augment_call *call,
                             const struct augment_vectors_setting *setting,
                             const struct augment_found *found, struct augment_bound *bound)
{
    struct augment_vectors *vectors = &bound->vectors;
    const char *layout = bound->grid.layout;
    for (uint32_t i = 0; i < found->count; i++) {
        uint32_t axis = found->axis[i];
        bool along = augment_component_along(vectors, axis) >= 0;
        if (i == 0) vectors->is_turned = along;
        if (along == vectors->is_turned && layout[axis] != 'i' && layout[axis] != 'j') continue;
        return core_fail(SHS_ERROR_ARGUMENT,
                         WHERE " in layout %s: it turns axis %c, along which no component lies; "
                               "components lie along %s; name other axes with components= or axes=",
                         call->at, call->name, bound->before.name, layout,
                         layout[along ? found->axis[0] : axis], setting->components.letter);
    }
    return SHS_OK;
}

static shs_status check_type(const struct augment_call *call, const struct augment_bound *bound)
{
    shs_type type = bound->before.type;
    if (type == SHS_F16 || type == SHS_F32 || type == SHS_F64) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     WHERE ": its components change their signs, and its type is %s, which may be "
                           "packed or have no negative number for each; cast(type=f32) it first",
                     call->at, call->name, bound->before.name, shs_type_name(type));
}

/* Rows of their own must not be turned, nor moved to another field that has other rows. */
static shs_status check_ragged(const struct augment_call *call, const struct augment_bound *bound)
{
    const struct augment_vectors *vectors = &bound->vectors;
    bool whole = !vectors->is_field && augment_component_along(vectors, 0) < 0 &&
                 vectors->place[0] != 0 && vectors->place[1] != 0;
    if (!bound->ragged || whole) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     WHERE " in layout %s, whose samples have fewer rows of their own (offsets): "
                           "components are turned only along an axis i of one field whose first "
                           "axis is neither i, j nor an axis of space",
                     call->at, call->name, bound->before.name, bound->grid.layout);
}

shs_status augment_vectors_bind(const struct augment_call *call,
                                struct augment_vectors_setting *setting,
                                const struct augment_found *found, struct augment_bound *bound)
{
    shs_status status = find_places(call, &setting->vectors, bound);
    if (status || (bound->vectors.place[0] < 0 && !bound->vectors.is_field)) return status;
    status = count_components(call, setting, bound);
    if (!status) status = find_component_axes(call, setting, bound);
    if (!status) status = check_axes(call, setting, found, bound);
    if (status || !bound->vectors.is_turned) return status;
    status = check_type(call, bound);
    return status ? status : check_ragged(call, bound);
}

shs_status augment_vectors_refuse(const struct augment_call *call,
                                  const struct augment_bound *bound)
{
    const char *layout = bound->grid.layout;
    if (!strpbrk(layout, "ij")) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     WHERE
                     ", whose layout %s has components of vectors: it may fold an image, where "
                     "vectors have no direction to turn to; random_rotation and random_affine turn "
                     "them along, or give a layout= with c or _ for elements without a direction",
                     call->at, call->name, bound->before.name, layout);
}

/* ---- Fields that are components of each other. */

static struct augment_vectors_setting *setting_of(const struct augment_operation *operation,
                                                  size_t target)
{
    char *setting = operation->targets[target].setting;
    return (struct augment_vectors_setting *)(void *)(setting + operation->kind->vectors_at);
}

/* Whether two layouts name the same axes: x, y and z are other letters for w, h and d. */
static bool name_same_axes(const char *a, const char *b)
{
    for (int axis = 0; a[axis]; axis++)
        if (augment_axis_of(b, a[axis]) != augment_axis_of(a, a[axis])) return false;
    return true;
}

static bool are_alike(const struct augment_bound *a, const struct augment_bound *b)
{
    uint32_t axes = a->before.axes;
    return a->before.type == b->before.type && axes == b->before.axes &&
           !memcmp(a->before.shape, b->before.shape, axes * sizeof *a->before.shape) &&
           name_same_axes(a->grid.layout, b->grid.layout);
}

/* Finds the statement's fields that are the components of a vector, the first of which is name
 * `first`, and tells them to each. */
static shs_status join_vector(const struct augment_call *call, const struct augment_names *names,
                              size_t first, uint32_t count, struct augment_operation *operation)
{
    size_t target[AUGMENT_MOST_COMPONENTS];
    for (uint32_t c = 0; c < count; c++) {
        const char *name = names->name[first + c];
        size_t t = 0;
        while (t < operation->n_targets &&
               strcmp(operation->targets[t].bound.before.name, name) != 0)
            t++;
        if (t == operation->n_targets)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s's vectors has '%s', which is none of "
                             "the statement's fields",
                             call->at, call->name, name);
        target[c] = t;
        if (!are_alike(&operation->targets[target[0]].bound, &operation->targets[t].bound))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "augmentation, character %zu: %s's vectors has %s and %s, which "
                             "differ in their type, shape or layout: components of a vector "
                             "must agree in them",
                             call->at, call->name, names->name[first], name);
    }
    for (uint32_t c = 0; c < count; c++) {
        struct augment_vectors *vectors = &operation->targets[target[c]].bound.vectors;
        memcpy(vectors->target, target, sizeof target);
        operation->joins = operation->joins || vectors->is_turned;
    }
    return SHS_OK;
}

static shs_status check_twice(const struct augment_call *call, const struct augment_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        for (size_t other = 0; other < i; other++)
            if (strcmp(names->name[i], names->name[other]) == 0)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: %s's vectors has %s twice", call->at,
                                 call->name, names->name[i]);
    return SHS_OK;
}

/* The canonical text shows the settings of the statement's first field, which gets the axes that
 * the fields agree in. */
static void show_components(const struct augment_operation *operation)
{
    struct augment_axes *shown = NULL, *first = NULL;
    for (size_t t = 0; t < operation->n_targets; t++) {
        struct augment_vectors_setting *setting = setting_of(operation, t);
        if (t == 0) first = &setting->components;
        if (!operation->targets[t].bound.vectors.count) continue;
        if (shown && strcmp(shown->letter, setting->components.letter) != 0) return;
        shown = &setting->components;
    }
    if (shown) *first = *shown;
}

shs_status augment_vectors_join(const struct augment_call *call,
                                struct augment_operation *operation)
{
    const struct augment_vectors_setting *setting = setting_of(operation, 0);
    const struct augment_names *names = &setting->vectors;
    uint32_t count = 0;
    bool some = false;
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_vectors *vectors = &operation->targets[t].bound.vectors;
        some = some || vectors->count;
        operation->turns = operation->turns || vectors->is_turned;
        if (vectors->is_field) count = vectors->count;
    }
    if (!some && (names->count || setting->components.letter[0] || setting->against.letter[0]))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s has components=, against= or vectors=, "
                         "and no field of the statement has components; give a layout= with an "
                         "axis i, or name the statement's fields in vectors=",
                         call->at, call->name);
    shs_status status = check_twice(call, names);
    if (!status && names->count && !count)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s's vectors has '%s', which is none of the "
                         "statement's fields",
                         call->at, call->name, names->name[0]);
    for (size_t first = 0; first < names->count && !status; first += count)
        status = join_vector(call, names, first, count, operation);
    if (!status) show_components(operation);
    return status;
}
